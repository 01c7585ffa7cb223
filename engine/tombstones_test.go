package engine

// P3 and P4 where tombstones are collected: a deleted version stays deleted after its tombstone is
// gone, and a later put is not taken for the deleted version.

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

const testGrace = 20 * time.Second

// collecting returns a world whose nodes collect tombstones and, if asked for, run anti-entropy.
func collecting(t *testing.T, compare bool) *world {
	w := five(t)
	w.timings.Tombstones, w.timings.Gossip = testGrace, time.Second
	if compare {
		w.timings.AntiEntropy = 2 * time.Second
	}
	for _, n := range w.names {
		w.start(n)
	}
	return w
}

func (w *world) del(via, key string, ctx []byte) wire.PutReply {
	w.t.Helper()
	r := w.do(via, wire.PutRequest{Key: []byte(key), Delete: true, Context: ctx}).(wire.PutReply)
	if r.Err != wire.OK {
		w.t.Fatalf("del %s through %s: %v: %s", key, via, r.Err, r.Message)
	}
	return r
}

// held returns the versions of a key in a node's own record.
func (w *world) held(node, key string) vclock.Siblings {
	w.t.Helper()
	rec, err := w.nodes[node].records.read(store.Data, record.DataKey([]byte(key)))
	if err != nil {
		w.t.Fatal(err)
	}
	return rec.Siblings
}

// holders lists the nodes that hold a record of a key.
func (w *world) holders(key string) []string {
	return slices.DeleteFunc(slices.Clone(w.names), func(n string) bool { return len(w.held(n, key)) == 0 })
}

// untilCollected lets time pass until no node holds a record of a key.
func (w *world) untilCollected(key string) {
	w.t.Helper()
	for end := w.now + 10*testGrace; len(w.holders(key)) > 0; w.pass(time.Second) {
		if w.now > end {
			first := w.nodes[w.ring.Homes([]byte(key))[0]]
			w.t.Fatalf("%s is still at %v; the first home says %q", key, w.holders(key), first.collector.kept)
		}
	}
	for _, n := range w.names {
		if err := w.nodes[n].Audit(); err != nil && !w.down[n] {
			w.t.Errorf("%s: %v", n, err)
		}
	}
}

// wantKept lets time pass, and checks that the homes keep the tombstone of a key and say why.
func (w *world) wantKept(key, why string) {
	w.t.Helper()
	w.pass(5 * testGrace)
	first := w.nodes[w.ringNow().Homes([]byte(key))[0]]
	if got := first.State(); got.Tombstones == 0 || !strings.Contains(got.TombstonesKept, why) {
		w.t.Fatalf("%s holds %d tombstones and says %q, want %q", first.cfg.Name, got.Tombstones, got.TombstonesKept, why)
	}
	says := func(e event.Event) bool { return strings.Contains(e.Message, why) }
	if !slices.ContainsFunc(w.saw(event.TombstonesKept), says) {
		w.t.Errorf("no event says %q", why)
	}
	if k := len(w.saw(event.TombstoneCollected)); k > 0 {
		w.t.Fatalf("%d tombstones were dropped", k)
	}
}

// After the grace all homes drop the tombstone, and no node remembers the key. A client with the
// context of the delete may put again.
func TestTombstonesAreCollected(t *testing.T) {
	w := collecting(t, false)
	key := w.keyAt("n1", "n2", "n3")
	r := w.mustPut("n4", key, "milk", nil)
	gone := w.del("n5", key, r.Context)
	w.pass(testGrace)
	if h := w.holders(key); len(h) != 3 || w.nodes["n1"].State().Tombstones != 1 {
		t.Fatalf("before the grace is over %v hold the tombstone, n1 counts %d", h, w.nodes["n1"].State().Tombstones)
	}
	w.untilCollected(key)
	dropped := w.saw(event.TombstoneCollected)
	if len(dropped) != 3 || string(dropped[0].Key) != key || w.nodes["n1"].State().Tombstones != 0 {
		t.Fatalf("%d drops, n1 counts %d", len(dropped), w.nodes["n1"].State().Tombstones)
	}
	if g := w.get("n2", key); g.Deleted() || len(g.Siblings) > 0 {
		t.Fatalf("get finds %v %v", g.Siblings, g.Tombstones)
	}
	w.mustPut("n1", key, "eggs", gone.Context)
	w.wantValues("n3", key, "eggs")
	for _, n := range w.names { // all watches end
		w.pass(2 * testGrace)
		if c := w.nodes[n].collector; c.watches.Len()+c.batches.Len()+c.batches.ActiveLen() > 0 {
			t.Errorf("%s still watches %d keys of %d batches", n, c.watches.Len(), c.batches.Len())
		}
	}
}

// Two concurrent deletes leave two tombstones, which are collected together. A tombstone beside a
// value stays.
func TestOnlyDeadKeysAreCollected(t *testing.T) {
	w := collecting(t, false)
	twice, half := w.keyAt("n1", "n2", "n3"), w.keyOf("n2", "n3", "n4")
	r := w.mustPut("n1", twice, "milk", nil)
	w.del("n1", twice, r.Context)
	w.del("n2", twice, r.Context)
	if k := len(w.held("n1", twice)); k != 2 {
		t.Fatalf("n1 holds %d tombstones", k)
	}
	r = w.mustPut("n2", half, "milk", nil)
	w.mustPut("n2", half, "eggs", nil)
	w.del("n2", half, r.Context)
	w.untilCollected(twice)
	w.pass(5 * testGrace)
	if g := w.get("n2", half); len(g.Siblings) != 1 || !g.Deleted() {
		t.Fatalf("get finds %v and %v", g.Siblings, g.Tombstones)
	}
}

// While a node may hold an ancestor the tombstone stays, and the home says why.
func TestTombstonesStay(t *testing.T) {
	for name, test := range map[string]struct {
		block func(*world, string)
		why   string
		free  func(*world)
	}{
		"a home is down": {
			func(w *world, _ string) { w.kill("n3") }, "n3 ",
			func(w *world) { w.start("n3") },
		},
		"a node that is no home is cut off": {
			func(w *world, _ string) { w.split(true, []string{"n5"}, []string{"n1", "n2", "n3", "n4"}) }, "n5 cannot be reached",
			func(w *world) { w.heal(true) },
		},
		"a removed node may return": {
			func(w *world, _ string) { w.kill("n5"); w.amend("n1", "n5", member.Remove) }, "n5 went, and may come back",
			func(w *world) { w.start("n5") },
		},
		"a hint is not handed over": {
			func(w *world, key string) {
				w.refuse = func(m wire.Message) bool {
					b, ok := m.Body.(wire.Write)
					return ok && b.Purpose == wire.Handoff
				}
				w.step("n5", &Receive{wire.Message{From: "n1", To: "n5", Op: 1, Digest: w.nodes["n5"].members.digest,
					Body: wire.Write{Key: []byte(key), Siblings: w.held("n1", key), For: "n3"}}})
			}, "n5 keeps a hint for a deleted key",
			func(w *world) { w.refuse = nil },
		},
		"a node has yet to hand it over": {
			func(w *world, key string) {
				w.refuse = func(m wire.Message) bool { _, ok := m.Body.(wire.Offer); return ok }
				w.step("n5", &Receive{wire.Message{From: "n1", To: "n5", Op: 1, Digest: w.nodes["n5"].members.digest,
					Body: wire.Write{Key: []byte(key), Siblings: w.held("n1", key)}}})
			}, "n5 has yet to hand a deleted key over",
			func(w *world) { w.refuse = nil },
		},
		"another ring": { // n5 knows of a change that no other node knows
			func(w *world, _ string) {
				w.refuse = func(m wire.Message) bool { _, ok := m.Body.(wire.Gossip); return ok }
				w.newcomer("n6", "n1")
				w.amend("n5", "n6", member.Join)
			}, "knows another ring",
			func(w *world) { w.refuse = nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := collecting(t, false)
			key := w.keyAt("n1", "n2", "n3")
			w.del("n1", key, w.mustPut("n1", key, "milk", nil).Context)
			w.pass(time.Second)
			test.block(w, key)
			w.wantKept(key, test.why)
			test.free(w)
			w.untilCollected(key)
		})
	}
}

// A home that missed the delete still holds the deleted version. The tombstone stays until the home
// has it.
func TestZombieDelete(t *testing.T) {
	w := collecting(t, false)
	key := w.keyAt("n1", "n2", "n3")
	r := w.mustPut("n1", key, "milk", nil)
	w.refuse = func(m wire.Message) bool { _, ok := m.Body.(wire.Write); return ok && m.To == "n3" }
	w.do("n1", wire.PutRequest{Key: []byte(key), Delete: true, Context: r.Context, Quorum: wire.Quorum{Strict: true}})
	w.refuse = nil
	if s := w.held("n3", key); len(s.Live()) != 1 {
		t.Fatalf("n3 holds %v", s)
	}
	w.wantKept(key, "n3 holds something else")
	w.wantValues("n4", key) // the get repairs n3
	w.untilCollected(key)
	w.pass(5 * testGrace)
	w.wantValues("n3", key)
}

// Between the two questions a home gets the deleted version, and then the tombstone. It holds the
// same as before, but a reader may have got the deleted version from it.
func TestLateWriteBetweenTheQuestions(t *testing.T) {
	w := collecting(t, false)
	key := w.keyAt("n1", "n2", "n3")
	r := w.mustPut("n1", key, "milk", nil)
	old := w.held("n3", key)
	w.del("n1", key, r.Context)
	dead := w.held("n1", key)
	w.wipe("n3")
	w.untilWatched("n3", key)
	late := func(s vclock.Siblings) {
		w.step("n3", &Receive{wire.Message{From: "n2", To: "n3", Op: w.next + 1e6, Digest: w.nodes["n3"].members.digest, Body: wire.Write{Key: []byte(key), Siblings: s}}})
		w.next++
	}
	late(old)
	late(dead)
	if s := w.held("n3", key); !s.Equal(dead) {
		t.Fatalf("n3 holds %v", s)
	}
	w.pass(testGrace + testGrace/2)
	if k := len(w.saw(event.TombstoneCollected)); k > 0 {
		t.Fatalf("%d homes dropped the tombstone", k)
	}
	if e := w.saw(event.TombstonesKept); len(e) == 0 || !strings.Contains(e[len(e)-1].Message, "n3 cannot say") {
		t.Fatalf("the events are %v", e)
	}
	w.untilCollected(key)
}

// untilWatched lets time pass until the node has agreed to the first question about a key.
func (w *world) untilWatched(node, key string) {
	w.t.Helper()
	for end := w.now + 5*testGrace; ; w.pass(100 * time.Millisecond) {
		if w.nodes[node].collector.watches.Watching([]byte(key)) {
			return
		}
		if w.now > end {
			w.t.Fatalf("%s was never asked about %s", node, key)
		}
	}
}

// A repeated question does not begin a watch again that has ended.
func TestRepeatedQuestion(t *testing.T) {
	w := collecting(t, false)
	key := w.keyAt("n1", "n2", "n3")
	w.del("n1", key, w.mustPut("n1", key, "milk", nil).Context)
	var first wire.Message
	w.cut = func(from, to string) bool {
		for _, m := range w.queue {
			if c, ok := m.Body.(wire.Collect); ok && c.Phase == wire.CollectAsk && m.To == "n3" {
				first = m
			}
		}
		return false
	}
	w.untilWatched("n3", key)
	w.nodes["n3"].collector.watches.Forget()
	if first.Body == nil {
		t.Fatal("the question was not seen")
	}
	w.step("n3", &Receive{first})
	if w.nodes["n3"].collector.watches.Len() > 0 {
		t.Fatal("n3 watches again")
	}
}

// A node that restarts or stands still for long between the two questions does not agree again.
func TestWatchesEnd(t *testing.T) {
	for name, happens := range map[string]func(*world){
		"crash": func(w *world) { w.kill("n2"); w.start("n2") },
		"stall": func(w *world) {
			w.down["n2"] = true
			w.pass(testGrace/stallPart + 2*time.Second)
			w.down["n2"] = false
		},
		"ring": func(w *world) { w.newcomer("n6", "n1"); w.change("n4", "n6", member.Join) },
	} {
		t.Run(name, func(t *testing.T) {
			w := collecting(t, false)
			key := w.keyAt("n1", "n2", "n3")
			w.del("n1", key, w.mustPut("n1", key, "milk", nil).Context)
			w.untilWatched("n2", key)
			happens(w)
			w.pass(testGrace + testGrace/4)
			if k := len(w.saw(event.TombstoneCollected)); k > 0 {
				t.Fatalf("%d homes dropped the tombstone", k)
			}
			w.untilCollected(key)
		})
	}
}

// A known bug of other systems: after a tombstone was collected and the key was put again, the
// tombstone comes back. The new version stays, whether the tombstone comes soon or after the
// watches have ended.
func TestDoomstone(t *testing.T) {
	for _, soon := range []bool{true, false} {
		w := collecting(t, true)
		key := w.keyAt("n1", "n2", "n3")
		r := w.mustPut("n1", key, "milk", nil)
		w.del("n1", key, r.Context)
		dead := w.held("n1", key)
		w.untilCollected(key)
		if !soon {
			w.pass(5 * testGrace)
		}
		w.mustPut("n1", key, "eggs", nil)
		for _, home := range []string{"n1", "n2", "n3"} {
			w.step(home, &Receive{wire.Message{From: "n5", To: home, Op: 1, Digest: w.nodes[home].members.digest,
				Body: wire.Write{Key: []byte(key), Siblings: dead, Purpose: wire.Handoff}}})
		}
		w.pass(5 * testGrace)
		w.wantValues("n4", key, "eggs")
		if g := w.get("n1", key); g.Deleted() == soon {
			t.Errorf("soon %v: the tombstone is there: %v", soon, g.Deleted())
		}
		if soon {
			continue
		}
		w.put("n1", key, "bread", w.get("n1", key).Context)
		w.wantValues("n2", key, "bread")
	}
}

// A home missed the order to drop a tombstone that the others have dropped. It offers them the
// tombstone, gets the order then, and no further repair follows.
func TestCollectedTombstonesAreNotRepairedForEver(t *testing.T) {
	w := collecting(t, true)
	key := w.keyAt("n1", "n2", "n3")
	w.del("n1", key, w.mustPut("n1", key, "milk", nil).Context)
	missed := 0
	w.refuse = func(m wire.Message) bool {
		c, ok := m.Body.(wire.Collect)
		if miss := ok && c.Phase == wire.CollectDrop && m.To == "n3" && missed == 0; miss {
			missed++
			return true
		}
		return false
	}
	w.untilCollected(key)
	if missed != 1 || len(w.saw(event.TombstoneCollected)) != 3 {
		t.Fatalf("%d homes missed the order, %d dropped it", missed, len(w.saw(event.TombstoneCollected)))
	}
	mark := len(w.events)
	for _, via := range w.names {
		w.wantValues(via, key)
		w.pass(5 * w.timings.AntiEntropy)
	}
	for _, e := range w.events[mark:] {
		if e.Kind == event.ReadRepair || e.Kind == event.Stored || e.Kind == event.SyncStarted || e.Kind == event.TombstoneCollected {
			t.Fatalf("%s %s %s from %s once it was collected", e.Node, e.Kind, e.Key, e.Peer)
		}
	}
}

// A get that saw the tombstone at one home just before all homes dropped it does not bring it back.
func TestReadRepairBringsNoTombstoneBack(t *testing.T) {
	w := collecting(t, false)
	key := w.keyAt("n1", "n2", "n3")
	w.del("n1", key, w.mustPut("n1", key, "milk", nil).Context)
	dead := w.held("n1", key)
	w.untilCollected(key)
	w.step("n2", &Receive{wire.Message{From: "n5", To: "n2", Op: 1, Digest: w.nodes["n2"].members.digest,
		Body: wire.Write{Key: []byte(key), Siblings: dead, Purpose: wire.ReadRepair}}})
	w.deliver()
	if h := w.holders(key); len(h) > 0 {
		t.Fatalf("%v hold the tombstone again", h)
	}
}

// A former member says that it holds nothing, and takes nothing from then on. So the others collect
// tombstones without it.
func TestNodesThatWentSayThatTheyHoldNothing(t *testing.T) {
	w := collecting(t, false)
	key := w.keyAt("n1", "n2", "n3")
	w.del("n1", key, w.mustPut("n1", key, "milk", nil).Context)
	w.change("n1", "n5", member.Leave)
	if last, _ := w.nodes["n1"].members.history.Last("n5"); last.Kind != member.Gone || last.By != "n5" || len(w.saw(event.Departed)) != 1 {
		t.Fatalf("the last change of n5 is %v", last)
	}
	w.step("n5", &Receive{wire.Message{From: "n1", To: "n5", Op: 1, Digest: 1, Body: wire.Write{Key: []byte(key), Siblings: w.held("n1", key), For: "n3"}}})
	w.step("n5", &Receive{wire.Message{From: "n1", To: "n5", Op: 2, Digest: 1, Body: wire.Write{Key: []byte(key), Siblings: w.held("n1", key)}}})
	if len(w.held("n5", key)) > 0 || w.hints() > 0 {
		t.Fatal("n5 takes something though it went")
	}
	w.next++
	w.step("n1", ChangeMembership{Client: w.next, Change: member.Change{Node: "n4", Kind: member.Gone}})
	if e := w.replyEvents[w.next][0]; e.Err != wire.BadRequest {
		t.Fatalf("n1 writes down that n4 holds nothing: %v", e.Changes)
	}
	w.kill("n5")
	w.untilCollected(key)
	w.start("n5") // it may join again
	w.change("n1", "n5", member.Join)
	w.mustPut("n5", key, "eggs", nil)
	w.wantValues("n5", key, "eggs")
}

// A node loses a range of which it holds nothing, and restarts before it has handed the range over.
// It does not count as a home of the range for ever.
func TestEmptyRangesAreHandedOverAfterARestart(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3", "n4", "n5")
	gossiping(w)
	w.newcomer("n6", "n1")
	w.amend("n1", "n6", member.Join)
	if len(w.nodes["n1"].transfers.kept) == 0 {
		t.Fatal("n1 loses nothing")
	}
	w.start("n1")
	w.settle()
	w.pass(5 * time.Second)
	for _, n := range w.names {
		if k := len(w.nodes[n].transfers.kept); k > 0 {
			t.Errorf("%s takes itself for a home of %d ranges that are not its own", n, k)
		}
	}
}
