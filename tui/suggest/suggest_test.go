package suggest

import (
	"strings"
	"testing"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/tui/command"
	"ringside/tui/state"
)

// A context is proposed under the name that a command saved it as, until a write or a heal makes it
// out of date.
func TestContexts(t *testing.T) {
	m := New(state.New(nil, nil), nil, nil)
	ran := func(line string) { m.Finished(command.Parse(line, nil)) }
	proposes := func(key, name string, saved bool) {
		t.Helper()
		if n, s := m.contextOf(key); n != name || s != saved {
			t.Errorf("the context of %s is %s, saved %v", key, n, s)
		}
	}
	proposes("cart", "@cart", false)
	proposes("a key with blanks", "@c", false)
	ran("get cart --save @mine")
	proposes("cart", "@mine", true)
	ran("get cart --save=@cart")
	proposes("cart", "@cart", true)
	ran("get other --save @mine")
	proposes("other", "@mine", true)
	ran("put cart x --save @new")
	proposes("cart", "@new", true)
	ran("cart add cart milk")
	proposes("cart", "@cart", false)
	if m.Forget(); len(m.contexts) > 0 {
		t.Error("contexts stay after a heal")
	}
}

// A step counts as taken once its verb ran. A step that would do nothing now is left out.
func TestSteps(t *testing.T) {
	m := New(state.New(nil, nil), []string{"status", "heal", "wait hints=0", "hints"}, nil)
	if m.First() != "status" {
		t.Errorf("the first step is %q", m.First())
	}
	m.Started("get cart")
	m.Started("status --json")
	if m.First() != "hints" { // nothing is split, and no hint waits
		t.Errorf("the next step is %q", m.First())
	}
	if m.Started("hints"); m.First() != "" {
		t.Errorf("after the last step it proposes %q", m.First())
	}
}

func TestWithItem(t *testing.T) {
	items := []string{"beer", "bread"}
	for value, want := range map[string]string{
		"milk": "milk,beer", "milk,beer": "milk,beer,bread", `["milk"]`: `["milk","beer"]`, "": "beer", "\x1b": "beer",
	} {
		if got := withItem(vclock.Version{Value: []byte(value)}, items); got != want {
			t.Errorf("%q with an item is %q, want %q", value, got, want)
		}
	}
}

// The proposed splits follow from the key, the selection and the marks. None of them leaves one
// side empty or comes twice.
func TestSplits(t *testing.T) {
	s := state.New(nil, []byte("cart")) // its homes are n3, n4 and n5
	if got := Splits(s); got != nil {
		t.Errorf("splits of an unknown cluster: %v", got)
	}
	chosen := settings.Cluster{N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Strategy: 3, Q: 60, T: 12,
		Nodes: []string{"n1", "n2", "n3", "n4", "n5"}}
	events := []event.Event{{Kind: event.Cluster, Settings: &chosen}}
	for _, n := range chosen.Nodes {
		events = append(events, event.Event{Kind: event.NodeUp, Node: n})
	}
	s.Apply(events)
	lines := func() string {
		var out []string
		for _, o := range Splits(s) {
			if c := command.Parse(o.Line, nil); c.Verb == nil {
				t.Errorf("%s is no command", o.Line)
			}
			out = append(out, strings.TrimPrefix(o.Line, "partition "))
		}
		return strings.Join(out, " | ")
	}
	if got, want := lines(), "n3,n4,n5 | n4,n5 | n1,n2 | n1 | n1 --one-way"; got != want {
		t.Errorf("proposes %s, want %s", got, want)
	}
	s.Select(4)
	s.ToggleMark()
	s.Select(0)
	s.ToggleMark()
	s.Apply([]event.Event{{Kind: event.Split, Groups: [][]string{{"n1"}, {"n2", "n3", "n4", "n5"}}}})
	if got, want := lines(), "heal | n1,n5 | n3,n4,n5 | n4,n5 | n1,n2 | n1 | n1 --one-way"; got != want {
		t.Errorf("with marks in a split it proposes %s, want %s", got, want)
	}
	if s.ToggleMark(); s.IsMarked("n1") || !s.IsMarked("n5") || !s.ClearMarks() || s.ClearMarks() {
		t.Error("a mark stays")
	}
}
