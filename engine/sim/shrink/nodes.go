package shrink

import (
	"fmt"
	"slices"

	"ringside/engine/sim/plan"
)

// dropNodes leaves out the last node as long as the property fails.
func (s *search) dropNodes() {
	for s.best.Nodes > 1 && s.try(dropLastNode) {
	}
}

// dropLastNode leaves out the last founder. Its operations go to the first one.
func dropLastNode(p *plan.Plan) {
	last := fmt.Sprintf("n%d", p.Nodes)
	p.Nodes--
	isLast := func(n string) bool { return n == last }
	for i := range p.Ops {
		if p.Ops[i].Via == last {
			p.Ops[i].Via = "n1"
		}
	}
	var faults []plan.Injection
	for _, f := range p.Faults {
		if !slices.ContainsFunc(f.Nodes, isLast) && keepGroups(&f, isLast) {
			faults = append(faults, f)
		}
	}
	p.Faults = faults
	if p.Core = without(p.Core, isLast); len(p.Core) == p.Nodes {
		p.Core, p.Rest = nil, ""
	}
	if c := &p.Conditions; c.Skew != nil {
		c.Skew, c.Drift = c.Skew[:p.Nodes], c.Drift[:p.Nodes]
	}
	if c := &p.Conditions; c.FailedSync != nil {
		c.FailedSync = c.FailedSync[:p.Nodes]
	}
}

// dropUnknownNodes leaves out nodes that no fault of the plan has join.
func dropUnknownNodes(p *plan.Plan) {
	known := p.AllNames()
	unknown := func(n string) bool { return !slices.Contains(known, n) }
	for i := range p.Ops {
		if unknown(p.Ops[i].Via) {
			p.Ops[i].Via = known[0]
		}
	}
	var faults []plan.Injection
	for _, f := range p.Faults {
		changesMembers := f.Kind == plan.Join || f.Kind == plan.Leave || f.Kind == plan.Remove
		if keep := keepGroups(&f, unknown); changesMembers || !slices.ContainsFunc(f.Nodes, unknown) && keep {
			faults = append(faults, f)
		}
	}
	p.Faults = faults
}

// keepGroups removes nodes from the groups of a split. It returns false if less than two groups
// remain.
func keepGroups(f *plan.Injection, remove func(string) bool) bool {
	groups := f.Groups
	f.Groups = nil
	for _, g := range groups {
		if g = without(g, remove); len(g) > 0 {
			f.Groups = append(f.Groups, g)
		}
	}
	return len(groups) == 0 || len(f.Groups) > 1
}

func without(names []string, remove func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(names), remove)
}
