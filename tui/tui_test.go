package tui

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unsafe"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
	"ringside/tui/feed"
	"ringside/tui/help"
	"ringside/tui/prompt"
	"ringside/tui/refresh"
	"ringside/tui/theme"
)

var update = flag.Bool("update", false, "write the golden frames anew")

// start is the fixed time of the tests: 12:04:20 UTC.
var start = time.Date(2026, 1, 2, 12, 4, 20, 0, time.UTC)

// A scene feeds a model as a cluster would.
type scene struct {
	*model
	feed *feed.Feed
	seq  uint64
	at   time.Duration
}

func newScene(nodes int, o Options) *scene {
	if o.Key == "" {
		o.Key = "cart"
	}
	return startScene(nodes, o, theme.New(io.Discard, o.ASCII, true))
}

func startScene(nodes int, o Options, th *theme.Theme) *scene {
	f := feed.New(nil)
	m := newModel(context.Background(), o, th, f)
	m.state.Zone = time.UTC
	s := &scene{model: m, feed: f, at: time.Duration(start.UnixNano())}
	m.state.Clock = func() time.Time { return time.Unix(0, int64(s.at)) }
	f.SetLink(feed.Live, nil)
	settings := settings.Cluster{Name: "demo", N: min(3, nodes), R: 2, W: 2, Mode: settings.ModeSiblings, Strategy: 3, Q: 60, T: 12}
	for i := range nodes {
		settings.Nodes = append(settings.Nodes, fmt.Sprintf("n%d", i+1))
	}
	s.snapshot(event.Event{Kind: event.Cluster, Settings: &settings})
	for i, n := range settings.Nodes {
		s.snapshot(event.Event{Kind: event.NodeUp, Node: n, Addr: "127.0.0.1:7001"},
			event.Event{Kind: event.State, Node: n, State: &event.NodeState{Keys: 110 + i}})
	}
	s.take()
	return s
}

// snapshot tells events of sequence number 0.
func (s *scene) snapshot(events ...event.Event) {
	for i := range events {
		events[i].Time = s.at
	}
	_ = s.feed.Add(events)
}

// tell puts events into the stream, a millisecond apart.
func (s *scene) tell(events ...event.Event) {
	for i := range events {
		s.seq++
		s.at += time.Millisecond
		events[i].Seq, events[i].Time = s.seq, s.at
	}
	_ = s.feed.Add(events)
}

func (s *scene) take() { s.Update(refresh.FeedMsg{}) }

func (s *scene) press(keys ...string) {
	for _, k := range keys {
		s.Update(keyMsg(k))
	}
}

func keyMsg(k string) tea.KeyMsg {
	named := map[string]tea.KeyType{
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab, "up": tea.KeyUp, "down": tea.KeyDown,
		"right": tea.KeyRight, "left": tea.KeyLeft, "space": tea.KeySpace, "ctrl+c": tea.KeyCtrlC, "ctrl+o": tea.KeyCtrlO,
		"pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "ctrl+u": tea.KeyCtrlU, "backspace": tea.KeyBackspace, "ctrl+w": tea.KeyCtrlW, "ctrl+d": tea.KeyCtrlD,
	}
	if t, ok := named[k]; ok {
		msg := tea.KeyMsg{Type: t}
		if t == tea.KeySpace {
			msg.Runes = []rune{' '}
		}
		return msg
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}
}

func (s *scene) typeLine(line string) tea.Cmd {
	s.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(line), Paste: true})
	_, cmd := s.Update(keyMsg("enter"))
	return cmd
}

func version(node string, counter uint64, value string, past ...vclock.Dot) vclock.Version {
	v := vclock.Version{Dot: dot(node, counter), Value: []byte(value)}
	for _, d := range past {
		v.Past = v.Past.With(d)
	}
	return v
}

func dot(node string, counter uint64) vclock.Dot {
	return vclock.Dot{Actor: vclock.Actor{Node: node}, Counter: counter}
}

var cart = []byte("cart")

// put tells of a put that n3 n4 n5, the homes of cart, all take.
func (s *scene) put(request uint64, v vclock.Version, homes ...string) {
	all := vclock.Siblings{v}
	s.tell(event.Event{Kind: event.Requested, Node: v.Dot.Node, Key: cart, Op: "put", Request: request},
		event.Event{Kind: event.Coordinate, Node: v.Dot.Node, Key: cart, Request: request, Versions: all, Homes: homes})
	for _, h := range homes {
		s.tell(event.Event{Kind: event.Stored, Node: h, Peer: v.Dot.Node, Key: cart, Op: "put", Request: request, Versions: all, Count: 1})
	}
	s.tell(event.Event{Kind: event.Replied, Node: v.Dot.Node, Op: "put", Key: cart, Request: request, Versions: all, Nodes: homes, Count: len(homes), Want: 2, Elapsed: 3900 * time.Microsecond})
}

func healthy(s *scene) {
	s.put(40, version("n3", 1, `["milk"]`), "n3", "n4", "n5")
	s.tell(event.Event{Kind: event.Replied, Node: "n4", Op: "get", Key: cart, Request: 41, Versions: vclock.Siblings{version("n3", 1, `["milk"]`)}, Nodes: []string{"n3", "n4"}, Count: 2, Want: 2, Elapsed: 800 * time.Microsecond})
}

// split cuts n3 n4 from the others; both sides put.
func split(s *scene) {
	healthy(s)
	s.tell(event.Event{Kind: event.Split, Groups: [][]string{{"n4", "n3"}, {"n5", "n2", "n1"}}})
	for _, a := range []string{"n4", "n3"} {
		for _, b := range []string{"n5", "n2", "n1"} {
			s.tell(event.Event{Kind: event.Suspect, Node: a, Peer: b}, event.Event{Kind: event.Suspect, Node: b, Peer: a})
		}
	}
	beer := version("n4", 1, `["milk","beer"]`, dot("n3", 1))
	s.put(42, beer, "n3", "n4")
	eggs := version("n5", 1, `["milk","eggs"]`, dot("n3", 1))
	all := vclock.Siblings{eggs}
	s.tell(event.Event{Kind: event.Stored, Node: "n5", Peer: "n5", Key: cart, Op: "put", Request: 43, Versions: all},
		event.Event{Kind: event.HintStored, Node: "n2", Peer: "n5", For: "n3", Key: cart, Request: 43, Versions: all, Count: 1},
		event.Event{Kind: event.HintStored, Node: "n1", Peer: "n5", For: "n4", Key: cart, Request: 43, Versions: all, Count: 1},
		event.Event{Kind: event.Replied, Node: "n5", Op: "put", Key: cart, Request: 43, Versions: all, Nodes: []string{"n5", "n2", "n1"}, Count: 3, Want: 2,
			Hinted: []wire.Hint{{Holder: "n2", For: "n3"}, {Holder: "n1", For: "n4"}}, Elapsed: 3900 * time.Microsecond})
	s.at += 42 * time.Second
}

func killed(s *scene) {
	healthy(s)
	s.tell(event.Event{Kind: event.NodeDown, Node: "n4"}, event.Event{Kind: event.Suspect, Node: "n3", Peer: "n4"},
		event.Event{Kind: event.NodePaused, Node: "n1"}, event.Event{Kind: event.Suspect, Node: "n3", Peer: "n1"},
		event.Event{Kind: event.Slow, Link: "n5-n2", Delay: 100 * time.Millisecond}, event.Event{Kind: event.Loss, Link: "n5>n3", Percent: 30})
}

// resolved joins the siblings again.
func resolved(s *scene) {
	split(s)
	s.tell(event.Event{Kind: event.Heal})
	for _, a := range []string{"n4", "n3"} {
		for _, b := range []string{"n5", "n2", "n1"} {
			s.tell(event.Event{Kind: event.Alive, Node: a, Peer: b}, event.Event{Kind: event.Alive, Node: b, Peer: a})
		}
	}
	for _, h := range []struct{ holder, home string }{{"n2", "n3"}, {"n1", "n4"}} {
		s.tell(event.Event{Kind: event.HintDelivered, Node: h.holder, For: h.home, Peer: h.home, Key: cart})
	}
	s.put(44, version("n3", 2, `["milk","beer","eggs"]`, dot("n4", 1), dot("n5", 1), dot("n3", 1)), "n3", "n4", "n5")
}

// evil is a text that would do harm if a terminal read it.
const evil = "\x1b]0;owned\x07\x1b[2J\u202etxt\u0000\xff\r\nrm"

func hostile(s *scene) {
	s.choose([]byte(evil))
	v := version("n4", 1, evil+"界\u0301"+strings.Repeat("\u0300", 40))
	s.tell(event.Event{Kind: event.Stored, Node: "n4", Peer: evil, Key: []byte(evil), Op: evil, Versions: vclock.Siblings{v}},
		event.Event{Kind: event.Replied, Node: evil, Op: evil, Key: []byte(evil), Request: 1, Err: wire.QuorumNotReached, Message: evil, Want: 2},
		event.Event{Kind: event.DiskFailed, Node: "n5", Message: evil}, event.Event{Kind: event.Kind(evil), Node: evil, Message: evil},
		event.Event{Kind: event.Split, Groups: [][]string{{"n4", evil}, {"n5"}}}, event.Event{Kind: event.Slow, Link: evil, Delay: 1})
	s.prompt = prompt.New(context.Background(), func(context.Context, string) (string, int) { return evil + "\n" + evil, 1 }, nil)
	s.Update(s.model.run(evil)())
}

// crowded tells of nine concurrent versions that all homes hold.
func crowded(s *scene) {
	var all vclock.Siblings
	for i := range uint64(9) {
		all = append(all, version(fmt.Sprintf("c%d", i+1), 1, fmt.Sprintf(`["item %d"]`, i+1)))
	}
	for _, h := range []string{"n3", "n4", "n5"} {
		s.tell(event.Event{Kind: event.Stored, Node: h, Peer: "n3", Key: cart, Op: "handoff", Versions: all, Count: 9})
	}
}

// deleted tells of a delete on one side of a split and of a put on the other.
func deleted(s *scene) {
	healthy(s)
	gone := version("n4", 1, "", dot("n3", 1))
	gone.Deleted = true
	all := vclock.Siblings{gone, version("n5", 1, `["milk","eggs"]`, dot("n3", 1))}
	for _, h := range []string{"n3", "n4", "n5"} {
		s.tell(event.Event{Kind: event.Stored, Node: h, Peer: "n3", Key: cart, Op: "handoff", Versions: all, Count: 2})
	}
	s.tell(event.Event{Kind: event.Reconciled, Node: "n3", Key: cart, Request: 45, Versions: all},
		event.Event{Kind: event.Replied, Node: "n3", Op: "get", Key: cart, Request: 45, Versions: all, Nodes: []string{"n3", "n4"}, Count: 2, Want: 2, Elapsed: 800 * time.Microsecond})
}

// nothing is a cluster that was asked for its replicas and has none.
func nothing(s *scene) {
	for _, n := range s.state.View.Nodes {
		s.snapshot(event.Event{Kind: event.Replicas, Node: n.Name, Key: cart})
	}
}

func TestFrames(t *testing.T) {
	for _, c := range []struct {
		name  string
		nodes int
		tell  func(*scene)
	}{
		{"healthy", 5, healthy}, {"split", 5, split}, {"killed", 5, killed}, {"resolved", 5, resolved}, {"empty", 5, nothing},
		{"hostile", 5, hostile}, {"crowded", 5, crowded}, {"deleted", 5, deleted}, {"thirty", 30, healthy}, {"single", 1, nothing},
	} {
		for _, size := range []struct{ w, h int }{{120, 36}, {80, 24}, {60, 16}, {50, 10}} {
			for _, ascii := range []bool{false, true} {
				s := newScene(c.nodes, Options{ASCII: ascii})
				s.Update(tea.WindowSizeMsg{Width: size.w, Height: size.h})
				c.tell(s)
				s.take()
				frame := s.View()
				name := fmt.Sprintf("%s-%dx%d", c.name, size.w, size.h)
				if ascii {
					name += "-ascii"
				}
				checkFrame(t, name, frame, size.w, size.h, ascii)
				if !ascii || c.name == "split" {
					golden(t, name, frame)
				}
			}
		}
	}
}

func TestHelpFrame(t *testing.T) {
	s := newScene(5, Options{})
	s.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
	s.press("?")
	golden(t, "help-120x36", s.View())
	s.press("x")
	if strings.Contains(s.View(), "any key closes it") {
		t.Error("help stays")
	}
	for _, ascii := range []bool{false, true} {
		helpAt80x24(t, ascii)
	}
}

// helpAt80x24 scrolls through a help that does not fit: all of it can be reached.
func helpAt80x24(t *testing.T, ascii bool) {
	s := newScene(5, Options{ASCII: ascii})
	s.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	s.press("?")
	all := s.View()
	if !ascii {
		golden(t, "help-80x24", all)
	}
	checkFrame(t, "help", all, 80, 24, ascii)
	for range 60 {
		s.press("down")
		all += s.View()
	}
	if !ascii {
		golden(t, "help-80x24-end", s.View())
	}
	for _, l := range help.Legend(&s.th.Glyphs) {
		for _, w := range append(strings.Fields(l[1]), strings.Fields(l[0])...) {
			if !ascii && !strings.Contains(all, w) {
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
		t.Error("help stays")
	}
}

// checkFrame holds for every frame: exact size, printable, ASCII where asked for.
func checkFrame(t *testing.T, name, frame string, w, h int, ascii bool) {
	t.Helper()
	lines := strings.Split(frame, "\n")
	if len(lines) != h {
		t.Errorf("%s: %d lines, want %d", name, len(lines), h)
	}
	for i, l := range lines {
		if got := ansi.StringWidth(l); got != w {
			t.Errorf("%s: line %d has %d columns, want %d: %q", name, i, got, w, l)
		}
		for _, r := range l {
			if !unicode.IsPrint(r) || ascii && r > 0x7e {
				t.Errorf("%s: line %d shows %U", name, i, r)
			}
		}
	}
}

func golden(t *testing.T, name, frame string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(frame+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if frame+"\n" != string(want) {
		t.Errorf("%s differs (go test ./tui -update writes it anew):\n%s", name, frame)
	}
}

// An idle screen costs nothing: the same frame, not an equal one.
func TestIdleFrameIsCached(t *testing.T) {
	s := newScene(5, Options{})
	s.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
	healthy(s)
	s.take()
	first, drawn := s.View(), s.frames
	s.Update(refresh.FeedMsg{})
	s.Update(secondMsg{})
	second := s.View()
	if unsafe.StringData(first) != unsafe.StringData(second) || s.frames != drawn {
		t.Errorf("%d frames drawn while nothing happened", s.frames-drawn)
	}
	s.tell(event.Event{Kind: event.NodeDown, Node: "n2"})
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
	s.Update(tea.WindowSizeMsg{Width: 120, Height: 36})
	frame := ansi.Strip(s.View())
	if !strings.Contains(frame, "Last write wins keeps ") || strings.Contains(frame, "siblings") {
		t.Fatalf("the frame during the split:\n%s", frame)
	}
	beer := version("n4", 1, `["milk","beer"]`, dot("n3", 1))
	s.tell(event.Event{Kind: event.Heal}, event.Event{Kind: event.LWWLost, Node: "n4", Key: cart,
		Versions: vclock.Siblings{beer}, Message: "lost to {n3:1 n5:1}, which had not seen it"})
	s.take()
	if frame = ansi.Strip(s.View()); !strings.Contains(frame,
		`Last write wins lost {n3:1 n4:1} ["milk","beer"] (§6).`) || !strings.Contains(frame, "lost to LWW 1") {
		t.Fatalf("the frame after it:\n%s", frame)
	}
}
