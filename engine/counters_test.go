package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/member"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// conflict writes key on both sides of a split with one context, heals, and reconciles the siblings
// through n3. It returns the notation of the put through n1, and of the reconciled version.
func (w *world) conflict(key string, round int) (fallback, reconciled string) {
	w.t.Helper()
	ctx := w.get("n3", key).Context
	w.split(true, []string{"n1", "n2"}, []string{"n3", "n4", "n5"})
	w.mustPut("n3", key, fmt.Sprintf("one side %d", round), ctx)
	other := w.mustPut("n1", key, fmt.Sprintf("other side %d", round), ctx)
	w.heal(true)
	w.pass(2 * time.Second)
	if w.hints() != 0 {
		w.t.Fatalf("round %d: %d hints are left", round, w.hints())
	}
	g := w.get("n3", key)
	if len(g.Siblings) != 2 {
		w.t.Fatalf("round %d: siblings %v", round, g.Siblings)
	}
	last := w.mustPut("n3", key, fmt.Sprintf("reconciled %d", round), g.Context)
	return other.Version.Notation(), last.Version.Notation()
}

// §4.4: the size of a clock depends on the number of coordinators and not on the number of writes.
// n1 is a fallback that loses its record with the hint in each round.
func TestClocksStayReadable(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	if n := w.mustPut("n3", key, "milk", nil).Version.Notation(); n != "{n3:1}" {
		t.Fatalf("first put %s", n)
	}
	for round := 1; round <= 20; round++ {
		if round == 7 {
			w.start("n1") // a restart keeps the counters
		}
		fallback, reconciled := w.conflict(key, round)
		before := fmt.Sprintf("{n1:%d n3:%d}", round, 2*round-1)
		after := fmt.Sprintf("{n1:%d n3:%d}", round, 2*round+1)
		if fallback != before || reconciled != after {
			t.Fatalf("round %d: %s and then %s, want %s and %s", round, fallback, reconciled, before, after)
		}
	}
	if dots := w.mintedTwice(); dots != nil {
		t.Fatalf("minted twice: %v", dots)
	}
	if e := w.saw(event.FreshEpoch); e != nil {
		t.Fatalf("fresh epochs: %v", e)
	}
}

// Counters folded into floors are not minted again, whether the key has a record or not.
func TestFoldedCountersAreNotMintedAgain(t *testing.T) {
	w := five(t)
	w.restart(func(c *Config) { c.Buggify = func(p BuggifyPoint) bool { return p == FewCounters } })
	key := w.keyAt("n3", "n4", "n5")
	w.mustPut("n3", key, "milk", nil)
	for round := 1; round <= 8; round++ {
		fallback, _ := w.conflict(key, round)
		if want := fmt.Sprintf("{n1:%d n3:%d}", round, 2*round-1); fallback != want {
			t.Fatalf("round %d: %s, want %s", round, fallback, want)
		}
		if round%3 == 0 {
			w.start("n1")
		}
	}
	if c := w.nodes["n1"].counters; c.kept != 0 || len(c.floors) != 1 {
		t.Fatalf("%d counters and %d floors, want none and 1", c.kept, len(c.floors))
	}
	w.kill("n4") // n1 becomes a home of other keys, and keeps a record of its own
	for range 3 {
		w.mustPut("n1", w.keyAt("n1"), "v", nil)
	}
	if dots := w.mintedTwice(); dots != nil {
		t.Fatalf("minted twice: %v", dots)
	}
}

// A home that loses its range and gets it back continues its counters, and so does a home of a
// deleted key that is written again.
func TestCountersSurviveTheirRecords(t *testing.T) {
	w := five(t)
	gossiping(w)
	key := w.keyAt("n3", "n4", "n5")
	p := w.mustPut("n3", key, "one", nil)
	w.newcomer("n6", "n1")
	w.change("n1", "n6", member.Join)
	w.change("n1", "n3", member.Leave)
	w.settle()
	if rec, err := w.nodes["n3"].records.read(store.Data, record.DataKey([]byte(key))); err != nil || len(rec.Siblings) > 0 {
		t.Fatalf("n3 left and holds %v %v", rec, err)
	}
	w.change("n1", "n3", member.Join)
	w.settle()
	ctx := w.get("n1", key).Context
	again := w.do("n3", wire.PutRequest{Key: []byte(key), Value: []byte("two"), Context: ctx}).(wire.PutReply)
	next := p.Version.Dot
	next.Counter++
	if again.Err != wire.OK || again.Coordinator != "n3" || again.Version.Dot != next {
		t.Fatalf("%v after %v, through %s: %v", again.Version.Dot, p.Version.Dot, again.Coordinator, again.Err)
	}
}

// copyOf returns a copy of a node's disk.
func (w *world) copyOf(name string) *store.Mem {
	out := store.NewMem()
	for _, s := range []store.Space{store.Data, store.Hints, store.Own, store.Meta} {
		err := w.stores[name].Scan(s, nil, nil, func(k, v []byte) bool {
			return out.Apply([]store.Write{{Space: s, Key: slices.Clone(k), Value: slices.Clone(v)}}, true) == nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return out
}

// A disk was restored from an older copy, and no context and no record shows n3 that it has stamped
// later dots. The number of its latest run, which the driver keeps elsewhere, shows it.
func TestOldCopyOfADisk(t *testing.T) {
	w := five(t)
	runs := map[string]uint64{}
	w.configure = func(c *Config) {
		c.LastRun = runs[c.Name]
		runs[c.Name] = c.Incarnation
	}
	w.restart(w.configure)
	key := w.keyAt("n3", "n4", "n5")
	all := wire.Quorum{R: 3, W: 3}
	put := func(value string, ctx []byte) wire.PutReply {
		r := w.do("n3", wire.PutRequest{Key: []byte(key), Value: []byte(value), Context: ctx, Quorum: all}).(wire.PutReply)
		if r.Err != wire.OK {
			t.Fatalf("put %s: %v %s", value, r.Err, r.Message)
		}
		return r
	}
	ctx := put("one", nil).Context
	old := w.copyOf("n3")
	w.start("n3")
	two := put("two", ctx)
	w.stores["n3"] = old
	w.start("n3")
	if len(w.saw(event.RolledBack)) != 1 {
		t.Fatal("n3 did not report that its disk is an old copy")
	}
	three := put("three", ctx)
	if three.Version.Dot == two.Version.Dot {
		t.Fatalf("%v was minted twice", two.Version.Dot)
	}
	w.kill("n3")
	w.wantValues("n4", key, "three", "two")
	w.start("n3")
	if len(w.saw(event.RolledBack)) != 1 {
		t.Fatal("n3 doubts a disk that has its latest run")
	}
}

// Damage to a record, to a kept counter and to a floor each begin a new epoch. The other keys
// continue their counters.
func TestDamagedCounters(t *testing.T) {
	for name, damage := range map[string]func(w *world, key string){
		"a record": func(w *world, key string) { w.damage("n3", store.Data, record.DataKey([]byte(key))) },
		"a record that is mended by another node": func(w *world, key string) {
			w.damage("n3", store.Data, record.DataKey([]byte(key)))
			w.mustPut("n4", key, "mends", nil)
			w.pass(time.Second)
		},
		"a kept counter": func(w *world, key string) {
			n := w.nodes["n3"]
			rec, _ := n.records.read(store.Data, record.DataKey([]byte(key)))
			n.counters.keep(record.DataKey([]byte(key)), rec.Own)
			w.carryOut("n3", n.finish())
			w.damage("n3", store.Own, record.DataKey([]byte(key)))
		},
		"a floor": func(w *world, key string) {
			f := record.FloorKey(record.FloorPart(record.DataKey([]byte(key))))
			if err := w.stores["n3"].Apply([]store.Write{{Space: store.Meta, Key: f, Value: []byte("x")}}, true); err != nil {
				w.t.Fatal(err)
			}
			w.start("n3")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := five(t)
			key, other := w.keyAt("n3", "n4", "n5"), w.keyAt("n3")
			w.mustPut("n3", key, "v", nil)
			first := w.mustPut("n3", other, "v", nil).Version.Dot
			before := w.nodes["n3"].counters.epoch()
			damage(w, key)
			r := w.do("n3", wire.PutRequest{Key: []byte(key), Value: []byte("w")}).(wire.PutReply)
			if r.Err != wire.OK || w.nodes["n3"].counters.epoch() == before {
				t.Fatalf("%v %s; epoch %x, before %x", r.Err, r.Message, w.nodes["n3"].counters.epoch(), before)
			}
			next := w.mustPut("n3", other, "w", nil).Version.Dot
			if next.Epoch != first.Epoch || next.Counter != first.Counter+1 {
				t.Fatalf("another key counted from %v to %v", first, next)
			}
			if dots := w.mintedTwice(); dots != nil {
				t.Fatalf("minted twice: %v", dots)
			}
		})
	}
}

// counted mints the next dot for key, passes a version with that dot to keep, and returns the dot.
func (n *Node) counted(key []byte, keep func(own record.Own, s vclock.Siblings)) record.Own {
	own := n.counters.mint(key, nil)
	dot := vclock.Dot{Actor: vclock.Actor{Node: n.cfg.Name, Epoch: own.Epoch}, Counter: own.Counter}
	keep(own, vclock.Siblings{{Dot: dot, Value: []byte("v")}})
	return own
}

// A node that drops a range folds counters on the way. A fold can move the counter of a key into
// its record, and the record is dropped after that.
func TestDroppedRangeKeepsFoldedCounters(t *testing.T) {
	w := five(t)
	n := w.nodes["n3"]
	rg := keyrange.Range(n.members.ring, ring.Of([]byte(w.keyAt("n3"))))
	var keys [][]byte
	for i := 0; len(keys) < 2; i++ {
		if key := fmt.Appendf(nil, "key %d", i); rg.Holds(ring.Of(key)) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b []byte) int { return slices.Compare(record.DataKey(a), record.DataKey(b)) })
	asHome := func(key []byte) func(record.Own, vclock.Siblings) {
		return func(own record.Own, s vclock.Siblings) {
			n.records.merge(update{key: key, siblings: s, lww: false, own: own})
		}
	}
	n.counted(keys[0], asHome(keys[0]))
	n.counted(keys[1], asHome(keys[1]))
	asFallback := func(own record.Own, _ vclock.Siblings) { n.counters.keep(record.DataKey(keys[1]), own) }
	last := n.counted(keys[1], asFallback)
	n.cfg.Buggify = func(p BuggifyPoint) bool { return p == FewCounters }
	n.transfers.drop(n.transfers.handover(keyrange.Of(n.members.ring, rg)))
	if next := n.counters.mint(keys[1], nil); next.Epoch != last.Epoch || next.Counter != last.Counter+1 {
		t.Fatalf("after %v the node continues with %v", last, next)
	}
}

// A counter that was kept apart is older than the one in a record that was stamped later. If the
// record is damaged, the node must not continue from the older one.
func TestDamagedRecordEndsItsKeptCounter(t *testing.T) {
	for name, after := range map[string]func(n *Node, key []byte, others vclock.Siblings){
		"mended": func(n *Node, key []byte, others vclock.Siblings) {
			n.records.merge(update{key: key, siblings: others, lww: false, purpose: wire.ReadRepair})
		},
		"dropped": func(n *Node, key []byte, _ vclock.Siblings) {
			n.transfers.drop(n.transfers.handover(keyrange.At(n.members.ring, ring.Of(key))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := five(t)
			n, key := w.nodes["n3"], []byte(w.keyAt("n3"))
			n.counted(key, func(own record.Own, _ vclock.Siblings) { n.counters.keep(record.DataKey(key), own) })
			last := n.counted(key, func(own record.Own, s vclock.Siblings) {
				n.records.merge(update{key: key, siblings: s, lww: false, own: own})
			})
			w.carryOut("n3", n.finish())
			w.damage("n3", store.Data, record.DataKey(key))
			after(n, key, vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n4"}, Counter: 1}, Value: []byte("w")}})
			if next := n.counters.mint(key, nil); next.Epoch == last.Epoch && next.Counter <= last.Counter {
				t.Fatalf("%v was minted twice, after %v", next, last)
			}
		})
	}
}

// A damaged counter of a key that has a record costs one epoch, not one for each put.
func TestDamagedKeptCounterCostsOneEpoch(t *testing.T) {
	w := five(t)
	n, key := w.nodes["n3"], w.keyAt("n3")
	n.counted([]byte(key), func(own record.Own, _ vclock.Siblings) { n.counters.keep(record.DataKey([]byte(key)), own) })
	w.carryOut("n3", n.finish())
	w.damage("n3", store.Own, record.DataKey([]byte(key)))
	first := w.mustPut("n3", key, "v", nil).Version.Dot
	next := w.mustPut("n3", key, "w", nil).Version.Dot
	if next.Epoch != first.Epoch || next.Counter != first.Counter+1 {
		t.Fatalf("counted from %v to %v", first, next)
	}
}

// A damaged floor costs one epoch, not one for each start of the node.
func TestDamagedFloorCostsOneEpoch(t *testing.T) {
	w := five(t)
	f := record.FloorKey(record.FloorPart(record.DataKey([]byte(w.keyAt("n3")))))
	if err := w.stores["n3"].Apply([]store.Write{{Space: store.Meta, Key: f, Value: []byte("x")}}, true); err != nil {
		t.Fatal(err)
	}
	before := w.nodes["n3"].counters.epoch()
	w.start("n3")
	first := w.nodes["n3"].counters.epoch()
	w.start("n3")
	if again := w.nodes["n3"].counters.epoch(); first == before || again != first {
		t.Fatalf("epochs %x, %x and %x of three starts", before, first, again)
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
