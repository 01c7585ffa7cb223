package repair

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
	"ringside/tui/canvas"
	"ringside/tui/frametest"
	"ringside/tui/page"
	"ringside/tui/panes"
	"ringside/tui/refresh"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// start is the time at which every scene begins: 12:04:20 UTC.
var start = time.Date(2026, 1, 2, 12, 4, 20, 0, time.UTC)

// A scene is the screen with a cluster and a clock of a test.
type scene struct {
	*Model
	seq   uint64
	at    time.Duration
	nodes []string
	did   []string // what the screen asked the desk for
}

// newScene returns the screen of nodes n1, n2 and so on, all up.
func newScene(nodes int) *scene {
	s := &scene{at: time.Duration(start.UnixNano())}
	st := state.New(nil, []byte("cart"))
	st.Zone, st.Clock = time.UTC, func() time.Time { return time.Unix(0, int64(s.at)) }
	s.Model = New(page.Desk{
		Ctx: context.Background(), State: st,
		Run: func(line string) tea.Cmd { s.did = append(s.did, line); return nil },
		Say: func(text string) { s.did = append(s.did, "say "+text) },
	})
	chosen := settings.Cluster{Name: "demo", N: min(3, nodes), R: 2, W: 2, Mode: settings.ModeSiblings,
		Strategy: 3, Q: max(60, 2*nodes), T: 12}
	for i := range nodes {
		chosen.Nodes = append(chosen.Nodes, fmt.Sprintf("n%d", i+1))
	}
	s.nodes = chosen.Nodes
	s.snapshot(event.Event{Kind: event.Cluster, Settings: &chosen})
	for _, n := range chosen.Nodes {
		s.snapshot(event.Event{Kind: event.NodeUp, Node: n})
	}
	return s
}

// add applies events of the stream, a millisecond apart.
func (s *scene) add(events ...event.Event) {
	for i := range events {
		s.seq++
		s.at += time.Millisecond
		events[i].Seq, events[i].Time = s.seq, s.at
	}
	s.desk.State.Apply(events)
	s.Update(refresh.FeedMsg{})
}

// snapshot applies events of a snapshot.
func (s *scene) snapshot(events ...event.Event) {
	for i := range events {
		events[i].Time = s.at
	}
	s.desk.State.Apply(events)
	s.Update(refresh.SnapshotMsg{})
}

// roots applies a snapshot in which all homes of the ranges hold the same, except for those that
// differ says.
func (s *scene) roots(differ func(rng int, node string) bool) {
	var events []event.Event
	for _, n := range s.nodes {
		st := &event.NodeState{}
		for _, h := range s.desk.State.View.Node(n).Hints {
			st.Hints = append(st.Hints, h)
		}
		for i, rg := range s.desk.State.View.Ring.Ranges() {
			if !slices.Contains(rg.Homes, n) {
				continue
			}
			root := event.TreeRoot{Start: rg.Start, End: rg.End, Root: uint64(i + 1), Keys: 1}
			if differ != nil && differ(i, n) {
				root.Root += 1000
			}
			st.Roots = append(st.Roots, root)
		}
		events = append(events, event.Event{Kind: event.State, Node: n, State: st})
	}
	s.snapshot(events...)
}

func hint(kind event.Kind, holder, home string, key int) event.Event {
	e := event.Event{Kind: kind, Node: holder, For: home, Peer: home, Key: fmt.Appendf(nil, "key-%d", key)}
	if kind == event.HintStored {
		e.Versions, e.Count = vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: holder}, Counter: 1}}}, 1
	}
	return e
}

// round returns a round of the first range that both nodes host, or of any range.
func (s *scene) round(left, right string, differ bool) event.SyncRound {
	ranges := s.desk.State.View.Ring.Ranges()
	for i, rg := range ranges {
		if i < len(ranges)-1 && (!slices.Contains(rg.Homes, left) || !slices.Contains(rg.Homes, right)) {
			continue
		}
		r := event.SyncRound{Start: rg.Start, End: rg.End, Left: left, Right: right, Hashes: 1, Bytes: 38, FullCopy: 14_000, Keys: 118}
		if !differ {
			return r
		}
		r.Hashes, r.Bytes, r.Levels, r.Buckets, r.Count, r.Sent = 33, 412, 10, 1, 1, 1
		r.Differing = []event.SyncKey{event.SyncKey("cart")}
		for level, node := 0, 0; level <= r.Levels; level++ {
			r.Path = append(r.Path, event.SyncHash{Level: level, Node: node, Left: 0x9f31a0c2e4d56b78 * uint64(level+1),
				Right: 0x04c21b7788aa90ef * uint64(level+1)})
			node = 2*node + (level+1)%2
		}
		return r
	}
	panic("no range")
}

func done(node string, r ...event.SyncRound) event.Event {
	e := event.Event{Kind: event.SyncDone, Node: node, Rounds: r}
	if len(r) == 1 {
		e.Peer = r[0].Right
	}
	return e
}

// healed is a minute with a split and a heal: hints are on their way, and trees were compared.
func healed(s *scene) {
	s.roots(nil)
	s.at += 10 * time.Second
	s.add(event.Event{Kind: event.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}})
	for i := range 14 {
		s.add(hint(event.HintStored, "n2", "n4", i))
	}
	for i := range 3 {
		s.add(hint(event.HintStored, "n1", "n3", i))
	}
	s.at += time.Second
	for i := range 20 {
		s.roots(func(rng int, node string) bool { return rng < i && (node == "n3" || node == "n4") })
		s.at += time.Second
	}
	s.add(event.Event{Kind: event.Heal})
	for i := range 9 {
		s.add(hint(event.HintDelivered, "n2", "n4", i))
	}
	for i := range 3 {
		s.add(hint(event.HintDelivered, "n1", "n3", i))
	}
	for i := range 12 {
		s.roots(func(rng int, node string) bool { return rng < 12-i && node == "n4" })
		s.at += time.Second
	}
	started := event.Event{Kind: event.SyncStarted, Node: "n4", Peer: "n5", Rounds: []event.SyncRound{s.round("n4", "n5", false)}}
	s.add(done("n3", s.round("n3", "n5", true)), done("n3", s.round("n3", "n4", false), s.round("n3", "n1", false)), started)
}

// evil is a text that would do harm if a terminal read it.
const evil = "\x1b]0;owned\x07\x1b[2J\u202etxt\u0000\xff\r\nrm"

// hostile has evil in every name, and numbers that no cluster has.
func hostile(s *scene) {
	s.add(event.Event{Kind: event.NodeUp, Node: evil}, hint(event.HintStored, evil, evil, 1), hint(event.HintRefused, evil, evil, 2),
		hint(event.HintStored, "n1", evil, 3))
	r := s.round("n3", "n5", true)
	r.Left, r.Right, r.Bytes, r.FullCopy, r.Keys, r.Count = evil, evil, -1, 1<<62, -5, 1<<40
	r.Differing = []event.SyncKey{event.SyncKey(evil), event.SyncKey(strings.Repeat(evil, 1000))}
	for i := range r.Path {
		r.Path[i].Level, r.Path[i].Node = -3*i, 1<<62-i
	}
	bad := r
	bad.Err, bad.End = evil, s.desk.State.View.Ring.Ranges()[7].End
	s.add(done(evil, r), done(evil, bad), event.Event{Kind: event.SyncStarted, Node: evil, Rounds: []event.SyncRound{r}})
}

// unreachable has nodes that do not answer.
func unreachable(s *scene) {
	healed(s)
	s.add(event.Event{Kind: event.NodeDown, Node: "n4"})
	s.roots(nil)
	s.desk.State.Unreachable = true
}

// Every scene has a frame for each size. The files of testdata hold the frames.
func TestFrames(t *testing.T) {
	for _, c := range []struct {
		name  string
		nodes int
		play  func(*scene)
	}{
		{"healed", 5, healed}, {"nothing", 5, func(*scene) {}}, {"hostile", 5, hostile}, {"hundred", 100, healed},
		{"unreachable", 5, unreachable},
	} {
		for _, size := range []struct{ w, h int }{{120, 29}, {80, 18}, {60, 10}} {
			for _, ascii := range []bool{false, true} {
				s := newScene(c.nodes)
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

// draw returns the frame of a size.
func (s *scene) draw(w, h int, ascii bool) string {
	c := canvas.New(theme.New(io.Discard, ascii, true), w, h)
	s.Draw(c, true)
	return strings.Join(c.Lines(), "\n")
}

// A row says what its hints wait for.
func TestWhatHintsWaitFor(t *testing.T) {
	for want, events := range map[string][]event.Event{
		"waits: n4 is down":       {{Kind: event.NodeDown, Node: "n4"}},
		"waits: n4 is paused":     {{Kind: event.NodePaused, Node: "n4"}},
		"waits for heal":          {{Kind: event.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}}},
		"waits until n2 hears n4": {{Kind: event.Suspect, Node: "n2", Peer: "n4"}},
		"n2 is not up":            {{Kind: event.NodeDown, Node: "n2"}},
		"on its way":              nil,
		"33%":                     {hint(event.HintStored, "n2", "n4", 2), hint(event.HintStored, "n2", "n4", 3), hint(event.HintDelivered, "n2", "n4", 3)},
		"all delivered 12:04:20":  {hint(event.HintDelivered, "n2", "n4", 1)},
		"dropped 1":               {hint(event.HintLost, "n2", "n4", 1)},
	} {
		s := newScene(5)
		s.add(hint(event.HintStored, "n2", "n4", 1))
		s.add(events...)
		frametest.Shows(t, s.draw(120, 29, false), want)
	}
	s := newScene(5)
	s.add(hint(event.HintRefused, "n2", "n4", 1))
	frametest.Shows(t, s.draw(120, 29, false), "refused 1: no room")
}

// The trees open a level at a time. What a round does not tell is not drawn as equal.
func TestTreesOpenALevelAtATime(t *testing.T) {
	s := newScene(5)
	s.add(done("n3", s.round("n3", "n5", true)))
	levels := func() int { return strings.Count(s.draw(120, 60, false), " ≠ ") - 2 } // beside the table and the legend
	s.Cycle(+1)
	s.Open() // moves to the trees
	if s.focus.At != treesPane || levels() != 11 {
		t.Fatalf("pane %d, %d levels", s.focus.At, levels())
	}
	for want := 1; want <= 3; want++ {
		if s.Open(); levels() != want {
			t.Errorf("%d levels, want %d", levels(), want)
		}
	}
	s.press("backspace")
	if levels() != 2 {
		t.Errorf("%d levels after going up", levels())
	}
	frametest.Shows(t, s.draw(120, 60, false), "⏎ goes a level down")
	s.press("a")
	frametest.Shows(t, s.draw(120, 60, false), "1 bucket differs, 1 key differs: cart", "1 sent to n5, 0 taken from it; 412 B")

	several := s.round("n3", "n5", true)
	several.Buckets = 3
	at := event.SyncHash{Level: 2, Node: 1}
	if got := strings.Join(treeMap(several, at), "#"); !strings.HasPrefix(got, "·#·#") || !strings.HasSuffix(got, "?#?") {
		t.Errorf("three buckets differ: %s", got)
	}
}

// press presses a key of the screen.
func (s *scene) press(name string) {
	msg := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
	if name == "backspace" {
		msg = tea.KeyMsg{Type: tea.KeyBackspace}
	}
	if do, ok := s.Keys().Find(msg, false); ok {
		do()
	}
}

// Keys run the verbs. The selected round stays selected while others come.
func TestKeys(t *testing.T) {
	s := newScene(5)
	s.press("C")
	s.add(done("n3", s.round("n3", "n5", true), s.round("n3", "n4", false)))
	s.Turn(+1)
	s.add(done("n1", s.round("n1", "n2", true)))
	for _, k := range []string{"C", "A", "H", "W"} {
		s.press(k)
	}
	want := []string{"say no range is selected: A compares all ranges", "merkle " + s.rangeOf(s.round("n3", "n4", false)),
		"sync", "wait hints=0", "settle"}
	if !slices.Equal(s.did, want) {
		t.Errorf("did %q, want %q", s.did, want)
	}
}

// Divergence is known only of ranges whose homes all told their trees, and of keys only while no
// event was missed. It is noted whether the screen is in sight or not.
func TestDivergence(t *testing.T) {
	s := newScene(5)
	if d := divergenceOf(s.desk.State.View); d != (divergence{unknown: 60}) {
		t.Errorf("before any node told: %+v", d)
	}
	s.roots(func(rng int, node string) bool {
		return rng == 3 && node == s.desk.State.View.Ring.Ranges()[3].Homes[1]
	})
	if d := divergenceOf(s.desk.State.View); d != (divergence{differ: 1, same: 59}) {
		t.Errorf("one tree differs: %+v", d)
	}
	v := vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n3"}, Counter: 1}, Value: []byte("milk")}}
	for _, n := range []string{"n3", "n4", "n5"} {
		s.add(event.Event{Kind: event.Stored, Node: n, Key: []byte("cart"), Versions: v})
	}
	s.add(event.Event{Kind: event.Stored, Node: "n4", Key: []byte("cart"), Versions: vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n4"}, Counter: 1}}}})
	s.add(event.Event{Kind: event.Stored, Node: "n1", Key: []byte("seen at one home")})
	frametest.Shows(t, s.draw(120, 29, false), "1 of 60 ranges that hold keys diverge", "1 of the 1 key seen at all homes")
	s.add(event.Event{Kind: event.NodeDown, Node: "n4"})
	s.roots(nil)
	if d := divergenceOf(s.desk.State.View); d.unknown == 0 || d.differ > 0 || d.same+d.unknown != 60 {
		t.Errorf("a home is down: %+v", d)
	}
	s.add(event.Event{Kind: event.Gap, Count: 3})
	s.roots(nil)
	frametest.Shows(t, s.draw(120, 29, false), "single keys: unknown, because this screen did not see all events")
	s.at += time.Second
	s.desk.State.Reset() // another cluster answers
	chosen := settings.Cluster{Nodes: s.nodes, N: 3, Strategy: 3, Q: 60}
	s.snapshot(event.Event{Kind: event.Cluster, Settings: &chosen})
	if len(s.history.points) != 1 || s.history.gap {
		t.Errorf("%d points, gap %v", len(s.history.points), s.history.gap)
	}
}

// The chart does not move while nothing diverged and no split came.
func TestIdleChartStands(t *testing.T) {
	s := newScene(5)
	s.roots(nil)
	s.at += 2 * time.Minute
	first := s.draw(120, 29, false)
	s.at += time.Second
	if s.draw(120, 29, false) != first {
		t.Error("an idle screen changes")
	}
}

// A frame of a hundred nodes is drawn within the budget of a frame.
func BenchmarkFrame(b *testing.B) {
	s := newScene(100)
	healed(s)
	var rounds []event.SyncRound
	for i, rg := range s.desk.State.View.Ring.Ranges() {
		for _, h := range rg.Homes[1:] {
			rounds = append(rounds, event.SyncRound{Start: rg.Start, End: rg.End, Left: rg.Homes[0], Right: h, Bytes: i})
		}
	}
	s.add(done("n1", rounds...))
	for i := range 2000 {
		s.add(hint(event.HintStored, s.nodes[i%100], s.nodes[i*7%100], i))
	}
	for b.Loop() {
		s.draw(120, 29, false)
	}
}
