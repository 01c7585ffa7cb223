package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// lwwWorld returns five nodes under last write wins, and a key whose homes are n3, n4 and n5.
func lwwWorld(t *testing.T) (w *world, key string) {
	w = five(t)
	w.restart(func(c *Config) { c.LWW = true })
	return w, w.keyAt("n3", "n4", "n5", "n2", "n1")
}

// wantLost fails the test unless exactly these values were reported as lost, each once, and counted
// once by all nodes together.
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
		w.t.Fatalf("%q are reported as lost, and %d are counted; want %q", told, count, values)
	}
}

// §6: a client that writes one value after the other loses none, whichever nodes it goes through,
// with contexts or without.
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

// An overwrite is not a loss while the version before it is on its way to the next coordinator.
func TestOverwriteThatOvertakesReplication(t *testing.T) {
	w, key := lwwWorld(t)
	var held []wire.Message
	w.cut = func(from, to string) bool { return from == "n3" && to == "n5" }
	put := func(via, value string) {
		w.next++
		w.step(via, &Request{Client: w.next, Body: wire.PutRequest{Key: []byte(key), Value: []byte(value)}})
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

// Of two concurrent puts through two coordinators the earlier one is lost, and its client is told.
func TestConcurrentWriteIsLost(t *testing.T) {
	w, key := lwwWorld(t)
	w.mustPut("n3", key, "base", nil)
	w.pass(time.Second)
	first := w.next + 1
	for _, put := range [][2]string{{"n3", "first"}, {"n5", "second"}} {
		w.next++
		w.now += time.Millisecond
		body := wire.PutRequest{Key: []byte(key), Value: []byte(put[1]), Request: w.next}
		w.step(put[0], &Request{Client: w.next, Body: body})
	}
	w.deliver()
	a, b := w.replies[first].(wire.PutReply), w.replies[first+1].(wire.PutReply)
	if a.Err != wire.OK || b.Err != wire.OK ||
		len(a.LostTo) != 1 || a.LostTo[0].Dot != b.Version.Dot || len(b.LostTo) != 0 {
		t.Fatalf("the first put: %+v\nthe second: %+v", a, b)
	}
	w.wantLost("first")
	r := w.get("n4", key)
	if len(r.Lost) != 1 || r.Lost[0].Dot != a.Version.Dot || string(r.Siblings[0].Value) != "second" {
		t.Errorf("a get tells %+v", r)
	}
	if e := w.saw(event.LWWLost)[0]; e.Request != first || !strings.Contains(e.Message, b.Version.Notation()) {
		t.Errorf("told %+v, want request %d lost to %s", e, first, b.Version.Notation())
	}
}

// A loss across a split is reported once, whether or not the coordinator of the lost version is a
// home.
func TestLossAcrossASplitIsReportedOnce(t *testing.T) {
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

// A put that failed is never reported as lost.
func TestFailedWriteIsNotLost(t *testing.T) {
	w, key := lwwWorld(t)
	w.split(false, []string{"n3"}, []string{"n1", "n2", "n4", "n5"})
	put := wire.PutRequest{Key: []byte(key), Value: []byte("failed"), Quorum: wire.Quorum{W: 2, Strict: true}}
	r := w.do("n3", put).(wire.PutReply)
	if r.Err != wire.QuorumNotReached || !r.Unknown {
		t.Fatalf("%+v", r)
	}
	w.mustPut("n4", key, "second", nil)
	w.heal(false)
	w.pass(5 * time.Second)
	w.wantValues("n3", key, "second")
	w.wantLost()
}

// A put whose version is older than one from a node whose clock is ahead is acknowledged and lost.
// Its client is told.
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

// A version that a node displaces twice is reported and remembered once, because a message cannot
// hold two versions with one dot.
func TestLossIsReportedOnce(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	n, key := w.nodes["n1"], []byte("k")
	dot := func(counter uint64) vclock.Version {
		return vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n2", Epoch: 1}, Counter: counter}}
	}
	n.records.lastWrites.report(key, dot(1), dot(3))
	n.records.lastWrites.report(key, dot(2), dot(3))
	n.records.lastWrites.report(key, dot(1), dot(4))
	reported := 0
	for _, e := range n.out.Events {
		if e.Kind == event.LWWLost {
			reported++
		}
	}
	if got := n.records.lastWrites.lostOf(key); reported != 2 || len(got) != 2 {
		t.Errorf("%d reports of 2 lost versions, %v are remembered", reported, got)
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
