package tour

import (
	"slices"
	"strconv"
)

// A View is what a screen shows of a session. It is a copy, and does not change.
type View struct {
	Number  int // of the lesson, from 1; 0 for the exam
	Lessons int // how many lessons there are, without the exam
	Name    string
	Title   string
	Section string
	About   Text // what the lesson is about
	Steps   []StepView
	At      int // the index of the current step
	Phase   Phase
	Text    StepText
	Form    string // how to answer: a sentence, or the options, one a line; "" if the step asks nothing
	Said    string // the answer that was given, "" before
	Turn    Text   // the wrong turn that was explained last, "" if there is none
	Screen  string // the screen with the picture of the step
	Key     string // the key to select on it
	Right   int    // answers that were right so far
	Wrong   int    // answers that were wrong so far
	End     Text   // what to remember of the lesson, and where to go on; "" before its end
	// Generation counts the clusters of the session. When it grows, Cluster returns another one.
	Generation int
}

// A StepView is one step in the list of a lesson's steps.
type StepView struct {
	Title string
	State StepState
}

// A StepText is what a session has said in a step so far. A text that the step does not have, or
// that was not said yet, is "".
type StepText struct {
	Say   Text
	Ask   Text   // the question
	Goal  Text   // what to do
	Hints []Text // that were asked for
	// Verdict says what the cluster says to the answer, and why. Correct says that it agrees.
	Verdict Text
	Correct bool
	Reveal  Text // what the picture shows
	Keep    Text // the sentence to remember
}

// A frame is what was said around the steps of a lesson.
type frame struct {
	about Text // what the lesson is about
	end   Text // what its end says
}

// View returns what a screen shows now.
func (s *Session) View() View {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

// publish makes the state of the session the one that View, Cluster and Env return.
func (s *Session) publish() {
	st := s.step()
	v := View{Number: numberOf(s.lesson), Lessons: count(), Name: s.lesson.Name, Title: s.lesson.Title,
		Section: s.lesson.Section, At: s.at, Phase: s.phase, Text: s.shown, Said: s.said, Turn: s.turn,
		Screen: st.Reveal.Screen, Key: st.Reveal.Key, Right: s.marks.count(right), Wrong: s.marks.count(wrong),
		Generation: s.generation}
	v.Text.Hints, v.About, v.End = slices.Clone(s.shown.Hints), s.frame.about, s.frame.end
	if st.Question != nil {
		v.Form = st.Question.form()
	}
	for i := range s.lesson.Steps {
		v.Steps = append(v.Steps, StepView{s.lesson.Steps[i].Title, s.states[i]})
	}
	s.mu.Lock()
	s.view, s.env = v, s.live.env
	s.mu.Unlock()
}

func itoa(n int) string { return strconv.Itoa(n) }
