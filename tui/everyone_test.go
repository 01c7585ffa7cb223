package tui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/tui/feed"
	"ringside/tui/frametest"
	"ringside/tui/help"
	"ringside/tui/keymap"
	"ringside/tui/page"
)

// A paneState is a state of a pane, and how a scene gets there.
type paneState struct {
	name string
	play func(*scene)
}

// on returns a play that adds events to a healthy cluster.
func on(events ...event.Event) func(*scene) {
	return func(s *scene) {
		healthy(s)
		s.add(slices.Clone(events)...)
	}
}

// pressed returns a play that presses keys in a healthy cluster.
func pressed(keys ...string) func(*scene) {
	return func(s *scene) {
		healthy(s)
		s.take()
		s.press(keys...)
	}
}

// ended returns a play in which a command ends with an exit code.
func ended(code int) func(*scene) {
	return func(s *scene) {
		s.execute(func(string) (string, int) { return "said", code })
		s.do(s.enter("status"))
	}
}

// statesOf are the states that each pane must tell apart.
var statesOf = map[paneID][]paneState{
	nodesPane: {
		{"up", healthy}, {"suspected", on(event.Event{Kind: event.Suspect, Node: "n2", Peer: "n3"})},
		{"paused", on(event.Event{Kind: event.NodePaused, Node: "n3"})},
		{"down", on(event.Event{Kind: event.NodeDown, Node: "n3"})},
		{"marked", pressed("esc", "down", "down", "M", "up", "up")},
		{"selected", pressed("esc", "down")}, {"focused", pressed("esc")},
		{"hint", on(event.Event{Kind: event.HintStored, Node: "n1", For: "n3", Key: cart, Count: 1})},
		{"split", on(event.Event{Kind: event.Split, Groups: [][]string{{"n1"}, {"n2", "n3", "n4", "n5"}}})},
		{"unknown", func(s *scene) { healthy(s); s.feed.SetLink(feed.Lost, errors.New("gone")) }},
	},
	ringPane: {
		{"up", healthy}, {"suspected", on(event.Event{Kind: event.Suspect, Node: "n2", Peer: "n3"})},
		{"paused", on(event.Event{Kind: event.NodePaused, Node: "n3"})},
		{"down", on(event.Event{Kind: event.NodeDown, Node: "n3"})},
		{"marked", pressed("esc", "down", "down", "M")},
		{"cut", on(event.Event{Kind: event.Split, Groups: [][]string{{"n1"}, {"n2", "n3", "n4", "n5"}}})},
		{"slow", on(event.Event{Kind: event.Slow, Link: "n1-n3", Delay: time.Second})},
		{"loss", on(event.Event{Kind: event.Loss, Link: "n1-n3", Percent: 30})},
	},
	keyPane: {
		{"empty", nothing}, {"converged", healthy}, {"concurrent", split}, {"resolved", resolved}, {"deleted", deleted},
		{"home down", killed},
	},
	promptPane: {
		{"fresh", healthy}, {"done", ended(0)}, {"failed", ended(5)}, {"focused elsewhere", pressed("esc")},
		{"running", func(s *scene) { s.execute(func(string) (string, int) { return "", 0 }); s.enter("status") }},
	},
	headerPane: {
		{"live", healthy}, {"lost", func(s *scene) { healthy(s); s.feed.SetLink(feed.Lost, errors.New("gone")) }},
		{"paused", pressed("esc", "space")}, {"split", split},
		{"missed", on(event.Event{Kind: event.Gap, Count: 7})},
	},
}

// No state is told by colour only: without colours the pane of each state differs from that of each
// other.
func TestNoStateIsToldByColourOnly(t *testing.T) {
	for pane, states := range statesOf {
		for _, size := range []struct{ w, h int }{{120, 36}, {80, 24}} {
			for _, ascii := range []bool{false, true} {
				seen := map[string]string{}
				for _, st := range states {
					s := newScene(5, Options{ASCII: ascii})
					s.resize(size.w, size.h)
					st.play(s)
					s.take()
					s.stale = true // the program draws after each message
					if strings.Contains(s.View(), "\x1b") {
						t.Fatal("a frame without colours has escape sequences")
					}
					picture := strings.Join(s.panes[pane], "\n")
					if other, ok := seen[picture]; ok {
						t.Errorf("pane %d at %dx%d, ascii %v: %s looks like %s:\n%s", pane, size.w, size.h, ascii, st.name, other, picture)
					}
					seen[picture] = st.name
				}
			}
		}
	}
}

// The screen can be resized at any moment.
func TestResizeAtAnyMoment(t *testing.T) {
	for name, keys := range map[string][]string{
		"prompt": {"g", "e"}, "splits": {"esc", "p"}, "help": {"?"}, "large": {"esc", "B"}, "zoomed": {"esc", "z"},
		"filter": {"esc", "/", "p", "u"}, "key page": {"esc", "2"}, "leaving": {"esc", "q"}, "output": {"enter"},
	} {
		s, _ := interactive(t)
		s.throwAway = true
		split(s)
		s.take()
		if name == "output" {
			s.do(s.enter("get cart"))
		}
		s.press(keys...)
		for _, w := range []int{200, 1, 59, 60, 61, 75, 76, 80, 120} {
			for _, h := range []int{60, 1, 15, 16, 17, 23, 24, 29, 30, 36} {
				s.resize(w, h)
				frametest.Check(t, fmt.Sprintf("%s at %dx%d", name, w, h), s.View(), frametest.Want{W: w, H: h})
			}
		}
	}
}

// signs are the names of keys that help writes as signs.
var signs = map[string]string{
	"enter": "⏎", "tab": "↹", "shift+tab": "⇧↹", "up": "↑", "down": "↓", "right": "→", " ": "space", "pgup": "PgUp",
	"pgdown": "PgDn",
}

// named reports whether a label of help names a key: itself, a sign, or one of a range such as 1-5.
func named(label, key string) bool {
	if sign, ok := signs[key]; ok {
		key = sign
	}
	if from, to, ok := strings.Cut(label, "-"); ok && len(to) == 1 && len(key) == len(from) {
		return key[:len(key)-1] == from[:len(from)-1] && key >= from && key[len(key)-1:] <= to
	}
	if len(key) == 1 { // a letter, which other labels may contain
		return slices.Contains(strings.Fields(label), key)
	}
	return strings.Contains(label, key)
}

// Each binding of each table is in the help: under its own label, or under that of another binding
// of the same scope.
func TestHelpNamesEachKey(t *testing.T) {
	sheet, _ := interactive(t)
	tables := map[string]keymap.Map{"live": sheet.liveKeys(), "recording": newScene(5, Options{Cluster: &fakePlayback{}}).keys}
	for id, p := range sheet.pages {
		tables[page.Titles[id]] = p.Keys()
	}
	for name, table := range tables {
		var texts []string
		for _, where := range []keymap.Scope{keymap.Anywhere, keymap.Panes, keymap.Prompt} {
			for _, row := range table.Rows(where) {
				texts = append(texts, row[0])
				if row[1] == "" {
					t.Errorf("%s: %s is not explained", name, row[0])
				}
			}
		}
		for _, b := range table {
			if !slices.ContainsFunc(b.Keys(), func(k string) bool {
				return slices.ContainsFunc(texts, func(label string) bool { return named(label, k) })
			}) {
				t.Errorf("%s: no row of the help names one of %q", name, b.Keys())
			}
		}
	}
}

// The keys that the key line of the prompt promises for the panes are there.
func TestPromisedKeysAreThere(t *testing.T) {
	s, _ := interactive(t)
	for _, b := range s.keys {
		_, promised, ok := strings.Cut(b.Help().Desc, "to the panes: ")
		if !ok {
			continue
		}
		for _, k := range strings.Fields(strings.ReplaceAll(promised, "1-4", "1 2 3 4")) {
			if k == "…" {
				continue
			}
			if _, ok := s.keys.Find(keyMsg(k), false); !ok {
				t.Errorf("the panes have no key %s", k)
			}
		}
		return
	}
	t.Error("the prompt promises no keys")
}

// The words of the prompt that the help lists are about the screens: except for as NAME, none of
// them is run as a command.
func TestWordsOfThePrompt(t *testing.T) {
	for _, w := range help.Words() {
		s, _ := interactive(t)
		s.o.Dir = t.TempDir()
		line := strings.NewReplacer("NAME", "alice", "FILE", "a.txt").Replace(w[0])
		_ = s.enter(line)
		if client := line == "as alice"; s.prompt.Running() != client {
			t.Errorf("%s runs as a command: %v", line, !client)
		}
	}
	s, _ := interactive(t)
	if _ = s.enter("status"); !s.prompt.Running() {
		t.Error("a command does not run")
	}
}
