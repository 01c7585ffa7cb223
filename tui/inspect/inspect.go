package inspect

import (
	"bytes"
	"slices"
	"strconv"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/tui/canvas"
	"ringside/tui/command"
	"ringside/tui/page"
	"ringside/tui/panes"
	"ringside/tui/theme"
)

// A pane is a part of the screen that can have the focus.
type pane int

// Panes, in the order of the key Tab.
const (
	replicasPane pane = iota
	siblingsPane
	ancestryPane
	clocksPane
)

// maxNumbers bounds the versions of a key that have a number. Beyond it the numbers begin again.
const maxNumbers = 10_000

// A Model is the screen. Its selection is about the key that it showed last.
type Model struct {
	page.Base
	desk    page.Desk
	focus   panes.Focus
	key     []byte
	numbers map[vclock.Dot]int
	replica int        // the selected replica
	cursor  vclock.Dot // the selected version; the zero Dot: the first head
	mark    vclock.Dot // the version that the selected one is compared with; the zero Dot: chosen by the screen
}

// New returns the screen.
func New(d page.Desk) *Model {
	return &Model{desk: d, focus: panes.Focus{Names: []string{"Replicas", "Siblings", "Ancestry", "Clocks"}}}
}

// pane returns the pane that has the focus.
func (m *Model) pane() pane { return pane(m.focus.At) }

// see returns the sight of the shown key, false if there is none.
func (m *Model) see() (*sight, bool) {
	if key := m.desk.State.Key(); !bytes.Equal(key, m.key) || len(m.numbers) > maxNumbers {
		m.key, m.numbers = bytes.Clone(key), map[vclock.Dot]int{}
		m.replica, m.cursor, m.mark = 0, vclock.Dot{}, vclock.Dot{}
	}
	if m.numbers == nil {
		m.numbers = map[vclock.Dot]int{}
	}
	return look(m.desk.State, func(d vclock.Dot) int {
		if m.numbers[d] == 0 {
			m.numbers[d] = len(m.numbers) + 1
		}
		return m.numbers[d]
	})
}

// Draw implements page.Page.
func (m *Model) Draw(c *canvas.Canvas, focused bool) {
	x, ok := m.see()
	if !ok {
		c.Box("Key", "", focused)
		c.Put(2, 1, theme.Dim, "no key yet: the first one written shows here")
		return
	}
	y := 0
	if len(x.lost) > 0 {
		m.drawLoss(c, x)
		y++
	}
	f := &frame{sight: x, m: m, th: c.Theme}
	if panes.Wide(c.W, c.H-y) {
		m.drawAll(c, f, y, focused)
	} else {
		m.drawTabs(c, f, y, focused)
	}
	f.drawLegend(c, c.H-1)
	if m.desk.State.Unreachable {
		c.Fade()
	}
}

// A frame is one drawing of the screen.
type frame struct {
	*sight
	m  *Model
	th *theme.Theme
}

// drawLoss draws the line about writes that last write wins lost. It is loud, because a client was
// told that the write succeeded.
func (m *Model) drawLoss(c *canvas.Canvas, x *sight) {
	last := x.lost[len(x.lost)-1]
	text := " " + c.Theme.No + " LOST: last write wins dropped " + render.Clock(last) + " " +
		render.Value(last, c.W/3) + ", which a client was told is stored (§6)"
	if more := len(x.lost) - 1; more > 0 {
		text += ", and " + strconv.Itoa(more) + " more"
	}
	c.Put(0, 0, theme.Bad|theme.Bold|theme.Reverse, c.Pad(text, c.W))
}

// drawAll draws all panes from row y on, above the legend.
func (m *Model) drawAll(c *canvas.Canvas, f *frame, y int, focused bool) {
	h := c.H - y - 1
	low := 5
	if h >= 26 {
		low = 6
	}
	top := (h - low) * 5 / 9
	left := c.W * 54 / 100
	paste := func(p pane, x, y, w, h int) {
		in := canvas.New(c.Theme, w, h)
		m.drawPane(in, f, p, focused && p == m.pane())
		c.Paste(x, y, in)
	}
	paste(replicasPane, 0, y, left, top)
	paste(siblingsPane, left, y, c.W-left, top)
	paste(ancestryPane, 0, y+top, c.W, h-low-top)
	paste(clocksPane, 0, y+h-low, left, low)
	act := canvas.New(c.Theme, c.W-left, low)
	m.drawActs(act)
	c.Paste(left, y+h-low, act)
}

// drawTabs draws the names of the panes in row y, and below them the pane that has the focus.
func (m *Model) drawTabs(c *canvas.Canvas, f *frame, y int, focused bool) {
	m.focus.DrawNames(c, y, f.title())
	in := canvas.New(c.Theme, c.W, c.H-y-2)
	m.drawPane(in, f, m.pane(), focused)
	c.Paste(0, y+1, in)
}

// title returns the key with its range.
func (f *frame) title() string {
	out := `"` + render.KeyIn(f.Key, maxKey) + `"`
	if v := f.state.View; v.Ring.Config().Strategy != ring.TokensRandom {
		out += " " + event.RangeName(v.Ring.Index(ring.Of(f.Key)))
	}
	return out
}

// maxKey is how many characters of the key a title shows.
const maxKey = 24

func (m *Model) drawPane(c *canvas.Canvas, f *frame, p pane, focused bool) {
	switch p {
	case replicasPane:
		f.drawReplicas(c, focused)
	case siblingsPane:
		f.drawSiblings(c, focused)
	case ancestryPane:
		f.drawAncestry(c, focused)
	case clocksPane:
		f.drawClocks(c, focused)
	}
}

// drawLegend explains the signs in one row.
func (f *frame) drawLegend(c *canvas.Canvas, y int) {
	x := 1
	for _, l := range []struct {
		st         theme.Style
		sign, text string
	}{
		{theme.Plain, held, "held"}, {theme.Dim, past, "superseded"}, {theme.Accent, coming, "next put"},
		{theme.Bad, f.th.No, "lost or lacking"}, {theme.Hint, f.th.Hint + "n4", "hint for n4"},
		{theme.Concurrent, f.th.Concurrent, "concurrent"}, {theme.Plain, "{n1:1}", "clock: what it has seen"},
	} {
		if x+c.Width(l.sign)+1+c.Width(l.text) > c.W-1 {
			return
		}
		x = c.Put(x, y, l.st|theme.Bold, l.sign)
		x = c.Put(x+1, y, theme.Dim, l.text) + 2
	}
}

// lww reports whether the cluster reconciles by last write wins.
func (f *frame) lww() bool { return f.state.View.Settings.Mode == settings.ModeLWW }

// styleOf returns the style in which a version is drawn.
func (f *frame) styleOf(v *version) theme.Style {
	switch {
	case v.lost:
		return theme.Bad | theme.Bold
	case !v.head:
		return theme.Dim
	case f.Siblings() > 1 && !v.Deleted:
		return theme.Concurrent
	}
	return theme.Plain
}

// selected returns the index of the selected version, -1 if there is none.
func (x *sight) selected(m *Model) int {
	if i := x.find(m.cursor); i >= 0 {
		return i
	}
	for i := range x.versions {
		if x.versions[i].head {
			return i
		}
	}
	return len(x.versions) - 1
}

// other returns the index of the version that the selected one is compared with, -1 if there is
// none: the marked one, else a concurrent head or a lost version, else a parent.
func (x *sight) other(m *Model) int {
	at := x.selected(m)
	if at < 0 {
		return -1
	}
	if i := x.find(m.mark); i >= 0 && i != at {
		return i
	}
	v := &x.versions[at]
	for i := range x.versions {
		if o := &x.versions[i]; i != at && v.head && (o.head || o.lost) && v.Compare(o.Version) == vclock.Concurrent {
			return i
		}
	}
	if len(v.parents) > 0 {
		return v.parents[len(v.parents)-1]
	}
	for i := range x.versions {
		if i != at {
			return i
		}
	}
	return -1
}

// Cycle implements page.Page.
func (m *Model) Cycle(by int) bool { return m.focus.Cycle(by) }

// Move implements page.Page.
func (m *Model) Move(by int) tea.Cmd {
	x, ok := m.see()
	if !ok {
		return nil
	}
	if m.pane() == replicasPane {
		m.replica = max(0, min(m.replica+by, len(x.replicaRows())-1))
		return nil
	}
	at := x.selected(m)
	if at < 0 {
		return nil
	}
	among := make(vclock.Siblings, len(x.versions))
	for i := range x.versions {
		among[i] = x.versions[i].Version
	}
	if m.pane() == siblingsPane && len(x.Heads) > 0 {
		among = x.Heads
	}
	i := slices.IndexFunc(among, func(v vclock.Version) bool { return v.Dot == x.versions[at].Dot })
	m.cursor = among[max(0, min(i+by, len(among)-1))].Dot
	return nil
}

// Turn implements page.Page.
func (m *Model) Turn(by int) tea.Cmd { return m.desk.ChooseKey(m.desk.State.KeyAfter(by)) }

// Command implements page.Page.
func (m *Model) Command() string {
	key := m.desk.State.Key()
	if len(key) == 0 {
		return ""
	}
	return command.On("inspect", string(key))
}

// Explains implements page.Page.
func (m *Model) Explains() string {
	x, ok := m.see()
	switch {
	case ok && len(x.lost) > 0:
		return "6"
	case ok && m.pane() == replicasPane:
		rows := x.replicaRows()
		if i := min(m.replica, len(rows)-1); i >= 0 && rows[i].home == "" {
			return "4.7"
		}
		return "4.6"
	}
	return "4.4"
}
