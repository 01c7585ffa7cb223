package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// list returns all keys with a prefix, and whether each is deleted.
func (w *world) list(via, prefix string) map[string]bool {
	w.t.Helper()
	out := map[string]bool{}
	req := wire.ListRequest{Prefix: []byte(prefix)}
	for {
		r := w.do(via, req).(wire.ListReply)
		if r.Err != wire.OK {
			w.t.Fatalf("list %s through %s: %v: %s", prefix, via, r.Err, r.Message)
		}
		for _, k := range r.Keys {
			if _, twice := out[string(k.Key)]; twice || !strings.HasPrefix(string(k.Key), prefix) {
				w.t.Fatalf("list %s gives %s, twice: %v", prefix, k.Key, twice)
			}
			out[string(k.Key)] = k.Deleted
		}
		if !r.More {
			return out
		}
		req.After = r.After
	}
}

// A list has each key once, also in several pages, through any node, and keys of which only hints
// exist.
func TestList(t *testing.T) {
	w := five(t)
	want := map[string]bool{}
	for i := range 3*partRecords + 7 { // each node holds several parts
		key := fmt.Sprintf("cart/%d", i)
		w.mustPut("n1", key, "v", nil)
		want[key] = false
	}
	w.mustPut("n1", "other", "v", nil)
	gone := w.mustPut("n2", "cart/gone", "v", nil)
	w.del("n3", "cart/gone", gone.Context)
	want["cart/gone"] = true
	for _, via := range []string{"n1", "n5"} {
		if got := w.list(via, "cart/"); !maps.Equal(got, want) {
			t.Errorf("through %s: %d keys, want %d", via, len(got), len(want))
		}
	}
	if got := w.list("n1", ""); len(got) != len(want)+1 {
		t.Errorf("%d keys in all", len(got))
	}
	if got := w.list("n1", "carts"); len(got) != 0 {
		t.Errorf("a prefix of no key: %v", got)
	}
}

// A key of which only a hint is left is listed.
func TestListOfHints(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.split(true, []string{"n1", "n3", "n4", "n5"}, []string{"n2"})
	w.mustPut("n1", key, "v", nil)
	w.wipe("n1")
	w.wipe("n3")
	if w.hints() != 1 || len(w.holders(key)) != 0 {
		t.Fatalf("%d hints, held by %v", w.hints(), w.holders(key))
	}
	if got := w.list("n5", "cart"); !maps.Equal(got, map[string]bool{key: false}) {
		t.Errorf("got %v", got)
	}
}

// A list is refused if keys could be missing from it: W nodes do not answer.
func TestListWithoutAnswers(t *testing.T) {
	w := five(t)
	w.mustPut("n1", "cart", "v", nil)
	for _, silent := range []bool{false, true} {
		w.heal(true)
		w.cut = func(string, string) bool { return false }
		if silent {
			w.cut = func(_, to string) bool { return to == "n5" }
		} else {
			w.split(true, []string{"n1", "n2", "n3", "n4"}, []string{"n5"})
		}
		if got := w.list("n1", "cart"); len(got) != 1 {
			t.Errorf("without n5: %v", got)
		}
		if silent {
			w.cut = func(_, to string) bool { return to == "n5" || to == "n4" }
		} else {
			w.split(true, []string{"n1", "n2", "n3"}, []string{"n4", "n5"})
		}
		r := w.do("n1", wire.ListRequest{}).(wire.ListReply)
		if r.Err != wire.QuorumNotReached || !slices.Equal(r.Missing, []string{"n4", "n5"}) || len(r.Keys) > 0 {
			t.Errorf("without n4 and n5: %+v", r)
		}
	}
	if n := w.nodes["n1"].coordinator.requests; n != 0 {
		t.Errorf("%d requests are left", n)
	}
}

// forget asks the first home to forget a key.
func (w *world) forget(key string) wire.ForgetReply {
	w.t.Helper()
	home := w.ring.Homes([]byte(key))[0]
	return w.do(home, wire.ForgetRequest{Key: []byte(key)}).(wire.ForgetReply)
}

// A tombstone is forgotten at once if all members hold nothing else, and stays otherwise.
func TestForget(t *testing.T) {
	w := collecting(t, false)
	key := w.keyAt("n1", "n2", "n3")
	put := w.mustPut("n1", key, "v", nil)
	if r := w.forget(key); r.Forgotten || !r.Live {
		t.Errorf("a live key: %+v", r)
	}
	w.del("n1", key, put.Context)
	if r := w.do("n4", wire.ForgetRequest{Key: []byte(key)}).(wire.ForgetReply); r.Forgotten || r.Message != "n4 is not a home of the key; ask a home" {
		t.Errorf("through a node that is not a home: %+v", r)
	}
	began := w.now
	if r := w.forget(key); !r.Forgotten || r.Err != wire.OK {
		t.Fatalf("a tombstone: %+v", r)
	}
	if took := w.now - began; took < wire.ForgetAfter || took > testGrace/2 {
		t.Errorf("forgotten after %v", took)
	}
	if h := w.holders(key); len(h) > 0 {
		t.Errorf("still at %v", h)
	}
	if r := w.forget(key); !r.Forgotten {
		t.Errorf("a second time: %+v", r)
	}
	w.mustPut("n2", key, "again", nil)
	w.wantValues("n3", key, "again")
}

// foreign returns a version that is concurrent to all others of this world.
func (w *world) foreign() vclock.Siblings {
	dot := vclock.Dot{Actor: vclock.Actor{Node: "n9", Epoch: 7}, Counter: 1}
	return vclock.Siblings{{Dot: dot, Value: []byte("late"), Time: int64(w.now)}}
}

func TestForgetKeeps(t *testing.T) {
	for name, tt := range map[string]struct {
		before func(w *world, key string)
		why    string
	}{
		"a member is away": {func(w *world, _ string) {
			w.split(true, []string{"n1", "n2", "n3", "n4"}, []string{"n5"})
		}, "n5 cannot be reached"},
		"a replica is older": {func(w *world, key string) {
			w.receive("n4", "n2", wire.Write{Key: []byte(key), Siblings: w.held("n1", key)})
		}, ""},
		"a home holds another version": {func(w *world, key string) {
			w.receive("n4", "n3", wire.Write{Key: []byte(key), Siblings: w.foreign()})
		}, "holds something else"},
		"tombstones are kept": {func(w *world, _ string) {
			w.restart(func(c *Config) { c.Timings.Tombstones = 0 })
		}, "--tombstones off"},
	} {
		w := collecting(t, false)
		key := w.keyAt("n1", "n2", "n3")
		put := w.mustPut("n1", key, "v", nil)
		w.del("n1", key, put.Context)
		tt.before(w, key)
		r := w.forget(key)
		if tt.why == "" {
			if !r.Forgotten {
				t.Errorf("%s: %+v", name, r)
			}
			continue
		}
		if r.Forgotten || !strings.Contains(r.Message, tt.why) {
			t.Errorf("%s: %+v, want %q", name, r, tt.why)
		}
		if len(w.holders(key)) == 0 {
			t.Errorf("%s: the tombstone is gone", name)
		}
	}
}

// A write that arrives between the two questions keeps the tombstone from being forgotten.
func TestWriteBetweenTheQuestionsOfForget(t *testing.T) {
	w := collecting(t, false)
	key := w.keyAt("n1", "n2", "n3")
	put := w.mustPut("n1", key, "v", nil)
	w.del("n1", key, put.Context)
	w.next++
	id := w.next
	w.step("n1", &Request{Client: id, Body: wire.ForgetRequest{Key: []byte(key)}})
	w.deliver()
	w.pass(wire.ForgetAfter / 2)
	w.receive("n4", "n3", wire.Write{Key: []byte(key), Siblings: w.foreign()})
	for w.deliver(); w.replies[id] == nil; {
		w.pass(10 * time.Millisecond)
	}
	if r := w.replies[id].(wire.ForgetReply); r.Forgotten || len(w.holders(key)) != 3 {
		t.Errorf("%+v, held by %v", r, w.holders(key))
	}
}
