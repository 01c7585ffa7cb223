package kernel

import (
	"ringside/engine"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/sim/plan"
)

// memberFaults are the kinds of changes as faults (§4.8, §4.9).
var memberFaults = map[member.Kind]string{member.Join: plan.Join, member.Leave: plan.Leave, member.Remove: plan.Remove}

func injectJoin(w *World, f plan.Injection) {
	node := f.Nodes[0]
	if w.members.ring.Has(node) || w.members.ring.CanJoin(ring.Member{Name: node, Weight: 1}) != nil {
		return
	}
	if w.hosts[node] == nil {
		w.addHost(node)
	}
	w.changeMembership(f, member.Join)
}

// addHost starts a node that knows only the seeds.
func (w *World) addHost(name string) {
	h := newHost(w, name, len(w.names))
	w.hosts[name] = h
	w.names = append(w.names, name)
	w.net.splits.Add(name, "") // during a split, the node joins the last group
	h.boot()
}

// injectLeave asks a node to leave, unless fewer members than N would remain.
func injectLeave(w *World, f plan.Injection) {
	if w.canGo(f.Nodes[0]) {
		w.changeMembership(f, member.Leave)
	}
}

// injectRemove crashes and removes a member, or a node that left and may not have handed its data
// over yet. The node comes back later and finds out that it was removed.
func injectRemove(w *World, f plan.Injection) {
	node := f.Nodes[0]
	if !w.canGo(node) && !w.members.Leaving(node) {
		return
	}
	h := w.hosts[node]
	h.crash()
	w.changeMembership(f, member.Remove)
	w.later(f.For, h.boot)
}

func (w *World) canGo(node string) bool {
	return w.members.ring.Has(node) && len(w.members.ring.Members()) > max(w.plan.N, w.plan.R, w.plan.W)
}

// changeMembership asks a node for a change: the node that the plan names, or the first member that
// can be asked.
func (w *World) changeMembership(f plan.Injection, kind member.Kind) {
	for _, via := range append([]string{f.Nodes[1]}, w.names...) {
		if h := w.hosts[via]; h.up && !h.paused() && w.members.ring.Has(via) {
			w.members.requested[request{f.Nodes[0], kind}] = true
			h.input(engine.ChangeMembership{Change: member.Change{Node: f.Nodes[0], Kind: kind, Weight: 1}})
			return
		}
	}
}
