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

// add takes in the next flush. Its event is later than those before.
func (fs *flushes) add(f flush) {
	s := *fs
	for len(s) > 0 && s[len(s)-1].upTo <= f.upTo {
		s = s[:len(s)-1]
	}
	*fs = append(s, f)
}

// cover reports whether, after event number since, a flush covered what was stored at a time. A nil
// fs has no flush.
func (fs *flushes) cover(since int, stored time.Duration) bool {
	if fs == nil {
		return false
	}
	i, _ := slices.BinarySearchFunc(*fs, since+1, func(f flush, event int) int { return f.event - event })
	return i < len(*fs) && (*fs)[i].upTo >= stored
}

// disks are the flushes of all nodes, by node.
type disks map[string]*flushes

// add takes in the next flush of a node.
func (d disks) add(node string, f flush) {
	if d[node] == nil {
		d[node] = &flushes{}
	}
	d[node].add(f)
}

// isDurable reports whether the replica at a place is on its node's disk, as far as the events tell
// so far.
func (d disks) isDurable(at place, r *replica) bool {
	return !r.lazy || d[at.node].cover(r.since, r.stored)
}
