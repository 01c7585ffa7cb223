package keycard

import (
	"fmt"

	"ringside/cli/render"
	"ringside/engine/vclock"
	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// maxLanes is how many versions one step of the ancestry shows side by side.
const maxLanes = 4

// ancestry returns the rows of the last step of the version history, as in the paper's Figure 3: a
// fork where siblings share an ancestor, or a join where a version reconciles siblings. A key with
// one version and no known past has no rows.
func (d *card) ancestry() []row {
	switch {
	case len(d.Heads) == 0 || len(d.Heads) > maxLanes:
		return nil
	case len(d.Heads) > 1:
		return d.fork()
	}
	parents := d.Parents(d.Heads[0])
	if len(parents) == 0 || len(parents) > maxLanes {
		return nil
	}
	return d.join(parents, d.Heads[0])
}

// root returns the clock of the ancestor that the siblings share.
func (d *card) root() string {
	if shared := d.CommonAncestor(); len(shared) > 0 {
		return shared.String()
	}
	return "{}"
}

// armWidth is the width of the arms of a fork around the rows of versions.
const armWidth = 2

// forkVerdict returns how many versions the fork has, and what they descend from.
func (d *card) forkVerdict() string {
	return fmt.Sprintf("%s %d concurrent, from %s", d.th.Concurrent, len(d.Heads), d.root())
}

// fork returns the rows with the ancestor that the siblings share, and a branch to each sibling.
func (d *card) fork() []row {
	var rows []row
	for i, v := range d.Heads {
		arm := "─┬─▸ "
		switch {
		case i == len(d.Heads)-1:
			arm = " └─▸ "
		case i > 0:
			arm = " ├─▸ "
		}
		rows = append(rows, row{rank: rankAncestry, fork: true, draw: func(c *canvas.Canvas, y int) {
			if i == 0 {
				c.Put(2, y, theme.Plain, d.root())
			}
			x := c.Put(3+c.Width(d.root()), y, theme.Dim, arm)
			drawLeaf(c, x, y, theme.Concurrent, v)
		}})
	}
	return rows
}

// join returns the rows with the versions that v came from, and v.
func (d *card) join(parents vclock.Siblings, v vclock.Version) []row {
	widest := 0
	for _, p := range parents {
		widest = max(widest, len(render.Clock(p)))
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
		rows = append(rows, row{rank: rankAncestry, draw: func(c *canvas.Canvas, y int) {
			c.Put(2, y, theme.Dim, render.Clock(p))
			x := c.Put(3+widest, y, theme.Dim, arm)
			if i == len(parents)-1 {
				drawLeaf(c, x, y, theme.Plain, v)
			}
		}})
	}
	return rows
}

// drawLeaf draws a version at the end of a branch: its clock and its value.
func drawLeaf(c *canvas.Canvas, x, y int, st theme.Style, v vclock.Version) {
	x = c.Put(x, y, st|theme.Bold, render.Clock(v))
	c.Put(x+2, y, st, render.Value(v, c.W-x-2))
}
