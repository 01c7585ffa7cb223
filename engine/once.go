package engine

// A network may repeat a message. Merging makes that harmless for replicas, but
// a put that is handed over twice would be two writes.

// onceWindow is how many handed-over puts of one peer are remembered. An older
// one that comes late is taken for a repetition: its sender has long given up.
const onceWindow = 1024

// once remembers the numbers of a peer's latest exchanges.
type once struct {
	seen  map[uint64]bool
	order []uint64
	floor uint64 // at or below it everything counts as seen
}

// first says whether op comes for the first time.
func (o *once) first(op uint64) bool {
	if op <= o.floor || o.seen[op] {
		return false
	}
	if o.seen == nil {
		o.seen = map[uint64]bool{}
	}
	o.seen[op] = true
	o.order = append(o.order, op)
	if len(o.order) > onceWindow {
		delete(o.seen, o.order[0])
		o.floor = max(o.floor, o.order[0])
		o.order = o.order[1:]
	}
	return true
}
