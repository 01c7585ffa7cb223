package simulate

import (
	"fmt"

	"ringside/cli/exit"
	"ringside/cli/recording"
	"ringside/engine/event"
	"ringside/engine/sim"
	"ringside/engine/sim/plan"
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

// showOnScreens plays a plan and shows the recording. The busiest key is shown first.
func (r *runner) showOnScreens(p plan.Plan) error {
	uses, busiest := map[string]int{}, ""
	for _, o := range p.Ops {
		if uses[o.Key]++; uses[o.Key] > uses[busiest] {
			busiest = o.Key
		}
	}
	result, events := record(p)
	rec, err := recording.New(events, "the recording of a simulated run")
	if err != nil {
		return err
	}
	if err := r.screens(rec, busiest); err != nil {
		return err
	}
	if v := result.Violations; len(v) > 0 {
		return &exit.Error{Exit: exit.Expectation, Code: "property_violated",
			Message: fmt.Sprintf("seed %d fails, %s: %s", v[0].Seed, v[0].Property, v[0].Detail)}
	}
	return nil
}
