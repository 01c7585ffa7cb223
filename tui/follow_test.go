package tui

import (
	"io"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/tui/command"
	"ringside/tui/theme"
)

// fresh is a scene in which no key was chosen.
func fresh() *scene {
	s := startScene(5, Options{}, theme.New(io.Discard, false, true))
	s.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
	return s
}

func (s *scene) request(op, key string) {
	s.tell(event.Event{Kind: event.Requested, Node: "n1", Op: op, Key: []byte(key)})
	s.take()
}

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
		t.Errorf("a get of nothing chose %q", s.state.Key())
	}
	is := func(want string) {
		t.Helper()
		if string(s.state.Key()) != want {
			t.Errorf("the key is %q, want %q", string(s.state.Key()), want)
		}
	}
	s.request("put", "a")
	is("a")
	s.request("get", "b")
	is("a") // not more often than once a second
	s.at += time.Second
	s.Update(secondMsg{})
	is("b")
	s.choose([]byte("c"))
	s.at += time.Second
	s.request("put", "d")
	is("c")
}

func TestStartsWithTheKeyWrittenLast(t *testing.T) {
	s := fresh()
	healthy(s)
	s.tell(event.Event{Kind: event.Requested, Node: "n1", Op: "get", Key: []byte("other")})
	s.take()
	if string(s.state.Key()) != "cart" {
		t.Errorf("the key is %q", s.state.Key())
	}
	shows(t, s, "try get cart --save @cart")
}

// The suggestions lead to a conflict and out of it, and never into a blind write.
func TestSuggestionsTellAStory(t *testing.T) {
	s := newScene(5, Options{Exec: nil})
	at := func(want string) {
		t.Helper()
		s.take()
		if got := s.suggest.First(); got != want {
			t.Errorf("suggests %q, want %q", got, want)
		}
	}
	at("get cart --save @cart") // nobody told yet
	for _, n := range []string{"n3", "n4", "n5"} {
		s.snapshot(event.Event{Kind: event.Replicas, Node: n, Key: cart})
	}
	at("put cart milk --save @cart")
	milk := version("n3", 1, "milk")
	s.put(1, milk, "n3", "n4", "n5")
	at("get cart --save @cart")
	s.suggest.Finished(command.Parse("get cart --save @cart", nil))
	at("partition n1,n2,n3")
	s.tell(event.Event{Kind: event.Split, Groups: [][]string{{"n1", "n2", "n3"}, {"n4", "n5"}}})
	at("put cart milk,beer -c @cart --via n4")
	beer := version("n4", 1, "milk,beer", milk.Dot)
	s.put(2, beer, "n4", "n5")
	at("put cart milk,eggs -c @cart --via n3")
	eggs := version("n3", 2, "milk,eggs", milk.Dot)
	s.put(3, eggs, "n3")
	at("heal")
	s.tell(event.Event{Kind: event.Heal}, event.Event{Kind: event.HintStored, Node: "n1", For: "n4", Key: []byte("x"), Count: 1})
	at("wait hints=0")
	s.tell(event.Event{Kind: event.HintDelivered, Node: "n1", For: "n4", Key: []byte("x")})
	at("get cart --save @cart")
	for _, n := range []string{"n3", "n4", "n5"} {
		s.tell(event.Event{Kind: event.Stored, Node: n, Key: cart, Op: "handoff", Versions: vclock.Siblings{eggs, beer}})
	}
	at("resolve cart --union")
	s.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
	shows(t, s, "they wait to be reconciled")
}
