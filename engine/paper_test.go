package engine

// Each test checks one claim of the paper, and names its section.

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/engine/wire"
)

func five(t *testing.T) *world { return newWorld(t, "n1", "n2", "n3", "n4", "n5") }

// §4.1: a get returns one object or all conflicting ones, with a context. An absent key has no
// object.
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
	ctx, err := wire.NewSealer([]byte("secret")).Open([]byte(key), r.Context)
	if err != nil {
		t.Fatal(err)
	}
	want(ctx.Clock.String(), "{x:2 y:1 z:1}")
	d5 := w.mustPut("x", key, "D5", r.Context)
	want(clock(d5), "{x:3 y:1 z:1}")
	w.wantValues("w", key, "D5")
}

// §4.4: puts of two clients with the same old context through one coordinator are concurrent. After
// thousands of rounds there are still two siblings, and clocks do not grow, whether the clients get
// the key in between or use the contexts of their puts.
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

// §4.4: with the paper's own clocks the second of these clients gets a clock that descends from the
// first's. The first version, which was acknowledged, is lost without a trace.
func TestLiteralClocksSwallow(t *testing.T) {
	w := five(t)
	w.restart(func(c *Config) { c.Literal = true })
	key := w.keyAt("n3", "n4", "n5")
	old := w.mustPut("n3", key, "milk", nil)
	first := w.mustPut("n3", key, "milk,eggs", old.Context)
	second := w.mustPut("n3", key, "milk,beer", old.Context)
	if first.Version.Notation() != "{n3:2}" || second.Version.Notation() != "{n3:3}" || second.Siblings != 1 {
		t.Fatalf("clocks %s and %s, %d siblings", first.Version.Notation(), second.Version.Notation(), second.Siblings)
	}
	w.wantValues("n1", key, "milk,beer")
	if w.saw(event.LWWLost) != nil {
		t.Fatal("somebody noticed")
	}
	// through two coordinators no version is lost
	w.mustPut("n4", key, "milk,tea", old.Context)
	w.wantValues("n1", key, "milk,beer", "milk,tea")
}

// §4.4, Figure 3, with the paper's own clocks.
func TestFigure3Literal(t *testing.T) {
	w := newWorld(t, "x", "y", "z", "v", "w")
	w.restart(func(c *Config) { c.Literal = true })
	key := w.keyOf("x", "y", "z")
	d1 := w.mustPut("x", key, "D1", nil)
	d2 := w.mustPut("x", key, "D2", d1.Context)
	w.mustPut("y", key, "D3", d2.Context)
	w.mustPut("z", key, "D4", d2.Context)
	r := w.get("x", key)
	d5 := w.mustPut("x", key, "D5", r.Context)
	if got := r.Siblings.String() + " " + d5.Version.Notation(); got != "{x:2 y:1} ‖ {x:2 z:1} {x:3 y:1 z:1}" {
		t.Fatal(got)
	}
	w.wantValues("w", key, "D5")
}

// §4.4: a clock with too many pairs loses the oldest pair when its version is stamped, and at no
// other time. A replica that was away since then turns an ancestor into a false sibling. All
// replicas agree on that, and no counter repeats.
func TestTruncation(t *testing.T) {
	w := five(t)
	w.restart(func(c *Config) { c.Truncate = 2 })
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	v1 := w.mustPut("n3", key, "v1", nil)
	w.split(true, []string{"n5"}, []string{"n1", "n2", "n3", "n4"})
	w.pass(time.Second)
	v2 := w.mustPut("n4", key, "v2", v1.Context)
	v3 := w.mustPut("n3", key, "v3", v2.Context)
	if v2.Version.Notation() != "{n3:1 n4:1}" || v3.Version.Notation() != "{n3:2 n4:1}" || w.saw(event.Truncated) != nil {
		t.Fatalf("clocks %s and %s, truncated %v", v2.Version.Notation(), v3.Version.Notation(), w.saw(event.Truncated))
	}
	w.kill("n3")
	w.kill("n4")
	w.pass(time.Second)
	v4 := w.do("n2", wire.PutRequest{Key: []byte(key), Value: []byte("v4"), Context: v3.Context}).(wire.PutReply)
	if cut := w.saw(event.Truncated); v4.Err != wire.OK || v4.Version.Notation() != "{n2:1 n3:2}" || len(cut) != 1 || cut[0].Message != "dropped {n4:1} of 3 pairs" {
		t.Fatalf("%+v; truncated %+v", v4, cut)
	}
	v5 := w.do("n1", wire.PutRequest{Key: []byte(key), Value: []byte("v5"), Context: v4.Context}).(wire.PutReply)
	if v5.Err != wire.OK || v5.Version.Notation() != "{n1:1 n2:1}" { // n3:2 was older than n2:1
		t.Fatalf("%+v", v5)
	}
	w.start("n3")
	w.start("n4")
	w.heal(true)
	w.pass(5 * time.Second)
	// v1 and v3 are ancestors of v5; n5 still has v1, and n3 and n4 still have v3
	w.wantValues("n1", key, "v3", "v5")
	w.pass(time.Second)
	for _, home := range []string{"n3", "n4", "n5"} {
		if s, _, _ := w.nodes[home].records.known([]byte(key)); s.String() != "{n3:2 n4:1} ‖ {n1:1 n2:1}" && s.String() != "{n1:1 n2:1} ‖ {n3:2 n4:1}" {
			t.Fatalf("%s holds %v", home, s)
		}
	}
	w.mustPut("n3", key, "v6", w.get("n1", key).Context)
	w.pass(time.Second)
	w.wantValues("n2", key, "v6")
	if dots := w.mintedTwice(); dots != nil {
		t.Fatalf("minted twice: %v", dots)
	}
}

// §4.4: a truncation drops the oldest pair, but not the pair of a version that the put replaces.
// That version would be back at once.
func TestTruncationKeepsWhatIsReplaced(t *testing.T) {
	w := five(t)
	w.restart(func(c *Config) { c.Truncate = 2 })
	key := w.keyAt("n3", "n4", "n5")
	base := w.mustPut("n3", key, "base", nil)
	w.mustPut("n4", key, "old", base.Context)
	for _, via := range []string{"n5", "n3", "n5", "n3"} { // all are younger than the version of n4, which stays a sibling
		base = w.mustPut(via, key, "young", base.Context)
		w.pass(time.Second)
	}
	w.wantValues("n1", key, "old", "young")
	p := w.mustPut("n5", key, "one", w.get("n3", key).Context)
	w.pass(time.Second)
	w.wantValues("n1", key, "one")
	if got := p.Version.Notation(); got != "{n3:3 n4:1 n5:3}" {
		t.Fatalf("clock %s", got)
	}
	if got := w.mustPut("n5", key, "two", p.Context).Version.Notation(); got != "{n3:3 n5:4}" {
		t.Fatalf("clock %s after that", got)
	}
	w.pass(time.Second)
	w.wantValues("n1", key, "two")
}

// §4.4: a coordinator that lacks a version which its client saw drops the oldest pair, although
// that pair supersedes the coordinator's own version. Otherwise the client's latest version would
// be back.
func TestTruncationByAStaleCoordinator(t *testing.T) {
	w := five(t)
	w.restart(func(c *Config) { c.Truncate = 2 })
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	one := w.mustPut("n3", key, "one", nil)
	w.split(true, []string{"n5"}, []string{"n1", "n2", "n3", "n4"})
	two := w.mustPut("n4", key, "two", one.Context)
	three := w.do("n5", wire.PutRequest{Key: []byte(key), Value: []byte("three"), Context: two.Context, Quorum: wire.Quorum{W: 1}}).(wire.PutReply)
	if got := three.Version.Notation(); three.Err != wire.OK || got != "{n4:1 n5:1}" {
		t.Fatalf("%+v with clock %s", three, got)
	}
	w.heal(true)
	w.pass(5 * time.Second)
	w.wantValues("n1", key, "three")
}

// Without truncation, clocks store and send no times.
func TestTimesAreKeptForTruncationOnly(t *testing.T) {
	for _, cut := range []int{0, 10} {
		w := five(t)
		w.restart(func(c *Config) { c.Truncate = cut })
		key := w.keyAt("n3", "n4", "n5")
		p := w.mustPut("n3", key, "a", nil)
		p = w.mustPut("n4", key, "b", p.Context)
		p = w.mustPut("n5", key, "c", w.get("n3", key).Context)
		w.pass(time.Second)
		timed := func(c vclock.Clock) bool {
			return slices.ContainsFunc(c, func(e vclock.Entry) bool { return e.Time != 0 })
		}
		ctx, err := wire.NewSealer([]byte("secret")).Open([]byte(key), p.Context)
		s, _, _ := w.nodes["n3"].records.known([]byte(key))
		if err != nil || timed(ctx.Clock) != (cut > 0) || timed(s[0].Past) != (cut > 0) {
			t.Errorf("truncated at %d: context %+v, stored %+v, %v", cut, ctx.Clock, s[0].Past, err)
		}
		w.mustPut("n5", key, "d", p.Context)
		blind := w.mustPut("n5", key, "e", nil).Version // its past is what n5 knows: that c is superseded
		if !blind.Past.Covers(p.Version.Dot) || timed(blind.Past) != (cut > 0) {
			t.Errorf("truncated at %d: a blind put over it has seen %+v", cut, blind.Past)
		}
	}
}

// §4.4: only a coordinator truncates. Read repair, handoff and anti-entropy do not change a clock.
func TestOnlyStampingTruncates(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	ctx := w.mustPut("n3", key, "a", nil).Context
	ctx = w.mustPut("n4", key, "b", ctx).Context
	w.split(true, []string{"n5"}, []string{"n1", "n2", "n3", "n4"})
	w.pass(time.Second)
	long := w.mustPut("n3", key, "c", ctx).Version.Notation()
	w.restart(func(c *Config) { c.Truncate = 1; c.Timings.AntiEntropy = time.Second })
	w.heal(true)
	w.wantValues("n5", key, "c")
	w.pass(10 * time.Second)
	var hold []string
	for _, n := range w.names {
		s, _, _ := w.nodes[n].records.known([]byte(key))
		if len(s) > 0 {
			hold = append(hold, n)
		}
		if len(s) > 0 && s.String() != long {
			t.Fatalf("%s holds %v, want %s", n, s, long)
		}
	}
	if !slices.Equal(hold, []string{"n3", "n4", "n5"}) {
		t.Fatalf("%v hold the key, want its homes", hold)
	}
	if w.hints() != 0 || w.saw(event.Truncated) != nil {
		t.Fatalf("%d hints, truncated %v", w.hints(), w.saw(event.Truncated))
	}
}

// §4.5: a put succeeds once W nodes hold the version durably, and a get once R nodes have answered.
// The replies name the nodes.
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

// §4.5: a node outside the key's top N forwards a put to the first of the top N.
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

// §5: "the coordinator for a write is chosen to be the node that replied fastest to the
// previous read operation which is stored in the context information of the request".
func TestFastestCoordinates(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	w.mustPut("n3", key, "milk", nil)
	w.pass(time.Second)
	slow := w.fastest("n5", key)
	for _, c := range []struct {
		what, via   string
		req         wire.PutRequest
		coordinator string
		forwarded   string // why
	}{
		{"a node that is no home", "n1", wire.PutRequest{Context: slow}, "n5", event.Fastest},
		{"a home that a load balancer chose", "n3", wire.PutRequest{Context: slow, Balanced: true}, "n5", event.Fastest},
		{"the home that the client named", "n3", wire.PutRequest{Context: slow}, "n3", "not at all"},
		{"the fastest itself", "n5", wire.PutRequest{Context: slow, Balanced: true}, "n5", "not at all"},
		{"no context", "n1", wire.PutRequest{Balanced: true}, "n3", ""},
	} {
		before := len(w.saw(event.Forwarded))
		c.req.Key, c.req.Value = []byte(key), []byte("eggs")
		r := w.do(c.via, c.req).(wire.PutReply)
		why := "not at all"
		if f := w.saw(event.Forwarded); len(f) > before {
			why = f[len(f)-1].Message
		}
		if r.Err != wire.OK || r.Coordinator != c.coordinator || why != c.forwarded {
			t.Errorf("%s: %v by %s, forwarded: %s; want %s, %s", c.what, r.Err, r.Coordinator, why, c.coordinator, c.forwarded)
		}
		w.pass(time.Second)
	}
	put := w.mustPut("n3", key, "tea", slow) // the context of a put names no fastest node
	if ctx, err := wire.NewSealer([]byte("secret")).Open([]byte(key), put.Context); err != nil || ctx.Fastest != "" {
		t.Fatalf("%+v %v", ctx, err)
	}
}

// §5: a node that was fastest is passed over if it is known to be down, or does not answer.
func TestFastestIsGone(t *testing.T) {
	for _, told := range []bool{true, false} {
		w := five(t)
		key := w.keyAt("n3", "n4", "n5", "n2", "n1")
		w.mustPut("n3", key, "milk", nil)
		ctx := w.fastest("n5", key)
		w.pass(time.Second)
		w.split(told, []string{"n5"}, []string{"n1", "n2", "n3", "n4"})
		for _, via := range []string{"n1", "n4"} {
			want, began := map[string]string{"n1": "n3", "n4": "n4"}[via], w.now
			r := w.do(via, wire.PutRequest{Key: []byte(key), Value: []byte("eggs"), Context: ctx, Balanced: true}).(wire.PutReply)
			if r.Err != wire.OK || r.Coordinator != want {
				t.Fatalf("told=%v: via %s: %v by %s, want %s", told, via, r.Err, r.Coordinator, want)
			}
			if waited := w.now > began; waited == told {
				t.Fatalf("told=%v: via %s: answered after %v", told, via, w.now-began)
			}
		}
		if n := w.nodes["n1"].coordinator.requests + w.nodes["n4"].coordinator.requests; n != 0 {
			w.pass(3 * time.Second)
			if n := w.nodes["n1"].coordinator.requests + w.nodes["n4"].coordinator.requests; n != 0 {
				t.Fatalf("told=%v: %d requests are counted for ever", told, n)
			}
		}
	}
}

// fastest gets key through n1 so that home answers first, and returns the context.
func (w *world) fastest(home, key string) []byte {
	w.t.Helper()
	was := w.cut
	w.cut = func(from, to string) bool { return was(from, to) || from == "n1" && to != home }
	r := w.do("n1", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 1}}).(wire.GetReply)
	w.cut = was
	ctx, err := wire.NewSealer([]byte("secret")).Open([]byte(key), r.Context)
	if err != nil || ctx.Fastest != home {
		w.t.Fatalf("fastest is %q, want %s (%v)", ctx.Fastest, home, err)
	}
	w.pass(3 * time.Second) // n1 believes all nodes healthy again
	return r.Context
}

// §4.6: with two of three homes down a put with W=2 still succeeds. The hints name the homes. Once
// the homes are back, the hints are delivered and deleted.
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
			if s, _, _ := w.nodes[home].records.known([]byte(key)); len(s) != 1 || string(s[0].Value) != "milk" {
				t.Fatalf("told=%v: %s holds %v", told, home, s)
			}
		}
	}
}

// §4.6: with W=1 a put is refused only if all nodes are down.
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

// §4.5: if fewer than W nodes can be reached, the put is refused and nothing is written. A strict
// quorum has no fallbacks.
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

// conflict plays the conflict of the demo, and returns the world.
func conflict(t *testing.T) *world {
	w := five(t)
	w.logged = true
	w.restart(nil)
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

// §4.4, §4.6: an add to the cart is never refused or lost.
func TestConflict(t *testing.T) { conflict(t) }

// Equal inputs give equal outputs, byte by byte.
func TestDeterminism(t *testing.T) {
	a, b := conflict(t), conflict(t)
	if a.log.Len() == 0 || !bytes.Equal(a.log.Bytes(), b.log.Bytes()) {
		t.Fatal("the same steps gave different outputs")
	}
}

// §4.4: the last version of each side of a three-way split survives as a sibling.
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

// P3, P4: a deleted version stays deleted, and its tombstone does not supersede a later put.
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

// §5: a get repairs the replicas that it finds stale.
func TestReadRepair(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	p := w.mustPut("n3", key, "v1", nil)
	w.kill("n5")
	w.kill("n1")
	w.kill("n2") // no node is left to keep a hint
	w.pass(time.Second)
	w.mustPut("n3", key, "v2", p.Context)
	w.pass(3 * time.Second) // n3 suspects all of them
	for _, n := range []string{"n5", "n1", "n2"} {
		w.start(n)
	}
	w.pass(2 * time.Second)
	if s, _, _ := w.nodes["n5"].records.known([]byte(key)); string(s[0].Value) != "v1" {
		t.Fatalf("n5 holds %v before the read", s)
	}
	w.wantValues("n1", key, "v2")
	w.pass(time.Second)
	if s, _, _ := w.nodes["n5"].records.known([]byte(key)); len(s) != 1 || string(s[0].Value) != "v2" {
		t.Fatalf("n5 holds %v after the read", s)
	}
	if len(w.saw(event.ReadRepair)) == 0 {
		t.Fatal("no read repair was told")
	}
}

// §5: after its answer a get still receives the outstanding responses, and watchers see them.
func TestOutstandingResponsesAreTold(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	w.mustPut("n3", key, "v1", nil)
	w.pass(time.Second)
	before := len(w.events)
	w.do("n3", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 2, W: 2}})
	w.pass(time.Second)
	replied := false
	var late []event.Event
	for _, e := range w.events[before:] {
		if replied && e.Kind == event.ReadReply {
			late = append(late, e)
		}
		replied = replied || e.Kind == event.Replied
	}
	if len(late) != 1 || late[0].Count != 3 || late[0].Want != 2 || len(late[0].Versions) != 1 {
		t.Fatalf("after the answer came %v", late)
	}
}

// §4.8.3: failure detection is local and driven by traffic. A node that asks nothing suspects no
// node.
func TestDetectionIsLocal(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5", "n2", "n1")
	w.kill("n5")
	w.pass(10 * time.Second)
	if len(w.saw(event.Suspect)) != 0 {
		t.Fatal("a node was suspected without traffic")
	}
	w.mustPut("n3", key, "v", nil)
	w.pass(time.Second)
	if len(w.saw(event.Suspect)) == 0 {
		t.Fatal("n3 waited for n5 in vain, and does not suspect it")
	}
	for _, e := range w.saw(event.Suspect) {
		if e.Node != "n3" || e.Peer != "n5" {
			t.Fatalf("%s suspects %s", e.Node, e.Peer)
		}
	}
	w.start("n5")
	w.pass(3 * time.Second)
	if len(w.saw(event.Alive)) == 0 || w.hints() != 0 {
		t.Fatalf("alive %v, %d hints", w.saw(event.Alive), w.hints())
	}
}

// §4.4, last write wins: the later version remains, and the lost one is reported.
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
	v := view.New()
	for _, e := range w.events {
		v.Apply(e)
	}
	if v.Lost() != 1 { // the version "first"; "base" was overwritten by a node that held it
		t.Fatalf("%d versions lost, want 1", v.Lost())
	}
}

// Riak's bug KV679: a coordinator that lost a key does not mint an old dot again.
func TestKV679WipedCoordinator(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	ctx := w.mustPut("n3", key, "v1", nil).Context
	w.mustPut("n3", key, "v2", ctx)
	w.wipe("n3")
	w.mustPut("n3", key, "new", nil) // n3 holds nothing of the key
	w.pass(time.Second)
	w.wantValues("n1", key, "new", "v2")
	if dots := w.mintedTwice(); dots != nil {
		t.Fatalf("minted twice: %v", dots)
	}
}

// KV679 by way of a fallback that delivered its hint, and then gets an older state of the key from
// another node.
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

// mintedTwice returns the dots that two puts of one key got.
func (w *world) mintedTwice() []vclock.Dot {
	type told struct {
		key string
		dot vclock.Dot
	}
	var out []vclock.Dot
	seen := map[told]bool{}
	for _, e := range w.saw(event.Coordinate) {
		d := told{string(e.Key), e.Versions[0].Dot}
		if seen[d] {
			out = append(out, d.dot)
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
