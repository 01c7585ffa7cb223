package engine

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// suffer lets clients of a node wait that long for replicas, often enough to count.
func (w *world) suffer(name string, d time.Duration) {
	for range minSamples {
		w.nodes[name].waited(d)
	}
	w.wakeUp(name)
}

// wakeUp has a node say when it wants to be stepped.
func (w *world) wakeUp(name string) { w.step(name, nil) }

// §6.5: the slice shrinks while the 99th percentile is above 50 ms, never to nothing, and grows
// back while clients' requests are answered in time.
func TestSliceFollowsLatency(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	n := w.nodes["n1"]
	w.suffer("n1", 40*time.Millisecond)
	w.pass(10 * time.Second)
	if n.admit.slice != 1 || len(w.saw(event.Slice)) != 0 {
		t.Fatalf("a slice of %v after waits below the limit", n.admit.slice)
	}
	last := 1.0
	for range 10 {
		w.suffer("n1", 400*time.Millisecond)
		w.pass(adjustEvery)
		if got, want := n.admit.slice, max(last/2, minSlice); got != want {
			t.Fatalf("%v after %v, want %v", got, last, want)
		}
		last = n.admit.slice
	}
	if last != minSlice {
		t.Fatalf("a slice of %v after ten bad seconds", last)
	}
	for range int(time.Minute / adjustEvery) { // the rush is remembered while there are clients
		w.suffer("n1", time.Millisecond)
		w.pass(adjustEvery)
	}
	for last = n.admit.slice; last < 1; {
		w.suffer("n1", time.Millisecond)
		w.pass(adjustEvery)
		if got, want := n.admit.slice, min(last+growSlice, 1); got != want {
			t.Fatalf("a slice of %v after %v, want %v: all is well", got, last, want)
		}
		last = n.admit.slice
	}
	told := w.saw(event.Slice)
	if len(told) == 0 || told[0].Percent != 50 || told[0].Delay < 400*time.Millisecond || told[len(told)-1].Percent != 100 {
		t.Errorf("watchers were told %+v", told)
	}
	if n.admit.watching {
		t.Error("an idle node goes on with its timer")
	}
}

// §6.5: background work yields to clients. Where none waits it has all slices within a second,
// however slow the last minute was.
func TestIdleClientsGiveBackTheSlice(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	n := w.nodes["n1"]
	for n.admit.slice > minSlice {
		w.suffer("n1", 400*time.Millisecond)
		w.pass(adjustEvery)
	}
	n.requests++ // one that no replica has answered yet
	w.pass(adjustEvery)
	if n.admit.slice != minSlice {
		t.Fatalf("a slice of %v while a client waits, want %v", n.admit.slice, minSlice)
	}
	n.requests--
	if w.pass(adjustEvery); n.admit.slice != 1 {
		t.Fatalf("a slice of %v after a second without clients", n.admit.slice)
	}
	w.suffer("n1", 40*time.Millisecond)
	if w.pass(adjustEvery); n.admit.slice != 1 || n.admit.watching {
		t.Errorf("a slice of %v for clients that come after that, and are served in time", n.admit.slice)
	}
}

// A few slow answers are no percentile, and without a limit nothing yields.
func TestSliceNeedsSamplesAndALimit(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	for range minSamples - 1 {
		w.nodes["n1"].waited(time.Second)
	}
	w.wakeUp("n1")
	w.pass(10 * time.Second)
	if s := w.nodes["n1"].admit.slice; s != 1 {
		t.Errorf("a slice of %v after %d answers", s, minSamples-1)
	}
	w.timings.Foreground = 0
	w.start("n2")
	w.suffer("n2", time.Second)
	w.pass(10 * time.Second)
	if s := w.nodes["n2"].admit.slice; s != 1 {
		t.Errorf("a slice of %v without a limit", s)
	}
}

// What is measured is what clients' requests wait for: replicas' answers to gets and
// puts, also those that come after the client was answered, and nothing else.
func TestAdmissionMeasuresTheForeground(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	w.get("n1", key)
	w.pass(time.Second)
	w.compare(false)
	if _, total := w.nodes["n1"].admit.recent.percentile(w.now, 99); total != 4 {
		t.Errorf("%d samples of a put and a get with two other replicas each", total)
	}
}

// With the least slice anti-entropy and handoff take longer, and come to their end.
func TestBackgroundNeverStarves(t *testing.T) {
	took := func(slice float64, work func(*world)) time.Duration {
		w := newWorld(t, "n1", "n2")
		w.fill(4000)
		for _, n := range w.names {
			w.nodes[n].admit.slice, w.nodes[n].admit.bytes = slice, 0
		}
		began := w.now
		work(w)
		return w.now - began
	}
	sync := func(w *world) {
		w.wipe("n2")
		w.compare(false)
		w.wantEqualRoots()
	}
	handoff := func(w *world) {
		p := w.nodes["n1"].peer("n2")
		for i := range 500 {
			w.nodes["n1"].storeHint("n2", fmt.Appendf(nil, "key%d", i), w.nodes["n1"].mustKnow(t, fmt.Sprintf("key%d", i)), false, nil, event.Event{})
		}
		w.nodes["n1"].deliverHints(p)
		w.carryOut("n1", w.nodes["n1"].finish())
		for range 10_000 {
			if w.pass(10 * time.Millisecond); w.hints() == 0 {
				return
			}
		}
		t.Fatalf("%d hints stay", w.hints())
	}
	for name, work := range map[string]func(*world){"anti-entropy": sync, "handoff": handoff} {
		if all, least := took(1, work), took(minSlice, work); least < 4*all || least == 0 {
			t.Errorf("%s took %v with all slices, %v with the least", name, all, least)
		}
	}
}

// mustKnow is what the node holds of a key.
func (n *Node) mustKnow(t *testing.T, key string) (s vclock.Siblings) {
	t.Helper()
	s, _, code := n.known([]byte(key))
	if code != wire.OK {
		t.Fatal(code)
	}
	return s
}

// The sketch tells percentiles of the last minute, a quarter too high at most.
func TestSketch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sketch
		now := time.Duration(rapid.IntRange(0, 1e6).Draw(t, "start")) * time.Second
		type sample struct{ at, d time.Duration }
		var all []sample
		for range rapid.IntRange(0, 300).Draw(t, "samples") {
			now += time.Duration(rapid.IntRange(0, 2000).Draw(t, "pause")) * time.Millisecond
			d := time.Duration(math.Exp(rapid.Float64Range(0, 20).Draw(t, "log")) * 1000)
			s.add(now, d)
			all = append(all, sample{now, d})
		}
		var recent []time.Duration
		for _, x := range all {
			if now/sketchSpan-x.at/sketchSpan < sketchSlots {
				recent = append(recent, x.d)
			}
		}
		slices.Sort(recent)
		p := rapid.IntRange(1, 100).Draw(t, "p")
		got, total := s.percentile(now, p)
		if total != len(recent) {
			t.Fatalf("%d samples, want %d", total, len(recent))
		}
		if total == 0 {
			return
		}
		want := recent[(total*p+99)/100-1]
		if got <= want || got > want+want/4+2*time.Microsecond {
			t.Fatalf("p%d of %d is %v, the sketch says %v", p, total, want, got)
		}
	})
}

// Sizes of the sketch are in order, without a gap.
func TestSketchSizes(t *testing.T) {
	for size := range sketchSizes - 1 {
		top := sketchTop(size)
		if sketchSize(top-time.Microsecond) != size || sketchSize(top) != size+1 {
			t.Fatalf("size %d ends at %v, which is of sizes %d and %d", size, top, sketchSize(top-time.Microsecond), sketchSize(top))
		}
	}
}
