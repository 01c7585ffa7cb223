// Package vclock holds §4.4's object versions: vector clocks, dots, siblings.
//
// A version carries its own dot (the one event that made it) and its past (the
// context its writer had seen). The vector clock of the paper is the past with
// the dot added; keeping the two apart is what lets one coordinator accept two
// clients with the same old context without swallowing the first ("dotted
// version vectors", Preguiça et al. 2010). Clocks print as the paper writes
// them: {n1:1 n3:2}.
package vclock

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An Actor mints dots. Node is the node's name; Epoch tells apart the lives of
// its counters: a node that cannot prove it holds its latest counter for a key
// starts a fresh epoch, so that no dot is ever minted twice.
type Actor struct {
	Node  string
	Epoch uint64
}

func (a Actor) compare(b Actor) int {
	return cmp.Or(strings.Compare(a.Node, b.Node), cmp.Compare(a.Epoch, b.Epoch))
}

// A Dot is one write event: the Counter-th put that Actor coordinated for a key.
// Counters start at 1.
type Dot struct {
	Actor
	Counter uint64
}

// Compare orders dots by node, epoch, counter. The order means nothing but
// that every replica agrees on it.
func (d Dot) Compare(o Dot) int {
	return cmp.Or(d.Actor.compare(o.Actor), cmp.Compare(d.Counter, o.Counter))
}

// String shows the dot whole, epoch included: n3~1a2b:2.
func (d Dot) String() string { return fmt.Sprintf("%s~%x:%d", d.Node, d.Epoch, d.Counter) }

// An Entry of a clock covers the events From+1 to Counter of one actor. From is
// 0 in the paper's clocks: whoever has seen an event has seen all before it. It is more
// after a blind put, whose client has seen none of its coordinator's earlier ones.
type Entry struct {
	Actor
	Counter uint64
	From    uint64
	Time    int64 // wall clock of the event Counter, ns since 1970; 0 where clocks are not truncated
}

func (e Entry) compare(o Entry) int {
	return cmp.Or(e.Actor.compare(o.Actor), cmp.Compare(e.From, o.From))
}

func (e Entry) holds(o Entry) bool {
	return e.Actor == o.Actor && e.From <= o.From && o.Counter <= e.Counter
}

// Entry returns the entry that covers d alone.
func (d Dot) Entry() Entry { return Entry{Actor: d.Actor, Counter: d.Counter, From: d.Counter - 1} }

// A Clock is a vector clock: for each actor the events that are covered.
// Entries are sorted by actor and From, and do not touch each other. Clocks are
// immutable: every operation returns a new one or one of its arguments.
type Clock []Entry

// Get returns the greatest counter of a that is covered, 0 if none is.
func (c Clock) Get(a Actor) uint64 {
	for i := len(c) - 1; i >= 0; i-- {
		if c[i].Actor == a {
			return c[i].Counter
		}
	}
	return 0
}

// Covers says whether the event d is in c.
func (c Clock) Covers(d Dot) bool { return c.holds(d.Entry()) }

func (c Clock) holds(e Entry) bool {
	for _, x := range c {
		if x.holds(e) {
			return true
		}
	}
	return false
}

// Descends says whether c covers every event of o ("if the counters on the first
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

// Equal says whether both cover the same events.
func (c Clock) Equal(o Clock) bool {
	return slices.EqualFunc(c, o, func(a, b Entry) bool { return a.Counter == b.Counter && a.compare(b) == 0 })
}

// Merge returns the least clock that descends from both.
func (c Clock) Merge(o Clock) Clock {
	if c.Descends(o) {
		return c
	}
	if o.Descends(c) {
		return o
	}
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

// push appends e, which is not before the last entry, or widens that to hold it.
func (c Clock) push(e Entry) Clock {
	if k := len(c) - 1; k >= 0 && c[k].Actor == e.Actor && e.From <= c[k].Counter {
		if e.Counter > c[k].Counter {
			c[k].Counter, c[k].Time = e.Counter, e.Time
		}
		return c
	}
	return append(c, e)
}

// With returns c with the event d covered too.
func (c Clock) With(d Dot) Clock { return c.Merge(Clock{d.Entry()}) }

// Without returns c with the event d no longer covered.
func (c Clock) Without(d Dot) Clock {
	gone := d.Entry()
	for i, e := range c {
		if !e.holds(gone) {
			continue
		}
		out := slices.Clone(c[:i])
		if e.From < gone.From {
			out = append(out, Entry{e.Actor, gone.From, e.From, e.Time}) // the event before it has no time of its own
		}
		if gone.Counter < e.Counter {
			out = append(out, Entry{e.Actor, e.Counter, gone.Counter, e.Time})
		}
		return append(out, c[i+1:]...)
	}
	return c
}

// Compact returns a clock with one entry for each actor, which covers all events of c and those that
// c lacks before them. If that leaves more than limit entries, only the latest epoch of each node
// stays. Compact is not for clocks that decide what supersedes what.
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

// Timeless returns c without the times of its entries, which are of use only
// where clocks are truncated.
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

// Truncate drops the entries that were updated longest ago until no more than
// limit are left ("when the number of (node, counter) pairs in the vector clock reaches a
// threshold, the oldest pair is removed from the clock"). Those that keep says stay do,
// even if they are too many.
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

// Valid says whether entries are sorted, not empty and apart; decoders check it.
func (c Clock) Valid() bool {
	for i, e := range c {
		if e.Node == "" || e.Counter <= e.From || i > 0 && (c[i-1].compare(e) >= 0 || c[i-1].Actor == e.Actor && e.From <= c[i-1].Counter) {
			return false
		}
	}
	return true
}

// shortEpoch is a hash of an epoch for people, who need no more than to tell two apart.
func shortEpoch(e uint64) uint16 {
	const golden = 0x9e3779b97f4a7c15 // Fibonacci hashing
	return uint16(e * golden >> 48)
}

// Name shows the actor of entry i: the node's name alone, and the end of its
// epoch only where the clock holds two actors of one node.
func (c Clock) Name(i int) string {
	e := c[i]
	if slices.ContainsFunc(c, func(o Entry) bool { return o.Node == e.Node && o.Epoch != e.Epoch }) {
		return fmt.Sprintf("%s~%04x", e.Node, shortEpoch(e.Epoch))
	}
	return e.Node
}

// Counters returns the clock as node → greatest counter, the form of the paper and of JSON.
func (c Clock) Counters() map[string]uint64 {
	m := make(map[string]uint64, len(c))
	for i, e := range c {
		m[c.Name(i)] = e.Counter
	}
	return m
}

// String shows the clock as the paper does: {n1:1 n3:2}. Where events of an actor
// are covered without those before them, a point parts them: {n3:.2} is event 2 of n3
// without event 1, {n3:1.3-4} are the events 1, 3 and 4.
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
