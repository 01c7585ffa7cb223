package engine

// §4.8.3: which peers are suspected, and what happens to questions that no peer answers.

import (
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/wire"
)

// Nodes that only read also suspect a peer that does not answer.
func TestReadsSuspectAHungPeer(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	w.kill("n3")
	for range 10 {
		w.get("n1", key)
		w.pass(100 * time.Millisecond)
	}
	if len(w.saw(event.Suspect)) == 0 {
		t.Fatal("n3 never answered, and is not suspected")
	}
}

// A node that did not run does not suspect the peers whose answers wait for it. It does suspect a
// peer that is silent for twice as long, however often the node stalls.
func TestAStalledNodeBlamesNobody(t *testing.T) {
	for _, dead := range []bool{false, true} {
		w := five(t)
		key := w.keyAt("n1", "n2", "n3")
		w.mustPut("n1", key, "v", nil)
		if dead {
			w.kill("n2")
			w.kill("n3")
		}
		w.step("n1", &Request{Client: 99, Body: wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 3, Strict: true}}})
		for range 3 {
			w.now += w.timings.Patience + time.Millisecond
			w.nodes["n1"].Stalled(w.timings.Patience + time.Millisecond)
			w.step("n1", nil)
			w.deliver()
		}
		r, _ := w.replies[99].(wire.GetReply)
		if n := len(w.saw(event.Suspect)); dead != (n > 0) || dead == (r.Err == wire.OK && len(r.Siblings) == 1) {
			t.Errorf("dead %v: %d suspicions, %+v", dead, n, r)
		}
	}
}

// A message that never left its node makes no peer suspected.
func TestUnsent(t *testing.T) {
	w := five(t)
	key := w.keyAt("n1", "n2", "n3")
	w.mustPut("n1", key, "v", nil)
	lost := 0
	w.refuse = func(m wire.Message) bool {
		r, ok := m.Body.(wire.ReadReply)
		big := ok && len(r.Siblings) > 0 && m.From == "n2"
		if big {
			lost++
		}
		return big
	}
	r := w.do("n1", wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: 2}}).(wire.GetReply)
	if r.Err != wire.OK || len(r.Siblings) != 1 || lost == 0 || len(w.saw(event.Suspect)) != 0 {
		t.Fatalf("%v from %v, %d refused, suspects %v", r.Err, r.Replied, lost, w.saw(event.Suspect))
	}
}

// A put is answered at once when no further acknowledgement can come.
func TestPutWithNoNodeLeftEnds(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	key := w.keyAt("n1")
	w.split(false, []string{"n1"}, []string{"n2", "n3"})
	w.step("n1", &Request{Client: 99, Body: wire.PutRequest{Key: []byte(key), Value: []byte("x")}})
	w.pass(600 * time.Millisecond)
	w.step("n1", PeerDown{"n2"})
	w.step("n1", PeerDown{"n3"})
	if w.replies[99] == nil {
		t.Fatal("both others are down, and the put still waits for them")
	}
}
