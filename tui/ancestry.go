package tui

import (
	"ringside/engine/vclock"
)

// maxLanes is how many versions one step of the ancestry shows side by side.
const maxLanes = 4

// ancestry draws the last step of the version history (Figure 3 of the paper):
// a fork where siblings share an ancestor, a join where a version reconciles
// siblings. Nothing is drawn for a key with one version and no known past.
func (m *model) ancestry(a account) []row {
	switch {
	case len(a.heads) == 0 || len(a.heads) > maxLanes:
		return nil
	case len(a.heads) > 1:
		return m.fork(a)
	}
	parents := a.parents(a.heads[0])
	if len(parents) == 0 || len(parents) > maxLanes {
		return nil
	}
	return m.join(a, parents, a.heads[0])
}

// fork draws the ancestor that the siblings share, and a branch to each.
func (m *model) fork(a account) []row {
	shared := a.heads[0].Past
	for _, v := range a.heads[1:] {
		shared = meet(shared, v.Past)
	}
	root := "{}"
	if len(shared) > 0 {
		root = shared.String()
	}
	var rows []row
	for i, v := range a.heads {
		arm := "─┬─▸ "
		switch {
		case i == len(a.heads)-1:
			arm = " └─▸ "
		case i > 0:
			arm = " ├─▸ "
		}
		rows = append(rows, row{rankAncestry, func(c *canvas, y int) {
			if i == 0 {
				c.put(2, y, plain, root)
			}
			x := c.put(3+c.width(root), y, dim, arm)
			m.drawLeaf(c, x, y, concurrent, v)
		}})
	}
	return rows
}

// join draws the versions that v came from, and v.
func (m *model) join(a account, parents vclock.Siblings, v vclock.Version) []row {
	widest := 0
	for _, p := range parents {
		widest = max(widest, len(notation(p)))
	}
	var rows []row
	for i, p := range parents {
		arm := "─┤"
		switch {
		case len(parents) == 1:
			arm = "──▸ "
		case i == len(parents)-1:
			arm = "─┴▸ "
		case i == 0:
			arm = "─┐"
		}
		rows = append(rows, row{rankAncestry, func(c *canvas, y int) {
			c.put(2, y, dim, notation(p))
			x := c.put(3+widest, y, dim, arm)
			if i == len(parents)-1 {
				m.drawLeaf(c, x, y, plain, v)
			}
		}})
	}
	return rows
}

// drawLeaf draws a version at the end of a branch: its clock and its value.
func (m *model) drawLeaf(c *canvas, x, y int, st style, v vclock.Version) {
	x = c.put(x, y, st|bold, notation(v))
	c.put(x+2, y, st, value(v, c.w-x-2))
}

// meet returns the events that both clocks cover.
func meet(a, b vclock.Clock) vclock.Clock {
	var out vclock.Clock
	for _, x := range a {
		for _, y := range b {
			x, from := x, max(x.From, y.From)
			if x.Actor == y.Actor && from < min(x.Counter, y.Counter) {
				x.From, x.Counter = from, min(x.Counter, y.Counter)
				out = append(out, x)
			}
		}
	}
	return out
}
