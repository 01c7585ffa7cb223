package stock

import (
	"fmt"
	"time"

	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
	"ringside/engine/store"
)

// A Comparison is of two nodes that hold the same keys. Differences of them have a newer version at
// one of the nodes.
type Comparison struct {
	Keys
	Differences int // at most Keys.Count
	Ranges      int // of the ring, 2 or more; each has a tree of its own
}

// A Cost is what one comparison of all ranges cost, the repair of the differences included.
type Cost struct {
	Hashes   int // of inner nodes and buckets that were compared
	Messages int
	Bytes    int64
	Repaired int   // keys that were sent
	FullCopy int64 // bytes of a copy of all keys, with one message and one answer each
}

// compareEvery is the time between two comparisons of a range. Each node begins its first one at a
// random time within it, so that mostly one of them has compared everything before the other
// begins.
const compareEvery = 10 * time.Minute

// Compare has two nodes compare all that they hold once (§4.7). It asks goOn all along, and returns
// ErrStopped if goOn returns false.
func Compare(goOn func() bool, c Comparison) (cost Cost, err error) {
	if c.Differences > c.Count {
		return Cost{}, fmt.Errorf("stock: %d differences of %d keys", c.Differences, c.Count)
	}
	p := newPlan(c.Seed, plan.Cluster{Nodes: 2, N: 2, R: 1, W: 1, Quorum: plan.Sloppy, Ranges: c.Ranges}, compareEvery)
	differ := map[int]bool{}
	for _, i := range rng.New(c.Seed, "differ").Perm(c.Count)[:c.Differences] {
		differ[i] = true
	}
	hold := func(node string) []store.Write {
		var out []store.Write
		for i := range c.Count {
			puts := uint64(1)
			if differ[i] && node == "n1" {
				puts = 2
			}
			out = append(out, c.write(i, puts))
		}
		return out
	}
	todo := map[ring.Position]bool{} // ends of the ranges that hold keys and were not compared
	r := p.Ring()
	for i := range c.Count {
		todo[r.Ranges()[r.Index(ring.Of([]byte(c.key(i))))].End] = true
		cost.FullCopy += int64(c.replicaBytes(i))
	}
	defer interrupted(&err)
	w := start(goOn, p, hold, func(e event.Event) {
		if e.Kind != event.SyncDone {
			return
		}
		for _, r := range e.Rounds {
			if r.Err == "" {
				delete(todo, r.End)
			}
			cost.Hashes += r.Hashes
			cost.Repaired += r.Sent + r.Received
		}
	})
	w.RunWhile(func() bool { return len(todo) > 0 }, w.Now()+2*compareEvery)
	if len(todo) > 0 {
		return Cost{}, fmt.Errorf("stock: %d ranges were not compared", len(todo))
	}
	sent := w.recorder.Traffic()[measure.Syncing]
	cost.Messages, cost.Bytes = sent.Messages, sent.Bytes
	if cost.Repaired != c.Differences {
		return Cost{}, fmt.Errorf("stock: the comparison repaired %d of %d differences", cost.Repaired, c.Differences)
	}
	return cost, nil
}
