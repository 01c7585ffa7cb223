package engine

import (
	"testing"

	"ringside/engine/event"
	"ringside/engine/vclock"
)

// A version that a node displaces twice is told, and kept for those who ask, once: two of one dot could not be sent.
func TestLossIsToldOnce(t *testing.T) {
	w := newWorld(t, "n1", "n2", "n3")
	n, key := w.nodes["n1"], []byte("k")
	dot := func(counter uint64) vclock.Version {
		return vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n2", Epoch: 1}, Counter: counter}}
	}
	n.lastWrites.report(key, dot(1), dot(3))
	n.lastWrites.report(key, dot(2), dot(3))
	n.lastWrites.report(key, dot(1), dot(4))
	told := 0
	for _, e := range n.out.Events {
		if e.Kind == event.LWWLost {
			told++
		}
	}
	if got := n.lastWrites.lostOf(key); told != 2 || len(got) != 2 {
		t.Errorf("told %d times of 2 lost versions, kept %v", told, got)
	}
}
