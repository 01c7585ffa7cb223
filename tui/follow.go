package tui

import (
	"bytes"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/view"
)

// followState is how the chosen key follows the cluster's requests: until the
// user chooses one, the screens show the key of the latest.
type followState struct {
	off  bool   // the user chose
	next []byte // the key of the latest request
	at   time.Time
}

// followPause is the least time between two keys: a busy cluster has thousands a second.
const followPause = time.Second

// noteKeys finds the key of the latest request. The first is one that was
// written: a get of a key that nobody wrote shows nothing.
func (m *model) noteKeys(events []event.Event) {
	f := &m.follow
	if f.off {
		return
	}
	first := len(m.key) == 0
	for _, e := range slices.Backward(events) {
		if len(e.Key) > 0 && (writes(e) || !first && e.Kind == event.Requested) {
			f.next = e.Key
			return
		}
	}
	if first && len(f.next) == 0 {
		f.next = m.lastTouched()
	}
}

// writes says whether e belongs to a client's write.
func writes(e event.Event) bool {
	switch e.Kind {
	case event.Coordinate:
		return true
	case event.Requested, event.Replied, event.Stored:
		return e.Op == "put" || e.Op == "del"
	}
	return false
}

// lastTouched is the key that events told of last, nil if they told of none.
func (m *model) lastTouched() []byte {
	var last *view.Key
	for _, k := range m.view.Keys() {
		if len(k.Held) > 0 && (last == nil || k.Touched > last.Touched) {
			last = k
		}
	}
	if last == nil {
		return nil
	}
	return last.Key
}

// followKey moves to the key of the latest request and says whether it did.
func (m *model) followKey() bool {
	f, now := &m.follow, m.clock()
	if f.off || m.paused || len(f.next) == 0 || bytes.Equal(f.next, m.key) || len(m.key) > 0 && now.Sub(f.at) < followPause {
		return false
	}
	f.at = now
	m.setKey(f.next)
	return true
}

// forgetFollowed is for when another cluster answers.
func (m *model) forgetFollowed() {
	if !m.follow.off {
		m.key, m.follow = nil, followState{}
	}
}
