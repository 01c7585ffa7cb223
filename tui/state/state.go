package state

import (
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/tui/playback"
)

// State is the cluster as the screens know it, with what the user chose to look at.
type State struct {
	View     *view.Cluster
	Playback playback.Playback // the recording that is shown; nil for a live cluster
	Zone     *time.Location    // of the times of day in the log
	Clock    func() time.Time
	// Unreachable says that the cluster does not answer, so that View is out of date.
	Unreachable bool

	at       time.Duration // the cluster's time when Clock showed anchor; 0 before the first event
	anchor   time.Time
	split    split
	key      []byte
	follow   follow
	selected int // index of a node in View.Nodes
	marked   map[string]bool
	request  uint64 // chosen by the user; 0: the latest
	resets   int
	travels  bool // the next reset shows the same cluster
}

// split is what the view knew of the network before the snapshot that is being applied.
type split struct {
	groups [][]string
	at     time.Duration
}

// New returns the state of a cluster of which nothing is known yet. p is the cluster if it is a
// recording, else nil. A key that is not empty is the user's choice.
func New(p playback.Playback, key []byte) *State {
	s := &State{View: view.New(), Playback: p, Zone: time.Local, Clock: time.Now, key: key,
		marked: map[string]bool{}}
	s.follow.off = len(key) > 0
	s.anchor = s.Clock()
	return s
}

// Reset forgets the cluster, because another one answers or a recording was taken back. The user's
// choices stay in a recording, and in the change that Travels announced. Otherwise only a chosen
// key stays.
func (s *State) Reset() {
	s.resets++
	s.View, s.split = view.New(), split{}
	if !s.follow.off {
		s.key, s.follow = nil, follow{}
	}
	if s.Playback == nil && !s.travels {
		s.Forget()
	}
	s.travels = false
}

// Travels announces whether the next reset shows the same cluster at another time.
func (s *State) Travels(same bool) { s.travels = same }

// Forget forgets the user's choices that mean nothing in another cluster: the request, the marks
// and the selected node.
func (s *State) Forget() {
	s.request, s.selected = 0, 0
	clear(s.marked)
}

// Resets returns how often the cluster was forgotten.
func (s *State) Resets() int { return s.resets }

// A Change says what a call of Apply did that the screens react to.
type Change struct {
	Moved  bool // something happened after the latest snapshot, so another snapshot is due
	Missed int  // events that the cluster could not deliver
	Healed bool // the network is whole again
}

// Apply reduces events into the view. Events of sequence number 0 come from a snapshot.
func (s *State) Apply(events []event.Event) (c Change) {
	for _, e := range events {
		if !wellFormed(e) {
			continue
		}
		if e.Kind == event.Gap {
			c.Missed += e.Count
		}
		c.Healed = c.Healed || e.Kind == event.Heal
		c.Moved = c.Moved || e.Seq > 0 || e.Kind == event.Gap
		s.apply(e)
	}
	s.noteKeys(events)
	if len(events) > 0 {
		if now := s.Now(); s.View.Now > now || s.at == 0 {
			s.at, s.anchor = s.View.Now, s.Clock()
		}
		s.Select(s.selected)
	}
	return c
}

// apply reduces one event. A snapshot of a cluster that does not remember when it was split carries
// the snapshot's own time, so an earlier time that is known for the same split stays.
func (s *State) apply(e event.Event) {
	v := s.View
	if e.Kind == event.Cluster {
		s.split = split{v.Groups, v.SplitAt}
	}
	v.Apply(e)
	if e.Kind == event.Split && e.Seq == 0 && s.split.at > 0 &&
		slices.EqualFunc(v.Groups, s.split.groups, slices.Equal[[]string]) {
		v.SplitAt = min(v.SplitAt, s.split.at)
	}
}

// wellFormed reports whether e has the parts that its kind needs. A recorded file may hold
// anything.
func wellFormed(e event.Event) bool {
	switch e.Kind {
	case event.Cluster:
		return e.Settings != nil
	case event.State:
		return e.State != nil
	}
	return true
}

// Now returns the cluster's time since 1970: that of its newest event, moved on by the clock. A
// recording has its own time.
func (s *State) Now() time.Duration {
	if s.Playback != nil {
		return s.Playback.Progress().Now
	}
	if s.at == 0 {
		return s.View.Now
	}
	return max(s.View.Now, s.at+s.Clock().Sub(s.anchor))
}
