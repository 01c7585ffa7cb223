package tour

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/usage"
)

// lessons are all lessons in their order; the exam comes last.
var lessons = []*Lesson{where, quorum, clocks, carts, merge, hints, stale, repair, members, grow, lww, writers, exam}

// Lessons returns all lessons in their order. Callers must not change them.
func Lessons() []*Lesson { return lessons }

// count returns the number of lessons without exams.
func count() int {
	n := 0
	for _, l := range lessons {
		if !l.Exam {
			n++
		}
	}
	return n
}

// numberOf returns the number of a lesson, from 1; 0 for an exam.
func numberOf(l *Lesson) int {
	if l.Exam {
		return 0
	}
	return slices.Index(lessons, l) + 1
}

// following returns the lesson after l, nil if l is the last one.
func following(l *Lesson) *Lesson {
	if i := slices.Index(lessons, l) + 1; i < len(lessons) {
		return lessons[i]
	}
	return nil
}

// Find returns the lesson with a name or a number. The error is a *usage.Error that lists them.
func Find(name string) (*Lesson, error) {
	var names []string
	for _, l := range lessons {
		if l.Name == strings.ToLower(name) || strconv.Itoa(numberOf(l)) == name && !l.Exam {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return nil, usage.Errorf("there is no lesson %s%s; there are 1 to %d, or %s", quoted(name), near(name, names),
		count(), strings.Join(names, " "))
}

func quoted(word string) string { return render.Quoted(word) }

func near(word string, known []string) string { return render.DidYouMean(word, known) }

// A Listed is a lesson in the list that tour --list prints.
type Listed struct {
	N       int    `json:"n"` // 0 for the exam
	Name    string `json:"name"`
	Title   string `json:"title"`
	Section string `json:"section"`
	Steps   int    `json:"steps"`
	Done    bool   `json:"done"`
}

// Listing returns all lessons. home is the folder of the progress. problem says what is wrong with
// its file.
func Listing(home string) (list []Listed, problem error) {
	p := loadProgress(home)
	return p.listing(), p.problem
}

func (p *progress) listing() []Listed {
	var out []Listed
	for _, l := range lessons {
		out = append(out, Listed{numberOf(l), l.Name, l.Title, l.Section, len(l.Steps), p.isDone(l.Name)})
	}
	return out
}

// listText returns the list of lessons as text.
func listText(list []Listed) string {
	var b strings.Builder
	for _, l := range list {
		n, done := strconv.Itoa(l.N), "    "
		if l.N == 0 {
			n = "-"
		}
		if l.Done {
			done = "done"
		}
		fmt.Fprintf(&b, "%2s  %s  %-8s  %-30s %s\n", n, done, l.Name, l.Title, escape.Terminal([]byte(l.Section)))
	}
	return b.String()
}
