package dedup

// Size is the distance, in a sender's operation numbers, behind the newest number from which on an
// operation counts as repeated. The sender of such an old operation has long given it up. Size is
// far above the number of operations that a node has under way.
const Size = 1 << 16

// A Window remembers the latest operation numbers of one sender. The zero value is ready for use.
type Window struct {
	seen   map[uint64]bool
	order  []uint64 // in order of arrival
	newest uint64
}

// First reports whether the operation arrives for the first time, and remembers it. Operations may
// arrive in any order.
func (w *Window) First(op uint64) bool {
	if w.seen[op] || w.old(op) {
		return false
	}
	if w.seen == nil {
		w.seen = map[uint64]bool{}
	}
	w.seen[op] = true
	w.order = append(w.order, op)
	w.newest = max(w.newest, op)
	for w.old(w.order[0]) {
		delete(w.seen, w.order[0])
		w.order = w.order[1:]
	}
	return true
}

func (w *Window) old(op uint64) bool { return op+Size < w.newest }
