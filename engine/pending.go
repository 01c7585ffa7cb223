package engine

// §4.9, on the side of the new home: it takes writes at once, but is not counted toward R before
// it was given what its predecessors held. Each of those that is no home any more has to say that it handed
// the range over; where one is gone for good the other homes' trees take its place.

import (
	"slices"

	"ringside/engine/event"
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
	n.members.pending, n.members.lost = map[plot]*pendingRange{}, map[plot]bool{}
	for _, p := range sortedPlots(pending) {
		n.keepWaiting(p, pending[p].from)
	}
	for at := range lost {
		n.members.changed[at.Span] = true
		if _, ok := n.rangeOf(at); ok && !n.hosts(at) {
			n.members.lost[at] = true
		}
	}
	given := map[plot]float64{} // how much of a range the node was a home of
	for i, r := range before {
		for _, s := range ring.Shifts(r, n.members.ring) {
			switch at := n.plotAt(s.End); {
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
	for _, at := range sortedPlots(given) {
		n.handover(at)
		whole := given[at] > .999*ring.Range{Start: at.Start, End: at.End}.Size()
		n.members.lost[at] = whole && n.members.pending[at] == nil
		n.members.changed[at.Span] = true
	}
	for _, at := range sortedPlots(n.members.pending) {
		n.members.changed[at.Span] = true
		if n.hosts(at) && n.settledPending(at) {
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
		at := n.plotOf(rg)
		if overlap(event.Span{Start: s.Start, End: s.End}, at.Span) && !slices.Contains(rg.Homes, n.cfg.Name) {
			n.await(ring.Shift{Start: at.Start, End: at.End, Before: s.Before})
			n.handover(at)
		}
	}
}

// keepWaiting goes on waiting for a range that the ring may have cut anew.
func (n *Node) keepWaiting(p plot, from []string) {
	n.members.changed[p.Span] = true
	if _, ok := n.rangeOf(p); ok {
		n.await(ring.Shift{Start: p.Start, End: p.End, Before: from})
		return
	}
	for _, rg := range n.members.ring.Ranges() {
		if at := n.plotOf(rg); overlap(p.Span, at.Span) {
			n.await(ring.Shift{Start: at.Start, End: at.End, Before: from})
		}
	}
}

// await notes that the node is yet to be given the range that the shift is in.
func (n *Node) await(s ring.Shift) {
	at := n.plotAt(s.End)
	p := n.members.pending[at]
	if p == nil {
		p = &pendingRange{given: map[string]bool{}, asked: map[string]bool{}, synced: map[string]bool{}}
		n.members.pending[at] = p
	}
	n.members.changed[at.Span] = true
	for _, f := range s.Before {
		if f != n.cfg.Name && !slices.Contains(p.from, f) {
			p.from = append(p.from, f)
		}
	}
}

// overlap says whether two ranges have a key in common.
func overlap(a, b event.Span) bool {
	in := func(p ring.Position, s event.Span) bool { return ring.Range{Start: s.Start, End: s.End}.Holds(p) }
	return in(a.End, b) || in(b.End, a)
}

// settledPending says whether the node holds all that the homes before it did: each of those that
// are homes no more has handed the range over, or, where they are gone for good or leave and cannot be
// reached, all other homes of now have been compared with.
func (n *Node) settledPending(at plot) bool {
	if mutant.Is(mutant.PendingForever) {
		return false
	}
	p := n.members.pending[at]
	rg, ok := n.rangeOf(at)
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
func (n *Node) given(at plot) {
	if n.members.pending[at] == nil || !n.hosts(at) || !n.settledPending(at) {
		return
	}
	delete(n.members.pending, at)
	n.members.changed[at.Span] = true
	n.emit(event.Event{Kind: event.RangeReady, Span: &event.Span{Start: at.Start, End: at.End}, Count: n.tree(at).Keys()})
}

// holds says in which role the node may speak of a key: as a home, as one that is not given
// the range yet and knows who held it, or as neither.
func (n *Node) holds(key []byte) (home bool, pending *pendingRange) {
	at := n.plotAt(ring.Of(key))
	if p := n.members.pending[at]; p != nil {
		return false, p
	}
	return n.members.lost[at] || n.members.isHome(n.cfg.Name, n.members.preference(key)), nil
}

// Awaits says whether the node is a home of key and was not given its range yet. It is for tests and simulators.
func (n *Node) Awaits(key []byte) bool {
	return n.members.pending[n.plotAt(ring.Of(key))] != nil
}

// askForPending asks those that held the ranges which the node waits for whether there is anything
// left of them, and compares trees where they are gone.
func (n *Node) askForPending() {
	for _, at := range sortedPlots(n.members.pending) {
		rg, ok := n.rangeOf(at)
		if !ok || !slices.Contains(rg.Homes, n.cfg.Name) {
			if n.transfer.out[at] == nil && n.tree(at).Keys() == 0 { // it lost the range before it was given any of it
				delete(n.members.pending, at)
				n.members.changed[at.Span] = true
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

func (n *Node) askFor(at plot, p *pendingRange, from string) {
	p.asked[from] = true
	n.calls.begin(from, 0, wire.Offer{Start: at.Start, End: at.End, Depth: at.depth, Phase: wire.OfferAsk}, n.cfg.Timings.Patience, call{
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
	if p := n.members.pending[t.plot]; p != nil && !t.transfer {
		p.synced[t.peer] = true
		n.given(t.plot)
	}
}

// askedFor tells a new home whether there is anything left for it, and who has yet to hand the range over to this node.
func (n *Node) askedFor(at plot) (a wire.OfferAnswer, missing []string) {
	if n.transfer.out[at] == nil && n.tree(at).Keys() == 0 {
		return wire.OfferNothing, n.missing(at)
	}
	n.handOverSoon()
	return wire.OfferLater, nil
}

// missing lists who has yet to hand a range over to this node.
func (n *Node) missing(at plot) []string {
	p := n.members.pending[at]
	if p == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.from), func(f string) bool { return p.given[f] })
}

// gotAll notes that from has handed the range over. What from waits for itself, this node waits for now.
func (n *Node) gotAll(at plot, from string, missing []string) {
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
