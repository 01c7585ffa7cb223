package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/escape"
	"ringside/engine/event"
)

// logState is how the events pane looks at the log.
type logState struct {
	filter  string
	editing bool   // the filter is being typed
	verbose bool   // every message, not only the story
	anchor  uint64 // sequence number of the selected event; 0 follows the newest

	groups  [][]string // of the split before the snapshot that is being applied
	splitAt time.Duration
}

// shows says whether e passes the filter.
func (m *model) shows(e event.Event) bool {
	if m.log.filter == "" {
		return m.log.verbose || tells(e)
	}
	if !m.log.verbose && !tells(e) {
		return false
	}
	p := m.describe(e)
	line := strings.ToLower(e.Node + " " + p.word + " " + p.text + " " + escape.TerminalShort(e.Key, maxLogKey) + " " + e.Section() + " " + event.RequestName(e.Request))
	for _, w := range strings.Fields(strings.ToLower(m.log.filter)) {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}

// A merger joins what one node comes to believe of several others at about the
// same time into one row: a split makes every node suspect half of the cluster.
type merger map[string]time.Duration

// mergeWithin is how far apart beliefs may be that share a row.
const mergeWithin = 2 * time.Second

// belief says whether e is what a node believes of another.
func belief(e event.Event) bool { return e.Kind == event.Suspect || e.Kind == event.Alive }

// joins says whether e, older than all before, belongs to a row that there is.
func (g merger) joins(e event.Event) bool {
	if !belief(e) {
		clear(g) // what happened between two beliefs is told between them
		return false
	}
	row := string(e.Kind) + " " + e.Node
	newest, ok := g[row]
	if !ok || newest-e.Time > mergeWithin {
		g[row] = e.Time
		return false
	}
	return true
}

// logRows returns the events to show in n rows, newest first, the row that is
// selected, and how many newer ones are out of sight.
func (m *model) logRows(n int) (rows []event.Event, selected, newer int) {
	g := merger{}
	selected = -1
	for _, e := range slices.Backward(m.view.Log) {
		if selected < 0 && m.log.anchor > 0 && e.Seq <= m.log.anchor {
			selected = len(rows)
		}
		shows := m.shows(e)
		if shows && !m.log.verbose && g.joins(e) {
			for i := range slices.Backward(rows) {
				if r := &rows[i]; r.Kind == e.Kind && r.Node == e.Node {
					r.Nodes = append(r.Nodes, e.Peer)
					break
				}
			}
			continue
		}
		if len(rows) >= n && (m.log.anchor == 0 || selected >= 0 && len(rows) >= selected+n) {
			if belief(e) { // it may belong to the last row
				continue
			}
			break
		}
		if shows {
			rows = append(rows, e)
		}
	}
	if selected < 0 {
		return rows[:min(n, len(rows))], -1, 0
	}
	selected = min(selected, max(len(rows)-1, 0))
	newer = max(0, min(selected-n/2, len(rows)-n))
	return rows[newer:min(newer+n, len(rows))], selected - newer, newer
}

// logSelected is the event that is selected, or the newest one.
func (m *model) logSelected() (event.Event, bool) {
	rows, i, _ := m.logRows(1)
	if len(rows) == 0 {
		return event.Event{}, false
	}
	return rows[max(i, 0)], true
}

// moveLog selects an event further back (+) or newer (-).
func (m *model) moveLog(by int) {
	m.seeLog()
	var seqs []uint64
	g, at := merger{}, -1
	for _, e := range slices.Backward(m.view.Log) {
		if !m.shows(e) || !m.log.verbose && g.joins(e) {
			continue
		}
		if at < 0 && m.log.anchor > 0 && e.Seq <= m.log.anchor {
			at = len(seqs)
		}
		seqs = append(seqs, e.Seq)
	}
	if len(seqs) == 0 {
		return
	}
	if at += by; at < 0 {
		m.log.anchor = 0
		return
	}
	m.log.anchor = seqs[min(at, len(seqs)-1)]
}

// seeLog gives the log its room back from a command's output.
func (m *model) seeLog() {
	m.prompt.expanded = false
	m.mark(logPane, promptPane)
}

func (m *model) followLog() tea.Cmd {
	m.log.anchor = 0
	m.seeLog()
	return nil
}

func (m *model) verboseLog() tea.Cmd {
	m.log.verbose = !m.log.verbose
	m.seeLog()
	return nil
}

func (m *model) filterLog() tea.Cmd {
	m.focusOn(logPane)
	m.log.editing = true
	m.seeLog()
	return nil
}

// editFilter takes a key while the filter is typed.
func (m *model) editFilter(k tea.KeyMsg) {
	m.mark(logPane)
	switch k.Type {
	case tea.KeyEsc:
		m.log.filter, m.log.editing = "", false
	case tea.KeyEnter, tea.KeyTab:
		m.log.editing = false
	case tea.KeyBackspace:
		if r := []rune(m.log.filter); len(r) > 0 {
			m.log.filter = string(r[:len(r)-1])
		}
	case tea.KeyCtrlU:
		m.log.filter = ""
	case tea.KeyRunes, tea.KeySpace:
		m.log.filter += printableOnly(k.Runes)
	}
}

// drawLog draws the newest events at the top.
func (m *model) drawLog(c *canvas) {
	focused := m.focus == logPane
	in := newCanvas(c.th, c.w-2, c.h-2)
	rows, selected, newer := m.logRows(in.h)
	note := "/ filter · v " + map[bool]string{false: "every message", true: "the story"}[m.log.verbose] + " · ⏎ trace · G follow"
	if c.w < 100 {
		note = "/ filter"
	}
	if newer > 0 || selected >= 0 {
		note = fmt.Sprintf("▲ %d newer · G follow", newer+max(selected, 0))
	}
	title := "Events"
	if m.log.editing {
		title += " / " + m.log.filter + "_"
	} else if m.log.filter != "" {
		title += " / " + m.log.filter
		note = "esc clears"
	}
	c.box(title, note, focused)
	if len(rows) == 0 {
		in.put(1, 0, dim, map[bool]string{true: "nothing happened yet", false: "no event matches"}[m.log.filter == ""])
	}
	for y, e := range rows {
		m.drawEvent(in, y, e)
		if y == selected {
			in.put(0, y, accent|bold, m.th.cursor)
			if focused {
				in.highlight(0, y, in.w)
			}
		}
	}
	c.paste(1, 1, in)
}

// drawEvent draws one event in one row.
func (m *model) drawEvent(c *canvas, y int, e event.Event) {
	p := m.describe(e)
	x := c.put(1, y, dim, m.timeOf(e))
	x = c.put(x+1, y, nodeStyle(m.place(e.Node))|bold, pad(c, name(e.Node), m.nameWidth(c)))
	x = c.put(x+1, y, p.st|bold, pad(c, p.word, 10))
	end := c.w - 1
	if e.Request > 0 {
		end = c.putRight(end, y, dim, event.RequestName(e.Request)) - 1
	}
	end = min(end, c.w-6)
	if c.w >= 90 {
		end = c.putRight(end, y, dim, e.Section()) - 1
	}
	x++
	if e.Key != nil {
		x = c.putMax(x, y, end, plain|bold, escape.TerminalShort(e.Key, maxLogKey)) + 1
	}
	c.putMax(x, y, end, p.st, p.text)
}

// nameWidth is the width of the column of node names.
func (m *model) nameWidth(c *canvas) int {
	w := 2
	for _, n := range m.view.Nodes {
		w = max(w, c.width(name(n.Name)))
	}
	return w
}

// pad fills s with blanks to w columns.
func pad(c *canvas, s string, w int) string {
	return s + strings.Repeat(" ", max(w-c.width(s), 0))
}
