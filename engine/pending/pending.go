package pending

import (
	"slices"

	"ringside/engine/keyrange"
	"ringside/engine/mutant"
)

// Ranges holds the ranges that a node waits for.
type Ranges struct {
	byID map[keyrange.ID]*Range
}

// A Range is one range that a node waits for.
type Range struct {
	from   []string        // homes of earlier rings, which may hold something of the range
	given  map[string]bool // of these, the nodes that have handed the range over
	asked  map[string]bool // of these, the nodes that are being asked for the range
	synced map[string]bool // other homes of now, from which the node has taken all that they hold
}

// New returns Ranges that are empty.
func New() *Ranges { return &Ranges{byID: map[keyrange.ID]*Range{}} }

// Get returns the range, nil if the node does not wait for it.
func (r *Ranges) Get(id keyrange.ID) *Range { return r.byID[id] }

// Len returns the number of ranges.
func (r *Ranges) Len() int { return len(r.byID) }

// IDs lists the ranges in the order of keyrange.ID.Compare.
func (r *Ranges) IDs() []keyrange.ID { return keyrange.Sorted(r.byID) }

// Await waits for a range, or adds to the homes that the node waits for. self is the node, which
// does not wait for itself.
func (r *Ranges) Await(id keyrange.ID, from []string, self string) {
	p := r.byID[id]
	if p == nil {
		p = &Range{given: map[string]bool{}, asked: map[string]bool{}, synced: map[string]bool{}}
		r.byID[id] = p
	}
	for _, f := range from {
		if f != self && !slices.Contains(p.from, f) {
			p.from = append(p.from, f)
		}
	}
}

// Forget ends the wait for a range.
func (r *Ranges) Forget(id keyrange.ID) { delete(r.byID, id) }

// From lists the homes of earlier rings that the node waits for, and has waited for.
func (p *Range) From() []string { return p.from }

// Missing lists the homes of earlier rings that have not handed the range over.
func (p *Range) Missing() []string {
	return slices.DeleteFunc(slices.Clone(p.from), func(f string) bool { return p.given[f] })
}

// Owed lists the homes of earlier rings that are no longer homes and have not handed the range
// over.
func (p *Range) Owed(homes []string) []string {
	return slices.DeleteFunc(p.Missing(), func(f string) bool { return slices.Contains(homes, f) })
}

// Given notes that a node has handed the range over.
func (p *Range) Given(node string) { p.given[node] = true }

// BeginAsk returns true if the node is not being asked yet. The caller then asks it, and calls
// EndAsk when the answer has come or is given up.
func (p *Range) BeginAsk(node string) bool {
	if p.asked[node] {
		return false
	}
	p.asked[node] = true
	return true
}

// EndAsk notes that the node is no longer being asked.
func (p *Range) EndAsk(node string) { p.asked[node] = false }

// Synced notes that a comparison has brought all that another home holds of the range.
func (p *Range) Synced(home string) { p.synced[home] = true }

// HasSynced reports whether Synced was called for the home.
func (p *Range) HasSynced(home string) bool { return p.synced[home] }

// Complete reports whether the node holds all that the earlier homes held. homes are the homes of
// now; self is one of them. willGive says whether a node can still hand the range over: it is a
// member, or it leaves and can be reached.
//
// The range is complete if each earlier home that is no longer a home has handed it over. If such a
// home is gone for good, the range is complete once all other homes of now have been compared with.
func (p *Range) Complete(homes []string, self string, willGive func(node string) bool) bool {
	if mutant.Is(mutant.PendingForever) {
		return false
	}
	former, gone := 0, 0 // earlier homes that are none now; those of them that cannot hand over
	for _, f := range p.from {
		if slices.Contains(homes, f) {
			continue
		}
		switch former++; {
		case p.given[f]:
			if mutant.Is(mutant.GivenByOne) {
				return true
			}
		case willGive(f):
			return false
		default:
			gone++
		}
	}
	if former > 0 && gone == 0 {
		return true
	}
	return !slices.ContainsFunc(homes, func(h string) bool { return h != self && !p.synced[h] })
}
