package event

import (
	"time"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// An Event is one thing that happened. The comment of its Kind says which fields are set.
//
// Event has a field for each fact of any kind. A type for each kind would cost an allocation for
// each event, and nodes emit events on their hottest paths.
type Event struct {
	Seq  uint64        // number in a stream, counting up by one; 0 in a snapshot
	Time time.Duration // since 1970
	Node string        // where it happened; "" for the whole cluster
	Kind Kind

	Request uint64 // the client's request that caused it; 0: none
	Key     []byte // a client's key, 1 to wire.MaxKey bytes
	Peer    string // the node at the other end
	For     string // the home that a hint is kept for
	Op      string // a word that the kind's comment names

	// Versions have values of at most PreviewLen bytes in events of nodes.
	Versions vclock.Siblings
	Homes    []string    // of Key, in rank order
	Hinted   []wire.Hint // the hints of a put
	Nodes    []string
	Count    int
	Want     int
	Err      wire.Code // wire.OK: no error
	Message  string    // for people
	Elapsed  time.Duration

	Settings *settings.Cluster
	State    *NodeState
	Replicas []Replica
	Rounds   []SyncRound
	Changes  member.History
	Span     *Span
	Addr     string     // host and port
	Groups   [][]string // nodes that can reach each other
	OneWay   bool       // earlier groups cannot reach later ones, which reach them
	Quorum   Quorum     // of a client's request
	Context  Context    // of a client's put
	Link     string     // n1>n3, n1-n3 or n1, as the command named it
	Delay    time.Duration
	Percent  float64 // 0 to 100
	LeftOut  []Tally
}

// OpBuffered is the Op of an Ack for a replica that is in its node's object buffer (§6.1).
const OpBuffered = "buffered"

// Fastest is the Message of Forwarded and Coordinate where the context chose the coordinator (§5).
const Fastest = "it answered the last get first"

// Section returns the section of the paper that the event shows, such as §4.6.
func (e Event) Section() string { return Sections[e.Kind] }

// Failed reports whether e is the reply to a request that failed.
func (e Event) Failed() bool { return e.Kind == Replied && e.Err != wire.OK }

// Fault reports whether e is a fault of the cluster, the end of a split, or a property that does
// not hold: the moments that a viewer of a recording wants to jump to.
func (e Event) Fault() bool {
	switch e.Kind {
	case Split, Heal, NodeDown, NodePaused, NodeWiped, Slow, Loss, Skew, DiskFailed, BufferLost, Violated:
		return true
	}
	return false
}

// A Span is a key range (Start, End].
type Span struct {
	Start ring.Position `json:"start"`
	End   ring.Position `json:"end"`
}

// PreviewLen bounds the bytes of a value in an event. Readers keep events by the ten thousand, and
// a value may have a megabyte.
const PreviewLen = 256

// Preview returns s with values and metadata cut to PreviewLen bytes, values with an ellipsis. It
// returns s itself if none is longer, and does not change s.
func Preview(s vclock.Siblings) vclock.Siblings {
	for i, v := range s {
		if len(v.Value) > PreviewLen || len(v.Meta) > PreviewLen {
			out := make(vclock.Siblings, len(s))
			copy(out, s)
			for j := i; j < len(out); j++ {
				if b := out[j].Value; len(b) > PreviewLen {
					out[j].Value = append(append([]byte(nil), b[:PreviewLen]...), "…"...)
				}
				if b := out[j].Meta; len(b) > PreviewLen {
					out[j].Meta = append([]byte(nil), b[:PreviewLen]...)
				}
			}
			return out
		}
	}
	return s
}
