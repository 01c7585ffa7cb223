package tui

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"github.com/charmbracelet/x/ansi"

	"ringside/cli/golden"
	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/tui/frametest"
	"ringside/tui/help"
	"ringside/tui/refresh"
)

// Every scene has a frame for each size of terminal. The files of testdata hold the frames.
func TestFrames(t *testing.T) {
	for _, c := range []struct {
		name  string
		nodes int
		play  func(*scene)
	}{
		{"healthy", 5, healthy}, {"split", 5, split}, {"killed", 5, killed}, {"resolved", 5, resolved},
		{"empty", 5, nothing}, {"hostile", 5, hostile}, {"crowded", 5, crowded}, {"deleted", 5, deleted},
		{"sampled", 5, sampled},
		{"thirty", 30, healthy}, {"single", 1, nothing}, {"fortysplit", 40, halves}, {"fifty", 50, halves},
		{"hundred", 100, halves},
	} {
		for _, size := range []struct{ w, h int }{{120, 36}, {80, 24}, {60, 16}, {50, 10}} {
			for _, ascii := range []bool{false, true} {
				s := newScene(c.nodes, Options{ASCII: ascii})
				s.resize(size.w, size.h)
				c.play(s)
				s.take()
				frame := s.View()
				name := fmt.Sprintf("%s-%dx%d", c.name, size.w, size.h)
				if ascii {
					name += "-ascii"
				}
				frametest.Check(t, name, frame, frametest.Want{W: size.w, H: size.h, ASCII: ascii})
				if !ascii || c.name == "split" {
					golden.Check(t, name, frame+"\n")
				}
			}
		}
	}
}

func TestHelpFrame(t *testing.T) {
	s := newScene(5, Options{})
	s.resize(120, 36)
	s.press("?")
	golden.Check(t, "help-120x36", s.View()+"\n")
	s.press("x")
	if strings.Contains(s.View(), "any key closes it") {
		t.Error("help is not closed")
	}
	for _, ascii := range []bool{false, true} {
		helpAt80x24(t, ascii)
	}
}

// helpAt80x24 scrolls through the help, which does not fit. Every word of the help can be reached.
func helpAt80x24(t *testing.T, ascii bool) {
	t.Helper()
	s := newScene(5, Options{ASCII: ascii})
	s.resize(80, 24)
	s.press("?")
	all := s.View()
	if !ascii {
		golden.Check(t, "help-80x24", all+"\n")
	}
	frametest.Check(t, "help", all, frametest.Want{W: 80, H: 24, ASCII: ascii})
	for range 60 {
		s.press("down")
		all += s.View()
	}
	if !ascii {
		golden.Check(t, "help-80x24-end", s.View()+"\n")
	}
	for _, l := range help.Legend(&s.th.Glyphs) {
		words := strings.Fields(l[0])
		if !ascii {
			words = append(words, strings.Fields(l[1])...)
		}
		for _, w := range words {
			if !strings.Contains(all, w) {
				t.Errorf("%q cannot be reached", w)
			}
		}
	}
	body, _, _ := strings.Cut(all, "╰")
	if !ascii && strings.Contains(strings.ReplaceAll(body, "s t …", ""), "…") {
		t.Errorf("the help is cut:\n%s", body)
	}
	s.press("pgup", "pgup", "pgup")
	shows(t, s, "In the panes")
	s.press("x")
	if s.help.Open() {
		t.Error("help is not closed")
	}
}

// In a split of many nodes the two sides, the homes of the key and the put are on the screen, and
// the beliefs of all nodes share a row of the log.
func TestManyNodesAreReadable(t *testing.T) {
	for nodes, texts := range map[int][]string{
		40:  {"40 nodes believe that 40 nodes failed", "PUT ", "1st", "2nd", "3rd", "✂"},
		50:  {"A  ◉ 25 up", "B  ◉ 25 up", " nodes believe that ", "PUT n5 ▸", "1st ◉ n"},
		100: {"A  ◉ 50 up", "B  ◉ 50 up", " nodes believe that ", "PUT n5 ▸", "3rd ◉ n"},
	} {
		for _, size := range []struct{ w, h int }{{120, 36}, {80, 24}} {
			s := newScene(nodes, Options{})
			s.resize(size.w, size.h)
			halves(s)
			s.take()
			for _, want := range texts {
				if size.h > 24 || !strings.Contains(want, "believe") { // the log of the small screen has three rows
					shows(t, s, want)
				}
			}
			if n := strings.Count(s.View(), "SUSPECT"); n > 1 {
				t.Errorf("%d nodes: %d rows of beliefs", nodes, n)
			}
		}
	}
}

// An idle screen returns the same frame, not an equal one.
func TestIdleFrameIsCached(t *testing.T) {
	s := newScene(5, Options{})
	s.resize(120, 36)
	healthy(s)
	s.take()
	first, frames := s.View(), s.frames
	s.Update(refresh.FeedMsg{})
	s.Update(secondMsg{})
	second := s.View()
	if unsafe.StringData(first) != unsafe.StringData(second) || s.frames != frames {
		t.Errorf("%d frames made while nothing happened", s.frames-frames)
	}
	s.add(event.Event{Kind: event.NodeDown, Node: "n2"})
	s.take()
	if s.View() == first {
		t.Error("a crash does not show")
	}
}

// Under last write wins the card does not mention siblings. It shows the version that is kept, and
// the version that was lost.
func TestKeyCardUnderLastWriteWins(t *testing.T) {
	s := newScene(5, Options{})
	chosen := s.state.View.Settings
	chosen.Mode = settings.ModeLWW
	s.snapshot(event.Event{Kind: event.Cluster, Settings: &chosen})
	split(s)
	s.take()
	s.resize(120, 36)
	frame := ansi.Strip(s.View())
	if !strings.Contains(frame, "Last write wins keeps ") || strings.Contains(frame, "siblings") {
		t.Fatalf("the frame during the split:\n%s", frame)
	}
	beer := version("n4", 1, `["milk","beer"]`, dot("n3", 1))
	s.add(event.Event{Kind: event.Heal}, event.Event{Kind: event.LWWLost, Node: "n4", Key: cart,
		Versions: vclock.Siblings{beer}, Message: "lost to {n3:1 n5:1}, which had not seen it"})
	s.take()
	if frame = ansi.Strip(s.View()); !strings.Contains(frame,
		`Last write wins lost {n3:1 n4:1} ["milk","beer"] (§6).`) || !strings.Contains(frame, "lost to LWW 1") {
		t.Fatalf("the frame after the split:\n%s", frame)
	}
}

// The key card leads on from a delete beside a value as from one value.
func TestDeleteIsNoSibling(t *testing.T) {
	s := newScene(5, Options{})
	s.resize(120, 36)
	deleted(s)
	s.take()
	shows(t, s, "✓ converged")
	shows(t, s, "One version is a delete, which get leaves out.")
	if frame := s.View(); strings.Contains(frame, "sibling ") || strings.Contains(frame, "resolve") {
		t.Errorf("a delete counts as a sibling:\n%s", frame)
	}
}
