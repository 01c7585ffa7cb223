package verbs

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// A style is the parameters of a terminal's SGR sequence. The sixteen basic
// colours are used because they follow the terminal's own theme; colour never
// carries meaning alone.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	good   style = "32"
	bad    style = "31"
	warn   style = "33" // concurrent, paused
	purple style = "35" // hints
	accent style = "36" // clocks
)

// paint returns text in a style, if there is colour. Text must have been made
// safe with escape.Terminal.
func (e *Env) paint(s style, text string) string {
	if !e.Color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// cells measures text as terminals do that are not set up for East Asia.
var cells = &runewidth.Condition{}

// A cell is one field of a table.
type cell struct {
	text  string
	style style
	right bool // number: flush right
}

// A table is rows of cells whose columns line up.
type table struct {
	indent string
	rows   [][]cell
}

func (t *table) row(cells ...cell) { t.rows = append(t.rows, cells) }

// head adds a row of dim titles; a title that ends in > stands flush right.
func (t *table) head(titles ...string) {
	row := make([]cell, len(titles))
	for i, s := range titles {
		text, right := strings.CutSuffix(s, ">")
		row[i] = cell{text, dim, right}
	}
	t.row(row...)
}

// render lays the table out, two spaces between columns and none at the end of a line.
func (t *table) render(e *Env) string {
	var widths []int
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], cells.StringWidth(c.text))
		}
	}
	var out strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		line.WriteString(t.indent)
		pending := 0 // spaces that only text after them makes real
		for i, c := range row {
			pad := widths[i] - cells.StringWidth(c.text)
			if c.right {
				pending += pad
				pad = 0
			}
			if c.text != "" {
				line.WriteString(strings.Repeat(" ", pending))
				line.WriteString(e.paint(c.style, c.text))
				pending = 0
			} else {
				pad = widths[i]
				if c.right {
					pad = 0
				}
			}
			pending += pad + 2
		}
		out.WriteString(strings.TrimRight(line.String(), " "))
		out.WriteByte('\n')
	}
	return out.String()
}
