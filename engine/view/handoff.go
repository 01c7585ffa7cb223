package view

import (
	"cmp"
	"strings"
	"time"

	"ringside/engine/event"
)

// Healing is what events say of the mechanisms that bring homes what they lack. Its sums begin with
// the stream: a snapshot does not have them.
type Healing struct {
	Repairs  int                          // replicas that read repair mended (§5)
	Handoffs map[HintPair]Handoff         // hints by holder and home (§4.6); at most MaxHandoffs
	Handed   Handoff                      // of all pairs
	Sync     SyncTotals                   // of all rounds of anti-entropy (§4.7)
	Synced   map[event.SyncPair]LastRound // the latest round of each range and pair of homes
	Differed []LastRound                  // rounds that found a difference: the latest MaxDiffered, in order
}

func newHealing() Healing {
	return Healing{Handoffs: map[HintPair]Handoff{}, Synced: map[event.SyncPair]LastRound{}}
}

// A HintPair is a fallback and the home that it keeps hints for.
type HintPair struct{ Holder, For string }

// A Handoff is what became of the hints of a pair since the holder last had none.
type Handoff struct {
	Stored    int
	Delivered int
	Dropped   int           // damaged ones, and those whose home left the ring
	Refused   int           // for which the holder had no room
	At        time.Duration // time of the latest event, since 1970
}

// handoff changes the handoff of a pair.
func (g *Healing) handoff(pair HintPair, at time.Duration, change func(*Handoff)) {
	h, ok := g.Handoffs[pair]
	if !ok && len(g.Handoffs) >= MaxHandoffs {
		g.forgetHandoff()
	}
	change(&h)
	change(&g.Handed)
	h.At, g.Handed.At = at, at
	g.Handoffs[pair] = h
}

// forgetHandoff forgets the handoff that ended first.
func (g *Healing) forgetHandoff() {
	var oldest HintPair
	found := false
	for p, h := range g.Handoffs {
		o := g.Handoffs[oldest]
		first := cmp.Or(cmp.Compare(h.At, o.At), strings.Compare(p.Holder, oldest.Holder), strings.Compare(p.For, oldest.For))
		if !found || first < 0 {
			oldest, found = p, true
		}
	}
	delete(g.Handoffs, oldest)
}

// hintsStored notes hints of a pair, n of which are new. The pair had none before if first is set.
func (g *Healing) hintsStored(pair HintPair, first bool, n int, at time.Duration) {
	if first {
		delete(g.Handoffs, pair)
	}
	g.handoff(pair, at, func(h *Handoff) { h.Stored += n })
}

// hintGone notes that a node no longer keeps a hint, or refused one.
func (g *Healing) hintGone(e event.Event) {
	g.handoff(HintPair{e.Node, e.For}, e.Time, func(h *Handoff) {
		switch e.Kind {
		case event.HintDelivered:
			h.Delivered++
		case event.HintRefused:
			h.Refused++
		default:
			h.Dropped++
		}
	})
}
