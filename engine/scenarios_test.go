package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// Known bugs of other systems. More of them are tested with their mechanisms: KV679 in
// paper_test.go, wiped ranges and endless repairs in antientropy_test.go, joins and leaves in
// membership_test.go, tombstones in tombstones_test.go, last write wins with clock skew in package
// sim.

// KV679 for a home that was not the coordinator: it loses the key, and coordinates the key from
// then on.
func TestKV679OtherReplica(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	ctx := w.mustPut("n4", key, "v1", nil).Context
	w.mustPut("n3", key, "v2", ctx)
	w.wipe("n4")
	w.mustPut("n4", key, "new", nil)
	w.pass(time.Second)
	w.wantValues("n1", key, "new", "v2")
	if dots := w.mintedTwice(); dots != nil {
		t.Fatalf("minted twice: %v", dots)
	}
}

// Two nodes with one actor: a node starts from a copy of another node's disk, and both coordinate
// puts of the same keys.
func TestTwoNodesWithOneActorID(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	w.mustPut("n3", key, "v1", nil)
	w.pass(time.Second)
	w.kill("n4")
	w.stores["n4"] = copied(t, w.stores["n3"])
	w.start("n4")
	a := w.mustPut("n3", key, "a", nil)
	b := w.mustPut("n4", key, "b", nil)
	w.pass(time.Second)
	if a.Version.Dot == b.Version.Dot {
		t.Fatalf("both stamped %v", a.Version.Dot)
	}
	w.wantValues("n1", key, "a", "b", "v1")
}

func copied(t *testing.T, from *store.Mem) *store.Mem {
	t.Helper()
	to := store.NewMem()
	for _, s := range []store.Space{store.Data, store.Hints, store.Own, store.Meta} {
		err := from.Scan(s, nil, nil, func(k, v []byte) bool {
			return to.Apply([]store.Write{{Space: s, Key: slices.Clone(k), Value: slices.Clone(v)}}, true) == nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// Sibling explosion by forwarded puts: two clients that never get the key put it through a node
// that is not a home, each with the context of its last put.
func TestSiblingExplosionByForwarding(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	first := w.mustPut("n1", key, "first", nil)
	a, b := first.Context, first.Context
	for i := range 100 {
		via := []string{"n1", "n2"}[i%2]
		a = w.mustPut(via, key, "a", a).Context
		b = w.mustPut(via, key, "b", b).Context
	}
	w.wantValues("n1", key, "a", "b")
}

// Gossip that takes long makes no peer suspected: no node waits for an answer to gossip. A long
// history takes only one step.
func TestGossipMakesNobodySuspect(t *testing.T) {
	w := five(t)
	gossiping(w)
	unheard := 0 // messages to n5, which does not answer; without clients all of them are gossip
	w.cut = func(from, to string) bool {
		if to == "n5" {
			unheard++
		}
		return from == "n5"
	}
	w.pass(20 * w.timings.Gossip)
	if unheard == 0 {
		t.Fatal("nobody told n5 anything")
	}
	before := len(w.saw(event.Suspect))
	for _, n := range []string{"n1", "n2", "n3", "n4"} {
		if !w.nodes[n].detector.healthy("n5") {
			t.Errorf("%s suspects n5 for its silence about gossip", n)
		}
	}
	out := w.nodes["n2"].Step(w.now, &Receive{wire.Message{From: "n1", To: "n2", Body: wire.Gossip{Changes: longHistory(w, 500)}}})
	if k := len(out.Writes); k == 0 || k > len(w.ringNow().Ranges())+1 {
		t.Errorf("500 changes make %d writes in one step", k)
	}
	if after := len(w.saw(event.Suspect)); after != before {
		t.Errorf("%d suspicions", after-before)
	}
}

// longHistory returns a history in which nodes join and leave.
func longHistory(w *world, changes int) member.History {
	h := w.nodes["n2"].members.history
	for i := range changes {
		c := member.Change{By: "n1", Node: fmt.Sprintf("x%d", i/2), Kind: member.Join, Weight: 1}
		if i%2 == 1 {
			c.Kind = member.Leave
		}
		h, _ = h.With(int64(w.now), c)
	}
	return h
}

// A put that the network repeats is one write.
func TestRepeatedMessagesAreOneWrite(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	ctx := w.mustPut("n3", key, "v1", nil).Context
	before := len(w.saw(event.Coordinate))
	m := wire.Message{From: "n1", To: "n3", Op: 1 << 50, Digest: w.nodes["n1"].members.digest, Body: wire.Forward{Put: wire.PutRequest{Key: []byte(key), Value: []byte("v2"), Context: ctx, Quorum: wire.Quorum{R: 2, W: 2}}}}
	for range 3 {
		w.step("n3", &Receive{m})
		w.deliver()
	}
	if k := len(w.saw(event.Coordinate)) - before; k != 1 {
		t.Fatalf("coordinated %d times", k)
	}
	w.wantValues("n1", key, "v2")
}

// After splits, crashes and restarts nothing is left: no call, no request, no hint, no timer.
func TestNothingIsLeftOver(t *testing.T) {
	for seed := range uint64(60) {
		w := five(t)
		storm(w, rand.New(rand.NewPCG(seed, 1)))
		w.heal(true)
		w.pass(20 * time.Second)
		for name, n := range w.nodes {
			due, hints := n.timers.Len(), n.handoff.index
			if len(n.calls.open) > 0 || n.coordinator.requests != 0 || hints.MostInFlight() != 0 || due > 2 || hints.Len() != 0 {
				t.Fatalf("seed %d %s: %d calls, %d requests, %d timers, %d hints, %d of them in flight to one home",
					seed, name, len(n.calls.open), n.coordinator.requests, due, hints.Len(), hints.MostInFlight())
			}
		}
	}
}

// storm splits, kills and restarts nodes while requests are under way.
func storm(w *world, r *rand.Rand) {
	for range 120 {
		switch r.IntN(8) {
		case 0:
			var groups [2][]string
			for _, n := range w.names {
				i := r.IntN(2)
				groups[i] = append(groups[i], n)
			}
			w.heal(true)
			w.split(r.IntN(2) == 0, groups[:]...)
		case 1:
			w.heal(true)
		case 2:
			w.pass(time.Duration(r.IntN(900)) * time.Millisecond)
		case 3:
			n := w.names[r.IntN(5)]
			w.kill(n)
			w.pass(time.Duration(r.IntN(700)) * time.Millisecond)
			w.start(n)
		default:
			w.next++
			via, key := w.names[r.IntN(5)], fmt.Appendf(nil, "k%d", r.IntN(4))
			q := wire.Quorum{R: 1 + r.IntN(3), W: 1 + r.IntN(3), Strict: r.IntN(3) == 0}
			if r.IntN(2) == 0 {
				w.step(via, &Request{Client: w.next, Body: wire.GetRequest{Key: key, Quorum: q}})
			} else {
				w.step(via, &Request{Client: w.next, Body: wire.PutRequest{Key: key, Value: []byte("v"), Quorum: q}})
			}
			if r.IntN(2) == 0 {
				w.deliver()
			}
		}
	}
}
