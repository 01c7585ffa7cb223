package fork

import (
	"cmp"
	"slices"

	"ringside/engine/sim"
	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
	"ringside/engine/vclock"
)

// Differences are what differs between two futures in the end. What a client or a reader cannot
// notice does not count.
type Differences struct {
	Operations []Operation // whose clients were told something else, in the order in which they began
	Otherwise  int         // operations that told the same, later or earlier, or acknowledged by other nodes
	Keys       []Key       // that hold other versions, sorted
	Lost       []uint64    // acknowledged writes that last write wins loses in one future only, sorted
}

// Operation is one operation in both futures.
type Operation struct{ AsItIs, Changed client.Observation }

// Key is what the homes of one key hold in the end, tombstones included.
type Key struct {
	Key             string
	AsItIs, Changed vclock.Siblings
}

// compare compares two runs with the operations of a plan.
func compare(p *plan.Plan, a, b sim.Result) Differences {
	var d Differences
	planned := map[uint64]bool{}
	for _, o := range p.Ops {
		planned[o.ID] = true
	}
	other := map[uint64]client.Observation{}
	for _, o := range b.History {
		other[o.ID] = o
	}
	for _, o := range a.History {
		x, ok := other[o.ID]
		switch {
		case !ok || !planned[o.ID]: // the checker's own, after the last fault
		case o.Kind != x.Kind || o.Key != x.Key: // another operation, in runs that Compare was given
		case !toldSame(o, x):
			d.Operations = append(d.Operations, Operation{o, x})
		case o.Ended-o.Began != x.Ended-x.Began || !slices.Equal(o.Acks, x.Acks):
			d.Otherwise++
		}
	}
	left := map[string]vclock.Siblings{}
	for _, l := range b.Left {
		left[l.Key] = l.Versions
	}
	for _, l := range a.Left {
		if s := left[l.Key]; !slices.Equal(Writes(l.Versions), Writes(s)) {
			d.Keys = append(d.Keys, Key{l.Key, l.Versions, s})
		}
		delete(left, l.Key)
	}
	for key, s := range left { // keys that the first run does not have
		if len(s) > 0 {
			d.Keys = append(d.Keys, Key{Key: key, Changed: s})
		}
	}
	slices.SortFunc(d.Keys, func(x, y Key) int { return cmp.Compare(x.Key, y.Key) })
	for _, id := range slices.Concat(a.Lost, b.Lost) {
		if slices.Contains(a.Lost, id) != slices.Contains(b.Lost, id) {
			d.Lost = append(d.Lost, id)
		}
	}
	slices.Sort(d.Lost)
	return d
}

// toldSame reports whether the clients of an operation were told the same, apart from the time that
// it took and the nodes that acknowledged.
func toldSame(a, b client.Observation) bool {
	return a.Outcome == b.Outcome && a.Code == b.Code && a.Version.Dot == b.Version.Dot &&
		a.Version.Past.Equal(b.Version.Past) && slices.Equal(sorted(a.Read), sorted(b.Read))
}

// Writes returns the operations that wrote the versions, sorted.
func Writes(s vclock.Siblings) []uint64 {
	var out []uint64
	for _, v := range s {
		out = append(out, v.Request)
	}
	return sorted(out)
}

func sorted(ids []uint64) []uint64 { return slices.Sorted(slices.Values(ids)) }
