package engine

// §4.9 Adding/Removing Storage Nodes: "for every key range that is assigned to node X, there may
// be a number of nodes that are currently in charge of handling keys that fall within its token
// range. Due to the allocation of key ranges to X, some existing nodes no longer have to store some of
// their keys and these nodes transfer those keys to X": they "will offer and upon confirmation from X
// transfer the appropriate set of keys". A removal does the reverse.
//
// Whoever holds anything of a range of which it is no home brings it to all N homes, and drops it
// only when each of them has all of it durably, so that a join, a leave, a removed node that returns
// and a write by somebody who knows an old ring are one case. A transfer is a round of anti-entropy that only
// pushes: what the new home has already does not travel.
//
// A new home takes writes at once, but is not counted toward R before it was given what
// its predecessors held.

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"ringside/engine/member"
	"ringside/engine/merkle"
	"ringside/engine/mutant"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/trace"
	"ringside/engine/wire"
)

// rehomeBatch is how many hints for nodes that are gone are looked after in one step.
const rehomeBatch = 256

// transfers is what a node is handing over, or is being given.
type transfers struct {
	out     map[plot]*handover
	in      map[plot]incoming
	again   bool // the next look at what is still to be handed over is planned
	soon    bool // a look at what is to be handed over is planned
	rehomes bool // a look at hints for nodes that are gone is planned
	left    bool // it has told that it has nothing left
}

// A handover is a range that the node holds and is no home of.
type handover struct {
	plot
	done map[string]uint64 // home → the root of what it holds of ours
	busy bool              // an offer or a transfer is under way
}

// An incoming transfer is one that the node has confirmed.
type incoming struct {
	from  string
	until time.Duration // when it counts as given up
}

// A pendingRange is one that the node is a home of and was not given yet.
type pendingRange struct {
	from   []string        // its homes before
	given  map[string]bool // those that have handed it over
	asked  map[string]bool // those that are being asked
	synced map[string]bool // homes whose trees were compared with, and all they hold taken
}

func newTransfers() *transfers {
	return &transfers{out: map[plot]*handover{}, in: map[plot]incoming{}}
}

func sortedPlots[V any](m map[plot]V) []plot {
	return slices.SortedFunc(maps.Keys(m), func(a, b plot) int { return cmp.Or(a.End.Compare(b.End), a.Start.Compare(b.Start)) })
}

// reshapePending finds out which ranges the node is to be given, and which it is to hand over, now
// that the ring is another one than before.
func (n *Node) reshapePending(before []*ring.Ring) {
	pending, lost := n.member.pending, n.member.lost
	n.member.pending, n.member.lost = map[plot]*pendingRange{}, map[plot]bool{}
	for _, p := range sortedPlots(pending) {
		n.keepWaiting(p, pending[p].from)
	}
	for at := range lost {
		n.member.changed[at.Span] = true
		if _, ok := n.rangeOf(at); ok && !n.hosts(at) {
			n.member.lost[at] = true
		}
	}
	given := map[plot]float64{} // how much of a range the node was a home of
	for i, r := range before {
		for _, s := range ring.Shifts(r, n.ring()) {
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
	for _, at := range sortedPlots(given) {
		n.handover(at)
		whole := given[at] > .999*ring.Range{Start: at.Start, End: at.End}.Size()
		n.member.lost[at] = whole && n.member.pending[at] == nil
		n.member.changed[at.Span] = true
	}
	for _, at := range sortedPlots(n.member.pending) {
		n.member.changed[at.Span] = true
		if n.hosts(at) && n.settledPending(at) {
			delete(n.member.pending, at)
		}
	}
	n.reshapeTransfers()
}

// keepWaiting goes on waiting for a range that the ring may have cut anew.
func (n *Node) keepWaiting(p plot, from []string) {
	n.member.changed[p.Span] = true
	if _, ok := n.rangeOf(p); ok {
		n.await(ring.Shift{Start: p.Start, End: p.End, Before: from})
		return
	}
	for _, rg := range n.ring().Ranges() {
		if at := n.plotOf(rg); overlap(p.Span, at.Span) {
			n.await(ring.Shift{Start: at.Start, End: at.End, Before: from})
		}
	}
}

// reshapeTransfers forgets what was said of another ring: a home that had all may have been none in between.
func (n *Node) reshapeTransfers() {
	for _, h := range n.transfer.out {
		clear(h.done)
	}
	for at := range n.transfer.in {
		if !n.hosts(at) {
			delete(n.transfer.in, at)
		}
	}
}

// await notes that the node is yet to be given the range that the shift is in.
func (n *Node) await(s ring.Shift) {
	at := n.plotAt(s.End)
	p := n.member.pending[at]
	if p == nil {
		p = &pendingRange{given: map[string]bool{}, asked: map[string]bool{}, synced: map[string]bool{}}
		n.member.pending[at] = p
	}
	n.member.changed[at.Span] = true
	for _, f := range s.Before {
		if f != n.cfg.Name && !slices.Contains(p.from, f) {
			p.from = append(p.from, f)
		}
	}
}

// overlap says whether two ranges have a key in common.
func overlap(a, b trace.Span) bool {
	in := func(p ring.Position, s trace.Span) bool { return ring.Range{Start: s.Start, End: s.End}.Holds(p) }
	return in(a.End, b) || in(b.End, a)
}

// settledPending says whether the node holds all that the homes before it did: each of those that
// are homes no more has handed the range over, or, where they are gone for good, all other homes of
// now have been compared with.
func (n *Node) settledPending(at plot) bool {
	p := n.member.pending[at]
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
		case n.belongs(f):
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

// given ends the wait for a range if nothing is missing any more.
func (n *Node) given(at plot) {
	if n.member.pending[at] == nil || !n.hosts(at) || !n.settledPending(at) {
		return
	}
	delete(n.member.pending, at)
	n.member.changed[at.Span] = true
	n.emit(trace.Event{Kind: trace.RangeReady, Span: &trace.Span{Start: at.Start, End: at.End}, Count: n.tree(at).Keys()})
}

// holds says in which role the node may speak of a key: as a home, as one that is not given
// the range yet and knows who held it, or as neither.
func (n *Node) holds(key []byte) (home bool, pending *pendingRange) {
	at := n.plotAt(ring.Of(key))
	if p := n.member.pending[at]; p != nil {
		return false, p
	}
	return n.member.lost[at] || n.isHome(n.cfg.Name, n.preference(key)), nil
}

// Awaits says whether the node is a home of key and was not given its range yet. It is for tests and simulators.
func (n *Node) Awaits(key []byte) bool {
	return n.member.pending[n.plotAt(ring.Of(key))] != nil
}

// handover returns the range's, which is begun if there is none.
func (n *Node) handover(at plot) *handover {
	h := n.transfer.out[at]
	if h == nil {
		h = &handover{plot: at, done: map[string]uint64{}}
		n.transfer.out[at] = h
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
	if !n.inRing() || mutant.Is(mutant.ForeignKept) {
		return
	}
	for _, rg := range n.ring().Ranges() {
		if at := n.plotOf(rg); !slices.Contains(rg.Homes, n.cfg.Name) && (n.tree(at).Keys() > 0 || n.member.lost[at]) {
			n.handover(at)
		}
	}
	for _, at := range sortedPlots(n.transfer.out) {
		n.advance(n.transfer.out[at])
	}
	n.askForPending()
	n.startRounds()
	if more := len(n.transfer.out)+len(n.member.pending) > 0 || !n.belongs(n.cfg.Name) && !n.transfer.left; more && !n.transfer.again {
		n.transfer.again = true
		n.after(n.cfg.Timings.Transfer, func() {
			n.transfer.again = false
			n.handOver()
		})
	}
	n.tellLeft()
}

// askForPending asks those that held the ranges which the node waits for whether there is anything
// left of them, and compares trees where they are gone.
func (n *Node) askForPending() {
	for _, at := range sortedPlots(n.member.pending) {
		rg, ok := n.rangeOf(at)
		if !ok || !slices.Contains(rg.Homes, n.cfg.Name) {
			if n.transfer.out[at] == nil && n.tree(at).Keys() == 0 { // it lost the range before it was given any of it
				delete(n.member.pending, at)
				n.member.changed[at.Span] = true
			}
			continue
		}
		p, gone := n.member.pending[at], true
		for _, f := range p.from {
			if p.given[f] || slices.Contains(rg.Homes, f) {
				continue
			}
			gone = gone && !n.belongs(f)
			if n.healthy(f) && !p.asked[f] {
				n.askFor(at, p, f)
			}
		}
		for _, h := range n.otherHomes(rg.Homes) {
			if gone && !p.synced[h] && n.healthy(h) {
				n.plan(task{taskKey: taskKey{at, h}})
			}
		}
		n.given(at)
	}
}

func (n *Node) askFor(at plot, p *pendingRange, from string) {
	p.asked[from] = true
	n.call(from, 0, wire.Offer{Start: at.Start, End: at.End, Depth: at.depth, Phase: wire.OfferAsk}, n.cfg.Timings.Patience, call{
		onSilent: func() { p.asked[from] = false },
		onAnswer: func(b wire.Body) {
			p.asked[from] = false
			if r, ok := b.(wire.OfferReply); ok && r.Err == wire.OK && r.Answer == wire.OfferNothing && n.member.pending[at] == p {
				n.gotAll(at, from, r.From)
			}
		},
	})
}

// syncedWith notes that a round took all that another home holds of a range.
func (n *Node) syncedWith(t task) {
	if p := n.member.pending[t.plot]; p != nil && !t.transfer {
		p.synced[t.peer] = true
		n.given(t.plot)
	}
}

// tellLeft says, once, that a node that left has nothing any more that others need.
func (n *Node) tellLeft() {
	last, known := n.member.history.Last(n.cfg.Name)
	gone := known && last.Kind != member.Join && !n.belongs(n.cfg.Name) && n.empty() && n.goodbye()
	if gone && !n.transfer.left {
		n.emit(trace.Event{Kind: trace.Departed})
	}
	n.transfer.left = gone
}

// goodbye writes the node's last word into the history, so that nobody reckons with what it might hold, and says
// whether a member knows of it: the node may be taken down then.
func (n *Node) goodbye() bool {
	if c, ok := n.member.history.Goodbye(n.cfg.Name); ok {
		n.learn(n.member.history.Merge(member.History{c}), n.cfg.Name)
	}
	if !n.member.gone { // it never belonged, or the history is full
		return true
	}
	if n.heardOut() {
		return true
	}
	for _, m := range n.ring().Members() {
		if n.healthy(m.Name) { // its answer tells what it knows
			n.sendHistory(m.Name, false)
			n.call(m.Name, 0, wire.Ping{}, n.cfg.Timings.Patience, call{onAnswer: func(wire.Body) {
				if n.heardOut() {
					n.tellLeft()
				}
			}})
			break
		}
	}
	return false
}

// heardOut says whether a member knows all that this node does of the membership.
func (n *Node) heardOut() bool {
	return slices.ContainsFunc(n.ring().Members(), func(m ring.Member) bool { return n.peer(m.Name).view == n.member.digest })
}

// empty says whether the node holds nothing for anybody.
func (n *Node) empty() bool {
	return n.hints.total == 0 && len(n.transfer.out) == 0 && n.foreign() == 0
}

// foreign is how many keys the node holds, tombstones too, of ranges that it is no home of.
func (n *Node) foreign() int {
	keys := 0
	for _, rg := range n.ring().Ranges() {
		if !slices.Contains(rg.Homes, n.cfg.Name) {
			keys += n.tree(n.plotOf(rg)).Keys()
		}
	}
	return keys
}

// advance offers the range to the next home that lacks something, or drops it if none does.
func (n *Node) advance(h *handover) {
	rg, ok := n.rangeOf(h.plot)
	if !ok || slices.Contains(rg.Homes, n.cfg.Name) {
		delete(n.transfer.out, h.plot) // the ring changed again
		return
	}
	if h.busy {
		return
	}
	all := true
	for _, home := range rg.Homes {
		if root, done := h.done[home]; done && (root == n.tree(h.plot).Root() || mutant.Is(mutant.LateWritesDropped)) {
			continue
		}
		if mutant.Is(mutant.RangeDroppedUnconfirmed) && len(h.done) > 0 {
			break
		}
		all = false
		if n.healthy(home) {
			n.offer(h, home)
			return
		}
	}
	if all {
		n.drop(h)
	}
}

func (h *handover) message(t *merkle.Tree, phase wire.OfferPhase) wire.Offer {
	return wire.Offer{Start: h.Start, End: h.End, Depth: h.depth, Phase: phase, Keys: min(t.Keys(), math.MaxInt32), Size: min(t.Size(), math.MaxInt32)}
}

// offer asks a home whether it wants the range, and transfers it once that confirms.
func (n *Node) offer(h *handover, home string) {
	t := n.tree(h.plot)
	if t.Keys() == 0 {
		n.handed(h, home, t.Root())
		return
	}
	h.busy = true
	span := &trace.Span{Start: h.Start, End: h.End}
	n.emit(trace.Event{Kind: trace.RangeOffered, Peer: home, Span: span, Count: t.Keys()})
	n.call(home, 0, h.message(t, wire.OfferRange), n.cfg.Timings.Patience, call{
		onSilent: func() { h.busy = false },
		onAnswer: func(b wire.Body) {
			if r, ok := b.(wire.OfferReply); !ok || r.Err != wire.OK || r.Answer != wire.OfferConfirmed {
				h.busy = false // the next look tries again
				return
			}
			root := n.tree(h.plot).Root()
			n.sync.tasks = append(n.sync.tasks, task{taskKey: taskKey{h.plot, home}, transfer: true, done: func(r trace.SyncRound) {
				h.busy = false
				if r.Err != "" {
					return
				}
				n.emit(trace.Event{Kind: trace.RangeTransferred, Peer: home, Span: span, Count: r.Sent, Rounds: []trace.SyncRound{r}})
				n.handed(h, home, root)
			}})
			n.startRounds()
		},
	})
}

// handed notes that home holds everything that made up root, and tells it so.
func (n *Node) handed(h *handover, home string, root uint64) {
	h.busy = true
	o := h.message(n.tree(h.plot), wire.OfferDone)
	o.From = n.missing(h.plot)
	n.call(home, 0, o, n.cfg.Timings.Patience, call{
		onSilent: func() { h.busy = false },
		onAnswer: func(b wire.Body) {
			h.busy = false
			if r, ok := b.(wire.OfferReply); ok && r.Err == wire.OK && n.transfer.out[h.plot] == h {
				h.done[home] = root
				n.advance(h)
			}
		},
	})
}

// drop deletes the range: all its homes hold it durably.
func (n *Node) drop(h *handover) {
	delete(n.transfer.out, h.plot)
	delete(n.member.pending, h.plot)
	delete(n.member.lost, h.plot)
	n.member.changed[h.Span] = true
	count, keys := 0, n.keys
	var dropped [][]byte
	n.scanRange(h.Span, func(k, v []byte) {
		dropped = append(dropped, slices.Clone(k))
		if rec, err := wire.DecodeRecord(v); err == nil {
			n.keys -= live(rec.Siblings)
		} else {
			n.keys--
		}
		count++
	})
	for _, k := range dropped {
		n.write(store.Data, k, nil)
	}
	delete(n.trees.trees, h.plot)
	n.trees.at(h.plot)
	if count > 0 {
		n.emit(trace.Event{Kind: trace.RangeDropped, Span: &trace.Span{Start: h.Start, End: h.End}, Count: count, Want: keys - n.keys})
	}
	n.tellLeft()
}

// onOffer answers a node that holds a range of ours, or waits for one that we hold.
func (n *Node) onOffer(m wire.Message, o wire.Offer) {
	at := plot{trace.Span{Start: o.Start, End: o.End}, o.Depth}
	_, ok := n.rangeOf(at)
	r := wire.OfferReply{Answer: wire.OfferLater}
	switch {
	case !ok || n.hosts(at) == (o.Phase == wire.OfferAsk):
		r.Err = wire.BadRequest // one of us knows another ring
	case o.Phase == wire.OfferAsk:
		r.Answer, r.From = n.askedFor(at)
	case o.Phase == wire.OfferDone:
		n.durably() // what was the same here and there did not travel, and may be in our buffer only
		n.gotAll(at, m.From, o.From)
	default:
		r.Answer = n.confirm(at, m.From, o.Keys)
	}
	n.answer(m, r)
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
	p := n.member.pending[at]
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
	p := n.member.pending[at]
	if p == nil {
		return
	}
	p.given[from] = true
	if len(missing) > 0 {
		n.await(ring.Shift{Start: at.Start, End: at.End, Before: missing})
	}
	n.given(at)
}

// confirm accepts a transfer unless another node is sending the same range: the keys would come twice.
func (n *Node) confirm(at plot, from string, keys int) wire.OfferAnswer {
	if in, ok := n.transfer.in[at]; ok && in.from != from && n.now < in.until {
		return wire.OfferLater
	}
	n.transfer.in[at] = incoming{from, n.now + transferLease}
	n.emit(trace.Event{Kind: trace.RangeConfirmed, Peer: from, Span: &at.Span, Count: keys})
	return wire.OfferConfirmed
}

// transferLease is how long a confirmed transfer may be silent before another node may begin one.
const transferLease = 2 * time.Second

// transferGoesOn notes that a confirmed transfer is under way.
func (n *Node) transferGoesOn(from string, key []byte) {
	at := n.plotAt(ring.Of(key))
	if in, ok := n.transfer.in[at]; ok && in.from == from {
		n.transfer.in[at] = incoming{from, n.now + transferLease}
	}
}

// rehomeLater looks after the hints for nodes that are gone, soon.
func (n *Node) rehomeLater() {
	gone := slices.ContainsFunc(n.hints.sortedHomes(), func(h string) bool { return !n.belongs(h) })
	if !gone || n.transfer.rehomes || !n.inRing() {
		return
	}
	n.transfer.rehomes = true
	n.after(handOverPause, func() {
		n.transfer.rehomes = false
		n.rehome()
	})
}

// rehome makes what is kept for nodes that are gone the node's own, for the homes of now: if
// it is none itself it hands it over like everything that is not its own.
func (n *Node) rehome() {
	left, refused := rehomeBatch, false
	for _, home := range n.hints.sortedHomes() {
		if n.belongs(home) {
			continue
		}
		q := n.hints.queues[home]
		for _, k := range q.oldestKeys(left) {
			left--
			if q.hints[k] == nil {
				continue // it stood in the queue twice
			}
			refused = !n.rehomeHint(home, []byte(k)) || refused
		}
	}
	n.handOverSoon()
	if !refused {
		n.rehomeLater()
		return
	}
	n.transfer.rehomes = true // a key with too many siblings: it waits for somebody to reconcile it
	n.after(n.cfg.Timings.Handoff, func() {
		n.transfer.rehomes = false
		n.rehome()
	})
}

// rehomeHint says whether the hint is gone.
func (n *Node) rehomeHint(home string, key []byte) bool {
	rec, damaged := n.readable(store.Hints, key, hintKey(home, key))
	if damaged {
		n.dropHint(home, key, trace.HintLost)
		return true
	}
	if n.storeHome(key, rec.Siblings, rec.LWW, nil, trace.Event{Peer: home, Op: wire.Transfer.String()}) != wire.OK {
		n.hints.queues[home].toEnd(string(key))
		return false
	}
	n.dropHint(home, key, trace.HintRehomed)
	return true
}
