package trace

import (
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/diagram"
	"ringside/cli/render"
	"ringside/engine/view"
	"ringside/tui/keymap"
	"ringside/tui/page"
)

// A Model is the screen. It implements page.Page.
type Model struct {
	page.Base
	desk  page.Desk
	since time.Time // when the latest request came in sight; zero before the first one
	shown uint64    // the request in sight; 0 for none
	drawn *diagram.Diagram
	from  version   // what drawn was made from
	laid  time.Time // when drawn was made

	row    int          // the selected row
	lower  bool         // the reasons have the focus, not the diagram
	scroll int          // lines of reasons above the first one in sight
	lines  []reasonLine // as they were drawn last
	split  bool         // there was room for the reasons when the screen was drawn last
}

// A version tells whether a request has to be laid out again.
type version struct {
	request uint64
	events  int // of the request
	view    *view.Cluster
}

// layPause is the least time after which the diagram of the same events is laid out again, for what
// happened to the cluster meanwhile. The log of a busy cluster takes some milliseconds to read.
const layPause = 250 * time.Millisecond

// New returns the screen.
func New(desk page.Desk) *Model { return &Model{desk: desk} }

// followPause is the least time between two requests while the screen follows the latest one. A
// busy cluster has thousands of requests a second.
const followPause = time.Second

// request returns the request in sight, nil if there is none or it was forgotten.
func (m *Model) request() *view.Request {
	s := m.desk.State
	r := s.Request()
	if s.RequestChosen() || r == nil {
		return m.see(r)
	}
	now := s.Clock()
	if old := s.View.Request(m.shown); old != nil && r.ID != m.shown && now.Sub(m.since) < followPause {
		return old
	}
	if r.ID != m.shown {
		m.since = now
	}
	return m.see(r)
}

// see notes which request is in sight.
func (m *Model) see(r *view.Request) *view.Request {
	id := uint64(0)
	if r != nil {
		id = r.ID
	}
	if id != m.shown {
		m.shown, m.row, m.scroll = id, 0, 0
	}
	return r
}

// diagram returns the diagram of the request in sight, nil if there is none.
func (m *Model) diagram() *diagram.Diagram {
	r, v := m.request(), m.desk.State.View
	if r == nil {
		m.drawn = nil
		return nil
	}
	from, now := version{r.ID, len(r.Events) + r.LeftOut, v}, m.desk.State.Clock()
	if m.drawn == nil || from != m.from || now.Sub(m.laid) >= layPause {
		m.drawn, m.from, m.laid = diagram.New(r, v, v.Log), from, now
	}
	m.row = max(0, min(m.row, len(m.drawn.Rows)-1))
	return m.drawn
}

// Keys implements page.Page.
func (m *Model) Keys() keymap.Map {
	return keymap.Map{keymap.New(keymap.Spot{Where: keymap.Panes, Place: keymap.Line}, m.save, "w", "save as SVG", "w")}
}

// save asks for the command that writes the diagram to a file.
func (m *Model) save() tea.Cmd {
	if m.diagram() == nil {
		return nil
	}
	id := strconv.FormatUint(m.shown, 10)
	return m.desk.Ask("trace " + id + " --svg trace-" + id + ".svg")
}

// Cycle implements page.Page.
func (m *Model) Cycle(by int) bool {
	switch {
	case by > 0 && m.split && !m.lower:
		m.lower = true
		return true
	case by < 0 && m.lower:
		m.lower = false
		return true
	}
	m.lower = false
	return false
}

// Move implements page.Page.
func (m *Model) Move(by int) tea.Cmd {
	if m.lower {
		m.scroll = max(0, m.scroll+by)
		return nil
	}
	m.row += by
	m.diagram() // keeps the row in its bounds
	return nil
}

// Turn implements page.Page. After the latest request the screen follows the latest one again.
func (m *Model) Turn(by int) tea.Cmd {
	s := m.desk.State
	m.request()
	switch r := s.View.RequestAfter(m.shown, by); {
	case r != nil:
		s.ChooseRequest(r.ID)
	case by > 0:
		s.ChooseRequest(0)
	}
	m.request()
	return nil
}

// Open implements page.Page: it shows the key of the request.
func (m *Model) Open() tea.Cmd {
	d := m.diagram()
	if d == nil || len(d.Key) == 0 {
		return nil
	}
	return tea.Batch(m.desk.ChooseKey(d.Key), m.desk.Show(page.Key))
}

// OpenDoes implements page.Page.
func (m *Model) OpenDoes() string { return "its key" }

// Command implements page.Page.
func (m *Model) Command() string {
	s := m.desk.State
	if r := s.Request(); s.RequestChosen() && r != nil {
		return "trace " + strconv.FormatUint(r.ID, 10)
	}
	return "trace last"
}

// Explains implements page.Page. It returns the section of the selected row, or of the reason in
// the first line in sight.
func (m *Model) Explains() string {
	section := "§4.5"
	d := m.diagram()
	switch {
	case d == nil:
	case m.lower && len(m.lines) > 0:
		section = m.lines[min(m.scroll, len(m.lines)-1)].section
	case !m.lower && d.Rows[m.row].Section != "":
		section = d.Rows[m.row].Section
	}
	return strings.TrimPrefix(section, "§")
}

// missing returns why there is no diagram.
func (m *Model) missing() string {
	if m.desk.State.RequestChosen() {
		return "this request is not remembered; ] shows the latest one"
	}
	return "no request was sent yet: put a key in the prompt, or get one"
}

// title returns the title of the diagram.
func (m *Model) title(d *diagram.Diagram) string {
	at := ""
	if m.desk.State.Playback == nil {
		at = " · " + render.ClockTime(d.Start, m.desk.State.Zone)
	}
	return "Trace " + d.Title() + at
}
