package check

import (
	"math"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/vclock"
)

// losses records the data that faults destroyed, and the replicas that nodes gave to others.
type losses struct {
	excused map[uint64]bool           // writes of which every copy and every descendant was destroyed
	taken   map[uint64]bool           // writes of which a copy was destroyed
	lost    map[uint64]*bits          // write → IDs of hosts that were made to lose the write or a descendant
	lossAt  map[string]time.Duration  // host → when it was last made to lose something
	undone  map[uint64]time.Duration  // write → when a disk held it again because later batches were lost
	handed  map[holding]time.Duration // when a host last gave its hint or its replica of a key to others
	// siblingRestarts maps a key to the number of times that a host lost versions of the key or
	// handed the key over. The limit of siblings of that host then starts again (bounds.go).
	siblingRestarts map[string]int
}

// holding is what one host holds of one key.
type holding struct{ host, key string }

func newLosses() losses {
	return losses{
		excused: map[uint64]bool{}, taken: map[uint64]bool{}, lost: map[uint64]*bits{},
		lossAt: map[string]time.Duration{}, undone: map[uint64]time.Duration{},
		handed: map[holding]time.Duration{}, siblingRestarts: map[string]int{},
	}
}

// absenceExcused reports whether the absence of a write is excused, because the write or a
// descendant of it is excused. Clients may still have contexts that cover a destroyed descendant. A
// put with such a context supersedes the write even where a disk has the write again.
func (e *evidence) absenceExcused(op *operation) bool {
	if e.losses.excused[op.ID] {
		return true
	}
	for id := range e.losses.excused {
		if e.graph.descends(id, op.ID) {
			return true
		}
	}
	return false
}

// lostBy reports whether a host was made to lose a write, or a descendant of it, that it had held.
func (e *evidence) lostBy(h Host, id uint64) bool { return e.losses.lost[id].has(int(h.ID())) }

// mayLack reports whether a host may lack a write that it held when op began.
func (e *evidence) mayLack(op *operation, h Host, w *operation) bool {
	lost := e.losses.lossAt[h.Name()] >= op.Began && e.lostBy(h, w.ID)
	return lost || e.losses.handed[holding{h.Name(), op.Key}] >= op.Began || e.isCollected(w.ID) || e.absenceExcused(w)
}

// handsOver notes that a host may forget what it holds of a key, because others have it.
func (e *evidence) handsOver(host, key string) {
	e.losses.handed[holding{host, key}] = e.world.Now()
	e.losses.siblingRestarts[key]++
}

// destroying runs destroy, which takes data from the disk or the buffer of a host. It notes the
// writes that the host lost, and excuses those of which the host had the last copy.
func (e *evidence) destroying(h Host, destroy func()) {
	e.losses.lossAt[h.Name()] = e.world.Now()
	before := map[string][]event.Replica{}
	for _, key := range e.keys {
		before[key] = e.stored(h, key)
	}
	destroy()
	for _, key := range e.keys {
		after := e.stored(h, key)
		for _, r := range before[key] { // a host may hold a write as a home and as a hint; each copy counts
			var left vclock.Siblings
			if i := slices.IndexFunc(after, func(a event.Replica) bool { return a.For == r.For }); i >= 0 {
				left = after[i].Versions
			}
			kept := func(id uint64) bool { return e.graph.carries(idsOf(left), id) }
			e.lose(h, key, slices.DeleteFunc(idsOf(r.Versions), kept))
		}
		e.excuse(key, idsIn(before[key]))
		e.undo(h, idsIn(before[key]), idsIn(after))
	}
}

// lose notes that a host was made to lose writes. Ancestors of those writes may then be missing as
// well: a client that had read a descendant supersedes an ancestor that is back on the disk. Under
// last write wins a lost write may have won over any other.
func (e *evidence) lose(h Host, key string, writes []uint64) {
	if len(writes) == 0 {
		return
	}
	e.losses.siblingRestarts[key]++
	for _, id := range writes {
		e.losses.taken[id] = true
	}
	for _, op := range e.graph.byKey[key] {
		if e.lww() || e.graph.carries(writes, op.ID) {
			if e.losses.lost[op.ID] == nil {
				e.losses.lost[op.ID] = &bits{}
			}
			e.losses.lost[op.ID].add(int(h.ID()))
		}
	}
}

// excuse marks as excused each of the writes and their ancestors of which no host holds a copy or a
// descendant. A copy that a host is about to drop does not count. A home may lose a hint's versions
// after it acknowledged them, while the batch that drops the hint is being written.
func (e *evidence) excuse(key string, ids []uint64) {
	if len(ids) == 0 {
		return
	}
	var left []uint64
	e.hosts(func(h Host) {
		stays := heldIn(h.Ahead(), key)
		for _, id := range e.held(h, key) {
			if e.graph.carries(stays, id) {
				left = append(left, id)
			}
		}
	})
	for _, op := range e.graph.byKey[key] {
		if e.graph.carries(ids, op.ID) && !e.graph.carries(left, op.ID) {
			e.losses.excused[op.ID] = true
		}
	}
}

// undo notes the writes that a disk holds again. If the node has reported Gone, the note never
// expires: no other node asks a Gone node before it collects a tombstone.
func (e *evidence) undo(h Host, before, now []uint64) {
	when := e.world.Now()
	if last, _ := e.world.Members().History().Last(h.Name()); last.Kind == member.Gone {
		when = math.MaxInt64
	}
	for _, id := range now {
		if !slices.Contains(before, id) {
			e.losses.undone[id] = when
		}
	}
}
