package lab

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"ringside/cli/shard"
	"ringside/engine/usage"
)

// An Outcome is what the units of a job said. An Outcome is also the content of a shard's file.
type Outcome struct {
	shard.Header
	Lab        string            `json:"lab"`
	Values     map[string]string `json:"values"`
	Seeds      []uint64          `json:"seeds"`
	Machine    string            `json:"machine"` // see Report; of a merged outcome, all machines
	Units      []UnitResult      `json:"units"`   // by number
	experiment *Experiment
	values     Values
}

// A UnitResult is what one unit said.
type UnitResult struct {
	Number  int      `json:"number"`
	Seed    uint64   `json:"seed,omitempty"`
	Done    bool     `json:"done"`
	Samples []Sample `json:"samples"`
}

func (j Job) outcome(units int) *Outcome {
	o := &Outcome{
		Header: j.Shard.Header(units), Lab: j.Experiment.Name, Values: j.Values.Map(), Seeds: j.Seeds,
		Machine: machine(j.Experiment), Units: make([]UnitResult, units), experiment: j.Experiment, values: j.Values,
	}
	for i := range o.Units {
		o.Units[i].Number = i
	}
	return o
}

// Job implements shard.Content.
func (o *Outcome) Job() []shard.Property {
	return []shard.Property{{Name: "experiment", Value: o.Lab}, {Name: "parameters", Value: o.Values},
		{Name: "seeds", Value: o.Seeds}}
}

// Complete reports whether all units ended.
func (o *Outcome) Complete() bool {
	return !slices.ContainsFunc(o.Units, func(u UnitResult) bool { return !u.Done })
}

// Write writes the outcome of a shard to a file. Only the units of the shard are written. It
// returns an error if the shard was interrupted.
func (o *Outcome) Write(w io.Writer) error {
	part := *o
	part.Units = nil
	for _, u := range o.Units {
		switch {
		case !o.Part().Has(u.Number):
		case !u.Done:
			return fmt.Errorf("lab: shard %d of %d was interrupted; run it again", o.Shard, o.Shards)
		default:
			part.Units = append(part.Units, u)
		}
	}
	return json.NewEncoder(w).Encode(part)
}

// maxUnits bounds the units that a shard's file may announce, since memory is kept for all of them.
const maxUnits = 10_000_000

// A Finder returns the experiment of a name, whose values may decide what the experiment is. It
// returns a usage error if there is none.
type Finder func(name string, values map[string]string) (*Experiment, error)

// Merge joins the files of all shards of one job to the outcome of the job without shards. A usage
// error names the file that is missing, doubled or of another job or commit.
func Merge(files map[string]io.Reader, find Finder) (*Outcome, error) {
	parts, err := shard.Read[*Outcome](files)
	if err != nil {
		return nil, err
	}
	if all := parts[0].Content.All; all > maxUnits {
		return nil, usage.Errorf("%s is not the file of a shard: it says %d units", parts[0].Name, all)
	}
	out, err := parts[0].Content.whole(find)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", parts[0].Name, err)
	}
	var machines []string
	for _, p := range parts {
		if !slices.Contains(machines, p.Content.Machine) {
			machines = append(machines, p.Content.Machine)
		}
		for _, u := range p.Content.Units {
			if u.Number < 0 || u.Number >= out.All || !p.Content.Part().Has(u.Number) {
				return nil, usage.Errorf("%s: unit %d is not one of shard %d", p.Name, u.Number, p.Content.Shard)
			}
			if err := out.accepts(u); err != nil {
				return nil, usage.Errorf("%s: unit %d: %w", p.Name, u.Number, err)
			}
			out.Units[u.Number] = u
		}
	}
	out.Machine = strings.Join(machines, "; ")
	if !out.Complete() {
		return nil, usage.Errorf("the files of the shards lack units; run the shards again")
	}
	return out, nil
}

// whole returns the outcome of the whole job of a shard, without the units.
func (o *Outcome) whole(find Finder) (*Outcome, error) {
	e, err := find(o.Lab, o.Values)
	if err != nil {
		return nil, err
	}
	v, err := NewValues(e.Params, o.Values)
	if err != nil {
		return nil, err
	}
	j := Job{Experiment: e, Values: v, Seeds: o.Seeds}
	if err := j.Check(); err != nil {
		return nil, err
	}
	units, err := e.Units(v, o.Seeds)
	if err != nil {
		return nil, err
	}
	if len(units) != o.All {
		return nil, usage.Errorf("the file says %d units, and the job has %d; run the shards again", o.All, len(units))
	}
	out := j.outcome(o.All)
	for i, u := range units {
		out.Units[i].Seed = u.Seed
	}
	return out, nil
}

// maxValue bounds the values of samples in files. The square of a greater value may be infinite,
// and JSON has no such number.
const maxValue = 1e100

// accepts returns a usage error if the result of a unit, which comes from a file, cannot be a
// result of the experiment.
func (o *Outcome) accepts(u UnitResult) error {
	switch now := o.Units[u.Number]; {
	case now.Done:
		return usage.Errorf("it is there twice")
	case u.Seed != now.Seed:
		return usage.Errorf("it has seed %d, want %d", u.Seed, now.Seed)
	}
	for _, s := range u.Samples {
		if _, err := o.experiment.measure(s.Measure); err != nil {
			return usage.Errorf("%w", err)
		}
		if s.Hits > s.Of {
			return usage.Errorf("%s has %d hits of %d", s.Measure, s.Hits, s.Of)
		}
		if math.Abs(s.Value) > maxValue {
			return usage.Errorf("%s has the value %g", s.Measure, s.Value)
		}
	}
	return nil
}
