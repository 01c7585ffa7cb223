package measure

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// maxExact is the number of values up to which a Distribution keeps all of them. Beyond it, a
// histogram with three significant digits takes their place.
const maxExact = 1 << 16

const (
	mostValue = int64(1) << 40 // 12 days of microseconds
	digits    = 3
)

// A Distribution is a distribution of whole numbers, of which those below 0 count as 0. The zero
// Distribution is empty. Its results depend on the numbers, and not on the order in which they
// came. A copy shares memory with the original; only one of them may be added to.
type Distribution struct {
	n, sum, max int64
	exact       []int64                 // all values, unless there is a histogram
	rough       *hdrhistogram.Histogram // nil up to maxExact values
}

// Add adds one value.
func (d *Distribution) Add(v int64) {
	v = min(max(v, 0), mostValue)
	d.n++
	d.sum += v
	d.max = max(d.max, v)
	d.keep(v)
}

// keep keeps a value that is counted already.
func (d *Distribution) keep(v int64) {
	if d.rough != nil {
		_ = d.rough.RecordValue(v) // fits
		return
	}
	if d.exact = append(d.exact, v); len(d.exact) > maxExact {
		d.roughen()
	}
}

// roughen moves the values into a histogram.
func (d *Distribution) roughen() {
	if d.rough != nil {
		return
	}
	d.rough = hdrhistogram.New(1, mostValue, digits)
	for _, v := range d.exact {
		_ = d.rough.RecordValue(v) // fits
	}
	d.exact = nil
}

// AddAll adds all values of another distribution, which does not change.
func (d *Distribution) AddAll(o *Distribution) {
	d.n += o.n
	d.sum += o.sum
	d.max = max(d.max, o.max)
	if o.rough != nil {
		d.roughen()
		d.rough.Merge(o.rough)
		return
	}
	for _, v := range o.exact {
		d.keep(v)
	}
}

// N returns the number of values.
func (d *Distribution) N() int { return int(d.n) }

// Max returns the greatest value, 0 if there is none.
func (d *Distribution) Max() int64 { return d.max }

// Mean returns the mean, 0 if there is no value.
func (d *Distribution) Mean() float64 {
	if d.n == 0 {
		return 0
	}
	return float64(d.sum) / float64(d.n)
}

// Quantile returns the least value that at least a share q of all values does not exceed, 0 if
// there is none. q is 0 to 1. With more than 65,536 values the result may be 0.1 % too great.
func (d *Distribution) Quantile(q float64) int64 {
	if d.n == 0 {
		return 0
	}
	if d.rough != nil {
		return min(d.rough.ValueAtQuantile(100*q), d.max)
	}
	slices.Sort(d.exact)
	rank := int(math.Ceil(q*float64(len(d.exact)) - 1e-9)) // 1e-9: q times n may be a little too great
	return d.exact[max(0, rank-1)]
}

// summary is a Distribution in JSON.
type summary struct {
	N    int64   `json:"n"`
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// summary returns the distribution in a unit of so many values.
func (d *Distribution) summary(unit float64) summary {
	at := func(q float64) float64 { return float64(d.Quantile(q)) / unit }
	return summary{
		N: d.n, Mean: d.Mean() / unit, P50: at(.5), P90: at(.9), P99: at(.99), P999: at(.999),
		Max: float64(d.max) / unit,
	}
}

// MarshalJSON writes n, mean, p50, p90, p99, p999 and max.
func (d *Distribution) MarshalJSON() ([]byte, error) { return json.Marshal(d.summary(1)) }

// Times is a distribution of times in microseconds.
type Times struct{ Distribution }

// MarshalJSON writes n, mean, p50, p90, p99, p999 and max in milliseconds.
func (t *Times) MarshalJSON() ([]byte, error) { return json.Marshal(t.summary(1000)) }
