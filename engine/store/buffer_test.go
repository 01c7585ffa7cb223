package store_test

import (
	"fmt"
	"testing"

	"ringside/engine/store"
)

// BenchmarkBuffer measures what a write costs in an object buffer that is flushed after each 100
// writes.
func BenchmarkBuffer(b *testing.B) {
	writes := make([]store.Write, 1000)
	for i := range writes {
		writes[i] = store.Write{Space: store.Data, Key: fmt.Appendf(nil, "xxxxxxxxkey-%07d", i), Value: make([]byte, 170)}
	}
	buffer := store.NewBuffer(store.NewMem())
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at := i % len(writes)
		buffer.Add(writes[at : at+1])
		if i%100 == 99 {
			buffer.Take()
			buffer.Flushed()
		}
	}
}
