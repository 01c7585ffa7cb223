package account

import (
	"cmp"
	"slices"

	"ringside/engine/event"
	"ringside/engine/wire"
)

// A Verdict is why a request ended as it did, as facts. Every text about the end of a request is
// made from its Verdict: that of WhyRequest, and those of package diagram.
type Verdict struct {
	Reply     *event.Event // Replied; nil if no answer is known
	Asked     *event.Event // Requested; nil if the beginning is not known
	Forward   *event.Event // Forwarded; nil if the node that was asked coordinates
	Stamp     *event.Event // Coordinate; nil for a get, or if a put was not stamped
	Homes     []string     // of the key, in rank order
	Answered  []string     // the nodes that had acknowledged or answered when the client was answered
	Others    []string     // of Answered, those that are no homes
	Silent    []Unheard    // asked, and without an answer when the client was answered
	Late      []string     // answered after the client was answered
	Fallbacks []Fallback   // homes of a put whose replicas did not go to them
	Away      []Unheard    // homes that did not answer, and that the coordinator could not reach
	Acks      int          // of homes, at any time
	Kept      []string     // nodes that stored what the request wrote
	Older     []string     // of Answered, those with an older version than the result of a get
	Empty     []string     // of Answered, those that held nothing of the key
	Repaired  []string     // got what they lacked after a get: read repair
	Blind     bool         // a put without a context, to a node that held versions of the key
}

// A Fallback is a node that has the replica of a home, or the lack of such a node.
type Fallback struct {
	Home, Node string // "" for Node: none was left
	Asked      bool   // the home was asked first, and did not answer
	from       string // the coordinator
	seq        uint64 // of the event that tells of the fallback
	cause      cause
}

// Obstacle returns what kept the coordinator from the home, such as "the split of 12:04:25". It
// returns "" if no event tells of anything but a belief.
func (s *Fallback) Obstacle() string { return s.cause.obstacle() }

// reason says why the replica did not go to its home.
func (s *Fallback) reason() string {
	if s.cause.short != "" {
		return s.cause.short
	}
	return named(s.Home) + " did not answer " + named(s.from)
}

// An Unheard is a node from which no answer came.
type Unheard struct {
	Node  string
	cause cause
}

// Obstacle is that of a Fallback.
func (n *Unheard) Obstacle() string { return n.cause.obstacle() }

// Verdict returns the verdict on a request. events are those of the request, and of the handoff
// that the request led to, in the order of time. homes are those of the key now, for a request
// whose events do not name them.
func (a *Account) Verdict(events []event.Event, homes []string) *Verdict {
	v := &Verdict{Homes: homes}
	for i := range events {
		switch e := &events[i]; e.Kind {
		case event.Requested:
			v.Asked = cmp.Or(v.Asked, e)
		case event.Forwarded:
			v.Forward = cmp.Or(v.Forward, e)
		case event.Coordinate:
			v.Stamp = cmp.Or(v.Stamp, e)
			v.Homes = e.Homes
		case event.Replied:
			v.Reply = e
		case event.ReadRepair:
			v.Repaired = append(v.Repaired, e.Peer)
		case event.Stored, event.HintStored:
			if !slices.Contains(v.Kept, e.Node) {
				v.Kept = append(v.Kept, e.Node)
			}
			bare := v.Asked != nil && v.Asked.Context == event.NoContext
			v.Blind = v.Blind || bare && v.Stamp != nil && e.Node == v.Stamp.Node && len(e.Versions) > 1
		}
	}
	v.answers(&a.timeline, events)
	v.replaced(&a.timeline, events)
	if v.Reply != nil {
		v.compare(events)
		v.absent(&a.timeline)
	}
	return v
}

// answers takes in which nodes answered, and when.
func (v *Verdict) answers(t *timeline, events []event.Event) {
	ended := false
	for i := range events {
		switch e := &events[i]; e.Kind {
		case event.Replied:
			ended = true
		case event.Replicate, event.ReadFrom:
			if !ended {
				v.Silent = append(v.Silent, Unheard{e.Peer, t.obstacleAt(e.Node, e.Peer, e.Seq)})
			}
		case event.Ack, event.ReadReply:
			if e.Kind == event.Ack && e.For == "" {
				v.Acks++
			}
			if ended {
				v.Late = append(v.Late, e.Peer)
				continue
			}
			v.Silent = slices.DeleteFunc(v.Silent, func(n Unheard) bool { return n.Node == e.Peer })
			v.Answered = append(v.Answered, e.Peer)
		}
	}
	if v.Reply != nil && len(v.Reply.Nodes) > 0 {
		v.Answered = v.Reply.Nodes
	}
	for _, n := range v.Answered {
		if len(v.Homes) > 0 && !slices.Contains(v.Homes, n) {
			v.Others = append(v.Others, n)
		}
	}
}

// replaced takes in which node has the replica of which home.
func (v *Verdict) replaced(t *timeline, events []event.Event) {
	asked := map[string]bool{}
	add := func(e *event.Event, home, node string) {
		v.Fallbacks = append(v.Fallbacks, Fallback{
			Home: home, Node: node, Asked: node != "" && asked[home], from: e.Node, seq: e.Seq,
			cause: t.obstacleAt(e.Node, home, e.Seq),
		})
	}
	for i := range events {
		switch e := &events[i]; {
		case e.Kind == event.Coordinate:
			if e.For != "" {
				add(e, e.For, e.Node)
			}
			for _, home := range e.Nodes {
				add(e, home, "")
			}
		case e.Kind == event.Replicate && e.For != "":
			add(e, e.For, e.Peer)
		case e.Kind == event.Replicate:
			asked[e.Peer] = true
		}
	}
}

// compare takes in which nodes answered a get with less than its result.
func (v *Verdict) compare(events []event.Event) {
	for i := range events {
		e := &events[i]
		switch {
		case e.Kind != event.ReadReply || e.Err != wire.OK || !slices.Contains(v.Reply.Nodes, e.Peer):
		case len(e.Versions) == 0:
			v.Empty = append(v.Empty, e.Peer)
		case !e.Versions.Equal(v.Reply.Versions):
			v.Older = append(v.Older, e.Peer)
		}
	}
}

// absent takes in which homes the coordinator could not reach when it answered.
func (v *Verdict) absent(t *timeline) {
	from := cmp.Or(v.Reply.Peer, v.Reply.Node)
	for _, home := range v.Homes {
		if home == from || slices.Contains(v.Reply.Nodes, home) {
			continue
		}
		if c := t.obstacleAt(from, home, v.Reply.Seq); c.short != "" {
			v.Away = append(v.Away, Unheard{home, c})
		}
	}
}
