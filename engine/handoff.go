package engine

// §4.6 Handling Failures: Hinted Handoff. A replica whose home cannot be reached goes to a
// fallback, with a hint that names the home. The fallback keeps the replica in a store of its own,
// scans that store, and delivers the replica once the home is back. It deletes the replica when the
// home holds it durably, and not before. Which hints there are, and in which order they go, is in
// package hints.

import (
	"cmp"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/hints"
	"ringside/engine/mutant"
	"ringside/engine/oversize"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// handoffWindow bounds the hints that are in flight to one home.
const handoffWindow = 16

// handoff keeps hints for homes that cannot be reached, and delivers them.
type handoff struct {
	n        *Node
	index    *hints.Index
	returned time.Duration // when a hint or a record of a lost range was last given to a home; 0: never
	rehoming bool          // a call of rehome is planned
}

func newHandoff(n *Node) *handoff {
	return &handoff{n: n, index: hints.New(cmp.Or(n.cfg.Limits.Hints, hints.DefaultMax))}
}

// load builds the index from the hint store, oldest first.
func (h *handoff) load() error {
	if mutant.Is(mutant.HintsForgotten) {
		return nil
	}
	type found struct {
		home   string
		key    []byte
		stored time.Duration
	}
	var all []found
	var unknown [][]byte
	err := h.n.db.Scan(store.Hints, nil, nil, func(k, v []byte) bool {
		home, key, ok := record.ParseHintKey(k)
		if !ok {
			unknown = append(unknown, slices.Clone(k))
			return true
		}
		rec, _ := record.Decode(v) // a damaged hint is reported when its turn comes
		all = append(all, found{home, key, time.Duration(rec.Stored)})
		return true
	})
	h.n.records.discard(store.Hints, unknown)
	slices.SortStableFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.stored, b.stored), cmp.Compare(a.home, b.home))
	})
	for _, f := range all {
		h.index.Add(f.home, f.key, f.stored)
	}
	return err
}

// full reports whether the node has to refuse further hints.
func (h *handoff) full() bool { return h.index.Full() && !mutant.Is(mutant.HintsUnbounded) }

// counts returns the number of hints for each home, sorted by home.
func (h *handoff) counts() []event.HintCount {
	var out []event.HintCount
	for _, c := range h.index.Counts() {
		out = append(out, event.HintCount{For: c.Home, Keys: c.Keys, Oldest: c.Oldest})
	}
	return out
}

// keep merges an update into the hint for home. If this node has minted the update's dot, the
// caller has checked that the index is not full.
func (h *handoff) keep(home string, u update) wire.Code {
	n, key := h.n, u.key
	if !u.minted() && h.full() {
		h.refuse(home, u.key, u.request, u.peer)
		return wire.Overloaded
	}
	k := record.HintKey(home, key)
	rec, _ := n.records.readForMerge(store.Hints, key, k)
	fresh := rec.Stored == 0
	if fresh {
		rec.Stored = int64(n.now)
	}
	if mutant.Is(mutant.HintReplaced) {
		rec.Siblings = nil
	}
	changed, code := n.records.mergeInto(&rec, u, home)
	if code != wire.OK || !changed && !fresh && !u.minted() {
		return code
	}
	n.write(store.Hints, k, record.Encode(rec))
	n.collector.stored(key, record.Record{}) // a hint ends every watch of its key
	if u.minted() {
		n.counters.keep(n.dataKey(key), u.own)
	}
	h.index.Add(home, key, n.now)
	n.records.oversized.Changed(key)
	if !n.members.has(home) {
		h.rehomeSoon()
	}
	e := u.event(event.HintStored)
	e.For, e.Versions = home, rec.Siblings
	if fresh {
		e.Count = 1
	}
	n.emit(e)
	return wire.OK
}

// refuse tells watchers that there is no room for a hint for home, which peer wanted this node to
// keep.
func (h *handoff) refuse(home string, key []byte, request uint64, peer string) {
	h.n.emit(event.Event{Kind: event.HintRefused, Request: request, Key: key, For: home, Peer: peer})
}

// scan delivers hints to all homes that can be reached, and plans the next scan. A home that
// returns gets its hints without a scan. The scan finds hints that were refused or lost on the way.
func (h *handoff) scan() {
	for _, home := range h.index.Homes() {
		h.deliver(home)
	}
	if !mutant.Is(mutant.HintsScannedOnce) {
		h.n.after(h.n.cfg.Timings.Handoff, h.scan)
	}
}

// deliver sends the oldest hints for home until its window is full.
func (h *handoff) deliver(home string) {
	n := h.n
	if n.cfg.Off.Handoff || !h.index.HasFor(home) || !n.detector.healthy(home) || n.buggify(LazyHandoff) {
		return
	}
	room := func() bool { return !n.windowFull(h.index.InFlight(home), handoffWindow) }
	for key, hint := range h.index.Waiting(home, room) {
		if !n.records.oversized.BlocksHint(n.now, key, home) {
			h.index.Launch(home, hint)
			n.background.run(func() { h.send(home, key, hint) })
		}
	}
}

// send delivers one hint, which is marked as in flight.
func (h *handoff) send(home string, key []byte, hint *hints.Hint) {
	n := h.n
	if !n.detector.healthy(home) || h.index.Get(home, key) != hint {
		h.index.Land(home, hint) // the home's return sets off another try, or the hint was rehomed
		return
	}
	rec, damaged := n.records.readForMerge(store.Hints, key, record.HintKey(home, key))
	if damaged {
		h.index.Land(home, hint)
		h.drop(home, key, event.HintLost)
		return
	}
	hint.Read()
	n.emit(event.Event{Kind: event.HintSent, Key: key, Peer: home, For: home, Versions: rec.Siblings})
	w := wire.Write{Key: key, Siblings: rec.Siblings, LWW: rec.LWW, Purpose: wire.Handoff}
	n.background.charge(w, home)
	if h.dropTooEarly(home, key, hint, w) {
		return
	}
	n.calls.begin(home, 0, w, n.cfg.Timings.Patience, callbacks{
		silent: func() { h.unanswered(home, key, hint) },
		answer: func(b wire.Body) {
			h.index.Land(home, hint)
			h.delivered(home, key, hint, rec, b)
		},
	})
}

// unanswered keeps a hint that the home did not answer in time. A later scan sends it again.
func (h *handoff) unanswered(home string, key []byte, hint *hints.Hint) {
	switch {
	case mutant.Is(mutant.HintStuck):
		return
	case mutant.Is(mutant.HintDroppedOnSilence):
		h.drop(home, key, event.HintDelivered)
	}
	h.index.Land(home, hint)
}

// delivered handles the home's answer to a hint whose replica was rec. A hint that the home did not
// take stays, and a later scan sends it again.
func (h *handoff) delivered(home string, key []byte, hint *hints.Hint, rec record.Record, answer wire.Body) {
	if h.index.Get(home, key) != hint {
		return // the hint was rehomed
	}
	r, ok := answer.(wire.WriteReply)
	switch {
	case ok && r.Err == wire.TooLarge:
		oversized := event.Oversized{
			Key: key, Peer: home, Hint: true, Bytes: rec.Siblings.Size(), Versions: len(rec.Siblings),
		}
		h.n.records.refused(oversize.Merge{Oversized: oversized, Mine: stateOf(key, rec).Hash})
	case ok && r.Err == wire.OK:
		if !hint.Changed() || mutant.Is(mutant.HintDroppedStale) {
			h.drop(home, key, event.HintDelivered)
		}
		h.deliver(home)
	}
}

// drop deletes a hint that its home holds, that was rehomed, or that is damaged. The counter of the
// dots that this node minted for the key stays (counters.go).
func (h *handoff) drop(home string, key []byte, kind event.Kind) {
	n := h.n
	h.index.Remove(home, key)
	n.records.oversized.Merged(key, home)
	h.noteReturned()
	n.write(store.Hints, record.HintKey(home, key), nil)
	if len(h.index.HomesOf(key)) == 0 && mutant.Is(mutant.HintTookCounter) {
		n.write(store.Own, n.dataKey(key), nil)
	}
	n.emit(event.Event{Kind: kind, Key: key, Peer: home, For: home})
}

// noteReturned notes that a replica left this node for a home. A get may have asked that home
// before.
func (h *handoff) noteReturned() { h.returned = h.n.now }

// returnedLately reports whether a get that is still waiting for answers may have asked a home
// before this node handed a replica over to it.
func (h *handoff) returnedLately() bool {
	return h.returned > 0 && h.n.now-h.returned <= h.n.cfg.Timings.Request
}
