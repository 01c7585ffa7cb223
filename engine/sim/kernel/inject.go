package kernel

import (
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/engine/sim/plan"
)

// injectors carry out the faults that happen at a time, by kind. An injector counts its fault,
// unless the fault has no effect now.
var injectors = map[string]func(*World, plan.Injection){
	plan.Split:        injectSplit,
	plan.OneWay:       injectSplit,
	plan.Clog:         injectClog,
	plan.Crash:        injectCrash,
	plan.CrashInFlush: injectCrashInFlush,
	plan.Pause:        injectPause,
	plan.SlowDisk:     injectSlowDisk,
	plan.LostTail:     injectLostTail,
	plan.OldCopy:      injectOldCopy,
	plan.Flip:         injectFlip,
	plan.Wipe:         injectWipe,
	plan.Join:         injectJoin,
	plan.Leave:        injectLeave,
	plan.Remove:       injectRemove,
	plan.Lull:         injectLull,
	plan.Drop:         injectDrop,
}

// ScheduleFaults puts the conditions of the plan into force and schedules its injections.
func (w *World) ScheduleFaults() {
	c := w.plan.Conditions
	w.net.conditions = c
	if c.Delay > plan.UsualDelay {
		w.CountFault(plan.SlowLinks)
	}
	if c.Skew != nil {
		w.CountFault(plan.Skew)
	}
	if w.plan.Timings != nil {
		w.CountFault(plan.OddTimings)
	}
	w.failSyncs()
	for _, f := range w.plan.Faults {
		w.At(Origin+f.At, func() {
			switch { // what no end of faults undoes comes first
			case f.Kind == plan.LastWriteWins:
				w.changeMode()
			case plan.EndsCondition(f.Kind):
				w.net.over[f.Kind] = true
			case !w.healed && w.hasHosts(f):
				injectors[f.Kind](w, f)
			}
		})
	}
}

// failSyncs makes flushes fail as often as the plan says.
func (w *World) failSyncs() {
	for i, failing := range w.plan.Conditions.FailedSync {
		w.hosts[w.names[i]].disk.failing = failing
	}
}

// hasHosts reports whether the hosts that a fault hits exist. A node that was to join may have been
// refused.
func (w *World) hasHosts(f plan.Injection) bool {
	switch f.Kind {
	case plan.Join, plan.Leave, plan.Remove:
		return true
	}
	return !slices.ContainsFunc(f.Nodes, func(n string) bool { return w.hosts[n] == nil })
}

// target returns the host that a fault hits.
func (w *World) target(f plan.Injection) *Host { return w.hosts[f.Nodes[0]] }

// later ends a fault after some time, unless Heal has ended all faults by then.
func (w *World) later(d time.Duration, repair func()) {
	w.After(d, func() {
		if !w.healed {
			repair()
		}
	})
}

// injectSplit splits the network. The split ends after its time unless another split came since.
func injectSplit(w *World, f plan.Injection) {
	var groups [][]string
	for _, g := range f.Groups {
		g = slices.DeleteFunc(slices.Clone(g), func(n string) bool { return w.hosts[n] == nil })
		if len(g) > 0 {
			groups = append(groups, g)
		}
	}
	if len(groups) < 2 {
		return // one group of all nodes is not a split
	}
	w.CountFault(f.Kind)
	w.split(groups, f.Kind == plan.OneWay)
	count := w.net.splitCount
	w.later(f.For, func() {
		if w.net.splitCount == count {
			w.healLinks()
		}
	})
}

func (w *World) split(groups [][]string, oneWay bool) {
	w.net.change(fault.Fault{Kind: fault.Split, Groups: groups, OneWay: oneWay})
	w.Tell(event.Event{Kind: event.Split, Groups: w.net.splits.Groups(), OneWay: oneWay})
}

func (w *World) healLinks() {
	w.net.change(fault.Fault{Kind: fault.Heal})
	w.Tell(event.Event{Kind: event.Heal})
}

func injectClog(w *World, f plan.Injection) {
	w.CountFault(f.Kind)
	w.net.clogged[fault.Link{From: f.Nodes[0], To: f.Nodes[1]}] = w.now + f.For
}

// injectDrop makes the next message on a link that would arrive be lost. The fault is counted when
// that message is sent.
func injectDrop(w *World, f plan.Injection) { w.net.drops = append(w.net.drops, f) }

// changeMode makes last write wins the mode of all nodes, also of those that are down
// (Host.config). The watcher is told of the cluster's new settings, and of the split that is on.
func (w *World) changeMode() {
	w.CountFault(plan.LastWriteWins)
	for _, name := range w.names {
		w.hosts[name].node.PreferLastWrite()
	}
	s := w.plan.Settings()
	s.Mode, s.Nodes, s.Founders, s.Changes = settings.ModeLWW, slices.Clone(w.names), w.members.founders, w.members.history
	w.Tell(event.Event{Kind: event.Cluster, Settings: &s})
	if groups := w.net.splits.Groups(); groups != nil {
		w.Tell(event.Event{Kind: event.Split, Groups: groups, OneWay: w.net.splits.OneWay()})
	}
}

func injectCrash(w *World, f plan.Injection) {
	if h := w.target(f); h.up {
		w.CountFault(f.Kind)
		h.crash()
		w.later(f.For, h.boot)
	}
}

// injectCrashInFlush makes the next commit of a node crash.
func injectCrashInFlush(w *World, f plan.Injection) { w.target(f).crashFor = f.For }

func injectPause(w *World, f plan.Injection) {
	if h := w.target(f); h.up {
		w.CountFault(f.Kind)
		h.pause()
		w.later(f.For, h.resume)
	}
}
