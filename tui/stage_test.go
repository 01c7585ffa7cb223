package tui

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/golden"
	"ringside/cli/tour"
	"ringside/tui/cues"
	"ringside/tui/frametest"
	"ringside/tui/lessons"
	"ringside/tui/page"
)

// hit presses keys and runs the commands that they return.
func (s *scene) hit(keys ...string) {
	for _, k := range keys {
		_, cmd := s.Update(keyMsg(k))
		s.do(cmd)
	}
}

// The key p offers splits. Each shows its command before it runs.
func TestSplitsAreOffered(t *testing.T) {
	s, ran := interactive(t)
	s.hit("esc", "p")
	golden.Check(t, "splits-120x36", s.View()+"\n")
	s.resize(80, 24)
	golden.Check(t, "splits-80x24", s.View()+"\n")
	var copied string
	s.copy = func(text string) { copied = text }
	s.hit("p", "c")
	shows(t, s, "two homes of cart")
	s.hit("esc")
	shows(t, s, "copied: ringside partition n4,n5")
	if copied != "ringside partition n4,n5" || len(*ran) > 0 {
		t.Errorf("copied %q, ran %q", copied, *ran)
	}
	s.hit("p", "down", "up", "enter")
	s.hit("p", "right")
	if got := s.prompt.Line(); got != "partition n3,n4,n5" {
		t.Errorf("→ edits %q", got)
	}
	if want := []string{"partition n3,n4,n5"}; !slices.Equal(*ran, want) {
		t.Errorf("ran %q, want %q", *ran, want)
	}
	one := newScene(1, Options{})
	one.resize(80, 24)
	one.hit("esc", "p")
	shows(t, one, "a split needs two nodes")
}

// Marked nodes make any split, and are killed and paused together.
func TestMarkedNodes(t *testing.T) {
	s, ran := interactive(t)
	s.hit("esc", "M", "down", "down", "M")
	shows(t, s, "◉+n1")
	shows(t, s, "◉+n3")
	for k, want := range map[string]string{"K": "kill n1 n3", "P": "pause n1 n3"} {
		s.hit(k)
		if got := s.prompt.Line(); got != want {
			t.Errorf("%s asks %q, want %q", k, got, want)
		}
		s.hit("ctrl+u", "esc")
	}
	s.hit("p", "enter")
	if want := []string{"partition n1,n3"}; !slices.Equal(*ran, want) {
		t.Errorf("ran %q, want %q", *ran, want)
	}
	if strings.Contains(s.View(), "+n1") {
		t.Error("the marks stay after the split")
	}
	s.hit("M")
	shows(t, s, "◉+n3")
	s.hit("esc", "esc", "esc")
	if strings.Contains(s.View(), "+n3") {
		t.Error("esc leaves the mark")
	}
}

// Leaving a throw-away cluster asks first. A second ctrl+c leaves.
func TestLeavingAThrowAwayCluster(t *testing.T) {
	quits := func(cmd tea.Cmd) bool {
		if cmd == nil {
			return false
		}
		_, ok := cmd().(tea.QuitMsg)
		return ok
	}
	for _, keys := range [][]string{{"esc", "q"}, {"q", "enter"}, {"ctrl+d"}, {"ctrl+c"}, {"x", "ctrl+c", "ctrl+c"}, {"?", "ctrl+c"}, {"esc", "p", "ctrl+c"}, {"e", "x", "i", "t", "enter"}} {
		s := newScene(5, Options{ThrowAway: true, Welcome: "hello there"})
		s.resize(80, 24)
		shows(t, s, "hello there")
		var cmd tea.Cmd
		for _, k := range keys {
			_, cmd = s.Update(keyMsg(k))
		}
		if quits(cmd) {
			t.Fatalf("%q quits without a question", keys)
		}
		shows(t, s, "leave, and end the cluster")
		if _, cmd = s.Update(keyMsg("ctrl+c")); !quits(cmd) {
			t.Error("ctrl+c does not quit")
		}
		s.press("down")
		if _, cmd = s.Update(keyMsg("enter")); quits(cmd) || s.list.Open() {
			t.Error("the choice to stay leaves, or stays open")
		}
		s.leave()
		if _, cmd = s.Update(keyMsg("enter")); !quits(cmd) {
			t.Error("the choice to leave does not quit")
		}
	}
}

// The cue keys run the lines of a sheet, also from the prompt, and go back by playing the cues
// before in a fresh cluster.
func TestCueSheet(t *testing.T) {
	sheet, err := cues.Parse("talk", "# A cart.\nput cart milk\n# Cut it.\npartition n1\nas alice\nget cart\n# Thanks.",
		func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	var ran []string
	var again [][]string
	s := newScene(5, Options{
		Cues: sheet,
		Exec: func(_ context.Context, line string) (string, int) {
			ran = append(ran, line)
			return "", 0
		},
		Afresh: func(_ context.Context, lines []string) (string, string, int) {
			again = append(again, lines)
			if slices.Contains(lines, "as alice") {
				return "alice", "", 0
			}
			return "", "", 0
		},
	})
	s.resize(120, 36)
	golden.Check(t, "cues-120x36", s.View()+"\n")
	s.resize(80, 24)
	healthy(s)
	s.take()
	golden.Check(t, "cues-80x24", s.View()+"\n")
	s.hit("N")
	shows(t, s, "this is the beginning")
	s.hit("n")
	shows(t, s, "# Cut it.")
	s.hit(":", "alt+n", "n") // n is text in the prompt
	if got := s.prompt.Line(); got != "n" {
		t.Errorf("the prompt holds %q", got)
	}
	s.hit("ctrl+u", "esc", "n", "n", "n")
	shows(t, s, "4/4")
	shows(t, s, "the cue sheet ends here")
	if want := []string{"put cart milk", "partition n1", "as alice", "as alice get cart"}; !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
	s.hit("N")
	shows(t, s, "back: a fresh cluster, and 3 cues again")
	shows(t, s, "ringside[alice]▸")
	s.hit("alt+N")
	shows(t, s, "ringside▸") // the cue that introduced alice was taken back
	if len(again) != 2 || len(again[0]) != 3 || len(again[1]) != 2 {
		t.Errorf("played again: %q", again)
	}
	if s.prompt.Last() != "as alice get cart" {
		t.Errorf("the latest command is %q", s.prompt.Last())
	}
	s.Update(keyMsg("n")) // runs, and has not ended
	s.hit("N")
	shows(t, s, "(esc interrupts)")
	if len(again) != 2 {
		t.Error("it went back while a command ran")
	}
	s.resize(60, 16)
	frametest.Check(t, "cues", s.View(), frametest.Want{W: 60, H: 16})
}

// The key S and the word snapshot save what is in sight, in colours on a terminal without colours.
func TestSnapshots(t *testing.T) {
	s, _ := interactive(t)
	s.o.Dir = t.TempDir()
	before := s.View()
	s.hit("esc", "S")
	shows(t, s, "saved what is in sight as ringside-1.svg")
	s.do(s.enter("snapshot screen.txt"))
	shows(t, s, "saved what is in sight as screen.txt")
	s.do(s.enter("snapshot screen.txt"))
	shows(t, s, "the file exists")
	s.do(s.enter("snapshot screen.png"))
	shows(t, s, "want FILE.svg or FILE.txt")
	picture, err := os.ReadFile(filepath.Join(s.o.Dir, "ringside-1.svg"))
	if err != nil || !strings.Contains(string(picture), "#00b888") || !strings.Contains(string(picture), "converged") {
		t.Errorf("the picture has no colour or no key card (%v)", err)
	}
	text, err := os.ReadFile(filepath.Join(s.o.Dir, "screen.txt"))
	if err != nil || !strings.Contains(string(text), `Key "cart"`) || strings.Contains(string(text), "\x1b") {
		t.Errorf("the text is %q (%v)", text, err)
	}
	if strings.Contains(before+s.View(), "\x1b") {
		t.Error("the terminal without colours got some")
	}
}

// A key that shows a screen tells the command that prints the same, and c copies that command.
func TestScreensTellTheirCommands(t *testing.T) {
	s, _ := interactive(t)
	var copied string
	s.copy = func(text string) { copied = text }
	s.hit("esc", "2")
	shows(t, s, "the same as a command:  inspect cart")
	s.hit("c")
	if copied != "ringside inspect cart" {
		t.Errorf("copied %q", copied)
	}
	s.hit("1")
	shows(t, s, "the same as a command:  status")
	s.hit("t")
	shows(t, s, "the same as a command:  trace last")
	s.hit("[")
	shows(t, s, "the same as a command:  trace 40")
	s.hit("c")
	if copied != "ringside trace 40" {
		t.Errorf("copied %q", copied)
	}
	s.hit("4")
	shows(t, s, "the same as a command:  hints")
	d := &desk{}
	s.pages[page.Tour] = lessons.New(s.desk, d)
	s.keys = s.liveKeys()
	s.hit("5")
	shows(t, s, "the same as a command:  tour --list")
	d.open = "carts"
	s.resize(120, 36)
	shows(t, s, "the same as a command:  tour carts")
}

// A desk is a lessons.Desk with one lesson, which is open if open names it.
type desk struct{ open string }

func (d *desk) View() (tour.View, bool)     { return tour.View{Name: d.open}, d.open != "" }
func (d *desk) Look(context.Context) string { return "" }
func (d *desk) LeaveWord() string           { return "leave" }
func (d *desk) List() []tour.Listed {
	return []tour.Listed{{N: 1, Name: "carts", Title: "Two carts", Steps: 1}}
}
