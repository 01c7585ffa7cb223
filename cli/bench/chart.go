package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"ringside/localcluster/bench"
)

// The size of a chart and of the space around its plot, in pixels.
const (
	chartWidth, chartHeight                          = 380, 300
	marginLeft, marginRight, marginTop, marginBottom = 62, 16, 28, 44
	plotWidth                                        = chartWidth - marginLeft - marginRight
	plotHeight                                       = chartHeight - marginTop - marginBottom
	// ticks is about how many values the axis of the throughput shows.
	ticks = 4
)

// A percentile is what one chart shows.
type percentile struct {
	Name string
	of   func(bench.Row) float64 // in microseconds
	has  func(bench.Row) bool    // whether a row has that percentile
}

var percentiles = []percentile{
	{"p50", func(r bench.Row) float64 { return r.P50 }, answered},
	{"p99", func(r bench.Row) float64 { return r.P99 }, answered},
	{"p99.9", func(r bench.Row) float64 { return r.P999 },
		func(r bench.Row) bool { return answered(r) && r.HasP999() }},
}

// answered reports whether a row has requests that were answered. Otherwise it has no point.
func answered(r bench.Row) bool { return r.OpsS > 0 }

// A line of a chart is one system: a store or a floor.
type line struct {
	Name, Class string
	rows        []bench.Row // in the order of the load
}

// parts returns the rows of a line that belong together: with rates, those of one concurrency.
func (l line) parts() [][]bench.Row {
	var out [][]bench.Row
	for i, row := range l.rows {
		if i == 0 || row.Rate > 0 && row.Concurrency != l.rows[i-1].Concurrency {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], row)
	}
	return out
}

// A chart shows one percentile of the latency of an operation against the throughput, for all
// systems.
type chart struct {
	Op, Title string
	lines     []line
	value     func(bench.Row) float64
	has       func(bench.Row) bool
	scale     scale
}

// A scale maps values to pixels. Charts of one operation share it, so that they can be compared.
type scale struct {
	most      float64 // ops/s at the right end
	low, high float64 // µs at the lower and the upper end, powers of ten
}

func (s scale) x(ops float64) float64 { return marginLeft + plotWidth*ops/s.most }

func (s scale) y(us float64) float64 {
	part := math.Log10(max(us, s.low)/s.low) / math.Log10(s.high/s.low)
	return marginTop + plotHeight*(1-part)
}

// linesOf returns the lines of an operation, floors first.
func linesOf(r *bench.Report, op bench.Op) []line {
	var out []line
	add := func(name, class string, rows []bench.Row, keep func(bench.Row) bool) {
		l := line{Name: name, Class: class}
		for _, row := range rows {
			if row.Op == op && keep(row) {
				l.rows = append(l.rows, row)
			}
		}
		if len(l.rows) > 0 {
			out = append(out, l)
		}
	}
	all := func(bench.Row) bool { return true }
	add("floor", "floor", r.Floor, all)
	add("floor mux", "mux", r.FloorMux, all)
	for _, s := range bench.Stores {
		add(string(s), string(s), r.Rows, func(row bench.Row) bool { return row.Store == string(s) })
	}
	return out
}

// charts returns the charts of an operation, one for each percentile.
func charts(r *bench.Report, op bench.Op) []chart {
	lines := linesOf(r, op)
	s := scale{low: math.Inf(1)}
	for _, l := range lines {
		for _, row := range l.rows {
			if !answered(row) {
				continue
			}
			s.most = max(s.most, row.OpsS)
			s.low, s.high = min(s.low, max(row.P50, 1)), max(s.high, row.P999)
		}
	}
	s.most = max(s.most, 1)
	if math.IsInf(s.low, 1) {
		s.low = 1
	}
	s.low = math.Pow(10, math.Floor(math.Log10(s.low)))
	s.high = max(math.Pow(10, math.Ceil(math.Log10(max(s.high, 1)))), 10*s.low)
	var out []chart
	for _, p := range percentiles {
		out = append(out, chart{Op: string(op), Title: string(op) + ", " + p.Name, lines: lines, value: p.of, has: p.has,
			scale: s})
	}
	return out
}

// svg returns the chart as an SVG element.
func (c chart) svg() string {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg viewBox="0 0 %d %d" role="img" aria-label="latency of %s against throughput">`, chartWidth,
		chartHeight, c.Title)
	fmt.Fprintf(&out, `<text class="title" x="%d" y="16">%s</text>`, marginLeft, c.Title)
	c.axes(&out)
	for _, l := range c.lines {
		for _, part := range l.parts() {
			c.part(&out, l, part)
		}
	}
	out.WriteString(`</svg>`)
	return out.String()
}

// part draws rows of a line that belong together. A row whose rate was not reached is a hollow
// point beside the line, because its latency depends on how long the queue grew. A row without an
// answer has no point.
func (c chart) part(out *strings.Builder, l line, rows []bench.Row) {
	var joined []string
	var dots strings.Builder
	for _, row := range rows {
		if !c.has(row) {
			continue
		}
		x, y := c.scale.x(row.OpsS), c.scale.y(c.value(row))
		class, note := "dot", ""
		if row.Reached() {
			joined = append(joined, fmt.Sprintf("%.1f,%.1f", x, y))
		} else {
			class, note = "line", "; the rate was not reached"
		}
		fmt.Fprintf(&dots, `<circle class="%s %s" cx="%.1f" cy="%.1f" r="3.5">`, class, l.Class, x, y)
		fmt.Fprintf(&dots, `<title>%s, %s: %.0f a second, %s%s</title></circle>`, l.Name, row.Key(), row.OpsS,
			latency(c.value(row)).Text, note)
	}
	if len(joined) > 0 {
		fmt.Fprintf(out, `<polyline class="line %s" points="%s"/>`, l.Class, strings.Join(joined, " "))
	}
	out.WriteString(dots.String())
}

// axes draws the grid with its values.
func (c chart) axes(out *strings.Builder) {
	const right, bottom = marginLeft + plotWidth, marginTop + plotHeight
	for us := c.scale.low; us <= c.scale.high*1.001; us *= 10 {
		y := c.scale.y(us)
		fmt.Fprintf(out, `<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>`, marginLeft, y, right, y)
		fmt.Fprintf(out, `<text class="tick" text-anchor="end" x="%d" y="%.1f">%s</text>`, marginLeft-6, y+4, round(us))
	}
	step := niceStep(c.scale.most / ticks)
	for ops := 0.0; ops <= c.scale.most; ops += step {
		fmt.Fprintf(out, `<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>`, c.scale.x(ops), marginTop,
			c.scale.x(ops), bottom)
		fmt.Fprintf(out, `<text class="tick" text-anchor="middle" x="%.1f" y="%d">%s</text>`, c.scale.x(ops), bottom+16,
			thousands(ops))
	}
	fmt.Fprintf(out, `<text class="tick" text-anchor="end" x="%d" y="%d">operations a second</text>`, right, bottom+34)
}

// round returns a power of ten of microseconds as text.
func round(us float64) string {
	switch {
	case us >= 1e6:
		return fmt.Sprintf("%.0f s", us/1e6)
	case us >= 1e3:
		return fmt.Sprintf("%.0f ms", us/1e3)
	}
	return fmt.Sprintf("%.0f µs", us)
}

func thousands(n float64) string {
	if n >= 1000 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", n/1000), ".0") + "k"
	}
	return fmt.Sprintf("%.0f", n)
}

// niceStep returns 1, 2 or 5 times a power of ten that is at least x.
func niceStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(x, 1))))
	steps := []float64{1, 2, 5, 10}
	i := slices.IndexFunc(steps, func(s float64) bool { return s*power >= x })
	return steps[max(i, 0)] * power
}

// ops returns the operations of a report, in the order of its rows.
func ops(r *bench.Report) (out []bench.Op) {
	for _, row := range named(r) {
		if !slices.Contains(out, row.Op) {
			out = append(out, row.Op)
		}
	}
	return out
}
