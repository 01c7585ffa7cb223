package engine

// §4.9 Adding/Removing Storage Nodes: a node X that joins is assigned key ranges of which others were
// in charge. "Some existing nodes no longer have to" keep some of their keys "and these nodes transfer
// those keys to X": they offer them, and transfer them when X confirms. A removal does the reverse.
//
// Whoever holds anything of a range of which it is no home brings it to all N homes, and drops it
// only when each of them has all of it durably, so that a join, a leave, a removed node that returns
// and a write by somebody who knows an old ring are one case. A transfer is a round of anti-entropy that only
// pushes: what the new home has already does not travel. The new home's side is in pending.go.

import (
	"math"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/merkle"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/wire"
)

// transfers is what a node is handing over, or is being given.
type transfers struct {
	out   map[keyrange.ID]*handover
	in    map[keyrange.ID]incoming
	again bool // the next look at what is still to be handed over is planned
	soon  bool // a look at what is to be handed over is planned
	left  bool // it has told that it has nothing left
}

// A handover is a range that the node holds and is no home of.
type handover struct {
	keyrange.ID
	done map[string]uint64 // home → the root of what it holds of ours
	busy bool              // an offer or a transfer is under way
	from time.Duration     // it waits until then
}

// An incoming transfer is one that the node has confirmed.
type incoming struct {
	from  string
	until time.Duration // when it counts as given up
}

func newTransfers() *transfers {
	return &transfers{out: map[keyrange.ID]*handover{}, in: map[keyrange.ID]incoming{}}
}

// reshapeTransfers forgets what was said of another ring: a home that had all may have been none in between.
func (n *Node) reshapeTransfers() {
	for _, h := range n.transfer.out {
		clear(h.done)
	}
	for at := range n.transfer.in {
		if !at.HasHomes(n.members.ring, n.cfg.Name) {
			delete(n.transfer.in, at)
		}
	}
}

// handover returns the range's, which is begun if there is none.
func (n *Node) handover(at keyrange.ID) *handover {
	h := n.transfer.out[at]
	if h == nil {
		h = &handover{ID: at, done: map[string]uint64{}}
		n.transfer.out[at] = h
		if n.odd(SlowTransfers) {
			h.from = n.now + slow
		}
	}
	return h
}

// handOverSoon plans a look at what is to be handed over.
func (n *Node) handOverSoon() {
	if n.transfer.soon {
		return
	}
	n.transfer.soon = true
	n.after(handOverPause, func() {
		n.transfer.soon = false
		n.handOver()
	})
}

// handOverPause gathers what one change sets off.
const handOverPause = time.Millisecond

// handOver goes on with everything that is to be handed over, and comes again
// as long as there is something.
func (n *Node) handOver() {
	if !n.members.ringKnown() || mutant.Is(mutant.ForeignKept) {
		return
	}
	for _, rg := range n.members.ring.Ranges() {
		if at := keyrange.Of(n.members.ring, rg); !slices.Contains(rg.Homes, n.cfg.Name) && (n.trees.Tree(at).Keys() > 0 || n.members.lost[at]) {
			n.handover(at)
		}
	}
	for _, at := range keyrange.Sorted(n.transfer.out) {
		n.advance(n.transfer.out[at])
	}
	n.askForPending()
	n.startRounds()
	if more := len(n.transfer.out)+len(n.members.pending) > 0 || !n.members.has(n.cfg.Name) && !n.transfer.left; more && !n.transfer.again {
		n.transfer.again = true
		n.after(n.cfg.Timings.Transfer, func() {
			n.transfer.again = false
			n.handOver()
		})
	}
	n.tellLeft()
}

// advance offers the range to the next home that lacks something, or drops it if none does.
func (n *Node) advance(h *handover) {
	rg, ok := h.ID.Find(n.members.ring)
	if !ok || slices.Contains(rg.Homes, n.cfg.Name) {
		delete(n.transfer.out, h.ID) // the ring changed again
		return
	}
	if h.busy || n.now < h.from {
		return
	}
	all := true
	for _, home := range rg.Homes {
		if root, done := h.done[home]; done && (root == n.trees.Tree(h.ID).Root() || mutant.Is(mutant.LateWritesDropped)) {
			continue
		}
		if mutant.Is(mutant.RangeDroppedUnconfirmed) && len(h.done) > 0 {
			break
		}
		if mutant.Is(mutant.SilentHomePassedOver) && !n.detector.healthy(home) && len(h.done) > 0 {
			continue
		}
		all = false
		if n.detector.healthy(home) {
			n.offer(h, home)
			return
		}
	}
	if all {
		n.drop(h)
	}
}

func (h *handover) message(t *merkle.Tree, phase wire.OfferPhase) wire.Offer {
	return wire.Offer{Start: h.Start, End: h.End, Depth: h.Depth, Phase: phase, Keys: min(t.Keys(), math.MaxInt32), Size: min(t.Size(), math.MaxInt32)}
}

// offer asks a home whether it wants the range, and transfers it once that confirms.
func (n *Node) offer(h *handover, home string) {
	t := n.trees.Tree(h.ID)
	if t.Keys() == 0 {
		n.handed(h, home, t.Root())
		return
	}
	h.busy = true
	span := spanOf(h.ID)
	n.emit(event.Event{Kind: event.RangeOffered, Peer: home, Span: span, Count: t.Keys()})
	n.calls.begin(home, 0, h.message(t, wire.OfferRange), n.cfg.Timings.Patience, call{
		onSilent: func() { h.busy = false },
		onAnswer: func(b wire.Body) {
			if r, ok := b.(wire.OfferReply); !ok || r.Err != wire.OK || r.Answer != wire.OfferConfirmed {
				h.busy = false // the next look tries again
				return
			}
			root := n.trees.Tree(h.ID).Root()
			n.sync.tasks = append(n.sync.tasks, task{taskKey: taskKey{h.ID, home}, transfer: true, done: func(r event.SyncRound) {
				h.busy = false
				if r.Err != "" {
					return
				}
				n.emit(event.Event{Kind: event.RangeTransferred, Peer: home, Span: span, Count: r.Sent, Rounds: []event.SyncRound{r}})
				n.transferred(h, home, root)
			}})
			n.startRounds()
		},
	})
}

// transferred goes on after a transfer of what made up root. Where the node is odd that takes a while, and what comes
// to the node meanwhile is not part of root.
func (n *Node) transferred(h *handover, home string, root uint64) {
	if !n.odd(SlowTransfers) {
		n.handed(h, home, root)
		return
	}
	h.busy = true
	n.after(slow, func() {
		if h.busy = false; n.transfer.out[h.ID] != h || !n.mayCompare(task{taskKey: taskKey{h.ID, home}, transfer: true}) {
			return // the ring changed, and the next look tries again
		}
		n.handed(h, home, root)
	})
}

// handed notes that home holds everything that made up root, and tells it so.
func (n *Node) handed(h *handover, home string, root uint64) {
	h.busy = true
	o := h.message(n.trees.Tree(h.ID), wire.OfferDone)
	o.From = n.missing(h.ID)
	n.calls.begin(home, 0, o, n.cfg.Timings.Patience, call{
		onSilent: func() { h.busy = false },
		onAnswer: func(b wire.Body) {
			h.busy = false
			if r, ok := b.(wire.OfferReply); ok && r.Err == wire.OK && n.transfer.out[h.ID] == h {
				h.done[home] = root
				n.advance(h)
			}
		},
	})
}

// drop deletes the range: all its homes hold it durably.
func (n *Node) drop(h *handover) {
	delete(n.transfer.out, h.ID)
	delete(n.members.pending, h.ID)
	delete(n.members.lost, h.ID)
	n.members.mark(h.ID)
	count, keys := 0, n.records.keys
	var dropped [][]byte
	scanRange(n.db, h.ID, func(k, v []byte) {
		dropped = append(dropped, slices.Clone(k))
		rec, err := record.Decode(v)
		n.records.keys -= liveOrDamaged(rec.Siblings, err != nil)
		count++
	})
	for _, k := range dropped {
		n.records.delete(k)
		n.handoff.noteReturned() // a get may have asked the new homes before they were given the record
	}
	n.trees.Empty(h.ID)
	if count > 0 {
		n.emit(event.Event{Kind: event.RangeDropped, Span: spanOf(h.ID), Count: count, Want: keys - n.records.keys})
	}
	n.tellLeft()
}

// onOffer answers a node that holds a range of ours, or waits for one that we hold.
func (n *Node) onOffer(m wire.Message, o wire.Offer) {
	at := keyrange.ID{Start: o.Start, End: o.End, Depth: o.Depth}
	_, ok := at.Find(n.members.ring)
	r := wire.OfferReply{Answer: wire.OfferLater}
	switch {
	case !ok || at.HasHomes(n.members.ring, n.cfg.Name) == (o.Phase == wire.OfferAsk) || o.Phase != wire.OfferRange && m.View != n.members.digest:
		r.Err = wire.BadRequest // one of the two nodes knows another ring, and may not know who else has to hand the range over
	case o.Phase == wire.OfferAsk:
		r.Answer, r.From = n.askedFor(at)
	case o.Phase == wire.OfferDone:
		n.requireDurable() // what was the same here and there did not travel, and may be in our buffer only
		n.gotAll(at, m.From, o.From)
	default:
		r.Answer = n.confirm(at, m.From, o.Keys)
	}
	n.answer(m, r)
}

// confirm accepts a transfer unless another node is sending the same range: the keys would come twice.
func (n *Node) confirm(at keyrange.ID, from string, keys int) wire.OfferAnswer {
	if in, ok := n.transfer.in[at]; ok && in.from != from && n.now < in.until {
		return wire.OfferLater
	}
	n.transfer.in[at] = incoming{from, n.now + transferLease}
	n.emit(event.Event{Kind: event.RangeConfirmed, Peer: from, Span: spanOf(at), Count: keys})
	return wire.OfferConfirmed
}

// transferLease is how long a confirmed transfer may be silent before another node may begin one.
const transferLease = 2 * time.Second

// transferGoesOn notes that a confirmed transfer is under way.
func (n *Node) transferGoesOn(from string, key []byte) {
	at := keyrange.At(n.members.ring, ring.Of(key))
	if in, ok := n.transfer.in[at]; ok && in.from == from {
		n.transfer.in[at] = incoming{from, n.now + transferLease}
	}
}
