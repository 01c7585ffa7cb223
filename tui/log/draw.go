package log

import (
	"fmt"
	"time"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

const (
	maxKey      = 20  // columns of a key
	wordWidth   = 10  // columns of what happened
	longNote    = 100 // width from which the border names all keys of the pane
	sectionFrom = 90  // width from which rows have the paper's section
)

// Draw draws the pane.
func (m *Model) Draw(c *canvas.Canvas, focused bool) {
	in := canvas.New(c.Theme, c.W-2, c.H-2)
	rows, selected, newer := m.rows(in.H)
	c.Box(m.title(), m.note(c.W, selected, newer), focused)
	if len(rows) == 0 {
		nothing := "nothing happened yet"
		if m.filter != "" {
			nothing = "no event matches"
		}
		in.Put(1, 0, theme.Dim, nothing)
	}
	for y, e := range rows {
		m.drawEvent(in, y, e)
		if y == selected {
			in.Put(0, y, theme.Accent|theme.Bold, c.Theme.Next)
			if focused {
				in.Highlight(0, y, in.W)
			}
		}
	}
	c.Paste(1, 1, in)
}

func (m *Model) title() string {
	switch {
	case m.editing:
		return "Events / " + m.filter + "_"
	case m.filter != "":
		return "Events / " + m.filter
	}
	return "Events"
}

// note returns what the border says at the right.
func (m *Model) note(w, selected, newer int) string {
	switch {
	case !m.editing && m.filter != "":
		return "esc clears"
	case newer > 0 || selected >= 0:
		return fmt.Sprintf("▲ %d newer · G follow", newer+max(selected, 0))
	case w < longNote:
		return "/ filter"
	case m.verbose:
		return "/ filter · v the story · ⏎ trace · G follow"
	}
	return "/ filter · v every message · ⏎ trace · G follow"
}

// drawEvent draws one row.
func (m *Model) drawEvent(c *canvas.Canvas, y int, r row) {
	e, p := r.Event, render.Describe(r.Event)
	if len(r.nodes) > 1 { // a flood
		e.Node, p.Text = "", r.summary()
	}
	st := theme.Tone(p.Tone)
	x := c.Put(1, y, theme.Dim, m.timeOf(e))
	x = c.Put(x+1, y, theme.Node(m.state.Index(e.Node))|theme.Bold, c.Pad(state.Name(e.Node), m.nameWidth(c)))
	x = c.Put(x+1, y, st|theme.Bold, c.Pad(p.Word, wordWidth))
	end := c.W - 1
	if e.Request > 0 {
		end = c.PutRight(end, y, theme.Dim, event.RequestName(e.Request)) - 1
	}
	end = min(end, c.W-6)
	if c.W >= sectionFrom {
		end = c.PutRight(end, y, theme.Dim, e.Section()) - 1
	}
	x++
	if e.Key != nil {
		x = c.PutMax(x, y, end, theme.Plain|theme.Bold, render.KeyIn(e.Key, maxKey)) + 1
	}
	text := p.Text
	if text == "" { // the kind has no phrase, so the row shows what the command events prints
		e.Key = nil
		text = render.Detail(e)
	}
	c.PutMax(x, y, end, st, text)
}

// summary returns how many nodes hold a belief, and about how many nodes.
func (r row) summary() string {
	about := render.Count(len(r.peers), "node")
	if r.Kind == event.Alive {
		return render.Count(len(r.nodes), "node") + " hear from " + about + " again"
	}
	return render.Count(len(r.nodes), "node") + " believe that " + about + " failed"
}

// timeOf returns when an event happened: the time of day, or in a recording the seconds since its
// beginning, as its script has them.
func (m *Model) timeOf(e event.Event) string {
	if m.state.Playback == nil {
		return render.ClockTime(e.Time, m.state.Zone)
	}
	at := m.state.Playback.Progress().Offset(e.Time)
	return fmt.Sprintf("%*.4f", len(time.TimeOnly)+len(".000"), at.Seconds())
}

// nameWidth returns the width of the column of node names.
func (m *Model) nameWidth(c *canvas.Canvas) int {
	w := 2
	for _, n := range m.state.View.Nodes {
		w = max(w, c.Width(state.Name(n.Name)))
	}
	return w
}
