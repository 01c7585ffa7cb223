package inspect

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/tui/replicas"
	"ringside/tui/state"
)

// A sight is what the view knows of one key at the time of a frame.
type sight struct {
	replicas.Summary
	state    *state.State
	versions []version                  // ancestors before descendants
	repairs  map[string]replicas.Repair // by home
	lost     vclock.Siblings
	given    *given // nil: no request of the key is known to have ended
}

// A version of the key.
type version struct {
	vclock.Version
	number  int
	head    bool  // no other known version supersedes it
	lost    bool  // last write wins lost it, though it was acknowledged
	parents []int // indexes of the known versions that it directly descends from
	holders []holder
}

// A holder is a node that holds a version, as a home if home is "", otherwise as a hint for home.
type holder struct{ node, home string }

// given is the context that the latest request of the key gave to a client.
type given struct {
	event.Event
	clock vclock.Clock
}

// label is the name of a version in a frame.
func (v *version) label() string { return fmt.Sprintf("v%d", v.number) }

// look returns the sight of a key. It returns false while there is no ring or no key. number
// returns the number of a version.
func look(s *state.State, number func(vclock.Dot) int) (*sight, bool) {
	sum, ok := replicas.Of(s.View, s.Key())
	if !ok {
		return nil, false
	}
	x := &sight{Summary: sum, state: s, repairs: map[string]replicas.Repair{}}
	for _, h := range sum.Homes {
		x.repairs[h] = sum.Repair(s.View, h)
	}
	known := sum.Known
	if k := s.View.Key(sum.Key); k != nil {
		x.lost = k.Lost
		for i := range k.Lost {
			if !known.Has(k.Lost[i].Dot) {
				known = append(slices.Clone(known), k.Lost[i])
			}
		}
		x.given = latestGiven(s.View, sum.Key)
	}
	for _, v := range ancestorsFirst(known) {
		x.versions = append(x.versions, version{Version: v, number: number(v.Dot)})
	}
	for i := range x.versions {
		v := &x.versions[i]
		v.head, v.lost = sum.Heads.Has(v.Dot), x.lost.Has(v.Dot)
		v.parents = x.parentsOf(i)
	}
	x.addHolders()
	return x, true
}

// ancestorsFirst returns versions in an order in which none comes before an ancestor. Of those that
// may come next, the one that was written first comes.
func ancestorsFirst(s vclock.Siblings) vclock.Siblings {
	left, out := slices.Clone(s), make(vclock.Siblings, 0, len(s))
	slices.SortFunc(left, func(a, b vclock.Version) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), a.Dot.Compare(b.Dot))
	})
	for len(left) > 0 {
		next := slices.IndexFunc(left, func(v vclock.Version) bool {
			return !slices.ContainsFunc(left, func(o vclock.Version) bool { return v.Compare(o) == vclock.After })
		})
		next = max(next, 0) // forged clocks may form a circle
		out = append(out, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return out
}

// parentsOf returns the versions before the i-th that it descends from, without their ancestors.
func (x *sight) parentsOf(i int) []int {
	var out []int
	for j := i - 1; j >= 0; j-- {
		older := x.versions[j].Version
		if x.versions[i].Compare(older) != vclock.After {
			continue
		}
		if !slices.ContainsFunc(out, func(p int) bool { return x.versions[p].Compare(older) == vclock.After }) {
			out = append(out, j)
		}
	}
	slices.Reverse(out)
	return out
}

// addHolders notes which nodes hold which version, homes by rank first.
func (x *sight) addHolders() {
	for _, h := range x.Holdings {
		for i := range x.versions {
			v := &x.versions[i]
			if !h.Siblings.Has(v.Dot) {
				continue
			}
			for _, n := range h.Homes {
				v.holders = append(v.holders, holder{n, ""})
			}
			for _, hint := range h.Hints {
				v.holders = append(v.holders, holder{hint.Holder, hint.For})
			}
		}
	}
	rank := map[string]int{}
	for i, n := range slices.Concat(x.Homes, x.Fallbacks) {
		rank[n] = i
	}
	for i := range x.versions {
		slices.SortStableFunc(x.versions[i].holders, func(a, b holder) int {
			return cmp.Or(cmp.Compare(min(len(a.home), 1), min(len(b.home), 1)), cmp.Compare(rank[a.node], rank[b.node]))
		})
	}
}

// latestGiven returns the context that the latest successful request of a key gave to its client,
// nil if the log has no such request.
func latestGiven(v *view.Cluster, key []byte) *given {
	for i := len(v.Log) - 1; i >= 0; i-- {
		if e := &v.Log[i]; e.Kind == event.Replied && e.Err == wire.OK && bytes.Equal(e.Key, key) {
			return &given{*e, e.Versions.Context()}
		}
	}
	return nil
}

// find returns the index of the version with a dot, -1 if it is not known.
func (x *sight) find(d vclock.Dot) int {
	return slices.IndexFunc(x.versions, func(v version) bool { return v.Dot == d })
}

// labels returns the names of versions, with blanks between them.
func (x *sight) labels(s vclock.Siblings) string {
	var at []int
	for i := range s {
		if j := x.find(s[i].Dot); j >= 0 {
			at = append(at, j)
		}
	}
	if len(at) == 0 {
		return "nothing"
	}
	slices.SortFunc(at, func(a, b int) int { return x.versions[a].number - x.versions[b].number })
	out := make([]string, len(at))
	for i, j := range at {
		out[i] = x.versions[j].label()
	}
	return strings.Join(out, " ")
}

// covered returns the known versions that a context covers, and the heads that it does not cover.
func (x *sight) covered(c vclock.Clock) (covers, misses vclock.Siblings) {
	for i := range x.versions {
		v := &x.versions[i]
		switch {
		case c.Covers(v.Dot):
			covers = append(covers, v.Version)
		case v.head:
			misses = append(misses, v.Version)
		}
	}
	return covers, misses
}

// older reports whether a version descends from events of which no version is known.
func (x *sight) older(i int) bool {
	v := &x.versions[i]
	rest := v.Past
	for j := range x.versions[:i] {
		rest = rest.Without(x.versions[j].Dot)
	}
	for _, p := range v.parents {
		for _, e := range x.versions[p].Past {
			rest = dropRange(rest, e)
		}
	}
	return len(rest) > 0
}

// dropRange returns c without the events of an entry.
func dropRange(c vclock.Clock, e vclock.Entry) vclock.Clock {
	var out vclock.Clock
	for _, x := range c {
		switch {
		case x.Actor != e.Actor || e.Counter <= x.From || x.Counter <= e.From:
			out = append(out, x)
			continue
		}
		if x.From < e.From {
			before := x
			before.Counter = e.From
			out = append(out, before)
		}
		if e.Counter < x.Counter {
			after := x
			after.From = e.Counter
			out = append(out, after)
		}
	}
	return out
}
