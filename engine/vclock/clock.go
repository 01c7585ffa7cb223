package vclock

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An Actor mints dots: a node, in one epoch of its counters. A node that cannot prove that it holds
// its latest counter for a key begins a new epoch, so that no dot is ever minted twice.
type Actor struct {
	Node  string
	Epoch uint64
}

func (a Actor) compare(b Actor) int {
	if c := strings.Compare(a.Node, b.Node); c != 0 {
		return c
	}
	return cmp.Compare(a.Epoch, b.Epoch)
}

// A Dot is one write event: the put with the number Counter that Actor coordinated for a key.
// Counters start at 1.
type Dot struct {
	Actor
	Counter uint64
}

// Compare orders dots by node, epoch and counter. All replicas agree on this order, which has no
// other meaning.
func (d Dot) Compare(o Dot) int {
	return cmp.Or(d.Actor.compare(o.Actor), cmp.Compare(d.Counter, o.Counter))
}

// String returns the dot with its whole epoch: n3~1a2b:2.
func (d Dot) String() string { return fmt.Sprintf("%s~%x:%d", d.Node, d.Epoch, d.Counter) }

// An Entry of a clock covers the events From+1 to Counter of one actor. From is 0 in the paper's
// clocks: a client that has seen an event has seen all events of the actor before. From is more
// after a blind put, whose client has seen none of the earlier events of its coordinator.
type Entry struct {
	Actor
	Counter uint64
	From    uint64 // less than Counter
	Time    int64  // wall clock of the event Counter, ns since 1970; 0 where clocks are not truncated
}

func (e Entry) compare(o Entry) int {
	return cmp.Or(e.Actor.compare(o.Actor), cmp.Compare(e.From, o.From))
}

func (e Entry) holds(o Entry) bool {
	return e.Actor == o.Actor && e.From <= o.From && o.Counter <= e.Counter
}

// Entry returns the entry that covers only d.
func (d Dot) Entry() Entry { return Entry{Actor: d.Actor, Counter: d.Counter, From: d.Counter - 1} }

// A Clock is a vector clock: for each actor the events that it covers. Invariant: the entries are
// sorted by actor and From, and two entries of one actor have a gap between them. A method returns
// a new clock, or its receiver or argument.
type Clock []Entry

// Get returns the greatest counter of a that c covers, 0 if there is none.
func (c Clock) Get(a Actor) uint64 {
	for i := len(c) - 1; i >= 0; i-- {
		if c[i].Actor == a {
			return c[i].Counter
		}
	}
	return 0
}

// Covers reports whether c covers the event d.
func (c Clock) Covers(d Dot) bool { return c.holds(d.Entry()) }

func (c Clock) holds(e Entry) bool {
	for _, x := range c {
		if x.holds(e) {
			return true
		}
	}
	return false
}

// Descends reports whether c covers all events of o ("if the counters on the first
// object's clock are less-than-or-equal to all of the nodes in the second clock,
// then the first is an ancestor of the second").
func (c Clock) Descends(o Clock) bool {
	for _, e := range o {
		if !c.holds(e) {
			return false
		}
	}
	return true
}

// Equal reports whether c and o cover the same events.
func (c Clock) Equal(o Clock) bool {
	return slices.EqualFunc(c, o, func(a, b Entry) bool { return a.Counter == b.Counter && a.compare(b) == 0 })
}

// Merge returns the least clock that descends from c and o.
func (c Clock) Merge(o Clock) Clock {
	if c.Descends(o) {
		return c
	}
	if o.Descends(c) {
		return o
	}
	return join(c, o)
}

// with returns c.Merge(Clock{e}). It takes no memory for the second clock.
func (c Clock) with(e Entry) Clock {
	one := [1]Entry{e}
	switch {
	case c.holds(e):
		return c
	case Clock(one[:]).Descends(c):
		return Clock{e}
	}
	return join(c, one[:])
}

// join returns a new clock that covers what c and o cover.
func join(c, o Clock) Clock {
	out := make(Clock, 0, len(c)+len(o))
	for len(c) > 0 || len(o) > 0 {
		if len(o) == 0 || len(c) > 0 && c[0].compare(o[0]) <= 0 {
			out, c = out.push(c[0]), c[1:]
		} else {
			out, o = out.push(o[0]), o[1:]
		}
	}
	return out
}

// push appends e, or widens the last entry to cover e. e must not be before the last entry.
func (c Clock) push(e Entry) Clock {
	if k := len(c) - 1; k >= 0 && c[k].Actor == e.Actor && e.From <= c[k].Counter {
		if e.Counter > c[k].Counter {
			c[k].Counter, c[k].Time = e.Counter, e.Time
		}
		return c
	}
	return append(c, e)
}

// With returns the clock that covers c and the event d.
func (c Clock) With(d Dot) Clock { return c.with(d.Entry()) }

// Without returns c without the event d.
func (c Clock) Without(d Dot) Clock {
	gone := d.Entry()
	for i, e := range c {
		if !e.holds(gone) {
			continue
		}
		out := slices.Clone(c[:i])
		if e.From < gone.From {
			out = append(out, Entry{e.Actor, gone.From, e.From, e.Time}) // the time of the event before d is unknown
		}
		if gone.Counter < e.Counter {
			out = append(out, Entry{e.Actor, e.Counter, gone.Counter, e.Time})
		}
		return append(out, c[i+1:]...)
	}
	return c
}

// Compact returns a clock with one entry for each actor, which covers all events of c and all
// events before them. If that has more than limit entries, only the latest epoch of each node
// stays. Compact is not for clocks that decide which versions supersede which.
func (c Clock) Compact(limit int) Clock {
	whole := make(Clock, 0, len(c))
	for _, e := range c {
		e.From = 0
		if k := len(whole) - 1; k >= 0 && whole[k].Actor == e.Actor {
			whole[k] = e
			continue
		}
		whole = append(whole, e)
	}
	if len(whole) <= limit {
		return whole
	}
	latest := whole[:0]
	for _, e := range whole {
		if k := len(latest) - 1; k >= 0 && latest[k].Node == e.Node {
			latest[k] = e
			continue
		}
		latest = append(latest, e)
	}
	return latest
}

// Timeless returns c without the times of its entries. Only truncation needs the times.
func (c Clock) Timeless() Clock {
	if !slices.ContainsFunc(c, func(e Entry) bool { return e.Time != 0 }) {
		return c
	}
	out := slices.Clone(c)
	for i := range out {
		out[i].Time = 0
	}
	return out
}

// Truncate drops the entries that were updated longest ago until at most limit entries are left
// ("when the number of (node, counter) pairs in the vector clock reaches a threshold, the oldest
// pair is removed from the clock"). Entries for which keep returns true stay, even if they are more
// than limit.
func (c Clock) Truncate(limit int, keep func(Entry) bool) (left, dropped Clock) {
	left = c
	for len(left) > limit {
		oldest := -1
		for i, e := range left {
			if !keep(e) && (oldest < 0 || e.Time < left[oldest].Time) {
				oldest = i
			}
		}
		if oldest < 0 {
			break
		}
		dropped = append(dropped, left[oldest])
		left = slices.Delete(slices.Clone(left), oldest, oldest+1)
	}
	slices.SortFunc(dropped, Entry.compare)
	return left, dropped
}

// Valid reports whether c has the invariant of Clock. Decoders check it.
func (c Clock) Valid() bool {
	for i, e := range c {
		if e.Node == "" || e.Counter <= e.From {
			return false
		}
		if i > 0 && (c[i-1].compare(e) >= 0 || c[i-1].Actor == e.Actor && e.From <= c[i-1].Counter) {
			return false
		}
	}
	return true
}

// shortEpoch returns a hash of an epoch, by which people distinguish two epochs.
func shortEpoch(e uint64) uint16 {
	const golden = 0x9e3779b97f4a7c15 // Fibonacci hashing
	return uint16(e * golden >> 48)
}

// Name returns the name of the actor of entry i: the node, and a hash of the epoch if the clock has
// two actors of that node.
func (c Clock) Name(i int) string {
	e := c[i]
	if slices.ContainsFunc(c, func(o Entry) bool { return o.Node == e.Node && o.Epoch != e.Epoch }) {
		return fmt.Sprintf("%s~%04x", e.Node, shortEpoch(e.Epoch))
	}
	return e.Node
}

// Counters returns the greatest counter of each actor, by name: the form of the paper and of JSON.
func (c Clock) Counters() map[string]uint64 {
	m := make(map[string]uint64, len(c))
	for i, e := range c {
		m[c.Name(i)] = e.Counter
	}
	return m
}

// String returns the clock in the notation of the paper: {n1:1 n3:2}. A point stands for a gap in
// the events of an actor: {n3:.2} is event 2 of n3 without event 1, and {n3:1.3-4} are the events
// 1, 3 and 4.
func (c Clock) String() string {
	var b strings.Builder
	b.WriteByte('{')
	for i, e := range c {
		if i == 0 || c[i-1].Actor != e.Actor {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(c.Name(i))
			b.WriteByte(':')
		}
		if e.From > 0 {
			b.WriteByte('.')
			if e.From+1 < e.Counter {
				b.WriteString(strconv.FormatUint(e.From+1, 10))
				b.WriteByte('-')
			}
		}
		b.WriteString(strconv.FormatUint(e.Counter, 10))
	}
	b.WriteByte('}')
	return b.String()
}
