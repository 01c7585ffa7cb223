package tui

import (
	"bytes"
	"context"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/event"
	"ringside/engine/view"
)

// Rhythms of the screen.
const (
	frameTime    = time.Second / 30       // the least time between two takes from the feed
	second       = time.Second            // clocks and rates move on
	snapPause    = time.Second            // the least time between two snapshots
	snapTimeout  = 5 * time.Second        // a cluster that takes longer is not answering
	missedShown  = 15 * time.Second       // how long "missed events" stays on the screen
	snapSettling = 150 * time.Millisecond // after an event, so that what it caused is in the snapshot
)

// Messages to the model.
type (
	feedMsg   struct{} // something waits in the feed
	secondMsg struct{}
	snapMsg   struct {
		events []event.Event
		err    error
	}
	snapDueMsg struct{}
)

// A model is the whole screen. Update and View run in one goroutine, which
// alone touches the View of the cluster.
type model struct {
	ctx      context.Context
	o        Options
	th       *theme
	feed     *feed
	view     *view.Cluster
	bindings []binding
	clock    func() time.Time
	zone     *time.Location
	copy     func(string) // puts text on the terminal's clipboard

	w, h   int
	places [paneCount]rect
	panes  [paneCount]pane
	stale  [paneCount]bool
	frame  string
	drawn  int // frames built

	focus, before paneID
	zoomed, help  bool
	helpTop       int // first row of the help in sight
	paused, mouse bool

	link     link
	linkErr  error
	missed   int
	missedAt time.Time
	at       time.Duration // the cluster's time at anchor
	anchor   time.Time
	snap     struct{ busy, due, wanted bool }
	snapLast time.Time

	key     []byte
	follow  followState
	node    int // selected in the nodes table
	busiest int // the load that is a full bar
	log     logState
	prompt  promptState
	ringSig string
}

func newModel(ctx context.Context, o Options, th *theme, f *feed) *model {
	m := &model{
		ctx: ctx, o: o, th: th, feed: f, view: view.New(), bindings: bindings(), clock: time.Now, zone: time.Local,
		copy: func(string) {}, focus: promptPane, before: nodesPane, key: []byte(o.Key),
	}
	m.follow.off = o.Key != ""
	m.anchor = m.clock()
	if m.playback() != nil {
		m.bindings = playbackBindings()
		m.focus = nodesPane
	}
	return m
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return tea.Batch(m.awaitFeed(m.clock()), everySecond()) }

func everySecond() tea.Cmd { return tea.Tick(second, func(time.Time) tea.Msg { return secondMsg{} }) }

// awaitFeed waits until something gathered, but no sooner than a frame after last.
func (m *model) awaitFeed(last time.Time) tea.Cmd {
	return func() tea.Msg {
		select {
		case <-m.ctx.Done():
			return nil
		case <-m.feed.notify:
		}
		select {
		case <-m.ctx.Done():
			return nil
		case <-time.After(time.Until(last.Add(frameTime))):
		}
		return feedMsg{}
	}
}

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
		m.redraw()
	case feedMsg:
		return m, tea.Batch(m.takeFeed(), m.awaitFeed(m.clock()))
	case secondMsg:
		m.mark(headerPane, nodesPane)
		return m, tea.Batch(everySecond(), m.wantSnap(m.followKey()))
	case snapDueMsg:
		m.snap.due = false
		return m, m.snapshot()
	case snapMsg:
		return m, m.takeSnapshot(msg)
	case execMsg:
		return m, m.executed(msg)
	case completeMsg:
		m.completed(msg)
	case tea.MouseMsg:
		return m, m.point(msg)
	case tea.KeyMsg:
		return m, m.typed(msg)
	}
	return m, nil
}

// typed handles one key.
func (m *model) typed(k tea.KeyMsg) tea.Cmd {
	if m.help && k.Type != tea.KeyCtrlC {
		return m.keyInHelp(k)
	}
	if m.log.editing && k.Type != tea.KeyCtrlC {
		m.editFilter(k)
		return nil
	}
	if cmd, ok := m.press(k); ok {
		return cmd
	}
	if m.focus == promptPane {
		m.editPrompt(k)
		return nil
	}
	if k.Type == tea.KeyEsc {
		return m.escape()
	}
	if k.Type == tea.KeyRunes { // typing goes to the prompt
		m.focusOn(promptPane)
		m.editPrompt(k)
	}
	return nil
}

// takeFeed reduces what gathered into the view, unless the display is paused.
func (m *model) takeFeed() tea.Cmd {
	if m.paused {
		m.mark(headerPane)
		return nil
	}
	b := m.feed.take()
	if b.reset {
		m.view = view.New()
		m.forgetFollowed()
		m.prompt.contexts = nil
		m.redraw()
	}
	m.miss(b.dropped)
	if b.link != m.link || b.err != m.linkErr {
		m.link, m.linkErr = b.link, b.err
		m.redraw()
	}
	return m.wantSnap(m.applyAll(b.events) || b.dropped > 0)
}

// applyAll reduces events and says whether a snapshot is due: after events of
// the stream, whose account of a key is a preview and whose counts are sums.
func (m *model) applyAll(events []event.Event) (moved bool) {
	for _, e := range events {
		if !wellFormed(e) {
			continue
		}
		if e.Kind == event.Gap {
			m.miss(e.Count)
		}
		if e.Kind == event.Heal {
			m.prompt.contexts = nil // what the sides wrote meets now: read again
		}
		moved = moved || e.Seq > 0 || e.Kind == event.Gap
		m.apply(e)
	}
	m.noteKeys(events)
	moved = m.followKey() || moved
	if len(events) > 0 {
		if now := m.now(); m.view.Now > now || m.at == 0 {
			m.at, m.anchor = m.view.Now, m.clock()
		}
		m.node = min(m.node, max(len(m.view.Nodes)-1, 0))
		m.mark(headerPane, ringPane, nodesPane, keyPane, logPane, promptPane, keyLinePane)
	}
	return moved
}

// apply reduces one event. A snapshot tells of a split without its age if the
// cluster does not keep it, so the age that is known stays.
func (m *model) apply(e event.Event) {
	v := m.view
	groups, at := v.Groups, v.SplitAt
	if e.Kind == event.Cluster {
		m.log.groups, m.log.splitAt = groups, at
	}
	v.Apply(e)
	if e.Kind == event.Split && e.Seq == 0 && m.log.splitAt > 0 && slices.EqualFunc(v.Groups, m.log.groups, slices.Equal[[]string]) {
		v.SplitAt = min(v.SplitAt, m.log.splitAt)
	}
}

// wellFormed says whether e has the parts that its kind needs. A recorded file
// may hold anything.
func wellFormed(e event.Event) bool {
	switch e.Kind {
	case event.Cluster:
		return e.Settings != nil
	case event.State:
		return e.State != nil
	}
	return true
}

func (m *model) miss(n int) {
	if n > 0 {
		m.missed += n
		m.missedAt = m.clock()
		m.mark(headerPane)
	}
}

// now is the cluster's time: that of its newest event, moved on by our clock.
// So a simulation or a recording shows its own time.
func (m *model) now() time.Duration {
	if p := m.playback(); p != nil {
		return p.Progress().Now
	}
	if m.at == 0 {
		return m.view.Now
	}
	return max(m.view.Now, m.at+m.clock().Sub(m.anchor))
}

// wantSnap asks for a snapshot soon if moved, and sees to one that is owed.
func (m *model) wantSnap(moved bool) tea.Cmd {
	m.snap.wanted = m.snap.wanted || moved
	if !m.snap.wanted || m.snap.busy || m.snap.due || m.link != live || m.paused {
		return nil
	}
	m.snap.wanted, m.snap.due = false, true
	wait := max(snapSettling, snapPause-m.clock().Sub(m.snapLast))
	return tea.Tick(wait, func(time.Time) tea.Msg { return snapDueMsg{} })
}

// snapshot asks the cluster how it stands, and who holds what of the chosen key.
func (m *model) snapshot() tea.Cmd {
	if m.snap.busy || m.o.Cluster == nil {
		m.snap.wanted = true
		return nil
	}
	m.snap.busy, m.snapLast = true, m.clock()
	var keys [][]byte
	if len(m.key) > 0 {
		keys = append(keys, bytes.Clone(m.key))
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, snapTimeout)
		defer cancel()
		events, err := m.o.Cluster.Snapshot(ctx, keys...)
		return snapMsg{events, err}
	}
}

// takeSnapshot reduces a snapshot after the events that came before it.
func (m *model) takeSnapshot(s snapMsg) tea.Cmd {
	m.snap.busy = false
	if m.paused {
		m.snap.wanted = true
		return nil
	}
	cmd := m.takeFeed()
	if s.err == nil {
		m.applyAll(s.events)
	}
	return cmd
}

// choose makes key the one that the ring and the card show, for good.
func (m *model) choose(key []byte) tea.Cmd {
	if len(key) == 0 {
		return nil
	}
	m.follow.off = true
	if bytes.Equal(key, m.key) {
		return nil
	}
	m.setKey(key)
	return m.snapshot()
}

func (m *model) setKey(key []byte) {
	m.key = bytes.Clone(key)
	m.mark(ringPane, nodesPane, keyPane, promptPane)
}

// selected is the node chosen in the nodes table, nil if there is none.
func (m *model) selected() *view.Node {
	if m.node >= len(m.view.Nodes) {
		return nil
	}
	return m.view.Nodes[m.node]
}
