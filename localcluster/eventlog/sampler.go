package eventlog

import (
	"slices"
	"time"

	"ringside/engine/event"
)

const (
	// ScreenRate is the number of events a second of frequent kinds that a screen receives at
	// most. A person can read far fewer.
	ScreenRate = 500
	// screenBurst is the number of such events that may come at once, so that the screen leaves
	// out nothing of a user's own commands.
	screenBurst = 500
	// screenPast is the number of the newest remembered events that a screen receives whole when
	// it opens: as many as its log keeps.
	screenPast = 2000
	// maxAdmitted bounds the requests that a sampler follows to their ends. It is more than a
	// screen receives in the longest time that a request takes.
	maxAdmitted = 512
)

// A sampler decides which events of frequent kinds a screen receives, and counts the others. It
// keeps or leaves out all events of a request alike, so that a request on the screen is whole. The
// rate follows the times of the events.
type sampler struct {
	tokens  float64         // events that may be kept now; below 0 if admitted requests took more
	at      time.Duration   // the time of the newest event
	short   bool            // events are left out, so only whole requests are kept
	before  uint64          // events up to this number are left out
	ids     map[uint64]bool // requests whose events are kept
	inOrder []uint64        // the same, oldest first

	count int    // events that were left out since the last Summary
	last  uint64 // number of the newest of them
	place int    // number of events of the batch before it
	nodes map[string]*tallies
	names []string // the keys of nodes in the order in which they came
	node  *tallies // of the node of the newest event
}

// tallies are the tallies of one node.
type tallies struct {
	name string
	list []event.Tally
}

func newSampler() *sampler {
	return &sampler{tokens: screenBurst, ids: map[uint64]bool{}, nodes: map[string]*tallies{}}
}

// past prepares s for a stream that ends with the event of number newest.
func (s *sampler) past(newest uint64) {
	s.before = newest - min(newest, screenPast)
	s.tokens = screenPast
}

// keeps reports whether the screen receives e, which is of a frequent kind. If not, s counts e. n
// is the length of the batch.
func (s *sampler) keeps(e *event.Event, n int) bool {
	if s.admits(e) {
		s.tokens--
		return true
	}
	s.short = true
	s.leaveOut(e)
	s.last, s.place = e.Seq, n
	s.count++
	return false
}

// admits decides about an event of a frequent kind.
func (s *sampler) admits(e *event.Event) bool {
	if e.Seq <= s.before {
		return false
	}
	s.refill(e.Time)
	if e.Kind == event.HintDelivered && s.count > 0 {
		return false // the Summary may count the hint itself, which must come first
	}
	switch {
	case e.Request != 0 && s.ids[e.Request]:
		return s.tokens > -screenBurst
	case s.tokens < 1:
		return false
	case e.Kind == event.Requested:
		s.admit(e.Request)
		return true
	}
	return e.Request == 0 || !s.short
}

// refill adds the tokens of the time since the newest event. Nodes publish their events when these
// are durable, so an event may be older than the one before it.
func (s *sampler) refill(now time.Duration) {
	if now <= s.at {
		return
	}
	if s.at > 0 {
		s.tokens = min(s.tokens+(now-s.at).Seconds()*ScreenRate, max(s.tokens, screenBurst))
	}
	s.at = now
	if s.tokens >= screenBurst/2 {
		s.short = false
	}
}

func (s *sampler) admit(request uint64) {
	if s.ids[request] {
		return
	}
	if len(s.inOrder) >= maxAdmitted {
		delete(s.ids, s.inOrder[0])
		s.inOrder = slices.Delete(s.inOrder, 0, 1)
	}
	s.ids[request] = true
	s.inOrder = append(s.inOrder, request)
}

// leaveOut adds e to its tally. Events of one node come one after another, and a node has few
// kinds of them.
func (s *sampler) leaveOut(e *event.Event) {
	t := event.TallyOf(e)
	if s.node == nil || s.node.name != t.Node {
		if s.node = s.nodes[t.Node]; s.node == nil {
			s.node = &tallies{name: t.Node}
			s.nodes[t.Node] = s.node
			s.names = append(s.names, t.Node)
		}
	}
	for i := range s.node.list {
		if u := &s.node.list[i]; u.Counts(&t) {
			u.Count++
			u.Sum += t.Sum
			return
		}
	}
	s.node.list = append(s.node.list, t)
}

// summarise inserts a Summary of the events that were left out where the newest one of them was.
func (s *sampler) summarise(batch []event.Event) []event.Event {
	if s.count == 0 {
		return batch
	}
	e := event.Event{Seq: s.last, Time: s.at, Kind: event.Summary, Count: s.count}
	for _, name := range s.names {
		e.LeftOut = append(e.LeftOut, s.nodes[name].list...)
	}
	clear(s.nodes)
	s.names, s.node, s.count = s.names[:0], nil, 0
	return slices.Insert(batch, s.place, e)
}
