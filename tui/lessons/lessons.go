package lessons

import (
	"context"
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/tour"
	"ringside/tui/keycard"
	"ringside/tui/keymap"
	"ringside/tui/nodes"
	"ringside/tui/page"
	"ringside/tui/ring"
)

// A Desk has the lessons. Its methods may be called by any goroutine. Look waits while a line of
// the prompt runs; the other methods do not.
type Desk interface {
	// List returns all lessons. It reads the file of the progress.
	List() []tour.Listed
	// View returns the lesson that is open, false if none is.
	View() (tour.View, bool)
	// LeaveWord returns the word that leaves a lesson: leave, or quit if no cluster is behind it.
	LeaveWord() string
	// Look returns what the cluster has done by itself for the open lesson, as lines of text.
	Look(ctx context.Context) string
}

// lookPause is the least time between two calls of Look.
const lookPause = 300 * time.Millisecond

// Panes of the page on a narrow screen.
const (
	textPane = iota
	clusterPane
	paneCount
)

// A Model is the page of the tour.
type Model struct {
	page.Base
	desk    page.Desk
	lessons Desk
	ring    *ring.Model
	nodes   *nodes.Model
	card    *keycard.Model

	list     []tour.Listed // as of the time at which it came in sight
	selected int           // in list
	pane     int
	top      int    // first row of the lesson's text in sight; -1: what shows its end
	end      int    // first row in sight that shows the end, as of the latest drawing
	seen     string // what of the open lesson was shown last, "" if no lesson was open
	looking  bool
	lookedAt time.Time
}

// New returns the page of the lessons in l.
func New(d page.Desk, l Desk) *Model {
	return &Model{
		desk: d, lessons: l, ring: ring.New(d.State), nodes: nodes.New(d.State), card: keycard.New(d.State), top: -1,
	}
}

// Active reports whether a lesson is open.
func (m *Model) Active() bool {
	_, open := m.lessons.View()
	return open
}

// lookedMsg carries what a look at the open lesson found.
type lookedMsg struct{ text string }

// Keys implements page.Page.
func (m *Model) Keys() keymap.Map { return nil }

// Shown implements page.Page. It selects the first lesson that is not done.
func (m *Model) Shown() tea.Cmd {
	m.list = m.lessons.List()
	for i, l := range m.list {
		if m.selected = i; !l.Done {
			break
		}
	}
	return m.Changed()
}

// Changed implements page.Page. It looks whether the cluster has reached the goal by itself, and
// shows the key that the step is about.
func (m *Model) Changed() tea.Cmd {
	v, open := m.lessons.View()
	if !open {
		if m.seen != "" { // the lesson that was left may be done
			m.seen, m.list = "", m.lessons.List()
		}
		return nil
	}
	var cmds []tea.Cmd
	if at := strconv.Itoa(v.Generation) + v.Name + strconv.Itoa(v.At) + string(v.Phase); at != m.seen {
		m.seen, m.top = at, -1
		if v.Key != "" {
			cmds = append(cmds, m.desk.ChooseKey([]byte(v.Key)))
		}
	}
	now := m.desk.State.Clock()
	if !m.looking && now.Sub(m.lookedAt) >= lookPause {
		m.looking, m.lookedAt = true, now
		cmds = append(cmds, func() tea.Msg { return lookedMsg{m.lessons.Look(m.desk.Ctx)} })
	}
	return tea.Batch(cmds...)
}

// Update implements page.Page.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	looked, ok := msg.(lookedMsg)
	if !ok {
		return nil
	}
	m.looking = false
	if looked.text != "" {
		m.desk.Say(looked.text)
	}
	return nil
}

// Cycle implements page.Page.
func (m *Model) Cycle(by int) bool {
	m.pane += by
	if m.pane >= 0 && m.pane < paneCount {
		return true
	}
	m.pane = textPane
	return false
}

// Move implements page.Page: it selects a lesson, or scrolls the text of the open one.
func (m *Model) Move(by int) tea.Cmd {
	if _, open := m.lessons.View(); open {
		if m.top < 0 {
			m.top = m.end
		}
		if m.top = max(0, m.top+by); m.top >= m.end {
			m.top = -1
		}
		return nil
	}
	m.selected = max(0, min(m.selected+by, len(m.list)-1))
	return nil
}

// Turn implements page.Page: it goes to the next step, or back to the one before.
func (m *Model) Turn(by int) tea.Cmd {
	switch _, open := m.lessons.View(); {
	case !open:
		return m.Move(by)
	case by < 0:
		return m.desk.Run("back")
	}
	return m.desk.Run("next")
}

// Open implements page.Page.
func (m *Model) Open() tea.Cmd {
	v, open := m.lessons.View()
	switch {
	case open && (v.Phase == tour.Revealed || v.Phase == tour.Over):
		return m.desk.Run("next")
	case open:
		return m.desk.Ask("")
	}
	if m.selected >= len(m.list) {
		return nil
	}
	return m.desk.Run("lesson " + m.list[m.selected].Name)
}

// OpenDoes implements page.Page.
func (m *Model) OpenDoes() string {
	v, open := m.lessons.View()
	switch {
	case open && v.Phase == tour.Revealed:
		return "next step"
	case open && v.Phase == tour.Over:
		return "next lesson"
	case open:
		return "type"
	}
	return "begin the lesson"
}

// Command implements page.Page.
func (m *Model) Command() string {
	if v, open := m.lessons.View(); open {
		return "tour " + v.Name
	}
	return "tour --list"
}

// Explains implements page.Page.
func (m *Model) Explains() string {
	section := "4"
	if v, open := m.lessons.View(); open {
		section = v.Section
	} else if m.selected < len(m.list) {
		section = m.list[m.selected].Section
	}
	return firstSection(section)
}

// firstSection returns the first of several sections, as the command paper takes it.
func firstSection(s string) string {
	var out []rune
	for _, r := range s {
		if r >= '0' && r <= '9' || r == '.' {
			out = append(out, r)
		} else if len(out) > 0 {
			break
		}
	}
	return string(out)
}
