package tui

import (
	"io"
	"strings"

	"github.com/muesli/termenv"

	"ringside/tui/canvas"
	"ringside/tui/futures"
	"ringside/tui/theme"
)

// The rows that a duo takes from its two models: facts at the top, and the key line.
const (
	duoRows      = futures.Rows + 1
	minDuoHeight = minHeight + duoRows
)

// roomForBoth reports whether both futures fit side by side.
func (d *duo) roomForBoth() bool { return d.w >= 2*minWidth }

// both reports whether both futures are in sight. The help needs the whole width.
func (d *duo) both() bool {
	return d.roomForBoth() && !d.alone && !d.sides[d.front].help.Open()
}

// place gives each model its size.
func (d *duo) place() {
	widths := [2]int{d.w, d.w}
	if d.both() {
		widths = [2]int{d.w / 2, d.w - d.w/2}
	}
	for i, m := range d.sides {
		if h := d.h - duoRows; m.w != widths[i] || m.h != h {
			m.w, m.h, m.stale = widths[i], h, true
		}
		m.half = d.title(i)
	}
}

// title returns the title of a side. A side that has the screen says so.
func (d *duo) title(side int) string {
	title := d.fork.Titles[side]
	if !d.both() {
		title += " (f: " + d.fork.Titles[1-side] + ")"
	}
	return title
}

// View implements tea.Model.
func (d *duo) View() string {
	if d.w < minWidth || d.h < minDuoHeight {
		s := screen{th: d.th, w: d.w, h: d.h}
		return s.tooSmall(minDuoHeight)
	}
	return strings.Join(d.rows(d.th, func(m *model) []string { return strings.Split(m.View(), "\n") }), "\n")
}

// rows returns the rows of the screen, of which draw returns those of a model.
func (d *duo) rows(th *theme.Theme, draw func(*model) []string) []string {
	top := canvas.New(th, d.w, futures.Rows)
	d.facts.Draw(top, d.progress())
	out := top.Lines()
	switch {
	case d.facts.Open():
		list := canvas.New(th, d.w, d.h-duoRows)
		d.facts.DrawList(list)
		out = append(out, list.Lines()...)
	case d.both():
		left, right := draw(d.sides[0]), draw(d.sides[1])
		for i := range left {
			out = append(out, left[i]+right[i])
		}
	default:
		out = append(out, draw(d.sides[d.front])...)
	}
	keys := canvas.New(th, d.w, 1)
	front := d.sides[d.front]
	append(front.ownKeys(), front.keys...).DrawLine(keys, front.focus == promptPane, front.enterDoes())
	return append(out, keys.Lines()...)
}

// picture returns the rows of the screen, with colours whatever the terminal shows.
func (d *duo) picture() []string {
	th := theme.New(io.Discard, d.sides[0].o.ASCII, false)
	th.SetProfile(termenv.TrueColor)
	return d.rows(th, picture)
}
