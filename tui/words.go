package tui

import (
	"strconv"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A phrase is an event in the paper's words.
type phrase struct {
	word string // what happened, in a word
	st   style
	text string
}

// maxLogKey is how many columns a key takes in the log.
const maxLogKey = 20

// story are the kinds that tell what happened; the others are the messages
// that made it happen.
var story = map[event.Kind]bool{
	event.NodeUp: true, event.NodeDown: true, event.NodePaused: true, event.NodeWiped: true, event.Split: true,
	event.Heal: true, event.Slow: true, event.Loss: true, event.DiskFailed: true, event.Gap: true,
	event.HintStored: true, event.ReadRepair: true, event.Replied: true, event.LWWLost: true, event.FreshEpoch: true,
	event.RolledBack: true, event.Truncated: true,
	event.HintDelivered: true, event.HintRefused: true, event.Suspect: true, event.Alive: true, event.Damaged: true,
	event.Membership: true, event.RangeTransferred: true, event.RangeDropped: true, event.Departed: true, event.NodeLeft: true, event.HintRehomed: true,
	event.BufferLost: true, event.Violated: true, event.RunOver: true,
}

// tells says whether e belongs to the story.
func tells(e event.Event) bool {
	if e.Kind == event.RangeTransferred || e.Kind == event.RangeDropped {
		return e.Count > 0 // where nothing was, nothing moved
	}
	return story[e.Kind]
}

// describe puts an event into words.
func (m *model) describe(e event.Event) phrase {
	switch e.Kind {
	case event.NodeUp, event.NodeDown, event.NodePaused, event.NodeWiped, event.Split, event.Heal, event.Slow,
		event.Loss, event.Dropped, event.DiskFailed, event.Gap, event.Suspect, event.Alive:
		return m.describeWorld(e)
	case event.Replied:
		return describeReply(e)
	}
	return m.describeWork(e)
}

// describeWorld is for what happens to nodes and links.
func (m *model) describeWorld(e event.Event) phrase {
	peer := names(append([]string{e.Peer}, e.Nodes...), " ") // several where the log merged rows
	switch e.Kind {
	case event.NodeUp:
		return phrase{"UP", good, "runs" + prefixed(" at ", escape.TerminalShort([]byte(e.Addr), 24))}
	case event.NodeDown:
		return phrase{"DOWN", bad, "crashed; its disk stays" + prefixed(": ", message(e))}
	case event.NodePaused:
		return phrase{"PAUSED", warn, "works no more; its connections stay"}
	case event.NodeWiped:
		return phrase{"WIPED", bad, "lost its disk"}
	case event.Split:
		way := ""
		if e.OneWay {
			way = " (one way)"
		}
		return phrase{m.th.cut + " SPLIT", bad, "partition " + groups(e.Groups, sideNodes) + way}
	case event.Heal:
		return phrase{"HEAL", good, "the network is whole again"}
	case event.Slow:
		return phrase{"SLOW", warn, escape.TerminalShort([]byte(e.Link), 2*maxName) + " by " + elapsed(e.Delay)}
	case event.Loss:
		return phrase{"LOSS", warn, escape.TerminalShort([]byte(e.Link), 2*maxName) + " loses " + strconv.FormatFloat(e.Percent, 'g', 4, 64) + "%"}
	case event.Dropped:
		return phrase{"DROPPED", bad, "a message to " + peer + " was lost"}
	case event.DiskFailed:
		return phrase{"DISK", bad, "failed" + prefixed(": ", message(e))}
	case event.Gap:
		return phrase{"GAP", bad, "missed " + plural(e.Count, "event")}
	case event.Suspect:
		return phrase{"SUSPECT", warn, "believes " + peer + " failed"}
	}
	return phrase{"ALIVE", good, "hears from " + peer + " again"}
}

// describeReply is for the end of a client's request.
func describeReply(e event.Event) phrase {
	p := phrase{strings.ToUpper(escape.TerminalShort([]byte(e.Op), 8)), plain, ""}
	quorum := "W"
	if e.Op == "get" {
		quorum = "R"
	}
	count := quorum + " " + strconv.Itoa(e.Count) + "/" + strconv.Itoa(e.Want)
	switch {
	case e.Failed():
		p.st = bad
		p.text = count + " failed: " + strings.ReplaceAll(e.Err.String(), "_", " ") + prefixed(" · ", message(e))
	case e.Op == "get" && len(e.Versions.Live()) == 0:
		p.text = count + " not found"
	case e.Op == "get" && len(e.Versions) > 1:
		p.st = concurrent
		p.text = count + " ‖ " + strconv.Itoa(len(e.Versions)) + " siblings " + clocks(e.Versions)
	default:
		p.text = count + " ok " + clocks(e.Versions)
	}
	if len(e.Nodes) > 0 {
		p.text += " (" + names(e.Nodes, " ") + ")"
	}
	for i, h := range e.Hinted {
		p.text += map[bool]string{true: " hinted ", false: " "}[i == 0] + name(h.Holder) + "▸" + name(h.For)
	}
	p.text += "  " + elapsed(e.Elapsed)
	return p
}

// describeWork is for what nodes do for requests and for each other.
func (m *model) describeWork(e event.Event) phrase {
	peer, home, count := name(e.Peer), name(e.For), strconv.Itoa(e.Count)+"/"+strconv.Itoa(e.Want)
	switch e.Kind {
	case event.Requested:
		return phrase{"REQUEST", plain, "a client asks for " + escape.TerminalShort([]byte(e.Op), 8)}
	case event.Forwarded:
		if e.Message == event.Fastest {
			return phrase{"FORWARD", plain, "to " + peer + ": " + e.Message}
		}
		return phrase{"FORWARD", plain, "to " + peer + ", one of the top N"}
	case event.Coordinate:
		return phrase{"COORDINATE", accent, prefixed("stamps ", clocks(e.Versions)) + prefixed(" for ", names(e.Homes, " ")) + prefixed("; ", escape.Terminal([]byte(e.Message)))}
	case event.Replicate:
		if e.For != "" {
			return phrase{"REPLICATE", hint, "to " + peer + ", hinted for " + home}
		}
		return phrase{"REPLICATE", plain, "to " + peer}
	case event.Stored:
		return phrase{"REPLICA", siblingStyle(e.Versions, plain), "stored " + clocks(e.Versions) + prefixed(" by ", escape.TerminalShort([]byte(e.Op), 12)) + prefixed(" from ", peer)}
	case event.HintStored:
		return phrase{m.th.glyphs.hint + " HINT", hint, "kept for " + home + " " + clocks(e.Versions)}
	case event.Ack:
		if e.Op == event.OpBuffered {
			return phrase{"ACK", plain, peer + " holds it in memory  " + count}
		}
		return phrase{"ACK", plain, peer + " holds it durably  " + count}
	case event.ReadFrom:
		return phrase{"READ", plain, "asks " + peer}
	case event.ReadReply:
		return phrase{"ANSWER", plain, peer + " has " + orNothing(e.Versions) + "  " + count}
	case event.Reconciled:
		return phrase{"RECONCILE", siblingStyle(e.Versions, accent), "leaves " + orNothing(e.Versions)}
	case event.ReadRepair:
		return phrase{"REPAIR", accent, "read repair: " + peer + " was stale" + prefixed(", gets ", clocks(e.Versions))}
	case event.LWWLost:
		return phrase{"LWW LOST", bad, "last write wins: " + clocks(e.Versions) + " is " + message(e)}
	case event.FreshEpoch:
		return phrase{"EPOCH", warn, "starts a fresh epoch: its counters cannot be proved"}
	case event.RolledBack:
		return phrase{"OLD DISK", bad, message(e)}
	case event.Truncated:
		return phrase{"TRUNCATED", warn, "the clock is too long: " + message(e)}
	case event.HintSent:
		return phrase{"HANDOFF", hint, "hint leaves for " + peer}
	case event.HintDelivered:
		return phrase{"HANDOFF", hint, name(e.For) + prefixed(" via ", differs(peer, home)) + " holds it durably; the hint is gone"}
	case event.HintRefused:
		return phrase{"HINT", bad, "refused" + prefixed(" for ", home) + prefixed(": ", message(e))}
	case event.Membership, event.Departed, event.NodeLeft, event.RangeOffered, event.RangeConfirmed, event.RangeTransferred, event.RangeDropped, event.RangeReady, event.HintRehomed:
		return describeRing(e)
	case event.Slice:
		return phrase{"SLICE", dim, strconv.FormatFloat(e.Percent, 'g', 3, 64) + "% for background work; clients wait " + elapsed(e.Delay) + " at p99"}
	case event.Buffered:
		return phrase{"BUFFER", dim, plural(e.Count, "object") + " in memory only, of " + strconv.Itoa(e.Want)}
	case event.BufferLost:
		if e.Key != nil {
			return phrase{"LOST", bad, "what was in memory only is gone"}
		}
		return phrase{"LOST", bad, plural(e.Count, "object") + " that it had in memory only"}
	case event.Violated:
		return phrase{"VIOLATED", bad, message(e)}
	case event.RunOver:
		return phrase{"END", map[bool]style{true: good, false: bad}[e.Count == 0], message(e)}
	case event.TombstoneCollected:
		return phrase{"COLLECTED", dim, "nothing older is left anywhere: drops the tombstone " + clocks(e.Versions)}
	case event.TombstonesKept:
		return phrase{"KEPT", dim, "tombstones stay: " + message(e)}
	case event.Damaged:
		return phrase{"DAMAGED", bad, "the record failed its checksum" + prefixed(": ", message(e))}
	}
	return phrase{strings.ToUpper(escape.TerminalShort([]byte(e.Kind), 10)), dim, message(e)}
}

// describeRing is for changes of the ring and what they set off (§4.8, §4.9).
func describeRing(e event.Event) phrase {
	peer, keys := name(e.Peer), plural(e.Count, "key")
	switch e.Kind {
	case event.Membership:
		said := ""
		for _, c := range e.Changes {
			said += prefixed(" ", c.Kind.String()+" "+name(c.Node))
		}
		return phrase{"RING", accent, "learns" + said + prefixed(" from ", differs(peer, name(e.Node))) + ": " + plural(e.Count, "member")}
	case event.RangeOffered:
		return phrase{"OFFER", plain, "offers " + keys + " of a range to its new home " + peer}
	case event.RangeConfirmed:
		return phrase{"CONFIRM", good, "wants the " + keys + " that " + peer + " offers"}
	case event.RangeTransferred:
		return phrase{"TRANSFER", accent, peer + " holds the range now, " + keys + " travelled"}
	case event.RangeDropped:
		return phrase{"DROP", warn, "lets go of " + keys + ": all their homes hold them"}
	case event.RangeReady:
		return phrase{"READY", good, "was given a range with " + keys + ", and counts toward R"}
	case event.HintRehomed:
		return phrase{"HINT", hint, name(e.For) + " is gone: the hint goes to the homes of now"}
	case event.Departed:
		return phrase{"DEPARTED", warn, "left, and has nothing that others need"}
	}
	return phrase{"LEFT", dim, "was taken down"}
}

func message(e event.Event) string {
	if e.Message == "" && e.Err != wire.OK {
		return e.Err.String()
	}
	return escape.TerminalShort([]byte(e.Message), 80)
}

// prefixed is s after prefix, or nothing.
func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func differs(a, b string) string {
	if a == b {
		return ""
	}
	return a
}

func orNothing(s vclock.Siblings) string {
	if len(s) == 0 {
		return "nothing"
	}
	return clocks(s)
}

func siblingStyle(s vclock.Siblings, otherwise style) style {
	if len(s) > 1 {
		return concurrent
	}
	return otherwise
}

// traceID is how the trace verb names a request.
func traceID(id uint64) string { return strconv.FormatUint(id, 10) }
