package engine

import "testing"

// A node's start reads its whole store: what it remembers of it is grown anew.
func BenchmarkStart(b *testing.B) {
	w := newWorld(b, "n1", "n2", "n3")
	w.fill(100_000)
	for b.Loop() {
		w.start("n1")
	}
}
