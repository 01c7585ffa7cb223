package tui

import (
	"fmt"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/vclock"
)

// A row of the key card is drawn by draw; rows of a lower rank give way last.
type row struct {
	rank int
	draw func(c *canvas, y int)
}

// Ranks of the card's rows. Where the card is short, the highest go first.
const (
	rankMust = iota
	rankNext
	rankVerdict
	rankMore
	rankAncestry
	rankBlank
)

// maxLostValue is how many characters of a lost value the card shows.
const maxLostValue = 24

// narrowCard is the width below which holders give way to values.
const narrowCard = 50

// drawKey draws the key card: who is home to the chosen key, who holds what,
// and whether they agree.
func (m *model) drawKey(c *canvas) {
	a, ok := m.account()
	if !ok {
		c.box("Key", "", m.focus == keyPane)
		c.put(2, 1, dim, "no key yet: the first one written shows here")
		return
	}
	title := `Key "` + escape.TerminalShort(a.key, max(c.w/4, 8)) + `"`
	if m.view.Ring.Config().Strategy != ring.TokensRandom {
		title += fmt.Sprintf(" p%02d", m.view.Ring.Index(ring.Of(a.key)))
	}
	sign, short, st := m.verdictSign(a)
	c.box(title, "", m.focus == keyPane)
	if c.width(title)+c.width(sign)+9 > c.w {
		sign = short
	}
	if w := c.width(sign); c.width(title)+w+9 <= c.w {
		x := c.putRight(c.w-3, 0, st|bold, sign)
		c.put(x-1, 0, plain, " ")
		c.put(c.w-3, 0, plain, " ")
	}
	in := newCanvas(c.th, c.w-4, c.h-2)
	rows := m.cardRows(a, in.w)
	for drop := rankBlank; drop > rankMust && len(rows) > in.h; drop-- {
		for i := len(rows) - 1; i >= 0 && len(rows) > in.h; i-- {
			if rows[i].rank == drop {
				rows = append(rows[:i], rows[i+1:]...)
			}
		}
	}
	for y, r := range rows {
		if y < in.h {
			r.draw(in, y)
		}
	}
	c.paste(2, 1, in)
}

func text(rank int, st style, s string) row {
	return row{rank, func(c *canvas, y int) { c.put(0, y, st, s) }}
}

// cardRows are all that the card has to say.
func (m *model) cardRows(a account, w int) []row {
	blank := text(rankBlank, plain, "")
	rows := []row{{rankMust, func(c *canvas, y int) { m.drawPreference(c, y, a) }}, blank}
	rows = append(rows, m.holdingRows(a, w)...)
	if dag := m.ancestry(a); len(dag) > 0 {
		rows = append(append(rows, blank), dag...)
	}
	rows = append(rows, blank)
	_, _, st := m.verdictSign(a)
	for i, line := range m.verdict(a) {
		rows = append(rows, text(rankVerdict+min(i, 1), st, line))
	}
	if line := m.lostLine(a); line != "" {
		rows = append(rows, text(rankVerdict, bad, line))
	}
	rows = append(rows, blank)
	next := strings.Join(m.next(a), "  ·  ")
	return append(rows, row{rankNext, func(c *canvas, y int) {
		x := c.put(0, y, dim, "next ")
		c.put(x, y, accent, next)
	}})
}

// drawPreference draws the preference list: the homes by rank, then who would stand in.
func (m *model) drawPreference(c *canvas, y int, a account) {
	list := func(x int, nodes []string, from int) int {
		for i, n := range nodes {
			if i > 0 {
				x = c.put(x, y, dim, " "+m.th.next+" ")
			}
			st := nodeStyle(m.place(n))
			if from == 0 {
				st |= bold
			}
			x = c.put(x, y, st, name(n)+m.ifNotUp(n))
		}
		return x
	}
	x := c.put(0, y, dim, "home ")
	x = list(x, a.homes, 0)
	if len(a.fallbacks) > 0 {
		x = c.put(x, y, dim, "   fallbacks ")
		list(x, a.fallbacks, len(a.homes))
	}
}

// place is a node's index in the order of joining.
func (m *model) place(node string) int {
	for i, n := range m.view.Nodes {
		if n.Name == node {
			return i
		}
	}
	return -1
}

// holdingRows tell who holds which versions, one row a version.
func (m *model) holdingRows(a account, w int) []row {
	if len(a.holdings) == 0 {
		return []row{text(rankMust, dim, "nothing stored under this key yet")}
	}
	who, clock := 0, 0
	probe := newCanvas(m.th, 0, 0)
	for _, h := range a.holdings {
		who = max(who, probe.width(m.holders(h)))
		for _, v := range h.siblings {
			clock = max(clock, len(notation(v)))
		}
	}
	limit := w * 2 / 5
	if w < narrowCard { // the values must tell the versions apart
		limit = w / 4
	}
	who, clock = min(who, limit), min(clock, w/2)
	var rows []row
	for _, h := range a.holdings {
		for i, v := range h.siblings {
			rows = append(rows, row{rankMust, func(c *canvas, y int) {
				if i == 0 {
					st := plain
					if len(h.homes) == 0 {
						st = hint
					}
					c.putMax(0, y, who, st, m.holders(h))
				}
				m.drawVersion(c, who+2, y, c.w-clock-1, v, a)
			}})
		}
	}
	if len(a.empty) > 0 {
		rows = append(rows, row{rankMust, func(c *canvas, y int) {
			c.putMax(0, y, who, dim, names(a.empty, " "))
			c.put(who+2, y, dim, "nothing")
		}})
	}
	return rows
}

// drawVersion draws a value that ends before column end, and the clock after it.
func (m *model) drawVersion(c *canvas, x, y, end int, v vclock.Version, a account) {
	st := plain
	if len(a.heads) > 1 && a.heads.Has(v.Dot) {
		st = concurrent
	}
	if !a.heads.Has(v.Dot) {
		st = dim
	}
	c.putMax(x, y, end, st, value(v, end-x))
	c.put(end+1, y, st, notation(v))
}

// value shows what a version holds, cut to limit.
func value(v vclock.Version, limit int) string {
	if v.Deleted {
		return "(deleted)"
	}
	if len(v.Value) == 0 {
		return "(empty)"
	}
	return escape.TerminalShort(v.Value, max(limit, 1))
}

// verdictSign is the verdict in a word or two, and where that is too long.
func (m *model) verdictSign(a account) (long, short string, st style) {
	switch {
	case len(a.heads) == 0:
		return "empty", "empty", dim
	case len(a.heads) > 1:
		short = fmt.Sprintf("%s %d", m.th.concurrent, len(a.heads))
		if m.agreed(a) {
			return short + " siblings", short, concurrent
		}
		return short + " versions diverge", short, concurrent
	case len(a.stale) > 0:
		return fmt.Sprintf("%d of %d homes stale", len(a.stale), len(a.homes)), "stale", warn
	case a.blocking != "":
		return "not converged", m.th.no, warn
	}
	return m.th.yes + " converged", m.th.yes, good
}

// verdict says what the replicas' state means.
func (m *model) verdict(a account) []string {
	split := len(m.view.Groups) > 0
	switch {
	case len(a.heads) == 0:
		return nil
	case len(a.heads) > 1:
		first := m.th.concurrent + " CONCURRENT: neither descends from the other."
		switch {
		case m.lastWriteWins():
			return []string{first, "Last write wins keeps " + clocks(latest(a.heads)) + " and loses the rest (§6)."}
		case m.agreed(a):
			return []string{first, fmt.Sprintf("All %d homes hold these %d; they wait to be reconciled.", len(a.homes), len(a.heads))}
		case split:
			return []string{first, fmt.Sprintf("After heal, get returns %d siblings and 1 context.", len(a.heads))}
		}
		return []string{first, fmt.Sprintf("get returns %d siblings and 1 context.", len(a.heads))}
	case len(a.stale) > 0:
		return []string{
			strings.Join(a.stale, " ") + " " + lack(len(a.stale)) + " " + clocks(a.heads) + ".",
			"A hint or read repair brings it home (§4.6, §5).",
		}
	case a.blocking != "":
		return []string{escape.TerminalShort([]byte(a.blocking), 200) + "."}
	}
	return []string{fmt.Sprintf("%s all %d homes hold the same.", m.th.yes, len(a.homes))}
}

// lastWriteWins reports whether the cluster keeps one of concurrent versions and no siblings.
func (m *model) lastWriteWins() bool { return m.view.Settings.Mode == settings.ModeLWW }

// latest returns the version of s that last write wins keeps.
func latest(s vclock.Siblings) vclock.Siblings { return s.Latest(nil) }

// lostLine returns the line on acknowledged versions of the key that last write wins lost, "" if
// there are none.
func (m *model) lostLine(a account) string {
	k := m.view.Key(a.key)
	if k == nil || len(k.Lost) == 0 {
		return ""
	}
	last := k.Lost[len(k.Lost)-1]
	line := "Last write wins lost " + clocks(vclock.Siblings{last}) + " " + value(last, maxLostValue)
	if more := len(k.Lost) - 1; more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	return line + " (§6)."
}

// agreed says whether every home holds the same siblings, with nothing under way
// that could change that.
func (m *model) agreed(a account) bool {
	return len(m.view.Groups) == 0 && len(a.stale) == 0 && a.blocking == ""
}

func lack(n int) string {
	if n == 1 {
		return "lacks"
	}
	return "lack"
}
