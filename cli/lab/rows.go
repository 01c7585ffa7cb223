package lab

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"ringside/cli/lab/interval"
)

// A Row is one figure of the result, with its confidence interval (interval.Level). Mean, Low and
// High are in the unit of the measure, and in percent for a share.
type Row struct {
	Measure string  `json:"measure"`
	Series  string  `json:"series"`
	X       float64 `json:"x"`
	Name    string  `json:"name,omitempty"` // of X, if the axis has names
	Mean    float64 `json:"mean"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	N       int     `json:"n"`               // seeds that have a sample, or 1 if seeds make no difference
	Cases   uint64  `json:"cases,omitempty"` // of a share
}

// Rows are sorted by measure, series in the order of their first samples, and x.
type Rows []Row

// ErrMissing is the error of a claim that needs a row which the result lacks.
var ErrMissing = errors.New("a row is missing")

// Undecided is the error of a claim that says nothing about the values that were chosen, or that
// the rows neither bear out nor deny. The text of the error says why.
type Undecided string

func (u Undecided) Error() string { return string(u) }

// At returns the row of a measure and series at x.
func (r Rows) At(measure, series string, x float64) (Row, error) {
	for _, row := range r {
		if row.Measure == measure && row.Series == series && row.X == x {
			return row, nil
		}
	}
	return Row{}, ErrMissing
}

// Of returns the rows of a measure and series, by ascending x; ErrMissing if there is none.
func (r Rows) Of(measure, series string) (Rows, error) {
	var out Rows
	for _, row := range r {
		if row.Measure == measure && row.Series == series {
			out = append(out, row)
		}
	}
	if len(out) == 0 {
		return nil, ErrMissing
	}
	return out, nil
}

// Series lists the series of a measure.
func (r Rows) Series(measure string) []string {
	var out []string
	for _, row := range r {
		if row.Measure == measure && !slices.Contains(out, row.Series) {
			out = append(out, row.Series)
		}
	}
	return out
}

// A place identifies a row.
type place struct {
	measure, series string
	x               float64
}

// seedSample is a sample with the seed of its unit.
type seedSample struct {
	seed uint64
	Sample
}

// rowsOf computes the rows of an experiment from the samples of its units, which are in the order
// of the units.
func rowsOf(e *Experiment, samples []seedSample) (Rows, error) {
	groups := map[place][]seedSample{}
	var order []place
	for _, s := range samples {
		p := place{s.Measure, s.Series, s.X}
		if groups[p] == nil {
			order = append(order, p)
		}
		groups[p] = append(groups[p], s)
	}
	var series []string
	for _, p := range order {
		if !slices.Contains(series, p.series) {
			series = append(series, p.series)
		}
	}
	measure := func(name string) int {
		return slices.IndexFunc(e.Measures, func(m Measure) bool { return m.Name == name })
	}
	slices.SortStableFunc(order, func(a, b place) int {
		return cmp.Or(
			cmp.Compare(measure(a.measure), measure(b.measure)),
			cmp.Compare(slices.Index(series, a.series), slices.Index(series, b.series)),
			cmp.Compare(a.x, b.x))
	})
	out := Rows{}
	for _, p := range order {
		m, err := e.measure(p.measure)
		if err != nil {
			return nil, err
		}
		row := Row{Measure: p.measure, Series: p.series, X: p.x}
		row.Name = e.Axis(p.measure).name(p.x)
		if !row.fill(m, groups[p]) {
			continue
		}
		out = append(out, row)
	}
	return out, nil
}

// fill computes the figures of a row. It returns false if the row has no case.
func (r *Row) fill(m Measure, samples []seedSample) bool {
	var seeds []uint64
	for _, s := range samples {
		if m.Share && s.Of == 0 {
			continue // this seed has no case
		}
		if !slices.Contains(seeds, s.seed) {
			seeds = append(seeds, s.seed)
		}
	}
	r.N = len(seeds)
	if m.Share {
		counts := make([]interval.Count, len(seeds))
		for _, s := range samples {
			if s.Of == 0 {
				continue
			}
			c := &counts[slices.Index(seeds, s.seed)]
			c.Hits, c.Of = c.Hits+float64(s.Hits), c.Of+float64(s.Of)
			r.Cases += s.Of
		}
		if r.Cases == 0 {
			return false
		}
		r.Mean, r.Low, r.High = interval.Share(counts)
		r.Mean, r.Low, r.High = round(100*r.Mean), round(100*r.Low), round(100*r.High)
		return true
	}
	means, counts := make([]float64, len(seeds)), make([]float64, len(seeds))
	for _, s := range samples {
		i := slices.Index(seeds, s.seed)
		means[i], counts[i] = means[i]+s.Value, counts[i]+1
	}
	for i := range means {
		means[i] /= counts[i]
	}
	r.Mean, r.Low, r.High = interval.Mean(means)
	r.Low, r.High = m.clip(r.Low, r.High)
	r.Mean, r.Low, r.High = round(r.Mean), round(r.Low), round(r.High)
	return true
}

// digits is the number of significant digits that a figure keeps. More digits would be noise, and
// the last bits of a float could differ between machines.
const digits = 6

// round rounds to so many significant digits.
func round(x float64) float64 {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	scale := math.Pow(10, digits-math.Ceil(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}
