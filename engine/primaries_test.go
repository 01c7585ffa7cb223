package engine

// What one request may ask for beyond R and W: primaries, the first homes only, metadata, and a
// version that replaces all that its coordinator knows.

import (
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/wire"
)

func (w *world) putAs(via, key string, req wire.PutRequest) wire.PutReply {
	w.t.Helper()
	req.Key = []byte(key)
	return w.do(via, req).(wire.PutReply)
}

// A put with PW counts homes only, although fallbacks make W. Nothing is written when PW homes
// cannot be reached.
func TestPrimariesOfAPut(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	r := w.putAs("n1", key, wire.PutRequest{Value: []byte("all"), Quorum: wire.Quorum{W: 2, PW: 3}})
	if r.Err != wire.OK || r.Primaries != 3 || len(r.Acks) != 3 {
		t.Fatalf("with all homes: %+v", r)
	}
	w.split(true, []string{"n1", "n2", "n4", "n5"}, []string{"n3"})
	r = w.putAs("n1", key, wire.PutRequest{Value: []byte("two"), Quorum: wire.Quorum{W: 3, PW: 2}})
	if r.Err != wire.OK || r.Primaries != 2 || len(r.Hinted) != 1 {
		t.Fatalf("with two homes and a fallback: %+v", r)
	}
	before := w.values("n1", key)
	r = w.putAs("n1", key, wire.PutRequest{Value: []byte("three"), Quorum: wire.Quorum{W: 2, PW: 3}})
	if r.Err != wire.QuorumNotReached || r.Unknown || !strings.Contains(r.Message, "PW=3") || !slices.Contains(r.Missing, "n3") {
		t.Fatalf("without the third home: %+v", r)
	}
	w.wantValues("n1", key, before...)
	r = w.putAs("n1", key, wire.PutRequest{Value: []byte("x"), Quorum: wire.Quorum{PW: 4}})
	if r.Err != wire.BadRequest || r.Message != "PW=4: want 0 to N=3" {
		t.Fatalf("PW above N: %+v", r)
	}
}

// A home that dies after the put began leaves the put short of PW, although a fallback takes the
// replica.
func TestPrimaryDiesDuringThePut(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.cut = func(_, to string) bool { return to == "n3" }
	r := w.putAs("n1", key, wire.PutRequest{Value: []byte("v"), Quorum: wire.Quorum{W: 3, PW: 3}})
	if r.Err != wire.QuorumNotReached || !r.Unknown || len(r.Acks) != 3 || r.Primaries != 2 || !strings.Contains(r.Message, "PW=3") {
		t.Fatalf("got %+v", r)
	}
}

// A get with PR counts homes only.
func TestPrimariesOfAGet(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	get := func(q wire.Quorum) wire.GetReply {
		return w.do("n4", wire.GetRequest{Key: []byte(key), Quorum: q}).(wire.GetReply)
	}
	if r := get(wire.Quorum{R: 1, PR: 3}); r.Err != wire.OK || r.Primaries != 3 {
		t.Fatalf("with all homes: %+v", r)
	}
	w.split(true, []string{"n1", "n4", "n5"}, []string{"n2", "n3"})
	w.mustPut("n1", key, "w", nil) // n4 and n5 keep hints
	if r := get(wire.Quorum{R: 2, PR: 1}); r.Err != wire.OK || r.Primaries != 1 || len(r.Replied) < 2 {
		t.Fatalf("with one home: %+v", r)
	}
	if r := get(wire.Quorum{R: 2, PR: 2}); r.Err != wire.QuorumNotReached || !strings.Contains(r.Message, "R=2 and PR=2") ||
		!slices.Contains(r.Missing, "n2") {
		t.Fatalf("with one home too few: %+v", r)
	}
	w.heal(true)
	w.cut = func(_, to string) bool { return to == "n2" || to == "n3" } // silent, and not known to be
	if r := get(wire.Quorum{R: 1, PR: 2}); r.Err != wire.QuorumNotReached || r.Primaries != 1 {
		t.Fatalf("with silent homes: %+v", r)
	}
}

// A request with N counts the first N homes only.
func TestFirstHomesOnly(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	r := w.putAs("n1", key, wire.PutRequest{Value: []byte("v"), Quorum: wire.Quorum{N: 1, W: 1}})
	if r.Err != wire.OK || !slices.Equal(w.holders(key), []string{"n1"}) {
		t.Fatalf("N=1: %+v, held by %v", r, w.holders(key))
	}
	other := w.keyAt("n2", "n3", "n1")
	r = w.putAs("n1", other, wire.PutRequest{Value: []byte("v"), Quorum: wire.Quorum{N: 2, W: 2}})
	if r.Err != wire.OK || !slices.Equal(w.holders(other), []string{"n2", "n3"}) {
		t.Fatalf("N=2 through the third home: %+v, held by %v", r, w.holders(other))
	}
	g := w.do("n5", wire.GetRequest{Key: []byte(other), Quorum: wire.Quorum{N: 2, R: 2}}).(wire.GetReply)
	if g.Err != wire.OK || len(g.Siblings) != 1 || slices.Contains(g.Replied, "n1") {
		t.Fatalf("get with N=2: %+v", g)
	}
	r = w.putAs("n1", key, wire.PutRequest{Value: []byte("v"), Quorum: wire.Quorum{N: 1, W: 2}})
	if r.Err != wire.BadRequest || r.Message != "W=2: want 1 to N=1" {
		t.Fatalf("W above N: %+v", r)
	}
	if r = w.putAs("n1", key, wire.PutRequest{Quorum: wire.Quorum{N: 4}}); r.Err != wire.BadRequest {
		t.Fatalf("N above the cluster's: %+v", r)
	}
}

// An overwrite replaces the siblings that its coordinator knows, and its time is later than theirs.
// A write that its coordinator has not seen stays beside it.
func TestOverwrite(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "a", nil)
	w.mustPut("n2", key, "b", nil)
	w.wantValues("n3", key, "a", "b")
	w.now -= time.Second // the coordinator's clock is behind
	r := w.putAs("n1", key, wire.PutRequest{Value: []byte("c"), Overwrite: true})
	w.now += time.Second
	if r.Err != wire.OK || r.Siblings != 1 {
		t.Fatalf("overwrite: %+v", r)
	}
	w.wantValues("n3", key, "c")
	w.split(true, []string{"n1", "n4"}, []string{"n2", "n3", "n5"})
	w.putAs("n1", key, wire.PutRequest{Value: []byte("left"), Overwrite: true})
	w.putAs("n2", key, wire.PutRequest{Value: []byte("right"), Overwrite: true})
	w.heal(true)
	w.pass(time.Minute)
	w.wantValues("n3", key, "left", "right")
}

// A delete without a context is refused unless it says that this is meant. Its tombstone replaces
// nothing.
func TestBlindDelete(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	if r := w.putAs("n1", key, wire.PutRequest{Delete: true}); r.Err != wire.BadRequest {
		t.Fatalf("a delete without a context: %+v", r)
	}
	r := w.putAs("n1", key, wire.PutRequest{Delete: true, Blind: true})
	if g := w.get("n2", key); r.Err != wire.OK || len(g.Siblings) != 1 || len(g.Tombstones) != 1 {
		t.Fatalf("a blind delete: %+v, then %+v", r, g)
	}
}

// Metadata stays with its version: in replicas, in hints and in siblings.
func TestMetadata(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.split(true, []string{"n1", "n4"}, []string{"n2", "n3", "n5"})
	w.putAs("n1", key, wire.PutRequest{Value: []byte("left"), Meta: []byte("text/plain")})
	w.putAs("n2", key, wire.PutRequest{Value: []byte("right"), Meta: []byte("\x00\xff")})
	w.heal(true)
	w.wantValues("n1", key, "left", "right") // which repairs all homes
	w.pass(time.Minute)
	for _, node := range []string{"n1", "n2", "n3"} {
		w.start(node) // from what is stored
		got := map[string]string{}
		for _, v := range w.held(node, key) {
			got[string(v.Value)] = string(v.Meta)
		}
		if len(got) != 2 || got["left"] != "text/plain" || got["right"] != "\x00\xff" {
			t.Fatalf("%s holds %q", node, got)
		}
	}
	if r := w.putAs("n1", key, wire.PutRequest{Meta: make([]byte, wire.MaxMeta+1)}); r.Err != wire.TooLarge {
		t.Fatalf("too much metadata: %+v", r)
	}
	r := w.putAs("n1", key, wire.PutRequest{Delete: true, Blind: true, Meta: []byte("m")})
	if r.Err != wire.BadRequest {
		t.Fatalf("a delete with metadata: %+v", r)
	}
}
