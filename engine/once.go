package engine

// A network may repeat a message. Merging makes that harmless for replicas, but
// a put that is handed over twice would be two writes.

// onceWindow is how far, in its sender's numbers, a handed-over put may fall behind
// the newest one and still be taken. An older one is taken for a repetition: its sender
// has long given up. It is well above MaxRequests times the calls that a request makes.
const onceWindow = 1 << 16

// once remembers the numbers of a peer's latest exchanges.
type once struct {
	seen   map[uint64]bool
	order  []uint64 // as they came
	newest uint64
}

// first says whether op comes for the first time.
func (o *once) first(op uint64) bool {
	if o.seen[op] || o.old(op) {
		return false
	}
	if o.seen == nil {
		o.seen = map[uint64]bool{}
	}
	o.seen[op] = true
	o.order = append(o.order, op)
	o.newest = max(o.newest, op)
	for o.old(o.order[0]) {
		delete(o.seen, o.order[0])
		o.order = o.order[1:]
	}
	return true
}

func (o *once) old(op uint64) bool { return op+onceWindow < o.newest }
