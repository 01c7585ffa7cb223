package view

import (
	"time"

	"ringside/engine/event"
	"ringside/engine/wire"
)

// A Sampled counts the events of a screen's stream: those that came, and those that were left out
// because more happened than a person can read.
type Sampled struct {
	Shown   Rate
	LeftOut Rate
}

// Last returns the number of events of the last whole second before now, and how many of them were
// shown. Both are 0 if all were shown.
func (s *Sampled) Last(now time.Duration) (all, shown int) {
	out := s.LeftOut.Last(now, 1)[0]
	if out == 0 {
		return 0, 0
	}
	shown = s.Shown.Last(now, 1)[0]
	return out + shown, shown
}

// summarise applies what a Summary counts. The result is that of the events that were left out,
// except for the log, requests, keys and latencies, of which the events that came are a sample. The
// next snapshot counts the versions that last write wins lost.
func (v *Cluster) summarise(e event.Event) {
	v.Sampled.LeftOut.addN(e.Time, e.Count)
	for _, t := range e.LeftOut {
		if t.Count <= 0 { // of a forged recording
			continue
		}
		switch t.Kind {
		case event.Replied:
			v.Ops.addN(e.Time, t.Count)
		case event.ReadRepair:
			v.Repairs += t.Count
		default:
			if n := v.Node(t.Node); n != nil {
				v.summariseNode(n, t, e.Time)
			}
		}
	}
	for _, t := range e.LeftOut { // after the hints that were stored, because no count is below zero
		if n := v.Node(t.Node); n != nil && t.Kind == event.HintDelivered && t.Count > 0 {
			v.handoff(HintPair{t.Node, t.For}, e.Time, func(h *Handoff) { h.Delivered += t.Count })
			n.addHint(t.For, -t.Count, e.Time)
		}
	}
}

// summariseNode applies the events of a tally that applyNode would have applied.
func (v *Cluster) summariseNode(n *Node, t event.Tally, at time.Duration) {
	switch t.Kind {
	case event.Stored:
		if t.Op == wire.AntiEntropy.String() {
			v.Sync.Keys += t.Count
		}
		n.Load.addN(at, t.Count)
		n.Keys += t.Sum
	case event.HintStored:
		n.Load.addN(at, t.Count)
		v.hintsStored(HintPair{n.Name, t.For}, n.Hints[t.For].Keys == 0, t.Sum, at)
		n.addHint(t.For, t.Sum, at)
	case event.ReadReply:
		n.Load.addN(at, t.Count)
	case event.TombstoneCollected:
		n.Tombstones = max(0, n.Tombstones-t.Count)
	}
}
