package dedup

import (
	"testing"

	"pgregory.net/rapid"
)

// An operation that another one overtook is not taken for a repetition.
func TestReordering(t *testing.T) {
	var w Window
	for i := range uint64(2000) {
		if op := 10_000 - i; !w.First(op) || w.First(op) {
			t.Fatalf("operation %d", op)
		}
	}
	w.First(10 * Size)
	if w.First(1) || len(w.seen) != 1 || len(w.order) != 1 {
		t.Fatalf("the window moved on and still remembers %d operations", len(w.seen))
	}
}

// No operation is accepted twice, and an operation inside the window is accepted once.
func TestAcceptedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Window
		accepted := map[uint64]bool{}
		newest := uint64(0)
		for range rapid.IntRange(0, 200).Draw(t, "operations") {
			op := rapid.Uint64Range(1, 4).Draw(t, "far")*Size + rapid.Uint64Range(0, 20).Draw(t, "near")
			if got, want := w.First(op), !accepted[op] && op+Size >= newest; got != want {
				t.Fatalf("operation %d of at most %d is accepted: %v, want %v", op, newest, got, want)
			}
			accepted[op] = true
			newest = max(newest, op)
		}
	})
}
