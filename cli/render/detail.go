package render

import (
	"fmt"
	"strings"

	"ringside/engine/event"
	"ringside/engine/wire"
)

// Detail returns what an event says besides its node and kind, field by field: "cart for n1".
func Detail(e event.Event) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if e.Op != "" {
		add("%s", Text(e.Op))
	}
	if e.Key != nil {
		add("%s", Key(e.Key))
	}
	if e.For != "" {
		add("for %s", Node(e.For))
	}
	if e.Peer != "" && (e.Peer != e.Node || e.Kind == event.Ack) {
		add("%s %s", preposition(e.Kind), Node(e.Peer))
	}
	if len(e.Versions) > 0 {
		add("%s", Clocks(e.Versions))
	}
	if e.Want > 0 && e.Kind != event.RangeDropped && e.Kind != event.Membership {
		add("%d/%d", e.Count, e.Want)
	}
	counted := e.Kind == event.Dropped && e.Count > 1 || e.Kind == event.BufferLost && e.Count > 0
	if counted || e.Kind == event.Gap && e.Message == "" || e.Kind == event.Summary {
		add("(%d)", e.Count)
	}
	parts = append(parts, faultDetail(e)...)
	parts = append(parts, ringDetail(e)...)
	if len(e.Rounds) > 0 {
		add("%s", roundsDetail(e))
	}
	if e.Err != wire.OK {
		add("%s", e.Err)
	}
	if e.Message != "" {
		add("%s", Text(e.Message))
	}
	if e.Elapsed > 0 {
		add("%s", Duration(e.Elapsed))
	}
	return strings.Join(parts, " ")
}

// preposition returns the word before Peer, which depends on the direction of the kind.
func preposition(k event.Kind) string {
	switch k {
	case event.Stored, event.HintStored, event.Ack, event.ReadReply, event.Membership, event.RangeConfirmed:
		return "from"
	case event.Suspect, event.Alive:
		return "of"
	case event.SyncStarted, event.SyncCompared, event.SyncDone:
		return "with"
	}
	return "to"
}

// roundsDetail is the part of Detail about rounds of anti-entropy, and about transfers of ranges.
func roundsDetail(e event.Event) string {
	r := e.Rounds[0]
	switch {
	case e.Kind == event.SyncStarted:
		return fmt.Sprintf("range to %s: the roots differ", Position(r.End))
	case e.Kind == event.SyncCompared:
		return fmt.Sprintf("range to %s: %s in %s, %s", Position(r.End), Count(r.Hashes, "hash"),
			Count(r.Levels, "level"), Differ(r.Buckets, "bucket"))
	case len(e.Rounds) == 1 && r.Buckets+len(r.Err) > 0:
		s := fmt.Sprintf("%s, %d sent, %d received, %s", Differ(r.Count, "key"), r.Sent, r.Received, Bytes(r.Bytes))
		if r.Err != "" {
			s += ", ended early: " + Text(r.Err)
		}
		return s
	case e.Kind == event.RangeTransferred:
		return Bytes(r.Bytes)
	}
	total := 0
	for _, r := range e.Rounds {
		total += r.Bytes
	}
	return fmt.Sprintf("%s alike, %s", Count(len(e.Rounds), "tree"), Bytes(total))
}

// Differ returns a number of things that differ: "1 key differs", "2 keys differ".
func Differ(n int, thing string) string { return Count(n, thing) + " " + Verb(n, "differ") }

// faultDetail is the part of Detail about settings, links and faults, the budget of background work
// (Slice), and addresses (Addr).
func faultDetail(e event.Event) []string {
	var out []string
	if s := e.Settings; s != nil {
		out = append(out, fmt.Sprintf("N=%d R=%d W=%d %s", s.N, s.R, s.W, Nodes(s.Nodes)))
	}
	if len(e.Groups) > 0 {
		out = append(out, Sides(e.Groups, 0))
	}
	if e.OneWay {
		out = append(out, "one way")
	}
	if e.Link != "" {
		out = append(out, Text(e.Link))
	}
	switch {
	case e.Kind == event.Slow:
		out = append(out, e.Delay.String())
	case e.Kind == event.Skew:
		out = append(out, Ahead(e.Delay))
	case e.Kind == event.Split && e.Delay > 0:
		out = append(out, "for "+e.Delay.String())
	case e.Kind == event.Slice:
		out = append(out, Percent(e.Percent, 3)+" for background work, clients wait "+Duration(e.Delay)+" at p99")
	case e.Kind == event.Loss:
		out = append(out, Percent(e.Percent, -1))
	}
	if e.Addr != "" {
		out = append(out, Text(e.Addr))
	}
	return out
}

// maxChanges is how many changes of the membership Detail names.
const maxChanges = 4

// ringDetail is the part of Detail about the membership and about key ranges that move.
func ringDetail(e event.Event) []string {
	var out []string
	for i, c := range e.Changes {
		if i == maxChanges {
			out = append(out, fmt.Sprintf("and %d more", len(e.Changes)-i))
			break
		}
		out = append(out, c.Kind.String()+" "+Node(c.Node))
	}
	if e.Kind == event.Membership && e.Count > 0 {
		out = append(out, "("+Count(e.Count, "member")+")")
	}
	if e.Span != nil {
		out = append(out, Count(e.Count, "key")+", range to "+Position(e.Span.End))
	}
	return out
}
