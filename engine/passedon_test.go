package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/wire"
)

// §4.9: one change of the ring gives ranges to n6, and the next one takes them away. n6 learns of
// both at once and holds nothing of the ranges. n7, which gets them from n6, waits for the nodes
// that hold them.
func TestNewHomeWaitsForHoldersThatItsPredecessorNeverHeardFrom(t *testing.T) {
	for _, nodes := range []int{1, 3} {
		w := newWorldOf(t, ring.Config{Strategy: ring.EqualPartitions, N: nodes, Q: testQ}, "n1", "n2", "n3", "n4", "n5")
		w.restart(func(c *Config) { c.Quorum = wire.Quorum{R: 1, W: 1} })
		gossiping(w)
		keys := w.fillKeys("n1", 200)
		was := w.ringNow()
		w.newcomer("n6", "n1")
		w.newcomer("n7", "n1")
		h1, _ := w.nodes["n1"].members.history.With(int64(w.now), member.Change{Node: "n6", By: "n1", Kind: member.Join, Weight: 1})
		h2, _ := h1.With(int64(w.now), member.Change{Node: "n7", By: "n1", Kind: member.Join, Weight: 1})
		between := w.nodes["n1"].members.rings.Of(h1)
		w.refuse = func(m wire.Message) bool { // no transfer gets through
			o, ok := m.Body.(wire.Offer)
			return ok && o.Phase == wire.OfferRange && o.Keys > 0
		}
		w.step("n1", &Receive{wire.Message{From: "n2", To: "n1", Body: wire.Gossip{Changes: h2}}})
		w.pass(3 * time.Second)
		passed := 0
		for _, k := range keys {
			at := []byte(k)
			through := slices.Contains(between.Homes(at), "n6") && !slices.Contains(w.ringNow().Homes(at), "n6")
			if !through || !slices.Contains(w.ringNow().Homes(at), "n7") {
				continue
			}
			passed++
			if !w.nodes["n7"].Awaits(at) {
				t.Errorf("N=%d: n7 takes %s for given; %v held it, and n6 was never given it", nodes, k, was.Homes(at))
			}
		}
		if passed == 0 {
			t.Fatalf("N=%d: no key goes through n6 to n7", nodes)
		}
		w.refuse = nil
		w.settle()
		w.wantHomes(keys...)
	}
}

// §4.9: as above, but n6 has not heard that it was ever a member. n7 does not believe n6 that
// nothing of a range is left.
func TestNewHomeDoesNotAskOneThatKnowsAnOlderRing(t *testing.T) {
	w := newWorldOf(t, ring.Config{Strategy: ring.EqualPartitions, N: 3, Q: testQ}, "n1", "n2", "n3", "n4", "n5")
	w.restart(func(c *Config) { c.Quorum = wire.Quorum{R: 1, W: 1} })
	gossiping(w)
	keys := w.fillKeys("n1", 200)
	w.newcomer("n6", "n1")
	w.newcomer("n7", "n1")
	w.pass(time.Second)
	h1, _ := w.nodes["n1"].members.history.With(int64(w.now), member.Change{Node: "n6", By: "n1", Kind: member.Join, Weight: 1})
	h2, _ := h1.With(int64(w.now), member.Change{Node: "n7", By: "n1", Kind: member.Join, Weight: 1})
	between := w.nodes["n1"].members.rings.Of(h1)
	w.refuse = func(m wire.Message) bool { // no transfer gets through, and n6 hears of no change
		o, isOffer := m.Body.(wire.Offer)
		_, isGossip := m.Body.(wire.Gossip)
		return isOffer && o.Phase == wire.OfferRange && o.Keys > 0 || isGossip && m.To == "n6"
	}
	w.step("n1", &Receive{wire.Message{From: "n2", To: "n1", Body: wire.Gossip{Changes: h2}}})
	w.pass(3 * time.Second)
	passed := 0
	for _, k := range keys {
		at := []byte(k)
		if slices.Contains(between.Homes(at), "n6") && !slices.Contains(w.ringNow().Homes(at), "n6") && slices.Contains(w.ringNow().Homes(at), "n7") {
			passed++
			if !w.nodes["n7"].Awaits(at) {
				t.Errorf("n7 takes %s for given, and n6, which says so, knows no ring with n6", k)
			}
		}
	}
	if passed == 0 {
		t.Fatal("no key goes through n6 to n7")
	}
	w.refuse = nil
	w.settle()
	w.wantHomes(keys...)
}

// §4.9: n6 is given ranges and loses its disk before it is told that it has all of them. The nodes
// that gave the ranges are the last to hold them, so they transfer the ranges again.
func TestNewHomeThatLostItsDiskIsGivenTheRangeAgain(t *testing.T) {
	w := newWorldOf(t, ring.Config{Strategy: ring.EqualPartitions, N: 1, Q: testQ}, "n1", "n2", "n3")
	w.restart(func(c *Config) {
		c.Quorum.R, c.Quorum.W = 1, 1
		c.Buggify = func(p BuggifyPoint) bool { return p == SlowTransfers } // the report comes slowTransfer after the transfer
	})
	gossiping(w)
	keys := w.fillKeys("n1", 60)
	w.newcomer("n6", "n1")
	w.amend("n1", "n6", member.Join)
	w.pass(slowTransfer + 2*time.Second)
	toN6 := func(e event.Event) bool { return e.Peer == "n6" && e.Count > 0 }
	if !slices.ContainsFunc(w.saw(event.RangeTransferred), toN6) {
		t.Fatal("n6 was given nothing before it lost its disk")
	}
	if slices.ContainsFunc(w.saw(event.RangeDropped), func(e event.Event) bool { return e.Count > 0 }) {
		t.Fatal("a range was dropped before n6 lost its disk")
	}
	w.wipe("n6")
	w.settle()
	w.wantHomes(keys...)
}

// §4.9: a home that does not know yet that it loses a range still takes writes for the range. So it
// does not answer that nothing of the range is left.
func TestHomeThatKnowsNoChangeHandsNothingOver(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4")
	home := w.ring.Homes([]byte("key"))[0]
	at := keyrange.At(w.nodes[home].members.ring, ring.Of([]byte("key")))
	ask := wire.Offer{Start: at.Start, End: at.End, Depth: at.Depth, Phase: wire.OfferAsk}
	out := w.nodes[home].Step(w.now, &Receive{wire.Message{From: "n9", To: home, Op: 1, Body: ask}})
	i := slices.IndexFunc(out.Messages, func(m wire.Message) bool { return m.To == "n9" && m.Op == 1 })
	if r, _ := out.Messages[i].Body.(wire.OfferReply); r.Err != wire.BadRequest {
		t.Errorf("%s, which is a home, answers %v, %v", home, r.Err, r.Answer)
	}
}

// §4.6, §4.9: a node that keeps a hint is not empty, so it does not announce its departure.
func TestNodeWithHintsIsNotEmpty(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4")
	key := w.keyAt("n1", "n2", "n3", "n4")
	w.split(true, []string{"n1", "n2", "n4"}, []string{"n3"})
	w.mustPut("n1", key, "v", nil)
	w.pass(time.Second)
	if n := w.nodes["n4"]; n.handoff.index.Len() != 1 || n.departure.empty() {
		t.Errorf("n4 keeps %d hints, want 1, and is empty: %v", n.handoff.index.Len(), n.departure.empty())
	}
}

// §4.9: a node that lost a part of a range does not answer as a home of the whole range after the
// next change of the ring either.
func TestPartOfARangeIsNotTheRange(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	n, key := w.nodes["n1"], "key"
	for i := 0; slices.Contains(w.ring.Homes([]byte(key)), "n1"); i++ {
		key = fmt.Sprintf("key%d", i)
	}
	id := keyrange.At(n.members.ring, ring.Of([]byte(key)))
	for _, whole := range []bool{true, false} {
		n.transfers.kept = map[keyrange.ID]bool{id: whole}
		n.transfers.recutKept()
		if home, _ := n.moves.role([]byte(key)); home != whole {
			t.Errorf("n1 lost the whole range: %v; it answers as a home: %v", whole, home)
		}
	}
}

// §4.8.1, §4.9: two sides of a split change the ring more than once each. A member of the other
// side tells n2 of that side's ring, and n2 tells n7. n7 waits for the homes of the other side's
// ring, though all changes together do not show which ring that was.
func TestNewHomeHearsOfTheRingsThatMet(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	w.newcomer("n7", "n1")
	after := func(by string, joins ...string) member.History {
		h := w.nodes["n1"].members.history
		for _, node := range joins {
			h, _ = h.With(int64(w.now), member.Change{Node: node, By: by, Kind: member.Join, Weight: 1})
		}
		return h
	}
	ours, theirs := after("n2", "n6", "n7", "n8"), after("n1", "n9", "n10")
	for _, n := range []string{"n6", "n8", "n9", "n10"} {
		w.down[n] = true
	}
	w.cut = func(_, _ string) bool { return true }
	for _, n := range []string{"n2", "n7"} {
		w.step(n, &Receive{wire.Message{From: "n3", To: n, Body: wire.Gossip{Changes: ours}}})
	}
	w.step("n2", &Receive{wire.Message{From: "n1", To: "n2", Body: wire.Gossip{Changes: theirs}}})
	w.pass(time.Second)
	n := w.nodes["n7"]
	if n.members.history.Covers(theirs) {
		t.Fatal("n7 was told of the other side's changes before n2 told it")
	}
	w.cut = func(from, to string) bool { return from != "n2" || to != "n7" }
	w.step("n2", &Receive{wire.Message{From: "n7", To: "n2", Digest: n.members.digest, Body: wire.Gossip{}}})
	w.deliver()
	if n.members.digest != w.nodes["n2"].members.digest {
		t.Fatal("n2 did not tell n7 of all changes")
	}
	waits := 0
	for _, s := range ring.Shifts(n.members.rings.Of(theirs), n.members.ring) {
		if !slices.Contains(s.Gained(), "n7") {
			continue
		}
		waits++
		missing := n.arrivals.missing(keyrange.At(n.members.ring, s.End))
		for _, home := range s.Before {
			if !slices.Contains(missing, home) {
				t.Errorf("n7 waits for %v up to %v, and not for %s, a home on the other side", missing, s.End, home)
			}
		}
	}
	if waits == 0 {
		t.Fatal("n7 is a home of nothing that others are homes of on the other side")
	}
}
