package state

import (
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/view"
)

// start is when a cluster of the tests begins, since 1970.
const start = time.Hour

// cluster returns the state of five running nodes, and a function that applies events of the
// stream.
func cluster() (s *State, add func(...event.Event) Change) {
	s = New(nil, nil)
	now := time.Unix(0, 0)
	s.Clock = func() time.Time { return now }
	nodes := []string{"n1", "n2", "n3", "n4", "n5"}
	chosen := settings.Cluster{N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Strategy: 3, Q: 60, T: 12, Nodes: nodes}
	events := []event.Event{{Time: start, Kind: event.Cluster, Settings: &chosen}}
	for _, n := range nodes {
		events = append(events, event.Event{Time: start, Kind: event.NodeUp, Node: n})
	}
	s.Apply(events)
	seq := uint64(0)
	return s, func(events ...event.Event) Change {
		for i := range events {
			seq++
			now = now.Add(time.Second)
			events[i].Seq, events[i].Time = seq, start+time.Duration(seq)*time.Second
		}
		return s.Apply(events)
	}
}

func TestChange(t *testing.T) {
	s, add := cluster()
	if c := s.Apply([]event.Event{{Kind: event.NodeUp, Node: "n1"}}); c != (Change{}) {
		t.Errorf("an event of a snapshot: %+v", c)
	}
	if c := add(event.Event{Kind: event.Gap, Count: 7}, event.Event{Kind: event.Heal}); c != (Change{Moved: true, Missed: 7, Healed: true}) {
		t.Errorf("a gap and a heal: %+v", c)
	}
	if c := add(event.Event{Kind: event.Cluster}, event.Event{Kind: event.State, Node: "n1"}); c.Moved {
		t.Error("events without their parts were applied")
	}
}

// The time goes on between events, and never back.
func TestNow(t *testing.T) {
	s, add := cluster()
	add(event.Event{Kind: event.NodeDown, Node: "n1"})
	if got := s.Now() - start; got != time.Second {
		t.Errorf("at the event it is %v", got)
	}
	later := s.Clock().Add(5 * time.Second)
	s.Clock = func() time.Time { return later }
	if got := s.Now() - start; got != 6*time.Second {
		t.Errorf("five seconds later it is %v", got)
	}
}

// A snapshot without the start of the split keeps the start that the state knows.
func TestSplitKeepsItsTime(t *testing.T) {
	s, add := cluster()
	groups := [][]string{{"n1"}, {"n2", "n3", "n4", "n5"}}
	add(event.Event{Kind: event.Split, Groups: groups})
	began := s.View.SplitAt
	chosen := s.View.Settings
	snapshot := func(groups [][]string) {
		s.Apply([]event.Event{{Time: began + time.Minute, Kind: event.Cluster, Settings: &chosen},
			{Time: began + time.Minute, Kind: event.Split, Groups: groups}})
	}
	if snapshot(groups); s.View.SplitAt != began {
		t.Errorf("the split began at %v, not %v", s.View.SplitAt, began)
	}
	if snapshot([][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}); s.View.SplitAt == began {
		t.Error("another split has the time of the first one")
	}
}

func TestResetKeepsTheChosenKey(t *testing.T) {
	s, add := cluster()
	add(event.Event{Kind: event.Stored, Node: "n1", Op: "put", Key: []byte("a"), Versions: vclock.Siblings{{}}})
	if !s.Follow() || string(s.Key()) != "a" {
		t.Errorf("follows %q", s.Key())
	}
	if s.Reset(); s.Key() != nil || len(s.View.Nodes) > 0 {
		t.Errorf("after a reset: key %q, %d nodes", s.Key(), len(s.View.Nodes))
	}
	s.Choose([]byte("b"))
	if s.Reset(); string(s.Key()) != "b" {
		t.Errorf("after another reset: key %q", s.Key())
	}
}

// The request, the marks and the selected node mean nothing in another cluster. They stay in a
// recording that is taken back, and on the way into the past and back.
func TestResetForgetsChoices(t *testing.T) {
	s, _ := cluster()
	for name, c := range map[string]struct {
		prepare func()
		stays   bool
	}{
		"another cluster": {func() {}, false},
		"travelling":      {func() { s.Travels(true) }, true},
		"no travelling":   {func() { s.Travels(true); s.Travels(false) }, false},
	} {
		s.View = cloneOf(t)
		s.ChooseRequest(7)
		s.Select(2)
		s.ToggleMark()
		c.prepare()
		before := s.Resets()
		if s.Reset(); s.Resets() != before+1 {
			t.Errorf("%s: %d resets after %d", name, s.Resets(), before)
		}
		s.View = cloneOf(t)
		if s.RequestChosen() != c.stays || (len(s.Marked()) > 0) != c.stays || (s.Selected() == 2) != c.stays {
			t.Errorf("%s: request chosen %v, marked %v, node %d selected", name, s.RequestChosen(), s.Marked(), s.Selected())
		}
		s.ClearMarks()
	}
}

// cloneOf returns the view of another cluster like that of the tests.
func cloneOf(t *testing.T) *view.Cluster {
	t.Helper()
	s, _ := cluster()
	return s.View
}

// A node is suspected only if its own side suspects it. The selection stays within the nodes.
func TestNodes(t *testing.T) {
	s, add := cluster()
	add(event.Event{Kind: event.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}},
		event.Event{Kind: event.Suspect, Node: "n1", Peer: "n3"}, event.Event{Kind: event.Suspect, Node: "n4", Peer: "n5"})
	if s.Suspected("n3") || !s.Suspected("n5") {
		t.Error("n3 is suspected by the other side only, n5 by its own")
	}
	for i, want := range map[int]string{-3: "n1", 2: "n3", 99: "n5"} {
		if s.Select(i); s.SelectedNode().Name != want {
			t.Errorf("selecting %d selects %s", i, s.SelectedNode().Name)
		}
	}
	if s.Index("n4") != 3 || s.Index("n9") != -1 {
		t.Error("Index is wrong")
	}
}
