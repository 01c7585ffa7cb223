package tui

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/golden"
	"ringside/tui/feed"
	"ringside/tui/frametest"
	"ringside/tui/futures"
	"ringside/tui/page"
	"ringside/tui/theme"
)

// A couple is a duo whose two futures are a test's: a run with a split, and the run without it.
type couple struct {
	*duo
	scenes [2]*scene
	clock  *fakePlayback // of both
}

func newCouple(t *testing.T, o Options, w, h int) *couple {
	t.Helper()
	at := 50 * time.Second
	f := &fakePlayback{p: Progress{Now: time.Duration(start.UnixNano()) + at, At: at, Length: time.Minute, Speed: 1,
		Faults: []time.Duration{8 * time.Second}}}
	o.Key, o.Cluster = "cart", f
	o.Fork = &Fork{Changed: f, Part: func() { f.did = append(f.did, "part") }, Exec: o.Exec, Facts: futures.Facts{
		Run: "seed 42", Change: "from 3 s on: no partition", Titles: [2]string{"as it is", "with no partition"},
		Parted: 8 * time.Second, Event: 46, First: [2]string{"8.000000  partition n4 n3 │ n5 n2 n1", "9.1  n3 read #8"},
		Ends: []futures.Ending{
			{What: "cart holds", Sides: [2]string{"#42 {n3:1 n4:1}, #43 {n3:1 n5:1}", "#43 {n3:1 n4:1 n5:1}"}},
			{What: "get #44 cart", Sides: [2]string{"found #42 #43", "found #43"}},
			{What: "put #45 cart", Sides: [2]string{"failed: quorum_not_reached", "acked by n3 n4 as {n3:2 n4:1 n5:1}"}},
		},
	}}
	feeds := [2]*feed.Feed{feed.New(nil), feed.New(nil)}
	c := &couple{duo: newDuo(context.Background(), o, theme.New(io.Discard, o.ASCII, true), feeds), clock: f}
	for i, m := range c.sides {
		c.scenes[i] = begin(m, feeds[i], 5)
	}
	c.Update(tea.WindowSizeMsg{Width: w, Height: h})
	split(c.scenes[0])
	healthy(c.scenes[1])
	c.scenes[1].put(42, version("n4", 1, `["milk","beer"]`, dot("n3", 1)), "n3", "n4", "n5")
	c.scenes[1].put(43, version("n5", 1, `["milk","eggs"]`, dot("n3", 1), dot("n4", 1)), "n5", "n4", "n3")
	for _, s := range c.scenes {
		s.take()
	}
	return c
}

// press presses keys, and runs the commands that they return.
func (c *couple) press(keys ...string) {
	for _, k := range keys {
		_, cmd := c.Update(keyMsg(k))
		c.do(cmd)
	}
}

// do runs a command that needs no cluster, and the commands that its messages lead to.
func (c *couple) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, next := range msg {
			c.do(next)
		}
	case sided:
		_, cmd := c.Update(msg)
		c.do(cmd)
	}
}

// Two futures are side by side, or one after the other where there is no room for both.
func TestForkFrames(t *testing.T) {
	for _, size := range []struct{ w, h int }{{120, 36}, {80, 24}, {60, 20}} {
		for _, ascii := range []bool{false, true} {
			c := newCouple(t, Options{ASCII: ascii}, size.w, size.h)
			for _, step := range []struct{ name, key string }{{"fork", ""}, {"fork-other", "f"}, {"fork-list", "D"}} {
				if step.key != "" {
					c.press(step.key)
				}
				name := fmt.Sprintf("%s-%dx%d", step.name, size.w, size.h)
				if ascii {
					name += "-ascii"
				}
				frame := c.View()
				frametest.Check(t, name, frame, frametest.Want{W: size.w, H: size.h, ASCII: ascii})
				if size.w > minWidth {
					golden.Check(t, name, frame+"\n")
				}
			}
		}
	}
	for _, size := range []struct{ w, h int }{{59, 30}, {100, 19}, {1, 1}, {0, 0}} {
		c := newCouple(t, Options{}, size.w, size.h)
		if frame := c.View(); size.w > 0 && len(strings.Split(frame, "\n")) != size.h {
			t.Errorf("%v: %q", size, frame)
		}
	}
}

// Keys that move time move both futures once. Other keys do the same in both.
func TestForkKeys(t *testing.T) {
	c := newCouple(t, Options{}, 120, 36)
	c.press("space", ".", ",", ">", "<", "n", "N", "+", "-", "d")
	got := strings.Join(c.clock.did, ", ")
	if got != "pause, step +1, step -1, skip 5s, skip -5s, step +1, step -1, faster, slower, part" {
		t.Errorf("keys did %q", got)
	}
	c.clock.did = nil
	c.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("..d")})
	if got := strings.Join(c.clock.did, ", "); got != "step +1, step +1, part" {
		t.Errorf("a burst of keys did %q", got)
	}
	c.press("2")
	frametest.Shows(t, c.View(), "Replicas of \"cart\"")
	for i, s := range c.scenes {
		if s.shown != page.Key {
			t.Errorf("side %d shows screen %d", i, s.shown)
		}
	}
	c.press("1", "down", "down")
	if a, b := c.sides[0].state.SelectedNode(), c.sides[1].state.SelectedNode(); a.Name != b.Name || a.Name != "n3" {
		t.Errorf("the nodes %s and %s are selected", a.Name, b.Name)
	}
	c.press("?")
	frametest.Shows(t, c.View(), "where they part")
	if n := strings.Count(c.View(), "step back, on"); n != 2 {
		t.Errorf("the help and the key line name a key of time %d times", n)
	}
	frametest.Check(t, "help", c.View(), frametest.Want{W: 120, H: 36})
	c.press("x", "D")
	frametest.Shows(t, c.View(), "put #45 cart", "quorum_not_reached")
	if c.press("x"); strings.Contains(c.View(), "Two futures of") {
		t.Error("a key does not close the list")
	}
	if _, cmd := c.Update(keyMsg("q")); !quits(cmd) {
		t.Error("q does not leave")
	}
}

// quits reports whether a command ends the program.
func quits(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	switch msg := cmd().(type) {
	case tea.QuitMsg:
		return true
	case tea.BatchMsg:
		return slices.ContainsFunc(msg, quits)
	}
	return false
}

// A request that is chosen in one future is looked at in the other one too, and so is a key.
func TestForkLooksAtTheSame(t *testing.T) {
	c := newCouple(t, Options{}, 80, 24)
	c.scenes[0].state.ChooseRequest(42)
	c.scenes[0].choose([]byte("other"))
	c.do(c.agree())
	if r := c.sides[1].state.Request(); r == nil || r.ID != 42 || string(c.sides[1].state.Key()) != "other" {
		t.Errorf("the other future shows request %v and key %q", r, c.sides[1].state.Key())
	}
	c.press("f", "f")
	frametest.Shows(t, c.View(), "as it is (f: with no partition)")
	c.press("f")
	frametest.Shows(t, c.View(), "with no partition (f: as it is)")
}

// A line of the prompt runs in both futures, and each shows what it printed there.
func TestForkPrompt(t *testing.T) {
	ran := make(chan string, 2)
	c := newCouple(t, Options{Exec: func(_ context.Context, line string) (string, int) {
		ran <- line
		return "out", 0
	}}, 120, 36)
	if strings.Contains(c.View(), "Prompt") {
		t.Error("there is a prompt before it is used")
	}
	c.press(":")
	c.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("why cart"), Paste: true})
	frametest.Shows(t, c.View(), "ringside▸ why cart")
	c.press("enter")
	if len(ran) != 2 || <-ran != "why cart" || strings.Count(c.View(), "out") != 2 {
		t.Errorf("the line ran in %d futures:\n%s", len(ran)+1, c.View())
	}
}

// The futures are over when both are. Each half then says how its own ended.
func TestForkEnds(t *testing.T) {
	c := newCouple(t, Options{}, 120, 36)
	c.clock.p.Over, c.clock.p.At = "every property held", time.Minute
	c.press("1")
	frametest.Shows(t, c.View(), "END 1m0s of 1m0s: both have ended", "END: every property held")
}

// A snapshot is one picture of both futures.
func TestForkPicture(t *testing.T) {
	dir := t.TempDir()
	c := newCouple(t, Options{Dir: dir}, 120, 36)
	c.press(":")
	c.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("snapshot both.txt"), Paste: true})
	c.press("enter")
	saved, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(saved) != 1 {
		t.Fatalf("saved %v, %v", saved, err)
	}
	b, err := os.ReadFile(saved[0])
	if err != nil {
		t.Fatal(err)
	}
	frametest.Shows(t, string(b), "two futures", "2 versions diverge", "converged")
}

// The keys of a fork are no keys of any screen.
func TestForkKeysMeanOneThing(t *testing.T) {
	c := newCouple(t, Options{}, 120, 36)
	own, taken := c.duo.keys[:3], c.sides[0].recordingKeys()
	for _, p := range c.sides[0].pages {
		taken = append(taken, p.Keys()...)
	}
	for _, b := range taken {
		for _, k := range b.Keys() {
			for _, o := range own {
				if slices.Contains(o.Keys(), k) && b.Holds(false) {
					t.Errorf("the key %q is taken", k)
				}
			}
		}
	}
}
