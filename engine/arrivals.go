package engine

// §4.9, on the side of the new home. The node takes writes at once, but does not count toward R
// before it was given what its predecessors held. Each predecessor that is no longer a home has to
// hand the range over. If such a predecessor is gone for good, comparisons with the other homes
// take the place of its range. Package pending keeps the books.

import (
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/member"
	"ringside/engine/pending"
	"ringside/engine/ring"
	"ringside/engine/wire"
)

// transferLease is how long a confirmed transfer may be silent before another node may begin one.
const transferLease = 2 * time.Second

// arrivals gets the ranges that the node waits for, and admits transfers to the node.
type arrivals struct {
	n      *Node
	ranges *pending.Ranges
	leases map[keyrange.ID]lease
	took   map[source]bool // transfers that the node has confirmed since it started
}

// A source is a node that transfers a range to this node.
type source struct {
	id   keyrange.ID
	from string
}

// A lease is a transfer to this node that it has confirmed.
type lease struct {
	from  string
	until time.Duration // when the transfer counts as given up
}

func newArrivals(n *Node) *arrivals {
	return &arrivals{n: n, ranges: pending.New(), leases: map[keyrange.ID]lease{}, took: map[source]bool{}}
}

// await waits for a range that the nodes in from may hold.
func (a *arrivals) await(id keyrange.ID, from []string) {
	a.ranges.Await(id, from, a.n.cfg.Name)
	a.n.moves.mark(id)
}

// awaitShift waits for the range that a shift of homes is in, unless no node was a home before.
func (a *arrivals) awaitShift(s ring.Shift) {
	if len(s.Before) > 0 {
		a.await(keyrange.At(a.n.members.ring, s.End), s.Before)
	}
}

// recut goes on waiting on a new ring, which may cut the ranges differently.
func (a *arrivals) recut() {
	old, r := a.ranges, a.n.members.ring
	a.ranges = pending.New()
	for _, id := range old.IDs() {
		from := old.Get(id).From()
		a.n.moves.mark(id)
		if _, ok := id.Find(r); ok {
			a.await(id, from)
			continue
		}
		for _, rg := range r.Ranges() {
			if part := keyrange.Of(r, rg); id.Overlaps(part) {
				a.await(part, from)
			}
		}
	}
}

// awaitPassedOn waits for ranges that the node got by one of the changes that it learns of, and
// lost by a later one. No node handed these ranges over to it, and the new homes ask it for them.
// When it hands the ranges over, it names the nodes that held them.
func (a *arrivals) awaitPassedOn(before []*ring.Ring) {
	if a.n.members.gone {
		return // the node has said that it holds nothing, so it names no nodes either
	}
	for i := 1; i < len(before); i++ {
		for _, s := range ring.Shifts(before[i-1], before[i]) {
			if len(s.Before) > 0 && slices.Contains(s.Gained(), a.n.cfg.Name) {
				a.passOn(s)
			}
		}
	}
}

// passOn waits for the ranges in a shift of the past that the node is not a home of now, and hands
// them over.
func (a *arrivals) passOn(s ring.Shift) {
	r := a.n.members.ring
	for _, rg := range r.Ranges() {
		id := keyrange.Of(r, rg)
		if id.Overlaps(keyrange.ID{Start: s.Start, End: s.End}) && !slices.Contains(rg.Homes, a.n.cfg.Name) {
			a.await(id, s.Before)
			a.n.transfers.handover(id)
		}
	}
}

// recutTransfers forgets the transfers of ranges that the new ring cuts differently, or of which
// the node is not a home any longer.
func (a *arrivals) recutTransfers() {
	for id := range a.leases {
		if !id.HasHomes(a.n.members.ring, a.n.cfg.Name) {
			delete(a.leases, id)
		}
	}
	for s := range a.took {
		if !s.id.HasHomes(a.n.members.ring, a.n.cfg.Name) {
			delete(a.took, s)
		}
	}
}

// forgetComplete ends the wait for ranges that the node has complete, after a change of the ring.
func (a *arrivals) forgetComplete() {
	for _, id := range a.ranges.IDs() {
		a.n.moves.mark(id)
		if a.complete(id) {
			a.ranges.Forget(id)
		}
	}
}

// complete reports whether the node is a home of a range that it waits for, and holds all of it.
func (a *arrivals) complete(id keyrange.ID) bool {
	rg, ok := id.Find(a.n.members.ring)
	return ok && slices.Contains(rg.Homes, a.n.cfg.Name) && a.ranges.Get(id).Complete(rg.Homes, a.n.cfg.Name, a.willGive)
}

// willGive reports whether a node can still hand ranges over: it is a member, or it leaves and can
// be reached.
func (a *arrivals) willGive(node string) bool {
	if a.n.members.has(node) {
		return true
	}
	last, _ := a.n.members.history.Last(node)
	return last.Kind == member.Leave && a.n.detector.healthy(node)
}

// check ends the wait for a range if the node has it complete.
func (a *arrivals) check(id keyrange.ID) {
	if a.ranges.Get(id) == nil || !a.complete(id) {
		return
	}
	a.ranges.Forget(id)
	a.n.moves.mark(id)
	a.n.emit(event.Event{Kind: event.RangeReady, Span: spanOf(id), Count: a.n.trees.Tree(id).Keys()})
}

// Awaits reports whether the node is a home of key and was not given its range yet. It is for tests
// and simulators.
func (n *Node) Awaits(key []byte) bool {
	return n.arrivals.ranges.Get(keyrange.At(n.members.ring, n.position(key))) != nil
}

// ask asks the nodes that owe a range whether anything of it is left. If all of them are gone for
// good, it plans comparisons with the other homes.
func (a *arrivals) ask() {
	for _, id := range a.ranges.IDs() {
		rg, ok := id.Find(a.n.members.ring)
		if !ok || !slices.Contains(rg.Homes, a.n.cfg.Name) {
			if !a.n.transfers.holds(id) { // the node lost the range before it was given any of it
				a.ranges.Forget(id)
				a.n.moves.mark(id)
			}
			continue
		}
		p := a.ranges.Get(id)
		owed := p.Owed(rg.Homes)
		for _, f := range owed {
			if a.n.detector.healthy(f) && p.BeginAsk(f) {
				a.askFor(id, p, f)
			}
		}
		gone := !slices.ContainsFunc(owed, a.willGive)
		for _, h := range without(rg.Homes, a.n.cfg.Name) {
			if gone && !p.HasSynced(h) && a.n.detector.healthy(h) {
				a.n.syncer.plan(task{taskKey: taskKey{id, h}})
			}
		}
		a.check(id)
	}
}

// askFor asks a node whether anything is left of a range.
func (a *arrivals) askFor(id keyrange.ID, p *pending.Range, from string) {
	question := wire.Offer{Start: id.Start, End: id.End, Depth: id.Depth, Phase: wire.OfferAsk}
	a.n.calls.begin(from, 0, question, a.n.cfg.Timings.Patience, callbacks{
		silent: func() { p.EndAsk(from) },
		answer: func(b wire.Body) {
			p.EndAsk(from)
			if r, ok := b.(wire.OfferReply); ok && r.Err == wire.OK && r.Answer == wire.OfferNothing && a.ranges.Get(id) == p {
				a.given(id, from, r.From)
			}
		},
	})
}

// given notes that a node has handed a range over. missing are the nodes that the other one waits
// for; this node waits for them now.
func (a *arrivals) given(id keyrange.ID, from string, missing []string) {
	a.endLease(id, from)
	p := a.ranges.Get(id)
	if p == nil {
		return
	}
	p.Given(from)
	if len(missing) > 0 {
		a.await(id, missing)
	}
	a.check(id)
}

// synced notes that a round took all that another home holds of a range.
func (a *arrivals) synced(t task) {
	if p := a.ranges.Get(t.id); p != nil && !t.transfer {
		p.Synced(t.peer)
		a.check(t.id)
	}
}

// missing lists the nodes that have yet to hand a range over to this node.
func (a *arrivals) missing(id keyrange.ID) []string {
	if p := a.ranges.Get(id); p != nil {
		return p.Missing()
	}
	return nil
}

// onOffer answers a node that holds a range of this node, or that waits for one that this node
// holds.
func (a *arrivals) onOffer(m wire.Message, o wire.Offer) {
	n := a.n
	id := keyrange.ID{Start: o.Start, End: o.End, Depth: o.Depth}
	_, ok := id.Find(n.members.ring)
	r := wire.OfferReply{Answer: wire.OfferLater}
	switch {
	case !ok || id.HasHomes(n.members.ring, n.cfg.Name) == (o.Phase == wire.OfferAsk),
		o.Phase != wire.OfferRange && m.Digest != n.members.digest:
		r.Err = wire.BadRequest // one of the two nodes knows another ring, and may not know all nodes that owe the range
	case o.Phase == wire.OfferAsk:
		r.Answer, r.From = n.transfers.left(id)
	case o.Phase == wire.OfferDone && o.Keys > 0 && !a.took[source{id, m.From}]:
		r.Err = wire.BadRequest // this node lost its disk after the transfer, and the sender has to transfer the range again
	case o.Phase == wire.OfferDone:
		n.requireDurable() // records that both nodes had did not travel, and may be in this node's buffer only
		a.given(id, m.From, o.From)
	default:
		r.Answer = a.confirm(id, m.From, o.Keys)
	}
	n.answer(m, r)
}

// confirm accepts a transfer unless another node is sending the same range: the keys would come
// twice.
func (a *arrivals) confirm(id keyrange.ID, from string, keys int) wire.OfferAnswer {
	if in, ok := a.leases[id]; ok && in.from != from && a.n.now < in.until {
		return wire.OfferLater
	}
	a.leases[id] = lease{from, a.n.now + transferLease}
	a.took[source{id, from}] = true
	a.n.emit(event.Event{Kind: event.RangeConfirmed, Peer: from, Span: spanOf(id), Count: keys})
	return wire.OfferConfirmed
}

// extendLease notes that a confirmed transfer has brought key.
func (a *arrivals) extendLease(from string, key []byte) {
	id := keyrange.At(a.n.members.ring, a.n.position(key))
	if in, ok := a.leases[id]; ok && in.from == from {
		a.leases[id] = lease{from, a.n.now + transferLease}
	}
}

// endLease notes that a transfer from a node is over.
func (a *arrivals) endLease(id keyrange.ID, from string) {
	if a.leases[id].from == from {
		delete(a.leases, id)
	}
}
