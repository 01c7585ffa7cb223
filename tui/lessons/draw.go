package lessons

import (
	"strconv"
	"strings"

	"ringside/cli/tour"
	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// besideFrom is from how many columns on the text and the cluster have room beside each other.
const besideFrom = 100

// Draw implements page.Page.
func (m *Model) Draw(c *canvas.Canvas, focused bool) {
	v, open := m.lessons.View()
	if !open {
		m.drawList(c, focused)
		return
	}
	if c.W >= besideFrom {
		left := c.W * 11 / 20
		text := canvas.New(c.Theme, left, c.H)
		m.drawLesson(text, v, focused && m.pane == textPane)
		right := canvas.New(c.Theme, c.W-left, c.H)
		m.drawCluster(right, focused && m.pane == clusterPane)
		c.Paste(0, 0, text)
		c.Paste(left, 0, right)
		return
	}
	if m.pane == clusterPane && focused {
		m.drawCluster(c, true)
		return
	}
	m.drawLesson(c, v, focused)
}

// drawCluster draws the ring, the nodes and the key of the lesson's cluster, as many of them as
// there is room for.
func (m *Model) drawCluster(c *canvas.Canvas, focused bool) {
	part := func(y, h int, draw func(*canvas.Canvas)) {
		in := canvas.New(c.Theme, c.W, h)
		draw(in)
		c.Paste(0, y, in)
	}
	rows := min(len(m.desk.State.View.Nodes)+3, max(c.H/3, c.H-10, 4))
	card := max(c.H-rows, 6)
	ringRows := 0
	if c.H-rows-card < 0 {
		card = c.H - rows
	}
	if c.H >= 24 {
		ringRows = min(c.H/2, c.W/2)
		card = c.H - rows - ringRows
	}
	if ringRows > 0 {
		part(0, ringRows, func(in *canvas.Canvas) { m.ring.Draw(in, focused) })
	}
	part(ringRows, rows, func(in *canvas.Canvas) { m.nodes.Draw(in, focused) })
	part(ringRows+rows, card, func(in *canvas.Canvas) { m.card.Draw(in, false, nil) })
}

// drawList draws all lessons.
func (m *Model) drawList(c *canvas.Canvas, focused bool) {
	all := m.list
	done := 0
	for _, l := range all {
		if l.Done {
			done++
		}
	}
	c.Box("Tour", strconv.Itoa(done)+" of "+strconv.Itoa(len(all))+" lessons done", focused)
	about := "A lesson runs on a cluster of its own."
	if m.lessons.LeaveWord() == "leave" {
		about += " The word leave leads back to yours."
	}
	c.Put(2, 1, theme.Dim, about)
	shown := max(c.H-4, 1)
	top := max(0, min(m.selected-shown/2, len(all)-shown))
	for i := top; i < min(top+shown, len(all)); i++ {
		l, y := all[i], 3+i-top
		if l.Done {
			c.Put(2, y, theme.Good, c.Theme.Yes)
		}
		n := strconv.Itoa(l.N)
		if l.N == 0 {
			n = "-"
		}
		c.PutRight(7, y, theme.Dim, n)
		c.Put(9, y, theme.Plain|theme.Bold, l.Title)
		c.PutRight(c.W-3, y, theme.Dim, l.Section)
		if i == m.selected {
			c.Highlight(1, y, c.W-2)
		}
	}
}

// A line is one row of the lesson's text.
type line struct {
	text tour.Text
	st   theme.Style
}

// A sheet collects the rows of the lesson's text, w columns wide.
type sheet struct {
	c    *canvas.Canvas
	w    int
	rows []line
}

// add adds a text with a mark before its first row, after a blank row.
func (s *sheet) add(st theme.Style, mark string, t tour.Text) {
	if t == "" {
		return
	}
	if len(s.rows) > 0 {
		s.rows = append(s.rows, line{})
	}
	s.addTo(st, mark, t)
}

// addTo adds a text without a blank row.
func (s *sheet) addTo(st theme.Style, mark string, t tour.Text) {
	indent := strings.Repeat(" ", s.c.Width(mark))
	for _, paragraph := range strings.Split(string(t), "\n") {
		for _, row := range tour.Wrap(paragraph, s.w-s.c.Width(mark)) {
			s.rows = append(s.rows, line{tour.Text(mark + row), st})
			mark = indent
		}
	}
}

// drawLesson draws the open lesson: its steps, and the text of the step.
func (m *Model) drawLesson(c *canvas.Canvas, v tour.View, focused bool) {
	number := "exam"
	if v.Number > 0 {
		number = strconv.Itoa(v.Number) + "/" + strconv.Itoa(v.Lessons)
	}
	note := v.Section
	if v.Right+v.Wrong > 0 {
		note = c.Theme.Yes + strconv.Itoa(v.Right) + " " + c.Theme.No + strconv.Itoa(v.Wrong) + "  " + note
	}
	c.Box("Tour "+number+" · "+v.Title, note, focused)
	y := 1
	if c.H >= 18 {
		y = m.drawSteps(c, v)
	} else {
		c.Put(2, y, theme.Dim, "step "+strconv.Itoa(v.At+1)+" of "+strconv.Itoa(len(v.Steps)))
		y++
	}
	s := m.text(c, v)
	h := c.H - y - 1
	last := max(0, len(s.rows)-h)
	top := last // what was said last is in sight
	if m.end = last; m.top >= 0 {
		top = min(m.top, last)
	}
	for i := top; i < min(top+h, len(s.rows)); i++ {
		x := 2
		for _, span := range s.rows[i].text.Spans() {
			st := s.rows[i].st
			if span.Bold {
				st |= theme.Bold
			}
			x = c.Put(x, y+i-top, st, span.Text)
		}
	}
	if last > 0 {
		c.Foot(strconv.Itoa(top+1) + "–" + strconv.Itoa(min(top+h, len(s.rows))) + " of " + strconv.Itoa(len(s.rows)) +
			" · ↑↓ scroll")
	}
}

// drawSteps draws the list of steps and returns the row after it.
func (m *Model) drawSteps(c *canvas.Canvas, v tour.View) int {
	y := 1
	for i, st := range v.Steps {
		sign, style := " ", theme.Dim
		switch st.State {
		case tour.Done:
			sign, style = c.Theme.Yes, theme.Good
		case tour.Skipped:
			sign = "-"
		case tour.Current:
			sign, style = c.Theme.Next, theme.Accent|theme.Bold
		}
		c.Put(2, y, style, sign)
		c.PutMax(5, y, c.W-2, style, strconv.Itoa(i+1)+"  "+st.Title)
		y++
	}
	return y + 1
}

// text returns the rows of what the session has said in this step.
func (m *Model) text(c *canvas.Canvas, v tour.View) *sheet {
	s := &sheet{c: c, w: c.W - 4}
	if v.Phase == tour.Asking || v.Phase == tour.Doing {
		s.task(v)
	} else {
		s.outcome(v)
	}
	s.add(theme.Dim, "", tour.Text(next(v)+" · "+m.lessons.LeaveWord()))
	return s
}

// task adds what the step asks for.
func (s *sheet) task(v tour.View) {
	if v.At == 0 {
		s.add(theme.Dim, "", v.About)
	}
	s.add(theme.Plain, "", v.Text.Say)
	s.add(theme.Accent, "? ", v.Text.Ask)
	if v.Phase == tour.Asking && v.Form != "" {
		s.addTo(theme.Dim, "  ", tour.Text(v.Form))
	}
	if v.Said != "" {
		s.addTo(theme.Dim, "  ", tour.Text("your answer: "+v.Said))
	}
	s.add(theme.Accent|theme.Bold, s.c.Theme.Next+" ", v.Text.Goal)
	for _, h := range v.Text.Hints {
		s.add(theme.Hint, "hint: ", h)
	}
	s.add(theme.Warn, s.c.Theme.No+" ", v.Turn)
}

// outcome adds what came of the step. What the step asked for is left out but for the question, so
// that all fits a small screen.
func (s *sheet) outcome(v tour.View) {
	s.add(theme.Dim, "? ", v.Text.Ask)
	verdict, sign := theme.Warn, s.c.Theme.No
	if v.Text.Correct {
		verdict, sign = theme.Good, s.c.Theme.Yes
	}
	s.add(verdict, sign+" ", v.Text.Verdict)
	s.add(theme.Plain, s.c.Theme.Yes+" ", v.Text.Reveal)
	s.add(theme.Good, "Remember: ", v.Text.Keep)
	s.add(theme.Plain, "", v.End)
}

// next says what to type.
func next(v tour.View) string {
	switch v.Phase {
	case tour.Asking:
		return "Type your answer into the prompt. hint · skip · lessons"
	case tour.Doing:
		return "Any commands that get there will do. hint · show me · undo · back · skip"
	case tour.Revealed:
		if v.Screen != "" && v.Screen != "ring" {
			return "The screen " + v.Screen + " shows it too. ⏎ goes on. undo · back"
		}
		return "⏎ goes on. undo · back"
	}
	return "The lesson is over. ⏎ begins the next one. restart · lessons"
}
