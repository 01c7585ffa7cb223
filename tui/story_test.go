package tui

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/tui/command"
	"ringside/tui/theme"
)

// fresh returns a scene in which no key was chosen.
func fresh() *scene {
	s := startScene(5, Options{}, theme.New(io.Discard, false, true))
	s.resize(120, 36)
	return s
}

// request adds a client's request.
func (s *scene) request(op, key string) {
	s.add(event.Event{Kind: event.Requested, Node: "n1", Op: op, Key: []byte(key)})
	s.take()
}

// The screens show the key of the latest request, until the user chooses a key.
func TestFollowsTheLatestKeyUntilOneIsChosen(t *testing.T) {
	s := fresh()
	for i := range s.state.View.Nodes {
		s.state.View.Nodes[i].Keys = 0
	}
	s.stale = true
	shows(t, s, "no key yet")
	shows(t, s, "try put cart milk --save @cart")
	s.request("get", "nobody")
	if len(s.state.Key()) > 0 {
		t.Errorf("a get of a key without a value chose %q", s.state.Key())
	}
	shown := func(want string) {
		t.Helper()
		if string(s.state.Key()) != want {
			t.Errorf("the key is %q, want %q", s.state.Key(), want)
		}
	}
	s.request("put", "a")
	shown("a")
	s.request("get", "b")
	shown("a") // not more often than once a second
	s.at += time.Second
	s.Update(secondMsg{})
	shown("b")
	s.choose([]byte("c"))
	s.at += time.Second
	s.request("put", "d")
	shown("c")
}

func TestStartsWithTheKeyWrittenLast(t *testing.T) {
	s := fresh()
	healthy(s)
	s.add(event.Event{Kind: event.Requested, Node: "n1", Op: "get", Key: []byte("other")})
	s.take()
	if string(s.state.Key()) != "cart" {
		t.Errorf("the key is %q", s.state.Key())
	}
	shows(t, s, "try get cart --save @cart")
}

// The suggestions lead to a conflict and out of it, and never into a blind write.
func TestSuggestionsTellAStory(t *testing.T) {
	s := newScene(5, Options{})
	proposes := func(want string) {
		t.Helper()
		s.take()
		if got := s.suggest.First(); got != want {
			t.Errorf("proposes %q, want %q", got, want)
		}
	}
	proposes("get cart --save @cart") // the replicas are not known yet
	for _, n := range []string{"n3", "n4", "n5"} {
		s.snapshot(event.Event{Kind: event.Replicas, Node: n, Key: cart})
	}
	proposes("put cart milk --save @cart")
	milk := version("n3", 1, "milk")
	s.put(1, milk, "n3", "n4", "n5")
	proposes("get cart --save @cart")
	s.suggest.Finished(command.Parse("get cart --save @cart", nil))
	proposes("partition n1,n2,n3")
	s.add(event.Event{Kind: event.Split, Groups: [][]string{{"n1", "n2", "n3"}, {"n4", "n5"}}})
	proposes("put cart milk,beer -c @cart --via n4")
	beer := version("n4", 1, "milk,beer", milk.Dot)
	s.put(2, beer, "n4", "n5")
	proposes("put cart milk,eggs -c @cart --via n3")
	eggs := version("n3", 2, "milk,eggs", milk.Dot)
	s.put(3, eggs, "n3")
	proposes("heal")
	s.add(event.Event{Kind: event.Heal},
		event.Event{Kind: event.HintStored, Node: "n1", For: "n4", Key: []byte("x"), Count: 1})
	proposes("wait hints=0")
	s.add(event.Event{Kind: event.HintDelivered, Node: "n1", For: "n4", Key: []byte("x")})
	proposes("get cart --save @cart")
	s.everywhere(vclock.Siblings{eggs, beer})
	proposes("resolve cart --union")
	s.resize(120, 36)
	shows(t, s, "they wait to be reconciled")
}

// A step that the state of the cluster has made pointless is left out.
func TestPointlessStepsAreLeftOut(t *testing.T) {
	s := newScene(5, Options{Suggest: []string{"put cart x -c @cart --via n4", "resolve cart --union", "hints"}})
	healthy(s)
	s.take()
	if got := s.suggest.First(); got != "hints" {
		t.Errorf("proposes %q in a whole cluster", got)
	}
	s.add(event.Event{Kind: event.Split, Groups: [][]string{{"n1"}, {"n2", "n3", "n4", "n5"}}})
	s.take()
	if got := s.suggest.First(); got != "put cart x -c @cart --via n4" {
		t.Errorf("proposes %q in a split", got)
	}
}

// The proposal of the empty prompt is the first one of the key card, also while steps are left.
func TestCardAndPromptAgree(t *testing.T) {
	for _, steps := range [][]string{nil, {"heal", "pause n2"}} {
		for name, play := range map[string]func(*scene){"healthy": healthy, "split": split, "killed": killed, "crowded": crowded} {
			s := newScene(5, Options{Suggest: steps})
			s.resize(120, 36)
			play(s)
			s.take()
			first := s.suggest.First()
			if frame := s.View(); !strings.Contains(frame, "│ next "+first+" ") || !strings.Contains(frame, "try "+first+" ") {
				t.Errorf("%s: card and prompt do not both propose %q:\n%s", name, first, frame)
			}
		}
	}
}

// The steps of a demo end when the members changed, and wait for nodes that do not run.
func TestStepsFitTheMembers(t *testing.T) {
	const split = "partition n1,n2 n3,n4,n5"
	steps := []string{split, "put cart milk,eggs -c @cart --via n3", "heal"}
	for _, c := range []struct {
		name   string
		events []event.Event
		want   []string
	}{
		{"all up", nil, []string{split}},
		{"a node left", []event.Event{{Kind: event.NodeLeft, Node: "n1"}}, []string{"get cart --save @cart", "partition n2,n3"}},
		{"a node joined", []event.Event{{Kind: event.NodeUp, Node: "n6"}}, []string{"get cart --save @cart", "partition n1,n2,n3"}},
		{"a node down", []event.Event{{Kind: event.NodeDown, Node: "n1"}}, []string{"restart n1", split}},
		{"a node paused", []event.Event{{Kind: event.NodePaused, Node: "n2"}}, []string{"resume n2", split}},
	} {
		s := newScene(5, Options{Suggest: steps})
		healthy(s)
		s.add(c.events...)
		s.take()
		if got := s.suggest.Next(); len(got) < len(c.want) || !slices.Equal(got[:len(c.want)], c.want) {
			t.Errorf("%s: proposes %q, want %q", c.name, got, c.want)
		}
	}
}

// If no node runs, the first proposal makes one run.
func TestProposesToStartANode(t *testing.T) {
	for kind, want := range map[event.Kind]string{event.NodeDown: "restart n1", event.NodePaused: "resume n1"} {
		for _, steps := range [][]string{nil, {"heal", "wait hints=0"}, {"get cart"}} {
			s := newScene(5, Options{Suggest: steps})
			for _, n := range s.state.View.Nodes {
				s.add(event.Event{Kind: kind, Node: n.Name})
			}
			s.take()
			if got := s.suggest.First(); got != want {
				t.Errorf("%s, steps %q: proposes %q, want %q", kind, steps, got, want)
			}
		}
	}
}

// A node that changes its mind again and again is named once in the row of its beliefs.
func TestBeliefsNameANodeOnce(t *testing.T) {
	s := newScene(5, Options{})
	s.resize(120, 36)
	for range 3 {
		s.add(event.Event{Kind: event.Suspect, Node: "n1", Peer: "n4"}, event.Event{Kind: event.Suspect, Node: "n1", Peer: "n2"})
	}
	s.take()
	if frame := s.View(); !strings.Contains(frame, "believes n2 n4 failed") {
		t.Errorf("the beliefs read\n%s", frame)
	}
}
