package diagram

import (
	"fmt"
	"strings"
	"time"

	"ringside/cli/render"
)

// Signs are the characters of a drawing. Each has one column.
type Signs struct {
	Lane, Line           rune
	Right, Left, Lost    rune // the tip of a message
	FromLeft, FromRight  rune // its other end
	Mark, Kept, Count    rune
	Away, Cut, Dots, Bar rune
}

// Unicode and ASCII are the two sets of signs.
var (
	Unicode = Signs{
		Lane: '│', Line: '─', Right: '▶', Left: '◀', Lost: '✗', FromLeft: '├', FromRight: '┤',
		Mark: '◇', Kept: '▣', Count: '●', Away: '✗', Cut: '┊', Dots: '·', Bar: '█',
	}
	ASCII = Signs{
		Lane: '|', Line: '-', Right: '>', Left: '<', Lost: 'x', FromLeft: '+', FromRight: '+',
		Mark: 'o', Kept: '#', Count: '*', Away: 'x', Cut: ':', Dots: '.', Bar: '=',
	}
)

// A Span is text of one tone. The text is safe for a terminal.
type Span struct {
	Text string
	Tone render.Tone
}

const (
	minLane   = 7  // columns of a lane with room for an arrow
	timeWidth = 10 // columns of the times
	sections  = 6  // columns of the paper's sections
	minNote   = 30 // columns for the sentences; with fewer, a list is better
	maxLanes  = 12 // with more, a list is better
)

// LaneWidth returns the number of columns of a lane.
func (d *Diagram) LaneWidth() int {
	w := minLane
	for _, l := range d.Lanes {
		w = max(w, render.Width(render.Node(l.Node))+2)
	}
	return w
}

// Width returns the number of columns of all lanes.
func (d *Diagram) Width() int { return len(d.Lanes) * d.LaneWidth() }

// Column returns the column of a lane's line.
func (d *Diagram) Column(lane int) int { return lane*d.LaneWidth() + d.LaneWidth()/2 }

// Heads returns two lines of Width columns: the names of the lanes, and the ranks of the homes. A
// node that keeps a hint has "hint" in place of a rank.
func (d *Diagram) Heads() (names, ranks string) {
	a, b := d.blank(' '), d.blank(' ')
	for i, l := range d.Lanes {
		d.center(a, i, l.name())
		switch {
		case l.Rank > 0:
			d.center(b, i, render.Ordinal(l.Rank))
		case l.Fallback:
			d.center(b, i, "hint")
		}
	}
	return string(a), string(b)
}

func (d *Diagram) center(line []rune, lane int, text string) {
	r := []rune(text)
	from := max(0, d.Column(lane)-len(r)/2)
	copy(line[from:], r)
}

func (d *Diagram) blank(c rune) []rune { return []rune(strings.Repeat(string(c), d.Width())) }

// Line draws the lanes of a row, Width columns wide.
func (d *Diagram) Line(r Row, s Signs) []Span {
	if r.Shape == Break {
		return []Span{{string(d.blank(s.Dots)), render.Dim}}
	}
	line := d.blank(' ')
	for i := range d.Lanes {
		line[d.Column(i)] = s.Lane
		if r.Cut && d.CutAfter(i) {
			line[(d.Column(i)+d.Column(i+1))/2] = s.Cut
		}
	}
	from, to := d.Column(r.From), d.Column(r.To)
	lo, hi := from, from+1
	switch r.Shape {
	case Arrow, Lost:
		lo, hi = message(line, from, to, r.Shape == Lost, s)
	case Kept:
		line[from] = s.Kept
	case Count:
		line[from] = s.Count
	default:
		line[from] = s.Mark
	}
	spans := make([]Span, 0, 3)
	add := func(from, to int, tone render.Tone) {
		if from < to {
			spans = append(spans, Span{string(line[from:to]), tone})
		}
	}
	rest := hi
	add(0, lo, render.Dim)
	add(lo, hi, r.Tone)
	for _, i := range r.Away {
		c := d.Column(i)
		line[c] = s.Away
		if c >= rest {
			add(rest, c, render.Dim)
			add(c, c+1, render.Bad)
			rest = c + 1
		}
	}
	add(rest, len(line), render.Dim)
	if len(r.Away) > 0 && d.Column(r.Away[0]) < lo { // to the left of the mark
		spans[0] = Span{string(line[:lo]), render.Dim}
	}
	return spans
}

// message draws a message from one column to another one, and returns the columns that it takes.
func message(line []rune, from, to int, lost bool, s Signs) (lo, hi int) {
	lo, hi = min(from, to), max(from, to)
	if lo == hi {
		line[lo] = s.Count
		return lo, lo + 1
	}
	for i := lo + 1; i < hi; i++ {
		line[i] = s.Line
	}
	head, tip, tail := s.Right, hi-1, s.FromLeft
	if to < from {
		head, tip, tail = s.Left, lo+1, s.FromRight
	}
	if lost {
		head = s.Lost
	}
	line[from], line[tip] = tail, head
	return lo, hi + 1
}

// Fits reports whether Text can be drawn in some columns; 0 columns means any number.
func (d *Diagram) Fits(columns int) bool {
	return len(d.Lanes) <= maxLanes && (columns == 0 || timeWidth+d.Width()+sections+2+minNote <= columns)
}

// Text draws the diagram for a terminal: the lanes and their rows, without the title.
func (d *Diagram) Text(p render.Painter) string {
	var out strings.Builder
	indent := strings.Repeat(" ", timeWidth)
	names, ranks := d.Heads()
	out.WriteString(indent + p.Paint(render.Bold, strings.TrimRight(names, " ")) + "\n")
	out.WriteString(strings.TrimRight(indent+p.Paint(render.Dim, strings.TrimRight(ranks, " ")), " ") + "\n")
	for _, r := range d.Rows {
		if r.Shape == Break {
			at := indent
			if r.Event.Kind != "" {
				at = fmt.Sprintf("%*s ", timeWidth-1, render.Offset(r.At))
			}
			out.WriteString(at + p.Paint(render.Dim, string(d.blank(Unicode.Dots))) + " " +
				p.Paint(render.Dim, fmt.Sprintf("%-*s", sections, r.Section)) + p.Paint(r.Tone, r.Text) + "\n")
			continue
		}
		fmt.Fprintf(&out, "%*s ", timeWidth-1, render.Offset(r.At))
		for _, s := range d.Line(r, Unicode) {
			out.WriteString(p.Paint(s.Tone, s.Text))
		}
		out.WriteString(" " + p.Paint(render.Dim, fmt.Sprintf("%-*s", sections, r.Section)) + p.Paint(r.Tone, r.Text) + "\n")
	}
	return out.String()
}

// List returns the rows as a table, for a terminal that is too narrow for Text.
func (d *Diagram) List(p render.Painter) string {
	t := render.Table{Indent: "  "}
	t.Head("time>", "at", "paper", "what happened")
	for _, r := range d.Rows {
		node := r.Event.Node
		t.Row(render.Flush(render.Offset(r.At)), render.NodeCell(node), render.Toned(render.Dim, r.Section),
			render.Toned(r.Tone, r.Text))
	}
	return t.Render(p)
}

// barWidth is the number of columns of the bars of WhereText.
const barWidth = 24

// WhereTitle returns the title of the shares of the time.
func (d *Diagram) WhereTitle() string {
	if d.Reply == nil {
		return "where the time went: no answer is known"
	}
	return "where the " + render.Duration(d.Reply.Elapsed) + " at " + render.Node(d.Reply.Node) + " went"
}

// Bar returns the part of a bar of some columns that a share takes: where the bar begins and where
// it ends. A share of no time has no columns, and any other share has one column at least.
func (d *Diagram) Bar(share, columns int) (from, to int) {
	var before, total time.Duration
	for i, s := range d.Where {
		total += s.Took
		if i < share {
			before += s.Took
		}
	}
	took := d.Where[share].Took
	if took <= 0 {
		return 0, 0
	}
	from = int(before * time.Duration(columns) / total)
	to = int((before + took) * time.Duration(columns) / total)
	if from == to {
		from = min(from, columns-1)
		to = from + 1
	}
	return from, to
}

// IsInstant reports whether there is nothing to say of where the time went: no answer is known, or
// the answer needed no other node and no disk.
func (d *Diagram) IsInstant() bool {
	return d.Reply == nil || d.Reply.Elapsed == 0 && (d.Op == "get" || d.Reply.Failed())
}

// WhereText returns where the time of the request went, one line a share, "" if IsInstant.
func (d *Diagram) WhereText(p render.Painter) string {
	if d.IsInstant() {
		return ""
	}
	t := render.Table{Indent: "  "}
	for i, s := range d.Where {
		from, to := d.Bar(i, barWidth)
		bar := strings.Repeat(" ", from) + strings.Repeat(string(Unicode.Bar), to-from)
		t.Row(render.Cell{Text: s.Name}, render.Toned(render.Accent, fmt.Sprintf("%-*s", barWidth, bar)),
			render.Flush(render.Duration(s.Took)), render.Toned(render.Dim, s.Note))
	}
	return p.Paint(render.Bold, d.WhereTitle()) + "\n" + t.Render(p)
}
