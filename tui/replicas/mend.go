package replicas

import (
	"slices"

	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/view"
)

// A Repair says how a home that lacks versions will get them. A fallback's hint brings them without
// a client (§4.6). Otherwise another home is the source of read repair (§5) and anti-entropy
// (§4.7).
type Repair struct {
	Lacks  vclock.Siblings // versions of the agreement that the home lacks; empty: the home is current
	Down   bool            // the home does not run, so nothing reaches it
	Hint   Supplier        // a node with a hint for the home
	Source Supplier        // another home
	Merkle bool            // anti-entropy is on
}

// A Supplier is a node with something that a home lacks.
type Supplier struct {
	Node string // "": there is none
	Way  Way    // from the node to the home
}

// A Way says whether a node can reach a home.
type Way int

// Ways, the best first.
const (
	Open Way = iota
	Cut      // a split is between the two
	Off      // the node does not run
)

// Agreement returns the versions that all homes hold once they have exchanged theirs: the heads, of
// which last write wins keeps one.
func (s *Summary) Agreement(v *view.Cluster) vclock.Siblings {
	if v.Settings.Mode == settings.ModeLWW {
		return s.Heads.Latest(nil)
	}
	return s.Heads
}

// Repair returns how a home will get what it lacks.
func (s *Summary) Repair(v *view.Cluster, home string) Repair {
	k := v.Key(s.Key)
	if k == nil {
		return Repair{}
	}
	r := Repair{Lacks: without(s.Agreement(v), k.Held[home][""]), Down: !runs(v, home), Merkle: !v.Settings.NoAntiEntropy}
	for _, n := range slices.Concat(s.Homes, s.Fallbacks) {
		if n == home || len(r.Lacks) == 0 || len(k.Held[n]) == 0 {
			continue
		}
		at := Supplier{n, WayTo(v, n, home)}
		if supplies(k.Held[n][home], r.Lacks) {
			r.Hint = r.Hint.orBetter(at)
		}
		if slices.Contains(s.Homes, n) && supplies(k.Held[n][""], r.Lacks) {
			r.Source = r.Source.orBetter(at)
		}
	}
	return r
}

// orBetter returns the supplier with the better way, s if both have the same.
func (s Supplier) orBetter(o Supplier) Supplier {
	if s.Node == "" || o.Way < s.Way {
		return o
	}
	return s
}

// WayTo returns the way from a node to a home that runs.
func WayTo(v *view.Cluster, node, home string) Way {
	switch {
	case !runs(v, node):
		return Off
	case v.Side(node) != v.Side(home):
		return Cut
	}
	return Open
}

func runs(v *view.Cluster, node string) bool {
	n := v.Node(node)
	return n != nil && n.Status == view.Up
}

// supplies reports whether held has any of what is lacking.
func supplies(held, lacking vclock.Siblings) bool {
	return slices.ContainsFunc(held, func(v vclock.Version) bool { return lacking.Has(v.Dot) })
}

// without returns the versions of s that are not among held.
func without(s, held vclock.Siblings) vclock.Siblings {
	var out vclock.Siblings
	for i := range s {
		if !held.Has(s[i].Dot) {
			out = append(out, s[i])
		}
	}
	return out
}
