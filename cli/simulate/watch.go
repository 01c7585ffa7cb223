package simulate

import (
	"fmt"
	"slices"
	"time"

	"ringside/cli/exit"
	"ringside/cli/recording"
	"ringside/engine/event"
	"ringside/engine/sim"
	"ringside/engine/sim/fork"
	"ringside/engine/sim/plan"
	"ringside/tui"
	"ringside/tui/futures"
)

// record plays a plan, and returns its result and its events.
func record(p plan.Plan) (sim.Result, []event.Event) {
	var events []event.Event
	player := sim.Player{Watch: func(e event.Event) {
		e.Versions = event.Preview(e.Versions)
		events = append(events, e)
	}}
	result, _ := player.Play(p)
	return result, events
}

// busiest returns the key that most operations of a plan are about, "" if there is none.
func busiest(p *plan.Plan) string {
	uses, key := map[string]int{}, ""
	for _, o := range p.Ops {
		if uses[o.Key]++; uses[o.Key] > uses[key] {
			key = o.Key
		}
	}
	return key
}

// showOnScreens plays a plan and shows the recording. The busiest key is shown first.
func (r *runner) showOnScreens(p plan.Plan) error {
	result, events := record(p)
	rec, err := recording.New(events, recorded)
	if err != nil {
		return err
	}
	if err := r.screens(rec, tui.Options{Key: busiest(&p)}); err != nil {
		return err
	}
	if v := result.Violations; len(v) > 0 {
		return &exit.Error{Exit: exit.Expectation, Code: "property_violated",
			Message: fmt.Sprintf("seed %d fails, %s: %s", v[0].Seed, v[0].Property, v[0].Detail)}
	}
	return nil
}

// recorded is what commands say of the run if they are asked to change it.
const recorded = "the recording of a simulated run"

// forkLead is how long before the change the screens begin to show the two futures.
const forkLead = 3 * time.Second

// showFork shows both futures of a run. They begin a little before the change, with a key that ends
// otherwise.
func (r *runner) showFork(p plan.Plan, f *fork.Fork) error {
	_, asItIs := record(p)
	_, changed := record(f.Plan)
	pair, err := recording.NewPair(asItIs, changed, f.Same, recorded)
	if err != nil {
		return err
	}
	pair.First.Skip(f.At - forkLead)
	key := busiest(&p)
	switch {
	case len(f.Keys) > 0:
		key = f.Keys[0].Key
	case len(f.Operations) > 0:
		key = f.Operations[0].AsItIs.Key
	}
	return r.screens(pair.First, tui.Options{Key: key, Fork: &tui.Fork{
		Changed: pair.Second, Part: pair.Part, Facts: r.factsOf(f, pair.Parted()),
	}})
}

// factsOf returns what the screens say of a fork whose futures part after a time.
func (r *runner) factsOf(f *fork.Fork, parted time.Duration) futures.Facts {
	run := fmt.Sprintf("seed %d", f.Plan.Seed)
	if isStory(r.call) { // the same seed draws another run without the screens
		run = "the example run"
	}
	clients, keys, lost := endings(f)
	facts := futures.Facts{
		Run: run, Change: changeOf(f), Titles: [2]string{"as it is", changedTitle(f)},
		Parted: parted, Event: f.Same + 1, Ends: slices.Concat(keys, lost, clients),
	}
	for i, e := range []*event.Event{first(f.AsItIs.After), first(f.Changed.After)} {
		if e != nil {
			facts.First[i] = eventText(e)
		}
	}
	for _, e := range totalsOf(f) {
		if e.Sides[0] != e.Sides[1] {
			facts.Ends = append(facts.Ends, e)
		}
	}
	return facts
}
