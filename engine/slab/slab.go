package slab

// A Slab hands out pieces of memory. The zero Slab is ready. A Slab belongs to one goroutine. Each
// piece belongs to the caller that took it.
type Slab[T any] struct {
	rest []T // the end of the latest allocation, which no piece covers yet
	size int // elements of the latest allocation
}

// ownPart says which pieces have an allocation of their own: those of more than one in ownPart of
// the elements of the largest allocation. So an allocation that ends early wastes little.
const ownPart = 4

// Take returns an empty slice with room for exactly n elements. The slice may share an allocation
// of at most most elements with other pieces, and keeps them alive. Use the same most for all calls
// of one Slab. The first allocations are smaller, because many Slabs hand out only a few pieces.
func (s *Slab[T]) Take(n, most int) []T {
	if n > most/ownPart {
		return make([]T, 0, n)
	}
	if n > len(s.rest) {
		s.size = min(max(2*s.size, n), most)
		s.rest = make([]T, s.size)
	}
	piece := s.rest[:0:n]
	s.rest = s.rest[n:]
	return piece
}
