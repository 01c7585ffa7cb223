package paper

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

const (
	// pageWidth is how wide pages are where the terminal's width is not known.
	pageWidth = 100
	// leastColumn is the narrowest column of the table; on narrower terminals its rows stand as lists.
	leastColumn = 12
)

// cells measures text as terminals do that are not set up for East Asia.
var cells = &runewidth.Condition{}

// heads are the columns of Table 1, the paper's three and ours.
var heads = []string{"problem", "technique", "advantage", "in the code", "shown by"}

// shares are how the columns divide a line, in hundredths.
var shares = []int{16, 20, 22, 27, 15}

func (r Row) columns() []string {
	var files []string
	for _, f := range r.Files() {
		files = append(files, short(f))
	}
	scripts := strings.Join(r.Scripts(), ", ")
	if scripts == "" {
		scripts = "–"
	}
	return []string{r.problem(), r.Technique, r.Advantage, r.code(files), scripts}
}

// Table is Table 1 for a terminal of a width, 0 if it is not known.
func Table(width int) string {
	if width <= 0 {
		width = pageWidth
	}
	width = min(width, pageWidth)
	var out strings.Builder
	out.WriteString(hang("", "Table 1: the problems, and Dynamo's techniques for them", width))
	widths := make([]int, len(shares))
	for i, s := range shares {
		widths[i] = (width - 2*(len(shares)-1)) * s / 100
	}
	if widths[0] < leastColumn {
		for _, r := range Rows {
			out.WriteByte('\n')
			for i, cell := range r.columns() {
				out.WriteString(hang(heads[i]+": ", cell, width))
			}
		}
		out.WriteByte('\n')
	} else {
		out.WriteString("\n" + line(heads, widths) + "\n")
		for _, r := range Rows {
			out.WriteString(line(r.columns(), widths) + "\n")
		}
	}
	out.WriteString(hang("", "Files are in engine/, scripts in testscripts/ (ringside run FILE).", width))
	out.WriteString(hang("", "A section of the paper: ringside paper 4.6; Figure 8: ringside paper fig8", width))
	return out.String()
}

// line lays the cells of a row side by side, each wrapped to its column.
func line(row []string, widths []int) string {
	wrapped, tall := make([][]string, len(row)), 0
	for i, c := range row {
		wrapped[i] = wrap(c, widths[i])
		tall = max(tall, len(wrapped[i]))
	}
	var out strings.Builder
	for k := range tall {
		now := ""
		for i, w := range wrapped {
			text := ""
			if k < len(w) {
				text = w[k]
			}
			now += cells.FillRight(text, widths[i]+2)
		}
		out.WriteString(strings.TrimRight(now, " ") + "\n")
	}
	return out.String()
}

// wrap breaks text at spaces into lines of at most width; a longer word has a line of its own.
func wrap(text string, width int) []string {
	var out []string
	now := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case now == "":
			now = word
		case cells.StringWidth(now)+1+cells.StringWidth(word) <= width:
			now += " " + word
		default:
			out = append(out, now)
			now = word
		}
	}
	return append(out, now)
}

// hang writes text after a lead, with the lines that follow below its beginning.
func hang(lead, text string, width int) string {
	indent := cells.StringWidth(lead)
	lines := wrap(text, width-indent)
	return lead + strings.Join(lines, "\n"+strings.Repeat(" ", indent)) + "\n"
}
