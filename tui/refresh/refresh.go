package refresh

import (
	"bytes"
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/event"
	"ringside/tui/feed"
	"ringside/tui/state"
)

const (
	// FrameTime is the least time between two takes from the feed.
	FrameTime = time.Second / 30

	snapshotPause   = time.Second            // the least time between two snapshots
	snapshotTimeout = 5 * time.Second        // a cluster that takes longer does not answer
	settleTime      = 150 * time.Millisecond // after an event, so that the snapshot has what it caused
	missedShown     = 15 * time.Second       // how long missed events stay on the screen
)

// A Model is the connection between a feed and the state of the screens.
type Model struct {
	ctx   context.Context // ends snapshots and waits
	feed  *feed.Feed
	src   feed.Source // nil if there is no cluster
	state *state.State

	link     feed.Link
	linkErr  error
	paused   bool
	missed   int
	missedAt time.Time

	asking  bool // a snapshot is being asked for
	due     bool // a timer for the next snapshot runs
	wanted  bool // something happened that a snapshot should show
	askedAt time.Time
}

// New returns a Model that takes events of src from f.
func New(ctx context.Context, f *feed.Feed, src feed.Source, s *state.State) *Model {
	return &Model{ctx: ctx, feed: f, src: src, state: s}
}

// Messages to the model.
type (
	// FeedMsg says that something waits in the feed.
	FeedMsg struct{}
	// DueMsg says that it is time for a snapshot.
	DueMsg struct{}
	// SnapshotMsg carries a snapshot.
	SnapshotMsg struct {
		events []event.Event
		err    error
		resets int // of the state when the snapshot was asked for
	}
)

// A Change says what a message did that the screens react to.
type Change struct {
	Drawn bool // what is shown may have changed
	Reset bool // another cluster answers, or a recording was taken back
	state.Change
}

// Update handles the messages of this package.
func (m *Model) Update(msg tea.Msg) (Change, tea.Cmd) {
	switch msg := msg.(type) {
	case FeedMsg:
		c, cmd := m.take()
		return c, tea.Batch(cmd, m.Await(m.state.Clock()))
	case DueMsg:
		m.due = false
		return Change{}, m.Snapshot()
	case SnapshotMsg:
		return m.takeSnapshot(msg)
	}
	return Change{}, nil
}

// Await waits until the feed has something, but no less than FrameTime after last.
func (m *Model) Await(last time.Time) tea.Cmd {
	return func() tea.Msg {
		select {
		case <-m.ctx.Done():
			return nil
		case <-m.feed.Notify():
		}
		select {
		case <-m.ctx.Done():
			return nil
		case <-time.After(time.Until(last.Add(FrameTime))):
		}
		return FeedMsg{}
	}
}

// take applies what gathered in the feed, unless the display is paused.
func (m *Model) take() (Change, tea.Cmd) {
	if m.paused {
		return Change{Drawn: true}, nil
	}
	b := m.feed.Take()
	c := Change{Reset: b.Reset}
	c.Drawn = b.Reset || b.Dropped > 0 || b.Link != m.link || b.Err != m.linkErr || len(b.Events) > 0
	if b.Reset {
		m.state.Reset()
	}
	m.link, m.linkErr = b.Link, b.Err
	m.state.Unreachable = b.Link == feed.Lost
	c.Change = m.state.Apply(b.Events)
	c.Moved = m.state.Follow() || c.Moved || b.Dropped > 0
	m.miss(b.Dropped + c.Missed)
	return c, m.Want(c.Moved)
}

func (m *Model) miss(n int) {
	if n == 0 {
		return
	}
	now := m.state.Clock()
	if now.Sub(m.missedAt) >= missedShown {
		m.missed = 0
	}
	m.missed, m.missedAt = m.missed+n, now
}

// Follow moves to the key of the latest request, if it is time to, and asks for its replicas.
func (m *Model) Follow() tea.Cmd {
	return m.Want(!m.paused && m.state.Follow())
}

// Want asks for a snapshot soon if moved, or if one is still wanted from before.
func (m *Model) Want(moved bool) tea.Cmd {
	m.wanted = m.wanted || moved
	if !m.wanted || m.asking || m.due || m.link != feed.Live || m.paused {
		return nil
	}
	m.wanted, m.due = false, true
	wait := max(settleTime, snapshotPause-m.state.Clock().Sub(m.askedAt))
	return tea.Tick(wait, func(time.Time) tea.Msg { return DueMsg{} })
}

// Snapshot asks the cluster for its state and for the replicas of the shown key.
func (m *Model) Snapshot() tea.Cmd {
	if m.asking || m.src == nil {
		m.wanted = true
		return nil
	}
	m.asking, m.askedAt = true, m.state.Clock()
	var keys [][]byte
	if key := m.state.Key(); len(key) > 0 {
		keys = append(keys, bytes.Clone(key))
	}
	resets := m.state.Resets()
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, snapshotTimeout)
		defer cancel()
		events, err := m.src.Snapshot(ctx, keys...)
		return SnapshotMsg{events, err, resets}
	}
}

// takeSnapshot applies a snapshot after the events that came before it. A snapshot that fails is
// ignored: the feed notices a cluster that does not answer. A snapshot that was asked for before a
// reset may be that of another cluster, so a new one is asked for.
func (m *Model) takeSnapshot(s SnapshotMsg) (Change, tea.Cmd) {
	m.asking = false
	if m.paused {
		m.wanted = true
		return Change{}, nil
	}
	c, cmd := m.take()
	if s.resets != m.state.Resets() {
		return c, tea.Batch(cmd, m.Want(true))
	}
	if s.err == nil {
		more := m.state.Apply(s.events)
		m.state.Follow()
		m.miss(more.Missed)
		c.Drawn, c.Healed = true, c.Healed || more.Healed
	}
	return c, cmd
}

// TogglePause stops the display, or lets it go on with what gathered meanwhile.
func (m *Model) TogglePause() (Change, tea.Cmd) {
	m.paused = !m.paused
	if m.paused {
		return Change{}, nil
	}
	c, cmd := m.take()
	return c, tea.Batch(cmd, m.Want(true))
}

// Status is what the title line says about the connection.
type Status struct {
	Link    feed.Link
	Err     error // why the link is lost
	Paused  bool
	Pending int // events that wait while the display is paused
	Missed  int // events that were lost of late
}

// Status returns the state of the connection.
func (m *Model) Status() Status {
	s := Status{Link: m.link, Err: m.linkErr, Paused: m.paused}
	if m.paused {
		s.Pending = m.feed.Pending()
	}
	if m.state.Clock().Sub(m.missedAt) < missedShown {
		s.Missed = m.missed
	}
	return s
}
