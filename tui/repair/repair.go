package repair

import (
	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/event"
	"ringside/tui/canvas"
	"ringside/tui/page"
	"ringside/tui/panes"
	"ringside/tui/refresh"
	"ringside/tui/theme"
)

// Panes, in the order of the key Tab.
const (
	handoffPane = iota
	roundsPane
	treesPane
	divergencePane
)

// A Model is the screen.
type Model struct {
	page.Base
	desk    page.Desk
	focus   panes.Focus
	handoff int     // the selected row of the handoffs
	round   roundID // the selected round; zero: the screen selects one
	levels  int     // levels of the trees in sight; 0: all
	history history
}

// New returns the screen.
func New(d page.Desk) *Model {
	return &Model{desk: d, focus: panes.Focus{Names: []string{"Handoff", "Anti-entropy", "Trees", "Divergence"}}}
}

// Draw implements page.Page.
func (m *Model) Draw(c *canvas.Canvas, focused bool) {
	if m.desk.State.View.Ring == nil {
		c.Box("Repair", "", focused)
		c.Put(2, 1, theme.Dim, "waiting for the cluster")
		return
	}
	if panes.Wide(c.W, c.H) {
		m.drawAll(c, focused)
	} else {
		m.focus.DrawNames(c, 0, "")
		in := canvas.New(c.Theme, c.W, c.H-2)
		m.drawPane(in, m.focus.At, focused)
		c.Paste(0, 1, in)
	}
	m.drawLegend(c, c.H-1)
	if m.desk.State.Unreachable {
		c.Fade()
	}
}

// drawAll draws all panes, above the legend.
func (m *Model) drawAll(c *canvas.Canvas, focused bool) {
	h := c.H - 1
	low, top := 5, h*3/10
	if h >= 26 {
		low = 7
	}
	left := c.W / 2
	paste := func(p, x, y, w, h int) {
		in := canvas.New(c.Theme, w, h)
		m.drawPane(in, p, focused && p == m.focus.At)
		c.Paste(x, y, in)
	}
	paste(handoffPane, 0, 0, left, top)
	paste(roundsPane, left, 0, c.W-left, top)
	paste(treesPane, 0, top, c.W, h-top-low)
	paste(divergencePane, 0, h-low, c.W, low)
}

func (m *Model) drawPane(c *canvas.Canvas, p int, focused bool) {
	switch p {
	case handoffPane:
		m.drawHandoffs(c, focused)
	case roundsPane:
		m.drawRounds(c, focused)
	case treesPane:
		m.drawTrees(c, focused)
	case divergencePane:
		m.drawDivergence(c, focused)
	}
}

// drawLegend explains the signs in one row.
func (m *Model) drawLegend(c *canvas.Canvas, y int) {
	x := 1
	for _, l := range []struct {
		st         theme.Style
		sign, text string
	}{
		{theme.Hint, c.Theme.Hint, "hint (§4.6)"}, {theme.Accent, c.Theme.Merkle, "Merkle trees (§4.7)"},
		{theme.Good, c.Theme.Mend, "read repair (§5)"}, {theme.Warn, "≠", "differs"},
		{theme.Dim, equalPart, "equal, not looked into"}, {theme.Dim, unknownPart, "not compared here"},
	} {
		if x+c.Width(l.sign)+1+c.Width(l.text) > c.W-1 {
			return
		}
		x = c.Put(x, y, l.st|theme.Bold, l.sign)
		x = c.Put(x+1, y, theme.Dim, l.text) + 2
	}
}

// Shown implements page.Page.
func (m *Model) Shown() tea.Cmd {
	m.history.sample(m.desk.State)
	return nil
}

// Update implements page.Page. It notes what the cluster looks like after each snapshot, also while
// another screen is in sight.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg.(type) {
	case refresh.SnapshotMsg:
		m.history.sample(m.desk.State)
	case refresh.FeedMsg:
		m.history.noteSplit(m.desk.State)
	}
	return nil
}

// Cycle implements page.Page.
func (m *Model) Cycle(by int) bool { return m.focus.Cycle(by) }

// Move implements page.Page.
func (m *Model) Move(by int) tea.Cmd {
	switch m.focus.At {
	case handoffPane:
		m.handoff = max(0, min(m.handoff+by, len(m.handoffs())-1))
	case roundsPane, treesPane:
		m.turn(by)
	}
	return nil
}

// Turn implements page.Page. It selects another round.
func (m *Model) Turn(by int) tea.Cmd {
	m.turn(by)
	return nil
}

func (m *Model) turn(by int) {
	rows := m.rounds()
	if i := m.selected(rows); i >= 0 {
		m.round, m.levels = rows[max(0, min(i+by, len(rows)-1))].id(), 0
	}
}

// Open implements page.Page. It goes a level down in the trees of the selected round.
func (m *Model) Open() tea.Cmd {
	switch m.focus.At {
	case roundsPane:
		m.focus.At = treesPane
	case treesPane:
		m.descend()
	}
	return nil
}

// OpenDoes implements page.Page.
func (m *Model) OpenDoes() string {
	switch m.focus.At {
	case roundsPane:
		return "look at the trees"
	case treesPane:
		return "a level down"
	}
	return ""
}

// Command implements page.Page.
func (m *Model) Command() string { return "hints" }

// Explains implements page.Page.
func (m *Model) Explains() string {
	if m.focus.At == handoffPane {
		return "4.6"
	}
	return "4.7"
}

// rangeOf returns the name of the key range that a round compared, as the ring of now counts it.
func (m *Model) rangeOf(r event.SyncRound) string {
	return event.RangeName(m.desk.State.View.Ring.Index(r.End))
}
