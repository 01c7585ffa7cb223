package view

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/vclock"
)

// A Key is what events say of one key: what each node holds of it.
type Key struct {
	Key []byte
	// Held has the versions by node, and then by the home of the hint. "" stands for what the node
	// holds as a home.
	Held    map[string]map[string]vclock.Siblings
	Touched time.Duration   // time of the latest event of the key, since 1970
	Lost    vclock.Siblings // acknowledged versions that last write wins lost; at most MaxKeyLost, the latest last
	// Past has the versions that the last node that held them gave up, with values of at most
	// event.PreviewLen bytes: at most MaxKeyPast, the latest last. A late replica may hold one again.
	Past vclock.Siblings
}

// Key returns what events say of key, nil if there was no event of it.
func (v *Cluster) Key(key []byte) *Key { return v.keys.by[string(key)] }

// Keys returns the keys of which there were events, sorted.
func (v *Cluster) Keys() []*Key {
	out := make([]*Key, 0, len(v.keys.by))
	for _, k := range slices.Sorted(maps.Keys(v.keys.by)) {
		out = append(out, v.keys.by[k])
	}
	return out
}

// touch returns the Key of an event, which it adds if there is none.
func (v *Cluster) touch(e event.Event) *Key {
	k := v.keys.by[string(e.Key)]
	if k == nil {
		if len(v.keys.by) >= MaxKeys {
			v.keys.forgetOldest()
		}
		k = &Key{Key: e.Key, Held: map[string]map[string]vclock.Siblings{}}
		v.keys.by[string(e.Key)] = k
	}
	k.Touched = e.Time
	return k
}

// A keySet has at most MaxKeys keys.
type keySet struct {
	by map[string]*Key
	// aging has keys in the order of their latest events at some time, those that are forgotten
	// next first. A key that was touched after that time is not forgotten by its place.
	aging []aged
}

// aged is a key that was touched at a time since 1970.
type aged struct {
	key string
	at  time.Duration
}

// forgetOldest removes the key that was touched longest ago. It sorts the keys only once for many
// calls, because a busy cluster has a new key each millisecond.
func (s *keySet) forgetOldest() {
	for {
		if len(s.aging) == 0 {
			for name, k := range s.by {
				s.aging = append(s.aging, aged{name, k.Touched})
			}
			slices.SortFunc(s.aging, func(a, b aged) int {
				return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key))
			})
		}
		next := s.aging[0]
		s.aging = s.aging[1:]
		if k := s.by[next.key]; k != nil && k.Touched == next.at {
			delete(s.by, next.key)
			return
		}
	}
}

// setHeld applies an event with all that a node holds of a key.
func (v *Cluster) setHeld(e event.Event) {
	held := map[string]vclock.Siblings{}
	for _, r := range e.Replicas {
		held[r.For] = r.Versions
	}
	k := v.touch(e)
	before := k.Held[e.Node]
	k.Held[e.Node] = held
	for _, home := range slices.Sorted(maps.Keys(before)) {
		k.gaveUp(before[home])
	}
	k.lose(e.Versions)
}

// lose adds versions that last write wins lost.
func (k *Key) lose(s vclock.Siblings) {
	for _, v := range s {
		if !k.Lost.Has(v.Dot) {
			k.Lost = append(slices.Clone(k.Lost), v)
		}
	}
	k.Lost = k.Lost[max(0, len(k.Lost)-MaxKeyLost):]
}

// setVersions applies an event with all versions that a node holds of a key in one role.
func (v *Cluster) setVersions(e event.Event, home string) {
	k := v.touch(e)
	if k.Held[e.Node] == nil {
		k.Held[e.Node] = map[string]vclock.Siblings{}
	}
	before := k.Held[e.Node][home]
	k.Held[e.Node][home] = e.Versions
	k.gaveUp(before)
}

// drop applies that a node no longer holds anything in one role.
func (k *Key) drop(node, home string) {
	before := k.Held[node][home]
	delete(k.Held[node], home)
	k.gaveUp(before)
}

// gaveUp notes versions that a node held until now. Those that no node holds become past. More than
// MaxKeyPast are not looked at, because a forged recording may have any number.
func (k *Key) gaveUp(s vclock.Siblings) {
	s = s[max(0, len(s)-MaxKeyPast):]
	for i := range s {
		if k.holds(s[i].Dot) || k.Past.Has(s[i].Dot) {
			continue
		}
		if len(k.Past) >= MaxKeyPast {
			k.Past = slices.Delete(k.Past, 0, len(k.Past)-MaxKeyPast+1)
		}
		k.Past = append(k.Past, event.Preview(s[i:i+1])...)
	}
}

// holds reports whether any node holds the version with the dot d.
func (k *Key) holds(d vclock.Dot) bool {
	for _, held := range k.Held {
		for _, s := range held {
			if s.Has(d) {
				return true
			}
		}
	}
	return false
}

// forgetHeld forgets what a node held of any key.
func (v *Cluster) forgetHeld(node string) {
	for _, k := range v.keys.by {
		before := k.Held[node]
		delete(k.Held, node)
		for _, home := range slices.Sorted(maps.Keys(before)) {
			k.gaveUp(before[home])
		}
	}
}

// Converged reports whether all homes of key are up and hold the same versions, and no node keeps a
// hint for key. It is right after Replicas events of the key from all nodes.
func (v *Cluster) Converged(key []byte) bool { return v.Blocking(key) == "" }

// Blocking says why key has not converged, "" if it has (see Converged).
func (v *Cluster) Blocking(key []byte) string {
	if v.Ring == nil {
		return "the cluster is not up"
	}
	k := v.Key(key)
	if k == nil {
		k = &Key{}
	}
	for _, n := range v.Nodes {
		for home, s := range k.Held[n.Name] {
			if home != "" && len(s) > 0 {
				return n.Name + " keeps a hint for " + home
			}
		}
	}
	homes := v.Ring.Homes(key)
	for _, h := range homes {
		if n := v.Node(h); n == nil || n.Status != Up {
			return "home " + h + " is not up"
		}
	}
	for _, h := range homes[1:] {
		a, b := k.Held[homes[0]][""], k.Held[h][""]
		if !a.Equal(b) {
			return h + " and " + homes[0] + " differ: " + orNothing(b) + " and " + orNothing(a)
		}
	}
	return ""
}

func orNothing(s vclock.Siblings) string {
	if len(s) == 0 {
		return "nothing"
	}
	return s.String()
}
