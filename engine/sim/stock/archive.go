package stock

import (
	"ringside/engine/keyrange"
	"ringside/engine/ring"
	"ringside/engine/sim/rng"
)

// An Archive is what a copy of one partition of the key space costs (§6.2). A partition is one of
// the equal parts that strategies 2 and 3 place as a whole.
type Archive struct {
	Ranges  int // that overlap the partition and hold a key; each must be scanned at one of its homes
	Scanned int // keys of these ranges
	Keys    int // keys of the partition
}

// ArchiveOf returns what a copy of a partition costs before the change. The partition is one that
// holds a key, drawn from the seed.
func ArchiveOf(c Change) Archive {
	r := c.plan().Ring()
	cut := c
	cut.Strategy = ring.EqualPartitions
	partition := keyrange.At(cut.plan().Ring(), ring.Of([]byte(c.key(rng.New(c.Seed, "archive").IntN(c.Count)))))
	var a Archive
	scanned := map[keyrange.ID]bool{}
	for i := range c.Count {
		at := ring.Of([]byte(c.key(i)))
		if (ring.Range{Start: partition.Start, End: partition.End}).Holds(at) {
			a.Keys++
		}
		if id := keyrange.At(r, at); id.Overlaps(partition) {
			scanned[id] = true
			a.Scanned++
		}
	}
	a.Ranges = len(scanned)
	return a
}
