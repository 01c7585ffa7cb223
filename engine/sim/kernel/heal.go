package kernel

import (
	"ringside/engine/sim/plan"
)

// EndFaults makes a lull that is under way last until the end of the run.
func (w *World) EndFaults() { w.ending = true }

// Heal ends all faults of some nodes, and of the links between them. No fault is injected from then
// on.
func (w *World) Heal(nodes []string) {
	w.healed = true
	w.net.calm = map[string]bool{}
	clear(w.net.clogged)
	if w.net.splits.Groups() != nil {
		w.healLinks()
	}
	for _, name := range nodes {
		w.net.calm[name] = true
		h := w.hosts[name]
		h.disk.slowdown, h.disk.failing = 1, 0
		h.resume()
		h.boot()
	}
}

// BreakRest puts the nodes outside of the plan's core into the state that the plan names.
func (w *World) BreakRest() {
	var rest []string
	for _, name := range w.names {
		if !w.net.calm[name] {
			rest = append(rest, name)
		}
	}
	for _, name := range rest {
		h := w.hosts[name]
		switch w.plan.Rest {
		case plan.RestDown:
			h.crash()
		case plan.RestPaused:
			h.pause()
		default:
			h.resume()
			h.boot()
		}
	}
	switch w.plan.Rest {
	case plan.RestCut:
		w.split([][]string{w.plan.Core, rest}, false)
	case plan.RestDeaf:
		w.split([][]string{w.plan.Core, rest}, true)
	case plan.RestMute:
		w.split([][]string{rest, w.plan.Core}, true)
	}
}

// injectLull ends all faults for some time. Afterwards the conditions of the plan are in force
// again.
func injectLull(w *World, f plan.Injection) {
	w.CountFault(plan.Lull)
	w.Heal(w.names)
	w.After(f.For, func() {
		if w.ending {
			return
		}
		if f.For >= w.plan.LullTime() {
			w.judge.LullOver(w.now-f.For, w.RecallMembers())
		}
		w.healed = false
		clear(w.net.calm)
		w.failSyncs()
	})
}
