package state

import (
	"bytes"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/view"
)

// follow says how the shown key follows the clients' requests. Until the user chooses a key, the
// screens show the key of the latest request.
type follow struct {
	off  bool   // the user chose a key
	next []byte // the key of the latest request
	at   time.Time
}

// followPause is the least time between two keys. A busy cluster has thousands of requests a
// second.
const followPause = time.Second

// Key returns the key that the panes show, nil if there is none yet.
func (s *State) Key() []byte { return s.key }

// Homes returns the homes of the shown key by rank, nil if there is no key or no ring yet.
func (s *State) Homes() []string {
	if s.View.Ring == nil || len(s.key) == 0 {
		return nil
	}
	return s.View.Ring.Homes(s.key)
}

// Choose shows a key from now on, and reports whether it is another key than before.
func (s *State) Choose(key []byte) bool {
	if len(key) == 0 {
		return false
	}
	s.follow.off = true
	if bytes.Equal(key, s.key) {
		return false
	}
	s.key = bytes.Clone(key)
	return true
}

// Follow moves to the key of the latest request, if it is time to, and reports whether it did.
func (s *State) Follow() bool {
	f, now := &s.follow, s.Clock()
	if f.off || len(f.next) == 0 || bytes.Equal(f.next, s.key) || len(s.key) > 0 && now.Sub(f.at) < followPause {
		return false
	}
	f.at = now
	s.key = bytes.Clone(f.next)
	return true
}

// noteKeys finds the key of the latest request. The first key is one that was written, because a
// get of a key without a value shows nothing.
func (s *State) noteKeys(events []event.Event) {
	f := &s.follow
	if f.off {
		return
	}
	first := len(s.key) == 0
	for _, e := range slices.Backward(events) {
		if len(e.Key) > 0 && (writes(e) || !first && e.Kind == event.Requested) {
			f.next = e.Key
			return
		}
	}
	if first && len(f.next) == 0 {
		f.next = s.lastTouched()
	}
}

// writes reports whether e belongs to a client's write.
func writes(e event.Event) bool {
	switch e.Kind {
	case event.Coordinate:
		return true
	case event.Requested, event.Replied, event.Stored:
		return e.Op == "put" || e.Op == "del"
	}
	return false
}

// lastTouched returns the key that the latest event about a stored key was about, nil if there is
// none.
func (s *State) lastTouched() []byte {
	var last *view.Key
	for _, k := range s.View.Keys() {
		if len(k.Held) > 0 && (last == nil || k.Touched > last.Touched) {
			last = k
		}
	}
	if last == nil {
		return nil
	}
	return last.Key
}

// KeyAfter returns the known key that comes by places after the shown one, in a circle. It returns
// nil if no key is known.
func (s *State) KeyAfter(by int) []byte {
	keys := s.View.Keys()
	if len(keys) == 0 {
		return nil
	}
	i := 0
	for i < len(keys) && bytes.Compare(keys[i].Key, s.key) < 0 {
		i++
	}
	exact := i < len(keys) && bytes.Equal(keys[i].Key, s.key)
	if exact || by < 0 {
		i += by
	}
	return keys[(i%len(keys)+len(keys))%len(keys)].Key
}
