package engine

// §4.9, on the side of the new home: it takes writes at once, but is not counted toward R before
// it was given what its predecessors held. Each of those that is no home any more has to say that it handed
// the range over; where one is gone for good the other homes' trees take its place.

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/member"
	"ringside/engine/mutant"
	"ringside/engine/ring"
	"ringside/engine/wire"
)

// A pendingRange is one that the node is a home of and was not given yet.
type pendingRange struct {
	from   []string        // its homes before
	given  map[string]bool // those that have handed it over
	asked  map[string]bool // those that are being asked
	synced map[string]bool // homes whose trees were compared with, and all they hold taken
}

// reshapePending finds the ranges that the node is to be given and those that it is to hand over, after the ring changed.
// before holds the rings from the one that the node knew to the last but one; beside is that of ringBeside.
func (n *Node) reshapePending(before []*ring.Ring, beside *ring.Ring) {
	pending, lost := n.members.pending, n.members.lost
	n.members.pending, n.members.lost = map[keyrange.ID]*pendingRange{}, map[keyrange.ID]bool{}
	for _, p := range keyrange.Sorted(pending) {
		n.keepWaiting(p, pending[p].from)
	}
	for at := range lost {
		n.members.mark(at)
		if _, ok := at.Find(n.members.ring); ok && !at.HasHomes(n.members.ring, n.cfg.Name) {
			n.members.lost[at] = true
		}
	}
	given := map[keyrange.ID]float64{} // how much of a range the node was a home of
	for i, r := range before {
		for _, s := range ring.Shifts(r, n.members.ring) {
			switch at := keyrange.At(n.members.ring, s.End); {
			case slices.Contains(s.Gained(), n.cfg.Name):
				if len(s.Before) > 0 {
					n.await(s)
				}
			case i == 0 && slices.Contains(s.Lost(), n.cfg.Name):
				given[at] += s.Size()
			}
		}
	}
	if beside != nil && len(beside.Members()) > 0 {
		for _, s := range ring.Shifts(beside, n.members.ring) {
			if slices.Contains(s.Gained(), n.cfg.Name) && len(s.Before) > 0 {
				n.await(s)
			}
		}
	}
	n.awaitPassedOn(before)
	for _, at := range keyrange.Sorted(given) {
		n.handover(at)
		whole := given[at] > .999*at.Size()
		n.members.lost[at] = whole && n.members.pending[at] == nil
		n.members.mark(at)
	}
	for _, at := range keyrange.Sorted(n.members.pending) {
		n.members.mark(at)
		if at.HasHomes(n.members.ring, n.cfg.Name) && n.settledPending(at) {
			delete(n.members.pending, at)
		}
	}
	n.reshapeTransfers()
}

// awaitPassedOn finds the ranges that the node got by one of the changes that it learns of, and lost by a later one.
// Nobody handed them over to it, and their new homes ask it all the same. So it waits for the ranges, and names those
// that held them when it hands the ranges over (missing).
func (n *Node) awaitPassedOn(before []*ring.Ring) {
	if n.members.gone {
		return // its last word said that it had nothing left to name
	}
	for i := 1; i < len(before); i++ {
		for _, s := range ring.Shifts(before[i-1], before[i]) {
			if len(s.Before) > 0 && slices.Contains(s.Gained(), n.cfg.Name) {
				n.passOn(s)
			}
		}
	}
}

// passOn waits for what a shift of the past gave to the node, where the node is no home now.
func (n *Node) passOn(s ring.Shift) {
	for _, rg := range n.members.ring.Ranges() {
		at := keyrange.Of(n.members.ring, rg)
		if at.Overlaps(keyrange.ID{Start: s.Start, End: s.End}) && !slices.Contains(rg.Homes, n.cfg.Name) {
			n.await(ring.Shift{Start: at.Start, End: at.End, Before: s.Before})
			n.handover(at)
		}
	}
}

// keepWaiting goes on waiting for a range that the ring may have cut anew.
func (n *Node) keepWaiting(p keyrange.ID, from []string) {
	n.members.mark(p)
	if _, ok := p.Find(n.members.ring); ok {
		n.await(ring.Shift{Start: p.Start, End: p.End, Before: from})
		return
	}
	for _, rg := range n.members.ring.Ranges() {
		if at := keyrange.Of(n.members.ring, rg); p.Overlaps(at) {
			n.await(ring.Shift{Start: at.Start, End: at.End, Before: from})
		}
	}
}

// await notes that the node is yet to be given the range that the shift is in.
func (n *Node) await(s ring.Shift) {
	at := keyrange.At(n.members.ring, s.End)
	p := n.members.pending[at]
	if p == nil {
		p = &pendingRange{given: map[string]bool{}, asked: map[string]bool{}, synced: map[string]bool{}}
		n.members.pending[at] = p
	}
	n.members.mark(at)
	for _, f := range s.Before {
		if f != n.cfg.Name && !slices.Contains(p.from, f) {
			p.from = append(p.from, f)
		}
	}
}

// settledPending says whether the node holds all that the homes before it did: each of those that
// are homes no more has handed the range over, or, where they are gone for good or leave and cannot be
// reached, all other homes of now have been compared with.
func (n *Node) settledPending(at keyrange.ID) bool {
	if mutant.Is(mutant.PendingForever) {
		return false
	}
	p := n.members.pending[at]
	rg, ok := at.Find(n.members.ring)
	if !ok {
		return true
	}
	losers, away := 0, 0 // who is no home any more; who of them is no member and has not handed over
	for _, f := range p.from {
		if slices.Contains(rg.Homes, f) {
			continue
		}
		switch losers++; {
		case p.given[f]:
			if mutant.Is(mutant.GivenByOne) {
				return true
			}
		case n.members.has(f) || n.leaving(f):
			return false
		default:
			away++
		}
	}
	if losers > 0 && away == 0 {
		return true
	}
	return !slices.ContainsFunc(n.otherHomes(rg.Homes), func(h string) bool { return !p.synced[h] })
}

// leaving says whether a node is no member any more, has yet to hand over what it held, and may be there to do so.
func (n *Node) leaving(node string) bool {
	last, _ := n.members.history.Last(node)
	return last.Kind == member.Leave && !n.members.has(node) && n.detector.healthy(node)
}

// given ends the wait for a range if nothing is missing any more.
func (n *Node) given(at keyrange.ID) {
	if n.members.pending[at] == nil || !at.HasHomes(n.members.ring, n.cfg.Name) || !n.settledPending(at) {
		return
	}
	delete(n.members.pending, at)
	n.members.mark(at)
	n.emit(event.Event{Kind: event.RangeReady, Span: spanOf(at), Count: n.trees.Tree(at).Keys()})
}

// holds says in which role the node may speak of a key: as a home, as one that is not given
// the range yet and knows who held it, or as neither.
func (n *Node) holds(key []byte) (home bool, pending *pendingRange) {
	at := keyrange.At(n.members.ring, ring.Of(key))
	if p := n.members.pending[at]; p != nil {
		return false, p
	}
	return n.members.lost[at] || n.members.isHome(n.cfg.Name, n.members.preference(key)), nil
}

// Awaits says whether the node is a home of key and was not given its range yet. It is for tests and simulators.
func (n *Node) Awaits(key []byte) bool {
	return n.members.pending[keyrange.At(n.members.ring, ring.Of(key))] != nil
}

// askForPending asks those that held the ranges which the node waits for whether there is anything
// left of them, and compares trees where they are gone.
func (n *Node) askForPending() {
	for _, at := range keyrange.Sorted(n.members.pending) {
		rg, ok := at.Find(n.members.ring)
		if !ok || !slices.Contains(rg.Homes, n.cfg.Name) {
			if n.transfer.out[at] == nil && n.trees.Tree(at).Keys() == 0 { // it lost the range before it was given any of it
				delete(n.members.pending, at)
				n.members.mark(at)
			}
			continue
		}
		p, gone := n.members.pending[at], true
		for _, f := range p.from {
			if p.given[f] || slices.Contains(rg.Homes, f) {
				continue
			}
			gone = gone && !n.members.has(f) && !n.leaving(f)
			if n.detector.healthy(f) && !p.asked[f] {
				n.askFor(at, p, f)
			}
		}
		for _, h := range n.otherHomes(rg.Homes) {
			if gone && !p.synced[h] && n.detector.healthy(h) {
				n.plan(task{taskKey: taskKey{at, h}})
			}
		}
		n.given(at)
	}
}

func (n *Node) askFor(at keyrange.ID, p *pendingRange, from string) {
	p.asked[from] = true
	n.calls.begin(from, 0, wire.Offer{Start: at.Start, End: at.End, Depth: at.Depth, Phase: wire.OfferAsk}, n.cfg.Timings.Patience, call{
		onSilent: func() { p.asked[from] = false },
		onAnswer: func(b wire.Body) {
			p.asked[from] = false
			if r, ok := b.(wire.OfferReply); ok && r.Err == wire.OK && r.Answer == wire.OfferNothing && n.members.pending[at] == p {
				n.gotAll(at, from, r.From)
			}
		},
	})
}

// syncedWith notes that a round took all that another home holds of a range.
func (n *Node) syncedWith(t task) {
	if p := n.members.pending[t.id]; p != nil && !t.transfer {
		p.synced[t.peer] = true
		n.given(t.id)
	}
}

// askedFor tells a new home whether there is anything left for it, and who has yet to hand the range over to this node.
func (n *Node) askedFor(at keyrange.ID) (a wire.OfferAnswer, missing []string) {
	if n.transfer.out[at] == nil && n.trees.Tree(at).Keys() == 0 {
		return wire.OfferNothing, n.missing(at)
	}
	n.handOverSoon()
	return wire.OfferLater, nil
}

// missing lists who has yet to hand a range over to this node.
func (n *Node) missing(at keyrange.ID) []string {
	p := n.members.pending[at]
	if p == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.from), func(f string) bool { return p.given[f] })
}

// gotAll notes that from has handed the range over. What from waits for itself, this node waits for now.
func (n *Node) gotAll(at keyrange.ID, from string, missing []string) {
	if n.transfer.in[at].from == from {
		delete(n.transfer.in, at)
	}
	p := n.members.pending[at]
	if p == nil {
		return
	}
	p.given[from] = true
	if len(missing) > 0 {
		n.await(ring.Shift{Start: at.Start, End: at.End, Before: missing})
	}
	n.given(at)
}
