package inspect

import (
	"strings"

	"ringside/cli/render"
	"ringside/engine/vclock"
	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// A difference is what two clocks say of one node's writes.
type difference struct {
	node        string          // with the epoch of its counter if the two clocks have several
	left, right string          // the writes that are covered, in the notation of a clock: 0, 2, .3, 1.3-4
	relation    vclock.Relation // of left to right
}

// differences compares two clocks node by node. Nodes for which they differ come first.
func differences(a, b vclock.Clock) []difference {
	all := a.Merge(b)
	var same, out []difference
	for i, e := range all {
		if i > 0 && all[i-1].Actor == e.Actor {
			continue
		}
		x, y := only(a, e.Actor), only(b, e.Actor)
		d := difference{all.Name(i), writes(x), writes(y), x.Compare(y)}
		if d.relation == vclock.Equal {
			same = append(same, d)
			continue
		}
		out = append(out, d)
	}
	return append(out, same...)
}

// only returns the entries of one actor.
func only(c vclock.Clock, a vclock.Actor) vclock.Clock {
	var out vclock.Clock
	for _, e := range c {
		if e.Actor == a {
			out = append(out, e)
		}
	}
	return out
}

// writes returns the writes that a clock of one actor covers, "0" if there is none.
func writes(c vclock.Clock) string {
	if len(c) == 0 {
		return "0"
	}
	_, events, _ := strings.Cut(strings.Trim(c.String(), "{}"), ":")
	return events
}

// signs stand between the writes of two versions.
var signs = map[vclock.Relation]string{
	vclock.Before: "<", vclock.After: ">", vclock.Equal: "=", vclock.Concurrent: "‖",
}

// maxDiffers is how many nodes a verdict names.
const maxDiffers = 6

// verdict returns how two versions relate, with the reason.
func verdict(left, right *version) (theme.Style, string) {
	all := differences(left.Clock(), right.Clock())
	var parts []string
	for _, d := range all {
		if d.relation != vclock.Equal {
			parts = append(parts, d.node+" "+d.left+signs[d.relation]+d.right)
		}
	}
	if more := len(parts) - maxDiffers; more > 0 {
		parts = append(parts[:maxDiffers], "...")
	}
	why := strings.Join(parts, ", ")
	relation := left.Compare(right.Version)
	if left.Clock().Compare(right.Clock()) != relation {
		why += "; dot and past decide"
	}
	switch relation {
	case vclock.Concurrent:
		return theme.Concurrent | theme.Bold, why + ", so concurrent"
	case vclock.After:
		return theme.Plain | theme.Bold, why + ", so " + left.label() + " descends from " + right.label()
	case vclock.Before:
		return theme.Plain | theme.Bold, why + ", so " + right.label() + " descends from " + left.label()
	}
	return theme.Warn, "each covers the other, so no cluster made them"
}

// drawClocks draws how the clocks of two versions differ.
func (f *frame) drawClocks(c *canvas.Canvas, focused bool) {
	i, j := f.selected(f.m), f.other(f.m)
	if j >= 0 && j < i {
		i, j = j, i
	}
	if j < 0 {
		c.Box("Clocks", "", focused)
		c.Put(2, 1, theme.Dim, "two versions are needed; a second one is not known")
		return
	}
	left, right := &f.versions[i], &f.versions[j]
	c.Box("Clocks of "+left.label()+" and "+right.label(), "⏎ compares another", focused)
	in := canvas.New(f.th, c.W-4, c.H-2)
	f.drawCounters(in, left, right)
	st, text := verdict(left, right)
	y := 3
	for _, l := range in.Wrap(text, in.W) {
		if y < in.H {
			in.Put(0, y, st, l)
		}
		y++
	}
	if y < in.H {
		in.Put(0, y+1, theme.Dim, f.meaning(left, right))
	}
	if y+3 < in.H {
		in.Put(0, y+3, theme.Dim, left.label()+" "+render.Clock(left.Version)+"  "+render.Value(left.Version, in.W))
		in.Put(0, y+4, theme.Dim, right.label()+" "+render.Clock(right.Version)+"  "+render.Value(right.Version, in.W))
	}
	c.Paste(2, 1, in)
}

// meaning says what a relation means for a client.
func (f *frame) meaning(left, right *version) string {
	switch relation := left.Compare(right.Version); {
	case relation == vclock.Concurrent && f.lww():
		return "neither writer had seen the other's version: last write wins keeps one (§6)"
	case relation == vclock.Concurrent:
		return "neither writer had seen the other's version: both stay (§4.4)"
	case relation == vclock.Equal:
		return ""
	}
	return "the writer of the later one had seen the earlier one, and replaced it (§4.4)"
}

// drawCounters draws a column for each node: the writes that each of the two versions covers.
func (f *frame) drawCounters(c *canvas.Canvas, left, right *version) {
	at := max(c.Width(left.label()), c.Width(right.label())) + 2
	c.Put(0, 1, f.styleOf(left)|theme.Bold, left.label())
	c.Put(0, 2, f.styleOf(right)|theme.Bold, right.label())
	all := differences(left.Clock(), right.Clock())
	for i, d := range all {
		name := render.Node(d.node)
		w := max(c.Width(name), c.Width(d.left), c.Width(d.right)) + 2
		if at+w > c.W-4 {
			c.Put(at, 0, theme.Dim, "+"+render.Count(len(all)-i, "node"))
			return
		}
		node, _, _ := strings.Cut(d.node, "~")
		c.Put(at, 0, theme.Node(f.state.Index(node))|theme.Bold, name)
		ahead := func(is vclock.Relation) theme.Style {
			if d.relation == is || d.relation == vclock.Concurrent {
				return theme.Accent | theme.Bold
			}
			return theme.Dim
		}
		c.Put(at, 1, ahead(vclock.After), d.left)
		c.Put(at, 2, ahead(vclock.Before), d.right)
		at += w
	}
}
