package futures

import (
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/render"
	"ringside/tui/canvas"
	"ringside/tui/playback"
	"ringside/tui/theme"
)

// Facts are what is known of the two futures of a run before they are shown.
type Facts struct {
	Run    string        // which run it is: "seed 42"
	Change string        // what is changed: "from 20 s on: kill n3"
	Titles [2]string     // of the run as it is, and of the changed one
	Parted time.Duration // the time of the first difference since the beginning of the run
	Event  int           // the number of the first event that differs, from 1 on
	First  [2]string     // what this event is in each future, "" where the future has ended
	Ends   []Ending      // what is different in the end
}

// An Ending is one thing that is different in the end.
type Ending struct {
	What  string    // such as "put #41 cart"
	Sides [2]string // how it ended in each future
}

// A Model draws the facts.
type Model struct {
	Facts
	open bool // the list of what is different is in sight
	top  int  // rows above the first one in sight
}

// New returns a Model of facts.
func New(f Facts) *Model { return &Model{Facts: f} }

// Rows is how many rows Draw takes.
const Rows = 3

const separator = " │ "

// Draw draws the title line of both futures and the facts below it. p is where they stand.
func (m *Model) Draw(c *canvas.Canvas, p playback.Progress) {
	x := c.Put(1, 0, theme.Accent|theme.Bold, "ringside "+c.Theme.Next+" two futures of "+m.Run)
	text, _, st := p.Text()
	x = c.Put(c.Put(x, 0, theme.Dim, separator), 0, st, text)
	if line, short := p.Timeline(); line != "" {
		if x+c.Width(separator+line) > c.W {
			line = short
		}
		c.Put(c.Put(x, 0, theme.Dim, separator), 0, theme.Plain, line)
	}
	x = c.Put(1, 1, theme.Warn|theme.Bold, m.Change)
	x = c.Put(x, 1, theme.Dim, separator)
	c.Put(x, 1, theme.Plain, fit(c, c.W-x, m.parting(p.At)))
	m.drawEnds(c)
}

// fit returns the first text that fits into w columns, or the last one.
func fit(c *canvas.Canvas, w int, texts []string) string {
	for _, t := range texts {
		if c.Width(t) <= w {
			return t
		}
	}
	return texts[len(texts)-1]
}

// parting says where the futures part, seen from a time, in ever fewer words.
func (m *Model) parting(at time.Duration) []string {
	when := "now"
	switch d := (at - m.Parted).Round(time.Millisecond); {
	case d < 0:
		when = "in " + (-d).String()
	case d > 0:
		when = d.String() + " ago"
	}
	second := fmt.Sprintf("%.3f s", m.Parted.Seconds())
	return []string{
		fmt.Sprintf("first difference at %s, event %d, %s (d goes there)", second, m.Event, when),
		fmt.Sprintf("they part at %s, %s (d)", second, when),
		fmt.Sprintf("part at %s (d)", second),
	}
}

// drawEnds draws as much of what is different in the end as there is room for.
func (m *Model) drawEnds(c *canvas.Canvas) {
	if len(m.Ends) == 0 {
		c.Put(1, 2, theme.Dim, "in the end all clients were told the same, and each key holds the same versions")
		return
	}
	x := c.Put(1, 2, theme.Dim, "in the end ")
	for i, e := range m.Ends {
		text := fmt.Sprintf("%s: %s %s %s", e.What, e.Sides[0], c.Theme.Next, e.Sides[1])
		if i > 0 {
			text = separator + text
		}
		rest := ""
		if i < len(m.Ends)-1 {
			rest = fmt.Sprintf("%sand %d more (D)", separator, len(m.Ends)-i-1)
		}
		switch {
		case x+c.Width(text+rest) <= c.W:
			x = c.Put(x, 2, theme.Plain, text)
			continue
		case i == 0:
			c.Put(x, 2, theme.Plain, fmt.Sprintf("%s differ (D lists them)", render.Count(len(m.Ends), "thing")))
		default:
			c.Put(c.Put(x, 2, theme.Dim, separator), 2, theme.Dim,
				fmt.Sprintf("and %d more (D)", len(m.Ends)-i))
		}
		return
	}
}

// Open reports whether the list of what is different is in sight.
func (m *Model) Open() bool { return m.open }

// Toggle shows the list, or hides it.
func (m *Model) Toggle() { m.open, m.top = !m.open, 0 }

// Key handles a key while the list is in sight: it scrolls, and any other key closes the list.
func (m *Model) Key(k tea.KeyMsg) {
	switch k.String() {
	case "up", "k":
		m.top--
	case "down", "j":
		m.top++
	case "pgup":
		m.top -= pageRows
	case "pgdown", " ":
		m.top += pageRows
	default:
		m.Toggle()
	}
}

// pageRows is how many rows a key scrolls the list that scrolls by pages.
const pageRows = 10

// DrawList draws the first difference and all that is different in the end, side by side.
func (m *Model) DrawList(c *canvas.Canvas) {
	in := canvas.New(c.Theme, c.W-4, c.H-2)
	w := newColumns(in.W)
	rows := m.list(in, w)
	m.top = max(0, min(m.top, len(rows)-in.H))
	note := "any key closes it"
	if len(rows) > in.H {
		note = fmt.Sprintf("%d–%d of %d · ↑↓ scroll · other keys close it", m.top+1, min(m.top+in.H, len(rows)), len(rows))
	}
	c.Box("Two futures of "+m.Run+", "+m.Change, note, true)
	for y, r := range rows[m.top:min(m.top+in.H, len(rows))] {
		in.Put(0, y, theme.Dim|r.st, r.what)
		in.Put(w.label, y, r.st, r.sides[0])
		in.Put(w.label+w.side, y, r.st, r.sides[1])
	}
	c.Paste(2, 1, in)
}

// A row is one row of the list.
type row struct {
	st    theme.Style
	what  string
	sides [2]string
}

// list returns the rows of the list.
func (m *Model) list(c *canvas.Canvas, w columns) []row {
	out := w.rows(c, theme.Accent|theme.Bold, Ending{"", m.Titles})
	first := Ending{fmt.Sprintf("event %d", m.Event), [2]string{ended(m.First[0]), ended(m.First[1])}}
	out = append(append(out, w.rows(c, theme.Plain, first)...), row{})
	for _, e := range m.Ends {
		out = append(out, w.rows(c, theme.Plain, e)...)
	}
	if len(m.Ends) == 0 {
		out = append(out, row{what: "nothing else differs"})
	}
	return out
}

// ended returns the text of an event, or that there is none.
func ended(text string) string {
	if text == "" {
		return "the run has ended"
	}
	return text
}

// columns are the widths of the columns of the list: what differs, and each future.
type columns struct{ label, side int }

// labelPart says which part of the width the first column takes.
const labelPart = 5

func newColumns(w int) columns {
	label := w / labelPart
	return columns{label, (w - label) / 2}
}

// rows returns the rows of one thing. What is too wide goes on in the next row.
func (w columns) rows(c *canvas.Canvas, st theme.Style, e Ending) (out []row) {
	const gap = 2
	what := c.Wrap(e.What, w.label-gap)
	left, right := c.Wrap(e.Sides[0], w.side-gap), c.Wrap(e.Sides[1], w.side-gap)
	at := func(lines []string, i int) string {
		if i < len(lines) {
			return lines[i]
		}
		return ""
	}
	for i := range max(len(what), len(left), len(right)) {
		out = append(out, row{st, at(what, i), [2]string{at(left, i), at(right, i)}})
	}
	return out
}
