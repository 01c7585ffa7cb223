package tui

import (
	"testing"

	"ringside/cli/golden"
	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/tui/frametest"
)

// The screen of repairs shows the hints of a split, and its keys run the verbs.
func TestRepairScreen(t *testing.T) {
	for _, size := range []struct {
		name string
		w, h int
	}{{"120x36", 120, 36}, {"80x24", 80, 24}} {
		s, ran := interactive(t)
		s.resize(size.w, size.h)
		split(s)
		s.take()
		s.press("alt+4")
		golden.Check(t, "repair-"+size.name, s.View()+"\n")
		frametest.Check(t, "repair", s.View(), frametest.Want{W: size.w, H: size.h})
		shows(t, s, "waits for heal")
		_, cmd := s.Update(keyMsg("A"))
		s.do(cmd)
		if got := (*ran)[len(*ran)-1]; got != "sync" {
			t.Errorf("A ran %q", got)
		}
	}
}

// Screens with panes of their own are cached while nothing happens.
func TestIdlePagesAreCached(t *testing.T) {
	for _, key := range []string{"alt+2", "alt+4"} {
		s := newScene(5, Options{})
		s.resize(120, 36)
		healthy(s)
		s.snapshot(event.Event{Kind: event.State, Node: "n1", State: &event.NodeState{}})
		s.take()
		s.press(key)
		s.at += 2 * view.MaxSeconds * 1e9 // the rates of the title come to rest
		s.Update(secondMsg{})
		s.View()
		frames := s.frames
		for range 5 {
			s.at += 1e9
			s.Update(secondMsg{})
			s.View()
		}
		if s.frames != frames {
			t.Errorf("%s: %d frames made while nothing happened", key, s.frames-frames)
		}
	}
}
