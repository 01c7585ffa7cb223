package event

// A Tally counts events that the stream of a screen left out: those of one kind at one node. A
// reducer of the stream learns from the tallies what it would have counted.
type Tally struct {
	Node  string `json:"node"` // where the events happened; for ReadReply the node that answered
	Kind  Kind   `json:"kind"`
	For   string `json:"for,omitempty"` // of events about hints: the home
	Op    string `json:"op,omitempty"`  // of Stored and HintStored
	Count int    `json:"count"`         // at least 1
	Sum   int    `json:"sum,omitempty"` // of the Count fields of Stored and HintStored
}

// TallyOf returns the tally that counts e alone.
func TallyOf(e *Event) Tally {
	t := Tally{Node: e.Node, Kind: e.Kind, Count: 1}
	switch e.Kind {
	case ReadReply:
		t.Node = e.Peer
	case Stored:
		t.Op, t.Sum = e.Op, e.Count
	case HintStored:
		t.For, t.Op, t.Sum = e.For, e.Op, e.Count
	case HintDelivered:
		t.For = e.For
	}
	return t
}

// Counts reports whether t and u count the same events, so that they can be added.
func (t *Tally) Counts(u *Tally) bool {
	return t.Kind == u.Kind && t.Node == u.Node && t.For == u.For && t.Op == u.Op
}

// Frequent reports whether the stream of a screen may leave out events of the kind. These are
// events about single keys, and about the messages of a request. A node has thousands of them a
// second. No reducer needs more of them than tallies have, and what a snapshot has.
func (k Kind) Frequent() bool {
	switch k {
	case Requested, Forwarded, Coordinate, Replicate, Stored, HintStored, Ack, ReadFrom, ReadReply, Reconciled,
		ReadRepair, Replied, LWWLost, HintSent, HintDelivered, Dropped, TombstoneCollected:
		return true
	}
	return false
}
