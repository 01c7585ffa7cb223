package keycard

import (
	"fmt"
	"slices"
	"strings"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/vclock"
	"ringside/tui/canvas"
	"ringside/tui/replicas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// A Model is the key card.
type Model struct{ state *state.State }

// New returns the card of the key that s shows.
func New(s *state.State) *Model { return &Model{s} }

// A row of the card.
type row struct {
	rank int
	draw func(c *canvas.Canvas, y int) // draws the row at y
	fork bool                          // the row is part of the fork of siblings
}

// Ranks of rows. Where the card is short, the rows of the highest rank are left out.
const (
	rankMust = iota // versions and verdict
	rankHome
	rankNext
	rankMore
	rankAncestry
	rankBlank
)

const (
	maxLost    = 24 // characters of a lost value
	homeFrom   = 4  // rows from which a card with more versions than rows still shows the homes
	narrowCard = 50 // a narrower card gives the values room that the holders' names would take
)

// A card is one drawing of the key card.
type card struct {
	replicas.Summary
	state *state.State
	th    *theme.Theme
	w     int // columns inside the border
}

// Draw draws the card. next are the commands that lead on, best first.
func (m *Model) Draw(c *canvas.Canvas, focused bool, next []string) {
	sum, ok := replicas.Of(m.state.View, m.state.Key())
	if !ok {
		c.Box("Key", "", focused)
		c.Put(2, 1, theme.Dim, "no key yet: the first one written shows here")
		return
	}
	d := &card{sum, m.state, c.Theme, c.W - 4}
	d.drawBorder(c, focused)
	in := canvas.New(c.Theme, d.w, c.H-2)
	rows, ok := fit(d.rows(next), in.H)
	if !ok {
		rows, ok = fit(d.compactRows(next), in.H)
	}
	if !ok && in.H >= homeFrom { // some versions are left out in any case
		rows = append([]row{{rank: rankHome, draw: d.drawPreference}}, rows...)
	}
	if more := len(rows) - in.H; more > 0 {
		c.Foot(fmt.Sprintf("+%d", more))
	}
	for y, r := range rows {
		r.draw(in, y)
	}
	c.Paste(2, 1, in)
}

// drawBorder draws the border with the key and its verdict, the short one if there is no room for
// the long one.
func (d *card) drawBorder(c *canvas.Canvas, focused bool) {
	title := `Key "` + render.KeyIn(d.Key, max(c.W/4, 8)) + `"`
	if v := d.state.View; v.Ring.Config().Strategy != ring.TokensRandom {
		title += " " + event.RangeName(v.Ring.Index(ring.Of(d.Key)))
	}
	c.Box(title, "", focused)
	sign, short, st := d.sign()
	if c.Width(title)+c.Width(sign)+9 > c.W {
		sign = short
	}
	if w := c.Width(sign); c.Width(title)+w+9 <= c.W {
		x := c.PutRight(c.W-3, 0, st|theme.Bold, sign)
		c.Put(x-1, 0, theme.Plain, " ")
		c.Put(c.W-3, 0, theme.Plain, " ")
	}
}

// fit leaves rows out until at most h are left: those of the highest rank first, the lower ones of
// a rank first. The ancestry is left out as a whole. fit reports whether the fork and all rows of
// rankMust fit.
func fit(rows []row, h int) (left []row, ok bool) {
	ok = true
	for drop := rankBlank; drop > rankMust && len(rows) > h; drop-- {
		for i := len(rows) - 1; i >= 0 && (len(rows) > h || drop == rankAncestry); i-- {
			if rows[i].rank == drop {
				ok = ok && !rows[i].fork
				rows = slices.Delete(rows, i, i+1)
			}
		}
	}
	return rows, ok && len(rows) <= h
}

// text returns a row with a line of text.
func text(rank int, st theme.Style, s string) row {
	return row{rank: rank, draw: func(c *canvas.Canvas, y int) { c.Put(0, y, st, s) }}
}

// rows returns all rows of the card.
func (d *card) rows(next []string) []row {
	blank := text(rankBlank, theme.Plain, "")
	rows := append([]row{{rank: rankHome, draw: d.drawPreference}, blank}, d.holdingRows(false)...)
	if dag := d.ancestry(); len(dag) > 0 {
		rows = append(append(rows, blank), dag...)
	}
	rows = append(rows, blank)
	_, _, st := d.sign()
	for i, line := range d.verdict() {
		rows = append(rows, text([]int{rankMust, rankMore}[min(i, 1)], st, line))
	}
	if line := d.lost(); line != "" {
		rows = append(rows, text(rankMore, theme.Bad, line))
	}
	return append(rows, blank, nextRow(next))
}

// compactRows returns the rows of a short card. The verdict comes before the versions, so that it
// stays if there are too many of them.
func (d *card) compactRows(next []string) []row {
	rows := []row{{rank: rankHome, draw: d.drawPreference}}
	_, _, st := d.sign()
	verdict := d.verdict()
	if len(verdict) > 0 {
		first := verdict[0]
		if len(d.Heads) > 1 {
			first = d.forkVerdict()
		}
		rows = append(rows, text(rankMust, st, first))
		verdict = verdict[1:]
	}
	rows = append(rows, d.holdingRows(true)...)
	for _, line := range verdict {
		rows = append(rows, text(rankMore, st, line))
	}
	if line := d.lost(); line != "" {
		rows = append(rows, text(rankMore, theme.Bad, line))
	}
	return append(rows, nextRow(next))
}

// nextRow returns the row with the commands that lead on.
func nextRow(next []string) row {
	return row{rank: rankNext, draw: func(c *canvas.Canvas, y int) {
		if len(next) == 0 { // a lesson is open, which says what to do
			return
		}
		x := c.Put(0, y, theme.Dim, "next ")
		c.Put(x, y, theme.Accent, strings.Join(next, "  ·  "))
	}}
}

// drawPreference draws the preference list: the homes by rank, then the fallbacks.
func (d *card) drawPreference(c *canvas.Canvas, y int) {
	list := func(x int, nodes []string, attributes theme.Style) int {
		for i, n := range nodes {
			if i > 0 {
				x = c.Put(x, y, theme.Dim, " "+d.th.Next+" ")
			}
			st := theme.Node(d.state.Index(n)) | attributes
			x = c.Put(x, y, st, state.Name(n)+d.state.SignUnlessUp(d.th, n))
		}
		return x
	}
	x := c.Put(0, y, theme.Dim, "home ")
	x = list(x, d.Homes, theme.Bold)
	if len(d.Fallbacks) > 0 {
		x = c.Put(x, y, theme.Dim, "   fallbacks ")
		list(x, d.Fallbacks, 0)
	}
}

// holdingRows returns the rows on which nodes hold which versions, one row for each version. With
// arms, siblings are drawn as the branches of a fork.
func (d *card) holdingRows(arms bool) []row {
	if len(d.Holdings) == 0 {
		return []row{text(rankMust, theme.Dim, "nothing stored under this key yet")}
	}
	holders, clock := 0, 0 // widths of the columns
	probe := canvas.New(d.th, 0, 0)
	for _, h := range d.Holdings {
		holders = max(holders, probe.Width(d.holders(h)))
		for _, v := range h.Siblings {
			clock = max(clock, len(render.Clock(v)))
		}
	}
	limit := d.w * 2 / 5
	if d.w < narrowCard {
		limit = d.w / 4
	}
	holders, clock = min(holders, limit), min(clock, d.w/2)
	arms = arms && len(d.Heads) > 1
	left := 0 // column of the holders
	if arms {
		left = armWidth
	}
	var rows []row
	lastHead := -1 // its row
	for _, h := range d.Holdings {
		for i, v := range h.Siblings {
			at, head := len(rows), d.Heads.Has(v.Dot)
			if head {
				lastHead = at
			}
			rows = append(rows, row{rank: rankMust, draw: func(c *canvas.Canvas, y int) {
				switch {
				case arms && head && at < lastHead:
					c.Put(0, y, theme.Dim, "├")
				case arms && head:
					c.Put(0, y, theme.Dim, "└")
				}
				if i == 0 {
					st := theme.Plain
					if len(h.Homes) == 0 {
						st = theme.Hint
					}
					c.PutMax(left, y, left+holders, st, d.holders(h))
				}
				d.drawVersion(c, left+holders+2, y, c.W-clock-1, v)
			}})
		}
	}
	if len(d.Empty) > 0 {
		rows = append(rows, row{rank: rankMust, draw: func(c *canvas.Canvas, y int) {
			c.PutMax(left, y, left+holders, theme.Dim, names(d.Empty))
			c.Put(left+holders+2, y, theme.Dim, "nothing")
		}})
	}
	return rows
}

// drawVersion draws a value from column x, ending before column end, and the version's clock after
// it.
func (d *card) drawVersion(c *canvas.Canvas, x, y, end int, v vclock.Version) {
	st := theme.Plain
	switch {
	case !d.Heads.Has(v.Dot):
		st = theme.Dim
	case len(d.Heads) > 1:
		st = theme.Concurrent
	}
	c.PutMax(x, y, end, st, render.Value(v, end-x))
	c.Put(end+1, y, st, render.Clock(v))
}

// holders returns which nodes hold h: "A: n3 n4" on one side of a split, "n1⚑n3" for a hint.
func (d *card) holders(h replicas.Holding) string {
	var nodes, out []string
	for _, n := range h.Homes {
		nodes = append(nodes, n)
		out = append(out, state.Name(n)+d.state.SignUnlessUp(d.th, n))
	}
	for _, x := range h.Hints {
		nodes = append(nodes, x.Holder)
		out = append(out, state.Name(x.Holder)+d.state.SignUnlessUp(d.th, x.Holder)+d.th.Hint+state.Name(x.For))
	}
	if side := d.commonSide(nodes); side != "" {
		out = append([]string{side + ":"}, out...)
	}
	return strings.Join(out, " ")
}

// commonSide returns the letter of the side of the split that all nodes are on, "" if there is
// none.
func (d *card) commonSide(nodes []string) string {
	v := d.state.View
	for _, n := range nodes {
		if len(v.Groups) == 0 || v.Side(n) != v.Side(nodes[0]) {
			return ""
		}
	}
	return render.Side(v.Side(nodes[0]))
}

// names returns the names of nodes with blanks between them.
func names(nodes []string) string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = state.Name(n)
	}
	return strings.Join(out, " ")
}
