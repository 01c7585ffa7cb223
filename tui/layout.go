package tui

import (
	"slices"
	"strconv"
	"strings"
)

// A paneID names a part of the screen. The first focusable ones can have the focus.
type paneID int

const (
	nodesPane paneID = iota
	keyPane
	logPane
	promptPane
	focusable
	ringPane paneID = iota - 1
	headerPane
	keyLinePane
	helpPane
	paneCount
)

// The least screen that holds what the panes have to say.
const (
	minWidth  = 60
	minHeight = 16
)

// From these sizes on there is room for the ring.
const (
	ringFromWidth  = 76
	ringFromHeight = 11
)

type rect struct{ x, y, w, h int }

// A pane is what was drawn last in a place.
type pane struct{ lines []string }

// mark makes panes be drawn again.
func (m *model) mark(panes ...paneID) {
	for _, p := range panes {
		m.stale[p] = true
	}
}

// redraw makes everything be drawn again.
func (m *model) redraw() {
	for p := range m.stale {
		m.stale[p] = true
	}
	m.ringSig = ""
}

// View implements tea.Model. It returns the cached frame unless something changed.
func (m *model) View() string {
	if m.w < minWidth || m.h < minHeight {
		return m.tooSmall()
	}
	if !slices.Contains(m.stale[:], true) {
		return m.frame
	}
	places := m.arrange()
	if places != m.places {
		m.places = places
		m.redraw()
	}
	changed := m.frame == ""
	for p := paneID(0); p < paneCount; p++ {
		if m.stale[p] {
			changed = m.draw(p) || changed
		}
	}
	if changed {
		m.frame = m.compose()
		m.drawn++
	}
	return m.frame
}

// tooSmall says so, in as much room as there is.
func (m *model) tooSmall() string {
	m.frame = ""
	if m.w <= 0 || m.h <= 0 {
		return ""
	}
	c := newCanvas(m.th, m.w, m.h)
	text := []string{
		"ringside needs " + strconv.Itoa(minWidth) + "x" + strconv.Itoa(minHeight),
		"this is " + strconv.Itoa(m.w) + "x" + strconv.Itoa(m.h), "make it larger, or ctrl+c",
	}
	for i, t := range text {
		c.put(max((m.w-len(t))/2, 0), max(m.h/2-1, 0)+i, plain, t)
	}
	m.redraw()
	return strings.Join(c.lines(), "\n")
}

// draw draws one pane and says whether it changed.
func (m *model) draw(p paneID) bool {
	m.stale[p] = false
	r := m.places[p]
	if r.w <= 0 || r.h <= 0 {
		changed := len(m.panes[p].lines) > 0
		m.panes[p].lines = nil
		return changed
	}
	if p == ringPane {
		sig := m.signature(r)
		if sig == m.ringSig {
			return false
		}
		m.ringSig = sig
	}
	c := newCanvas(m.th, r.w, r.h)
	[paneCount]func(*canvas){
		headerPane: m.drawHeader, ringPane: m.drawRing, nodesPane: m.drawNodes, keyPane: m.drawKey,
		logPane: m.drawLog, promptPane: m.drawPrompt, keyLinePane: m.drawKeyLine, helpPane: m.drawHelp,
	}[p](c)
	lines := c.lines()
	if slices.Equal(lines, m.panes[p].lines) {
		return false
	}
	m.panes[p].lines = lines
	return true
}

// arrange gives each pane its place.
func (m *model) arrange() (out [paneCount]rect) {
	out[headerPane] = rect{0, 0, m.w, 1}
	out[keyLinePane] = rect{0, m.h - 1, m.w, 1}
	body := m.h - 2
	if m.help {
		out[helpPane] = rect{0, 1, m.w, body}
		return out
	}
	logRows, promptRows := m.lowerRows(body)
	if m.zoomed {
		if m.focus == promptPane {
			out[promptPane] = rect{0, 1, m.w, body}
			return out
		}
		out[m.focus] = rect{0, 1, m.w, body - promptRows}
		out[promptPane] = rect{0, 1 + body - promptRows, m.w, promptRows}
		return out
	}
	top := body - logRows - promptRows
	out[logPane] = rect{0, 1 + top, m.w, logRows}
	out[promptPane] = rect{0, 1 + top + logRows, m.w, promptRows}
	if m.w < ringFromWidth || top < ringFromHeight {
		left := m.w * 9 / 20
		out[nodesPane] = rect{0, 1, left, top}
		out[keyPane] = rect{left, 1, m.w - left, top}
		return out
	}
	left := min(m.w*19/40, 2*top+18)
	nodes := max(4, min(len(m.view.Nodes)+3, top/2, top-6))
	if top < 20 {
		nodes = max(4, min(len(m.view.Nodes)+2, top-6))
	}
	out[ringPane] = rect{0, 1, left, top}
	out[nodesPane] = rect{left, 1, m.w - left, nodes}
	out[keyPane] = rect{left, 1 + nodes, m.w - left, top - nodes}
	return out
}

// lowerRows is the height of the log and of the prompt. Output of several
// lines takes room from the log only, so that the ring above stands still.
func (m *model) lowerRows(body int) (logRows, promptRows int) {
	out := 2
	switch {
	case body >= 34:
		logRows = 7 + (body-34)/4
	case body >= 22:
		logRows, out = 5+(body-22)/4, 1
	default:
		logRows, out = 3, 1
	}
	promptRows = out + 3
	if m.prompt.expanded {
		both := logRows + promptRows
		promptRows = max(promptRows, min(len(m.prompt.output)+3, both))
		if logRows = both - promptRows; logRows < 3 {
			logRows, promptRows = 0, both
		}
	}
	return logRows, promptRows
}

// compose joins the panes into one frame, row by row.
func (m *model) compose() string {
	order := make([]paneID, 0, paneCount)
	for p := paneID(0); p < paneCount; p++ {
		if len(m.panes[p].lines) > 0 {
			order = append(order, p)
		}
	}
	slices.SortFunc(order, func(a, b paneID) int { return m.places[a].x - m.places[b].x })
	var b strings.Builder
	b.Grow(len(m.frame) + 256)
	for y := range m.h {
		if y > 0 {
			b.WriteByte('\n')
		}
		for _, p := range order {
			if r := m.places[p]; y >= r.y && y < r.y+r.h {
				b.WriteString(m.panes[p].lines[y-r.y])
			}
		}
	}
	return b.String()
}
