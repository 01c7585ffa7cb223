package engine

// §4.6 Handling Failures: Hinted Handoff. A replica whose home cannot be
// reached goes to a stand-in with a hint that names the home. The stand-in keeps it in
// a store of its own, scans that store, hands the replica over once the home is back,
// and deletes it when the home has it durably, no sooner.

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

const (
	// MaxHints bounds a node's hint store if its Config does not; beyond it the node refuses
	// to stand in. The node keeps about 200 bytes of memory for each.
	MaxHints = 1 << 20
	// handoffWindow is how many hints may be under way to one home at once.
	handoffWindow = 16
)

// hintBook is the index in memory of a node's hint store.
type hintBook struct {
	queues map[string]*hintQueue // by home
	byKey  map[string][]string   // key → homes it is kept for, sorted
	total  int

	returned time.Duration // when a hint or a record of a lost range was last handed to a home, 0 for never
}

// hintQueue is what is kept for one home, oldest first.
type hintQueue struct {
	order []string // keys; may hold keys delivered since
	hints map[string]*hint
}

type hint struct {
	stored time.Duration // since 1970
	flying bool          // sent, not yet acked
	stale  bool          // changed since it was sent
}

func newHintBook() *hintBook {
	return &hintBook{queues: map[string]*hintQueue{}, byKey: map[string][]string{}}
}

// homes lists for which homes a hint for key is kept.
func (b *hintBook) homes(key []byte) []string { return b.byKey[string(key)] }

// add notes a hint, or a change of one that is there.
func (b *hintBook) add(home string, key []byte, at time.Duration) {
	q := b.queues[home]
	if q == nil {
		q = &hintQueue{hints: map[string]*hint{}}
		b.queues[home] = q
	}
	k := string(key)
	if h := q.hints[k]; h != nil {
		h.stale = true
		return
	}
	q.hints[k] = &hint{stored: at}
	q.order = append(q.order, k)
	i, _ := slices.BinarySearch(b.byKey[k], home)
	b.byKey[k] = slices.Insert(b.byKey[k], i, home)
	b.total++
}

func (b *hintBook) remove(home string, key []byte) {
	k := string(key)
	delete(b.queues[home].hints, k)
	if len(b.queues[home].hints) == 0 {
		delete(b.queues, home)
	}
	b.byKey[k] = slices.DeleteFunc(slices.Clone(b.byKey[k]), func(h string) bool { return h == home })
	if len(b.byKey[k]) == 0 {
		delete(b.byKey, k)
	}
	b.total--
}

// oldest drops delivered keys from the front of the queue and returns the first left.
func (q *hintQueue) oldest() *hint {
	for len(q.order) > 0 {
		if h := q.hints[q.order[0]]; h != nil {
			return h
		}
		q.order = q.order[1:]
	}
	return nil
}

// oldestKeys lists up to limit keys of the queue, oldest first.
func (q *hintQueue) oldestKeys(limit int) []string {
	q.oldest()
	var out []string
	for _, k := range q.order {
		if len(out) >= limit {
			break
		}
		if q.hints[k] != nil && !slices.Contains(out[max(0, len(out)-1):], k) {
			out = append(out, k)
		}
	}
	return out
}

// toEnd lets the others go before key.
func (q *hintQueue) toEnd(key string) {
	q.order = append(slices.DeleteFunc(q.order, func(k string) bool { return k == key }), key)
}

func (b *hintBook) sortedHomes() []string {
	out := make([]string, 0, len(b.queues))
	for h := range b.queues {
		out = append(out, h)
	}
	slices.Sort(out)
	return out
}

func (b *hintBook) counts() []event.HintCount {
	var out []event.HintCount
	for _, home := range b.sortedHomes() {
		q := b.queues[home]
		out = append(out, event.HintCount{For: home, Keys: len(q.hints), Oldest: q.oldest().stored})
	}
	return out
}

// loadHints rebuilds the book from the store, oldest first.
func (n *Node) loadHints() error {
	type found struct {
		home   string
		key    []byte
		stored time.Duration
	}
	var all []found
	var strange [][]byte
	if mutant.Is(mutant.HintsForgotten) {
		return nil
	}
	err := n.db.Scan(store.Hints, nil, nil, func(k, v []byte) bool {
		home, key, ok := record.ParseHintKey(k)
		if !ok {
			strange = append(strange, slices.Clone(k))
			return true
		}
		rec, _ := record.Decode(v) // a damaged one is found out, and told, when its turn comes
		all = append(all, found{home, key, time.Duration(rec.Stored)})
		return true
	})
	n.discard(store.Hints, strange)
	slices.SortStableFunc(all, func(a, b found) int {
		if a.stored != b.stored {
			return int(min(max(a.stored-b.stored, -1), 1))
		}
		return strings.Compare(a.home, b.home)
	})
	for _, f := range all {
		n.hints.add(f.home, f.key, f.stored)
	}
	return err
}

func (n *Node) maxHints() int { return cmp.Or(n.cfg.MaxHints, MaxHints) }

func (n *Node) hintsFull() bool {
	return n.hints.total >= n.maxHints() && !mutant.Is(mutant.HintsUnbounded)
}

// storeHint merges siblings into what the node keeps for home. own, if not
// nil, is the counter of the dot just minted: then there is room, or it would not have been.
func (n *Node) storeHint(home string, key []byte, siblings vclock.Siblings, lww bool, own *record.Own, why event.Event) wire.Code {
	if own == nil && n.hintsFull() {
		n.emit(event.Event{Kind: event.HintRefused, Request: why.Request, Key: key, For: home, Peer: why.Peer})
		return wire.Overloaded
	}
	k := record.HintKey(home, key)
	rec, _ := n.readable(store.Hints, key, k)
	fresh := rec.Stored == 0
	if fresh {
		rec.Stored = int64(n.now)
	}
	if mutant.Is(mutant.HintReplaced) {
		rec.Siblings = nil
	}
	why.For = home
	changed, code := n.mergeInto(&rec, key, siblings, lww, nil, why)
	if code != wire.OK || !changed && !fresh && own == nil {
		return code
	}
	n.write(store.Hints, k, record.Encode(rec))
	n.collector.stored(key, record.Record{}) // a hint is always something else
	if own != nil {
		n.keepCounter(record.DataKey(key), *own)
	}
	n.hints.add(home, key, n.now)
	n.refusals.changed(key)
	if !n.members.has(home) {
		n.rehomeLater()
	}
	why.Kind, why.Key, why.For, why.Versions = event.HintStored, key, home, rec.Siblings
	if fresh {
		why.Count = 1
	}
	n.emit(why)
	return wire.OK
}

// scanHints is the periodic scan. What a returning home sets off is quicker;
// the scan catches whatever was refused or lost.
func (n *Node) scanHints() {
	for _, home := range n.hints.sortedHomes() {
		n.deliverHints(n.peer(home))
	}
	if !mutant.Is(mutant.HintsScannedOnce) {
		n.after(n.cfg.Timings.Handoff, n.scanHints)
	}
}

// deliverHints sends the oldest hints for p until its window is full.
func (n *Node) deliverHints(p *peer) {
	q := n.hints.queues[p.name]
	if q == nil || !p.healthy() || n.odd(LazyHandoff) {
		return
	}
	q.oldest()
	for _, k := range q.order {
		if n.full(p.draining, handoffWindow) {
			return
		}
		if h := q.hints[k]; h != nil && !h.flying && !n.refusals.holdsHint(n.now, k, p.name) {
			n.deliverHint(p, []byte(k), h)
		}
	}
}

// deliverHint hands one hint over when background work may (§6.5).
func (n *Node) deliverHint(p *peer, key []byte, h *hint) {
	h.flying = true
	p.draining++
	q := n.hints.queues[p.name]
	n.pace(func() { n.sendHint(p, q, key, h) })
}

func (n *Node) sendHint(p *peer, q *hintQueue, key []byte, h *hint) {
	landed := func() { h.flying = false; p.draining-- }
	if !p.healthy() || n.hints.queues[p.name] != q || q.hints[string(key)] != h {
		landed()
		return // its return sets off another try; or the home is gone, and the hint was looked after
	}
	rec, damaged := n.readable(store.Hints, key, record.HintKey(p.name, key))
	if damaged {
		landed()
		n.dropHint(p.name, key, event.HintLost)
		return
	}
	h.stale = false
	n.emit(event.Event{Kind: event.HintSent, Key: key, Peer: p.name, For: p.name, Versions: rec.Siblings})
	w := wire.Write{Key: key, Siblings: rec.Siblings, LWW: rec.LWW, Purpose: wire.Handoff}
	n.charge(w, p.name)
	if mutant.Is(mutant.HintDroppedOnSend) {
		n.calls.begin(p.name, 0, w, n.cfg.Timings.Patience, call{})
		n.dropHint(p.name, key, event.HintDelivered)
		landed()
		return
	}
	n.calls.begin(p.name, 0, w, n.cfg.Timings.Patience, call{
		onSilent: func() {
			switch {
			case mutant.Is(mutant.HintStuck):
				return
			case mutant.Is(mutant.HintDroppedOnSilence):
				n.dropHint(p.name, key, event.HintDelivered)
			}
			landed()
		},
		onAnswer: func(b wire.Body) {
			landed()
			if n.hints.queues[p.name] != q {
				return // the home is gone, and the hint was looked after
			}
			r, ok := b.(wire.WriteReply)
			if ok && r.Err == wire.TooLarge {
				n.refuse(refusal{TooLarge: event.TooLarge{Key: key, Peer: p.name, Hint: true, Bytes: rec.Siblings.Size(), Versions: len(rec.Siblings)}, mine: stateOf(key, rec).Hash})
			}
			if !ok || r.Err != wire.OK {
				return // a later scan tries again
			}
			if (!h.stale || mutant.Is(mutant.HintDroppedStale)) && q.hints[string(key)] == h {
				n.dropHint(p.name, key, event.HintDelivered)
			}
			n.deliverHints(p)
		},
	})
}

// dropHint deletes a hint that its home now holds, or that is damaged. The counter of the dots that this node
// minted for the key stays (counters.go).
func (n *Node) dropHint(home string, key []byte, kind event.Kind) {
	n.hints.remove(home, key)
	n.refusals.merged(key, home)
	n.hints.returned = n.now
	n.write(store.Hints, record.HintKey(home, key), nil)
	if len(n.hints.homes(key)) == 0 && mutant.Is(mutant.HintTookCounter) {
		n.write(store.Own, record.DataKey(key), nil)
	}
	n.emit(event.Event{Kind: kind, Key: key, Peer: home, For: home})
}

// returnedLately says whether a get that is still waiting for answers may have asked a home
// before this node handed the home a replica.
func (n *Node) returnedLately() bool {
	return n.hints.returned > 0 && n.now-n.hints.returned <= n.cfg.Timings.Request
}
