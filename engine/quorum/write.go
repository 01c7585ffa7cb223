package quorum

import (
	"slices"

	"ringside/engine/mutant"
)

// An Assignment gives one replica to a node.
type Assignment struct {
	Node string
	Home string // equal to Node, or the home that Node is a fallback for
}

// For returns the home that the node is a fallback for, "" if the node is the home.
func (a Assignment) For() string {
	if a.Home == a.Node {
		return ""
	}
	return a.Home
}

// A Plan says where the replicas of a put go at first.
type Plan struct {
	Assigned []Assignment // one for each replica that may arrive
	Missing  []string     // homes that are not asked and have no fallback
}

// Nodes lists the nodes that get a replica.
func (p Plan) Nodes() []string {
	out := make([]string, len(p.Assigned))
	for i, a := range p.Assigned {
		out[i] = a.Node
	}
	return out
}

// FallbackFor returns the home that node is a fallback for, "" if there is none.
func (p Plan) FallbackFor(node string) string {
	for _, a := range p.Assigned {
		if a.Node == node && a.Home != node {
			return a.Home
		}
	}
	return ""
}

// A Write counts the replicas of one put.
type Write struct {
	candidates
	w    int
	pw   int
	self string // the coordinator
	acks []Assignment

	// The memory of asked, acks and the first Plan, for the usual numbers of replicas.
	askedRoom        [inPlace]string
	acksRoom, toRoom [inPlace]Assignment
}

// inPlace is the number of nodes for which a Write or a Read needs no more memory than its own.
const inPlace = 4

// NewWrite returns the count of a put with what its quorum asks for. The coordinator is self. The
// preference list pref is the key's.
func NewWrite(c Cluster, self string, pref []string, n Need) *Write {
	out := &Write{candidates: candidates{cluster: c, pref: pref, strict: n.Strict, n: n.Homes},
		w: n.Count, pw: n.Primaries, self: self}
	out.asked, out.acks = out.askedRoom[:0], out.acksRoom[:0]
	out.asked.add(self) // it holds the version before any other node is asked
	return out
}

// Plan gives each home's replica to the home itself or, if the home is believed down, to the next
// healthy node of the preference list. If these are fewer than W, Plan tries homes and then other
// nodes that are only suspected. A suspected home whose replica went to a fallback is not tried.
// The argument member says that the coordinator is a member of the ring.
func (w *Write) Plan(member bool) Plan {
	plan := Plan{Assigned: w.toRoom[:0]}
	var down []string
	for _, h := range w.Homes() {
		if !w.cluster.Healthy(h) {
			down = append(down, h)
			continue
		}
		w.asked.add(h)
		plan.Assigned = append(plan.Assigned, Assignment{h, h})
	}
	if !w.strict || mutant.Is(mutant.StrictTakesFallbacks) {
		if len(down) > 0 && !w.IsHome(w.self) && member { // the coordinator is the first fallback
			plan.Assigned = append(plan.Assigned, Assignment{w.self, down[0]})
			down = down[1:]
		}
		down = w.addFallbacks(&plan, down, len(w.Homes()), w.cluster.Healthy)
	}
	for _, h := range down {
		if len(plan.Assigned) >= w.w || !w.cluster.Connected(h) {
			plan.Missing = append(plan.Missing, h)
			continue
		}
		w.asked.add(h)
		plan.Assigned = append(plan.Assigned, Assignment{h, h})
	}
	if !w.strict {
		plan.Missing = w.addFallbacks(&plan, plan.Missing, w.w, w.cluster.Connected)
	}
	return plan
}

// addFallbacks assigns fallbacks that are fit to homes, until the plan has enough replicas or no
// node is left. It returns the homes that remain.
func (w *Write) addFallbacks(plan *Plan, homes []string, enough int, fit func(string) bool) []string {
	for len(homes) > 0 && len(plan.Assigned) < enough {
		node := w.take(w.beyond(), fit)
		if node == "" {
			break
		}
		plan.Assigned = append(plan.Assigned, Assignment{node, homes[0]})
		homes = homes[1:]
	}
	return homes
}

// beyond returns the nodes of the preference list that are not homes.
func (w *Write) beyond() []string { return w.pref[len(w.Homes()):] }

// Replace assigns the replica of a node that failed to the next fallback. It returns false if there
// is none.
func (w *Write) Replace(a Assignment) (Assignment, bool) {
	if w.strict {
		return Assignment{}, false
	}
	node := w.take(w.beyond(), w.cluster.Healthy)
	return Assignment{node, a.Home}, node != ""
}

// Ack counts a node that holds the version. It returns false if the node was counted before.
func (w *Write) Ack(a Assignment) bool {
	known := slices.ContainsFunc(w.acks, func(b Assignment) bool { return b.Node == a.Node })
	if known && !mutant.Is(mutant.AckByCount) {
		return false
	}
	w.acks = append(w.acks, a)
	return true
}

// Count returns the number of nodes that hold the version.
func (w *Write) Count() int { return len(w.acks) }

// Acks lists the nodes that hold the version, in the order in which they said so.
func (w *Write) Acks() []string {
	if len(w.acks) == 0 {
		return nil
	}
	out := make([]string, len(w.acks))
	for i, a := range w.acks {
		out[i] = a.Node
	}
	return out
}

// Fallbacks lists the assignments of nodes that hold the version for a home, in the order in which
// they said so.
func (w *Write) Fallbacks() []Assignment {
	var out []Assignment
	for _, a := range w.acks {
		if a.For() != "" {
			out = append(out, a)
		}
	}
	return out
}

// Reachable reports whether a put with this plan may reach W nodes, and PW homes.
func (w *Write) Reachable(p Plan) bool {
	homes := 0
	for _, a := range p.Assigned {
		if a.For() == "" {
			homes++
		}
	}
	return len(p.Assigned) >= w.w && homes >= w.pw
}

// Primaries returns the number of homes that hold the version.
func (w *Write) Primaries() int { return len(w.acks) - len(w.Fallbacks()) }

// Enough reports whether W nodes hold the version, and PW homes are among them.
func (w *Write) Enough() bool {
	if w.pw > 0 && w.Primaries() < w.pw && !mutant.Is(mutant.FallbacksArePrimaries) {
		return false
	}
	return len(w.acks) >= w.w || mutant.Is(mutant.AckShortOfW) && len(w.acks) == w.w-1
}

// Unheard lists the nodes that a put lacked: the homes and the nodes that were asked, without those
// of reached and without the coordinator.
func (w *Write) Unheard(reached []string) []string {
	return slices.DeleteFunc(slices.Clone(w.pref), func(node string) bool {
		needed := w.IsHome(node) || w.asked.has(node)
		return !needed || node == w.self || slices.Contains(reached, node)
	})
}
