package prompt

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// maxOutput is how many lines of one command are kept. A longer output belongs in a shell.
const maxOutput = 2000

// An output is what the latest command printed, or a message of the screens themselves.
type output struct {
	command  string // "" for a message of the screens
	lines    []string
	code     int // exit code
	top      int // first row in sight; row 0 is the command
	cut      bool
	expanded bool // it may take the room of the log
}

// set takes over the output of a command.
func (o *output) set(d DoneMsg) {
	*o = output{command: d.Line, code: d.Code}
	if out := strings.TrimRight(strings.ReplaceAll(ansi.Strip(d.Out), "\t", "    "), "\n"); out != "" {
		o.lines = strings.Split(out, "\n")
	}
	if o.cut = len(o.lines) > maxOutput; o.cut {
		o.lines = o.lines[:maxOutput]
	}
	o.expanded = len(o.lines) > 1
}

// rows returns the number of rows of a command's output, among them one for the command.
func (o *output) rows() int {
	if o.command == "" {
		return 0
	}
	return len(o.lines) + 1
}

// note returns which part of a long output is in sight, "" if all of it is.
func (o *output) note(rows int) string {
	if o.rows() <= rows || !o.expanded {
		return ""
	}
	note := fmt.Sprintf("%d–%d of %d · PgUp PgDn · ctrl+o zoom", o.top+1, min(o.top+rows, o.rows()), o.rows())
	if o.cut {
		note += " (cut)"
	}
	return note
}

// draw draws the rows that are in sight, from row 1 of c on.
func (o *output) draw(c *canvas.Canvas, rows int) {
	if o.command == "" {
		for _, l := range o.lines {
			c.Put(2, 1, theme.Plain, l)
		}
		return
	}
	sign, st := c.Theme.Yes, theme.Good
	if o.code != 0 {
		sign, st = c.Theme.No, theme.Bad
	}
	if rows == 1 && o.top == 0 && len(o.lines) > 0 { // no room to repeat the command
		c.Put(o.drawSign(c, sign, st), 1, theme.Plain, o.lines[0])
		return
	}
	for y := range min(rows, o.rows()-o.top) {
		if row := o.top + y; row > 0 {
			c.Put(2, y+1, theme.Plain, o.lines[row-1])
			continue
		}
		style := theme.Plain
		if rows > 1 {
			style = theme.Dim
		}
		c.Put(o.drawSign(c, sign, st), 1, style, o.command)
	}
}

// drawSign draws whether the command succeeded, and returns the column after it.
func (o *output) drawSign(c *canvas.Canvas, sign string, st theme.Style) int {
	x := c.Put(0, 1, st|theme.Bold, sign+" ")
	if o.code != 0 {
		x = c.Put(x, 1, st, fmt.Sprintf("exit %d  ", o.code))
	}
	return x
}

// Say shows a message of the screens themselves in place of a command's output.
func (m *Model) Say(text string) { m.output = output{lines: []string{text}} }

// ClearOutput removes the output of the latest command.
func (m *Model) ClearOutput() { m.output = output{} }

// Collapse gives the room that the output took back to the log, and reports whether it took any.
func (m *Model) Collapse() bool {
	had := m.output.expanded
	m.output.expanded, m.candidates = false, nil
	return had
}

// OutputRows returns how many rows the output would like to have, 0 if it needs no more than usual.
func (m *Model) OutputRows() int {
	if !m.output.expanded {
		return 0
	}
	return m.output.rows()
}

// Scroll moves the output by rows, in a place that shows so many.
func (m *Model) Scroll(by, shown int) {
	m.output.top = max(0, min(m.output.top+by, m.output.rows()-shown))
}
