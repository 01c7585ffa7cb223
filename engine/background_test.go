package engine

import (
	"fmt"
	"testing"
	"time"

	"ringside/engine/admission"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// suffer makes clients of a node wait for replicas for d, often enough to count.
func (w *world) suffer(name string, d time.Duration) {
	for range admission.MinSamples {
		w.nodes[name].background.answered(d)
	}
	w.wakeUp(name)
}

// wakeUp steps a node without an input, so that the world learns when to step it again.
func (w *world) wakeUp(name string) { w.step(name, nil) }

// §6.5: the slice shrinks while the 99th percentile is above 50 ms, never to nothing, and grows
// back while clients' requests are answered in time.
func TestSliceFollowsLatency(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	n := w.nodes["n1"]
	w.suffer("n1", 40*time.Millisecond)
	w.pass(10 * time.Second)
	if n.background.ctl.Slice() != 1 || len(w.saw(event.Slice)) != 0 {
		t.Fatalf("a slice of %v after waits below the limit", n.background.ctl.Slice())
	}
	last := 1.0
	for range 10 {
		w.suffer("n1", 400*time.Millisecond)
		w.pass(admission.AdjustEvery)
		if got, want := n.background.ctl.Slice(), max(last/2, admission.MinSlice); got != want {
			t.Fatalf("%v after %v, want %v", got, last, want)
		}
		last = n.background.ctl.Slice()
	}
	if last != admission.MinSlice {
		t.Fatalf("a slice of %v after ten bad seconds", last)
	}
	for range int(time.Minute / admission.AdjustEvery) { // the rush is remembered while there are clients
		w.suffer("n1", time.Millisecond)
		w.pass(admission.AdjustEvery)
	}
	for last = n.background.ctl.Slice(); last < 1; {
		w.suffer("n1", time.Millisecond)
		w.pass(admission.AdjustEvery)
		if got, want := n.background.ctl.Slice(), min(last+admission.GrowSlice, 1); got != want {
			t.Fatalf("a slice of %v after %v, want %v: all is well", got, last, want)
		}
		last = n.background.ctl.Slice()
	}
	told := w.saw(event.Slice)
	if len(told) == 0 || told[0].Percent != 50 || told[0].Delay < 400*time.Millisecond ||
		told[len(told)-1].Percent != 100 {
		t.Errorf("events %+v", told)
	}
	if n.background.ctl.Adjusting() {
		t.Error("an idle node still has a timer for its slice")
	}
}

// §6.5: background work yields to clients. If no client waits, the slice is whole within a second,
// however slow the last minute was.
func TestIdleClientsGiveBackTheSlice(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	n := w.nodes["n1"]
	for n.background.ctl.Slice() > admission.MinSlice {
		w.suffer("n1", 400*time.Millisecond)
		w.pass(admission.AdjustEvery)
	}
	n.coordinator.requests++ // no replica has answered this request yet
	w.pass(admission.AdjustEvery)
	if n.background.ctl.Slice() != admission.MinSlice {
		t.Fatalf("a slice of %v while a client waits, want %v", n.background.ctl.Slice(), admission.MinSlice)
	}
	n.coordinator.requests--
	if w.pass(admission.AdjustEvery); n.background.ctl.Slice() != 1 {
		t.Fatalf("a slice of %v after a second without clients", n.background.ctl.Slice())
	}
	w.suffer("n1", 40*time.Millisecond)
	if w.pass(admission.AdjustEvery); n.background.ctl.Slice() != 1 || n.background.ctl.Adjusting() {
		t.Errorf("a slice of %v for later clients that are served in time", n.background.ctl.Slice())
	}
}

// A few slow answers are no percentile, and without a limit nothing yields.
func TestSliceNeedsSamplesAndALimit(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	for range admission.MinSamples - 1 {
		w.nodes["n1"].background.answered(time.Second)
	}
	w.wakeUp("n1")
	w.pass(10 * time.Second)
	if s := w.nodes["n1"].background.ctl.Slice(); s != 1 {
		t.Errorf("a slice of %v after %d answers", s, admission.MinSamples-1)
	}
	w.timings.Foreground = 0
	w.start("n2")
	w.suffer("n2", time.Second)
	w.pass(10 * time.Second)
	if s := w.nodes["n2"].background.ctl.Slice(); s != 1 {
		t.Errorf("a slice of %v without a limit", s)
	}
}

// The node measures how long clients' requests wait for replicas' answers, including answers that
// come after the client was answered. It measures nothing else.
func TestAdmissionMeasuresTheForeground(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	w.get("n1", key)
	w.pass(time.Second)
	w.compare(withRepair)
	if total := w.nodes["n1"].background.ctl.Samples(w.now); total != 4 {
		t.Errorf("%d samples of a put and a get with two other replicas each", total)
	}
}

// With the least slice anti-entropy and the delivery of hints take longer, and complete.
func TestBackgroundNeverStarves(t *testing.T) {
	took := func(slice float64, work func(*world)) time.Duration {
		w := newWorld(t, "n1", "n2")
		w.fill(4000)
		for _, n := range w.names {
			w.nodes[n].background.ctl.Force(slice, 0)
		}
		began := w.now
		work(w)
		return w.now - began
	}
	sync := func(w *world) {
		w.wipe("n2")
		w.compare(withRepair)
		w.wantEqualRoots()
	}
	handoff := func(w *world) {
		for i := range 500 {
			key := fmt.Sprintf("key%d", i)
			w.nodes["n1"].handoff.keep("n2", update{key: []byte(key), siblings: w.nodes["n1"].mustKnow(t, key)})
		}
		w.nodes["n1"].handoff.deliver("n2")
		w.carryOut("n1", w.nodes["n1"].finish())
		for range 10_000 {
			if w.pass(10 * time.Millisecond); w.hints() == 0 {
				return
			}
		}
		t.Fatalf("%d hints are not delivered", w.hints())
	}
	for name, work := range map[string]func(*world){"anti-entropy": sync, "handoff": handoff} {
		if all, least := took(1, work), took(admission.MinSlice, work); least < 4*all || least == 0 {
			t.Errorf("%s took %v with the whole slice, %v with the least", name, all, least)
		}
	}
}

// mustKnow returns what the node holds of a key.
func (n *Node) mustKnow(t *testing.T, key string) (s vclock.Siblings) {
	t.Helper()
	s, _, code := n.records.known([]byte(key))
	if code != wire.OK {
		t.Fatal(code)
	}
	return s
}
