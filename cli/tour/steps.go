package tour

// How a step goes: it is entered, its question is answered, its goal is reached, and its picture is
// revealed.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/render"
)

// comesTimeout bounds the wait for a condition that comes to hold by itself. Nodes hand over hints
// within a second, and compare their trees every ten.
const comesTimeout = 25 * time.Second

// enter returns the messages that open the current step, on the live cluster.
func (s *Session) enter(ctx context.Context) []Message {
	st := s.step()
	out := []Message{{Heading, Text(fmt.Sprintf("Step %d of %d: %s", s.at+1, len(s.lesson.Steps), st.Title))}}
	out = append(out, s.live.prelude(ctx, st)...)
	s.shown.Say = st.Say.fill(ctx, s.live.source())
	if s.shown.Say != "" {
		out = append(out, Message{Say, s.shown.Say})
	}
	if st.Question != nil {
		s.shown.Ask = st.Question.Ask.fill(ctx, s.live.source())
	}
	if s.phase == Asking {
		return append(out, Message{Ask, s.shown.Ask + "\n" + Text(st.Question.form())})
	}
	return append(out, s.toDo(ctx)...)
}

// again says which steps of l were played again for step i.
func again(l *Lesson, i int) Text {
	first := base(l, i)
	switch i - first {
	case 0:
		return "A fresh cluster has started."
	case 1:
		return Text(fmt.Sprintf("A fresh cluster has started, and step %d was played again.", first+1))
	}
	return Text(fmt.Sprintf("A fresh cluster has started, and steps %d to %d were played again.", first+1, i))
}

// toDo shows the goal, unless it is reached already.
func (s *Session) toDo(ctx context.Context) []Message {
	st := s.step()
	if st.Do == "" {
		return s.pass(ctx)
	}
	s.shown.Goal = st.Do.fill(ctx, s.live.source())
	if s.live.reached(ctx, st) {
		return append([]Message{{Note, "Already so: " + s.shown.Goal}}, s.pass(ctx)...)
	}
	return []Message{{Goal, s.shown.Goal}}
}

// reached reports whether the goal of a step is reached.
func (l *live) reached(ctx context.Context, st *Step) bool {
	if st.Saves != "" {
		if _, err := l.env.Contexts.Load(st.Saves); err != nil {
			return false
		}
	}
	return l.holds(ctx, st.Check)
}

// explain returns why a line that was typed does not reach the goal, "" if the step does not say.
func (st *Step) explain(line string) Text {
	for _, word := range strings.Fields(line) {
		if why := st.Typed[word]; why != "" {
			return why
		}
	}
	return ""
}

// unplayed begins the step again if a line has changed the cluster before the question was
// answered. Such a line could reach the goal in another way than the question is about. unplayed
// returns nothing if no line did.
func (s *Session) unplayed(ctx context.Context) ([]Message, error) {
	if !s.touched && !s.strayed {
		return nil, nil
	}
	again, err := s.afresh(ctx)
	if err != nil {
		return nil, err
	}
	s.touched = false
	why := Message{Note, "A command before the answer changed the cluster, or left a trace in the cluster."}
	return append([]Message{why}, again...), nil
}

// examine looks whether the goal is reached, and otherwise whether a wrong turn was taken. It waits
// for what comes by itself. After a look, which changed nothing, examine does not repeat itself.
func (s *Session) examine(ctx context.Context, look bool) []Message {
	st := s.step()
	if s.phase != Doing || ctx.Err() != nil {
		return nil
	}
	comes := !s.waited && st.Once != "" && s.live.holds(ctx, st.Once) // first, because Check may end Once
	if why := st.explain(s.typed); why != "" && !look {
		s.turn = why
		return []Message{{Wrong, why}}
	}
	if s.live.reached(ctx, st) {
		return s.pass(ctx)
	}
	var out []Message
	if comes {
		err := s.live.await(ctx, st.Check, comesTimeout)
		if err == nil {
			return s.pass(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		s.waited = true
		_, reason, _ := strings.Cut(err.Error(), fmt.Sprintf("after %v: ", comesTimeout))
		s.turn = Text("The cluster does not get there by itself: " + reason + ". undo begins the step again.")
		return []Message{{Wrong, s.turn}}
	}
	for _, w := range st.Wrong {
		if !s.live.holds(ctx, w.When) {
			continue
		}
		text := w.Say.fill(ctx, s.live.source())
		if text == s.turn && look {
			return out
		}
		if text == s.turn {
			text += " (This is still so: undo begins the step again, hint helps.)"
			return append(out, Message{Wrong, text})
		}
		s.turn = text
		return append(out, Message{Wrong, text})
	}
	s.turn = ""
	return out
}

// answer takes the answer to the question of the step.
func (s *Session) answer(ctx context.Context, text string) []Message {
	st := s.step()
	if s.phase != Asking {
		return []Message{{Failure, "There is no open question."}}
	}
	said, err := st.read(ctx, s.live.source(), text)
	if err != nil {
		return []Message{{Failure, Text(err.Error())}}
	}
	again, err := s.unplayed(ctx)
	if err != nil {
		return failure(err)
	}
	s.said, s.answered = said, true
	if st.Do == "" {
		return append(again, s.pass(ctx)...)
	}
	s.phase = Doing
	out := append([]Message{{Note, Text("Noted: " + orNone(said) + ". Now let the cluster answer.")}}, again...)
	return append(out, s.toDo(ctx)...)
}

// pass ends the step: it compares the answer with the cluster, and shows the picture.
func (s *Session) pass(ctx context.Context) []Message {
	st := s.step()
	var out []Message
	if st.Do != "" {
		out = append(out, Message{Right, "Done."})
	} else {
		s.touched = true
		out = append(out, s.try(ctx)...)
		if err := ctx.Err(); err != nil {
			return append(out, failure(err)...)
		}
	}
	out = append(out, s.verdict(ctx)...)
	s.states[s.at], s.phase, s.turn = Done, Revealed, ""
	r := st.Reveal
	if s.shown.Reveal = r.Say.fill(ctx, s.live.source()); s.shown.Reveal != "" {
		out = append(out, Message{Say, s.shown.Reveal})
	}
	for _, line := range r.Show {
		out = append(out, s.live.show(ctx, line)...)
	}
	if s.shown.Keep = r.Keep.fill(ctx, s.live.source()); s.shown.Keep != "" {
		out = append(out, Message{Remember, s.shown.Keep})
	}
	switch {
	case s.at+1 == len(s.lesson.Steps):
		return append(out, s.finish()...)
	case s.lesson.Exam:
		return append(out, s.advance(ctx)...)
	}
	return append(out, Message{Note, "Look around as long as you like. Press Enter, or type next, to go on."})
}

// try runs the commands of a step without a goal, which answer its question. The caller says so if
// ctx has ended.
func (s *Session) try(ctx context.Context) []Message {
	st := s.step()
	var out []Message
	for _, line := range st.Commands {
		out = append(out, s.live.show(ctx, line)...)
	}
	if st.Check != "" {
		if err := s.live.await(ctx, st.Check, comesTimeout); err != nil && ctx.Err() == nil {
			return append(out, failure(err)...)
		}
	}
	return out
}

// verdict compares the answer with the cluster.
func (s *Session) verdict(ctx context.Context) []Message {
	q := s.step().Question
	if q == nil {
		return nil
	}
	reading, cancel := unbroken(ctx, readTimeout)
	defer cancel()
	answer, err := q.right(reading, s.live.source())
	if err != nil {
		return failure(err)
	}
	s.marks[s.at] = wrong
	var out []Message
	if s.answered {
		out = q.judge(s.said, answer)
	} else {
		out = append([]Message{{Note, Text("The cluster says " + orNone(answer) + ".")}}, q.why()...)
	}
	if s.answered && s.said == answer {
		s.marks[s.at] = right
	}
	s.shown.Correct = s.marks[s.at] == right
	for i := range out {
		out[i].Text = out[i].Text.fill(ctx, s.live.source())
	}
	s.shown.Verdict = joined(out)
	return out
}

// joined returns the texts of messages as paragraphs of one text.
func joined(messages []Message) Text {
	var parts []string
	for _, m := range messages {
		parts = append(parts, string(m.Text))
	}
	return Text(strings.Join(parts, "\n\n"))
}

// finish ends the lesson and keeps the progress.
func (s *Session) finish() (out []Message) {
	s.phase = Over
	defer func() { s.frame.end = joined(out[1:]) }() // without the heading
	l := s.lesson
	out = []Message{{Heading, Text("End of " + l.Title)}}
	if l.Exam {
		out = append(out, result(l, s.marks)...)
	}
	if l.Remember != "" {
		out = append(out, Message{Remember, l.Remember})
	}
	if len(l.Paper) > 0 {
		out = append(out, Message{Note, Text("What the paper says: paper " + strings.Join(l.Paper, ", paper "))})
	}
	if len(l.TryAlso) > 0 {
		out = append(out, Message{Note, Text("Try also: " + strings.Join(l.TryAlso, ";  "))})
	}
	if !s.Completed() {
		n := 0
		for _, st := range s.states {
			if st == Skipped {
				n++
			}
		}
		return append(out, Message{Note, Text("You skipped " + render.Count(n, "step") +
			", so the lesson does not count as done. restart begins it again.")})
	}
	s.completed[l.Name] = slices.Clone(s.marks)
	if err := s.progress.done(l.Name, s.marks.count(right), s.marks.count(right)+s.marks.count(wrong)); err != nil {
		out = append(out, failure(err)...)
	}
	if after := following(l); after != nil {
		out = append(out, Message{Note, Text("next goes on with: " + after.Title)})
	}
	return out
}

// result returns the result of the exam, which names the lessons to repeat.
func result(exam *Lesson, all marks) []Message {
	text := fmt.Sprintf("%d of %d answers were right.", all.count(right), len(exam.Steps))
	missed := map[string]bool{} // lessons by name
	for i, m := range all {
		missed[exam.Steps[i].From] = missed[exam.Steps[i].From] || m != right
	}
	var repeat []string
	for _, l := range Lessons() {
		if missed[l.Name] {
			repeat = append(repeat, fmt.Sprintf("%d (%s)", numberOf(l), l.Title))
		}
	}
	if len(repeat) == 0 {
		return []Message{{Right, Text(text)}}
	}
	return []Message{{Wrong, Text(text + " Lessons to repeat: " + strings.Join(repeat, ", ") + ".")}}
}
