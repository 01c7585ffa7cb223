package engine

// §4.6 Sloppy quorum: "all read and write operations are performed on the first N
// healthy nodes from the preference list, which may not always be the first N nodes
// encountered while walking the consistent hashing ring". A home that cannot be reached is
// stood in for by the next healthy node, with a hint.

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/mutant"
)

// An assignment gives one replica to a node, for itself or in for a home.
type assignment struct{ node, home string }

// A putPlan is where the replicas of a put go at first.
type putPlan struct {
	assigned []assignment
	missing  []string // homes that nobody stands in for
	reached  int      // assignments that have a chance
}

// plan gives each home's replica to the home itself or, if it is believed down,
// to the next healthy node of the preference list. If that does not make a
// quorum, homes and then stand-ins that are only suspected are tried too: what is
// refused must have been hopeless.
func (p *put) plan() putPlan {
	n, homes := p.n, p.n.members.homesIn(p.pref)
	var plan putPlan
	var down []string
	for _, h := range homes {
		if n.detector.healthy(h) {
			plan.assigned = append(plan.assigned, assignment{h, h})
			p.used[h] = true
			continue
		}
		down = append(down, h)
	}
	if !p.quorum.Strict || mutant.Is(mutant.StrictTakesStandIns) {
		down = p.standIns(&plan, down)
	}
	plan.reached = len(plan.assigned)
	for _, h := range down {
		if plan.reached < p.quorum.W && n.detector.connected(h) {
			plan.assigned = append(plan.assigned, assignment{h, h})
			p.used[h] = true
			plan.reached++
			continue
		}
		plan.missing = append(plan.missing, h)
	}
	for len(plan.missing) > 0 && plan.reached < p.quorum.W && !p.quorum.Strict {
		s := p.nextStandIn(n.detector.connected)
		if s == "" {
			break
		}
		plan.assigned = append(plan.assigned, assignment{s, plan.missing[0]})
		plan.missing = plan.missing[1:]
		plan.reached++
	}
	return plan
}

// standIns fills plan with a stand-in for each of down, and returns the homes
// for which none is left. A coordinator that is no home itself is the first of them.
func (p *put) standIns(plan *putPlan, down []string) []string {
	n := p.n
	if len(down) > 0 && !n.members.isHome(n.cfg.Name, p.pref) && n.members.has(n.cfg.Name) {
		plan.assigned = append(plan.assigned, assignment{n.cfg.Name, down[0]})
		down = down[1:]
	}
	for len(down) > 0 {
		s := p.nextStandIn(n.detector.healthy)
		if s == "" {
			break
		}
		plan.assigned = append(plan.assigned, assignment{s, down[0]})
		down = down[1:]
	}
	return down
}

// nextStandIn takes the next node of the preference list that was not asked yet and is fit.
func (p *put) nextStandIn(fit func(string) bool) string {
	for _, s := range p.pref[len(p.n.members.homesIn(p.pref)):] {
		if !p.used[s] && fit(s) {
			p.used[s] = true
			return s
		}
	}
	return ""
}

// nodes lists the nodes that the plan gives a replica to.
func (plan putPlan) nodes() []string {
	out := make([]string, len(plan.assigned))
	for i, a := range plan.assigned {
		out[i] = a.node
	}
	return out
}

// unheard lists the homes, and the other nodes that were asked, which are not among those that were
// reached.
func (p *put) unheard(reached []string) []string {
	homes := p.n.members.homesIn(p.pref)
	return slices.DeleteFunc(slices.Clone(p.pref), func(node string) bool {
		needed := slices.Contains(homes, node) || p.used[node]
		return !needed || node == p.n.cfg.Name || slices.Contains(reached, node)
	})
}

func (p *put) missing(plan putPlan) string {
	have := plan.nodes()
	slices.Sort(have)
	why := "the rest is down or cut off"
	if p.quorum.Strict {
		why = "a strict quorum has no stand-ins"
	}
	return fmt.Sprintf("W=%d, but %s (%s); nothing was written", p.quorum.W, p.n.reaches(have), why)
}

// reaches says which of the nodes that may hold a key this node reaches.
func (n *Node) reaches(nodes []string) string {
	others := slices.DeleteFunc(slices.Clone(nodes), func(node string) bool { return node == n.cfg.Name })
	switch {
	case len(nodes) == 0:
		return n.cfg.Name + " reaches none of the nodes that may hold this key"
	case len(others) == 0:
		return n.cfg.Name + " reaches only itself of the nodes that may hold this key"
	case len(others) < len(nodes):
		return n.cfg.Name + " reaches only itself and " + strings.Join(others, " ") + " for this key"
	}
	return n.cfg.Name + " reaches only " + strings.Join(others, " ") + " for this key"
}

// onlyOr says in a sentence that no other node than these did something.
func onlyOr(nodes []string) string {
	if len(nodes) == 0 {
		return "no node"
	}
	return "only " + strings.Join(nodes, " ")
}
