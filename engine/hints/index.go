package hints

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// DefaultMax is the number of hints that a node keeps if its configuration does not say otherwise.
// The Index takes about 200 bytes for each.
const DefaultMax = 1 << 20

// An Index lists the hints of one node.
type Index struct {
	max      int
	queues   map[string]*queue   // by home
	homes    map[string][]string // by key, sorted
	inFlight map[string]int      // by home, without zeros
	total    int
}

// A queue holds the hints for one home, oldest first.
type queue struct {
	order []string // keys; a key may be here after its hint was removed, or twice
	hints map[string]*Hint
}

// A Hint is the state of one hint.
type Hint struct {
	stored   time.Duration // since 1970
	inFlight bool
	changed  bool // since it was read for sending
}

// Count is the number of hints for one home, and the time at which the first of them was stored.
type Count struct {
	Home   string
	Keys   int
	Oldest time.Duration // since 1970
}

// New returns an empty index that is full at limit hints.
func New(limit int) *Index {
	return &Index{max: limit, queues: map[string]*queue{}, homes: map[string][]string{}, inFlight: map[string]int{}}
}

// Max returns the number of hints at which the index is full.
func (x *Index) Max() int { return x.max }

// Len returns the number of hints.
func (x *Index) Len() int { return x.total }

// Full reports whether the node has to refuse further hints.
func (x *Index) Full() bool { return x.total >= x.max }

// Homes lists the homes for which there are hints, sorted.
func (x *Index) Homes() []string { return slices.Sorted(maps.Keys(x.queues)) }

// HomesOf lists the homes for which there is a hint for key, sorted. The caller must not change the
// result.
func (x *Index) HomesOf(key []byte) []string { return x.homes[string(key)] }

// HasFor reports whether there is a hint for home.
func (x *Index) HasFor(home string) bool { return x.queues[home] != nil }

// Get returns the hint for home and key, nil if there is none.
func (x *Index) Get(home string, key []byte) *Hint {
	if q := x.queues[home]; q != nil {
		return q.hints[string(key)]
	}
	return nil
}

// Counts returns one Count for each home that there are hints for, sorted by home.
func (x *Index) Counts() []Count {
	var out []Count
	for _, home := range x.Homes() {
		q := x.queues[home]
		out = append(out, Count{Home: home, Keys: len(q.hints), Oldest: q.oldest().stored})
	}
	return out
}

// Add adds a hint that was stored at a time since 1970. If there is one for home and key, Add marks
// that one as changed.
func (x *Index) Add(home string, key []byte, stored time.Duration) {
	q := x.queues[home]
	if q == nil {
		q = &queue{hints: map[string]*Hint{}}
		x.queues[home] = q
	}
	k := string(key)
	if h := q.hints[k]; h != nil {
		h.changed = true
		return
	}
	q.hints[k] = &Hint{stored: stored}
	q.order = append(q.order, k)
	i, _ := slices.BinarySearch(x.homes[k], home)
	x.homes[k] = slices.Insert(x.homes[k], i, home)
	x.total++
}

// Remove removes the hint for home and key. There must be one.
func (x *Index) Remove(home string, key []byte) {
	k, q := string(key), x.queues[home]
	delete(q.hints, k)
	if len(q.hints) == 0 {
		delete(x.queues, home)
	}
	x.homes[k] = slices.DeleteFunc(slices.Clone(x.homes[k]), func(h string) bool { return h == home })
	if len(x.homes[k]) == 0 {
		delete(x.homes, k)
	}
	x.total--
}

// Postpone puts the hint for home and key behind all others for home.
func (x *Index) Postpone(home string, key []byte) {
	q, k := x.queues[home], string(key)
	q.order = append(slices.DeleteFunc(q.order, func(other string) bool { return other == k }), k)
}

// Waiting yields the hints for home that are not in flight, oldest first, as long as room returns
// true. The loop's body may change the index.
func (x *Index) Waiting(home string, room func() bool) iter.Seq2[[]byte, *Hint] {
	return func(yield func([]byte, *Hint) bool) {
		q := x.queues[home]
		if q == nil {
			return
		}
		q.oldest()
		for _, k := range q.order {
			if !room() {
				return
			}
			if h := q.hints[k]; h != nil && !h.inFlight && !yield([]byte(k), h) {
				return
			}
		}
	}
}

// OldestKeys lists the keys of up to limit hints for home, oldest first. A key may be listed twice.
func (x *Index) OldestKeys(home string, limit int) [][]byte {
	q := x.queues[home]
	if q == nil {
		return nil
	}
	q.oldest()
	var out [][]byte
	last := ""
	for _, k := range q.order {
		if len(out) >= limit {
			break
		}
		if q.hints[k] != nil && k != last {
			out = append(out, []byte(k))
			last = k
		}
	}
	return out
}

// oldest drops removed hints from the front of the queue and returns the first one that is left,
// nil if there is none.
func (q *queue) oldest() *Hint {
	for len(q.order) > 0 {
		if h := q.hints[q.order[0]]; h != nil {
			return h
		}
		q.order = q.order[1:]
	}
	return nil
}

// Launch marks a hint for home as in flight.
func (x *Index) Launch(home string, h *Hint) {
	h.inFlight = true
	x.inFlight[home]++
}

// Land marks a hint for home that is in flight as waiting again. The hint may have been removed in
// the meantime.
func (x *Index) Land(home string, h *Hint) {
	h.inFlight = false
	if x.inFlight[home]--; x.inFlight[home] == 0 {
		delete(x.inFlight, home)
	}
}

// InFlight returns the number of hints for home that are in flight.
func (x *Index) InFlight(home string) int { return x.inFlight[home] }

// MostInFlight returns the greatest number of hints for one home that are in flight.
func (x *Index) MostInFlight() int {
	most := 0
	for _, n := range x.inFlight {
		most = max(most, n)
	}
	return most
}

// Read notes that the replica of the hint is read now to be sent.
func (h *Hint) Read() { h.changed = false }

// Changed reports whether the replica of the hint changed since it was read to be sent.
func (h *Hint) Changed() bool { return h.changed }
