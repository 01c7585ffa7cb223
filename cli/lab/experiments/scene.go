package experiments

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"ringside/cli/lab"
	"ringside/engine/event"
	"ringside/engine/sim"
	"ringside/engine/sim/plan"
	"ringside/engine/usage"
)

// A scene is a run of the simulator before it is played.
type scene struct {
	plan.Plan
	looks []time.Duration   // see sim.Player
	watch func(event.Event) // may be nil
	// broken says that the run breaks promises of the engine on purpose, as literal clocks do.
	broken bool
}

// maxNodes and maxOperations bound parameters. Greater values make runs of hours by mistake.
const maxNodes, maxOperations = 50, 20_000

// whole returns a parameter that is a whole number of at least 1.
func whole(name, usual, help string, most float64) lab.Param {
	return lab.Param{Name: name, Kind: lab.Whole, Default: usual, Min: 1, Max: most, Help: help}
}

// quorumParams returns the parameters nodes, N, R and W.
func quorumParams(nodes, n, r, w string) []lab.Param {
	return []lab.Param{
		whole("nodes", nodes, "nodes of the cluster", maxNodes),
		whole("N", n, "replicas of each key", maxNodes),
		whole("R", r, "replicas that answer a get", maxNodes),
		whole("W", w, "replicas that acknowledge a put", maxNodes),
	}
}

// faultsParam returns the parameter faults: kinds of faults that come one after the other.
func faultsParam(usual string, kinds ...string) lab.Param {
	return lab.Param{
		Name: "faults", Kind: lab.WordSet, Default: usual, Words: append(kinds, plan.NoFaults),
		Help: "kinds of faults (sim --help describes them)",
	}
}

// faultsOf returns the chosen kinds of faults, an empty list for none.
func faultsOf(v lab.Values) []string {
	out := []string{}
	for _, f := range v.WordSet("faults") {
		if f != plan.NoFaults {
			out = append(out, f)
		}
	}
	return out
}

// newScene draws a run. Seeds draw nothing else than times, keys, nodes and faults: no node stays
// broken at the end, the ring has the usual number of ranges, and nodes notice through timeouts
// alone that another is silent.
func newScene(o plan.Options) (*scene, error) {
	if err := o.Check(); err != nil {
		return nil, usage.Errorf("%w", err)
	}
	s := &scene{Plan: plan.New(o)}
	s.Core, s.Rest, s.Ranges = nil, "", 0
	s.Conditions.Notices = false
	return s, nil
}

// play plays the run and measures it. It returns an error if the run cannot be played, if ctx ends,
// or if the engine broke a promise: such a run measures nothing.
func (s *scene) play(ctx context.Context) (sim.Measured, error) {
	if err := s.Check(); err != nil {
		return sim.Measured{}, err
	}
	lab.Plays(ctx, s.Plan)
	pl := sim.Player{GoOn: goOn(ctx), Looks: s.looks, Watch: s.watch}
	m, ended := pl.Measure(s.Plan)
	switch {
	case !ended:
		return sim.Measured{}, ctx.Err()
	case len(m.Violations) > 0 && (!s.broken || m.Broke(sim.Panic)):
		v := m.Violations[0]
		return sim.Measured{}, fmt.Errorf("seed %d: %s does not hold: %s; please report it", s.Seed, v.Property, v.Detail)
	}
	return m, nil
}

// add adds an operation to the end of the run, which then ends a second after it.
func (s *scene) add(o plan.Op) {
	o.ID = uint64(len(s.Ops) + 1)
	s.Ops = append(s.Ops, o)
	s.HealAt = o.At + time.Second
}

// A sampler says what a run showed.
type sampler func(sim.Measured) []lab.Sample

// unitsOf returns a unit for each setting and seed, which plays the scene that do makes. The values
// of each setting are checked before any unit runs.
func unitsOf[T any](settings []T, seeds []uint64, do func(T, uint64) (*scene, sampler, error)) ([]lab.Unit, error) {
	if len(seeds) > 0 {
		for _, x := range settings {
			if _, _, err := do(x, seeds[0]); err != nil {
				return nil, err
			}
		}
	}
	return perSeed(settings, seeds, func(ctx context.Context, x T, seed uint64) ([]lab.Sample, error) {
		s, samples, err := do(x, seed)
		if err != nil {
			return nil, err
		}
		m, err := s.play(ctx)
		if err != nil {
			return nil, err
		}
		return samples(m), nil
	}), nil
}

// split cuts the network in two halves for the middle third of the run.
func (s *scene) split(r *rand.Rand) {
	names := s.Names()
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	third := s.Ops[len(s.Ops)-1].At / 3
	s.Faults = append(s.Faults, plan.Injection{
		Kind: plan.Split, At: third, For: third, Groups: [][]string{names[:len(names)/2], names[len(names)/2:]},
	})
}

func byTime(ops []plan.Op) []plan.Op {
	slices.SortStableFunc(ops, func(a, b plan.Op) int { return cmp.Compare(a.At, b.At) })
	return ops
}
