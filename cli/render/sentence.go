package render

import (
	"fmt"
	"strings"

	"ringside/engine/event"
	"ringside/engine/wire"
)

// Sentence returns an event of a request as a sentence that names its nodes. For another event it
// returns the kind and the Detail.
func Sentence(e event.Event) string {
	if f := sentences[e.Kind]; f != nil {
		return f(e, Node(e.Node), Node(e.Peer))
	}
	return strings.TrimSpace(string(e.Kind) + " " + Detail(e))
}

// sentences are the sentences of the kinds. node and peer are safe for a terminal.
var sentences = map[event.Kind]func(e event.Event, node, peer string) string{
	event.Requested: func(e event.Event, node, _ string) string {
		s := fmt.Sprintf("%s %s reaches %s", Text(e.Op), Key(e.Key), node) + strictly(e)
		if e.Context == event.NoContext {
			s += ", and brings no context"
		}
		return s
	},
	event.Forwarded: func(e event.Event, node, peer string) string {
		if e.Message == event.Fastest {
			return fmt.Sprintf("%s forwards it to %s: %s (§5)", node, peer, e.Message)
		}
		return fmt.Sprintf("%s is not a home of the key: %s will coordinate", node, peer)
	},
	event.Coordinate: func(e event.Event, node, _ string) string {
		s := node + " coordinates" + after(", as a fallback for ", Node(e.For))
		if len(e.Versions) > 0 {
			s += ", stamps " + Clocks(e.Versions)
		}
		s += after("; homes ", Nodes(e.Homes))
		if e.Message != "" {
			s += "; " + Text(e.Message) + " (§5)"
		}
		return s
	},
	event.Replicate: func(e event.Event, _, peer string) string {
		return "replica to " + peer + after(", a fallback, with a hint for ", Node(e.For))
	},
	event.Stored: func(e event.Event, node, _ string) string {
		s := node + " stores " + Clocks(e.Versions)
		if e.Op != "" && e.Op != wire.Replicate.String() {
			s += " (" + Text(e.Op) + ")"
		}
		return s
	},
	event.HintStored: func(e event.Event, node, _ string) string {
		return fmt.Sprintf("%s keeps %s as a hint for %s", node, Clocks(e.Versions), Node(e.For))
	},
	event.Ack: func(e event.Event, _, peer string) string {
		return fmt.Sprintf("%s holds it %s: %s", peer, durability(e), progress(e))
	},
	event.ReadFrom: func(_ event.Event, node, peer string) string { return node + " asks " + peer + " for its replica" },
	event.ReadReply: func(e event.Event, _, peer string) string {
		if e.Err != wire.OK {
			return fmt.Sprintf("%s answers: %s", peer, Outcome(e.Err))
		}
		return fmt.Sprintf("%s holds %s: %s", peer, Clocks(e.Versions), progress(e))
	},
	event.Reconciled: func(e event.Event, _, _ string) string {
		return fmt.Sprintf("%s %s: %s", Versions(e.Versions), Verb(len(e.Versions), "remain"), Clocks(e.Versions))
	},
	event.ReadRepair: func(_ event.Event, _, peer string) string { return peer + " was stale: read repair" },
	event.Replied:    func(e event.Event, _, _ string) string { return replied(e) },
	event.Dropped: func(_ event.Event, node, peer string) string {
		return fmt.Sprintf("lost on the way from %s to %s", node, peer)
	},
	event.HintSent: func(_ event.Event, node, peer string) string { return node + " sends the hint to " + peer },
	event.HintDelivered: func(_ event.Event, node, peer string) string {
		return peer + " holds it; " + node + " deletes its hint"
	},
	event.HintRefused: func(e event.Event, node, _ string) string {
		return node + " keeps as many hints as it may, and refuses the one for " + Node(e.For)
	},
	event.FreshEpoch: func(_ event.Event, node, _ string) string {
		return node + " cannot prove its last counter: a fresh epoch"
	},
	event.RolledBack: func(e event.Event, node, _ string) string {
		return node + " starts on an old disk: " + Text(e.Message)
	},
	event.Truncated: func(e event.Event, node, _ string) string {
		return node + " cuts the clock, oldest pairs first: " + Text(e.Message)
	},
	event.LWWLost: func(e event.Event, _, _ string) string { return lostTo(e) },
}

// progress returns how many answers there are of those that are needed.
func progress(e event.Event) string {
	if e.Count > e.Want {
		return fmt.Sprintf("%d, and %d were needed", e.Count, e.Want)
	}
	return fmt.Sprintf("%d of %d", e.Count, e.Want)
}

func replied(e event.Event) string {
	if e.Err != wire.OK {
		return fmt.Sprintf("%s: %d of %d  %s", Outcome(e.Err), e.Count, e.Want, Duration(e.Elapsed))
	}
	s := "ok"
	if e.Op == "get" && len(e.Versions.Live()) == 0 {
		s = "no value"
	}
	if len(e.Versions) > 0 {
		s += " " + Clocks(e.Versions)
	}
	if e.Want > 0 {
		s += "  " + progress(e)
	}
	if n := len(e.Hinted); n > 0 {
		s += fmt.Sprintf(", %d hinted", n)
	}
	return s + "  " + Duration(e.Elapsed)
}
