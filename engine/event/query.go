package event

import (
	"bytes"
	"slices"
)

// A Query says which events of a stream a reader wants. The zero Query asks for all events that the
// stream remembers.
type Query struct {
	After  uint64 // only events of a higher sequence number
	Follow bool   // also new events, until the reader ends
	// Screen asks for a stream that a person can watch. If more happens than a person can read, the
	// stream leaves out events of frequent kinds, and Summary events count them.
	Screen bool
	// Rate bounds the events a second that a follower receives; 0 is the bound of the stream. A
	// follower that is too slow for the stream receives Gap events.
	Rate int
	Filter
}

// A Filter selects events. A zero field selects all events. Every Filter selects Gap events,
// because a gap may hide events that it selects.
type Filter struct {
	Kinds   []Kind
	Node    string
	Key     []byte
	Request uint64
}

// All reports whether f selects all events.
func (f *Filter) All() bool {
	return len(f.Kinds) == 0 && f.Node == "" && f.Key == nil && f.Request == 0
}

// Selects reports whether f selects e.
func (f *Filter) Selects(e *Event) bool {
	if e.Kind == Gap {
		return true
	}
	return (len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) && (f.Node == "" || f.Node == e.Node) &&
		(f.Request == 0 || f.Request == e.Request) && (f.Key == nil || bytes.Equal(f.Key, e.Key))
}

// Of returns the events of the list that the query asks for, in their order. It is for readers of
// events that are all in memory.
func (q *Query) Of(events []Event) []Event {
	var out []Event
	for i := range events {
		if e := &events[i]; e.Seq > q.After && q.Selects(e) {
			out = append(out, *e)
		}
	}
	return out
}
