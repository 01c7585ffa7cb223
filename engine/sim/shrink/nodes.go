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
		if f.RemoveNodes(isLast) {
			faults = append(faults, f)
		}
	}
	p.Faults = faults
	if p.Core = slices.DeleteFunc(slices.Clone(p.Core), isLast); len(p.Core) == p.Nodes {
		p.Core, p.Rest = nil, ""
	}
	if c := &p.Conditions; c.Skew != nil {
		c.Skew, c.Drift = c.Skew[:p.Nodes], c.Drift[:p.Nodes]
	}
	if c := &p.Conditions; c.FailedSync != nil {
		c.FailedSync = c.FailedSync[:p.Nodes]
	}
}
