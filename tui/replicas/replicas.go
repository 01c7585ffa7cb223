package replicas

import (
	"maps"
	"slices"

	"ringside/engine/vclock"
	"ringside/engine/view"
)

// A Summary is what a view knows of one key.
type Summary struct {
	Key       []byte
	Homes     []string // by rank
	Fallbacks []string // the other nodes, by rank
	Holdings  []Holding
	Heads     vclock.Siblings // the held versions that no other held version supersedes
	Empty     []string        // homes that hold nothing, where other nodes hold something
	Stale     []string        // homes that lack one of the heads
	Blocking  string          // what keeps the key from being converged, "" if nothing does
	Known     vclock.Siblings // every version that is held, and the latest of those that were held before
}

// A Holding is the replicas of a key that hold the same siblings.
type Holding struct {
	Siblings vclock.Siblings
	Homes    []string // in the order of the preference list
	Hints    []Hint   // in the order of the preference list of their holders
}

// A Hint is a replica that Holder keeps for the node For.
type Hint struct{ Holder, For string }

// Of returns the summary of a key. It returns false while there is no ring or no key.
func Of(v *view.Cluster, key []byte) (Summary, bool) {
	if v.Ring == nil || len(key) == 0 {
		return Summary{}, false
	}
	preference := v.Ring.Preference(key)
	s := Summary{Key: key, Homes: v.Ring.Homes(key), Blocking: v.Blocking(key)}
	s.Fallbacks = preference[len(s.Homes):]
	k := v.Key(key)
	if k == nil {
		return s, true
	}
	for _, n := range preference {
		s.addNode(n, k.Held[n])
	}
	for _, h := range s.Holdings {
		s.Heads = s.Heads.Merge(h.Siblings)
	}
	for _, h := range s.Homes {
		held := k.Held[h][""]
		if len(s.Heads) > 0 && !held.Equal(s.Heads) && !held.Descends(s.Heads) {
			s.Stale = append(s.Stale, h)
		}
		if len(s.Heads) > 0 && len(held) == 0 {
			s.Empty = append(s.Empty, h)
		}
	}
	s.Known = known(k)
	return s, true
}

// addNode adds what one node holds. held is keyed by the node that a hint is for, "" for the node's
// own replica.
func (s *Summary) addNode(node string, held map[string]vclock.Siblings) {
	for _, home := range slices.Sorted(maps.Keys(held)) {
		siblings := held[home]
		if len(siblings) == 0 {
			continue
		}
		i := slices.IndexFunc(s.Holdings, func(h Holding) bool { return h.Siblings.Equal(siblings) })
		if i < 0 {
			i = len(s.Holdings)
			s.Holdings = append(s.Holdings, Holding{Siblings: siblings})
		}
		h := &s.Holdings[i]
		if home == "" {
			h.Homes = append(h.Homes, node)
		} else {
			h.Hints = append(h.Hints, Hint{node, home})
		}
	}
}

// known returns every version of a key that is held, or that the view knows to have been held.
func known(k *view.Key) vclock.Siblings {
	var out vclock.Siblings
	seen := map[vclock.Dot]bool{}
	add := func(s vclock.Siblings) {
		for i := range s {
			if !seen[s[i].Dot] {
				seen[s[i].Dot] = true
				out = append(out, s[i])
			}
		}
	}
	for _, held := range k.Held {
		for _, s := range held {
			add(s)
		}
	}
	add(k.Past)
	slices.SortFunc(out, func(a, b vclock.Version) int { return a.Dot.Compare(b.Dot) })
	return out
}

// Siblings returns how many values a get of the key would return from all replicas together. A
// tombstone is not a value.
func (s *Summary) Siblings() int { return len(s.Heads.Live()) }

// Agreed reports whether all homes hold the same versions, and nothing is under way that could
// change that.
func (s *Summary) Agreed(v *view.Cluster) bool {
	return len(v.Groups) == 0 && len(s.Stale) == 0 && s.Blocking == ""
}

// Parents returns the known versions that v directly descends from.
func (s *Summary) Parents(v vclock.Version) vclock.Siblings {
	var before vclock.Siblings
	for _, o := range s.Known {
		if v.Past.Covers(o.Dot) {
			before = before.Merge(vclock.Siblings{o})
		}
	}
	return before
}

// CommonAncestor returns the events that the pasts of all heads cover.
func (s *Summary) CommonAncestor() vclock.Clock {
	if len(s.Heads) == 0 {
		return nil
	}
	shared := s.Heads[0].Past
	for _, v := range s.Heads[1:] {
		shared = meet(shared, v.Past)
	}
	return shared
}

// meet returns the events that both clocks cover.
func meet(a, b vclock.Clock) vclock.Clock {
	var out vclock.Clock
	for _, x := range a {
		for _, y := range b {
			x, from := x, max(x.From, y.From)
			if x.Actor == y.Actor && from < min(x.Counter, y.Counter) {
				x.From, x.Counter = from, min(x.Counter, y.Counter)
				out = append(out, x)
			}
		}
	}
	return out
}
