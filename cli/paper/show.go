package paper

import (
	"slices"
	"strings"

	"ringside/cli/render"
)

const (
	// pageWidth is the width of pages on wide terminals and on those of unknown width.
	pageWidth = 100
	// leastColumn is the least width of a column of the table. On narrower terminals, rows are
	// lists.
	leastColumn = 12
)

// heads are the titles of the columns of Table 1: three of the paper and two of ringside.
var heads = []string{"problem", "technique", "advantage", "in the code", "shown by"}

// shares are the widths of the columns in percent.
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

// Table returns Table 1 for a terminal of width columns, 0 if unknown.
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
	if slices.Min(widths) < leastColumn {
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
	out.WriteString(hang("", "Files are in engine/. A script runs with: ringside run NAME", width))
	out.WriteString(hang("", "A section of the paper: ringside paper 4.6; Figure 8: ringside paper fig8", width))
	return out.String()
}

// line returns the cells of a row side by side, each wrapped to its column.
func line(row []string, widths []int) string {
	wrapped, tall := make([][]string, len(row)), 0
	for i, c := range row {
		wrapped[i] = render.Wrap(c, widths[i])
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
			now += text + strings.Repeat(" ", max(0, widths[i]+2-render.Width(text)))
		}
		out.WriteString(strings.TrimRight(now, " ") + "\n")
	}
	return out.String()
}

// hang returns text after a lead. Further lines are indented by the width of the lead.
func hang(lead, text string, width int) string {
	indent := render.Width(lead)
	lines := render.Wrap(text, width-indent)
	return lead + strings.Join(lines, "\n"+strings.Repeat(" ", indent)) + "\n"
}
