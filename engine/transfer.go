package engine

// §4.9 Adding/Removing Storage Nodes: a node X that joins is assigned key ranges of which other
// nodes were in charge. "Some existing nodes no longer have to" keep some of their keys "and these
// nodes transfer those keys to X": they offer the keys, and transfer them when X confirms. A
// removal does the reverse.
//
// A node that holds records of a range without being a home of it brings them to all N homes. It
// drops the range only when each home holds all of it durably. So a join, a leave, the return of a
// removed node and a write by a node that knows an old ring are one case. A transfer is a round of
// anti-entropy that only pushes: what the new home already has does not travel. The new home's side
// is in arrivals.go.

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

// handOverPause gathers the transfers that one change sets off.
const handOverPause = time.Millisecond

// transfers hands over the ranges of which the node is not a home.
type transfers struct {
	n       *Node
	out     map[keyrange.ID]*handover
	kept    map[keyrange.ID]bool // ranges that the node was a home of, and keeps complete until it has handed them over
	planned bool                 // resume will run after Timings.Transfer
	soon    bool                 // resume will run after handOverPause
}

// A handover is a range of which the node is not a home, and that it holds, answers for, or waits
// for.
type handover struct {
	keyrange.ID
	done map[string]uint64 // by home: the root of the node's tree when the home had all of it
	busy bool              // an offer or a transfer is under way
	from time.Duration     // nothing happens before that time
}

func newTransfers(n *Node) *transfers {
	return &transfers{n: n, out: map[keyrange.ID]*handover{}, kept: map[keyrange.ID]bool{}}
}

// keepComplete notes whether the node lost the whole range, and holds all of it. Then the node
// answers for the range as a home until it has handed the range over.
func (t *transfers) keepComplete(id keyrange.ID, whole bool) { t.kept[id] = whole }

// recutKept goes on with the kept ranges that the new ring has and of which the node is not a home.
// A node that lost a part of a range does not answer for the range as a home.
func (t *transfers) recutKept() {
	old, r := t.kept, t.n.members.ring
	t.kept = map[keyrange.ID]bool{}
	for id, whole := range old {
		t.n.moves.mark(id)
		if _, ok := id.Find(r); whole && ok && !id.HasHomes(r, t.n.cfg.Name) {
			t.kept[id] = true
		}
	}
}

// recut forgets which homes had what, after a change of the ring: a home that had all may have lost
// the range in between.
func (t *transfers) recut() {
	for _, h := range t.out {
		clear(h.done)
	}
}

// handover returns the handover of a range, and begins one if there is none.
func (t *transfers) handover(id keyrange.ID) *handover {
	h := t.out[id]
	if h == nil {
		h = &handover{ID: id, done: map[string]uint64{}}
		t.out[id] = h
		if t.n.buggify(SlowTransfers) {
			h.from = t.n.now + slowTransfer
		}
	}
	return h
}

// holds reports whether the node has anything to hand over of a range.
func (t *transfers) holds(id keyrange.ID) bool {
	return t.out[id] != nil || t.n.trees.Tree(id).Keys() > 0
}

// handOverDamaged begins a handover of the range around p if this node, a member, is not a home of
// it. The caller found a damaged record there. A tree does not count damaged records, and no home
// repairs the record of a node that is not a home. Without the handover, the record would stay if
// nothing else is left of the range.
func (t *transfers) handOverDamaged(p ring.Position) {
	m, id := t.n.members, keyrange.At(t.n.members.ring, p)
	if m.has(t.n.cfg.Name) && !id.HasHomes(m.ring, t.n.cfg.Name) {
		t.handover(id)
		t.resumeSoon()
	}
}

// resumeSoon plans resume after handOverPause.
func (t *transfers) resumeSoon() {
	if t.soon {
		return
	}
	t.soon = true
	t.n.after(handOverPause, func() {
		t.soon = false
		t.resume()
	})
}

// resume goes on with all that the node hands over or waits for, and plans to do so again as long
// as anything is left.
func (t *transfers) resume() {
	n, r := t.n, t.n.members.ring
	if !n.members.ringKnown() || mutant.Is(mutant.ForeignKept) {
		return
	}
	for _, rg := range r.Ranges() {
		id := keyrange.Of(r, rg)
		// A range of which nothing has come is handed over too: the new homes are told who holds it.
		some := n.trees.Tree(id).Keys() > 0 || t.kept[id] || len(n.arrivals.missing(id)) > 0
		if some && !slices.Contains(rg.Homes, n.cfg.Name) {
			t.handover(id)
		}
	}
	for _, id := range keyrange.Sorted(t.out) {
		t.advance(t.out[id])
	}
	n.arrivals.ask()
	n.syncer.startRounds()
	moving := len(t.out)+n.arrivals.ranges.Len() > 0
	if more := moving || !n.members.has(n.cfg.Name) && !n.departure.over; more && !t.planned {
		t.planned = true
		n.after(n.cfg.Timings.Transfer, func() {
			t.planned = false
			t.resume()
		})
	}
	n.departure.check()
}

// advance offers the range to the next home that lacks something of it, or drops the range if no
// home does.
func (t *transfers) advance(h *handover) {
	rg, ok := h.Find(t.n.members.ring)
	if !ok || slices.Contains(rg.Homes, t.n.cfg.Name) {
		delete(t.out, h.ID) // the ring changed again
		return
	}
	if h.busy || t.n.now < h.from {
		return
	}
	all := true
	for _, home := range rg.Homes {
		if root, done := h.done[home]; done && (root == t.n.trees.Tree(h.ID).Root() || mutant.Is(mutant.LateWritesDropped)) {
			continue
		}
		if mutant.Is(mutant.RangeDroppedUnconfirmed) && len(h.done) > 0 {
			break
		}
		healthy := t.n.detector.healthy(home)
		if mutant.Is(mutant.SilentHomePassedOver) && !healthy && len(h.done) > 0 {
			continue
		}
		all = false
		if healthy {
			t.offer(h, home)
			return
		}
	}
	if all {
		t.drop(h)
	}
}

// message returns an Offer of the handover's range. tree is the node's tree of the range.
func (h *handover) message(tree *merkle.Tree, phase wire.OfferPhase) wire.Offer {
	return wire.Offer{
		Start: h.Start, End: h.End, Depth: h.Depth, Phase: phase,
		Keys: min(tree.Keys(), math.MaxInt32), Size: min(tree.Size(), math.MaxInt32),
	}
}

// offer asks a home whether it wants the range, and transfers the range once the home confirms.
func (t *transfers) offer(h *handover, home string) {
	tree := t.n.trees.Tree(h.ID)
	if tree.Keys() == 0 {
		t.reportDone(h, home, tree.Root())
		return
	}
	h.busy = true
	t.n.emit(event.Event{Kind: event.RangeOffered, Peer: home, Span: spanOf(h.ID), Count: tree.Keys()})
	t.n.calls.begin(home, 0, h.message(tree, wire.OfferRange), t.n.cfg.Timings.Patience, callbacks{
		silent: func() { h.busy = false },
		answer: func(b wire.Body) {
			if r, ok := b.(wire.OfferReply); !ok || r.Err != wire.OK || r.Answer != wire.OfferConfirmed {
				h.busy = false // resume tries again
				return
			}
			t.push(h, home)
		},
	})
}

// push runs the round that brings the range to a home.
func (t *transfers) push(h *handover, home string) {
	root := t.n.trees.Tree(h.ID).Root()
	t.n.syncer.run(task{taskKey: taskKey{h.ID, home}, transfer: true, done: func(r event.SyncRound) {
		h.busy = false
		if r.Err != "" {
			return
		}
		t.n.emit(event.Event{
			Kind: event.RangeTransferred, Peer: home, Span: spanOf(h.ID), Count: r.Sent, Rounds: []event.SyncRound{r},
		})
		t.pushed(h, home, root)
	}})
}

// pushed reports the end of a transfer to the home. The node's tree had this root when the transfer
// began. The buggify point SlowTransfers delays the report, so that the node takes writes
// meanwhile.
func (t *transfers) pushed(h *handover, home string, root uint64) {
	if !t.n.buggify(SlowTransfers) {
		t.reportDone(h, home, root)
		return
	}
	h.busy = true
	t.n.after(slowTransfer, func() {
		h.busy = false
		if t.out[h.ID] != h || !t.n.syncer.mayCompare(task{taskKey: taskKey{h.ID, home}, transfer: true}) {
			return // the ring changed; resume tries again
		}
		t.reportDone(h, home, root)
	})
}

// reportDone reports to a home that it holds all that made up root, and names the nodes that this
// node waits for.
func (t *transfers) reportDone(h *handover, home string, root uint64) {
	h.busy = true
	o := h.message(t.n.trees.Tree(h.ID), wire.OfferDone)
	o.From = t.n.arrivals.missing(h.ID)
	t.n.calls.begin(home, 0, o, t.n.cfg.Timings.Patience, callbacks{
		silent: func() { h.busy = false },
		answer: func(b wire.Body) {
			h.busy = false
			if r, ok := b.(wire.OfferReply); ok && r.Err == wire.OK && t.out[h.ID] == h {
				h.done[home] = root
				t.advance(h)
			}
		},
	})
}

// drop deletes the range, because all its homes hold it durably.
func (t *transfers) drop(h *handover) {
	n := t.n
	delete(t.out, h.ID)
	delete(t.kept, h.ID)
	n.arrivals.ranges.Forget(h.ID)
	n.moves.mark(h.ID)
	count, keys := 0, n.records.keys
	var dropped [][]byte
	scanRange(n.db, h.ID, func(k, v []byte) {
		dropped = append(dropped, slices.Clone(k))
		rec, err := record.Decode(v)
		n.records.count(-liveOrDamaged(rec.Siblings, err != nil))
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
	n.departure.check()
}

// left answers a new home whether this node has anything left for it. If not, missing are the nodes
// that have yet to hand the range over to this node.
func (t *transfers) left(id keyrange.ID) (a wire.OfferAnswer, missing []string) {
	if !t.holds(id) {
		return wire.OfferNothing, t.n.arrivals.missing(id)
	}
	t.resumeSoon()
	return wire.OfferLater, nil
}
