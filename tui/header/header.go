package header

import (
	"slices"
	"strconv"
	"strings"

	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/settings"
	"ringside/tui/canvas"
	"ringside/tui/feed"
	"ringside/tui/refresh"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// A segment is one part of the title line. Where room is short, the segments of the highest rank
// are shortened first, to their short text. Those from rankLoad on are then left out.
type segment struct {
	rank        int
	st          theme.Style
	text, short string
}

// Ranks of segments. Segments of rankMust keep their text.
const (
	rankMust     = 0
	rankLost     = 1
	rankSplit    = 2
	rankTimeline = 3
	rankCounts   = 4
	rankSettings = 5
	rankFaults   = 6
	rankLoad     = 7
	rankLatency  = 8
)

const separator = " │ "

// Draw draws the title line of s. status is the state of the connection.
func Draw(c *canvas.Canvas, s *state.State, status refresh.Status) {
	h := &header{s, c.Theme, status}
	put(c, h.segments())
}

// DrawSide draws the title line of s where s is one of two recordings in sight. Their time has a
// line of its own. The last column stays blank.
func DrawSide(c *canvas.Canvas, s *state.State, status refresh.Status, title string) {
	h := &header{s, c.Theme, status}
	segs := append([]segment{{rankMust, theme.Accent | theme.Bold, title, ""}}, h.link()...)
	if s.Playback != nil {
		if _, over, st := s.Playback.Progress().Text(); over != "" {
			segs = append(segs, segment{rankLost, st, over, "END"})
		}
	}
	if s.View.Ring != nil {
		segs = append(append(segs, h.faults()...), h.counts()...)
	}
	line := canvas.New(c.Theme, c.W-1, 1)
	put(line, segs)
	c.Paste(0, 0, line)
}

// put draws segments, shortened as far as there is no room.
func put(c *canvas.Canvas, segs []segment) {
	segs = fit(c, segs)
	x := 1
	for i, s := range segs {
		if s.text == "" {
			continue
		}
		if i > 0 {
			x = c.Put(x, 0, theme.Dim, separator)
		}
		x = c.Put(x, 0, s.st, s.text)
	}
}

// fit shortens segments until they fit, as far as they can be shortened.
func fit(c *canvas.Canvas, segs []segment) []segment {
	for rank := rankLatency; rank > rankMust && width(c, segs) > c.W; rank-- {
		for i, s := range segs {
			if s.rank == rank && width(c, segs) > c.W {
				segs[i].text = s.short
			}
		}
	}
	for i, s := range segs {
		if s.rank >= rankLoad && width(c, segs) > c.W {
			segs[i].text = ""
		}
	}
	return segs
}

func width(c *canvas.Canvas, segs []segment) int {
	w := 1
	for i, s := range segs {
		if s.text == "" {
			continue
		}
		if i > 0 {
			w += c.Width(separator)
		}
		w += c.Width(s.text)
	}
	return w
}

// A header is one drawing of the title line.
type header struct {
	state  *state.State
	th     *theme.Theme
	status refresh.Status
}

// segments returns the parts of the title line in their order.
func (h *header) segments() []segment {
	v := h.state.View
	title := "ringside"
	if v.Settings.Name != "" {
		title += " ▸ " + escape.TerminalShort([]byte(v.Settings.Name), 16)
	}
	out := append([]segment{{rankMust, theme.Accent | theme.Bold, title, ""}}, h.connection()...)
	if v.Ring == nil {
		return out
	}
	out = append(append(out, h.settings()), h.faults()...)
	if h.status.Link == feed.Lost { // the load is not known, and the reason needs the room
		return out
	}
	return append(append(append(out, h.load()...), h.sampled()...), h.counts()...)
}

// connection returns what the line says of the screens' connection to the cluster, and of the time
// of a recording.
func (h *header) connection() []segment {
	out := h.link()
	if p := h.state.Playback; p != nil {
		text, short, st := p.Progress().Text()
		out = append(out, segment{rankMust, st, text, short})
		if line, count := p.Progress().Timeline(); line != "" {
			out = append(out, segment{rankTimeline, theme.Plain, line, count})
		}
	}
	return append(out, h.shown()...)
}

// link returns what the line says of the link to the cluster.
func (h *header) link() (out []segment) {
	switch h.status.Link {
	case feed.Connecting:
		out = append(out, segment{rankMust, theme.Dim, "connecting…", ""})
	case feed.Lost:
		text := h.th.No + " the cluster does not answer"
		why := ""
		if h.status.Err != nil {
			why = ": " + escape.TerminalShort([]byte(h.status.Err.Error()), 48)
		}
		out = append(out, segment{rankLost, theme.Bad | theme.Bold | theme.Reverse, text + why + " · retrying", text})
	}
	return out
}

// shown returns what the line says of events that are not shown.
func (h *header) shown() (out []segment) {
	if h.status.Paused {
		text := "PAUSED +" + strconv.Itoa(h.status.Pending) + " (space)"
		out = append(out, segment{rankMust, theme.Warn | theme.Bold | theme.Reverse, text, ""})
	}
	if n := h.status.Missed; n > 0 {
		out = append(out, segment{rankMust, theme.Bad, "missed " + render.Count(n, "event"), ""})
	}
	return out
}

func (h *header) settings() segment {
	s := h.state.View.Settings
	quorum := "N" + strconv.Itoa(s.N) + " R" + strconv.Itoa(s.R) + " W" + strconv.Itoa(s.W) + " sloppy"
	if s.Strict {
		quorum = strings.TrimSuffix(quorum, "sloppy") + "strict"
	}
	return segment{rankSettings, theme.Plain, quorum + " · " + escape.TerminalShort([]byte(s.Versioning()), 40), quorum}
}

// Up to so many nodes of a side of a split are named: with room for it, and without.
const (
	maxNamed      = 6
	maxNamedShort = 3
)

func (h *header) faults() (out []segment) {
	v := h.state.View
	if len(v.Groups) > 0 {
		cut, since := h.th.Cut+" ", " "+render.Age(h.state.Now()-v.SplitAt)
		if v.OneWay {
			since = " one-way" + since
		}
		out = append(out, segment{rankSplit, theme.Bad | theme.Bold,
			cut + "PARTITION " + sides(v.Groups, maxNamed) + since, cut + sides(v.Groups, maxNamedShort) + since})
	}
	if n := len(v.Slow); n > 0 {
		sign := h.th.Slow
		out = append(out, segment{rankFaults, theme.Warn, sign + " slow " + links(v.Slow), sign + strconv.Itoa(n)})
	}
	if n := len(v.Loss); n > 0 {
		sign := h.th.Loss
		out = append(out, segment{rankFaults, theme.Warn, sign + " loss " + links(v.Loss), sign + strconv.Itoa(n)})
	}
	return out
}

// sides returns the sides of a split: "{n1 n2}│{n3 n4 n5}". A side of more than limit nodes is
// counted instead. The braces part the sides from the segments of the line.
func sides(groups [][]string, limit int) string {
	out := make([]string, len(groups))
	for i, g := range groups {
		names := make([]string, len(g))
		for j, n := range g {
			names[j] = state.Name(n)
		}
		out[i] = "{" + strings.Join(names, " ") + "}"
		if len(g) > limit {
			out[i] = render.Side(i) + " " + render.Count(len(g), "node")
		}
	}
	return strings.Join(out, "│")
}

// links names one or two links, and counts more.
func links[V any](faults map[string]V) string {
	if len(faults) > 2 {
		return render.Count(len(faults), "link")
	}
	var out []string
	for l := range faults {
		out = append(out, escape.TerminalShort([]byte(l), 20))
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// sparkSeconds is how far back the sparkline goes.
const sparkSeconds = 8

// load returns the requests a second and their latency.
func (h *header) load() []segment {
	v := h.state.View
	rates := v.Ops.Last(h.state.Now(), sparkSeconds)
	ops := strconv.Itoa(rates[len(rates)-1]) + " op/s"
	out := []segment{{rankLoad, theme.Plain, ops + " " + h.th.Sparkline(rates, slices.Max(rates)), ops}}
	if p99 := v.Percentile(0.99); p99 > 0 {
		out = append(out, segment{rankLatency, theme.Plain, "p99 " + render.Duration(p99), ""})
	}
	return out
}

// sampled says that the screen shows a part of what happens, nothing if it shows all.
func (h *header) sampled() []segment {
	all, shown := h.state.View.Sampled.Last(h.state.Now())
	if all == 0 {
		return nil
	}
	one := strconv.Itoa((all + shown/2) / max(shown, 1))
	return []segment{{rankFaults, theme.Dim, render.About(all) + " events/s, 1 of " + one + " shown", "sample 1:" + one}}
}

// counts returns what has piled up: hints, deferred background work, buffered and lost versions.
func (h *header) counts() []segment {
	v, st := h.state.View, theme.Dim
	if v.Hints() > 0 {
		st = theme.Hint | theme.Bold
	}
	hints := "hints " + strconv.Itoa(v.Hints())
	out := []segment{{rankCounts, st, h.th.Hint + " " + hints, hints}}
	if s := v.Slice(); s < 1 { // clients wait too long, so background work is held back
		text := render.Percent(100*s, 2)
		out = append(out, segment{rankFaults, theme.Warn, "background " + text, "bg " + text})
	}
	if v.Settings.Buffer > 0 { // a crash now would lose these
		st, n := theme.Dim, strconv.Itoa(v.Buffered())
		if v.Buffered() > 0 {
			st = theme.Warn
		}
		out = append(out, segment{rankCounts, st, "in memory only " + n, "mem " + n})
	}
	if v.Settings.Mode == settings.ModeLWW {
		n := strconv.Itoa(v.Lost())
		out = append(out, segment{rankCounts, theme.Bad, "lost to LWW " + n, "lost " + n})
	}
	return out
}
