package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// A helpRow explains one sign or key; without a sign it is a title or a blank.
type helpRow struct{ sign, text string }

// legend explains the signs and the notation of the screen.
func (m *model) legend() []helpRow {
	g := m.th.glyphs
	return []helpRow{
		{g.up + " " + g.suspect + " " + g.paused + " " + g.down, "node up, suspected by its own side, paused, down"},
		{g.cut + " " + g.slow + " " + g.loss, "link cut, slow, losing messages"},
		{"1 2 3", "on the ring: the node that owns that range; left of a node: its rank for the chosen key"},
		{g.key + " 1st 2nd 3rd", "the chosen key's position; its homes by rank (§4.3)"},
		{"p19", "the key's range of the ring, one of Q"},
		{"sees 3/5", "peers this node believes alive, itself among them"},
		{g.hint + g.next + "n3", "keeps a hint for n3 (§4.6)"},
		{"{n1:1 n3:2}", "a version's clock (§4.4): it counts each node's writes: n1's first, n3's first two"},
		{"{n3:.2}", "event 2 of n3 without event 1: a blind write"},
		{"{n3:1.3}", "events 1 and 3 of n3, not 2"},
		{"n3~1a2b", "another life of n3's counter, begun when it lost count"},
		{g.concurrent, "concurrent: neither version descends from the other"},
	}
}

// helpSplit is the column where the help's right half begins, in 100ths of its width.
const helpSplit = 42

// helpKeys are the rows of the bindings that hold in a scope.
func (m *model) helpKeys(where scope) []helpRow {
	var out []helpRow
	for _, b := range m.bindings {
		if h := b.Help(); b.where == where && h.Key != "" {
			out = append(out, helpRow{h.Key, h.Desc})
		}
	}
	return out
}

// A helpColumn is one half of the help: rows one below another, as many as it takes.
type helpColumn struct {
	c *canvas // as high as what was written
	w int
}

// section writes a title and its rows, texts wrapped.
func (h *helpColumn) section(title string, rows []helpRow) {
	if h.c.h > 0 {
		h.grow()
	}
	h.c.put(0, h.grow(), plain|bold, title)
	signs := 0
	for _, r := range rows {
		signs = max(signs, h.c.width(r.sign))
	}
	for _, r := range rows {
		for i, line := range wrap(h.c, r.text, h.w-signs-3) {
			y := h.grow()
			if i == 0 {
				h.c.put(1, y, accent, r.sign)
			}
			h.c.put(signs+3, y, plain, line)
		}
	}
}

// grow adds a row and returns its place.
func (h *helpColumn) grow() int {
	c := newCanvas(h.c.th, h.w, h.c.h+1)
	c.paste(0, 0, h.c)
	h.c = c
	return c.h - 1
}

// wrap breaks s between words into lines of at most w columns.
func wrap(c *canvas, s string, w int) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case c.width(line)+1+c.width(word) <= w:
			line += " " + word
		default:
			out, line = append(out, line), word
		}
	}
	return append(out, line)
}

// drawHelp draws all bindings and the legend, scrolled where they do not fit.
func (m *model) drawHelp(c *canvas) {
	in := newCanvas(c.th, c.w-4, c.h-2)
	half := in.w * helpSplit / 100
	left := helpColumn{newCanvas(c.th, half-1, 0), half - 1}
	right := helpColumn{newCanvas(c.th, in.w-half, 0), in.w - half}
	left.section("In the panes", m.helpKeys(panes))
	left.section("Anywhere", m.helpKeys(anywhere))
	right.section("In the prompt", m.helpKeys(prompt))
	right.section("Signs", m.legend())
	rows := max(left.c.h, right.c.h)
	m.helpTop = max(0, min(m.helpTop, rows-in.h))
	note := "any key closes it"
	if rows > in.h {
		note = fmt.Sprintf("%d–%d of %d · ↑↓ PgUp PgDn · other keys close it", m.helpTop+1, m.helpTop+in.h, rows)
	}
	c.box("Help", note, true)
	in.paste(0, -m.helpTop, left.c)
	in.paste(half, -m.helpTop, right.c)
	c.paste(2, 1, in)
}

// keyInHelp scrolls the help or closes it.
func (m *model) keyInHelp(k tea.KeyMsg) tea.Cmd {
	page := max(m.places[helpPane].h-3, 1)
	by, ok := map[string]int{"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -page, "pgdown": page, " ": page}[k.String()]
	if !ok {
		return m.toggleHelp()
	}
	m.scrollHelp(by)
	return nil
}

func (m *model) scrollHelp(by int) {
	m.helpTop = max(0, m.helpTop+by)
	m.mark(helpPane)
}
