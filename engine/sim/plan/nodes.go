package plan

import "slices"

// DropUnknownNodes leaves out the nodes that no fault of the plan has join. Their operations go to
// the first node, as they do in a run in which the join is refused.
func (p *Plan) DropUnknownNodes() {
	known := p.AllNames()
	unknown := func(n string) bool { return !slices.Contains(known, n) }
	for i := range p.Ops {
		if unknown(p.Ops[i].Via) {
			p.Ops[i].Via = known[0]
		}
	}
	var faults []Injection
	for _, f := range p.Faults {
		if sound := f.RemoveNodes(unknown); changesMembers(f.Kind) || sound {
			faults = append(faults, f)
		}
	}
	p.Faults = faults
}

// RemoveNodes removes nodes from the groups of a split. It returns false if the fault cannot happen
// without the nodes: it hits one of them, or fewer than two groups of a split remain.
func (f *Injection) RemoveNodes(remove func(string) bool) bool {
	groups := f.Groups
	f.Groups = nil
	for _, g := range groups {
		if g = slices.DeleteFunc(slices.Clone(g), remove); len(g) > 0 {
			f.Groups = append(f.Groups, g)
		}
	}
	return !slices.ContainsFunc(f.Nodes, remove) && (len(groups) == 0 || len(f.Groups) > 1)
}
