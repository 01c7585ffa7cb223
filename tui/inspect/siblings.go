package inspect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/cli/verbs/cart"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/tui/canvas"
	"ringside/tui/panes"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// maxValue bounds the characters of a value in a sentence.
const maxValue = 40

// clock returns a time since 1970 as the time of day to the second, "" for no time.
func clock(t time.Duration, s *state.State) string {
	if t == 0 {
		return ""
	}
	return time.Unix(0, int64(t)).In(s.Zone).Format("15:04:05")
}

// drawSiblings draws the versions that a get returns, what their context covers, how a client makes
// one of them, and what last write wins would lose.
func (f *frame) drawSiblings(c *canvas.Canvas, focused bool) {
	note := render.Count(f.Siblings(), "version")
	if f.Siblings() > 1 {
		note = fmt.Sprintf("%s %d", f.th.Concurrent, f.Siblings())
	}
	c.Box("Siblings and how to reconcile them", note, focused)
	at := f.selected(f.m)
	var rows []panes.Row
	if len(f.Heads) == 0 {
		rows = append(rows, panes.Text(0, theme.Dim, "nothing stored under this key yet"))
	}
	selected := 0
	for i := range f.Heads { // in the order in which a get shows them
		here := f.find(f.Heads[i].Dot)
		if here == at {
			selected = i
		}
		rows = append(rows, panes.Row{Item: i, Draw: func(c *canvas.Canvas, y int) {
			f.drawSibling(c, y, &f.versions[here])
			if focused && here == at {
				c.Highlight(0, y, c.W)
			}
		}})
	}
	for _, t := range slices.Concat(f.reconciling(), f.contexts()) {
		for i, text := range c.Wrap(t.text, c.W-4-indent) {
			rows = append(rows, panes.Text(len(f.Heads), t.st, c.Pad("", min(i, 1)*indent)+text))
		}
	}
	panes.List(c, panes.Space{}, rows, selected)
}

// indent is how far the further lines of a sentence are indented.
const indent = 2

// A sentence is a text in one style, which may take several lines.
type sentence struct {
	st   theme.Style
	text string
}

// drawSibling draws a version that a get returns, with the number that  resolve --pick  takes.
func (f *frame) drawSibling(c *canvas.Canvas, y int, v *version) {
	st, number := f.styleOf(v), "-"
	for i, live := range f.Heads.Live() {
		if live.Dot == v.Dot {
			number = strconv.Itoa(i + 1)
		}
	}
	x := c.Put(0, y, theme.Dim, c.Pad(number, len(strconv.Itoa(len(f.Heads))))) + 1
	x = c.Put(x, y, st|theme.Bold, c.Pad(v.label(), 3)) + 1
	x = c.PutMax(x, y, c.W, theme.Dim, "via ") // the coordinator
	x = c.PutMax(x, y, c.W, theme.Node(f.state.Index(v.Dot.Node))|theme.Bold, state.Name(v.Dot.Node)) + 1
	if at := clock(time.Duration(v.Time), f.state); at != "" {
		x = c.PutMax(x, y, c.W, theme.Dim, at) + 1
	}
	c.PutMax(x, y, c.W, st, render.Value(v.Version, max(c.W-x, 1)))
}

// reconciling returns what last write wins would lose or loses, and how a client reconciles.
func (f *frame) reconciling() []sentence {
	n := f.Siblings()
	if len(f.Heads) < 2 {
		if len(f.Heads) == 1 {
			return []sentence{{theme.Good, "one version: there is nothing to reconcile"}}
		}
		return nil
	}
	keep := f.Heads.Latest(nil)
	var lose vclock.Siblings
	for _, v := range f.Heads {
		if v.Dot != keep[0].Dot {
			lose = append(lose, v)
		}
	}
	lost := f.labelsAndValues(lose)
	if f.lww() {
		text := f.th.No + " last write wins keeps " + f.labels(keep) + " and LOSES " + lost
		return []sentence{{theme.Bad | theme.Bold, text}}
	}
	var out []sentence
	if n > 1 && f.m.desk.State.Playback == nil {
		union, _ := f.union()
		if union == "" {
			union = "no merge of these values is known here"
		}
		out = append(out, sentence{theme.Accent, "u  union: " + union},
			sentence{theme.Accent, "o  keep only the selected one    e  edit it"})
	}
	return append(out, sentence{theme.Bad, f.th.No + " last write wins would keep " + f.labels(keep) +
		" and lose " + lost + ", and tell no client"})
}

// labelsAndValues names versions with their values, the first few.
func (f *frame) labelsAndValues(s vclock.Siblings) string {
	var parts []string
	for i, v := range s {
		if i == maxLabels {
			parts = append(parts, fmt.Sprintf("%d more", len(s)-i))
			break
		}
		parts = append(parts, f.labels(s[i:i+1])+" "+render.Value(v, maxValue))
	}
	return strings.Join(parts, ", ")
}

// contexts says what the context of a get now would cover, and what the latest context does.
func (f *frame) contexts() []sentence {
	switch {
	case len(f.Heads) == 0:
		return nil
	case f.lww():
		return []sentence{{theme.Dim, "under last write wins the later time wins, whatever a writer had seen (§6)"}}
	}
	them := "it"
	if len(f.Heads) > 1 {
		them = "them"
	}
	out := []sentence{{theme.Plain, "a get of all replicas gives the context " +
		escape.Terminal([]byte(f.Heads.Context().String())) + ", which covers " + f.few(f.Heads) +
		": a put with it replaces " + them}}
	g := f.given
	if g == nil {
		return out
	}
	covers, misses := f.covered(g.clock)
	st, text := theme.Dim, fmt.Sprintf("the %s via %s at %s gave one that covers %s",
		escape.TerminalShort([]byte(g.Op), maxOp), state.Name(g.Node), clock(g.Time, f.state), f.few(covers))
	if len(misses) > 0 {
		st = theme.Warn
		text += " and not " + f.few(misses) + ": a put with it would stay beside " + f.few(misses)
	}
	return append(out, sentence{st, text})
}

// few names versions, the first few if they are many.
func (f *frame) few(s vclock.Siblings) string {
	const most = 8
	if len(s) <= most {
		return f.labels(s)
	}
	return fmt.Sprintf("%s and %d more", f.labels(s[:most]), len(s)-most)
}

// whole reports whether the view has the whole value of a version: events cut long ones.
func whole(v vclock.Version) bool {
	return len(v.Value) <= event.PreviewLen && !v.Deleted
}

// union returns the value that  resolve --union  or  resolve --or-set  would write, and the flag.
// It returns "" if the values do not merge, or the view does not have all of them.
func (f *frame) union() (value, flag string) {
	live := f.Heads.Live()
	sets := 0
	for _, v := range live {
		if !whole(v) {
			return "", ""
		}
		if cart.IsSet(v.Value) {
			sets++
		}
	}
	switch {
	case len(live) == 0 || sets > 0 && sets < len(live):
		return "", ""
	case sets > 0:
		var all cart.Set
		for _, v := range live {
			s, err := cart.ParseSet(v.Value)
			if err != nil {
				return "", ""
			}
			all = all.Merge(s)
		}
		return escape.TerminalShort(all.Encode(), maxUnion), "--or-set"
	}
	all := cart.ParseList(live[0].Value)
	for _, v := range live[1:] {
		all = all.Merge(cart.ParseList(v.Value))
	}
	return escape.TerminalShort(all.Encode(), maxUnion), "--union"
}

// maxOp bounds the characters of an operation.
const maxOp = 4

// maxUnion bounds the characters of the union in sight.
const maxUnion = 120
