package tui

import (
	"slices"
	"strconv"
	"strings"

	"ringside/tui/canvas"
	"ringside/tui/header"
	"ringside/tui/page"
	"ringside/tui/prompt"
	"ringside/tui/theme"
)

// A paneID names a part of the screen.
type paneID int

// Panes. Those before ringPane can have the focus.
const (
	nodesPane paneID = iota
	keyPane
	logPane
	pagePane // the whole of a screen beside the ring
	promptPane
	ringPane
	headerPane
	tabsPane
	bigPane
	cuesPane
	keyLinePane
	helpPane
	paneCount
)

// The smallest screen that has room for the panes.
const (
	minWidth  = 60
	minHeight = 16
)

// From these sizes on there is room for the ring.
const (
	ringFromWidth  = 76
	ringFromHeight = 11
)

// leastCard is the height of the key card below a ring, from which on there is room for both.
const leastCard = 6

// bigPromptRows is how many rows the prompt has at most beside large letters, so that they and the
// fork stay in sight.
const bigPromptRows = 2 + prompt.Border

// A rect is a place on the screen, in columns and rows.
type rect struct{ x, y, w, h int }

// A screen keeps the panes as they were drawn last, and the frame that was made of them.
type screen struct {
	th        *theme.Theme
	w, h      int
	half      string           // the title of a model that has a part of the screen; "" for the whole screen
	zoomed    bool             // the focused pane has the room of all others but the prompt
	big       [page.Count]bool // by screen: the key card in large letters takes the room of its panes
	stale     bool             // something may have changed since the frame was made
	places    [paneCount]rect
	panes     [paneCount][]string // rows with escape sequences
	signature string              // of the ring that was drawn last
	frame     string
	frames    int // how many frames were made
}

// View implements tea.Model. It returns the same frame as before unless a pane changed.
func (m *model) View() string {
	if m.half == "" && (m.w < minWidth || m.h < minHeight) {
		return m.tooSmall(minHeight)
	}
	if !m.stale {
		return m.frame
	}
	m.stale = false
	changed := m.frame == ""
	if places := m.arrange(); places != m.places {
		m.places, changed = places, true
	}
	next := m.suggest.Next()
	if m.teaching() {
		next = nil
	}
	for p := range paneCount {
		changed = m.draw(p, next) || changed
	}
	if changed {
		m.compose()
	}
	return m.frame
}

// tooSmall returns a frame that says so, in as much room as there is. needs is the number of rows
// that the screens need.
func (s *screen) tooSmall(needs int) string {
	s.frame, s.stale = "", true
	if s.w <= 0 || s.h <= 0 {
		return ""
	}
	c := canvas.New(s.th, s.w, s.h)
	text := []string{
		"ringside needs " + strconv.Itoa(minWidth) + "x" + strconv.Itoa(needs),
		"this is " + strconv.Itoa(s.w) + "x" + strconv.Itoa(s.h), "make it larger, or ctrl+c",
	}
	for i, t := range text {
		c.Put(max((s.w-len(t))/2, 0), max(s.h/2-1, 0)+i, theme.Plain, t)
	}
	return strings.Join(c.Lines(), "\n")
}

// draw draws one pane and reports whether it changed. The ring is drawn only if its signature
// changed. next are the commands that lead on, best first.
func (m *model) draw(p paneID, next []string) bool {
	r := m.places[p]
	if r.w <= 0 || r.h <= 0 {
		changed := len(m.panes[p]) > 0
		m.panes[p] = nil
		return changed
	}
	focused := m.focus == p
	if p == ringPane {
		sig := m.ring.Signature(r.w, r.h, m.focus == nodesPane)
		if sig == m.signature && m.panes[p] != nil {
			return false
		}
		m.signature = sig
	}
	c := canvas.New(m.th, r.w, r.h)
	switch p {
	case headerPane:
		drawHeader(c, m)
	case ringPane:
		m.ring.Draw(c, m.focus == nodesPane)
	case nodesPane:
		m.nodes.Draw(c, focused)
	case keyPane:
		m.card.Draw(c, focused, next)
	case logPane:
		m.log.Draw(c, focused)
	case promptPane:
		if m.list.Open() {
			m.list.Draw(c)
			break
		}
		m.prompt.Draw(c, focused, strings.Join(next[:min(len(next), 1)], ""))
	case tabsPane:
		m.drawTabs(c, m.focus == promptPane)
	case pagePane:
		m.current().Draw(c, focused)
	case bigPane:
		m.card.DrawBig(c, next)
	case cuesPane:
		m.cues.Draw(c)
	case keyLinePane:
		append(m.ownKeys(), m.keys...).DrawLine(c, m.focus == promptPane, m.enterDoes())
	case helpPane:
		m.help.Draw(c, m.keys, m.ownKeys(), page.Titles[m.shown])
	}
	lines := c.Lines()
	if slices.Equal(lines, m.panes[p]) {
		return false
	}
	m.panes[p] = lines
	return true
}

// drawHeader draws the title line.
func drawHeader(c *canvas.Canvas, m *model) {
	if m.half != "" {
		header.DrawSide(c, m.state, m.refresh.Status(), m.half)
		return
	}
	header.Draw(c, m.state, m.refresh.Status())
}

// arrange returns the place of each pane.
func (m *model) arrange() (out [paneCount]rect) {
	out[headerPane] = rect{0, 0, m.w, 1}
	if m.half != "" {
		arrangeBody(m, &out, 1, m.h-1)
		return out
	}
	out[keyLinePane] = rect{0, m.h - 1, m.w, 1}
	y := 1
	if m.h >= tabsFromHeight && len(m.pages) > 0 {
		out[tabsPane] = rect{0, y, m.w, 1}
		y++
	}
	cueRows := m.cues.Rows(m.th, m.w)
	out[cuesPane] = rect{0, m.h - 1 - cueRows, m.w, cueRows}
	arrangeBody(m, &out, y, m.h-1-cueRows-y)
	return out
}

// arrangeBody places the panes between the titles and the key line: in the rows from y to y+body.
func arrangeBody(m *model, out *[paneCount]rect, y, body int) {
	logRows, promptRows := lowerRows(m, body)
	switch {
	case m.help.Open():
		out[helpPane] = rect{0, y, m.w, body}
	case m.zoomed && m.focus == promptPane:
		out[promptPane] = rect{0, y, m.w, body}
	case m.screen.big[m.shown]:
		promptRows = min(promptRows, bigPromptRows)
		out[bigPane] = rect{0, y, m.w, body - promptRows}
		out[promptPane] = rect{0, y + body - promptRows, m.w, promptRows}
	case m.zoomed || m.shown != page.Ring:
		shown := m.focus
		if m.shown != page.Ring {
			shown = pagePane
		}
		out[shown] = rect{0, y, m.w, body - promptRows}
		out[promptPane] = rect{0, y + body - promptRows, m.w, promptRows}
	default:
		top := body - logRows - promptRows
		out[logPane] = rect{0, y + top, m.w, logRows}
		out[promptPane] = rect{0, y + top + logRows, m.w, promptRows}
		m.arrangeRing(out, len(m.state.View.Nodes), y, top)
	}
}

// lowerRows returns the heights of the log and of the prompt. A model that has a part of the screen
// has a prompt only while the prompt is used.
func lowerRows(m *model, body int) (logRows, promptRows int) {
	output := m.prompt.OutputRows(m.th, m.w)
	if m.list.Open() {
		output = m.list.Rows() - prompt.Border
	}
	if m.half != "" {
		body = body * 3 / 4 // the ring is above the key card, so both need more rows
	}
	logRows, promptRows = share(body, output)
	if m.half != "" && m.focus != promptPane && output == 0 && m.prompt.Quiet() {
		return logRows + promptRows, 0
	}
	return logRows, promptRows
}

// arrangeRing places the ring, the nodes and the key in the rows from y to y+top.
func (s *screen) arrangeRing(out *[paneCount]rect, count, y, top int) {
	if s.half != "" && s.w < ringFromWidth && top >= ringFromHeight+leastCard {
		ring := max(ringFromHeight, top*3/5)
		out[ringPane] = rect{0, y, s.w, ring}
		out[keyPane] = rect{0, y + ring, s.w, top - ring}
		return
	}
	if s.w < ringFromWidth || top < ringFromHeight {
		left := s.w * 9 / 20
		out[nodesPane] = rect{0, y, left, top}
		out[keyPane] = rect{left, y, s.w - left, top}
		return
	}
	left := min(s.w*19/40, 2*top+18)
	nodes := max(4, min(count+3, top/2, top-6))
	if top < 20 {
		nodes = max(4, min(count+2, top-6))
	}
	out[ringPane] = rect{0, y, left, top}
	out[nodesPane] = rect{left, y, s.w - left, nodes}
	out[keyPane] = rect{left, y + nodes, s.w - left, top - nodes}
}

// share returns the heights of the log and of the prompt of a whole screen. output is how many rows
// the output of the latest command would like. It takes them from the log only, so that the ring
// does not move.
func share(body, output int) (logRows, promptRows int) {
	out := 2
	switch {
	case body >= 34:
		logRows = 7 + (body-34)/4
	case body >= 22:
		logRows, out = 5+(body-22)/4, 1
	default:
		logRows, out = 3, 1
	}
	promptRows = out + prompt.Border
	if output > 0 {
		both := logRows + promptRows
		promptRows = max(promptRows, min(output+prompt.Border, both))
		if logRows = both - promptRows; logRows < 3 {
			logRows, promptRows = 0, both
		}
	}
	return logRows, promptRows
}

// compose joins the panes into one frame, row by row.
func (s *screen) compose() {
	order := make([]paneID, 0, paneCount)
	for p := range paneCount {
		if len(s.panes[p]) > 0 {
			order = append(order, p)
		}
	}
	slices.SortFunc(order, func(a, b paneID) int { return s.places[a].x - s.places[b].x })
	var b strings.Builder
	b.Grow(len(s.frame) + 256)
	for y := range s.h {
		if y > 0 {
			b.WriteByte('\n')
		}
		for _, p := range order {
			if r := s.places[p]; y >= r.y && y < r.y+r.h {
				b.WriteString(s.panes[p][y-r.y])
			}
		}
	}
	s.frame = b.String()
	s.frames++
}
