package slab

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// Pieces never overlap, whatever their holders append.
func TestPiecesAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Slab[byte]
		most := rapid.IntRange(0, 64).Draw(t, "most")
		var pieces [][]byte
		for i, n := range rapid.SliceOfN(rapid.IntRange(0, 70), 0, 60).Draw(t, "sizes") {
			piece := s.Take(n, most)
			if len(piece) != 0 || cap(piece) != n {
				t.Fatalf("a piece of %d elements has length %d and room for %d", n, len(piece), cap(piece))
			}
			piece = append(piece, bytes.Repeat([]byte{byte(i)}, n)...)
			_ = append(piece, 0xff)
			pieces = append(pieces, piece)
			if s.size > most {
				t.Fatalf("an allocation has %d elements, want at most %d", s.size, most)
			}
		}
		for i, piece := range pieces {
			if !bytes.Equal(piece, bytes.Repeat([]byte{byte(i)}, len(piece))) {
				t.Fatalf("piece %d has changed to %x", i, piece)
			}
		}
	})
}

// Many small pieces take few allocations, and a first piece takes no more than its size.
func TestPiecesShareAllocations(t *testing.T) {
	var s Slab[byte]
	s.Take(10, 1000)
	if s.size != 10 {
		t.Errorf("the first allocation has %d bytes, want 10", s.size)
	}
	if n := testing.AllocsPerRun(10, func() {
		for range 1000 {
			s.Take(10, 1000)
		}
	}); n > 11 {
		t.Errorf("%v allocations for 10,000 bytes, want one for each 1,000", n)
	}
}
