package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/wire"
)

// lwwWorld has five nodes under last write wins, and a key whose homes are n3, n4 and n5.
func lwwWorld(t *testing.T) (w *world, key string) {
	w = five(t)
	w.restart(func(c *Config) { c.LWW = true })
	return w, w.keyAt("n3", "n4", "n5", "n2", "n1")
}

// wantLost wants just these values to have been told lost, each once, and counted once by all nodes together.
func (w *world) wantLost(values ...string) {
	w.t.Helper()
	w.pass(time.Second)
	var told []string
	for _, e := range w.saw(event.LWWLost) {
		for _, v := range e.Versions {
			told = append(told, string(v.Value))
		}
	}
	count := 0
	for _, n := range w.nodes {
		count += n.State().Lost
	}
	if slices.Sort(told); !slices.Equal(told, values) || count != len(values) {
		w.t.Fatalf("told that %q are lost, and counted %d; want %q", told, count, values)
	}
}

// §6: a client that writes one value after the other loses none, whichever nodes it goes through, with
// contexts or without.
func TestOverwritesAreNotLost(t *testing.T) {
	w, key := lwwWorld(t)
	var ctx []byte
	for i := range 300 {
		if w.pass(time.Millisecond); i%3 > 0 {
			ctx = nil
		}
		r := w.mustPut(w.names[i*7%5], key, fmt.Sprint(i), ctx)
		if ctx = r.Context; len(r.LostTo) > 0 {
			t.Fatalf("put %d is lost to %v", i, r.LostTo)
		}
	}
	w.wantLost()
	if got := w.values("n1", key); !slices.Equal(got, []string{"299"}) {
		t.Fatalf("left %q", got)
	}
	if k := len(w.nodes["n3"].mustKnow(t, key).Context()); k > 5 {
		t.Errorf("the clock has %d entries for five coordinators", k)
	}
}

// The same where the last put is still on its way to the next one's coordinator.
func TestOverwriteThatOvertakesReplication(t *testing.T) {
	w, key := lwwWorld(t)
	var held []wire.Message
	w.cut = func(from, to string) bool { return from == "n3" && to == "n5" }
	put := func(via, value string) {
		w.next++
		w.step(via, Request{Client: w.next, Body: wire.PutRequest{Key: []byte(key), Value: []byte(value)}})
		for _, m := range w.queue {
			if w.cut(m.From, m.To) {
				held = append(held, m)
			}
		}
		w.deliver()
		if r, ok := w.replies[w.next].(wire.PutReply); !ok || r.Err != wire.OK || len(r.LostTo) > 0 {
			t.Fatalf("put %s: %+v", value, w.replies[w.next])
		}
	}
	put("n3", "first")
	w.now += time.Millisecond
	put("n5", "second")
	if len(held) == 0 {
		t.Fatal("nothing is on its way to n5")
	}
	w.cut = func(_, _ string) bool { return false }
	w.queue = append(w.queue, held...)
	w.wantLost()
	w.wantValues("n1", key, "second")
}

// Two puts at once through two coordinators: the earlier one is lost, which its client is told.
func TestConcurrentWriteIsLost(t *testing.T) {
	w, key := lwwWorld(t)
	w.mustPut("n3", key, "base", nil)
	w.pass(time.Second)
	first := w.next + 1
	for _, put := range [][2]string{{"n3", "first"}, {"n5", "second"}} {
		w.next++
		w.now += time.Millisecond
		w.step(put[0], Request{Client: w.next, Body: wire.PutRequest{Key: []byte(key), Value: []byte(put[1]), Request: w.next}})
	}
	w.deliver()
	a, b := w.replies[first].(wire.PutReply), w.replies[first+1].(wire.PutReply)
	if a.Err != wire.OK || b.Err != wire.OK || len(a.LostTo) != 1 || a.LostTo[0].Dot != b.Version.Dot || len(b.LostTo) != 0 {
		t.Fatalf("the first put: %+v\nthe second: %+v", a, b)
	}
	w.wantLost("first")
	if r := w.get("n4", key); len(r.Lost) != 1 || r.Lost[0].Dot != a.Version.Dot || string(r.Siblings[0].Value) != "second" {
		t.Errorf("a get tells %+v", r)
	}
	if e := w.saw(event.LWWLost)[0]; e.Request != first || !strings.Contains(e.Message, b.Version.Notation()) {
		t.Errorf("told %+v, want request %d lost to %s", e, first, b.Version.Notation())
	}
}

// Two sides of a split: the loss is told once, whether the coordinator of what is lost is a home or not.
func TestLossAcrossASplitIsToldOnce(t *testing.T) {
	for _, first := range []string{"n3", "n1"} {
		w, key := lwwWorld(t)
		w.mustPut("n4", key, "base", nil)
		w.pass(time.Second)
		w.split(true, []string{"n1", "n2"}, []string{"n3", "n4", "n5"})
		w.mustPut(first, key, "first", nil)
		w.pass(time.Second)
		w.mustPut(map[string]string{"n3": "n1", "n1": "n3"}[first], key, "second", nil)
		w.wantLost()
		w.heal(true)
		w.pass(5 * time.Second)
		w.wantLost("first")
		w.wantValues("n2", key, "second")
	}
}

// A put that failed is not lost, whatever becomes of its version.
func TestFailedWriteIsNotLost(t *testing.T) {
	w, key := lwwWorld(t)
	w.split(false, []string{"n3"}, []string{"n1", "n2", "n4", "n5"})
	r := w.do("n3", wire.PutRequest{Key: []byte(key), Value: []byte("failed"), Quorum: wire.Quorum{W: 2, Strict: true}}).(wire.PutReply)
	if r.Err != wire.QuorumNotReached || !r.Unknown {
		t.Fatalf("%+v", r)
	}
	w.mustPut("n4", key, "second", nil)
	w.heal(false)
	w.pass(5 * time.Second)
	w.wantValues("n3", key, "second")
	w.wantLost()
}

// A put that a clock running ahead has beaten already is acknowledged and lost, which its client is told.
func TestWriteBehindAFastClockIsLost(t *testing.T) {
	w, key := lwwWorld(t)
	w.carryOut("n3", w.nodes["n3"].Step(w.now+time.Minute, nil)) // its clock is a minute ahead from now on
	fast := w.mustPut("n3", key, "fast", nil)
	w.pass(time.Second)
	r := w.mustPut("n4", key, "slow", nil)
	if len(r.LostTo) != 1 || r.LostTo[0].Dot != fast.Version.Dot {
		t.Fatalf("%+v", r)
	}
	w.wantLost("slow")
}
