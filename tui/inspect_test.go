package tui

import (
	"testing"

	"ringside/cli/golden"
	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/tui/frametest"
)

// The screen of a key shows the key that the ring's screen shows, and its keys fill in the prompt.
func TestKeyScreen(t *testing.T) {
	for _, size := range []struct {
		name string
		w, h int
	}{{"120x36", 120, 36}, {"80x24", 80, 24}} {
		s := newScene(5, Options{})
		s.resize(size.w, size.h)
		resolved(s)
		s.take()
		s.press("alt+2")
		golden.Check(t, "key-"+size.name, s.View()+"\n")
		frametest.Check(t, "key", s.View(), frametest.Want{W: size.w, H: size.h})
		split(s)
		s.take()
		s.press("u")
		if got := s.prompt.Line(); got != "resolve cart --union" || s.focus != promptPane {
			t.Errorf("u fills in %q", got)
		}
	}
}

// A write that last write wins lost is shown in the colour of faults, and not as agreement.
func TestLossIsLoud(t *testing.T) {
	s := newScene(5, Options{})
	chosen := s.state.View.Settings
	chosen.Mode = settings.ModeLWW
	s.snapshot(event.Event{Kind: event.Cluster, Settings: &chosen})
	s.resize(120, 36)
	healthy(s)
	s.take()
	shows(t, s, "✓ converged")
	s.add(event.Event{Kind: event.LWWLost, Node: "n3", Key: cart, Versions: vclock.Siblings{version("n4", 1, "beer")}})
	s.take()
	shows(t, s, "✗ LOST A WRITE")
	s.press("alt+2")
	shows(t, s, "✗ LOST: last write wins dropped {n4:1} beer")
}
