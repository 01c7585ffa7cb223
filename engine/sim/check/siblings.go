package check

import (
	"fmt"

	"ringside/engine/sim/kernel"
)

// siblings checks P2: the versions of a key that a node holds or shows are concurrent.
type siblings struct {
	*evidence
	bounds    *bounds
	falseOnes int // versions that clients saw beside a descendant, of keys with truncated clocks
}

// concurrent checks that no write among ids descends from another (P2), and that their number is
// bounded (P13). what names the place where the writes are.
func (s *siblings) concurrent(what, key string, ids []uint64) {
	if most := s.bounds.mostKept(key); len(ids) > most {
		s.fail(P13, "%s holds %d versions, the bound is %d", what, len(ids), most)
	}
	if s.plan.LWW() && len(ids) > 1 {
		s.fail(P2, "%s holds %d versions under last write wins", what, len(ids))
	}
	for i, a := range ids {
		for j, b := range ids {
			if a != b && s.descends(a, b) {
				s.notConcurrent(what, key, a, b)
			}
			if a == b && i < j {
				s.fail(P2, "%s holds #%d twice", what, a)
			}
		}
	}
}

// notConcurrent fails P2 for a write and its ancestor, unless the clock of a version was truncated:
// then "descendant relationships cannot be derived accurately" (§4.4).
func (s *siblings) notConcurrent(what, key string, a, b uint64) {
	switch {
	case s.cut[key]:
		s.falseOnes++
	case s.plan.Clocks.Truncate > 0: // the event of a truncation comes after the replies of the same step
		s.world.After(0, func() {
			if !s.cut[key] {
				s.fail(P2, "%s holds #%d and its ancestor #%d, and no clock was cut", what, a, b)
			}
		})
	default:
		s.fail(P2, "%s holds #%d and its ancestor #%d", what, a, b)
	}
}

// replicas checks each replica and each hint of a host.
func (s *siblings) replicas(h *kernel.Host) {
	for _, key := range s.keys {
		for _, r := range s.stored(h, key) {
			what := fmt.Sprintf("%s's replica of %s", h.Name(), key)
			if r.For != "" {
				what = fmt.Sprintf("%s's hint of %s for %s", h.Name(), key, r.For)
			}
			seen := s.falseOnes
			s.concurrent(what, key, idsOf(r.Versions))
			s.falseOnes = seen // only versions that clients see count
		}
	}
}
