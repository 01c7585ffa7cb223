package check

import (
	"fmt"
)

// siblings checks P2: the versions of a key that a node holds or shows are concurrent.
type siblings struct {
	e             *evidence
	bounds        *bounds
	falseSiblings int // versions beside a descendant, of keys with truncated clocks, that gets and settled homes show
}

// checkConcurrent checks that no write among ids descends from another (P2), and that their number
// is bounded (P13). It returns the number of false siblings. holder names the node or reply in
// messages.
func (s *siblings) checkConcurrent(holder, key string, ids []uint64) (falseSiblings int) {
	if most := s.bounds.mostKept(key); len(ids) > most {
		s.e.fail(P13, "%s holds %d versions, the bound is %d", holder, len(ids), most)
	}
	if s.e.plan.LWW() && len(ids) > 1 { // from the beginning; see evidence.lww
		s.e.fail(P2, "%s holds %d versions under last write wins", holder, len(ids))
	}
	for i, a := range ids {
		for j, b := range ids {
			if a != b && s.e.graph.descends(a, b) && s.failDescendant(holder, key, a, b) {
				falseSiblings++
			}
			if a == b && i < j {
				s.e.fail(P2, "%s holds #%d twice", holder, a)
			}
		}
	}
	return falseSiblings
}

// failDescendant fails P2 for a write and its ancestor. If a clock of the key was truncated,
// "descendant relationships cannot be derived accurately" (§4.4), and notConcurrent returns true
// for the false siblings.
func (s *siblings) failDescendant(holder, key string, a, b uint64) bool {
	if s.e.truncated[key] {
		return true
	}
	s.e.fail(P2, "%s holds #%d and its ancestor #%d, and no clock of the key was truncated", holder, a, b)
	return false
}

// checkReplicas checks each replica and each hint of a host.
func (s *siblings) checkReplicas(h Host) {
	for _, key := range s.e.keys {
		for _, r := range s.e.stored(h, key) {
			holder := fmt.Sprintf("%s's replica of %s", h.Name(), key)
			if r.For != "" {
				holder = fmt.Sprintf("%s's hint of %s for %s", h.Name(), key, r.For)
			}
			s.checkConcurrent(holder, key, idsOf(r.Versions)) // false siblings in one replica do not count
		}
	}
}
