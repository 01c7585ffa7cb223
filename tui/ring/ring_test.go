package ring

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// cluster returns the state of a cluster of running nodes that shows a key.
func cluster(key string, nodes ...string) *state.State {
	s := state.New(nil, []byte(key))
	chosen := settings.Cluster{Name: "demo", N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Strategy: 3, Q: 60, T: 12, Nodes: nodes}
	events := []event.Event{{Kind: event.Cluster, Settings: &chosen}}
	for _, n := range nodes {
		events = append(events, event.Event{Kind: event.NodeUp, Node: n})
	}
	s.Apply(events)
	return s
}

// draw returns the picture of the ring pane as text.
func draw(s *state.State, w, h int, ascii bool) string {
	c := canvas.New(theme.New(io.Discard, ascii, true), w, h)
	New(s).Draw(c, false)
	return strings.Join(c.Lines(), "\n")
}

// Wherever the key is, the key and the ranks of its homes stand beside the ring, whole.
func TestMarksAreWhole(t *testing.T) {
	for _, size := range [][2]int{{38, 13}, {57, 24}, {80, 40}} {
		for i := range 100 {
			key := fmt.Sprintf("key-%d", i)
			picture := draw(cluster(key, "n1", "n2", "n3", "n4", "n5"), size[0], size[1], false)
			for _, mark := range []string{"◆ " + key, "1st", "2nd", "3rd"} {
				if !strings.Contains(picture, mark) {
					t.Fatalf("%v: no %q in\n%s", size, mark, picture)
				}
			}
		}
	}
}

// A name that does not end in a number has its label before it. A name without room is left out,
// and not cut.
func TestNamesInTheMesh(t *testing.T) {
	s := cluster("cart", "alpha", "beta-gamma", "delta")
	for _, size := range [][2]int{{57, 24}, {38, 13}} {
		picture := draw(s, size[0], size[1], false)
		if strings.Contains(picture, "…") {
			t.Errorf("a name is cut in\n%s", picture)
		}
		for _, label := range []string{"◉1", "◉2", "◉3"} {
			if !strings.Contains(picture, label) {
				t.Errorf("no %q in\n%s", label, picture)
			}
		}
	}
	if picture := draw(s, 57, 24, false); !strings.Contains(picture, "◉2 beta-gamma") {
		t.Errorf("no whole name in\n%s", picture)
	}
}

func TestLabels(t *testing.T) {
	for _, c := range []struct{ nodes, want string }{
		{"n1 n2 n10", "1 2 10"}, {"a b c", "1 2 3"}, {"a1 b1", "1 2"}, {"n001 n002", "1 2"}, {"n1 n100", "1 2"},
	} {
		nodes := strings.Fields(c.nodes)
		var got []string
		for l := labels(nodes); len(got) < len(nodes); {
			got = append(got, l[nodes[len(got)]])
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("the labels of %s are %v, want %s", c.nodes, got, c.want)
		}
	}
}

// The signature changes when the picture does.
func TestSignature(t *testing.T) {
	s := cluster("cart", "n1", "n2", "n3")
	m := New(s)
	before := m.Signature(40, 20, false)
	for name, change := range map[string]func(){
		"a crash":     func() { s.Apply([]event.Event{{Seq: 1, Kind: event.NodeDown, Node: "n2"}}) },
		"a key":       func() { s.Choose([]byte("other")) },
		"a selection": func() { s.Select(2) },
		"a split":     func() { s.Apply([]event.Event{{Seq: 2, Kind: event.Split, Groups: [][]string{{"n1"}, {"n2", "n3"}}}}) },
	} {
		change()
		if after := m.Signature(40, 20, false); after == before {
			t.Errorf("%s does not change it", name)
		} else {
			before = after
		}
	}
	if m.Signature(40, 20, true) == before || m.Signature(41, 20, false) == before {
		t.Error("neither focus nor size change it")
	}
}
