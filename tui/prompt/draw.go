package prompt

import (
	"strings"

	"ringside/cli/render"
	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// Border is how many rows the border and the line take. The other rows show output.
const Border = 3

// sides is how many columns the border takes.
const sides = 4

// Draw draws the line and, below it, the output of the latest command. An empty line shows the
// suggestion.
func (m *Model) Draw(c *canvas.Canvas, focused bool, suggestion string) {
	in := canvas.New(c.Theme, c.W-sides, c.H-2)
	rows := in.H - 1
	m.output.layOut(in)
	note := m.output.note(rows)
	if len(m.pasted) > 0 {
		note = render.Count(len(m.pasted), "more pasted line") + " · ⏎ one by one · ctrl+u drops them"
	}
	c.Box("Prompt", note, focused)
	m.drawLine(in, focused, suggestion)
	switch {
	case m.running != "":
		x := in.Put(0, 1, theme.Warn, "running: "+m.running+c.Theme.More+"  (esc interrupts)")
		if len(m.queue) > 0 {
			in.Put(x, 1, theme.Dim, "  queued: "+strings.Join(m.queue, "  ·  "))
		}
	case len(m.candidates) > 0:
		in.Put(2, 1, theme.Accent, strings.Join(m.candidates, "  "))
	default:
		m.output.draw(in, rows)
	}
	c.Paste(2, 1, in)
}

// drawLine draws the line, scrolled so that the cursor is in sight.
func (m *Model) drawLine(c *canvas.Canvas, focused bool, suggestion string) {
	l := &m.line
	name := "ringside"
	if m.client != "" {
		name += "[" + m.client + "]"
	}
	x := c.Put(0, 0, theme.Accent|theme.Bold, name+c.Theme.Next+" ")
	if l.empty() {
		if focused {
			drawCursor(c, x, " ")
		}
		drawSuggestion(c, x+2, focused, suggestion)
		return
	}
	from := 0
	for c.Width(string(l.runes[from:l.at]))+1 > c.W-x {
		from++
	}
	if from > 0 {
		c.Put(x-1, 0, theme.Dim, "…")
	}
	x = c.Put(x, 0, theme.Plain, string(l.runes[from:l.at]))
	under := " "
	if l.at < len(l.runes) {
		under = string(l.runes[l.at : l.at+1])
	}
	if focused {
		x = drawCursor(c, x, under)
	} else {
		x = c.Put(x, 0, theme.Plain, under)
	}
	if l.at < len(l.runes) {
		c.Put(x, 0, theme.Plain, string(l.runes[l.at+1:]))
	}
}

func drawSuggestion(c *canvas.Canvas, x int, focused bool, suggestion string) {
	if suggestion == "" {
		return
	}
	how := "(: types)"
	if focused {
		how = "(→ takes it)"
	}
	x = c.Put(x, 0, theme.Dim, "try ")
	x = c.Put(x, 0, theme.Dim|theme.Bold, suggestion)
	c.Put(x+2, 0, theme.Dim, how)
}

// drawCursor draws the cursor over a character, or before it if the terminal has no reverse video.
// It returns the column after both.
func drawCursor(c *canvas.Canvas, x int, under string) int {
	if !c.Theme.Monochrome() {
		return c.Put(x, 0, theme.Reverse, under)
	}
	x = c.Put(x, 0, theme.Plain, "_")
	if under == " " {
		return x
	}
	return c.Put(x, 0, theme.Plain, under)
}
