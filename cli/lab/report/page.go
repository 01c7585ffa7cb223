package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"

	"ringside/cli/lab"
	"ringside/cli/lab/figure"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("lab").Parse(pageText))

// An Answer is a report with the command that repeats it.
type Answer struct {
	Report  *lab.Report
	Command string
}

// section is what the template shows of one report.
type section struct {
	*lab.Report
	Question, Method string
	Seeds            string
	Wall             bool
	Command          string
	Measures         []measured
	Compared         []compared
}

// measured is one measure.
type measured struct {
	Label  string
	Figure template.HTML // made by package figure, which escapes what it is given
	Head   []string
	Lines  [][]string
}

// compared is one published figure.
type compared struct {
	Series, X, Ours, Published, Difference, Within, Source string
	Verdict                                                lab.Verdict
}

// Page returns the answers as a page that needs no other file.
func Page(answers []Answer) ([]byte, error) {
	var sections []section
	for _, a := range answers {
		s, err := sectionOf(a)
		if err != nil {
			return nil, err
		}
		sections = append(sections, s)
	}
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, sections); err != nil {
		return nil, fmt.Errorf("lab: write the page: %w", err)
	}
	return out.Bytes(), nil
}

func sectionOf(a Answer) (section, error) {
	r := a.Report
	s := section{
		Report: r, Question: r.Experiment.Question, Method: r.Experiment.Method, Seeds: seeds(r),
		Wall: r.Clock == lab.Wall, Command: a.Command, Compared: comparedOf(r),
	}
	for _, m := range r.Experiment.Measures {
		series := r.Rows.Series(m.Name)
		if len(series) == 0 {
			continue
		}
		svg, err := figureOf(r, m, series).SVG()
		if err != nil {
			return section{}, err
		}
		table := tableOf(r, m, series)
		table.Figure = template.HTML(svg)
		s.Measures = append(s.Measures, table)
	}
	return s, nil
}

// missing stands for a figure that there is not.
const missing = "–"

// comparedOf returns the published figures beside ours, as texts.
func comparedOf(r *lab.Report) []compared {
	var out []compared
	for _, c := range r.Published {
		line := compared{Series: c.Series, X: place(r, c.Published), Ours: missing, Published: number(c.Value),
			Difference: missing, Source: c.Source, Verdict: c.Verdict}
		if c.Ours != nil {
			line.Ours, line.Difference = number(*c.Ours), fmt.Sprintf("%+.3g", *c.Difference)
		}
		if c.Within > 0 {
			line.Within = number(c.Within)
		}
		out = append(out, line)
	}
	return out
}

// tableOf returns the rows of a measure as texts, without the figure.
func tableOf(r *lab.Report, m lab.Measure, series []string) measured {
	out := measured{Label: label(m.Label, m.Unit)}
	out.Head = append([]string{axisLabel(r.Experiment.Axis(m.Name))}, series...)
	for _, x := range xs(r, m.Name) {
		line := []string{where(r, m.Name, x)}
		for _, name := range series {
			text := missing
			if row, err := r.Rows.At(m.Name, name, x); err == nil {
				text = valueText(row)
			}
			line = append(line, text)
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// figureOf returns the figure of a measure.
func figureOf(r *lab.Report, m lab.Measure, series []string) figure.Figure {
	x := r.Experiment.Axis(m.Name)
	f := figure.Figure{
		Title: m.Label, X: axisLabel(x), Y: label(m.Label, m.Unit), LogX: x.Log, LogY: m.Log, Names: x.Names,
	}
	for _, name := range series {
		l := figure.Line{Name: name}
		for _, row := range r.Rows {
			if row.Measure == m.Name && row.Series == name {
				l.Points = append(l.Points, figure.Point{X: row.X, Mean: row.Mean, Low: row.Low, High: row.High})
			}
		}
		for _, p := range r.Published {
			if p.Measure == m.Name && p.Series == name {
				l.Marks = append(l.Marks, figure.Point{X: p.X, Mean: p.Value})
			}
		}
		f.Lines = append(f.Lines, l)
	}
	return f
}
