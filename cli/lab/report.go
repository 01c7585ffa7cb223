package lab

import (
	"errors"
	"fmt"
	"math"
	"runtime"
)

// A Report is the answer of an experiment.
type Report struct {
	Lab       string            `json:"lab"`
	Title     string            `json:"title"`
	Section   string            `json:"section,omitempty"`
	Clock     Clock             `json:"clock"`
	Values    map[string]string `json:"values"`
	Seeds     []uint64          `json:"seeds"`
	Commit    string            `json:"commit"`
	Machine   string            `json:"machine"`
	Complete  bool              `json:"complete"` // false: the run was interrupted
	Rows      Rows              `json:"rows"`
	Published []Compared        `json:"published"`
	Claims    []Decided         `json:"claims"`
	Verdict   Verdict           `json:"verdict"`
	Text      string            `json:"text"` // the verdict in one sentence

	Experiment *Experiment `json:"-"`
	Chosen     Values      `json:"-"`
}

// A Verdict says whether the result is what was published and claimed.
type Verdict string

const (
	Agrees  Verdict = "agrees"
	Differs Verdict = "differs"
	NoClaim Verdict = "no claim" // nothing was published or claimed, or what decides is missing
)

// Compared is a published figure beside our mean at the same place.
type Compared struct {
	Published
	Ours       *float64 `json:"ours"`       // nil if the row is missing
	Difference *float64 `json:"difference"` // ours minus the published value
	Verdict    Verdict  `json:"verdict"`
}

// Decided is a claim with what the rows say of it.
type Decided struct {
	Claim   string  `json:"claim"`
	Figures string  `json:"figures"`
	Verdict Verdict `json:"verdict"`
}

// Report computes the report of an outcome.
func (o *Outcome) Report() (*Report, error) {
	var samples []seedSample
	for _, u := range o.Units {
		for _, s := range u.Samples {
			samples = append(samples, seedSample{u.Seed, s})
		}
	}
	e := o.experiment
	rows, err := rowsOf(e, samples)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Lab: e.Name, Title: e.Title, Section: e.Section, Clock: e.Clock, Values: o.Values, Seeds: o.Seeds,
		Commit: o.Commit, Machine: o.Machine, Complete: o.Complete(), Rows: rows,
		Published: []Compared{}, Claims: []Decided{}, Experiment: e, Chosen: o.values,
	}
	if e.Published != nil {
		for _, p := range e.Published(o.values) {
			r.Published = append(r.Published, compare(p, rows))
		}
	}
	for _, c := range e.Claims {
		d, err := decide(c, o.values, rows)
		if err != nil {
			return nil, fmt.Errorf("lab %s: %s: %w", e.Name, c.Text, err)
		}
		r.Claims = append(r.Claims, d)
	}
	r.conclude()
	return r, nil
}

// machine describes the machine, if its speed matters.
func machine(e *Experiment) string {
	if e.Clock == Virtual {
		return "any: time is virtual"
	}
	return fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

func compare(p Published, rows Rows) Compared {
	c := Compared{Published: p, Verdict: NoClaim}
	row, err := rows.At(p.Measure, p.Series, p.X)
	if err != nil {
		return c
	}
	difference := round(row.Mean - p.Value)
	c.Ours, c.Difference = &row.Mean, &difference
	if p.Within > 0 {
		c.Verdict = verdict(math.Abs(difference) <= p.Within)
	}
	return c
}

func decide(c Claim, v Values, rows Rows) (Decided, error) {
	holds, figures, err := c.Holds(v, rows)
	switch {
	case errors.Is(err, ErrMissing):
		return Decided{c.Text, "rows are missing", NoClaim}, nil
	case errors.As(err, new(Undecided)):
		return Decided{c.Text, err.Error(), NoClaim}, nil
	case err != nil:
		return Decided{}, err
	}
	return Decided{c.Text, figures, verdict(holds)}, nil
}

func verdict(holds bool) Verdict {
	if holds {
		return Agrees
	}
	return Differs
}

// conclude sets the verdict and its sentence.
func (r *Report) conclude() {
	var agree, differ, undecided int
	count := func(v Verdict) {
		switch v {
		case Agrees:
			agree++
		case Differs:
			differ++
		}
	}
	for _, p := range r.Published {
		count(p.Verdict)
	}
	for _, c := range r.Claims {
		count(c.Verdict)
		if c.Verdict == NoClaim {
			undecided++
		}
	}
	switch {
	case agree+differ == 1 && agree == 1:
		r.Verdict, r.Text = Agrees, "agrees: the only published figure or claim that decides holds here"
	case agree+differ == 1:
		r.Verdict, r.Text = Differs, "differs: the only published figure or claim that decides does not hold here"
	case differ > 0:
		r.Verdict = Differs
		r.Text = fmt.Sprintf("differs: %d of %d published figures and claims do not hold here", differ, agree+differ)
	case agree > 0:
		r.Verdict = Agrees
		r.Text = fmt.Sprintf("agrees: all %d published figures and claims with a verdict hold here", agree)
	default:
		r.Verdict, r.Text = NoClaim, "no claim: nothing that was published or claimed decides"
	}
	if undecided > 0 && agree+differ > 0 {
		r.Text += fmt.Sprintf("; claims without a verdict: %d", undecided)
	}
	if n, usual := len(r.Seeds), r.Experiment.Seeds; r.Verdict == Differs && n > 0 && n < usual {
		r.Text += fmt.Sprintf("; %s few, the usual number is %d", seedsAre(n), usual)
	}
	if !r.Complete {
		r.Text += "; the run was interrupted, so rows have fewer seeds or are missing"
	}
}

func seedsAre(n int) string {
	if n == 1 {
		return "1 seed is"
	}
	return fmt.Sprintf("%d seeds are", n)
}
