package tui

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/exit"
	"ringside/cli/golden"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/tui/feed"
	"ringside/tui/frametest"
	"ringside/tui/page"
)

// do runs cmd and hands its messages to the model, as the program would. It leaves out ticks and
// waits for the feed.
func (s *scene) do(cmd tea.Cmd) {
	if cmd == nil || waits(cmd) {
		return
	}
	msg := cmd()
	if batch, ok := msg.(tea.BatchMsg); ok {
		for _, c := range batch {
			s.do(c)
		}
		return
	}
	_, next := s.Update(msg)
	s.do(next)
}

// waits reports whether cmd is a tick or waits for the feed. It recognizes both by the name of the
// function that made them.
func waits(cmd tea.Cmd) bool {
	made := runtime.FuncForPC(reflect.ValueOf(cmd).Pointer()).Name()
	return strings.Contains(made, "Tick.") || strings.Contains(made, "Await.")
}

// A test of waits, without which run could hang.
func TestWaits(t *testing.T) {
	s := newScene(5, Options{})
	if !waits(everySecond()) || !waits(s.refresh.Await(time.Time{})) || waits(s.quit()) {
		t.Error("waits does not recognize a tick or a wait for the feed")
	}
}

// interactive returns a scene that runs lines, and the lines that ran.
func interactive(t *testing.T) (*scene, *[]string) {
	t.Helper()
	var ran []string
	s := newScene(5, Options{
		Exec: func(_ context.Context, line string) (string, int) {
			ran = append(ran, line)
			if strings.HasPrefix(line, "bad") {
				return "bad: no such verb", 2
			}
			return strings.Repeat("line\n", 20), 0
		},
		Complete: func(line string) []string {
			if strings.HasSuffix(line, " ") {
				return nil
			}
			words := []string{"partition", "pause"}
			return slices.DeleteFunc(words, func(w string) bool { return !strings.HasPrefix(w, line) })
		},
		Suggest: []string{"put cart milk", "partition n1", "wait hints=0", "heal"},
	})
	s.resize(120, 37)
	healthy(s)
	s.take()
	return s, &ran
}

// shows checks that the frame has a text.
func shows(t *testing.T, s *scene, want string) {
	t.Helper()
	if !strings.Contains(s.View(), want) {
		t.Errorf("no %q in\n%s", want, s.View())
	}
}

func TestPromptRunsAndRecalls(t *testing.T) {
	s, ran := interactive(t)
	s.do(s.enter("ringside get user -R 2"))
	if !slices.Equal(*ran, []string{"get user -R 2"}) {
		t.Fatalf("ran %q", *ran)
	}
	if string(s.state.Key()) != "user" {
		t.Errorf("the shown key is %q, not that of the command", s.state.Key())
	}
	shows(t, s, "✓ get user -R 2")
	shows(t, s, "1–9 of 21")
	s.press("pgdown")
	shows(t, s, "10–18 of 21")
	s.do(s.enter("bad"))
	shows(t, s, "✗ exit 2  bad")
	shows(t, s, "bad: no such verb")
	s.press("up")
	shows(t, s, "ringside▸ bad")
	s.press("up")
	shows(t, s, "ringside▸ get user -R 2")
	s.press("down", "down")
	if !s.prompt.Empty() {
		t.Errorf("the new line is %q", s.prompt.Line())
	}
}

func TestPromptCompletesAndSuggests(t *testing.T) {
	s, _ := interactive(t)
	shows(t, s, "try partition n1") // a put without a context would be a blind write
	s.press("right")
	shows(t, s, "ringside▸ partition n1")
	s.do(s.enter(""))
	shows(t, s, "try get cart --save @cart") // nothing to heal, no hints to wait for
	s.add(event.Event{Kind: event.Split, Groups: [][]string{{"n1"}, {"n2", "n3", "n4", "n5"}}})
	s.take()
	shows(t, s, "try heal")
	tab := func() {
		_, cmd := s.Update(keyMsg("tab"))
		s.do(cmd)
	}
	s.press("p")
	tab()
	shows(t, s, "partition  pause")
	s.press("r")
	tab()
	if got := s.prompt.Line(); got != "partition " {
		t.Errorf("completed to %q", got)
	}
}

func TestPaneKeys(t *testing.T) {
	s, ran := interactive(t)
	s.press("esc")
	if s.focus != nodesPane {
		t.Fatalf("esc leads to pane %d", s.focus)
	}
	s.press("down", "down")
	for k, want := range map[string]string{"K": "kill n3", "R": "restart n3"} {
		s.press(k)
		if got := s.prompt.Line(); got != want || len(*ran) > 0 {
			t.Errorf("%s gives %q, ran %q", k, got, *ran)
		}
		shows(t, s, "│▸1st ◉ n3")
		s.press("ctrl+u", "esc")
	}
	s.do(s.enter("kill n3"))
	s.press("esc")
	for _, k := range []string{"h", "enter"} {
		_, cmd := s.Update(keyMsg(k))
		s.do(cmd)
	}
	if want := []string{"kill n3", "heal", "get cart --via n3"}; !slices.Equal(*ran, want) {
		t.Errorf("ran %q, want %q", *ran, want)
	}
	s.press("s")
	if got := s.prompt.Line(); got != "slow n3 100ms" {
		t.Errorf("s gives %q", got)
	}
	s.press("esc", "w", "y")
	if s.focus != promptPane || !strings.HasSuffix(s.prompt.Line(), "wy") {
		t.Errorf("typing gives pane %d, %q", s.focus, s.prompt.Line())
	}
	s.press("esc", "c") // the line in the prompt
	shows(t, s, "copied: ringside wy")
	s.press(":", "ctrl+u", "esc", "c")
	shows(t, s, "copied: ringside get cart --via n3")
	s.press("t")
	shows(t, s, "Trace #41  get cart")
}

func TestTabGoesRound(t *testing.T) {
	s, _ := interactive(t)
	var seen []paneID
	for range s.focusable() {
		s.press("tab")
		seen = append(seen, s.focus)
	}
	if !slices.Equal(seen, []paneID{nodesPane, keyPane, logPane, promptPane}) {
		t.Errorf("tab visits %v", seen)
	}
	s.press("shift+tab") // in the prompt it is no binding
	s.press("tab", "shift+tab")
	if s.focus != promptPane {
		t.Errorf("shift+tab leads to %d", s.focus)
	}
}

func TestQuitting(t *testing.T) {
	for name, keys := range map[string][]string{
		"q": {"esc", "q"}, "ctrl+c": {"ctrl+c"}, "ctrl+c in help": {"?", "ctrl+c"},
		"ctrl+c in filter": {"esc", "/", "ctrl+c"}, "line": {"q", "enter"}, "ctrl+d": {"ctrl+d"},
	} {
		s, _ := interactive(t)
		var cmd tea.Cmd
		for _, k := range keys {
			_, cmd = s.Update(keyMsg(k))
		}
		if cmd == nil {
			t.Errorf("%s does not quit", name)
		} else if _, ok := cmd().(tea.QuitMsg); !ok {
			t.Errorf("%s does not quit", name)
		}
	}
}

// Keys that arrive at once are keys in a pane, and text in a paste and in the prompt.
func TestBurstsOfKeys(t *testing.T) {
	s, ran := interactive(t)
	burst := func(text string, paste bool) {
		s.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(text), Paste: paste})
	}
	s.press("esc")
	if burst("1jj", false); s.state.Selected() != 2 || s.prompt.Line() != "" || s.focus != nodesPane {
		t.Errorf("1jj selects node %d, and %q is typed", s.state.Selected(), s.prompt.Line())
	}
	if burst("2?", false); s.shown != page.Key || !s.help.Open() {
		t.Errorf("2? shows screen %d; the help is open: %v", s.shown, s.help.Open())
	}
	s.press("esc", "1")
	if burst(":get a?", false); s.prompt.Line() != "get a?" {
		t.Errorf(":get a? types %q", s.prompt.Line())
	}
	s.press("ctrl+u", "esc")
	if burst("jump", true); s.prompt.Line() != "jump" || len(*ran) > 0 {
		t.Errorf("a paste types %q, and runs %q", s.prompt.Line(), *ran)
	}
}

func TestChoosingKeys(t *testing.T) {
	s, _ := interactive(t)
	for _, k := range []string{"apple", "dog"} {
		e := stored("n4", "n4", "put", 0, vclock.Siblings{version("n4", 1, "x")})
		e.Key = []byte(k)
		s.add(e)
	}
	s.take()
	s.press("esc")
	var seen []string
	for range 3 {
		s.press("]")
		seen = append(seen, string(s.state.Key()))
	}
	s.press("[")
	if got := strings.Join(append(seen, string(s.state.Key())), " "); got != "dog apple cart apple" {
		t.Errorf("] ] ] [ choose %q", got)
	}
}

func TestLogFilterAndFollow(t *testing.T) {
	s, _ := interactive(t)
	s.add(event.Event{Kind: event.NodeDown, Node: "n2"})
	s.take()
	s.press("esc", "/", "d", "o", "w", "n", "enter")
	shows(t, s, "Events / down")
	if strings.Contains(s.View(), "GET ") {
		t.Error("the filter lets a get through")
	}
	s.press("esc", "down", "down")
	shows(t, s, "▲ 1 newer")
	e, _ := s.log.Selected()
	s.add(event.Event{Kind: event.NodeUp, Node: "n2"})
	s.take()
	if again, _ := s.log.Selected(); again.Seq != e.Seq {
		t.Error("a new event moves the selection")
	}
	s.press("enter")
	shows(t, s, "Trace #41  get cart")
	if s.shown != page.Trace || !s.state.RequestChosen() {
		t.Errorf("enter leads to the screen %d", s.shown)
	}
	s.press("1")
	s.focusOn(logPane)
	s.press("G")
	if !s.log.Following() {
		t.Error("G does not follow")
	}
	s.press("v")
	shows(t, s, "REPLICA")
}

func TestPauseStopsTheDisplayOnly(t *testing.T) {
	s, _ := interactive(t)
	s.press("esc", "space")
	s.add(event.Event{Kind: event.NodeDown, Node: "n2"})
	s.take()
	shows(t, s, "PAUSED +1")
	shows(t, s, "5 up")
	s.press("space")
	shows(t, s, "4 up · 1 down")
}

func TestMissedEventsAndLostCluster(t *testing.T) {
	s, _ := interactive(t)
	s.add(event.Event{Kind: event.Gap, Count: 7})
	s.take()
	shows(t, s, "missed 7 events")
	s.feed.SetLink(feed.Lost, errors.New("connection refused"))
	s.take()
	shows(t, s, "the cluster does not answer: connection refused")
	s.feed.SetLink(feed.Live, nil)
	s.at += time.Minute
	s.Update(secondMsg{})
	s.take()
	title, _, _ := strings.Cut(s.View(), "\n")
	if strings.Contains(title, "answer") || strings.Contains(title, "missed") {
		t.Error("the trouble stays on the screen")
	}
}

func TestZoomAndResize(t *testing.T) {
	s, _ := interactive(t)
	s.press("esc", "z")
	if r := s.places[nodesPane]; s.View() == "" || s.places[nodesPane].w != 120 {
		t.Errorf("zoomed pane at %+v", r)
	}
	for _, size := range [][2]int{{200, 60}, {61, 17}, {1, 1}, {76, 30}, {120, 36}} {
		s.resize(size[0], size[1])
		frametest.Check(t, "resized", s.View(), frametest.Want{W: size[0], H: size[1]})
	}
	s.press("esc")
	shows(t, s, "Key \"cart\"")
}

func TestPasteAndClear(t *testing.T) {
	s, ran := interactive(t)
	s.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("get a\r\n\nget b\nkill n1\n"), Paste: true})
	if got := s.prompt.Line(); got != "get a" || len(*ran) > 0 {
		t.Fatalf("the line is %q, ran %q", got, *ran)
	}
	shows(t, s, "2 more pasted lines")
	s.do(s.enter(""))
	if got := s.prompt.Line(); got != "get b" || !slices.Equal(*ran, []string{"get a"}) {
		t.Errorf("the line is %q, ran %q", got, *ran)
	}
	s.press("ctrl+u")
	if !s.prompt.Empty() {
		t.Errorf("ctrl+u leaves %q", s.prompt.Line())
	}
}

// A colon before a command, and the program's name, are ignored.
func TestColonIsIgnored(t *testing.T) {
	s, ran := interactive(t)
	for _, line := range []string{":get user", " : ringside heal ", "::status"} {
		s.do(s.enter(line))
	}
	if want := []string{"get user", "heal", "status"}; !slices.Equal(*ran, want) {
		t.Errorf("ran %q, want %q", *ran, want)
	}
}

// A command that is entered while another one runs is queued and runs later.
func TestCommandsQueue(t *testing.T) {
	s, ran := interactive(t)
	first := s.enter("wait hints=0")
	for _, line := range []string{"get a", "get b"} {
		if cmd := s.enter(line); cmd != nil {
			t.Errorf("%s runs at once", line)
		}
	}
	shows(t, s, "running: wait hints=0…  (esc interrupts)  queued: get a  ·  get b")
	s.do(first)
	if want := []string{"wait hints=0", "get a", "get b"}; !slices.Equal(*ran, want) {
		t.Errorf("ran %q, want %q", *ran, want)
	}
}

func TestBadLineChoosesNoKey(t *testing.T) {
	s, _ := interactive(t)
	s.execute(func(string) (string, int) { return "get: no such flag", exit.Usage })
	s.do(s.enter("get user --nonsense"))
	if string(s.state.Key()) != "cart" {
		t.Errorf("a line that does not parse chose %q", s.state.Key())
	}
}

// A failure drops the commands that were queued behind it, and says so. Earlier results can be
// scrolled back to.
func TestFailureDropsTheQueue(t *testing.T) {
	for _, h := range []int{24, 36} {
		s, ran := interactive(t)
		s.resize(80, h)
		s.do(s.enter("first"))
		bad := s.enter("bad wait")
		s.enter("put x 2")
		s.enter("put y 3")
		s.do(bad)
		if want := []string{"first", "bad wait"}; !slices.Equal(*ran, want) {
			t.Errorf("ran %q, want %q", *ran, want)
		}
		shows(t, s, "✗ exit 2  bad wait")
		shows(t, s, "bad: no such verb")
		shows(t, s, "dropped: put x 2  ·  put y 3")
		for range 30 {
			s.press("pgup")
			s.View()
		}
		shows(t, s, "✓ first")
		for range 30 {
			s.press("pgdown")
			s.View()
		}
		shows(t, s, "✗ exit 2  bad wait")
	}
}

// A successful command of the queue does not hide the results before it.
func TestResultsStayReadable(t *testing.T) {
	s, _ := interactive(t)
	s.execute(func(line string) (string, int) { return "result of " + line, 0 })
	first := s.enter("get a")
	s.enter("get b")
	s.do(first)
	shows(t, s, "result of get b")
	shows(t, s, "PgUp earlier results")
	s.press("pgup")
	shows(t, s, "result of get a")
	shows(t, s, "1–4 of 4")
	s.press("esc")
	shows(t, s, "result of get b")
}

// Esc clears a line that a key filled in, and keeps one that the user edited.
func TestEscDropsAFillIn(t *testing.T) {
	s, _ := interactive(t)
	s.press("esc", "K", "esc", ":")
	if !s.prompt.Empty() {
		t.Errorf("esc leaves %q", s.prompt.Line())
	}
	s.press("esc", "K", "0", "esc", ":")
	if got := s.prompt.Line(); got != "kill n10" {
		t.Errorf("after an edit, esc leaves %q", got)
	}
}

// A long error is wrapped, so that its advice can be read.
func TestLongErrorsAreWrapped(t *testing.T) {
	s, _ := interactive(t)
	s.resize(80, 24)
	const long = "put cart: only 1 of 2 nodes answered in 1s, the value may be stored; read it with get cart"
	s.execute(func(string) (string, int) { return long + "\n", 1 })
	s.do(s.enter("put cart x"))
	shows(t, s, "✗ exit 1  put cart x")
	shows(t, s, "with get cart")
	golden.Check(t, "error-80x24", s.View()+"\n")
}

// The word help runs the command help. The key ? shows the page of keys.
func TestHelpInThePrompt(t *testing.T) {
	s, ran := interactive(t)
	s.do(s.enter("help"))
	if !slices.Equal(*ran, []string{"help"}) || s.help.Open() {
		t.Errorf("ran %q, page of keys open: %v", *ran, s.help.Open())
	}
	if s.press("?"); !s.help.Open() {
		t.Error("? does not show the page of keys")
	}
}

// Nodes of a cluster that does not answer do not count as up.
func TestNodesOfALostCluster(t *testing.T) {
	for _, size := range []struct{ w, h int }{{120, 36}, {80, 24}, {60, 16}} {
		s, _ := interactive(t)
		s.resize(size.w, size.h)
		s.View()
		s.feed.SetLink(feed.Lost, errors.New("connection refused"))
		s.take()
		shows(t, s, "the cluster does not answer")
		if f := s.View(); strings.Contains(f, "5 up") || strings.Contains(f, "◉") || !strings.Contains(f, "0 ") {
			t.Errorf("%dx%d shows nodes as up:\n%s", size.w, size.h, f)
		}
		s.feed.SetLink(feed.Live, nil)
		s.take()
		shows(t, s, "5 up")
	}
}

// An event without a phrase of its own shows what the command events prints.
func TestEventsWithoutAPhrase(t *testing.T) {
	s, _ := interactive(t)
	s.add(event.Event{Kind: event.SyncDone, Node: "n2", Peer: "n3", Rounds: []event.SyncRound{{Bytes: 90}, {Bytes: 30}}})
	s.take()
	s.press("esc", "v")
	shows(t, s, "with n3 2 trees alike, 120 B")
}
