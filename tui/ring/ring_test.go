package ring

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/tui/canvas"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// cluster returns the state of a cluster of running nodes that shows a key.
func cluster(key string, nodes ...string) *state.State {
	s := state.New(nil, []byte(key))
	chosen := settings.Cluster{Name: "demo", N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Strategy: 3, Q: max(60, 2*len(nodes)), T: 12, Nodes: nodes}
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

// A repair shows on its link while it happens, in its own sign, and is gone after a second. Rounds
// of anti-entropy that find nothing do not show.
func TestRepairsOnTheMesh(t *testing.T) {
	for nodes, signs := range map[int][]string{5: {"↻", "⚑", "⇄"}, 20: {"↻", "⚑", "⇄"}, 100: {"↻ read repair on 1 link", "⚑ handoff on 1 link", "⇄ Merkle on 1 link"}} {
		var names []string
		for i := range nodes {
			names = append(names, fmt.Sprintf("n%d", i+1))
		}
		s := cluster("cart", names...)
		now := time.Unix(100, 0)
		s.Clock = func() time.Time { return now }
		m := New(s)
		w, h := 57, 24
		quiet, first := m.Signature(w, h, false), count(draw(s, w, h, false), signs)
		at := 100 * time.Second
		add := func(e event.Event) {
			at += time.Millisecond
			e.Time, e.Seq = at, uint64(at)
			s.Apply([]event.Event{e})
		}
		add(event.Event{Kind: event.SyncDone, Node: "n1", Rounds: []event.SyncRound{{Left: "n1", Right: "n2"}, {Left: "n1", Right: "n3"}}})
		if m.Signature(w, h, false) != quiet {
			t.Errorf("%d nodes: a round without a difference changes the picture", nodes)
		}
		add(event.Event{Kind: event.ReadRepair, Node: "n1", Peer: "n3", Key: []byte("cart")})
		add(event.Event{Kind: event.HintSent, Node: "n2", Peer: "n5", For: "n5"})
		add(event.Event{Kind: event.HintDelivered, Node: "n2", Peer: "n5", For: "n5"})
		add(event.Event{Kind: event.SyncStarted, Node: "n4", Peer: "n1", Rounds: []event.SyncRound{{}}})
		add(event.Event{Kind: event.ReadRepair, Node: "n1", Peer: "n1", Key: []byte("cart")}) // of its own replica
		if m.Signature(w, h, false) == quiet {
			t.Errorf("%d nodes: repairs do not change the picture", nodes)
		}
		for i, n := range count(draw(s, w, h, false), signs) {
			want := 2 // on the mesh and in the legend
			if nodes > glyphMesh {
				want = 1
			}
			if n != first[i]+want {
				t.Errorf("%d nodes: %s %d times more in\n%s", nodes, signs[i], n-first[i], draw(s, w, h, false))
			}
		}
		now = now.Add(trafficFor + 10*time.Millisecond)
		if m.Signature(w, h, false) != quiet {
			t.Errorf("%d nodes: repairs stay", nodes)
		}
	}
}

// count returns how often each text is in a picture.
func count(picture string, texts []string) []int {
	out := make([]int, len(texts))
	for i, text := range texts {
		out[i] = strings.Count(picture, text)
	}
	return out
}
