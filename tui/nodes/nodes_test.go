package nodes

import (
	"io"
	"slices"
	"strings"
	"testing"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// crowd returns the table of a cluster of so many nodes that run.
func crowd(nodes int) (*Model, *state.State) {
	s := state.New(nil, []byte("cart"))
	chosen := settings.Cluster{Nodes: settings.NodeNames(nodes), N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Strategy: 3, Q: 300}
	events := []event.Event{{Kind: event.Cluster, Settings: &chosen}}
	for _, n := range chosen.Nodes {
		events = append(events, event.Event{Kind: event.NodeUp, Node: n})
	}
	s.Apply(events)
	return New(s), s
}

func draw(m *Model, w, h int) []string {
	c := canvas.New(theme.New(io.Discard, false, true), w, h)
	m.Draw(c, true)
	return c.Lines()
}

// The homes of the shown key are in sight in a cluster that the table has no room for, whichever
// node is selected, as long as there are two rows more than the border.
func TestHomesAreInSight(t *testing.T) {
	for _, nodes := range []int{3, 5, 50, 100} {
		for _, h := range []int{6, 8, 12, 20} {
			m, s := crowd(nodes)
			for range nodes + 1 {
				frame := strings.ReplaceAll(strings.Join(draw(m, 60, h), "\n"), "▸", " ")
				for i, home := range s.Homes() {
					rank := render.Ordinal(i + 1)
					if !slices.ContainsFunc(strings.Split(frame, "\n"), func(row string) bool {
						return slices.Contains(strings.Fields(row), rank) && slices.Contains(strings.Fields(row), home)
					}) && i < h-4 {
						t.Fatalf("%d nodes in %d rows, %s selected: no %s home %s in\n%s", nodes, h, s.SelectedNode().Name, rank, home, frame)
					}
				}
				if n := s.SelectedNode().Name; !strings.Contains(frame, " "+n+" ") {
					t.Fatalf("%d nodes in %d rows: the selected node %s is not in sight:\n%s", nodes, h, n, frame)
				}
				m.Move(+1)
			}
		}
	}
}

// The keys reach each node in the order of the table, and a click selects the node in its row.
func TestMoveAndClick(t *testing.T) {
	m, s := crowd(50)
	draw(m, 60, 12)
	m.Move(-100)
	seen := map[string]bool{}
	for range 50 {
		seen[s.SelectedNode().Name] = true
		m.Move(+1)
	}
	if len(seen) != 50 {
		t.Errorf("the keys reach %d of 50 nodes", len(seen))
	}
	for row := range m.shown().rows {
		want := m.shown().rows[row] // a click may scroll the others
		if m.Click(row + m.header()); s.Selected() != want {
			t.Errorf("a click on row %d selects %s", row, s.SelectedNode().Name)
		}
	}
	before := s.Selected()
	m.Click(0)
	if m.Click(100); s.Selected() != before {
		t.Error("a click beside the rows selects a node")
	}
}
