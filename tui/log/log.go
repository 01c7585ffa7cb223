package log

import (
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/tui/canvas"
	"ringside/tui/state"
)

// A Model is the events pane.
type Model struct {
	state   *state.State
	filter  string // words that a row must contain
	editing bool   // the filter is being typed
	verbose bool   // every message is shown
	anchor  uint64 // sequence number of the selected event; 0 follows the newest
}

// New returns the pane that shows the log of s.
func New(s *state.State) *Model { return &Model{state: s} }

// Shows reports whether e passes the filter.
func (m *Model) Shows(e event.Event) bool {
	if !m.verbose && !render.InStory(e) {
		return false
	}
	if m.filter == "" {
		return true
	}
	p := render.Describe(e)
	line := strings.ToLower(strings.Join([]string{e.Node, p.Word, p.Text, render.Key(e.Key), e.Section(),
		event.RequestName(e.Request)}, " "))
	for _, w := range strings.Fields(strings.ToLower(m.filter)) {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}

// Follow makes the newest event the selected one, whichever that is.
func (m *Model) Follow() { m.anchor = 0 }

// Following reports whether the pane follows the newest event.
func (m *Model) Following() bool { return m.anchor == 0 }

// ToggleVerbose changes between the story and every message.
func (m *Model) ToggleVerbose() { m.verbose = !m.verbose }

// StartFilter lets the user type the filter. EditFilter then takes the keys.
func (m *Model) StartFilter() { m.editing = true }

// Editing reports whether the user types the filter.
func (m *Model) Editing() bool { return m.editing }

// ClearFilter removes the filter and reports whether there was one.
func (m *Model) ClearFilter() bool {
	had := m.filter != ""
	m.filter = ""
	return had
}

// EditFilter handles a key while the user types the filter.
func (m *Model) EditFilter(k tea.KeyMsg) {
	switch k.Type {
	case tea.KeyEsc:
		m.filter, m.editing = "", false
	case tea.KeyEnter, tea.KeyTab:
		m.editing = false
	case tea.KeyBackspace:
		if r := []rune(m.filter); len(r) > 0 {
			m.filter = string(r[:len(r)-1])
		}
	case tea.KeyCtrlU:
		m.filter = ""
	case tea.KeyRunes, tea.KeySpace:
		m.filter += canvas.Printable(k.Runes)
	}
}

// A row is one row of the pane: an event, and the beliefs that share the row with it.
type row struct {
	event.Event
	nodes, peers map[string]bool // of all beliefs; nil for a row of one event
}

// A merger finds the events that share a row. It maps a kind and a node to the time of the newest
// event of their row. If flood, the beliefs of all nodes share a row.
type merger struct {
	flood bool
	rows  map[string]time.Duration
}

// mergeWithin is how far apart beliefs may be that share a row.
const mergeWithin = 2 * time.Second

// floodFrom is from how many nodes on the beliefs of all nodes share a row: a split makes each of
// them suspect half of the cluster.
const floodFrom = 13

func (m *Model) newMerger() *merger {
	return &merger{len(m.state.View.Nodes) >= floodFrom, map[string]time.Duration{}}
}

// isBelief reports whether e is what a node believes of another.
func isBelief(e event.Event) bool { return e.Kind == event.Suspect || e.Kind == event.Alive }

// shares reports whether two beliefs may share a row.
func (g *merger) shares(a, b event.Event) bool {
	return a.Kind == b.Kind && (g.flood || a.Node == b.Node)
}

// joins reports whether e belongs to an existing row. Events are given newest first. An event that
// is not a belief ends all rows, so that it stands between the beliefs before and after it.
func (g *merger) joins(e event.Event) bool {
	if !isBelief(e) {
		clear(g.rows)
		return false
	}
	name := string(e.Kind)
	if !g.flood {
		name += " " + e.Node
	}
	newest, ok := g.rows[name]
	if !ok || newest-e.Time > mergeWithin {
		g.rows[name] = e.Time
		return false
	}
	return true
}

// rows returns the events to show in n rows, newest first. selected is the index of the selected
// row, -1 if the pane follows the newest event. newer counts the rows above the first one returned.
func (m *Model) rows(n int) (rows []row, selected, newer int) {
	g := m.newMerger()
	selected = -1
	for _, e := range slices.Backward(m.state.View.Log) {
		if selected < 0 && m.anchor > 0 && e.Seq <= m.anchor {
			selected = len(rows)
		}
		shown := m.Shows(e)
		if shown && !m.verbose && g.joins(e) {
			g.add(rows, e)
			continue
		}
		if len(rows) >= n && (m.anchor == 0 || selected >= 0 && len(rows) >= selected+n) {
			if isBelief(e) { // it may belong to the last row
				continue
			}
			break
		}
		if shown {
			rows = append(rows, row{Event: e})
		}
	}
	if selected < 0 {
		return rows[:min(n, len(rows))], -1, 0
	}
	selected = min(selected, max(len(rows)-1, 0))
	newer = max(0, min(selected-n/2, len(rows)-n))
	return rows[newer:min(newer+n, len(rows))], selected - newer, newer
}

// add adds a belief to the row that it shares.
func (g *merger) add(rows []row, e event.Event) {
	for i := range slices.Backward(rows) {
		r := &rows[i]
		if !isBelief(r.Event) || !g.shares(r.Event, e) {
			continue
		}
		if r.nodes == nil {
			r.nodes, r.peers = map[string]bool{r.Node: true}, map[string]bool{r.Peer: true}
		}
		if !r.peers[e.Peer] { // a node may come to believe the same again
			r.Nodes = append(r.Nodes, e.Peer)
		}
		r.nodes[e.Node], r.peers[e.Peer] = true, true
		return
	}
}

// Selected returns the selected event, or the newest one. It returns false if no event is shown.
func (m *Model) Selected() (event.Event, bool) {
	rows, i, _ := m.rows(1)
	if len(rows) == 0 {
		return event.Event{}, false
	}
	return rows[max(i, 0)].Event, true
}

// Move selects the event that is by rows older. Moving past the newest one follows it again.
func (m *Model) Move(by int) {
	var seqs []uint64
	g, at := m.newMerger(), -1
	for _, e := range slices.Backward(m.state.View.Log) {
		if !m.Shows(e) || !m.verbose && g.joins(e) {
			continue
		}
		if at < 0 && m.anchor > 0 && e.Seq <= m.anchor {
			at = len(seqs)
		}
		seqs = append(seqs, e.Seq)
	}
	if len(seqs) == 0 {
		return
	}
	if at += by; at < 0 {
		m.Follow()
		return
	}
	m.anchor = seqs[min(at, len(seqs)-1)]
}
