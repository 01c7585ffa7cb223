package measure

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Exact are Measures whose JSON restores them. The JSON of Measures themselves is for readers: it
// has quantiles in place of distributions, so it cannot be added up.
type Exact struct{ Measures }

// exact is the JSON of an Exact: the counts as readers see them, and each distribution of
// Measures.distributions.
type exact struct {
	Counts        *Measures            `json:"counts"`
	Distributions []*exactDistribution `json:"distributions"`
}

// distributions returns all distributions, always in the same order.
func (m *Measures) distributions() []*Distribution {
	return []*Distribution{
		&m.Gets.Latency.Distribution, &m.Puts.Latency.Distribution, &m.Dels.Latency.Distribution,
		&m.Stale.Age.Distribution, &m.Stale.Behind, &m.Clocks.Pairs, &m.Convergence.Time.Distribution,
	}
}

// MarshalJSON writes the JSON that UnmarshalJSON reads.
func (e *Exact) MarshalJSON() ([]byte, error) {
	x := exact{Counts: &e.Measures}
	for _, d := range e.distributions() {
		x.Distributions = append(x.Distributions, d.exactly())
	}
	return json.Marshal(x)
}

// UnmarshalJSON restores the Measures. Whatever is computed from them, or from their sum with other
// Measures, is the same as from the original.
func (e *Exact) UnmarshalJSON(text []byte) error {
	x := exact{Counts: &Measures{}}
	if err := json.Unmarshal(text, &x); err != nil {
		return err
	}
	all := x.Counts.distributions()
	if len(x.Distributions) != len(all) {
		return fmt.Errorf("measures have %d distributions, want %d", len(x.Distributions), len(all))
	}
	for i, d := range all {
		if err := d.restore(x.Distributions[i]); err != nil {
			return err
		}
	}
	e.Measures = *x.Counts
	return nil
}

// exactDistribution is a Distribution in JSON that restores it.
type exactDistribution struct {
	N     int64 `json:"n"`
	Sum   int64 `json:"sum"`
	Max   int64 `json:"max"`
	Rough bool  `json:"rough,omitempty"` // the values are the lower ends of classes of a histogram
	// Values has each value and how often it came, in increasing order.
	Values [][2]int64 `json:"values"`
}

// exactly returns the distribution in its JSON form.
func (d *Distribution) exactly() *exactDistribution {
	x := &exactDistribution{N: d.n, Sum: d.sum, Max: d.max, Rough: d.rough != nil, Values: [][2]int64{}}
	if d.rough != nil {
		for _, bar := range d.rough.Distribution() {
			if bar.Count > 0 {
				x.Values = append(x.Values, [2]int64{bar.From, bar.Count})
			}
		}
		return x
	}
	slices.Sort(d.exact)
	for _, v := range d.exact {
		if last := len(x.Values) - 1; last >= 0 && x.Values[last][0] == v {
			x.Values[last][1]++
			continue
		}
		x.Values = append(x.Values, [2]int64{v, 1})
	}
	return x
}

// restore sets the distribution to the one of a JSON form. It returns an error if the form
// contradicts itself.
func (d *Distribution) restore(x *exactDistribution) error {
	if x == nil {
		return fmt.Errorf("a distribution is missing")
	}
	*d = Distribution{n: x.N, sum: x.Sum, max: x.Max}
	if x.Rough {
		d.roughen()
	}
	left := x.N
	for _, v := range x.Values {
		value, count := v[0], v[1]
		if value < 0 || value > mostValue || count < 1 || count > left {
			return fmt.Errorf("a distribution of %d values has %d times the value %d", x.N, count, value)
		}
		left -= count
		if d.rough != nil {
			_ = d.rough.RecordValues(value, count) // fits
			continue
		}
		if x.N > maxExact {
			return fmt.Errorf("a distribution of %d values is not a histogram; it may keep %d", x.N, maxExact)
		}
		for range count {
			d.exact = append(d.exact, value)
		}
	}
	if left != 0 {
		return fmt.Errorf("a distribution of %d values lacks %d of them", x.N, left)
	}
	return nil
}
