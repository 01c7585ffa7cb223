package measure

import (
	"time"

	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
)

// countProbes counts the gets of the plan that wait for a put (plan.Op.After). Each put of a key
// replaces the earlier ones, since they all have one client (plan.Experiment.Probes).
func (r *Recorder) countProbes(history []client.Observation) {
	puts := map[string][]uint64{} // key → puts in the order in which they began
	ended := map[uint64]string{}  // put → outcome
	place := map[uint64]int{}     // put → index in puts
	for _, o := range history {
		if o.Kind == plan.Put && o.ID <= r.planned {
			place[o.ID] = len(puts[o.Key])
			puts[o.Key] = append(puts[o.Key], o.ID)
			ended[o.ID] = o.Outcome
		}
	}
	ok := client.OK.String()
	for _, o := range history {
		at, is := place[o.After]
		if o.Kind != plan.Get || !is || o.Outcome != ok || ended[o.After] != ok {
			continue
		}
		newest := -1
		for _, id := range o.Read {
			if i, known := place[id]; known {
				newest = max(newest, i)
			}
		}
		p := Probe{AfterMS: float64(o.Pause) / float64(time.Millisecond), Gets: 1}
		if behind := at - newest; behind <= 0 {
			p.Fresh = 1
		} else {
			p.Behind[min(behind, len(p.Behind))-1] = 1
		}
		r.m.addProbe(p)
	}
}
