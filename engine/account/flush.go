package account

import (
	"slices"
	"time"
)

// A flush is what an event tells of a node's object buffer (§6.1): all that the node stored up to a
// time is on its disk.
type flush struct {
	event int
	upTo  time.Duration // since 1970
}

// flushes are the flushes of one node, in the order of their events. A flush is left out if a later
// one covers the same time. Invariant: upTo decreases.
type flushes []flush

// with returns the flushes and the next one, whose event is later than theirs. It may change fs.
func (fs flushes) with(f flush) flushes {
	for len(fs) > 0 && fs[len(fs)-1].upTo <= f.upTo {
		fs = fs[:len(fs)-1]
	}
	return append(fs, f)
}

// cover reports whether, after event number since, a flush covered what was stored at a time.
func (fs flushes) cover(since int, stored time.Duration) bool {
	i, _ := slices.BinarySearchFunc(fs, since+1, func(f flush, event int) int { return f.event - event })
	return i < len(fs) && fs[i].upTo >= stored
}

// disks are the flushes of all nodes, by node.
type disks map[string]flushes

// add takes in the next flush of a node.
func (d disks) add(node string, f flush) {
	d[node] = d[node].with(f)
}

// isDurable reports whether the replica at a place is on its node's disk, as far as the events tell
// so far.
func (d disks) isDurable(at place, r *replica) bool {
	return !r.lazy || d[at.node].cover(r.since, r.stored)
}
