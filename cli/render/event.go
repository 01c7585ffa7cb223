package render

import (
	"fmt"
	"slices"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/wire"
)

// A Phrase is an event as a log with columns shows it. The node, the key and the request have
// columns of their own and are not in Text.
type Phrase struct {
	Word string // what happened: one word in capitals, perhaps after a sign such as ✂
	Tone Tone
	Text string
}

// Describe returns the phrase of an event. Nodes of a Suspect or Alive are further peers, for a
// log that merges several such events into one row.
func Describe(e event.Event) Phrase {
	if e.Kind == event.Replied {
		return Phrase{strings.ToUpper(escape.TerminalShort([]byte(e.Op), maxOp)), ToneOf(e), repliedText(e)}
	}
	p, ok := phrases[e.Kind]
	if !ok {
		return Phrase{strings.ToUpper(escape.TerminalShort([]byte(e.Kind), maxUnknown)), Dim, message(e)}
	}
	return Phrase{p.word, ToneOf(e), p.text(e)}
}

// Limits on untrusted text in a phrase, in runes.
const (
	maxOp      = 8  // of an operation
	maxPurpose = 12 // of the reason why a replica was stored
	maxUnknown = 10 // of a kind that this version does not know
	maxAddr    = 24
	maxLink    = 2*wire.MaxName + 1
	maxMessage = 80
	// maxSide is how many nodes of a side of a split are named in one line.
	maxSide = 6
)

// InStory reports whether an event tells what happened to the cluster. The other events are the
// single messages that made it happen.
func InStory(e event.Event) bool {
	switch e.Kind {
	case event.RangeTransferred, event.RangeDropped:
		return e.Count > 0 // a range without keys moves nothing
	}
	return story[e.Kind]
}

var story = map[event.Kind]bool{
	event.NodeUp: true, event.NodeDown: true, event.NodePaused: true, event.NodeWiped: true, event.Split: true,
	event.Heal: true, event.Slow: true, event.Loss: true, event.Skew: true, event.DiskFailed: true, event.Gap: true,
	event.HintStored: true, event.ReadRepair: true, event.Replied: true, event.LWWLost: true, event.FreshEpoch: true,
	event.RolledBack: true, event.Truncated: true,
	event.HintDelivered: true, event.HintRefused: true, event.Suspect: true, event.Alive: true, event.Damaged: true,
	event.Membership: true, event.Departed: true, event.NodeLeft: true, event.HintRehomed: true,
	event.BufferLost: true, event.Violated: true, event.RunOver: true,
}

// phrases are the words and texts of the kinds. Replied is not among them.
var phrases = map[event.Kind]struct {
	word string
	text func(event.Event) string
}{
	// The driver: nodes and links.
	event.NodeUp: {"UP", func(e event.Event) string {
		return "runs" + after(" at ", escape.TerminalShort([]byte(e.Addr), maxAddr))
	}},
	event.NodeDown: {"DOWN", func(e event.Event) string {
		return "crashed; its disk stays" + after(": ",
			message(e))
	}},
	event.NodePaused: {"PAUSED", fixed("does not work; its connections stay")},
	event.NodeWiped:  {"WIPED", fixed("lost its disk")},
	event.Serves: {"SERVES", func(e event.Event) string {
		if e.Addr == "" {
			return "no longer serves " + Text(e.Op) + after(": ", message(e))
		}
		return Text(e.Op) + " at " + escape.TerminalShort([]byte(e.Addr), maxAddr) + after(": ", message(e))
	}},
	event.Split: {"✂ SPLIT", func(e event.Event) string {
		way := ""
		if e.OneWay {
			way = " (one way)"
		}
		return "partition " + Sides(e.Groups, maxSide) + way
	}},
	event.Heal:       {"HEAL", fixed("the network is whole again")},
	event.Slow:       {"SLOW", func(e event.Event) string { return link(e) + " by " + Duration(e.Delay) }},
	event.Loss:       {"LOSS", func(e event.Event) string { return link(e) + " loses " + Percent(e.Percent, 4) }},
	event.Skew:       {"SKEW", func(e event.Event) string { return "its clock is " + Ahead(e.Delay) }},
	event.Dropped:    {"DROPPED", func(e event.Event) string { return "a message to " + peers(e) + " was lost" }},
	event.DiskFailed: {"DISK", func(e event.Event) string { return "failed" + after(": ", message(e)) }},
	event.Gap: {"GAP", func(e event.Event) string {
		return "missed " + Count(e.Count, "event")
	}},
	event.Summary: {"SUMMARY", func(e event.Event) string {
		return Count(e.Count, "event") + " not shown, because more happened than a screen can show"
	}},
	event.Buffered: {"BUFFER", func(e event.Event) string {
		return fmt.Sprintf("%s in memory only, of %d", Count(e.Count, "object"), e.Want)
	}},
	event.BufferLost: {"LOST", func(e event.Event) string {
		if e.Key != nil {
			return "the version was in memory only and is gone"
		}
		return Count(e.Count, "object") + " that it had in memory only"
	}},
	event.Violated: {"VIOLATED", message},
	event.RunOver:  {"END", message},

	// A client's request.
	event.Requested: {"REQUEST", func(e event.Event) string {
		return "a client asks for " + escape.TerminalShort([]byte(e.Op), maxOp) + strictly(e)
	}},
	event.Forwarded: {"FORWARD", func(e event.Event) string {
		if e.Message == event.Fastest {
			return "to " + Node(e.Peer) + ": " + e.Message
		}
		return "to " + Node(e.Peer) + ", one of the top N"
	}},
	event.Coordinate: {"COORDINATE", func(e event.Event) string {
		out := ""
		if len(e.Versions) > 0 {
			out = "stamps " + Clocks(e.Versions)
		}
		return out + after(" for ", Nodes(e.Homes)) + after("; ", Text(e.Message))
	}},
	event.Replicate: {"REPLICATE", func(e event.Event) string {
		return "to " + Node(e.Peer) + after(", with a hint for ", Node(e.For))
	}},
	event.Stored: {"REPLICA", func(e event.Event) string {
		return "stored " + Clocks(e.Versions) + after(" by ", escape.TerminalShort([]byte(e.Op), maxPurpose)) +
			after(" from ", Node(e.Peer))
	}},
	event.HintStored: {"⚑ HINT", func(e event.Event) string {
		return "kept for " + Node(e.For) + " " + Clocks(e.Versions)
	}},
	event.Ack: {"ACK", func(e event.Event) string {
		return fmt.Sprintf("%s holds it %s  %d/%d", Node(e.Peer), durability(e), e.Count, e.Want)
	}},
	event.ReadFrom: {"READ", func(e event.Event) string { return "asks " + Node(e.Peer) }},
	event.ReadReply: {"ANSWER", func(e event.Event) string {
		return fmt.Sprintf("%s has %s  %d/%d", Node(e.Peer), Clocks(e.Versions), e.Count, e.Want)
	}},
	event.Reconciled: {"RECONCILE", func(e event.Event) string { return "leaves " + Clocks(e.Versions) }},
	event.ReadRepair: {"REPAIR", func(e event.Event) string {
		out := "read repair: " + Node(e.Peer) + " was stale"
		if len(e.Versions) > 0 {
			out += ", gets " + Clocks(e.Versions)
		}
		return out
	}},
	event.LWWLost:    {"LWW LOST", lostTo},
	event.FreshEpoch: {"EPOCH", fixed("starts a fresh epoch, because its counters cannot be proved")},
	event.RolledBack: {"OLD DISK", message},
	event.Truncated:  {"TRUNCATED", func(e event.Event) string { return "the clock is too long: " + message(e) }},

	// A node's own work.
	event.HintSent: {"HANDOFF", func(e event.Event) string { return "sends the hint to " + Node(e.Peer) }},
	event.HintDelivered: {"HANDOFF", func(e event.Event) string {
		via := ""
		if e.Peer != e.For {
			via = after(" via ", Node(e.Peer))
		}
		return Node(e.For) + via + " holds it durably; the hint is gone"
	}},
	event.HintRefused: {"HINT", func(e event.Event) string {
		return "refused" + after(" for ", Node(e.For)) + after(": ", message(e))
	}},
	event.Suspect: {"SUSPECT", func(e event.Event) string { return "believes " + peers(e) + " failed" }},
	event.Alive:   {"ALIVE", func(e event.Event) string { return "hears from " + peers(e) + " again" }},
	event.Damaged: {"DAMAGED", func(e event.Event) string {
		return "the record failed its checksum" + after(": ", message(e))
	}},
	event.Slice: {"SLICE", func(e event.Event) string {
		return Percent(e.Percent, 3) + " for background work; clients wait " + Duration(e.Delay) + " at p99"
	}},
	event.TombstoneCollected: {"COLLECTED", func(e event.Event) string {
		return "no node holds anything older: drops the tombstone " + Clocks(e.Versions)
	}},
	event.TombstonesKept: {"KEPT", func(e event.Event) string { return "tombstones stay: " + message(e) }},

	// The ring (§4.8, §4.9).
	event.Membership: {"RING", func(e event.Event) string {
		out := "learns"
		for _, c := range e.Changes {
			out += " " + c.Kind.String() + " " + Node(c.Node)
		}
		if e.Peer != e.Node {
			out += after(" from ", Node(e.Peer))
		}
		return out + ": " + Count(e.Count, "member")
	}},
	event.RangeOffered: {"OFFER", func(e event.Event) string {
		return "offers " + Count(e.Count, "key") + " of a range to its new home " + Node(e.Peer)
	}},
	event.RangeConfirmed: {"CONFIRM", func(e event.Event) string {
		return "wants the " + Count(e.Count, "key") + " that " + Node(e.Peer) + " offers"
	}},
	event.RangeTransferred: {"TRANSFER", func(e event.Event) string {
		return Node(e.Peer) + " holds the range now; " + Count(e.Count, "key") + " moved"
	}},
	event.RangeDropped: {"DROP", func(e event.Event) string {
		return "drops " + Count(e.Count, "key") + " that all their homes hold"
	}},
	event.RangeReady: {"READY", func(e event.Event) string {
		return "was given a range with " + Count(e.Count, "key") + ", and counts toward R"
	}},
	event.HintRehomed: {"HINT", func(e event.Event) string {
		return Node(e.For) + " is gone: the hint goes to the present homes"
	}},
	event.Departed: {"DEPARTED", fixed("left, and holds nothing that other nodes need")},
	event.NodeLeft: {"LEFT", fixed("was taken down")},
}

// strictly says that the client of a request asked for a strict quorum, "" if it did not.
func strictly(e event.Event) string {
	if e.Quorum == event.StrictQuorum {
		return " with a strict quorum"
	}
	return ""
}

// replyWords are the words of Replied events, which are their operations.
var replyWords = []string{"put", "get", "del"}

// KindsShownAs returns the kinds of event that Describe shows as word, in any case and without a
// sign. An operation is the word of Replied, and Requested has it in its text.
func KindsShownAs(word string) []string {
	word = strings.ToLower(word)
	if slices.Contains(replyWords, word) {
		return []string{string(event.Replied), string(event.Requested)}
	}
	var out []string
	for kind, p := range phrases {
		if strings.ToLower(strings.TrimLeft(p.word, "✂⚑ ")) == word {
			out = append(out, string(kind))
		}
	}
	slices.Sort(out)
	return out
}

func fixed(text string) func(event.Event) string { return func(event.Event) string { return text } }

// repliedText is the text of the end of a client's request.
func repliedText(e event.Event) string {
	letter := "W"
	if e.Op == "get" {
		letter = "R"
	}
	out := fmt.Sprintf("%s %d/%d ", letter, e.Count, e.Want)
	switch {
	case e.Failed():
		out += "failed: " + Outcome(e.Err)
		if e.Message != "" {
			out += " · " + message(e)
		}
	case e.Op == "get" && len(e.Versions.Live()) == 0:
		out += "not found"
	case e.Op == "get" && len(e.Versions.Live()) > 1:
		out += fmt.Sprintf("‖ %s %s", Count(len(e.Versions.Live()), "sibling"), Clocks(e.Versions))
	default:
		out += "ok"
		if len(e.Versions) > 0 {
			out += " " + Clocks(e.Versions)
		}
	}
	if len(e.Nodes) > 0 {
		out += " (" + Nodes(e.Nodes) + ")"
	}
	for i, h := range e.Hinted {
		if i == 0 {
			out += " hinted"
		}
		out += " " + Node(h.Holder) + "▸" + Node(h.For)
	}
	return out + "  " + Duration(e.Elapsed)
}

// lostTo returns the text on a version that last write wins lost, with the version that it lost
// to.
func lostTo(e event.Event) string {
	how := "lost to a later write"
	if e.Message != "" {
		how = Text(e.Message)
	}
	return "last write wins: " + Clocks(e.Versions) + " is " + how
}

// durability says how the node that acknowledges a replica holds the replica.
func durability(e event.Event) string {
	if e.Op == event.OpBuffered {
		return "in memory"
	}
	return "durably"
}

func peers(e event.Event) string { return Nodes(append([]string{e.Peer}, e.Nodes...)) }

func link(e event.Event) string { return escape.TerminalShort([]byte(e.Link), maxLink) }

// message returns an event's message, or the words for its code.
func message(e event.Event) string {
	if e.Message == "" && e.Err != wire.OK {
		return Outcome(e.Err)
	}
	return escape.TerminalShort([]byte(e.Message), maxMessage)
}

// after returns s after a prefix, "" if s is empty.
func after(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}
