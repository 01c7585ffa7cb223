package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/lab"
	"ringside/cli/render"
)

// Text returns a report for a terminal, and command repeats it. Titles and labels come from files
// of the user, so bytes that would steer the terminal are escaped.
func Text(r *lab.Report, p render.Painter, command string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s", p.Paint(render.Bold, r.Lab), render.Typed(r.Title))
	if r.Section != "" {
		fmt.Fprintf(&out, " (%s)", r.Section)
	}
	out.WriteByte('\n')
	if r.Clock == lab.Wall {
		out.WriteString("measured on a wall clock: directions and ratios can be compared, figures cannot\n")
	}
	for _, m := range r.Experiment.Measures {
		series := r.Rows.Series(m.Name)
		if len(series) == 0 {
			continue
		}
		table := tableOf(r, m, series)
		fmt.Fprintf(&out, "\n%s\n%s", render.Typed(table.Label), measureTable(table).Render(p))
	}
	if len(r.Published) > 0 {
		fmt.Fprintf(&out, "\npublished\n%s", publishedTable(r).Render(p))
	}
	if len(r.Claims) > 0 {
		out.WriteString("\nclaims\n")
		for _, c := range r.Claims {
			fmt.Fprintf(&out, "  %s %s: %s\n", p.Paint(tone(c.Verdict), pad(string(c.Verdict))), c.Claim, c.Figures)
		}
	}
	fmt.Fprintf(&out, "\n%s\n%s; intervals are at 95 %%, over seeds\n", p.Paint(tone(r.Verdict), r.Text), seeds(r))
	fmt.Fprintf(&out, "%s\n", p.Paint(render.Dim, render.Typed(command)))
	return out.String()
}

// pad fills a verdict up to the length of the longest.
func pad(s string) string { return fmt.Sprintf("%-8s", s) }

func tone(v lab.Verdict) render.Tone {
	switch v {
	case lab.Agrees:
		return render.Good
	case lab.Differs:
		return render.Bad
	}
	return render.Dim
}

// seeds names the seeds of a report.
func seeds(r *lab.Report) string {
	switch n := len(r.Seeds); n {
	case 0:
		return "no seed"
	case 1:
		return fmt.Sprintf("seed %d", r.Seeds[0])
	default:
		return fmt.Sprintf("%d seeds from %d on", n, r.Seeds[0])
	}
}

// label returns a label with its unit.
func label(what, unit string) string {
	if unit == "" {
		return what
	}
	return what + ", " + unit
}

// measureTable has a line for each x and a column for each series.
func measureTable(m measured) *render.Table {
	t := &render.Table{Indent: "  "}
	var head []string
	for _, title := range m.Head {
		head = append(head, render.Typed(title)+">")
	}
	t.Head(head...)
	for _, line := range m.Lines {
		var cells []render.Cell
		for _, text := range line {
			cells = append(cells, render.Flush(render.Typed(text)))
		}
		t.Row(cells...)
	}
	return t
}

// xs lists the places of a measure on the x axis, in ascending order.
func xs(r *lab.Report, measure string) []float64 {
	var out []float64
	for _, row := range r.Rows {
		if row.Measure == measure && !slices.Contains(out, row.X) {
			out = append(out, row.X)
		}
	}
	slices.Sort(out)
	return out
}

func axisLabel(a lab.Axis) string { return label(a.Label, a.Unit) }

// where returns the text of a place on the x axis of a measure.
func where(r *lab.Report, measure string, x float64) string {
	if names := r.Experiment.Axis(measure).Names; names != nil && x >= 0 && int(x) < len(names) {
		return names[int(x)]
	}
	return number(x)
}

// valueText returns the text of a row: its mean and interval.
func valueText(row lab.Row) string {
	if row.N < 2 && row.Low == row.High {
		return number(row.Mean)
	}
	return fmt.Sprintf("%s (%s–%s)", number(row.Mean), number(row.Low), number(row.High))
}

// shown is the number of significant digits of figures in text.
const shown = 4

// number returns a figure as text.
func number(x float64) string {
	s := strconv.FormatFloat(x, 'g', shown, 64)
	if strings.Contains(s, "e+") { // a large number, whose digits are all known
		s = strconv.FormatFloat(x, 'f', 0, 64)
	}
	return s
}

// place returns the text of the place of a published figure. The text names the x axis if that is
// not the axis of the experiment.
func place(r *lab.Report, p lab.Published) string {
	at := where(r, p.Measure, p.X)
	if a := r.Experiment.Axis(p.Measure); a.Label != r.Experiment.X.Label {
		return a.Label + "=" + at
	}
	return at
}

// publishedTable has the published figures beside ours.
func publishedTable(r *lab.Report) *render.Table {
	t := &render.Table{Indent: "  "}
	t.Head("series", render.Typed(r.Experiment.X.Label)+">", "ours>", "published>", "difference>", "", "source")
	for _, c := range comparedOf(r) {
		says := string(c.Verdict)
		if c.Within != "" {
			says += " (within " + c.Within + ")"
		}
		t.Row(render.Cell{Text: c.Series}, render.Flush(c.X), render.Flush(c.Ours), render.Flush(c.Published),
			render.Flush(c.Difference), render.Toned(tone(c.Verdict), says), render.Toned(render.Dim, c.Source))
	}
	return t
}

// CSV writes the rows of reports with a line of titles.
func CSV(w io.Writer, answers []Answer) error {
	c := csv.NewWriter(w)
	_ = c.Write([]string{"lab", "measure", "unit", "series", "x", "name", "mean", "low", "high", "n", "cases"})
	for _, a := range answers {
		r := a.Report
		for _, row := range r.Rows {
			_ = c.Write([]string{r.Lab, row.Measure, unitOf(r, row.Measure), row.Series, exact(row.X), row.Name,
				exact(row.Mean), exact(row.Low), exact(row.High), strconv.Itoa(row.N), strconv.FormatUint(row.Cases, 10)})
		}
	}
	c.Flush()
	return c.Error()
}

func exact(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// unitOf returns the unit of a measure.
func unitOf(r *lab.Report, measure string) string {
	for _, m := range r.Experiment.Measures {
		if m.Name == measure {
			return m.Unit
		}
	}
	return ""
}
