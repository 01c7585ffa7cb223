package tui

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
	"ringside/tui/feed"
	"ringside/tui/prompt"
	"ringside/tui/refresh"
	"ringside/tui/theme"
)

// start is the time at which every scene begins: 12:04:20 UTC.
var start = time.Date(2026, 1, 2, 12, 4, 20, 0, time.UTC)

// A scene is a model whose cluster and clock are a test's.
type scene struct {
	*model
	feed *feed.Feed
	seq  uint64        // of the latest event
	at   time.Duration // the time now, since 1970
}

// newScene returns a scene of nodes n1, n2 and so on, all up, without colours. It shows the key
// cart unless o has another one.
func newScene(nodes int, o Options) *scene {
	if o.Key == "" {
		o.Key = "cart"
	}
	return startScene(nodes, o, theme.New(io.Discard, o.ASCII, true))
}

func startScene(nodes int, o Options, th *theme.Theme) *scene {
	f := feed.New(nil)
	return begin(newModel(context.Background(), o, th, f), f, nodes)
}

// begin returns the scene of a model that takes events from f.
func begin(m *model, f *feed.Feed, nodes int) *scene {
	m.state.Zone = time.UTC
	s := &scene{model: m, feed: f, at: time.Duration(start.UnixNano())}
	m.state.Clock = func() time.Time { return time.Unix(0, int64(s.at)) }
	f.SetLink(feed.Live, nil)
	chosen := settings.Cluster{Name: "demo", N: min(3, nodes), R: 2, W: 2, Mode: settings.ModeSiblings,
		Strategy: 3, Q: max(60, nodes), T: 12}
	for i := range nodes {
		chosen.Nodes = append(chosen.Nodes, fmt.Sprintf("n%d", i+1))
	}
	s.snapshot(event.Event{Kind: event.Cluster, Settings: &chosen})
	for i, n := range chosen.Nodes {
		s.snapshot(event.Event{Kind: event.NodeUp, Node: n, Addr: "127.0.0.1:7001"},
			event.Event{Kind: event.State, Node: n, State: &event.NodeState{Keys: 110 + i}})
	}
	s.take()
	return s
}

// snapshot adds events of a snapshot.
func (s *scene) snapshot(events ...event.Event) {
	for i := range events {
		events[i].Time = s.at
	}
	_ = s.feed.Add(events)
}

// add adds events to the stream, a millisecond apart.
func (s *scene) add(events ...event.Event) {
	for i := range events {
		s.seq++
		s.at += time.Millisecond
		events[i].Seq, events[i].Time = s.seq, s.at
	}
	_ = s.feed.Add(events)
}

// take lets the model take what was added.
func (s *scene) take() { s.Update(refresh.FeedMsg{}) }

// resize sets the size of the terminal.
func (s *scene) resize(w, h int) { s.Update(tea.WindowSizeMsg{Width: w, Height: h}) }

// press presses keys. It does not run the commands that they return.
func (s *scene) press(keys ...string) {
	for _, k := range keys {
		s.Update(keyMsg(k))
	}
}

// keyMsg returns the message for a key by its name. Any other text is typed.
func keyMsg(k string) tea.KeyMsg {
	named := map[string]tea.KeyType{
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab,
		"up": tea.KeyUp, "down": tea.KeyDown, "right": tea.KeyRight, "left": tea.KeyLeft, "space": tea.KeySpace,
		"ctrl+c": tea.KeyCtrlC, "ctrl+d": tea.KeyCtrlD, "ctrl+o": tea.KeyCtrlO, "ctrl+u": tea.KeyCtrlU,
		"ctrl+w": tea.KeyCtrlW, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp, "backspace": tea.KeyBackspace,
	}
	if t, ok := named[k]; ok {
		msg := tea.KeyMsg{Type: t}
		if t == tea.KeySpace {
			msg.Runes = []rune{' '}
		}
		return msg
	}
	plain, alt := strings.CutPrefix(k, "alt+")
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(plain), Alt: alt}
}

// enter pastes a line, enters it, and returns the command that runs it.
func (s *scene) enter(line string) tea.Cmd {
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

// replied returns the event of a successful reply about the key cart.
func replied(op, node string, request uint64, v vclock.Siblings, nodes ...string) event.Event {
	e := event.Event{Kind: event.Replied, Node: node, Op: op, Key: cart, Request: request, Versions: v, Nodes: nodes,
		Count: len(nodes), Want: 2, Elapsed: 3900 * time.Microsecond}
	if op == "get" {
		e.Elapsed = 800 * time.Microsecond
	}
	return e
}

// stored returns the event of a node that stored versions of the key cart.
func stored(node, from, op string, request uint64, v vclock.Siblings) event.Event {
	return event.Event{Kind: event.Stored, Node: node, Peer: from, Key: cart, Op: op, Request: request, Versions: v}
}

// put adds the events of a put of the key cart that homes take.
func (s *scene) put(request uint64, v vclock.Version, homes ...string) {
	node, all := v.Dot.Node, vclock.Siblings{v}
	s.add(event.Event{Kind: event.Requested, Node: node, Key: cart, Op: "put", Request: request},
		event.Event{Kind: event.Coordinate, Node: node, Key: cart, Request: request, Versions: all, Homes: homes})
	for _, h := range homes {
		e := stored(h, node, "put", request, all)
		e.Count = 1 // the node holds one key more
		s.add(e)
	}
	s.add(replied("put", node, request, all, homes...))
}

// The scripts of scenes. The homes of cart are n3, n4 and n5.

// healthy puts and gets cart.
func healthy(s *scene) {
	milk := version("n3", 1, `["milk"]`)
	s.put(40, milk, "n3", "n4", "n5")
	s.add(replied("get", "n4", 41, vclock.Siblings{milk}, "n3", "n4"))
}

// betweenSides adds an event for each pair of nodes on two sides, in both directions.
func (s *scene) betweenSides(kind event.Kind) {
	for _, a := range []string{"n4", "n3"} {
		for _, b := range []string{"n5", "n2", "n1"} {
			s.add(event.Event{Kind: kind, Node: a, Peer: b}, event.Event{Kind: kind, Node: b, Peer: a})
		}
	}
}

// split cuts n3 and n4 from the others. Both sides put, one with hints.
func split(s *scene) {
	healthy(s)
	s.add(event.Event{Kind: event.Split, Groups: [][]string{{"n4", "n3"}, {"n5", "n2", "n1"}}})
	s.betweenSides(event.Suspect)
	s.put(42, version("n4", 1, `["milk","beer"]`, dot("n3", 1)), "n3", "n4")
	all := vclock.Siblings{version("n5", 1, `["milk","eggs"]`, dot("n3", 1))}
	hint := func(holder, home string) event.Event {
		return event.Event{Kind: event.HintStored, Node: holder, Peer: "n5", For: home, Key: cart, Request: 43,
			Versions: all, Count: 1}
	}
	reply := replied("put", "n5", 43, all, "n5", "n2", "n1")
	reply.Hinted = []wire.Hint{{Holder: "n2", For: "n3"}, {Holder: "n1", For: "n4"}}
	s.add(stored("n5", "n5", "put", 43, all), hint("n2", "n3"), hint("n1", "n4"), reply)
	s.at += 42 * time.Second
}

// killed crashes n4, pauses n1, and slows down two links.
func killed(s *scene) {
	healthy(s)
	s.add(event.Event{Kind: event.NodeDown, Node: "n4"}, event.Event{Kind: event.Suspect, Node: "n3", Peer: "n4"},
		event.Event{Kind: event.NodePaused, Node: "n1"}, event.Event{Kind: event.Suspect, Node: "n3", Peer: "n1"},
		event.Event{Kind: event.Slow, Link: "n5-n2", Delay: 100 * time.Millisecond},
		event.Event{Kind: event.Loss, Link: "n5>n3", Percent: 30})
}

// resolved heals the split, delivers the hints and reconciles the siblings.
func resolved(s *scene) {
	split(s)
	s.add(event.Event{Kind: event.Heal})
	s.betweenSides(event.Alive)
	for _, h := range []struct{ holder, home string }{{"n2", "n3"}, {"n1", "n4"}} {
		s.add(event.Event{Kind: event.HintDelivered, Node: h.holder, For: h.home, Peer: h.home, Key: cart})
	}
	all := version("n3", 2, `["milk","beer","eggs"]`, dot("n4", 1), dot("n5", 1), dot("n3", 1))
	s.put(44, all, "n3", "n4", "n5")
}

// evil is a text that would do harm if a terminal read it.
const evil = "\x1b]0;owned\x07\x1b[2J\u202etxt\u0000\xff\r\nrm"

// hostile has evil in every field of an event, and in the output of a command.
func hostile(s *scene) {
	s.choose([]byte(evil))
	v := vclock.Siblings{version("n4", 1, evil+"界\u0301"+strings.Repeat("\u0300", 40))}
	s.add(event.Event{Kind: event.Stored, Node: "n4", Peer: evil, Key: []byte(evil), Op: evil, Versions: v},
		event.Event{Kind: event.Replied, Node: evil, Op: evil, Key: []byte(evil), Request: 1,
			Err: wire.QuorumNotReached, Message: evil, Want: 2},
		event.Event{Kind: event.DiskFailed, Node: "n5", Message: evil},
		event.Event{Kind: event.Kind(evil), Node: evil, Message: evil},
		event.Event{Kind: event.Split, Groups: [][]string{{"n4", evil}, {"n5"}}},
		event.Event{Kind: event.Slow, Link: evil, Delay: 1})
	s.execute(func(string) (string, int) { return evil + "\n" + evil, 1 })
	s.Update(s.model.run(evil)())
}

// execute makes the prompt run lines with exec.
func (s *scene) execute(exec func(line string) (string, int)) {
	s.prompt = prompt.New(context.Background(), func(_ context.Context, line string) (string, int) { return exec(line) }, nil)
}

// nothing is a cluster that was asked for its replicas of cart and has none.
func nothing(s *scene) {
	for _, n := range s.state.View.Nodes {
		s.snapshot(event.Event{Kind: event.Replicas, Node: n.Name, Key: cart})
	}
}

// everywhere adds events of versions that all homes store.
func (s *scene) everywhere(v vclock.Siblings) {
	for _, h := range []string{"n3", "n4", "n5"} {
		s.add(stored(h, "n3", "handoff", 0, v))
	}
}

// crowded has nine concurrent versions on all homes.
func crowded(s *scene) {
	var all vclock.Siblings
	for i := range uint64(9) {
		all = append(all, version(fmt.Sprintf("c%d", i+1), 1, fmt.Sprintf(`["item %d"]`, i+1)))
	}
	s.everywhere(all)
}

// sampled is a second of 12,000 events, of which the cluster sends one of 390.
func sampled(s *scene) {
	healthy(s)
	s.at = s.at.Truncate(time.Second) + time.Second
	for i := range 10 {
		s.add(event.Event{Kind: event.Requested, Node: "n1", Request: uint64(100 + i), Key: cart, Op: "get"},
			event.Event{Kind: event.Replied, Node: "n1", Request: uint64(100 + i), Key: cart, Op: "get", Elapsed: time.Millisecond},
			event.Event{Kind: event.ReadFrom, Node: "n1", Request: uint64(100 + i), Key: cart, Peer: "n2"},
			event.Event{Kind: event.Summary, Count: 1170, LeftOut: []event.Tally{
				{Node: "n2", Kind: event.Replied, Count: 234}, {Node: "n3", Kind: event.Ack, Count: 936},
			}})
	}
	s.at = s.at.Truncate(time.Second) + time.Second
}

// deleted has a delete and a concurrent put on all homes.
func deleted(s *scene) {
	healthy(s)
	gone := version("n4", 1, "", dot("n3", 1))
	gone.Deleted = true
	all := vclock.Siblings{gone, version("n5", 1, `["milk","eggs"]`, dot("n3", 1))}
	s.everywhere(all)
	s.add(event.Event{Kind: event.Reconciled, Node: "n3", Key: cart, Request: 45, Versions: all},
		replied("get", "n3", 45, all, "n3", "n4"))
}

// halves cuts a large cluster in two. Each node suspects those of the other half. A node of the
// first half takes a put, with a hint for each home of the other half.
func halves(s *scene) {
	var sides [2][]string
	for i, n := range s.state.View.Nodes {
		half := 2 * i / len(s.state.View.Nodes)
		sides[half] = append(sides[half], n.Name)
	}
	s.add(event.Event{Kind: event.Split, Groups: sides[:]})
	for _, a := range sides[0] {
		for _, b := range sides[1] {
			s.add(event.Event{Kind: event.Suspect, Node: a, Peer: b}, event.Event{Kind: event.Suspect, Node: b, Peer: a})
		}
	}
	milk := vclock.Siblings{version(sides[0][4], 1, "milk")}
	reply := replied("put", sides[0][4], 50, milk, sides[0][4])
	s.add(event.Event{Kind: event.Requested, Node: sides[0][4], Key: cart, Op: "put", Request: 50})
	for i, home := range s.state.Homes() {
		if s.state.View.Side(home) == 0 && slices.Contains(sides[0], home) {
			s.add(stored(home, sides[0][4], "put", 50, milk))
			reply.Nodes = append(reply.Nodes, home)
			continue
		}
		holder := sides[0][10+i]
		s.add(event.Event{Kind: event.HintStored, Node: holder, Peer: sides[0][4], For: home, Key: cart, Request: 50,
			Versions: milk, Count: 1})
		reply.Nodes, reply.Hinted = append(reply.Nodes, holder), append(reply.Hinted, wire.Hint{Holder: holder, For: home})
	}
	reply.Nodes = reply.Nodes[1:] // the coordinator is a fallback that keeps nothing
	s.add(reply)
	s.at += 3 * time.Second
}
