package experiments

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"ringside/cli/lab"
	"ringside/engine/sim"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// §6.3: how many versions gets see.

// A divergenceSize is the work of one run: edits, each of which is a get and a put.
type divergenceSize struct{ edits int }

// usualDivergence answers in about half a minute of one core with the usual seeds.
var usualDivergence = divergenceSize{edits: 1_000}

// divergenceWriters is the number of clients of a run. They share keys so that each key has as many
// as are asked for, and at least one key is used.
const divergenceWriters = 32

func divergence() *lab.Experiment { return divergenceOf(usualDivergence) }

func divergenceOf(size divergenceSize) *lab.Experiment {
	e := &lab.Experiment{
		Name: "divergence", Section: "§6.3",
		Title: "how many versions gets see, by the number of concurrent writers",
		Question: "Which share of gets sees one, two, three or more versions of a key, if so many writers change the " +
			"key at the same time?",
		Method: divergenceMethod,
		Clock:  lab.Virtual,
		X:      lab.Axis{Label: "writers of a key", Log: true},
		Measures: []lab.Measure{
			{Name: "versions", Label: "gets that see so many versions", Unit: "%", Share: true},
			{Name: "diverged", Label: "gets that see more than one version", Unit: "%", Share: true},
		},
		Params: append(quorumParams("5", "3", "2", "2"),
			lab.Param{Name: "writers", Kind: lab.Wholes, Default: "1,2,4,8,16", Min: 1, Max: maxWriters,
				Help: "numbers of writers that change a key at the same time"},
			lab.Param{Name: "every", Kind: lab.Number, Default: "100", Min: 1, Max: 60_000,
				Help: "mean milliseconds between two edits of a writer"},
			faultsParam(plan.NoFaults, plan.FaultNames()...)),
		Seeds:     10,
		Units:     size.units,
		Published: divergencePublished,
		Claims: []lab.Claim{
			{Text: "a single writer never diverges", Holds: oneNeverDiverges},
			{Text: "the more writers, the more gets see several versions", Holds: moreWritersDiverge},
			{Text: "with the fewest writers that diverge, more versions are rarer", Holds: moreVersionsAreRarer},
		},
	}
	return e
}

const divergenceMethod = `Each writer gets a key, puts the key with the context that it got, as a robot would that
changes a cart, and waits for a random time with the mean that is asked for. The gets are those of the writers. A
put replaces all versions that its writer got, so versions pile up only as long as writers overlap. All requests go
through random nodes of a simulated cluster with the usual delays. The paper counted a day of a shopping cart
service and does not say how many writers met; its shares stand at the fewest writers above one and show the
direction.`

// versionSeries names the series by the number of versions.
var versionSeries = []string{"1 version", "2 versions", "3 versions", "4 or more"}

// overall is the series of the measure diverged.
const overall = "more than 1 version"

func (size divergenceSize) units(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
	return unitsOf(v.Numbers("writers"), seeds, func(writers float64, seed uint64) (*scene, sampler, error) {
		s, err := size.scene(v, int(writers), seed)
		return s, func(m sim.Measured) []lab.Sample { return versionSamples(m.Measures, writers) }, err
	})
}

// scene draws a run.
func (size divergenceSize) scene(v lab.Values, writers int, seed uint64) (*scene, error) {
	o := plain(seed)
	o.Nodes, o.N, o.R, o.W = v.Whole("nodes"), v.Whole("N"), v.Whole("R"), v.Whole("W")
	o.Faults = faultsOf(v)
	e := editing{keys: max(1, divergenceWriters/writers), writers: writers, every: milliseconds(v.Number("every"))}
	o.Keys, o.Clients = e.keys, e.keys*writers
	e.each = max(1, size.edits/o.Clients)
	o.Ops, o.Length = 2*e.each*o.Clients, e.every*time.Duration(e.each)
	if err := o.Check(); err != nil {
		return nil, asUsage(err)
	}
	s := &scene{Plan: plan.New(o)}
	s.Ops = e.ops(rng.New(seed, "edits"), s.Names())
	s.HealAt = max(s.HealAt, s.Ops[len(s.Ops)-1].At+time.Second)
	return s, nil
}

// An editing is what the writers of a run do.
type editing struct {
	keys    int
	writers int           // of each key
	each    int           // edits of a writer
	every   time.Duration // mean time between two of them
}

// ops returns the operations of all writers.
func (e editing) ops(r *rand.Rand, nodes []string) []plan.Op {
	var out []plan.Op
	for client := range e.keys * e.writers {
		at := time.Duration(0)
		for range e.each {
			at += rng.Exp(r, e.every)
			op := plan.Op{At: at, Client: client + 1, Key: fmt.Sprintf("key%d", client%e.keys)}
			get, put := op, op
			get.Kind, get.Context, get.Via = plan.Get, plan.Blind, rng.Pick(r, nodes)
			put.Kind, put.Context, put.Via = plan.Put, 0, rng.Pick(r, nodes)
			out = append(out, get, put)
		}
	}
	byTime(out)
	for i := range out {
		out[i].ID = uint64(i + 1)
	}
	return out
}

func versionSamples(m *measure.Measures, x float64) []lab.Sample {
	c := m.Versions
	counts := []int{c.One, c.Two, c.Three, c.More}
	found := c.One + c.Two + c.Three + c.More
	var out []lab.Sample
	for i, n := range counts {
		out = append(out, lab.Share("versions", versionSeries[i], x, n, found))
	}
	return append(out, lab.Share("diverged", overall, x, found-c.One, found))
}

func oneNeverDiverges(v lab.Values, rows lab.Rows) (bool, string, error) {
	if f := faultsOf(v); len(f) > 0 {
		return false, "", lab.Undecided("says nothing about faults")
	}
	row, err := rows.At("diverged", overall, 1)
	return row.Mean == 0, fmt.Sprintf("%.3g %% of %d gets", row.Mean, row.Cases), err
}

// moreWritersDiverge lets a share be lower than the one before, if their intervals overlap.
func moreWritersDiverge(_ lab.Values, rows lab.Rows) (bool, string, error) {
	all, err := rows.Of("diverged", overall)
	if err != nil || len(all) < 2 {
		return false, "", lab.ErrMissing
	}
	first, last := all[0], all[len(all)-1]
	holds := last.Mean > first.Mean
	for i := 1; i < len(all); i++ {
		holds = holds && all[i].High >= all[i-1].Low
	}
	return holds, fmt.Sprintf("%.3g %% with %g, %.3g %% with %g", first.Mean, first.X, last.Mean, last.X), nil
}

func moreVersionsAreRarer(_ lab.Values, rows lab.Rows) (bool, string, error) {
	all, err := rows.Of("diverged", overall)
	if err != nil {
		return false, "", err
	}
	i := slices.IndexFunc(all, func(r lab.Row) bool { return r.Mean > 0 })
	if i < 0 {
		return false, "", lab.Undecided("no get sees several versions")
	}
	holds, figures, last := true, fmt.Sprintf("with %g writers", all[i].X), 100.
	for _, s := range versionSeries {
		row, err := rows.At("versions", s, all[i].X)
		if err != nil {
			return false, "", err
		}
		holds = holds && row.Mean <= last
		last = row.Mean
		figures += fmt.Sprintf(", %s %.3g %%", s, row.Mean)
	}
	return holds, figures, nil
}

func divergencePublished(v lab.Values) []lab.Published {
	writers := v.Numbers("writers")
	slices.Sort(writers)
	x := writers[0]
	if i := slices.IndexFunc(writers, func(w float64) bool { return w > 1 }); i >= 0 {
		x = writers[i]
	}
	var out []lab.Published
	for i, share := range []float64{99.94, .00057, .00047, .00009} {
		out = append(out, lab.Published{
			Measure: "versions", Series: versionSeries[i], X: x, Value: share,
			Source: "§6.3, a day of a shopping cart service",
		})
	}
	return out
}
