package lab

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"ringside/engine/usage"
	"ringside/localcluster/buildinfo"
)

// An Outcome is what the units of a job said. It is also the content of a shard's file.
type Outcome struct {
	Lab        string            `json:"lab"`
	Values     map[string]string `json:"values"`
	Seeds      []uint64          `json:"seeds"`
	Commit     string            `json:"commit"` // "" if it is unknown
	Shard      int               `json:"shard"`  // of Shards; 0: it is not a shard
	Shards     int               `json:"shards"`
	Units      []UnitResult      `json:"units"` // by number
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
		Lab: j.Experiment.Name, Values: j.Values.Map(), Seeds: j.Seeds, Commit: commit(),
		Shard: j.Shard.I, Shards: j.Shard.K, Units: make([]UnitResult, units),
		experiment: j.Experiment, values: j.Values,
	}
	for i := range o.Units {
		o.Units[i].Number = i
	}
	return o
}

// commit names the source of the running binary; "" if it is unknown.
func commit() string {
	info := buildinfo.Read()
	if info.Modified && info.Commit != "" {
		return info.Short() + "+changes"
	}
	return info.Short()
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
		case !(Shard{o.Shard, o.Shards}).has(u.Number):
		case !u.Done:
			return fmt.Errorf("lab: shard %d of %d was interrupted; run it again", o.Shard, o.Shards)
		default:
			part.Units = append(part.Units, u)
		}
	}
	return json.NewEncoder(w).Encode(struct {
		Outcome
		All int `json:"all"` // units of all shards
	}{part, len(o.Units)})
}

// maxUnits bounds the units that a shard's file may announce.
const maxUnits = 10_000_000

// A part is the content of a shard's file.
type part struct {
	name string
	Outcome
	All int `json:"all"`
}

// readPart reads a shard's file.
func readPart(name string, r io.Reader) (part, error) {
	p := part{name: name}
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return part{}, usage.Errorf("%s is no file of a shard: %w", name, err)
	}
	if p.Shards < 1 || p.Shard < 1 || p.Shard > p.Shards || p.All < 0 || p.All > maxUnits {
		return part{}, usage.Errorf("%s is no file of a shard: it says shard %d of %d", name, p.Shard, p.Shards)
	}
	return p, nil
}

// A Finder returns the experiment of a name, whose values may decide what the experiment is. It
// returns a usage error if there is none.
type Finder func(name string, values map[string]string) (*Experiment, error)

// Merge joins the files of all shards of one job to the outcome of the job without shards. A usage
// error names the file that is missing, doubled or of another job or commit.
func Merge(files map[string]io.Reader, find Finder) (*Outcome, error) {
	var first *part
	var out *Outcome
	by := map[int]string{} // file by shard
	for _, name := range slices.Sorted(maps.Keys(files)) {
		p, err := readPart(name, files[name])
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = &p
			if out, err = p.whole(find); err != nil {
				return nil, err
			}
		}
		if err := p.belongsTo(first); err != nil {
			return nil, err
		}
		if other, ok := by[p.Shard]; ok {
			return nil, usage.Errorf("%s and %s are both shard %d; give each shard once", other, name, p.Shard)
		}
		by[p.Shard] = name
		for _, u := range p.Units {
			if u.Number < 0 || u.Number >= p.All || !(Shard{p.Shard, p.Shards}).has(u.Number) {
				return nil, usage.Errorf("%s: unit %d is not one of shard %d", name, u.Number, p.Shard)
			}
			out.Units[u.Number] = u
		}
	}
	if first == nil {
		return nil, usage.Errorf("--merge needs the files of all shards")
	}
	for i := range first.Shards {
		if by[i+1] == "" {
			return nil, usage.Errorf("shard %d of %d is missing; %s is one of the others", i+1, first.Shards, first.name)
		}
	}
	if !out.Complete() {
		return nil, usage.Errorf("the files of the shards lack units; run the shards again")
	}
	return out, nil
}

// whole returns the outcome of the whole job of a part, without the units.
func (p *part) whole(find Finder) (*Outcome, error) {
	e, err := find(p.Lab, p.Values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	v, err := NewValues(e.Params, p.Values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	out := Job{Experiment: e, Values: v, Seeds: p.Seeds}.outcome(p.All)
	out.Commit = p.Commit
	return out, nil
}

// belongsTo returns a usage error if the parts are not of one job.
func (p *part) belongsTo(first *part) error {
	for _, differs := range []struct {
		what       string
		ours, this any
	}{
		{"experiment", first.Lab, p.Lab},
		{"commit", first.Commit, p.Commit},
		{"number of shards", first.Shards, p.Shards},
		{"parameters", first.Values, p.Values},
		{"seeds", first.Seeds, p.Seeds},
		{"number of units", first.All, p.All},
	} {
		if !reflect.DeepEqual(differs.ours, differs.this) {
			return usage.Errorf("%s and %s differ in the %s: %v and %v", first.name, p.name, differs.what,
				differs.ours, differs.this)
		}
	}
	return nil
}
