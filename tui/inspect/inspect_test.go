package inspect

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/cli/golden"
	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
	"ringside/tui/canvas"
	"ringside/tui/frametest"
	"ringside/tui/page"
	"ringside/tui/panes"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// start is the time at which every scene begins: 12:04:20 UTC.
var start = time.Date(2026, 1, 2, 12, 4, 20, 0, time.UTC)

var cartKey = []byte("cart")

// A scene is the screen with a cluster and a clock of a test.
type scene struct {
	*Model
	seq uint64
	at  time.Duration
	did []string // what the screen asked the desk for
}

// newScene returns the screen of nodes n1, n2 and so on, all up. The homes of cart are n3, n4 and
// n5 of five.
func newScene(nodes int, change ...func(*settings.Cluster)) *scene {
	s := &scene{at: time.Duration(start.UnixNano())}
	st := state.New(nil, cartKey)
	st.Zone, st.Clock = time.UTC, func() time.Time { return time.Unix(0, int64(s.at)) }
	note := func(what string) func(string) tea.Cmd {
		return func(line string) tea.Cmd {
			s.did = append(s.did, what+" "+line)
			return nil
		}
	}
	s.Model = New(page.Desk{
		Ctx: context.Background(), State: st, Run: note("run"), Ask: note("ask"),
		Say:       func(text string) { note("say")(text) },
		ChooseKey: func(key []byte) tea.Cmd { st.Choose(key); return nil },
	})
	chosen := settings.Cluster{Name: "demo", N: min(3, nodes), R: 2, W: 2, Mode: settings.ModeSiblings,
		Strategy: 3, Q: max(60, 2*nodes), T: 12}
	for i := range nodes {
		chosen.Nodes = append(chosen.Nodes, fmt.Sprintf("n%d", i+1))
	}
	for _, f := range change {
		f(&chosen)
	}
	events := []event.Event{{Kind: event.Cluster, Settings: &chosen, Time: s.at}}
	for _, n := range chosen.Nodes {
		events = append(events, event.Event{Kind: event.NodeUp, Node: n, Time: s.at})
	}
	st.Apply(events)
	return s
}

// add applies events of the stream, a millisecond apart. Those without a key are about cart if
// their kind has one.
func (s *scene) add(events ...event.Event) {
	for i := range events {
		s.seq++
		s.at += time.Millisecond
		events[i].Seq, events[i].Time = s.seq, s.at
	}
	s.desk.State.Apply(events)
}

// draw returns the frame of a size.
func (s *scene) draw(w, h int, ascii bool) string {
	c := canvas.New(theme.New(io.Discard, ascii, true), w, h)
	s.Draw(c, true)
	return strings.Join(c.Lines(), "\n")
}

func dot(node string, counter uint64) vclock.Dot {
	return vclock.Dot{Actor: vclock.Actor{Node: node, Epoch: 1}, Counter: counter}
}

// written returns a version that was written counter seconds after the start.
func written(node string, counter uint64, value string, past ...vclock.Dot) vclock.Version {
	v := vclock.Version{Dot: dot(node, counter), Value: []byte(value), Time: start.UnixNano() + int64(counter+uint64(len(past)))*1e9}
	for _, d := range past {
		v.Past = v.Past.With(d)
	}
	return v
}

func stored(node string, v ...vclock.Version) event.Event {
	return event.Event{Kind: event.Stored, Node: node, Peer: node, Op: "put", Key: cartKey, Versions: v}
}

func hinted(node, home string, v ...vclock.Version) event.Event {
	return event.Event{Kind: event.HintStored, Node: node, Peer: node, For: home, Op: "put", Key: cartKey, Versions: v, Count: 1}
}

var (
	milk = written("n3", 1, `["milk"]`)
	eggs = written("n3", 2, `["milk","eggs"]`, dot("n3", 1))
	beer = written("n1", 1, `["milk","beer"]`, dot("n3", 1))
)

// healed is after a split that parted n1 and n2 from the homes: n3 has both siblings, n4 waits for
// a hint, and for n5 there is none.
func healed(s *scene) {
	s.add(stored("n3", milk), stored("n4", milk), stored("n5", milk))
	s.add(event.Event{Kind: event.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}})
	s.add(stored("n3", eggs), stored("n4", eggs), stored("n5", eggs))
	s.add(hinted("n1", "n3", beer), hinted("n2", "n4", beer))
	s.add(event.Event{Kind: event.Heal}, stored("n3", beer, eggs),
		event.Event{Kind: event.HintDelivered, Node: "n1", For: "n3", Peer: "n3", Key: cartKey},
		event.Event{Kind: event.Replied, Node: "n5", Peer: "n5", Op: "get", Key: cartKey, Request: 7, Versions: vclock.Siblings{eggs},
			Nodes: []string{"n4", "n5"}, Count: 2, Want: 2})
}

// lost is a cluster with last write wins that dropped an acknowledged version.
func lost(s *scene) {
	s.add(stored("n3", milk), stored("n4", milk), stored("n5", milk), stored("n3", eggs), stored("n4", eggs), stored("n5", eggs))
	s.add(event.Event{Kind: event.LWWLost, Node: "n3", Key: cartKey, Versions: vclock.Siblings{beer}, Message: "lost to {n3:2}"})
}

// parted has a version on each side of a split, under last write wins.
func parted(s *scene) {
	s.add(stored("n3", milk), stored("n4", milk), stored("n5", milk))
	s.add(event.Event{Kind: event.Split, Groups: [][]string{{"n1", "n2", "n3"}, {"n4", "n5"}}})
	s.add(stored("n3", beer), stored("n4", eggs), stored("n5", eggs), hinted("n1", "n4", beer))
}

func lww(s *settings.Cluster) { s.Mode = settings.ModeLWW }

// many has fifty siblings of as many coordinators.
func many(s *scene) {
	var all vclock.Siblings
	for i := range 50 {
		all = append(all, written(fmt.Sprintf("n%02d", i+1), 1, fmt.Sprintf(`["item %d"]`, i+1)))
	}
	s.add(stored("n3", all...), stored("n4", all...), stored("n5", all[:20]...))
}

// evil is a text that would do harm if a terminal read it.
const evil = "\x1b]0;owned\x07\x1b[2J\u202etxt\u0000\xff\r\nrm"

// hostile has evil in every name and value, a huge value, and clocks that form a circle.
func hostile(s *scene) {
	s.desk.State.Choose([]byte(evil))
	a := written(evil, 1, evil, dot("n2", 9))
	b := written("n2", 9, strings.Repeat(evil, 50_000), dot(evil, 1))
	e := stored("n4", a, b)
	hint := hinted(evil, evil, a)
	given := event.Event{Kind: event.Replied, Node: evil, Op: evil, Key: []byte(evil), Versions: vclock.Siblings{a}}
	e.Key, hint.Key = []byte(evil), []byte(evil)
	s.add(event.Event{Kind: event.NodeUp, Node: evil}, e, hint, given)
}

// Every scene has a frame for each size. The files of testdata hold the frames.
func TestFrames(t *testing.T) {
	for _, c := range []struct {
		name   string
		nodes  int
		play   func(*scene)
		change func(*settings.Cluster)
	}{
		{"healed", 5, healed, nil}, {"lost", 5, lost, lww}, {"parted", 5, parted, lww}, {"many", 5, many, nil},
		{"hostile", 5, hostile, nil}, {"nothing", 5, func(*scene) {}, nil}, {"hundred", 100, healed, nil},
	} {
		for _, size := range []struct{ w, h int }{{120, 29}, {80, 18}, {60, 10}} {
			for _, ascii := range []bool{false, true} {
				s := newScene(c.nodes)
				if c.change != nil {
					s = newScene(c.nodes, c.change)
				}
				c.play(s)
				name := fmt.Sprintf("%s-%dx%d", c.name, size.w, size.h)
				if ascii {
					name += "-ascii"
				}
				all, count := "", 1
				if !panes.Wide(size.w, size.h) {
					count = len(s.focus.Names)
				}
				for range count {
					frame := s.draw(size.w, size.h, ascii)
					frametest.Check(t, name, frame, frametest.Want{W: size.w, H: size.h, ASCII: ascii})
					all += frame + "\n"
					s.Cycle(+1)
				}
				if size.w >= 80 && (!ascii || c.name == "healed") {
					golden.Check(t, name, all)
				}
			}
		}
	}
}

// A home says which mechanism brings it what it lacks, and a concurrent pair says why.
func TestWhatMendsAHome(t *testing.T) {
	s := newScene(5)
	healed(s)
	frametest.Shows(t, s.draw(120, 29, false), "hint waits on n2 and goes to n4 by itself", "no hint: mended by read repair (§5) or Merkle",
		"n1 1>0, n3 1<2, so concurrent", "delivered to n3 12:04:20", "stale 2/3")
	s.Cycle(+1)
	frametest.Shows(t, s.draw(80, 18, false), "gave one that covers v1 v3 and not v2", "would stay beside v2")
	s.add(event.Event{Kind: event.NodeDown, Node: "n4"})
	frametest.Shows(t, s.draw(120, 29, false), "hint waits on n2 until n4 runs")
	off := newScene(5, func(c *settings.Cluster) { c.NoAntiEntropy = true })
	healed(off)
	frametest.Shows(t, off.draw(120, 29, false), "anti-entropy is", "alone, because")
}

// The preview names the version that the engine's rule loses. Where that rule is in force, the
// screen says that it loses, and a loss that happened is on top.
func TestLastWriteWins(t *testing.T) {
	s := newScene(5)
	healed(s)
	keep := vclock.Siblings{eggs, beer}.Latest(nil)[0]
	if keep.Dot != eggs.Dot {
		t.Fatalf("last write wins keeps %s", keep.Notation())
	}
	frametest.Shows(t, s.draw(120, 29, false), `✗ last write wins would keep v3 and lose v2`)
	p := newScene(5, lww)
	parted(p)
	frame := p.draw(120, 29, false)
	frametest.Shows(t, frame, "LOSES v2", "✓ current")
	if strings.Contains(frame, "union:") {
		t.Errorf("last write wins offers a union:\n%s", frame)
	}
	l := newScene(5, lww)
	lost(l)
	frame = l.draw(120, 29, false)
	if first, _, _ := strings.Cut(frame, "\n"); !strings.Contains(first, "LOST: last write wins dropped {n1:1 n3:1}") {
		t.Errorf("the loss is not on top:\n%s", frame)
	}
	frametest.Shows(t, frame, "LOST to last write wins")
	if l.Explains() != "6" {
		t.Errorf("explains §%s", l.Explains())
	}
}

// Two versions are compared by dot and past. The greatest counters would say that the blind write
// {n3:.2} descends from {n3:1}.
func TestBlindWritesAreConcurrent(t *testing.T) {
	s := newScene(5)
	s.add(stored("n3", milk, written("n3", 2, "blind")))
	frametest.Shows(t, s.draw(120, 29, false), "n3 1‖.2, so concurrent", "‖ 2 CONCURRENT")
}

// Keys fill in commands that mean the selected version.
func TestKeys(t *testing.T) {
	s := newScene(5)
	healed(s)
	press := func(keys ...string) {
		for _, k := range keys {
			do, ok := s.Keys().Find(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)}, false)
			if !ok {
				t.Fatalf("no key %s", k)
			}
			do()
		}
	}
	press("u", "o", "e", "g", "A", "H", "J", "y")
	s.Open()
	s.Cycle(+1)
	s.Move(+1)
	press("o")
	s.add(stored("n4", beer, eggs), stored("n5", beer, eggs), event.Event{Kind: event.HintDelivered, Node: "n2", For: "n4", Key: cartKey})
	press("o")
	want := []string{
		"ask resolve cart --union", `ask resolve cart --with '["milk","beer"]'`, `ask resolve cart --with '["milk","beer"]'`,
		"run get cart", "run sync p19", "run wait hints=0", "run inspect cart --json", "run why cart --key", "run get cart --via n3",
		`ask resolve cart --with '["milk","eggs"]'`, "ask resolve cart --pick 2", // siblings are sorted by dot
	}
	if !slices.Equal(s.did, want) {
		t.Errorf("did\n%s\nwant\n%s", strings.Join(s.did, "\n"), strings.Join(want, "\n"))
	}
	s.did = nil
	s.desk.State.Choose([]byte(evil))
	press("u", "o", "e")
	for _, d := range s.did {
		if !strings.HasPrefix(d, "say ") {
			t.Errorf("a key that cannot be typed: %s", d)
		}
	}
}

// The names of versions stay while a key is shown, whatever is forgotten.
func TestNamesOfVersionsStay(t *testing.T) {
	s := newScene(5)
	past := vclock.Clock(nil)
	for i := range uint64(40) {
		v := written("n3", i+1, fmt.Sprint("value ", i+1))
		v.Past, past = past, past.With(v.Dot)
		s.add(stored("n3", v), stored("n4", v), stored("n5", v))
		s.draw(120, 29, false)
	}
	frametest.Shows(t, s.draw(120, 29, false), "v40 {n3:40} value 40")
	s.Cycle(+1)
	s.Cycle(+1)
	s.Move(-100)
	frametest.Shows(t, s.draw(120, 29, false), "v24", "(older ones: not known)")
}

// A sight is drawn within the budget of a frame.
func BenchmarkFrame(b *testing.B) {
	for name, play := range map[string]func(*scene){"healed": healed, "many": many} {
		b.Run(name, func(b *testing.B) {
			s := newScene(100)
			play(s)
			for i := range 2000 {
				s.add(event.Event{Kind: event.Replied, Err: wire.NodeDown, Node: "n1", Op: "get", Key: cartKey, Request: uint64(i + 1)})
			}
			for b.Loop() {
				s.draw(120, 29, false)
			}
		})
	}
}
