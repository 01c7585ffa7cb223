package engine

// Bugs that a review of the code found, each with the test that shows it.

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// damage damages the record that a node's store holds under dbKey.
func (w *world) damage(node string, s store.Space, dbKey []byte) {
	w.t.Helper()
	if b, err := w.stores[node].Get(s, dbKey); b == nil || err != nil {
		w.t.Fatalf("%s holds nothing to damage", node)
	}
	if err := w.stores[node].Apply([]store.Write{{Space: s, Key: dbKey, Value: []byte("garbage")}}, true); err != nil {
		w.t.Fatal(err)
	}
}

// Under last write wins each lost version leaves a gap in later clocks. The clock must stay short,
// or no client can use a context of the key.
func TestLWWClocksStayShort(t *testing.T) {
	w := five(t)
	w.lww = true
	for _, n := range w.names {
		w.start(n)
	}
	key := w.keyAt("n1")
	for i := range 300 {
		r := w.get("n1", key)
		for _, v := range []string{"a", "b"} {
			w.pass(time.Millisecond)
			w.mustPut("n1", key, v, r.Context)
		}
		if k := len(r.Siblings); i > 0 && (k != 1 || len(r.Siblings[0].Past) > compactAt+2) {
			t.Fatalf("round %d: %d versions, clock of %d entries", i, k, len(r.Siblings[0].Past))
		}
	}
}

// Nodes that only read also suspect a peer that does not answer.
func TestReadsSuspectAHungPeer(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	w.kill("n3")
	for range 10 {
		w.get("n1", key)
		w.pass(100 * time.Millisecond)
	}
	if len(w.saw(event.Suspect)) == 0 {
		t.Fatal("n3 never answered, and is not suspected")
	}
}

// A damaged replica is not repaired to nothing while a home that may hold the value is away.
func TestDamageIsNotDeclaredEmpty(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.split(true, []string{"n1", "n2"}, []string{"n3", "n4", "n5"})
	w.mustPut("n1", key, "v", nil)
	w.heal(true)
	w.pass(3 * time.Second)
	w.damage("n1", store.Data, record.DataKey([]byte(key)))
	w.split(true, []string{"n2"}, []string{"n1", "n3", "n4", "n5"})
	w.get("n3", key)
	w.pass(time.Second)
	if r := w.do("n1", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 2, Strict: true}}).(wire.GetReply); r.Err == wire.OK {
		t.Fatalf("a strict quorum of %v answers %v with a damaged replica", r.Replied, r.Siblings)
	}
	w.heal(true)
	w.get("n3", key)
	w.pass(time.Second) // now all homes can be reached, and the replica is repaired
	w.wantValues("n3", key, "v")
}

// A strict put through a node that is not a home tries suspected homes before it is refused.
func TestStrictPutAsksTheSuspected(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	w.split(false, []string{"n1"}, []string{"n2", "n3", "n4", "n5"})
	w.put("n1", key, "v", nil)
	for _, home := range []string{"n3", "n4", "n5"} {
		if w.nodes["n1"].detector.healthy(home) {
			t.Fatalf("n1 does not suspect %s", home)
		}
	}
	w.heal(false)
	r := w.do("n1", wire.PutRequest{Key: []byte(key), Value: []byte("x"), Quorum: wire.Quorum{Strict: true, W: 1}}).(wire.PutReply)
	if r.Err != wire.OK {
		t.Fatalf("%v %s", r.Err, r.Message)
	}
}

// Suspected fallbacks are tried before a put or a get is refused.
func TestSuspectedStandInsAreTried(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	w.nodes["n3"].detector.silent("n1")
	w.nodes["n3"].detector.silent("n2")
	w.step("n3", PeerDown{"n4"})
	w.step("n3", PeerDown{"n5"})
	w.mustPut("n3", key, "v", nil)
	if r := w.get("n3", key); r.Err != wire.OK {
		t.Fatalf("get: %v %s", r.Err, r.Message)
	}
}

// Homes that are slow for half a second do not make a key look absent.
func TestSlownessIsNotAbsence(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5", "n6")
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	for _, h := range []string{"n1", "n2", "n3"} {
		w.nodes["n4"].detector.silent(h) // wrongly
	}
	if r := w.get("n4", key); r.Err != wire.OK || len(r.Siblings) != 1 {
		t.Fatalf("%v %s: %v from %v", r.Err, r.Message, r.Siblings, r.Replied)
	}
}

// A node stamps more new keys than one incarnation has epochs.
func TestEpochsDoNotRunOut(t *testing.T) {
	w := five(t)
	n := w.nodes["n1"]
	n.counters.self.Epochs = 1<<epochBits - 3
	begun := map[uint64]bool{}
	for i := range 40 {
		w.mustPut("n1", fmt.Sprintf("new%d", i), "v", nil)
		w.mustPut("n1", w.keyAt("n1"), "v", nil)
		n.counters.beginEpoch()
		if begun[n.counters.epoch()] {
			t.Fatalf("epoch %x began twice", n.counters.epoch())
		}
		begun[n.counters.epoch()] = true
	}
	if dots := w.mintedTwice(); dots != nil {
		t.Fatalf("minted twice: %v", dots)
	}
}

// A node whose disk was restored from an older copy does not stamp a dot that other nodes have
// seen.
func TestRestoredCopy(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	ctx := w.mustPut("n1", key, "one", nil).Context
	old := store.NewMem()
	for _, s := range []store.Space{store.Data, store.Meta} {
		w.stores["n1"].Scan(s, nil, nil, func(k, v []byte) bool {
			old.Apply([]store.Write{{Space: s, Key: slices.Clone(k), Value: slices.Clone(v)}}, true)
			return true
		})
	}
	ctx = w.mustPut("n1", key, "two", ctx).Context
	w.stores["n1"] = old
	w.start("n1")
	w.mustPut("n1", key, "three", ctx)
	w.wantValues("n2", key, "three")
}

// A hint with a damaged record is reported as lost, not as delivered.
func TestDamagedHint(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	w.split(true, []string{"n1", "n2", "n3", "n4"}, []string{"n5"})
	w.mustPut("n3", key, "v", nil)
	w.damage("n2", store.Hints, record.HintKey("n5", []byte(key)))
	w.heal(true)
	w.pass(3 * time.Second)
	if len(w.saw(event.HintDelivered)) != 0 || len(w.saw(event.HintLost)) != 1 || w.hints() != 0 {
		t.Fatalf("delivered %v, lost %v, %d left", w.saw(event.HintDelivered), w.saw(event.HintLost), w.hints())
	}
}

// A put is answered at once when no further acknowledgement can come.
func TestNobodyLeftToWaitFor(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	key := w.keyAt("n1")
	w.split(false, []string{"n1"}, []string{"n2", "n3"})
	w.step("n1", &Request{Client: 99, Body: wire.PutRequest{Key: []byte(key), Value: []byte("x")}})
	w.pass(600 * time.Millisecond)
	w.step("n1", PeerDown{"n2"})
	w.step("n1", PeerDown{"n3"})
	if w.replies[99] == nil {
		t.Fatal("both others are down, and the put still waits for them")
	}
}

// A replica that was damaged and repaired counts as one key, as before.
func TestKeysAreCountedOnce(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	w.damage("n1", store.Data, record.DataKey([]byte(key)))
	w.get("n1", key)
	w.pass(time.Second)
	if s := w.held("n1", key); len(s) != 1 {
		t.Fatalf("n1 was not mended: it holds %v", s)
	}
	if k := w.nodes["n1"].records.keys; k != 1 {
		t.Fatalf("n1 counts %d keys", k)
	}
}

// A message that never left its node makes no peer suspected.
func TestUnsent(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	lost := 0
	w.refuse = func(m wire.Message) bool {
		r, ok := m.Body.(wire.ReadReply)
		big := ok && len(r.Siblings) > 0 && m.From == "n2"
		if big {
			lost++
		}
		return big
	}
	r := w.do("n1", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 2}}).(wire.GetReply)
	if r.Err != wire.OK || len(r.Siblings) != 1 || lost == 0 || len(w.saw(event.Suspect)) != 0 {
		t.Fatalf("%v from %v, %d refused, suspects %v", r.Err, r.Replied, lost, w.saw(event.Suspect))
	}
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

// A fallback answers for a key whose homes are all silent, although no driver reported them as
// down.
func TestSilentHomesDoNotBlockReads(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5", "n6")
	key := w.keyAt("n1", "n2", "n3")
	w.split(false, []string{"n1", "n2", "n3"}, []string{"n4", "n5", "n6"})
	w.mustPut("n4", key, "v", nil)
	for _, via := range []string{"n4", "n5"} {
		if r := w.get(via, key); r.Err != wire.OK || len(r.Siblings) != 1 {
			t.Fatalf("via %s: %v %s: %v from %v", via, r.Err, r.Message, r.Siblings, r.Replied)
		}
	}
}

// A forwarded put counts toward the limit of the node that forwards it.
func TestHandedOverPutsAreBounded(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	w.split(false, []string{"n1"}, []string{"n2", "n3", "n4", "n5"}) // no node answers n1's pings
	for i := range uint64(MaxRequests + 1) {
		w.step("n1", &Request{Client: 1000 + i, Body: wire.PutRequest{Key: []byte(key)}})
	}
	if r, ok := w.replies[1000+MaxRequests].(wire.PutReply); !ok || r.Err != wire.Overloaded {
		t.Fatalf("request %d: %+v", MaxRequests+1, w.replies[1000+MaxRequests])
	}
	if w.replies[1000] != nil {
		t.Fatalf("the first is answered already: %+v", w.replies[1000])
	}
	w.pass(10 * time.Second)
	if n := w.nodes["n1"].coordinator.requests; n != 0 {
		t.Fatalf("%d requests never ended", n)
	}
}

// A get that is refused before any node is asked is answered, and leaves nothing behind.
func TestRefusedGets(t *testing.T) {
	w := five(t)
	refused := func(want wire.Code, req wire.GetRequest) {
		t.Helper()
		w.step("n1", &Request{Client: 7, Body: req})
		if r, ok := w.replies[7].(wire.GetReply); !ok || r.Err != want || r.Message == "" || len(r.Replied) > 0 {
			t.Fatalf("%+v, want %v", w.replies[7], want)
		}
	}
	refused(wire.BadRequest, wire.GetRequest{})
	refused(wire.BadRequest, wire.GetRequest{Key: make([]byte, wire.MaxKey+1)})
	refused(wire.BadRequest, wire.GetRequest{Key: []byte("k"), Quorum: wire.Quorum{R: 4}})
	w.nodes["n1"].coordinator.requests = MaxRequests
	refused(wire.Overloaded, wire.GetRequest{Key: []byte("k")})
}
