package engine

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

var many = flag.Int("keys", 10_000, "keys of the large worlds")

// withAntiEntropy restarts the nodes with periodic anti-entropy.
func withAntiEntropy(w *world) {
	w.timings = DefaultTimings()
	for _, n := range w.names {
		w.start(n)
	}
}

// The values of compare's parameter dryRun.
const (
	withRepair    = false
	withoutRepair = true
)

// compare makes all nodes that run compare ranges now, or all ranges if there are none, and returns
// the rounds.
func (w *world) compare(dryRun bool, ranges ...event.Span) []event.SyncRound {
	w.t.Helper()
	var ids []uint64
	for _, n := range w.names {
		if !w.down[n] {
			w.next++
			ids = append(ids, w.next)
			w.step(n, Compare{Client: w.next, Ranges: ranges, DryRun: dryRun})
		}
	}
	var out []event.SyncRound
	for _, id := range ids {
		for w.deliver(); w.replyEvents[id] == nil; {
			if w.now > testStart+time.Hour {
				w.t.Fatal("a comparison never ended")
			}
			w.pass(10 * time.Millisecond)
		}
		out = append(out, w.replyEvents[id][0].Rounds...)
	}
	return out
}

func (w *world) audit() {
	w.t.Helper()
	for _, n := range w.names {
		if err := w.nodes[n].Audit(); err != nil {
			w.t.Fatalf("%s: %v", n, err)
		}
	}
}

// wantEqualRoots fails the test unless all homes of each range have the same root.
func (w *world) wantEqualRoots() {
	w.t.Helper()
	w.audit()
	for i, rg := range w.ring.Ranges() {
		first := w.nodes[rg.Homes[0]]
		for _, h := range rg.Homes[1:] {
			id := keyrange.Of(first.members.ring, rg)
			if a, b := first.trees.Tree(id).Root(), w.nodes[h].trees.Tree(id).Root(); a != b {
				w.t.Fatalf("%s: root %x at %s, %x at %s", event.RangeName(i), a, rg.Homes[0], b, h)
			}
		}
	}
}

// fill writes the same records to all homes, without puts.
func (w *world) fill(keys int) {
	batches := map[string][]store.Write{}
	for i := range keys {
		key := fmt.Appendf(nil, "key%d", i)
		rec := record.Record{Siblings: vclock.Siblings{{
			Dot:   vclock.Dot{Actor: vclock.Actor{Node: w.names[0], Epoch: 7}, Counter: 1},
			Value: fmt.Appendf(nil, "a value of some forty bytes, number %05d", i), Time: int64(testStart),
		}}}
		for _, h := range w.ring.Homes(key) {
			batches[h] = append(batches[h], store.Write{Space: store.Data, Key: record.DataKey(key), Value: record.Encode(rec)})
		}
	}
	for _, n := range w.names {
		if err := w.stores[n].Apply(batches[n], true); err != nil {
			w.t.Fatal(err)
		}
		w.start(n)
	}
}

func total(rounds []event.SyncRound, of func(event.SyncRound) int) int {
	sum := 0
	for _, r := range rounds {
		sum += of(r)
	}
	return sum
}

// §4.7: a home missed a write, and no node keeps a hint for it. Anti-entropy brings the write
// without a get.
func TestMissedWriteComesByAntiEntropy(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	withAntiEntropy(w)
	w.kill("n3")
	w.announce(func(p string) Input { return PeerDown{p} }, func(_, to string) bool { return to == "n3" })
	r := w.mustPut("n1", "cart", "milk", nil)
	if w.hints() != 0 {
		t.Fatal("a node keeps a hint")
	}
	gone := w.mustPut("n1", "gone", "x", nil)
	w.do("n1", wire.PutRequest{Key: []byte("gone"), Delete: true, Context: gone.Context})
	w.start("n3")
	w.announce(func(p string) Input { return PeerUp{p} }, func(_, to string) bool { return to == "n3" })
	w.pass(3 * w.timings.SyncAfterRecovery)
	rec, err := w.nodes["n3"].records.read(store.Data, record.DataKey([]byte("cart")))
	if err != nil || !rec.Siblings.Has(r.Version.Dot) {
		t.Fatalf("n3 holds %v, %v", rec.Siblings, err)
	}
	if rec := w.ownRecord("n3", "gone"); len(rec.Siblings) != 1 || !rec.Siblings[0].Deleted {
		t.Fatalf("n3 holds %v of a deleted key", rec.Siblings)
	}
	w.wantEqualRoots()
	for _, e := range w.saw(event.Stored) {
		if e.Node == "n3" && e.Op != "anti-entropy" {
			t.Errorf("n3 got %s by %s", e.Key, e.Op)
		}
	}
}

// The periodic cycle finds a difference although no node comes back.
func TestEveryCycleComparesEveryRange(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	withAntiEntropy(w)
	for i := range 20 { // each at only one home
		key := fmt.Appendf(nil, "key%d", i)
		home := w.nodes[w.ring.Homes(key)[i%3]]
		w.step(home.cfg.Name, &Receive{wire.Message{From: w.ring.Homes(key)[(i+1)%3], To: home.cfg.Name, Op: 1 << 60, Body: wire.Write{Key: key, Siblings: vclock.Siblings{{
			Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 7}, Counter: 1}, Value: []byte("v")}}}}})
	}
	w.pass(3 * w.timings.AntiEntropy) // the first cycle begins within one period, and two cycles reach both other homes
	w.wantEqualRoots()

	// then there are no more repairs (P5)
	mark := len(w.events)
	w.pass(3 * w.timings.AntiEntropy)
	for _, e := range w.events[mark:] {
		if e.Kind == event.Stored || e.Kind == event.SyncStarted {
			t.Fatalf("%s %s %s after convergence", e.Node, e.Kind, e.Key)
		}
	}
	if len(w.events) == mark {
		t.Fatal("no round was run")
	}
}

// §4.7: the cost of a comparison grows with the differences, not with the data.
func TestCostFollowsTheDifferences(t *testing.T) {
	cost := func(keys, differ int) int {
		w := newWorld(t, "n1", "n2")
		w.fill(keys)
		for i := range differ {
			w.step("n1", &Receive{wire.Message{From: "n2", To: "n1", Op: 1 << 60, Digest: w.nodes["n2"].members.digest, Body: wire.Write{
				Key: fmt.Appendf(nil, "key%d", i*(keys/differ)), Siblings: vclock.Siblings{{
					Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 7}, Counter: 2}, Past: vclock.Clock{{Actor: vclock.Actor{Node: "n1", Epoch: 7}, Counter: 1}}, Value: []byte("newer")}}}}})
		}
		w.queue = nil
		return total(w.compare(withRepair), func(r event.SyncRound) int { return r.Bytes })
	}
	const few, many, ratio = 5_000, 20_000, 4
	for _, differ := range []int{1, 10, 100, 1000} {
		small, large := cost(few, differ), cost(many, differ)
		t.Logf("%5d keys differ: %7d bytes among %d keys, %7d among %d", differ, small, few, large, many)
		if large > 2*small || large < small/2 {
			t.Errorf("%d differences cost %d bytes among %d keys and %d among %d, although the data is %d times as large",
				differ, small, few, large, many, ratio)
		}
	}
	if ten, thousand := cost(many, 10), cost(many, 1000); thousand < 5*ten || thousand > 100*ten {
		t.Errorf("ten differences cost %d bytes, a thousand %d", ten, thousand)
	}
}

// §4.7: ten keys that differ among 100,000 cost a few kilobytes, and the next comparison exchanges
// only the roots.
func TestTenDifferencesCostKilobytes(t *testing.T) {
	w := newWorld(t, "n1", "n2")
	w.fill(*many)
	for i := range 10 {
		key := fmt.Appendf(nil, "key%d", i*777)
		w.step("n1", &Receive{wire.Message{From: "n2", To: "n1", Op: 1 << 60, Body: wire.Write{Key: key, Siblings: vclock.Siblings{{
			Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 7}, Counter: 2}, Past: vclock.Clock{{Actor: vclock.Actor{Node: "n1", Epoch: 7}, Counter: 1}}, Value: []byte("newer")}}}}})
	}
	w.queue = nil
	w.sent = 0
	rounds := w.compare(withRepair)
	bytes := total(rounds, func(r event.SyncRound) int { return r.Bytes })
	full := total(rounds, func(r event.SyncRound) int { return r.FullCopy })
	t.Logf("%d keys, ten differ: %d bytes in %d rounds (%d on the wire), %d hashes; a full copy takes %d",
		*many, bytes, len(rounds), w.sent, total(rounds, func(r event.SyncRound) int { return r.Hashes }), full)
	if k := total(rounds, func(r event.SyncRound) int { return r.Count }); k != 10 {
		t.Errorf("%d keys differ", k)
	}
	if moved := total(rounds, func(r event.SyncRound) int { return r.Sent + r.Received }); moved < 10 || moved > 20 {
		t.Errorf("%d keys were moved", moved)
	}
	if w.sent > 24<<10 || w.sent > bytes+1000 {
		t.Errorf("%d bytes on the wire, %d counted", w.sent, bytes)
	}
	w.wantEqualRoots()

	w.sent = 0
	again := w.compare(withRepair)
	t.Logf("once more: %d bytes in %d rounds", w.sent, len(again))
	if total(again, func(r event.SyncRound) int { return r.Sent + r.Received + r.Buckets }) != 0 {
		t.Errorf("the second time something was exchanged: %+v", again)
	}
	if w.sent > 150*len(again) {
		t.Errorf("%d bytes for %d equal trees", w.sent, len(again))
	}
}

// Anti-entropy rebuilds a node that lost its disk from the other homes, without gets and hints.
func TestWipedNodeIsRebuilt(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	w.fill(*many)
	want := w.nodes["n4"].records.keys
	w.wipe("n4")
	w.sent = 0
	began := w.now
	rounds := w.compare(withRepair)
	t.Logf("%d keys again after %v of the node's time, %d bytes on the wire for %d of data", want, w.now-began, w.sent,
		total(rounds, func(r event.SyncRound) int { return r.FullCopy }))
	if got := w.nodes["n4"].records.keys; got != want {
		t.Errorf("n4 holds %d keys, before it held %d", got, want)
	}
	w.wantEqualRoots()
	if again := w.compare(withRepair); total(again, func(r event.SyncRound) int { return r.Buckets }) != 0 {
		t.Error("the second comparison finds differences")
	}
}

// §4.7: a dry run reports the keys that differ and the path to them, and repairs nothing.
func TestDryRunReportsAndRepairsNothing(t *testing.T) {
	w := newWorld(t, "n1", "n2")
	w.fill(1000)
	key := []byte("key7")
	w.step("n2", &Receive{wire.Message{From: "n1", To: "n2", Op: 1 << 60, Digest: w.nodes["n1"].members.digest, Body: wire.Write{Key: key, Siblings: vclock.Siblings{{
		Dot: vclock.Dot{Actor: vclock.Actor{Node: "n2", Epoch: 7}, Counter: 1}, Value: []byte("other")}}}}})
	w.queue = nil
	rg := w.ring.Ranges()[w.ring.Index(ring.Of(key))]
	for range 2 {
		rounds := w.compare(withoutRepair, event.Span{Start: rg.Start, End: rg.End})
		if len(rounds) != 1 {
			t.Fatalf("%d rounds for one range of two homes", len(rounds))
		}
		r := rounds[0]
		found := r.Count == 1 && len(r.Differing) == 1 && string(r.Differing[0]) == "key7"
		if !found || r.Sent+r.Received != 0 || r.Err != "" {
			t.Fatalf("got %+v", r)
		}
		n1, n2 := w.nodes["n1"], w.nodes["n2"]
		if len(r.Path) != r.Levels+1 || r.Levels != keyrange.Of(n1.members.ring, rg).Depth {
			t.Fatalf("the way down has %d places, the tree %d levels", len(r.Path), r.Levels)
		}
		at := map[string]*Node{r.Left: n1, r.Right: n2}
		if r.Left == "n2" {
			at = map[string]*Node{r.Left: n2, r.Right: n1}
		}
		for i, p := range r.Path {
			id := keyrange.Of(n1.members.ring, rg)
			l, right := at[r.Left].trees.Tree(id).Hash(i, p.Node), at[r.Right].trees.Tree(id).Hash(i, p.Node)
			if p.Level != i || p.Left != l || p.Right != right || l == right {
				t.Fatalf("place %d is %+v, the trees have %x and %x there", i, p, l, right)
			}
		}
	}
	if len(w.compare(withRepair)) != len(w.ring.Ranges()) {
		t.Fatal("not every range was compared")
	}
	w.wantValues("n1", "key7", "a value of some forty bytes, number 00007", "other")
}

// §6.5: a node that works on very many clients' requests refuses rounds.
func TestAntiEntropyYields(t *testing.T) {
	w := newWorld(t, "n1", "n2")
	w.fill(100)
	w.wipe("n2")
	for _, n := range w.names {
		w.nodes[n].coordinator.requests = syncBusy
	}
	rounds := w.compare(withRepair)
	if len(rounds) == 0 {
		t.Fatal("no round was run")
	}
	for _, r := range rounds {
		if r.Err == "" || r.Sent+r.Received > 0 {
			t.Fatalf("a busy node took part: %+v", r)
		}
	}
}

// A node begins no round with a peer that is cut off, and a round that loses its peer ends.
func TestAntiEntropySkipsTheUnreachable(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	withAntiEntropy(w)
	w.mustPut("n1", "cart", "milk", nil)
	w.kill("n3") // its peers are not told
	rounds := w.compare(withRepair)
	failed := 0
	for _, r := range rounds {
		if lost := r.Left == "n3" || r.Right == "n3"; lost != (r.Err != "") {
			t.Fatalf("%s with %s: %q", r.Left, r.Right, r.Err)
		} else if lost {
			failed++
		}
	}
	if failed == 0 {
		t.Fatal("no round met the dead node")
	}
	if asked := w.saw(event.Suspect); len(asked) == 0 {
		t.Error("no node suspects it")
	}
	w.sent = 0
	mark := w.now
	w.compare(withRepair)
	if w.now != mark {
		t.Errorf("rounds with a suspect took %v", w.now-mark)
	}
}

// After the ring is cut differently, a node compares the new ranges and refuses questions about an
// old one.
func TestAntiEntropyFollowsTheRing(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	withAntiEntropy(w)
	for i := range 50 {
		w.mustPut("n1", fmt.Sprintf("key%d", i), "v", nil)
	}
	old := keyrange.Of(w.nodes["n2"].members.ring, w.ring.Ranges()[3])
	r, err := ring.New(ring.Config{Strategy: ring.EqualPartitions, N: 3, Q: 36}, w.ring.Members())
	if err != nil {
		t.Fatal(err)
	}
	w.ring = r
	for _, n := range w.names {
		w.nodes[n].members.ring = r
		clear(w.nodes[n].members.prefs)
	}
	w.receive("n1", "n2", wire.Sync{Start: old.Start, End: old.End, Depth: old.Depth, Nodes: []uint32{0}})
	if a, ok := w.queue[0].Body.(wire.SyncReply); !ok || a.Err != wire.BadRequest {
		t.Fatalf("the old range was answered with %+v", w.queue[0].Body)
	}
	w.queue = nil
	w.mustPut("n1", "key50", "v", nil)
	w.wantEqualRoots()
	w.pass(2 * w.timings.AntiEntropy)
	w.audit()
	for _, n := range w.names {
		if got := w.nodes[n].trees.Len(); got != len(r.Ranges()) {
			t.Errorf("%s keeps %d trees for %d ranges", n, got, len(r.Ranges()))
		}
	}
}

// The scrub finds a record that rotted on the disk, and another home repairs the record.
func TestScrubFindsDamage(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	withAntiEntropy(w)
	r := w.mustPut("n1", "cart", "milk", nil)
	k := record.DataKey([]byte("cart"))
	b, _ := w.stores["n2"].Get(store.Data, k)
	b = slices.Clone(b)
	b[len(b)/2] ^= 1
	if err := w.stores["n2"].Apply([]store.Write{{Space: store.Data, Key: k, Value: b}}, true); err != nil {
		t.Fatal(err)
	}
	w.pass(3 * w.timings.AntiEntropy)
	rec, err := w.nodes["n2"].records.read(store.Data, k)
	if err != nil || !rec.Siblings.Has(r.Version.Dot) {
		t.Fatalf("n2 holds %v, %v", rec.Siblings, err)
	}
	w.wantEqualRoots()
}

// A known bug of other systems (endless repair of an expired tombstone), for tombstones that never
// expire: one home loses a deleted key. The key stays deleted, and once its tombstone is back,
// neither gets nor comparisons repair anything.
func TestTombstonesAreNotRepairedForEver(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	withAntiEntropy(w)
	r := w.mustPut("n1", "cart", "milk", nil)
	w.do("n1", wire.PutRequest{Key: []byte("cart"), Delete: true, Context: r.Context})
	w.wipe("n3")
	w.compare(withRepair)
	w.wantEqualRoots()
	mark := len(w.events)
	for _, via := range w.names {
		w.wantValues(via, "cart")
	}
	w.pass(5 * w.timings.AntiEntropy)
	w.compare(withRepair)
	for _, e := range w.events[mark:] {
		if e.Kind == event.ReadRepair || e.Kind == event.Stored || e.Kind == event.SyncStarted {
			t.Fatalf("%s %s %s from %s after convergence", e.Node, e.Kind, e.Key, e.Peer)
		}
	}
	for _, n := range w.names {
		if rec := w.ownRecord(n, "cart"); len(rec.Siblings) != 1 || !rec.Siblings[0].Deleted {
			t.Errorf("%s holds %v", n, rec.Siblings)
		}
	}
}

// Riak's bug KV679 by way of anti-entropy: records that come back to a node that lost its disk do
// not prove its counters. So its next put stamps a dot that no node has seen.
func TestRebuiltNodeMintsFreshDots(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	old := w.mustPut("n1", "cart", "milk", nil)
	w.wipe("n1")
	w.compare(withRepair)
	w.wantEqualRoots()
	next := w.mustPut("n1", "cart", "eggs", nil)
	if next.Version.Dot.Actor == old.Version.Dot.Actor {
		t.Fatalf("dots %v and %v of one actor", old.Version.Dot, next.Version.Dot)
	}
	w.wantValues("n2", "cart", "eggs", "milk")
}

// A write that arrives while its range is being compared is not lost, and the next comparison finds
// no difference.
func TestWritesDuringAComparison(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	w.fill(3000)
	w.wipe("n3")
	for _, n := range w.names {
		w.next++
		w.step(n, Compare{Client: w.next})
	}
	for i := 0; len(w.queue) > 0; i++ {
		m := w.queue[0]
		w.queue = w.queue[1:]
		w.step(m.To, &Receive{m})
		if i%50 == 0 {
			w.next++
			put := wire.PutRequest{Key: fmt.Appendf(nil, "key%d", i), Value: []byte("new")}
			w.step(w.names[i%3], &Request{Client: w.next, Body: put})
		}
	}
	w.pass(time.Second)
	w.compare(withRepair)
	w.wantEqualRoots()
}

// A hint that comes home starts comparisons with the other homes, because no node may keep hints
// for some of them.
func TestHandoffSetsOffComparisons(t *testing.T) {
	w := five(t)
	withAntiEntropy(w)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	w.split(true, []string{"n1", "n2"}, []string{"n3", "n4", "n5"})
	w.mustPut("n1", key, "v", nil) // n1 and n2 keep hints for n3 and n4; no node is left for n5
	w.heal(true)
	w.pass(2 * DefaultTimings().SyncAfterRecovery)
	if s, _, _ := w.nodes["n5"].records.known([]byte(key)); len(s) != 1 {
		t.Fatalf("n5 holds %v", s)
	}
}
