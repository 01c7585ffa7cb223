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

// A Clock is a vector clock: for each actor the number of its events that are
// covered. Entries are sorted by actor and unique. Clocks are immutable: every
// operation returns a new one or one of its arguments.
type Clock []Dot

// Get returns the counter of a, 0 if absent.
func (c Clock) Get(a Actor) uint64 {
	i, ok := c.find(a)
	if !ok {
		return 0
	}
	return c[i].Counter
}

func (c Clock) find(a Actor) (int, bool) {
	return slices.BinarySearchFunc(c, a, func(d Dot, a Actor) int { return d.Actor.compare(a) })
}

// Covers says whether the event d is in c.
func (c Clock) Covers(d Dot) bool { return d.Counter <= c.Get(d.Actor) }

// Descends says whether c covers every event of o ("the counters on the first
// are less-than-or-equal to all of the second: the first is an ancestor").
func (c Clock) Descends(o Clock) bool {
	for _, d := range o {
		if !c.Covers(d) {
			return false
		}
	}
	return true
}

// Equal says whether both cover the same events.
func (c Clock) Equal(o Clock) bool { return slices.Equal(c, o) }

// Merge returns the least clock that descends from both.
func (c Clock) Merge(o Clock) Clock {
	if c.Descends(o) {
		return c
	}
	if o.Descends(c) {
		return o
	}
	out := make(Clock, 0, len(c)+len(o))
	for len(c) > 0 && len(o) > 0 {
		switch k := c[0].Actor.compare(o[0].Actor); {
		case k < 0:
			out, c = append(out, c[0]), c[1:]
		case k > 0:
			out, o = append(out, o[0]), o[1:]
		default:
			d := c[0]
			d.Counter = max(d.Counter, o[0].Counter)
			out, c, o = append(out, d), c[1:], o[1:]
		}
	}
	return append(append(out, c...), o...)
}

// With returns c with the event d (and those before it) covered.
func (c Clock) With(d Dot) Clock {
	i, ok := c.find(d.Actor)
	switch {
	case !ok:
		return slices.Insert(slices.Clone(c), i, d)
	case c[i].Counter >= d.Counter:
		return c
	}
	out := slices.Clone(c)
	out[i] = d
	return out
}

// Valid says whether entries are sorted, unique and above zero; decoders check it.
func (c Clock) Valid() bool {
	for i, d := range c {
		if d.Counter == 0 || d.Node == "" || i > 0 && c[i-1].Actor.compare(d.Actor) >= 0 {
			return false
		}
	}
	return true
}

// epochDigits is how many hexadecimal digits of an epoch a clock shows.
const epochDigits = 4

// Name shows the actor of entry i: the node's name alone, and the end of its
// epoch only where the clock holds two actors of one node.
func (c Clock) Name(i int) string {
	n := c[i].Node
	if (i > 0 && c[i-1].Node == n) || (i+1 < len(c) && c[i+1].Node == n) {
		return n + "~" + fmt.Sprintf("%0*x", epochDigits, c[i].Epoch&0xffff)
	}
	return n
}

// Counters returns the clock as node → counter, the form of the paper and of JSON.
func (c Clock) Counters() map[string]uint64 {
	m := make(map[string]uint64, len(c))
	for i, d := range c {
		m[c.Name(i)] = d.Counter
	}
	return m
}

// String shows the clock as the paper does: {n1:1 n3:2}.
func (c Clock) String() string { return c.format(Dot{}, 0) }

// format shows the clock; the entry of dot is shown as base.counter if the dot
// does not follow on its base.
func (c Clock) format(dot Dot, base uint64) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, d := range c {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(c.Name(i))
		b.WriteByte(':')
		if d == dot && dot.Counter != base+1 {
			if base > 0 {
				b.WriteString(strconv.FormatUint(base, 10))
			}
			b.WriteByte('.')
		}
		b.WriteString(strconv.FormatUint(d.Counter, 10))
	}
	b.WriteByte('}')
	return b.String()
}
