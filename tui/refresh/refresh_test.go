package refresh

import (
	"context"
	"errors"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/tui/feed"
	"ringside/tui/state"
)

// A source counts its snapshots.
type source struct{ snapshots int }

func (s *source) Snapshot(context.Context, ...[]byte) ([]event.Event, error) {
	s.snapshots++
	return []event.Event{{Kind: event.NodeDown, Node: "n1"}}, nil
}

func (*source) Events(context.Context, event.Query, func([]event.Event) error) error { return nil }

// begun returns the events with which a cluster of one node begins.
func begun() []event.Event {
	return []event.Event{
		{Kind: event.Cluster, Settings: &settings.Cluster{N: 1, R: 1, W: 1, Strategy: 3, Q: 60, Nodes: []string{"n1"}}},
		{Kind: event.NodeUp, Node: "n1"},
	}
}

func live(t *testing.T) (*Model, *feed.Feed, *state.State, *source) {
	t.Helper()
	src, s := &source{}, state.New(nil, []byte("cart"))
	f := feed.New(src)
	f.SetLink(feed.Live, nil)
	_ = f.Add(begun())
	m := New(t.Context(), f, src, s)
	if c, cmd := m.take(); !c.Drawn || cmd != nil {
		t.Fatal("events of a snapshot ask for another snapshot")
	}
	return m, f, s, src
}

// After events one snapshot is due, and not another until that one was applied.
func TestSnapshotFollowsEvents(t *testing.T) {
	m, f, s, src := live(t)
	_ = f.Add([]event.Event{{Seq: 1, Kind: event.Gap, Count: 7}})
	if _, cmd := m.take(); cmd == nil || !m.due || m.Status().Missed != 7 {
		t.Fatalf("after a gap: %+v", m.Status())
	}
	if m.Want(true) != nil {
		t.Error("two timers run")
	}
	_, ask := m.Update(DueMsg{})
	if m.Snapshot() != nil || m.Want(true) != nil {
		t.Error("two snapshots are asked for")
	}
	if c, again := m.Update(ask()); !c.Drawn || again == nil || src.snapshots != 1 {
		t.Errorf("%d snapshots; the next one is due: %v", src.snapshots, again != nil)
	}
	if s.View.Node("n1").Status != "down" {
		t.Error("the snapshot was not applied")
	}
}

// A snapshot that was asked for before a reset may be that of another cluster. It is dropped, and
// another one is asked for.
func TestSnapshotsBeforeAResetAreDropped(t *testing.T) {
	m, f, s, src := live(t)
	late := m.Snapshot()()
	s.Reset()
	_ = f.Add(begun())
	if _, cmd := m.Update(late); s.View.Node("n1").Status != "up" || cmd == nil {
		t.Errorf("a late snapshot was applied: n1 is %s; another one is due: %v", s.View.Node("n1").Status, cmd != nil)
	}
	_, ask := m.Update(DueMsg{})
	if m.Update(ask()); s.View.Node("n1").Status != "down" || src.snapshots != 2 {
		t.Errorf("after %d snapshots n1 is %s", src.snapshots, s.View.Node("n1").Status)
	}
}

// A pause keeps events in the feed. Nothing is asked for meanwhile, and a snapshot afterwards.
func TestPause(t *testing.T) {
	m, f, s, _ := live(t)
	m.TogglePause()
	_ = f.Add([]event.Event{{Seq: 1, Kind: event.NodeDown, Node: "n1"}})
	if _, cmd := m.take(); cmd != nil || m.Status().Pending != 1 || s.View.Node("n1").Status != "up" {
		t.Errorf("a paused display takes events: %+v", m.Status())
	}
	if _, cmd := m.TogglePause(); cmd == nil || s.View.Node("n1").Status != "down" {
		t.Error("the display does not go on")
	}
}

func TestStatus(t *testing.T) {
	m, f, s, _ := live(t)
	broken := errors.New("broken pipe")
	f.SetLink(feed.Lost, broken)
	if c, _ := m.take(); !c.Drawn || m.Status().Link != feed.Lost || !errors.Is(m.Status().Err, broken) {
		t.Errorf("%+v", m.Status())
	}
	m.miss(3)
	later := time.Now().Add(missedShown + time.Second)
	if s.Clock = func() time.Time { return later }; m.Status().Missed != 0 {
		t.Error("missed events stay")
	}
}
