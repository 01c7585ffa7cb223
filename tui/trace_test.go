package tui

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"ringside/cli/golden"
	"ringside/engine/event"
	"ringside/tui/frametest"
	"ringside/tui/page"
)

// recorded returns a scene of the cluster whose events the tests of package diagram have.
func recorded(t *testing.T, o Options) *scene {
	t.Helper()
	f, err := os.Open("../cli/diagram/testdata/story.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var events []event.Event
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	s := newScene(5, o)
	s.at = events[len(events)-1].Time
	if err := s.feed.Add(events); err != nil || lines.Err() != nil {
		t.Fatal(err, lines.Err())
	}
	s.take()
	return s
}

func TestTraceFrames(t *testing.T) {
	for _, c := range []struct {
		name    string
		request uint64
		down    int // rows to select
	}{
		{"put", 1, 0}, {"repair", 5, 8}, {"timeout", 7, 6}, {"fallbacks", 10, 4}, {"dropped", 13, 4}, {"get", 16, 1},
	} {
		for _, size := range []struct{ w, h int }{{120, 36}, {80, 24}, {60, 16}} {
			for _, ascii := range []bool{false, true} {
				s := recorded(t, Options{ASCII: ascii})
				s.resize(size.w, size.h)
				s.state.ChooseRequest(c.request)
				s.show(page.Trace)
				s.View()
				for range c.down {
					s.press("down")
				}
				name := fmt.Sprintf("trace-%s-%dx%d", c.name, size.w, size.h)
				if ascii {
					name += "-ascii"
				}
				frame := s.View()
				frametest.Check(t, name, frame, frametest.Want{W: size.w, H: size.h, ASCII: ascii})
				if !ascii || c.name == "fallbacks" {
					golden.Check(t, name, frame+"\n")
				}
			}
		}
	}
}

// The screen opens from the log with the request of the event, goes to other requests, and follows
// the latest one after it.
func TestTraceOfAnyRequest(t *testing.T) {
	s := recorded(t, Options{})
	s.resize(120, 36)
	s.press("esc", "t")
	shows(t, s, "Trace #18  put cart")
	shows(t, s, "the latest")
	s.press("[")
	shows(t, s, "Trace #17  del cart")
	shows(t, s, "W=2 was met by n3 and n4")
	s.press("]")
	shows(t, s, "Trace #18  put cart")
	s.press("]")
	shows(t, s, "the latest")
	for range 40 {
		s.press("[")
	}
	shows(t, s, "Trace #1  put cart")

	s.press("1", "tab", "tab")
	if s.focus != logPane {
		t.Fatalf("the focus is on pane %d", s.focus)
	}
	s.press("/")
	for _, r := range "#10" {
		s.press(string(r))
	}
	s.press("enter", "enter")
	shows(t, s, "Trace #10  put cart")
	shows(t, s, "neither is a home of the key")
	s.press("tab")
	before := s.View()
	if s.press("down"); s.View() == before {
		t.Error("the reasons do not scroll")
	}
	s.press("tab")
	if s.focus != promptPane {
		t.Errorf("the focus is on pane %d", s.focus)
	}
	s.press("esc", "w")
	shows(t, s, "trace 10 --svg trace-10.svg")
}

// A request of which no event is known yet, and one that was forgotten.
func TestTraceOfNothing(t *testing.T) {
	s := newScene(5, Options{})
	s.resize(120, 36)
	s.press("esc", "3")
	shows(t, s, "no request was sent yet")
	s.press("up", "down", "[", "]", "enter", "w", "tab")
	s.state.ChooseRequest(99)
	s.Update(secondMsg{})
	shows(t, s, "this request is not remembered")
}

// While a busy cluster sends requests, the screen stays with one for a second.
func TestTraceFollowsSlowly(t *testing.T) {
	s := newScene(5, Options{})
	s.resize(120, 36)
	healthy(s)
	s.take()
	s.press("esc", "3")
	shows(t, s, "Trace #41  get cart")
	s.put(42, version("n3", 2, "eggs"), "n3", "n4", "n5")
	s.take()
	shows(t, s, "Trace #41  get cart")
	s.at += 2e9
	s.Update(secondMsg{})
	shows(t, s, "Trace #42  put cart")
}

// Every frame of the screen holds the title, and the selected row is in sight on any terminal.
func TestTraceRowsCanBeReached(t *testing.T) {
	for _, size := range []struct{ w, h int }{{120, 36}, {80, 24}, {60, 16}} {
		s := recorded(t, Options{})
		s.resize(size.w, size.h)
		s.state.ChooseRequest(10)
		s.show(page.Trace)
		all := ""
		for range 30 {
			s.press("down")
			all += ansi.Strip(s.View())
		}
		for _, want := range []string{"n4 holds it; n2 deletes its hint", "heal: the network is whole again"} {
			if !strings.Contains(all, want) {
				t.Errorf("%dx%d: %q is never shown", size.w, size.h, want)
			}
		}
	}
}

// The key x opens the section of the reason in the first line in sight, also if a reason above it
// has several lines.
func TestTraceExplainsTheReasonInSight(t *testing.T) {
	s := recorded(t, Options{})
	s.resize(80, 24)
	s.state.ChooseRequest(7) // its first reason has three lines
	s.show(page.Trace)
	s.View()
	s.press("tab")
	for scroll, want := range []string{"4.5", "4.5", "4.5", "4.8", "4.8"} {
		s.View()
		if got := s.pages[page.Trace].Explains(); got != want {
			t.Errorf("after %d lines, x opens %s, want %s", scroll, got, want)
		}
		s.press("down")
	}
}
