package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"ringside/cli/golden"
	"ringside/tui/frametest"
	"ringside/tui/page"
)

// In large letters the verdict and the fork are in sight on a screen of 80x24, also while a command
// shows a long output and a cue sheet takes its rows.
func TestLargeLetters(t *testing.T) {
	for name, play := range map[string]func(*scene){
		"healthy": healthy, "split": split, "resolved": resolved, "empty": nothing, "hostile": hostile, "crowded": crowded,
	} {
		for _, ascii := range []bool{false, true} {
			s := newScene(5, Options{ASCII: ascii})
			s.resize(80, 24)
			play(s)
			s.take()
			s.press("esc", "B")
			frametest.Check(t, name, s.View(), frametest.Want{W: 80, H: 24, ASCII: ascii})
			if !ascii {
				golden.Check(t, "big-"+name+"-80x24", s.View()+"\n")
			}
			s.resize(60, 16)
			frametest.Check(t, name, s.View(), frametest.Want{W: 60, H: 16, ASCII: ascii})
		}
	}
	s, _ := interactive(t)
	split(s)
	s.take()
	s.resize(80, 24)
	s.do(s.enter("big"))
	s.do(s.enter("get cart"))
	frame := ansi.Strip(s.View())
	for _, want := range []string{"█████", "CONCURRENT: neither descends", "─┬─▸ ", " └─▸ ", "n4 n3", "n5 n2 n1", "✓ get cart"} {
		if !strings.Contains(frame, want) {
			t.Errorf("no %q in\n%s", want, frame)
		}
	}
	s.press("esc", "esc")
	s.press("esc")
	if s.screen.big[page.Ring] {
		t.Error("esc does not lead back")
	}
}
