package vclock

// §4.4: parsing the notation of the paper, and the relation of two clocks.

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	// MaxNotation bounds the bytes that ParseClock accepts. The notation of the longest clock that
	// a node accepts is shorter.
	MaxNotation = 1 << 20
	// maxQuoted bounds the bytes of a wrong notation in an error.
	maxQuoted = 40
)

// A Relation says how the first of two clocks or versions relates to the second.
type Relation string

// The relations of §4.4.
const (
	Before     Relation = "before"     // the second descends from the first
	After      Relation = "after"      // the first descends from the second
	Equal      Relation = "equal"      // the two are the same
	Concurrent Relation = "concurrent" // neither descends from the other
)

// Compare returns the relation of c to o. A clock is before each clock that covers all of its
// events and more.
func (c Clock) Compare(o Clock) Relation {
	return relation(c.Descends(o), o.Descends(c))
}

// Compare returns the relation of v to w. It compares dots and pasts, so it is right where the
// greatest counters mislead.
func (v Version) Compare(w Version) Relation {
	if v.Dot == w.Dot {
		return Equal
	}
	return relation(v.supersedes(w), w.supersedes(v))
}

func relation(after, before bool) Relation {
	switch {
	case after && before:
		return Equal
	case after:
		return After
	case before:
		return Before
	}
	return Concurrent
}

// Shown returns the clock that ParseClock returns for the notation of c. An epoch is 0 where the
// notation shows none.
func (c Clock) Shown() Clock {
	out := slices.Clone(c).Timeless()
	for i, e := range c {
		out[i].Epoch = 0
		if c.Name(i) != e.Node {
			out[i].Epoch = longEpoch(shortEpoch(e.Epoch))
		}
	}
	slices.SortFunc(out, Entry.compare)
	return out
}

// HiddenEpoch returns a node for which only one of two parsed clocks shows an epoch, "" if there is
// no such node. The notations then do not say whether the two clocks mean the same events of that
// node.
func (c Clock) HiddenEpoch(o Clock) string {
	for _, e := range c {
		for _, x := range o {
			if e.Node == x.Node && (e.Epoch == 0) != (x.Epoch == 0) {
				return e.Node
			}
		}
	}
	return ""
}

// ParseClock parses the notation of Clock.String. The order of nodes and the number of spaces do
// not matter. A notation shows an epoch only where a clock has two epochs of one node, and then
// only a hash of it. So an epoch of the result is 0 or stands for a hash. Such a clock can only be
// compared with another parsed clock.
func ParseClock(text string) (Clock, error) {
	if len(text) > MaxNotation {
		return nil, fmt.Errorf("parse clock: it is longer than %d bytes", MaxNotation)
	}
	inner, open := strings.CutPrefix(strings.TrimSpace(text), "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !open || !closed {
		return nil, fmt.Errorf("parse clock: %s has no braces; want the notation of a version, such as {n1:1 n3:2}",
			quote(text))
	}
	var c Clock
	for _, field := range strings.Fields(inner) {
		entries, err := parseActor(field)
		if err != nil {
			return nil, fmt.Errorf("parse clock: %w", err)
		}
		c = append(c, entries...)
	}
	slices.SortStableFunc(c, func(a, b Entry) int { return a.Actor.compare(b.Actor) })
	if !c.Valid() {
		return nil, fmt.Errorf("parse clock: %s names a node twice, or its events out of order", quote(text))
	}
	for i, e := range c {
		if (e.Epoch != 0) != (c.Name(i) != e.Node) {
			return nil, fmt.Errorf("parse clock: %s: an epoch such as ~3a74 stands where a clock has two of one node, "+
				"and at both of them", quote(text))
		}
	}
	return c, nil
}

// parseActor parses the part of a notation about one actor: n3:2, n3:.2, n3:1.3-4, n3~3a74:1.
func parseActor(field string) (Clock, error) {
	name, events, found := strings.Cut(field, ":")
	node, hash, epochs := strings.Cut(name, "~")
	a := Actor{Node: node}
	if epochs {
		short, err := strconv.ParseUint(hash, 16, 16)
		if err != nil || hash != fmt.Sprintf("%04x", short) {
			return nil, fmt.Errorf("%s: want an epoch of four hexadecimal digits after ~", quote(field))
		}
		a.Epoch = longEpoch(uint16(short))
	}
	if !found || !ValidNode(node) {
		return nil, fmt.Errorf("%s: want NODE:COUNTER, such as n3:2", quote(field))
	}
	var out Clock
	for i, part := range strings.Split(events, ".") {
		if i == 0 && part == "" && events != "" { // {n3:.2}: nothing before the point
			continue
		}
		e, ok := parseEvents(part, i == 0)
		if !ok {
			return nil, fmt.Errorf("%s: want counters from 1 on, such as n3:2, n3:.2 or n3:1.3-4", quote(field))
		}
		e.Actor = a
		out = append(out, e)
	}
	return out, nil
}

// parseEvents parses the events between two points: 2, or 3-4. The events before the first point
// begin with event 1.
func parseEvents(part string, first bool) (Entry, bool) {
	from, to, span := strings.Cut(part, "-")
	if !span {
		to = from
	}
	low, okLow := counter(from)
	high, okHigh := counter(to)
	switch {
	case !okLow || !okHigh || span && (first || low >= high):
		return Entry{}, false
	case first:
		return Entry{Counter: high}, true
	}
	return Entry{Counter: high, From: low - 1}, low > 1
}

// counter parses a number of at least 1 without a sign or leading zeros.
func counter(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil && n > 0 && text == strconv.FormatUint(n, 10)
}

// ValidNode reports whether name is not empty and has only the characters of node names: a-z, 0-9
// and '-'. The length of a name is bounded by package wire.
func ValidNode(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return name != ""
}

// longEpoch returns an epoch, never 0, whose short form is short.
func longEpoch(short uint16) uint64 {
	const inverse = 0xf1de83e19937733d // of the factor in shortEpoch, modulo 2^64
	return (uint64(short)<<48 | 1) * inverse
}

func quote(text string) string {
	if len(text) > maxQuoted {
		text = text[:maxQuoted] + "..."
	}
	return strconv.QuoteToASCII(text)
}
