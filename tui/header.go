package tui

import (
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/key"

	"ringside/engine/escape"
	"ringside/engine/settings"
	"ringside/engine/view"
)

// A segment of the title line. Where room is short, the one with the highest
// rank gives way first: to its short form, then altogether.
type segment struct {
	rank        int
	st          style
	text, short string
}

// rankLoad is the rank from which a segment gives way altogether.
const rankLoad = 7

// drawHeader draws the title line: the cluster, its split, its load.
func (m *model) drawHeader(c *canvas) {
	segs := m.segments()
	for drop := 9; drop > 0 && width(c, segs) > c.w; drop-- {
		for i, s := range segs {
			if s.rank == drop && width(c, segs) > c.w {
				segs[i].text = s.short
			}
		}
	}
	for i, s := range segs {
		if s.rank >= rankLoad && width(c, segs) > c.w {
			segs[i].text = ""
		}
	}
	x := 1
	for i, s := range segs {
		if s.text == "" {
			continue
		}
		if i > 0 {
			x = c.put(x, 0, dim, " │ ")
		}
		x = c.put(x, 0, s.st, s.text)
	}
}

func width(c *canvas, segs []segment) int {
	w := 1
	for i, s := range segs {
		if s.text == "" {
			continue
		}
		if i > 0 {
			w += c.width(" │ ")
		}
		w += c.width(s.text)
	}
	return w
}

// segments are the parts of the title line, in their order.
func (m *model) segments() []segment {
	v := m.view
	title := "ringside"
	if v.Settings.Name != "" {
		title += " ▸ " + escape.TerminalShort([]byte(v.Settings.Name), 16)
	}
	out := []segment{{0, accent | bold, title, ""}}
	if s := m.linkSegment(); s.text != "" {
		out = append(out, s)
	}
	if p := m.playback(); p != nil {
		out = append(out, playbackSegment(p.Progress()))
	}
	if m.paused {
		out = append(out, segment{0, warn | bold | reverse, "PAUSED +" + strconv.Itoa(m.feed.pending()) + " (space)", ""})
	}
	if m.missed > 0 && m.clock().Sub(m.missedAt) < missedShown {
		out = append(out, segment{0, bad, "missed " + plural(m.missed, "event"), ""})
	}
	if v.Ring == nil {
		return out
	}
	s := v.Settings
	quorum := "N" + strconv.Itoa(s.N) + " R" + strconv.Itoa(s.R) + " W" + strconv.Itoa(s.W)
	kind := "sloppy"
	if s.Strict {
		kind = "strict"
	}
	out = append(out, segment{5, plain, quorum + " " + kind + " · " + escape.TerminalShort([]byte(s.Versioning()), 40), quorum + " " + kind})
	out = append(out, m.faultSegments()...)
	if m.link == lost { // the load is not known, and the reason needs the room
		return out
	}
	return append(out, m.loadSegments()...)
}

// linkSegment says how the screen stands with the cluster, if not well.
func (m *model) linkSegment() segment {
	switch m.link {
	case connecting:
		return segment{0, dim, "connecting…", ""}
	case lost:
		text := "the cluster does not answer"
		why := ""
		if m.linkErr != nil {
			why = ": " + escape.TerminalShort([]byte(m.linkErr.Error()), 48)
		}
		return segment{1, bad | bold | reverse, m.th.no + " " + text + why + " · retrying", m.th.no + " " + text}
	}
	return segment{}
}

// sideNodes is how many nodes of a side are named rather than counted.
const sideNodes = 6

func (m *model) faultSegments() []segment {
	v := m.view
	var out []segment
	if len(v.Groups) > 0 {
		cut, since := m.th.cut+" ", " "+age(m.now()-v.SplitAt)
		if v.OneWay {
			since = " one-way" + since
		}
		out = append(out, segment{2, bad | bold, cut + "PARTITION " + groups(v.Groups, sideNodes) + since, cut + groups(v.Groups, 3) + since})
	}
	if n := len(v.Slow); n > 0 {
		out = append(out, segment{6, warn, m.th.slow + " slow " + joinKeys(v.Slow), m.th.slow + strconv.Itoa(n)})
	}
	if n := len(v.Loss); n > 0 {
		out = append(out, segment{6, warn, m.th.loss + " loss " + joinKeys(v.Loss), m.th.loss + strconv.Itoa(n)})
	}
	return out
}

func joinKeys[V any](links map[string]V) string {
	var out []string
	for l := range links {
		out = append(out, escape.TerminalShort([]byte(l), 2*maxName))
	}
	if len(out) > 2 {
		return plural(len(out), "link")
	}
	if len(out) == 2 && out[0] > out[1] {
		out[0], out[1] = out[1], out[0]
	}
	return strings.Join(out, " ")
}

// sparkSeconds is how far back the title's sparkline goes.
const sparkSeconds = 8

func (m *model) loadSegments() []segment {
	v := m.view
	rates := v.Ops.Last(m.now(), sparkSeconds)
	per := rates[len(rates)-1]
	ops := strconv.Itoa(per) + " op/s"
	out := []segment{{rankLoad, plain, ops + " " + m.th.sparkline(rates, slices.Max(rates)), ops}}
	if p99 := v.Percentile(0.99); p99 > 0 {
		out = append(out, segment{8, plain, "p99 " + elapsed(p99), ""})
	}
	st := dim
	if v.Hints() > 0 {
		st = hint | bold
	}
	out = append(out, segment{4, st, m.th.glyphs.hint + " hints " + strconv.Itoa(v.Hints()), "hints " + strconv.Itoa(v.Hints())})
	if s := v.Slice(); s < 1 { // clients wait too long for anything else to go on
		text := strconv.FormatFloat(100*s, 'g', 2, 64) + "%"
		out = append(out, segment{6, warn, "background " + text, "bg " + text})
	}
	if v.Settings.Buffer > 0 { // what a crash would take now
		st, n := dim, strconv.Itoa(v.Buffered())
		if v.Buffered() > 0 {
			st = warn
		}
		out = append(out, segment{4, st, "in memory only " + n, "mem " + n})
	}
	if v.Settings.Mode == settings.ModeLWW {
		out = append(out, segment{4, bad, "lost to LWW " + strconv.Itoa(v.Lost()), "lost " + strconv.Itoa(v.Lost())})
	}
	return out
}

// drawKeyLine draws the bindings in force, as many as there is room for.
func (m *model) drawKeyLine(c *canvas) {
	end := c.w - 1
	for _, b := range slices.Backward(m.bindings) {
		if h := b.Help(); b.line == pinned && m.holds(b) {
			end = c.putRight(end, 0, dim, h.Desc) - 1
			end = c.putRight(end, 0, accent, h.Key) - 2
		}
	}
	x := 1
	for _, b := range m.bindings {
		if b.line != inLine || !m.holds(b) {
			continue
		}
		h := m.lineHelp(b)
		if x+c.width(h.Key)+1+c.width(h.Desc) > end {
			break
		}
		x = c.put(x, 0, accent, h.Key)
		x = c.put(x+1, 0, dim, h.Desc) + 2
	}
}

// lineHelp is what the key line says of b; enter says what it would open.
func (m *model) lineHelp(b binding) key.Help {
	h := b.Help()
	if h.Key == "⏎" && m.focus == nodesPane && m.selected() != nil {
		h.Desc = "get via " + name(m.selected().Name)
		if m.playback() != nil {
			h.Desc = "inspect"
		} else if m.selected().Status != view.Up {
			h.Desc = "restart " + name(m.selected().Name)
		}
	}
	if h.Key == "⏎" && m.focus == logPane {
		h.Desc = "trace it"
	}
	return h
}
