package prompt

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// maxOutput is how many lines of output are kept. A longer output belongs in a shell.
const maxOutput = 2000

// A result is what one command printed.
type result struct {
	command string
	lines   []string
	code    int // exit code
	cut     bool
}

// A resultRow is one row of a result. The first row of a result is the command.
type resultRow struct {
	*result
	text  string
	first bool
}

// An output is what the commands printed, oldest first. The latest result is in sight until the
// user scrolls back.
type output struct {
	results  []*result
	message  string        // of the screens themselves, in place of the results; "" if there is none
	same     func() string // the command that tells the same as the screen, in place of message; nil: none
	rows     []resultRow   // of all results
	width    int           // columns of the canvas that rows was made for; 0 if rows is out of date
	latest   int           // first row of the latest result
	top      int           // first row in sight
	expanded bool          // the output may take the room of the log
}

// add adds the result of a command. The oldest results are dropped beyond maxOutput lines.
func (o *output) add(d DoneMsg) {
	r := &result{command: d.Line, code: d.Code}
	if out := strings.TrimRight(strings.ReplaceAll(ansi.Strip(d.Out), "\t", "    "), "\n"); out != "" {
		r.lines = strings.Split(out, "\n")
	}
	if r.cut = len(r.lines) > maxOutput; r.cut {
		r.lines = r.lines[:maxOutput]
	}
	o.results = append(o.results, r)
	total := 0
	for _, r := range o.results {
		total += len(r.lines) + 1
	}
	for total > maxOutput && len(o.results) > 1 {
		total -= len(o.results[0].lines) + 1
		o.results = o.results[1:]
	}
	o.message, o.same, o.width, o.top, o.expanded = "", nil, 0, o.latest, true
}

// layOut makes the rows for a canvas, unless the rows are up to date. Lines of a failed command are
// wrapped, because their end says what to do.
func (o *output) layOut(c *canvas.Canvas) {
	if o.width == c.W {
		return
	}
	follows := o.top >= o.latest
	o.width, o.rows = c.W, nil
	for _, r := range o.results {
		o.latest = len(o.rows)
		o.rows = append(o.rows, resultRow{r, r.command, true})
		for _, l := range r.lines {
			for _, part := range r.wrap(c, l) {
				o.rows = append(o.rows, resultRow{r, part, false})
			}
		}
	}
	if follows {
		o.top = o.latest
	}
	o.top = min(o.top, o.latest)
}

// wrap returns the rows of a line. A line of a failure leaves room for the exit code.
func (r *result) wrap(c *canvas.Canvas, line string) []string {
	room := c.W - c.Width(c.Theme.No+" "+r.exit())
	if r.code == 0 || c.Width(line) <= room {
		return []string{line}
	}
	return c.Wrap(line, room)
}

// exit returns what the row says of the exit code, "" for a success.
func (r *result) exit() string {
	if r.code == 0 {
		return ""
	}
	return fmt.Sprintf("exit %d  ", r.code)
}

// latestRows returns the number of rows of the latest result.
func (o *output) latestRows() int { return len(o.rows) - o.latest }

// scrolled reports whether earlier results are in sight.
func (o *output) scrolled() bool { return o.top < o.latest }

// tall reports whether the latest result needs more room than a line and may take it.
func (o *output) tall() bool { return o.expanded && o.latestRows() > 2 }

// said returns the message of the screens themselves, "" if there is none.
func (o *output) said() string {
	if o.same == nil {
		return o.message
	}
	if line := o.same(); line != "" {
		return "the same as a command:  " + line
	}
	return ""
}

// settle turns a message about the screen in sight into a plain one.
func (o *output) settle() { o.message, o.same = o.said(), nil }

// note returns which part of a long output is in sight, and whether there are earlier results.
func (o *output) note(shown int) string {
	switch {
	case o.said() != "" || len(o.rows) == 0:
		return ""
	case o.scrolled():
		return fmt.Sprintf("%d–%d of %d · PgUp PgDn", o.top+1, min(o.top+shown, len(o.rows)), len(o.rows))
	case o.tall() && o.latestRows() > shown:
		at := o.top - o.latest
		note := fmt.Sprintf("%d–%d of %d · PgUp PgDn · ctrl+o zoom", at+1, min(at+shown, o.latestRows()), o.latestRows())
		if o.rows[o.latest].cut {
			note += " (cut)"
		}
		return note
	case o.latest > 0:
		return "PgUp earlier results"
	}
	return ""
}

// draw draws the rows that are in sight, from row 1 of c on.
func (o *output) draw(c *canvas.Canvas, shown int) {
	if text := o.said(); text != "" {
		c.Put(2, 1, theme.Plain, text)
		return
	}
	rows := o.rows[o.top:min(o.top+shown, len(o.rows))]
	if shown == 1 && o.top == o.latest && o.latestRows() > 1 { // no room to repeat the command
		c.Put(rows[0].drawSign(c, 1), 1, theme.Plain, o.rows[o.top+1].text)
		return
	}
	for i, r := range rows {
		if !r.first {
			c.Put(2, i+1, theme.Plain, r.text)
			continue
		}
		style := theme.Plain
		if shown > 1 {
			style = theme.Dim
		}
		c.Put(r.drawSign(c, i+1), i+1, style, r.text)
	}
}

// drawSign draws whether the command succeeded, and returns the column after it.
func (r *result) drawSign(c *canvas.Canvas, y int) int {
	sign, st := c.Theme.Yes, theme.Good
	if r.code != 0 {
		sign, st = c.Theme.No, theme.Bad
	}
	x := c.Put(0, y, st|theme.Bold, sign+" ")
	return c.Put(x, y, st, r.exit())
}

// Say shows a message of the screens themselves in place of the results.
func (m *Model) Say(text string) {
	m.Collapse()
	m.output.message, m.output.same = text, nil
}

// ClearOutput removes the results of all commands.
func (m *Model) ClearOutput() { m.output = output{} }

// Quiet reports whether the prompt has nothing to show: no line, no message, and no command runs or
// ran lately.
func (m *Model) Quiet() bool {
	return m.line.empty() && m.running == "" && m.output.message == "" && !m.output.expanded
}

// Hush removes the message of the screens.
func (m *Model) Hush() { m.output.message = "" }

// Collapse gives the room that the output took back to the log, and reports whether it took any.
func (m *Model) Collapse() bool {
	o := &m.output
	had := o.tall() || o.scrolled()
	o.expanded, o.top, m.candidates = false, o.latest, nil
	return had
}

// OutputRows returns how many rows the output would like to have on a screen of w columns, 0 if the
// output needs no more than usual.
func (m *Model) OutputRows(th *theme.Theme, w int) int {
	o := &m.output
	o.layOut(canvas.New(th, w-sides, 0))
	switch {
	case o.scrolled():
		return len(o.rows) - o.top
	case o.tall():
		return o.latestRows()
	}
	return 0
}

// Scroll moves the output by rows, in a place that shows so many.
func (m *Model) Scroll(by, shown int) {
	o := &m.output
	o.message, o.same = "", nil
	o.top = max(0, min(o.top+by, max(o.latest, len(o.rows)-shown)))
}
