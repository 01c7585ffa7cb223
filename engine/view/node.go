package view

import (
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
)

// A Status says whether a node runs.
type Status string

const (
	Up     Status = "up"
	Down   Status = "down"
	Paused Status = "paused" // the node runs, and does nothing until it is resumed
)

// A Node is what events say of one node. Counts marked with (S) are as of the node's last State
// event.
type Node struct {
	Name   string
	Status Status
	Reason string // why the node is down if no command took it down, "" otherwise
	Addr   string // host and port
	// Services are the addresses at which the node serves clients of other protocols, by service.
	Services map[string]string
	Silent   bool // the node did not answer the last snapshot; its counts are older

	Keys     int                           // live keys that it holds as a home
	Hints    map[string]event.HintCount    // by home
	Suspects map[string]bool               // nodes that it believes failed
	Roots    map[event.Span]event.TreeRoot // of its Merkle trees (S); no entry: it holds nothing of the range
	Load     Rate                          // replicas that it stored or read

	Tombstones     int               // keys of which it holds only tombstones (S)
	TombstonesKept string            // why tombstones stay (S)
	Oversized      []event.Oversized // merges that were refused (S)
	Buffered       int               // objects that are in its memory only (§6.1)
	Lost           int               // acknowledged versions that it saw last write wins lose (S)
	Slice          float64           // share of its rate for background work, 0 to 1 (§6.5); 0: unknown

	NodeRing
}

// NodeRing is what a node knows of the ring, and what the ring asks of the node.
type NodeRing struct {
	History member.History // the membership history that the node knows
	Digest  uint64         // of History; 0: the node did not report it
	Pending int            // ranges that the node is a home of and was not yet given (§4.9)
	Foreign int            // keys that the node holds without being their home (S)
}

func newNode(name string) *Node {
	return &Node{Name: name, Status: Down, Hints: map[string]event.HintCount{}, Suspects: map[string]bool{},
		Services: map[string]string{}}
}

// HintTotal returns the number of hints that the node keeps.
func (n *Node) HintTotal() int {
	t := 0
	for _, h := range n.Hints {
		t += h.Keys
	}
	return t
}

// Current reports whether the node's counts are as of the newest event. They are older while the
// node is down or paused.
func (n *Node) Current() bool { return n.Status == Up && !n.Silent }

// setState takes the node's account of itself.
func (n *Node) setState(s *event.NodeState) {
	n.Keys, n.Pending, n.Foreign, n.Buffered, n.Slice = s.Keys, s.Pending, s.Foreign, s.Buffered, s.Slice
	n.Tombstones, n.TombstonesKept = s.Tombstones, s.TombstonesKept
	n.Silent, n.Lost, n.Oversized = s.LastKnown, s.Lost, s.Oversized
	if s.Digest != 0 {
		n.History, n.Digest = s.Changes, s.Digest
	}
	clear(n.Hints)
	for _, h := range s.Hints {
		n.Hints[h.For] = h
	}
	clear(n.Suspects)
	for _, p := range s.Suspects {
		n.Suspects[p] = true
	}
	n.Roots = make(map[event.Span]event.TreeRoot, len(s.Roots))
	for _, r := range s.Roots {
		n.Roots[event.Span{Start: r.Start, End: r.End}] = r
	}
}

// addHint changes the number of hints for home.
func (n *Node) addHint(home string, by int, at time.Duration) {
	h := n.Hints[home]
	if h.Keys == 0 {
		h = event.HintCount{For: home, Oldest: at}
	}
	if h.Keys += by; h.Keys <= 0 {
		delete(n.Hints, home)
		return
	}
	n.Hints[home] = h
}
