package lab

import (
	"context"
	"fmt"
)

// An Experiment is one question with the way to answer it.
type Experiment struct {
	Name     string // one word, as on the command line
	Title    string // one line
	Question string // one paragraph: what is asked
	Method   string // one paragraph: how it is answered, and what the figures leave out
	Section  string // of the paper, such as "§6.2, Figure 8"; "" for questions that the paper does not ask
	Clock    Clock
	X        Axis
	Measures []Measure
	Params   []Param
	Seeds    int // how many seeds, unless the caller says otherwise; 0: seeds make no difference

	// Units returns the work for the given values and seeds, in an order that depends on these
	// alone. An error is about the values, and says what to do.
	Units func(v Values, seeds []uint64) ([]Unit, error)
	// Published returns the published figures that the values ask for; nil for none.
	Published func(v Values) []Published
	// Claims are about the rows. They are in the order of the report.
	Claims []Claim
}

// A Clock says which time an experiment measures.
type Clock string

const (
	// Virtual time passes in the simulator, or not at all. The same command gives the same bytes.
	Virtual Clock = "virtual"
	// Wall time is the machine's. Directions and ratios can be compared, figures cannot.
	Wall Clock = "wall"
)

// An Axis is the x axis of the figures.
type Axis struct {
	Label string
	Unit  string   // "" if there is none
	Log   bool     // the axis is logarithmic
	Names []string // what x = 0, 1, 2 ... stand for; nil if x is a number
}

// name returns what x stands for; "" if the axis has no names.
func (a Axis) name(x float64) string {
	if i := int(x); i >= 0 && i < len(a.Names) {
		return a.Names[i]
	}
	return ""
}

// A Measure is a quantity that an experiment measures. Each measure has a figure of its own.
type Measure struct {
	Name  string // one word, as in JSON
	Label string // of the y axis
	Unit  string // such as "ms" or "%"; "" if there is none
	// Share marks a share of all cases. Its samples have Hits and Of, and its rows are in percent.
	Share bool
	Log   bool    // the y axis is logarithmic
	Most  float64 // the greatest value that the quantity can have; 0: there is none
	// X is the x axis of this measure; nil: that of the experiment.
	X *Axis
}

// clip returns an interval without the values that the quantity cannot have. All quantities are
// counts, times and ratios, so none is below 0. The mean of such a quantity lies in the clipped
// interval whenever it lies in the interval, so the confidence level stays the same. Newcombe
// (1998, "Two-sided confidence intervals for the single proportion") truncates limits outside of
// [0, 1] in this way. An interval on a logarithmic scale would be one of the geometric mean, which
// is not what a row shows.
func (m Measure) clip(low, high float64) (float64, float64) {
	low = max(low, 0)
	if m.Most > 0 {
		high = min(high, m.Most)
	}
	return low, high
}

// A Unit is work that one processor does.
type Unit struct {
	Seed uint64 // 0 if the unit does not depend on a seed
	Run  func(ctx context.Context) ([]Sample, error)
}

// A Sample is what one unit says about one row.
type Sample struct {
	Measure string  `json:"measure"`
	Series  string  `json:"series"`
	X       float64 `json:"x"`
	Value   float64 `json:"value,omitempty"`
	// Hits and Of count cases, for measures that are shares. Hits is at most Of.
	Hits uint64 `json:"hits,omitempty"`
	Of   uint64 `json:"of,omitempty"`
}

// A Published is a figure from a publication.
type Published struct {
	Measure string  `json:"measure"`
	Series  string  `json:"series"`
	X       float64 `json:"x"`
	Value   float64 `json:"value"` // in the unit of the measure; a share in percent
	Source  string  `json:"source"`
	// Within is the greatest difference at which our mean agrees, in the unit of Value; 0 if the
	// experiment does not claim that the two agree.
	Within float64 `json:"within,omitempty"`
}

// A Claim is a statement about the rows that can be wrong.
type Claim struct {
	Text string
	// Holds reports whether the rows bear the claim out, and the figures that decided. It returns
	// ErrMissing if rows are missing, because the run was interrupted or the values leave them out,
	// and Undecided if the claim says nothing about the values, or the intervals leave both
	// possible.
	Holds func(v Values, rows Rows) (holds bool, figures string, err error)
}

// Point returns a sample of a measure that is not a share. The value is in the unit of the measure.
func Point(measure, series string, x, value float64) Sample {
	return Sample{Measure: measure, Series: series, X: x, Value: value}
}

// Share returns a sample of a measure that is a share: hits of so many cases.
func Share(measure, series string, x float64, hits, of int) Sample {
	return Sample{Measure: measure, Series: series, X: x, Hits: uint64(hits), Of: uint64(of)}
}

// Axis returns the x axis of a measure.
func (e *Experiment) Axis(measure string) Axis {
	if m, err := e.measure(measure); err == nil && m.X != nil {
		return *m.X
	}
	return e.X
}

// measure returns the measure of that name.
func (e *Experiment) measure(name string) (Measure, error) {
	for _, m := range e.Measures {
		if m.Name == name {
			return m, nil
		}
	}
	return Measure{}, fmt.Errorf("lab %s: a sample of %q, which the experiment does not measure", e.Name, name)
}
