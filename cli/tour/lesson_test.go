package tour

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"ringside/cli/condition"
	"ringside/cli/verbs"
)

// maxText is how many characters a text of a step may have, so that a step fits a screen of 80x24.
const maxText = 420

// texts calls f with each text of a lesson.
func texts(l *Lesson, f func(where string, t Text)) {
	f("about", l.About)
	f("remember", l.Remember)
	for i, st := range l.Steps {
		at := l.Name + " " + itoa(i+1) + " "
		f(at+"say", st.Say)
		f(at+"do", st.Do)
		for _, h := range st.Hints {
			f(at+"hint", h)
		}
		for _, w := range st.Wrong {
			f(at+"wrong turn", w.Say)
		}
		for _, t := range st.Typed {
			f(at+"typed", t)
		}
		f(at+"reveal", st.Reveal.Say)
		f(at+"keep", st.Reveal.Keep)
		if q := st.Question; q != nil {
			f(at+"question", q.Ask)
			f(at+"why", q.Why)
			for _, s := range q.Slips {
				f(at+"slip", s)
			}
		}
	}
}

func TestTexts(t *testing.T) {
	marked := map[string]bool{}
	for _, l := range Lessons() {
		texts(l, func(where string, text Text) {
			if n := utf8.RuneCountInString(string(text)); n > maxText {
				t.Errorf("%s: %d characters, the limit is %d", where, n, maxText)
			}
			for _, w := range text.words() {
				marked[singular(w)] = true
				if _, ok := words[singular(w)]; !ok {
					t.Errorf("%s: %q is marked and is not in the glossary", where, w)
				}
			}
			for _, m := range embedded.FindAllStringSubmatch(string(text), -1) {
				if _, err := condition.ParseExpression(m[1]); err != nil {
					t.Errorf("%s: %v", where, err)
				}
			}
		})
	}
	for w := range words {
		if !marked[w] {
			t.Errorf("no lesson marks %q, a word of the glossary", w)
		}
	}
}

// singular returns the word as the glossary has it.
func singular(w string) string {
	if _, ok := words[w]; !ok {
		return strings.TrimSuffix(w, "s")
	}
	return w
}

func TestSteps(t *testing.T) {
	for _, l := range Lessons() {
		questions := 0
		if l.Title == "" || l.Section == "" || l.Remember == "" && !l.Exam || len(l.Paper) == 0 && !l.Exam {
			t.Errorf("%s lacks a part", l.Name)
		}
		for i, st := range l.Steps {
			at := l.Name + " " + itoa(i+1)
			if st.Do != "" && (st.Check == "" || len(st.Commands) == 0) {
				t.Errorf("%s: a goal needs a check and commands", at)
			}
			if st.Do != "" && len(st.Hints) == 0 || st.Do == "" && st.Question == nil {
				t.Errorf("%s lacks a hint, or has nothing to do", at)
			}
			conditions := []string{st.Check, st.Needs, st.Once}
			for _, w := range st.Wrong {
				conditions = append(conditions, w.When)
			}
			for _, c := range conditions {
				if _, err := condition.Parse([]string{c}, condition.Options{}); c != "" && err != nil {
					t.Errorf("%s: %v", at, err)
				}
			}
			for _, line := range slices.Concat(st.Run, st.Commands, st.Reveal.Show) {
				checkLine(t, at, line)
			}
			if q := st.Question; q != nil {
				questions++
				checkQuestion(t, at, q)
			}
			if _, err := Find(st.From); l.Exam && err != nil {
				t.Errorf("%s: %v", at, err)
			}
		}
		if questions == 0 {
			t.Errorf("%s asks nothing", l.Name)
		}
	}
}

func checkLine(t *testing.T, at, line string) {
	t.Helper()
	words, err := verbs.Split(line)
	if err != nil {
		t.Errorf("%s: %s: %v", at, line, err)
		return
	}
	v := verbs.Lookup(words[0])
	if v == nil {
		t.Errorf("%s: %s is no command", at, line)
		return
	}
	if _, err := verbs.Parse(v, words[1:]); err != nil {
		t.Errorf("%s: %s: %v", at, line, err)
	}
}

func checkQuestion(t *testing.T, at string, q *Question) {
	t.Helper()
	if _, err := condition.ParseExpression(q.Answer); err != nil {
		t.Errorf("%s: %v", at, err)
	}
	if (q.Kind == Choice) != (len(q.Options) > 0) {
		t.Errorf("%s: a choice needs options", at)
	}
	for slip := range q.Slips {
		if read, err := q.read(slip); err != nil || read != slip {
			t.Errorf("%s: no answer reads %q", at, slip)
		}
	}
}

// The names and numbers of lessons are words that no other lesson has.
func TestFind(t *testing.T) {
	for i, l := range Lessons() {
		if got, err := Find(l.Name); got != l || err != nil {
			t.Errorf("%s: %v", l.Name, err)
		}
		if got, err := Find(itoa(i + 1)); !l.Exam && (got != l || err != nil) {
			t.Errorf("%d: %v", i+1, err)
		}
	}
	if _, err := Find("cartz"); err == nil || !strings.Contains(err.Error(), "did you mean") {
		t.Error(err)
	}
}
