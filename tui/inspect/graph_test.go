package inspect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// picture returns a graph as text, two columns a lane.
func picture(g graph) string {
	var b strings.Builder
	for _, r := range g.rows {
		line := ""
		for lane, c := range r.cells {
			s := c.sign()
			switch {
			case r.version >= 0 && lane == r.lane:
				s = fmt.Sprint(r.version)
			case s == "":
				s = " "
			}
			line += s
			if r.gaps[lane] {
				line += "─"
			} else {
				line += " "
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func TestGraph(t *testing.T) {
	for _, c := range []struct {
		name         string
		coordinators string
		parents      [][]int
		want         string
	}{
		{"a fork and a join", "aba", [][]int{nil, {0}, {0, 1}}, "0\n├─╮\n│ 1\n├─╯\n2\n"},
		{"siblings of one node", "aaa", [][]int{nil, {0}, {0}}, "0\n├─╮\n1 │\n  2\n"},
		{"no ancestor in common", "ab", [][]int{nil, nil}, "0\n  1\n"},
		{"a line crosses another", "abc", [][]int{nil, nil, {0}}, "0\n│ 1\n╰───╮\n    2\n"},
		{"a line passes in front", "abac", [][]int{nil, nil, {0}, {0, 1}}, "0\n├───╮\n│ 1 │\n2 │ │\n  ╰─┤\n    3\n"},
	} {
		g := newGraph(strings.Split(c.coordinators, ""), c.parents, []string{"a", "b", "c"}[:strings.Count("abc", "")-1])
		if got := picture(g); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// follow follows the lines of a graph down, and returns which versions they lead to which.
func follow(t *rapid.T, g graph) [][]int {
	var parents [][]int
	carried := make([][]int, len(g.lanes)) // the versions whose lines pass each lane
	for _, r := range g.rows {
		if r.version >= 0 {
			if r.version != len(parents) {
				t.Fatalf("version %d is in row %d of versions", r.version, len(parents))
			}
			parents = append(parents, carried[r.lane])
			for lane := range carried {
				if !r.cells[lane].pass {
					carried[lane] = nil
				}
			}
			carried[r.lane] = []int{r.version}
			continue
		}
		next := make([][]int, len(carried))
		for from := 0; from < len(carried); {
			to := from
			for r.gaps[to] {
				to++
			}
			var joined []int
			for lane := from; lane <= to; lane++ {
				if r.cells[lane].up {
					joined = append(joined, carried[lane]...)
				}
				if r.cells[lane].pass {
					next[lane] = append(next[lane], carried[lane]...)
				}
			}
			for lane := from; lane <= to; lane++ {
				if r.cells[lane].down {
					next[lane] = append(next[lane], joined...)
				}
			}
			from = to + 1
		}
		carried = next
	}
	for i := range parents {
		slices.Sort(parents[i])
		parents[i] = slices.Compact(parents[i])
	}
	return parents
}

// The lines of a graph lead from each version's parents to the version, and from no other version.
func TestLinesAreTheAncestry(t *testing.T) {
	nodes := []string{"a", "b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 10).Draw(t, "versions")
		var coordinators []string
		parents := make([][]int, n)
		for i := range n {
			coordinators = append(coordinators, rapid.SampledFrom(nodes).Draw(t, "coordinator"))
			for p := range i {
				if rapid.IntRange(0, 2).Draw(t, "parent") == 0 {
					parents[i] = append(parents[i], p)
				}
			}
		}
		g := newGraph(coordinators, parents, nodes)
		for i, got := range follow(t, g) {
			if !slices.Equal(got, parents[i]) {
				t.Fatalf("the lines lead from %v to %d, which descends from %v:\n%s", got, i, parents[i], picture(g))
			}
		}
		for _, r := range g.rows {
			if r.version >= 0 && g.lanes[r.lane] != coordinators[r.version] {
				t.Fatalf("version %d is in a lane of %s", r.version, g.lanes[r.lane])
			}
		}
	})
}
