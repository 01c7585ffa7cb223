package inspect

import "slices"

// A graph is the layout of an ancestry. Versions stand in rows, ancestors above descendants. The
// versions of one coordinator stand in its lanes: one, or several where one lane would draw a line
// through a version that is not an ancestor.
type graph struct {
	lanes []string // the coordinator of each lane
	rows  []graphRow
}

// A graphRow is a row with a version, or with the lines between two versions.
type graphRow struct {
	version int    // index of the version; -1: lines only
	lane    int    // of the version
	cells   []cell // by lane
	gaps    []bool // a line runs between a lane and the next
}

// A cell is the lines that meet in one lane of a row.
type cell struct {
	pass        bool // a line passes from above to below
	up, down    bool // a line ends here, and comes from above or goes below
	left, right bool
}

// An edge leads from a parent to a child, which are indexes of versions.
type edge struct{ parent, child int }

// A layout is a graph that is being made.
type layout struct {
	coordinators []string
	parents      [][]int
	lanes        []string         // coordinator of each lane
	lane         []int            // of each version
	used         []map[int][]edge // by lane: place → the edges whose lines pass there
	late         map[edge]bool    // the line changes lanes above the child; else below the parent
}

// newGraph lays out versions. coordinators has the coordinator of each, and parents the indexes of
// its parents, which are less than its own. order lists the coordinators in the order of their
// lanes.
func newGraph(coordinators []string, parents [][]int, order []string) graph {
	l := &layout{coordinators: coordinators, parents: parents, late: map[edge]bool{}}
	for _, c := range order {
		l.addLane(len(l.lanes), c)
	}
	for i := range coordinators {
		l.place(i)
	}
	return l.graph()
}

func (l *layout) addLane(at int, coordinator string) {
	l.lanes = slices.Insert(l.lanes, at, coordinator)
	l.used = slices.Insert(l.used, at, map[int][]edge{})
	for i := range l.lane {
		if l.lane[i] >= at {
			l.lane[i]++
		}
	}
}

// place chooses a lane for the version i: one below a parent if there is one.
func (l *layout) place(i int) {
	best := -1
	for lane, c := range l.lanes {
		if c != l.coordinators[i] || !l.fits(i, lane) {
			continue
		}
		below := slices.ContainsFunc(l.parents[i], func(p int) bool { return l.lane[p] == lane })
		if best < 0 || below {
			best = lane
		}
		if below {
			break
		}
	}
	if best < 0 {
		best = 0
		for lane, c := range l.lanes {
			if c == l.coordinators[i] {
				best = lane + 1
			}
		}
		l.addLane(best, l.coordinators[i])
	}
	l.lane = append(l.lane, best)
	for _, p := range l.parents[i] {
		e := edge{p, i}
		lane := best
		if l.lane[p] != best && l.free(l.lane[p], e) {
			l.late[e] = true
			lane = l.lane[p]
		}
		for at := places*p + 1; at < places*i; at++ {
			l.used[lane][at] = append(l.used[lane][at], e)
		}
	}
}

// fits reports whether all lines to the version i can be drawn if it stands in a lane. Two versions
// one below the other look as if a line joined them, so the upper one must be a parent.
func (l *layout) fits(i, lane int) bool {
	if i > 0 && l.lane[i-1] == lane && !slices.Contains(l.parents[i], i-1) {
		return false
	}
	for _, p := range l.parents[i] {
		e := edge{p, i}
		if !l.free(lane, e) && (l.lane[p] == lane || !l.free(l.lane[p], e)) {
			return false
		}
	}
	return true
}

// places is how many rows a version may have: its own, one with lines that change lanes below it,
// and one with lines that change lanes above the next version.
const places = 3

// free reports whether the line of an edge can pass a lane between its ends. Lines may share a
// place if all of them have one parent, or all have one child.
func (l *layout) free(lane int, e edge) bool {
	for at := places*e.parent + 1; at < places*e.child; at++ {
		if row := at / places; at%places == 0 && row < len(l.lane) && l.lane[row] == lane {
			return false
		}
		others := l.used[lane][at]
		if slices.ContainsFunc(others, func(o edge) bool { return o.parent != e.parent }) &&
			slices.ContainsFunc(others, func(o edge) bool { return o.child != e.child }) {
			return false
		}
	}
	return true
}

// graph returns the rows.
func (l *layout) graph() graph {
	g := graph{lanes: l.lanes}
	for i := range l.lane {
		if into := l.lines(i, true); len(into) > 0 {
			g.rows = append(g.rows, l.between(i, into))
		}
		row := graphRow{version: i, lane: l.lane[i], cells: l.passing(i), gaps: make([]bool, len(l.lanes))}
		g.rows = append(g.rows, row)
		if out := l.lines(i, false); len(out) > 0 {
			g.rows = append(g.rows, l.between(i+1, out))
		}
	}
	return g
}

// lines returns the edges that change lanes above the version i, or below it.
func (l *layout) lines(i int, above bool) []edge {
	var out []edge
	for c, parents := range l.parents {
		for _, p := range parents {
			e := edge{p, c}
			if l.lane[p] == l.lane[c] || l.late[e] != above {
				continue
			}
			if above && c == i || !above && p == i {
				out = append(out, e)
			}
		}
	}
	return out
}

// passing returns the cells of the row of version i.
func (l *layout) passing(i int) []cell {
	cells := make([]cell, len(l.lanes))
	for lane := range l.lanes {
		cells[lane].pass = len(l.used[lane][places*i]) > 0
	}
	return cells
}

// between returns the row with the lines of edges that share an end, above the version i.
func (l *layout) between(i int, edges []edge) graphRow {
	row := graphRow{version: -1, cells: make([]cell, len(l.lanes)), gaps: make([]bool, len(l.lanes))}
	for lane := range l.lanes {
		row.cells[lane].pass = l.passes(lane, i, edges)
	}
	for _, e := range edges {
		from, to := l.lane[e.parent], l.lane[e.child]
		row.cells[from].up, row.cells[to].down = true, true
		for lane := min(from, to); lane < max(from, to); lane++ {
			row.cells[lane].right, row.cells[lane+1].left, row.gaps[lane] = true, true, true
		}
	}
	return row
}

// passes reports whether a line other than those of edges passes a lane above the version i.
func (l *layout) passes(lane, i int, edges []edge) bool {
	for c, parents := range l.parents {
		for _, p := range parents {
			e := edge{p, c}
			if p >= i || c < i || slices.Contains(edges, e) {
				continue
			}
			at := l.lane[c]
			if l.late[e] {
				at = l.lane[p]
			}
			if at == lane {
				return true
			}
		}
	}
	return false
}
