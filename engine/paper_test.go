package engine

// Each test holds one claim of the paper, named by its section.

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"ringside/engine/trace"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

func five(t *testing.T) *world { return newWorld(t, "n1", "n2", "n3", "n4", "n5") }

// §4.1: get returns one object or all conflicting ones, with a context; a key that is
// not there has none.
func TestGetOfNothing(t *testing.T) {
	w := five(t)
	r := w.get("n1", "cart")
	if r.Err != wire.OK || len(r.Siblings) != 0 || len(r.Replied) < 2 {
		t.Fatalf("get of nothing: %+v", r)
	}
}

// §4.4, Figure 3: the version evolution of an object over time, with its exact clocks.
func TestFigure3(t *testing.T) {
	w := newWorld(t, "x", "y", "z", "v", "w")
	key := w.keyOf("x", "y", "z")
	clock := func(r wire.PutReply) string { return r.Version.Notation() }
	want := func(got, want string) {
		t.Helper()
		if got != want {
			t.Fatalf("clock %s, want %s", got, want)
		}
	}
	d1 := w.mustPut("x", key, "D1", nil)
	want(clock(d1), "{x:1}")
	d2 := w.mustPut("x", key, "D2", d1.Context)
	want(clock(d2), "{x:2}")
	d3 := w.mustPut("y", key, "D3", d2.Context)
	want(clock(d3), "{x:2 y:1}")
	d4 := w.mustPut("z", key, "D4", d2.Context)
	want(clock(d4), "{x:2 z:1}")
	r := w.get("x", key)
	want(r.Siblings.String(), "{x:2 y:1} ‖ {x:2 z:1}")
	ctx, err := wire.OpenContext([]byte("secret"), []byte(key), r.Context)
	if err != nil {
		t.Fatal(err)
	}
	want(ctx.Clock.String(), "{x:2 y:1 z:1}")
	d5 := w.mustPut("x", key, "D5", r.Context)
	want(clock(d5), "{x:3 y:1 z:1}")
	w.wantValues("w", key, "D5")
}

// §4.4: two clients that put with the same old context through one coordinator
// are concurrent; thousands of rounds of it still leave two siblings, and clocks no longer
// than at first, whether the clients read in between or go on with what their puts gave them.
func TestRacingClients(t *testing.T) {
	for _, reads := range []bool{true, false} {
		w := five(t)
		key := w.keyAt("n1")
		first := w.mustPut("n1", key, "first", nil)
		a, b := first.Context, first.Context
		for range 1500 {
			a = w.mustPut("n1", key, "a", a).Context
			b = w.mustPut("n1", key, "b", b).Context
			if reads {
				a = w.get("n2", key).Context
				b = a
			}
		}
		r := w.get("n2", key)
		if len(r.Siblings) != 2 || len(r.Siblings.Context()) > 2 || len(a) > 2*len(first.Context) {
			t.Fatalf("reads=%v: %d siblings %v, context of %d bytes", reads, len(r.Siblings), r.Siblings, len(a))
		}
	}
}

// §4.5: a put succeeds once W nodes hold it durably, a get once R have answered;
// the answer names them.
func TestQuorums(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	p := w.do("n3", wire.PutRequest{Key: []byte(key), Value: []byte("v"), Quorum: wire.Quorum{W: 3}}).(wire.PutReply)
	if !slices.Equal(p.Acks, []string{"n3", "n4", "n5"}) || p.Coordinator != "n3" || p.Hinted != nil {
		t.Fatalf("put: %+v", p)
	}
	g := w.do("n1", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 1}}).(wire.GetReply)
	if len(g.Replied) != 1 || g.Coordinator != "n1" || len(g.Siblings) != 1 {
		t.Fatalf("get: %+v", g)
	}
	if r := w.do("n3", wire.PutRequest{Key: []byte(key), Quorum: wire.Quorum{W: 4}}).(wire.PutReply); r.Err != wire.BadRequest {
		t.Fatalf("W above N: %+v", r)
	}
}

// §4.5: a node outside the key's top N hands a put to the first of the top N.
func TestForward(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	if p := w.mustPut("n1", key, "v", nil); p.Coordinator != "n3" {
		t.Fatalf("coordinator %s", p.Coordinator)
	}
	w.kill("n3")
	w.pass(time.Second)
	if p := w.mustPut("n1", key, "w", nil); p.Coordinator != "n4" {
		t.Fatalf("coordinator %s with n3 down", p.Coordinator)
	}
}

// §4.6: with two of three homes down a put with W=2 still succeeds, the hints say
// for whom, and once the homes are back they are delivered and deleted.
func TestHintedHandoff(t *testing.T) {
	for _, told := range []bool{true, false} {
		w := five(t)
		key := w.keyAt("n3", "n4", "n5", "n2", "n1")
		w.split(told, []string{"n1", "n2", "n3"}, []string{"n4", "n5"})
		p := w.do("n3", wire.PutRequest{Key: []byte(key), Value: []byte("milk"), Quorum: wire.Quorum{W: 3}}).(wire.PutReply)
		if p.Err != wire.OK || !slices.Equal(p.Hinted, []wire.Hint{{Holder: "n2", For: "n4"}, {Holder: "n1", For: "n5"}}) {
			t.Fatalf("told=%v: put: %+v", told, p)
		}
		if w.hints() != 2 {
			t.Fatalf("told=%v: %d hints", told, w.hints())
		}
		w.heal(told)
		w.pass(3 * time.Second)
		if w.hints() != 0 {
			t.Fatalf("told=%v: %d hints after heal", told, w.hints())
		}
		for _, home := range []string{"n4", "n5"} {
			if s, _, _ := w.nodes[home].known([]byte(key)); len(s) != 1 || string(s[0].Value) != "milk" {
				t.Fatalf("told=%v: %s holds %v", told, home, s)
			}
		}
	}
}

// §4.6: with W=1 a write is refused only if every node is down.
func TestW1OnALoneNode(t *testing.T) {
	w := five(t)
	w.split(true, []string{"n2"}, []string{"n1", "n3", "n4", "n5"})
	for _, key := range []string{w.keyAt("n2"), w.keyAt("n3", "n4", "n5")} {
		p := w.do("n2", wire.PutRequest{Key: []byte(key), Value: []byte("v"), Quorum: wire.Quorum{W: 1}}).(wire.PutReply)
		if p.Err != wire.OK || !slices.Equal(p.Acks, []string{"n2"}) {
			t.Fatalf("put: %+v", p)
		}
	}
	w.heal(true)
	w.pass(3 * time.Second)
	w.wantValues("n1", w.keyAt("n3", "n4", "n5"), "v")
}

// §4.5: fewer than W reachable nodes refuse the put, and nothing is written;
// a strict quorum has no stand-ins.
func TestQuorumRefused(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	w.split(true, []string{"n1", "n3"}, []string{"n2", "n4", "n5"})
	p := w.do("n3", wire.PutRequest{Key: []byte(key), Value: []byte("v"), Quorum: wire.Quorum{W: 3}}).(wire.PutReply)
	if p.Err != wire.QuorumNotReached || p.Unknown {
		t.Fatalf("put: %+v", p)
	}
	p = w.do("n3", wire.PutRequest{Key: []byte(key), Value: []byte("v"), Quorum: wire.Quorum{W: 2, Strict: true}}).(wire.PutReply)
	if p.Err != wire.QuorumNotReached || p.Unknown {
		t.Fatalf("strict put: %+v", p)
	}
	w.heal(true)
	w.pass(time.Second)
	w.wantValues("n1", key)
}

// conflict plays the conflict of the demo and returns the world.
func conflict(t *testing.T) *world {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	milk := w.mustPut("n3", key, "milk", nil)
	w.split(true, []string{"n1", "n2"}, []string{"n3", "n4", "n5"})
	eggs := w.mustPut("n3", key, "milk,eggs", milk.Context)
	beer := w.mustPut("n1", key, "milk,beer", milk.Context)
	if eggs.Version.Notation() != "{n3:2}" || beer.Version.Notation() != "{n1:1 n3:1}" {
		t.Fatalf("clocks %s and %s", eggs.Version.Notation(), beer.Version.Notation())
	}
	if !slices.Equal(beer.Hinted, []wire.Hint{{Holder: "n1", For: "n3"}, {Holder: "n2", For: "n4"}}) {
		t.Fatalf("hinted %v", beer.Hinted)
	}
	w.heal(true)
	w.pass(2 * time.Second)
	w.wantValues("n5", key, "milk,beer", "milk,eggs")
	r := w.get("n1", key)
	w.mustPut("n1", key, "milk,eggs,beer", r.Context)
	w.pass(time.Second)
	w.wantValues("n2", key, "milk,eggs,beer")
	if w.hints() != 0 {
		t.Fatalf("%d hints left", w.hints())
	}
	return w
}

// §4.4, §4.6: an add to the cart is never refused or forgotten.
func TestConflict(t *testing.T) { conflict(t) }

// Equal inputs give equal outputs, byte by byte.
func TestDeterminism(t *testing.T) {
	a, b := conflict(t), conflict(t)
	if !bytes.Equal(a.log.Bytes(), b.log.Bytes()) {
		t.Fatal("the same steps gave different outputs")
	}
}

// §4.4: the last write of each side of a three-way split survives as a sibling.
func TestThreeWaySplit(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	base := w.mustPut("n3", key, "base", nil)
	w.split(true, []string{"n1", "n2"}, []string{"n3"}, []string{"n4", "n5"})
	for via, value := range map[string]string{"n1": "a", "n3": "b", "n4": "c"} {
		ctx := base.Context
		for i := range 3 {
			req := wire.PutRequest{Key: []byte(key), Value: []byte(value + string(rune('1'+i))), Context: ctx, Quorum: wire.Quorum{W: 1}}
			r := w.do(via, req).(wire.PutReply)
			if r.Err != wire.OK {
				t.Fatalf("%+v", r)
			}
			ctx = r.Context
		}
	}
	w.heal(true)
	w.pass(3 * time.Second)
	w.wantValues("n2", key, "a3", "b3", "c3")
}

// P3, P4: a delete stays deleted, and a put after it is not swallowed by its tombstone.
func TestDeleteAndRecreate(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	p := w.mustPut("n3", key, "old", nil)
	d := w.do("n4", wire.PutRequest{Key: []byte(key), Delete: true, Context: p.Context}).(wire.PutReply)
	if d.Err != wire.OK {
		t.Fatalf("delete: %+v", d)
	}
	w.wantValues("n1", key)
	w.mustPut("n5", key, "new", nil)
	w.wantValues("n2", key, "new")
	if r := w.do("n1", wire.PutRequest{Key: []byte(key), Delete: true}).(wire.PutReply); r.Err != wire.BadRequest {
		t.Fatalf("delete without a context: %+v", r)
	}
}

// §5: a read mends the replicas that it finds stale.
func TestReadRepair(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	p := w.mustPut("n3", key, "v1", nil)
	w.kill("n5")
	w.kill("n1")
	w.kill("n2") // nobody is left to keep a hint
	w.pass(time.Second)
	w.mustPut("n3", key, "v2", p.Context)
	w.pass(3 * time.Second) // until n3 has given up on all of them
	for _, n := range []string{"n5", "n1", "n2"} {
		w.start(n)
	}
	w.pass(2 * time.Second)
	if s, _, _ := w.nodes["n5"].known([]byte(key)); string(s[0].Value) != "v1" {
		t.Fatalf("n5 holds %v before the read", s)
	}
	w.wantValues("n1", key, "v2")
	w.pass(time.Second)
	if s, _, _ := w.nodes["n5"].known([]byte(key)); len(s) != 1 || string(s[0].Value) != "v2" {
		t.Fatalf("n5 holds %v after the read", s)
	}
	if len(w.saw(trace.ReadRepair)) == 0 {
		t.Fatal("no read repair was told")
	}
}

// §4.8.3: failure detection is local and driven by traffic: who asks nothing suspects nobody.
func TestDetectionIsLocal(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	w.kill("n5")
	w.pass(10 * time.Second)
	if len(w.saw(trace.Suspect)) != 0 {
		t.Fatal("a node was suspected without traffic")
	}
	w.mustPut("n3", key, "v", nil)
	w.pass(time.Second)
	for _, e := range w.saw(trace.Suspect) {
		if e.Node != "n3" || e.Peer != "n5" {
			t.Fatalf("%s suspects %s", e.Node, e.Peer)
		}
	}
	w.start("n5")
	w.pass(3 * time.Second)
	if len(w.saw(trace.Alive)) == 0 || w.hints() != 0 {
		t.Fatalf("alive %v, %d hints", w.saw(trace.Alive), w.hints())
	}
}

// §4.4 last write wins: the later put remains, and what it threw away is told.
func TestLastWriteWins(t *testing.T) {
	w := five(t)
	w.lww = true
	for _, n := range w.names {
		w.start(n)
	}
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	w.mustPut("n3", key, "base", nil)
	w.split(true, []string{"n1", "n2"}, []string{"n3", "n4", "n5"})
	w.mustPut("n3", key, "first", nil)
	w.pass(time.Millisecond)
	w.mustPut("n1", key, "second", nil)
	w.heal(true)
	w.pass(2 * time.Second)
	w.wantValues("n4", key, "second")
	v := trace.NewView()
	for _, e := range w.events {
		v.Apply(e)
	}
	if v.Lost() != 2 { // first, and base, since no put had a context
		t.Fatalf("%d versions lost, want 2", v.Lost())
	}
}

// kv679: a coordinator that lost the key must not mint an old dot again.
func TestKV679WipedCoordinator(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	ctx := w.mustPut("n3", key, "v1", nil).Context
	w.mustPut("n3", key, "v2", ctx)
	w.wipe("n3")
	w.mustPut("n3", key, "new", nil) // n3 knows nothing of the key
	w.pass(time.Second)
	w.wantValues("n1", key, "new", "v2")
	if dots := w.mintedTwice(); dots != nil {
		t.Fatalf("minted twice: %v", dots)
	}
}

// kv679 by way of a stand-in that handed its hint back, and then gets an older
// state of the key from somebody else.
func TestKV679HandedBackHint(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	w.split(true, []string{"n1"}, []string{"n2", "n3", "n4", "n5"})
	one := wire.Quorum{W: 1}
	put := func(value string) {
		t.Helper()
		if r := w.do("n1", wire.PutRequest{Key: []byte(key), Value: []byte(value), Quorum: one}).(wire.PutReply); r.Err != wire.OK {
			t.Fatalf("%+v", r)
		}
	}
	put("a1")
	put("a2")
	w.heal(true)
	w.pass(2 * time.Second)
	if w.hints() != 0 {
		t.Fatalf("%d hints", w.hints())
	}
	w.split(true, []string{"n1"}, []string{"n2", "n3", "n4", "n5"})
	put("a3")
	w.heal(true)
	w.pass(2 * time.Second)
	w.wantValues("n2", key, "a1", "a2", "a3")
	if dots := w.mintedTwice(); dots != nil {
		t.Fatalf("minted twice: %v", dots)
	}
}

// mintedTwice lists dots that two puts got.
func (w *world) mintedTwice() []vclock.Dot {
	var out []vclock.Dot
	seen := map[vclock.Dot]bool{}
	for _, e := range w.saw(trace.Coordinate) {
		d := e.Versions[0].Dot
		if seen[d] {
			out = append(out, d)
		}
		seen[d] = true
	}
	return out
}

// A context is validated when it comes back (§4.1).
func TestContextRefused(t *testing.T) {
	w := five(t)
	p := w.mustPut("n1", "cart", "v", nil)
	for name, ctx := range map[string][]byte{"garbage": []byte("x"), "altered": append(slices.Clone(p.Context[:len(p.Context)-1]), p.Context[len(p.Context)-1]^1)} {
		if r := w.put("n1", "cart", "w", ctx); r.Err != wire.ContextRefused {
			t.Errorf("%s context: %+v", name, r)
		}
	}
	if r := w.put("n1", "other", "w", p.Context); r.Err != wire.ContextRefused {
		t.Errorf("another key's context: %+v", r)
	}
	w.wantValues("n2", "cart", "v")
}
