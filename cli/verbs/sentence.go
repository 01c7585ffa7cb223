package verbs

import (
	"fmt"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// maxEventKey is how many runes of a key a line about an event has room for.
const maxEventKey = 40

// Detail says what an event tells beside its node and kind: "cart for n1".
func Detail(e event.Event) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if e.Op != "" {
		add("%s", escape.Terminal([]byte(e.Op)))
	}
	if e.Key != nil {
		add("%s", escape.TerminalShort(e.Key, maxEventKey))
	}
	if e.For != "" {
		add("for %s", names([]string{e.For}))
	}
	if e.Peer != "" && (e.Peer != e.Node || e.Kind == event.Ack) {
		add("%s %s", preposition(e.Kind), names([]string{e.Peer}))
	}
	if len(e.Versions) > 0 {
		add("%s", e.Versions)
	}
	if e.Want > 0 && e.Kind != event.RangeDropped && e.Kind != event.Membership {
		add("%d/%d", e.Count, e.Want)
	}
	if e.Kind == event.Gap || e.Kind == event.Dropped && e.Count > 1 || e.Kind == event.BufferLost && e.Count > 0 {
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
		add("%s", escape.Terminal([]byte(e.Message)))
	}
	if e.Elapsed > 0 {
		add("%s", span(e.Elapsed))
	}
	return strings.Join(parts, " ")
}

// preposition fits the kinds whose Peer is where something came from.
func preposition(k event.Kind) string {
	switch k {
	case event.Stored, event.HintStored, event.Ack, event.ReadReply:
		return "from"
	case event.Suspect, event.Alive:
		return "of"
	case event.Membership, event.RangeConfirmed:
		return "from"
	case event.SyncStarted, event.SyncCompared, event.SyncDone:
		return "with"
	}
	return "to"
}

// roundsDetail is the part of Detail about anti-entropy.
func roundsDetail(e event.Event) string {
	r := e.Rounds[0]
	switch {
	case e.Kind == event.SyncStarted:
		return fmt.Sprintf("range to %s: the roots differ", short(r.End))
	case e.Kind == event.SyncCompared:
		return fmt.Sprintf("range to %s: %s in %s, %s", short(r.End), hashes(r.Hashes), Count(r.Levels, "level"), differ(r.Buckets, "bucket"))
	case len(e.Rounds) == 1 && r.Buckets+len(r.Err) > 0:
		s := fmt.Sprintf("%s, %d sent, %d received, %s", differ(r.Count, "key"), r.Sent, r.Received, size(r.Bytes))
		if r.Err != "" {
			s += ", ended early: " + escape.Terminal([]byte(r.Err))
		}
		return s
	}
	if e.Kind == event.RangeTransferred {
		return size(r.Bytes)
	}
	total := 0
	for _, r := range e.Rounds {
		total += r.Bytes
	}
	return fmt.Sprintf("%s alike, %s", Count(len(e.Rounds), "tree"), size(total))
}

// faultDetail is the part of Detail about the cluster's driver.
func faultDetail(e event.Event) []string {
	var out []string
	if e.Settings != nil {
		s := e.Settings
		out = append(out, fmt.Sprintf("N=%d R=%d W=%d %s", s.N, s.R, s.W, names(s.Nodes)))
	}
	if len(e.Groups) > 0 {
		sides := make([]string, len(e.Groups))
		for i, g := range e.Groups {
			sides[i] = names(g)
		}
		out = append(out, strings.Join(sides, " │ "))
	}
	if e.OneWay {
		out = append(out, "one way")
	}
	if e.Link != "" {
		out = append(out, escape.Terminal([]byte(e.Link)))
	}
	if e.Kind == event.Slow {
		out = append(out, e.Delay.String())
	}
	if e.Kind == event.Split && e.Delay > 0 {
		out = append(out, "for "+e.Delay.String())
	}
	if e.Kind == event.Slice {
		out = append(out, fmt.Sprintf("%.3g%% for background work, clients wait %s at p99", e.Percent, span(e.Delay)))
	}
	if e.Kind == event.Loss {
		out = append(out, fmt.Sprintf("%g%%", e.Percent))
	}
	if e.Addr != "" {
		out = append(out, escape.Terminal([]byte(e.Addr)))
	}
	return out
}

// ringDetail is the part of Detail about the membership and about ranges that move.
func ringDetail(e event.Event) []string {
	var out []string
	for i, c := range e.Changes {
		if i == maxChanges {
			out = append(out, fmt.Sprintf("and %d more", len(e.Changes)-i))
			break
		}
		out = append(out, c.Kind.String()+" "+names([]string{c.Node}))
	}
	if e.Kind == event.Membership && e.Count > 0 {
		out = append(out, "("+Count(e.Count, "member")+")")
	}
	if e.Span != nil {
		out = append(out, Count(e.Count, "key")+", range to "+short(e.Span.End))
	}
	return out
}

// maxChanges is how many changes a line about an event names.
const maxChanges = 4

// sentences say an event of a request in the paper's words.
var sentences = map[event.Kind]func(e event.Event, node, peer string) string{
	event.Requested: func(e event.Event, node, _ string) string {
		return fmt.Sprintf("%s %s reaches %s", escape.Terminal([]byte(e.Op)), escape.TerminalShort(e.Key, maxEventKey), node)
	},
	event.Forwarded: func(e event.Event, node, peer string) string {
		if e.Message == event.Fastest {
			return fmt.Sprintf("%s hands it to %s: %s (§5)", node, peer, e.Message)
		}
		return fmt.Sprintf("%s is not among the key's homes: %s will coordinate", node, peer)
	},
	event.Coordinate: func(e event.Event, node, _ string) string {
		s := node + " coordinates"
		if e.For != "" {
			s += ", standing in for " + names([]string{e.For})
		}
		if len(e.Versions) > 0 {
			s += ", stamps " + e.Versions.String()
		}
		if len(e.Homes) > 0 {
			s += "; homes " + names(e.Homes)
		}
		if e.Message != "" {
			s += "; " + escape.Terminal([]byte(e.Message)) + " (§5)"
		}
		return s
	},
	event.Replicate: func(e event.Event, _, peer string) string {
		if e.For != "" {
			return fmt.Sprintf("%s stands in for %s: replica with a hint", peer, names([]string{e.For}))
		}
		return "replica to " + peer
	},
	event.Stored: func(e event.Event, node, _ string) string {
		s := node + " stores " + clocks(e.Versions)
		if e.Op != "" && e.Op != wire.Replicate.String() {
			s += " (" + escape.Terminal([]byte(e.Op)) + ")"
		}
		return s
	},
	event.HintStored: func(e event.Event, node, _ string) string {
		return fmt.Sprintf("%s keeps %s as a hint for %s", node, clocks(e.Versions), names([]string{e.For}))
	},
	event.Ack: func(e event.Event, _, peer string) string {
		how := "durably"
		if e.Op == event.OpBuffered {
			how = "in memory"
		}
		return fmt.Sprintf("%s holds it %s: %d of %d", peer, how, e.Count, e.Want)
	},
	event.ReadFrom: func(_ event.Event, _, peer string) string { return "what does " + peer + " hold?" },
	event.ReadReply: func(e event.Event, _, peer string) string {
		return fmt.Sprintf("%s holds %s: %d of %d", peer, clocks(e.Versions), e.Count, e.Want)
	},
	event.Reconciled: func(e event.Event, _, _ string) string {
		return fmt.Sprintf("%d siblings are left: %s", len(e.Versions), clocks(e.Versions))
	},
	event.ReadRepair: func(_ event.Event, _, peer string) string { return peer + " was stale: read repair" },
	event.Replied:    func(e event.Event, _, _ string) string { return replied(e) },
	event.Dropped: func(_ event.Event, node, peer string) string {
		return fmt.Sprintf("lost on the way from %s to %s", node, peer)
	},
	event.HintSent:      func(e event.Event, _, peer string) string { return "the hint walks home to " + peer },
	event.HintDelivered: func(e event.Event, node, peer string) string { return peer + " has it; " + node + " drops its hint" },
	event.HintRefused:   func(e event.Event, _, peer string) string { return peer + " does not take the hint" },
	event.FreshEpoch: func(e event.Event, node, _ string) string {
		return node + " cannot prove its last counter: a fresh epoch"
	},
	event.RolledBack: func(e event.Event, node, _ string) string {
		return node + " starts on an old disk: " + escape.Terminal([]byte(e.Message))
	},
	event.Truncated: func(e event.Event, node, _ string) string {
		return node + " cuts the clock, oldest pairs first: " + escape.Terminal([]byte(e.Message))
	},
	event.LWWLost: func(e event.Event, _, _ string) string { return lostTo(e) },
}

// lostTo returns the sentence on a version that last write wins lost, with the version that it lost
// to.
func lostTo(e event.Event) string {
	how := "lost to a later write"
	if e.Message != "" {
		how = escape.Terminal([]byte(e.Message))
	}
	return "last write wins: " + clocks(e.Versions) + " is " + how
}

// Sentence says an event in the paper's words.
func Sentence(e event.Event) string {
	if f := sentences[e.Kind]; f != nil {
		return f(e, names([]string{e.Node}), names([]string{e.Peer}))
	}
	return strings.TrimSpace(string(e.Kind) + " " + Detail(e))
}

func replied(e event.Event) string {
	if e.Err != wire.OK {
		return fmt.Sprintf("%s: %d of %d  %s", words[e.Err], e.Count, e.Want, span(e.Elapsed))
	}
	s := "ok"
	if len(e.Versions) > 0 {
		s += " " + e.Versions.String()
	}
	if e.Want > 0 {
		s += fmt.Sprintf("  %d of %d", e.Count, e.Want)
	}
	if n := len(e.Hinted); n > 0 {
		s += ", " + fmt.Sprint(n) + " hinted"
	}
	return s + "  " + span(e.Elapsed)
}

func clocks(s vclock.Siblings) string {
	if len(s) == 0 {
		return "nothing"
	}
	return s.String()
}
