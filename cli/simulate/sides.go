package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/sim/check"
	"ringside/engine/sim/client"
	"ringside/engine/sim/fork"
	"ringside/engine/vclock"
	"ringside/tui/futures"
)

const (
	// usualWidth is the width of the text of a fork where there is no terminal.
	usualWidth = 110
	// leastSides is the width below which two futures are too narrow side by side. They then follow
	// each other.
	leastSides = 76
	// labelWidth is the width of the column that names what differs in the end.
	labelWidth = 22
	// maxOperations is the number of operations that the text shows.
	maxOperations = 20
	// maxVersions is the number of versions of a key that the text shows.
	maxVersions = 4
)

// sides writes two futures side by side, or one after the other on a narrow terminal.
type sides struct {
	strings.Builder
	label  int // width of the column before both sides
	column int // width of a side; 0: one after the other
}

func newSides(width, label int) *sides {
	if width == 0 {
		width = usualWidth
	}
	s := &sides{label: label}
	if width >= leastSides {
		s.column = (width - 1 - label - 2) / 2
	}
	return s
}

// row writes a row: what the row is about, and each side. A side that is too wide goes on in
// the next line.
func (s *sides) row(label, left, right string) {
	if s.column == 0 {
		s.below(label, "- ", left)
		s.below("", "+ ", right)
		return
	}
	a, b, first := wrap(left, s.column), wrap(right, s.column), wrap(label, max(s.label-2, 0))
	for i := range max(len(a), len(b), len(first)) {
		line := pad(lineOf(first, i), s.label) + pad(lineOf(a, i), s.column) + "  " + lineOf(b, i)
		s.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

func (s *sides) below(label, sign, text string) {
	if label != "" {
		s.WriteString(label + "\n")
	}
	if text != "" {
		s.WriteString(sign + text + "\n")
	}
}

func lineOf(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-render.Width(text)))
}

// wrap breaks text into lines of at most width columns, between words if possible. All lines but
// the first are indented.
func wrap(text string, width int) []string {
	const indent = "  "
	var out []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for {
			room := width - render.Width(line) - 1
			switch {
			case line == "" || line == indent:
			case render.Width(word) <= room:
				line += " "
			default:
				out, line = append(out, line), indent
				continue
			}
			break
		}
		for render.Width(line+word) > width && len(word) > 1 { // a word that no line has room for
			cut := cutAt(word, max(1, width-render.Width(line)))
			out, line, word = append(out, line+word[:cut]), indent, word[cut:]
		}
		line += word
	}
	return append(out, line)
}

// cutAt returns the number of bytes of text that are at most width columns, and at least one rune.
func cutAt(text string, width int) int {
	for i := range text {
		if i > 0 && render.Width(text[:i]) >= width {
			return i
		}
	}
	return len(text)
}

// forkText returns a fork as text, for a terminal with a number of columns; 0: unknown.
func forkText(f *fork.Fork, width int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, %s\n", f.Plan.Seed, changeOf(f))
	if f.Equal() {
		fmt.Fprintf(&b, "the change has no effect: all %s are the same\n", render.Count(f.Same, "event"))
		verdict := newSides(width, labelWidth)
		verdict.row("verdict", verdictOf(f.AsItIs.Violations), verdictOf(f.Changed.Violations))
		return b.String() + verdict.String()
	}
	fmt.Fprintf(&b, "%s the same, the first that differs is number %d\n\n", firstAre(f.Same), f.Same+1)
	titles := [2]string{"as it is", changedTitle(f)}
	b.WriteString(courseOf(f, width, titles))
	b.WriteString("\n" + endOf(f, width, titles))
	return b.String()
}

// changeOf says what is changed, and from when on.
func changeOf(f *fork.Fork) string {
	when := "from the beginning"
	if f.At > 0 {
		when = fmt.Sprintf("from %g s on", f.At.Seconds())
	}
	return when + ": " + f.Change.String()
}

func firstAre(n int) string {
	if n == 1 {
		return "the first event is"
	}
	return fmt.Sprintf("the first %d events are", n)
}

// changedTitle is the heading of the changed future.
func changedTitle(f *fork.Fork) string { return "with " + f.Change.String() }

// courseOf writes the events around the first difference.
func courseOf(f *fork.Fork, width int, titles [2]string) string {
	s := newSides(width, 0)
	for _, e := range f.Before {
		fmt.Fprintf(s, "%s  %s\n", since(e), happened(e))
	}
	if s.column == 0 {
		s.WriteString(titles[0] + ":\n")
		for _, e := range f.AsItIs.After {
			s.below("", "- ", since(e)+"  "+happened(e))
		}
		s.WriteString(titles[1] + ":\n")
		for _, e := range f.Changed.After {
			s.below("", "+ ", since(e)+"  "+happened(e))
		}
		return s.String()
	}
	s.row("", titles[0], titles[1])
	rule := strings.Repeat("-", s.column)
	s.row("", rule, rule)
	for _, pair := range align(f.AsItIs.After, f.Changed.After, happened) {
		s.row("", eventText(pair[0]), eventText(pair[1]))
	}
	return s.String()
}

func eventText(e *event.Event) string {
	if e == nil {
		return ""
	}
	return since(*e) + "  " + happened(*e)
}

// align pairs the items that say the same in two lists, in their order (the longest common
// subsequence). Each of the other items stands alone.
func align[T any](a, b []T, says func(T) string) [][2]*T {
	same := func(i, j int) bool { return says(a[i]) == says(b[j]) }
	longest := make([][]int, len(a)+1) // of a[i:] and b[j:]
	for i := range longest {
		longest[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if same(i, j) {
				longest[i][j] = 1 + longest[i+1][j+1]
			}
		}
	}
	var out [][2]*T
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && same(i, j):
			out = append(out, [2]*T{&a[i], &b[j]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && longest[i+1][j] >= longest[i][j+1]:
			out = append(out, [2]*T{&a[i], nil})
			i++
		default:
			out = append(out, [2]*T{nil, &b[j]})
			j++
		}
	}
	return pack(out)
}

// pack puts an item that stands alone on the left beside the next one that stands alone on the
// right, as long as no pair is between them.
func pack[T any](rows [][2]*T) [][2]*T {
	var out, left, right [][2]*T
	flush := func() {
		for i := range max(len(left), len(right)) {
			var row [2]*T
			if i < len(left) {
				row[0] = left[i][0]
			}
			if i < len(right) {
				row[1] = right[i][1]
			}
			out = append(out, row)
		}
		left, right = nil, nil
	}
	for _, r := range rows {
		switch {
		case r[1] == nil:
			left = append(left, r)
		case r[0] == nil:
			right = append(right, r)
		default:
			flush()
			out = append(out, r)
		}
	}
	flush()
	return out
}

// endOf writes what differs in the end.
func endOf(f *fork.Fork, width int, titles [2]string) string {
	s := newSides(width, labelWidth)
	s.row("in the end", titles[0], titles[1])
	clients, keys, lost := endings(f)
	for _, e := range clients[:min(maxOperations, len(clients))] {
		s.row(e.What, e.Sides[0], e.Sides[1])
	}
	if n := len(clients) - maxOperations; n > 0 {
		fmt.Fprintf(s, "%s more with another result; --json lists them\n", render.Count(n, "operation"))
	}
	if f.Otherwise > 0 {
		fmt.Fprintf(s, "%s the same result later, earlier or from other nodes\n", have(f.Otherwise, "operation"))
	}
	if len(keys) == 0 {
		s.WriteString("each key holds the same versions in both\n")
	}
	for _, e := range append(keys, lost...) {
		s.row(e.What, e.Sides[0], e.Sides[1])
	}
	for _, e := range totalsOf(f) {
		s.row(e.What, e.Sides[0], e.Sides[1])
	}
	return s.String()
}

// endings returns what differs in the end: what clients were told, what keys hold, and which
// acknowledged writes are lost.
func endings(f *fork.Fork) (clients, keys, lost []futures.Ending) {
	for _, o := range f.Operations {
		name := fmt.Sprintf("%s #%d %s", o.AsItIs.Kind, o.AsItIs.ID, render.Key([]byte(o.AsItIs.Key)))
		clients = append(clients, futures.Ending{What: name, Sides: [2]string{o.AsItIs.Ending(), o.Changed.Ending()}})
	}
	for _, k := range f.Keys {
		keys = append(keys, futures.Ending{What: render.Key([]byte(k.Key)) + " holds",
			Sides: [2]string{writesText(k.AsItIs), writesText(k.Changed)}})
	}
	for _, id := range f.Lost {
		lost = append(lost, futures.Ending{What: fmt.Sprintf("write #%d", id),
			Sides: [2]string{lostText(f.AsItIs.Loses(id)), lostText(f.Changed.Loses(id))}})
	}
	return clients, keys, lost
}

// totalsOf returns what both futures came to.
func totalsOf(f *fork.Fork) []futures.Ending {
	both := func(text func(*fork.Future) string) [2]string { return [2]string{text(&f.AsItIs), text(&f.Changed)} }
	return []futures.Ending{
		{What: "operations", Sides: both(outcomesOf)},
		{What: "stale gets", Sides: both(func(f *fork.Future) string { return fmt.Sprint(f.Stale) })},
		{What: "verdict", Sides: both(func(f *fork.Future) string { return verdictOf(f.Violations) })},
	}
}

// have returns "1 operation has" or "2 operations have".
func have(n int, thing string) string {
	if n == 1 {
		return render.Count(n, thing) + " has"
	}
	return render.Count(n, thing) + " have"
}

func lostText(lost bool) string {
	if lost {
		return "acknowledged and lost to last write wins"
	}
	return "not lost"
}

// writesText lists versions by the operations that wrote them.
func writesText(s vclock.Siblings) string {
	var out []string
	s = slices.SortedFunc(slices.Values(s), func(a, b vclock.Version) int { return cmp.Compare(a.Request, b.Request) })
	for _, v := range s {
		text := fmt.Sprintf("#%d %s", v.Request, render.Clock(v))
		if v.Deleted {
			text += " (deleted)"
		}
		out = append(out, text)
	}
	switch n := len(out) - maxVersions; {
	case len(out) == 0:
		return "nothing"
	case n > 0:
		return fmt.Sprintf("%s, and %d more", strings.Join(out[:maxVersions], ", "), n)
	}
	return strings.Join(out, ", ")
}

func outcomesOf(f *fork.Future) string {
	o := f.Outcomes
	return fmt.Sprintf("%d ok, %d refused, %d unknown", o[client.OK], o[client.Failed], o[client.Unknown])
}

func verdictOf(violations []check.Violation) string {
	if len(violations) == 0 {
		return "every property held"
	}
	v := violations[0]
	text := v.Property + ": " + render.Text(v.Detail)
	if n := len(violations) - 1; n > 0 {
		text += fmt.Sprintf(", and %d more", n)
	}
	return text
}
