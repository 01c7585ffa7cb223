package plain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"ringside/engine/event"
	"ringside/engine/settings"
)

// A cluster is a Source of given events.
type cluster struct {
	events     []event.Event
	broken     error
	generation int
}

func (c *cluster) Generation() int { return c.generation }

func (c *cluster) Snapshot(context.Context, ...[]byte) ([]event.Event, error) {
	s := settings.Cluster{N: 3, R: 2, W: 2, Strategy: 3, Q: 60, T: 12, Nodes: []string{"n1", "n2", "n3"}}
	out := []event.Event{{Kind: event.Cluster, Settings: &s}}
	for _, n := range s.Nodes {
		out = append(out, event.Event{Kind: event.NodeUp, Node: n})
	}
	for _, e := range c.events {
		if e.Kind == event.Split {
			e.Seq = 0
			out = append(out, e)
		}
	}
	return out, c.broken
}

func (c *cluster) Events(_ context.Context, q event.Query, fn func([]event.Event) error) error {
	var out []event.Event
	if q.After > uint64(len(c.events)) { // as the log of a cluster that was restarted
		out, q.After = append(out, event.Event{Kind: event.Gap}), 0
	}
	for _, e := range c.events {
		if e.Seq > q.After {
			out = append(out, e)
		}
	}
	return fn(out)
}

func (c *cluster) add(events ...event.Event) {
	for _, e := range events {
		e.Seq = uint64(len(c.events) + 1)
		c.events = append(c.events, e)
	}
}

// converse runs lines on a cluster and returns what was written.
func converse(t *testing.T, c *cluster, o Options, lines ...string) string {
	t.Helper()
	var out strings.Builder
	o.Cluster = c
	if o.Exec == nil {
		o.Exec = func(_ context.Context, line string) (string, int) { return "ran " + line + "\n", 0 }
	}
	if err := Run(t.Context(), strings.NewReader(strings.Join(lines, "\n")), &out, o); err != nil {
		t.Fatal(err)
	}
	for _, r := range out.String() {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("it writes %U", r)
		}
	}
	return out.String()
}

func has(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in\n%s", w, text)
		}
	}
}

// What happened before is not told, and each thing after is told once, in words.
func TestNews(t *testing.T) {
	c := &cluster{}
	c.add(event.Event{Kind: event.NodeDown, Node: "n9"})
	exec := func(_ context.Context, line string) (string, int) {
		c.add(event.Event{Kind: event.Split, Groups: [][]string{{"n1"}, {"n2", "n3"}}},
			event.Event{Kind: event.HintStored, Node: "n1", For: "n2", Key: []byte("cart")})
		return "no such thing\n", 3
	}
	text := converse(t, c, Options{Exec: exec, Welcome: "hello"}, "", "get cart", "", "where")
	has(t, text, "hello\n", "3 nodes, 3 up. N=3, R=2, W=2. The network is whole. 0 hints waiting.", "nothing new",
		"no such thing\nexit 3\n", "  n1: hint cart, kept for n2", "A has n1; B has n2 n3")
	if strings.Contains(text, "n9") || strings.Count(text, "n1: hint cart") != 1 || strings.Count(text, "nothing new") != 2 {
		t.Errorf("it tells the past, or something twice:\n%s", text)
	}
}

// Another cluster is told once, and what happened in it before is not.
func TestAnotherCluster(t *testing.T) {
	for name, change := range map[string]func(c *cluster){
		"another cluster answers now.": func(c *cluster) { c.generation++ },
		"the cluster was restarted.":   func(c *cluster) { c.events = nil },
	} {
		c := &cluster{}
		c.add(event.Event{Kind: event.NodeDown, Node: "n9"}, event.Event{Kind: event.NodeDown, Node: "n9"})
		changed := false
		exec := func(_ context.Context, line string) (string, int) {
			if change(c); !changed {
				c.add(event.Event{Kind: event.NodeDown, Node: "n8"})
			}
			changed, change = true, func(*cluster) {}
			return "", 0
		}
		text := converse(t, c, Options{Exec: exec}, "lesson carts", "get cart", "", "")
		has(t, text, "  "+name+" 3 nodes, 3 up.", "nothing new")
		if strings.Count(text, name) != 1 || strings.Contains(text, "n8") || strings.Contains(text, "gap") {
			t.Errorf("it tells the change twice, or the past:\n%s", text)
		}
	}
}

// The words about the screens are answered, also after a colon.
func TestScreenWords(t *testing.T) {
	var ran, saved []string
	o := Options{Exec: func(_ context.Context, line string) (string, int) {
		ran = append(ran, line)
		return "", 0
	}, Save: func(_ context.Context, name, key string) (string, error) {
		if saved = append(saved, name+" of "+key); name == "" {
			return "ringside-1.svg", nil
		}
		return name, errors.New("the file exists")
	}, Key: "cart"}
	text := converse(t, &cluster{}, o, ":heal", "big", ":clear", "?", "snapshot", "snapshot a.svg", "snapshot --size 9x9 a.svg", ":q", "get x")
	has(t, text, "big is for the screens", "clear is for the screens", "saved what the screens would show as ringside-1.svg",
		"the file exists", "the prompt takes one file and no flags")
	if strings.Count(text, "where sums up the cluster") != 2 {
		t.Errorf("? is no help:\n%s", text)
	}
	if strings.Join(ran, "|") != "heal" || strings.Join(saved, "|") != " of cart|a.svg of cart" {
		t.Errorf("ran %q, saved %q", ran, saved)
	}
}

// While a lesson is open, an empty line and next are for the lesson.
func TestLinesOfALesson(t *testing.T) {
	open := false
	var ran []string
	exec := func(_ context.Context, line string) (string, int) {
		ran = append(ran, line)
		open = line != "leave"
		return "ran " + line + "\n", 0
	}
	text := converse(t, &cluster{}, Options{Exec: exec, Lesson: func() bool { return open }, Suggest: []string{"heal"}},
		"", "next", "lesson carts", "", "next", "as alice", "next", "leave", "", "next")
	want := []string{"lesson carts", "", "next", "as alice", "next", "leave"}
	if !slices.Equal(ran, want) {
		t.Errorf("the lesson got %q, want %q", ran, want)
	}
	if n := strings.Count(text, "nothing new"); n != 2 {
		t.Errorf("%d empty lines were not for the lesson:\n%s", n, text)
	}
	has(t, text, "next: put cart milk")
}

// A line that is written again cannot command the terminal.
func TestEchoIsEscaped(t *testing.T) {
	exec := func(context.Context, string) (string, int) { return "", 0 }
	has(t, converse(t, &cluster{}, Options{Echo: true, Exec: exec}, "get \x1b[2J"), `get \x1b[2J`)
	has(t, converse(t, &cluster{}, Options{Echo: true, Exec: exec}, `get a\ b`), `get a\ b`)
}

// The beliefs of many nodes are one line, and so is a flood of news.
func TestFloods(t *testing.T) {
	c := &cluster{}
	exec := func(context.Context, string) (string, int) {
		for i := range 10 {
			for j := range 10 {
				c.add(event.Event{Kind: event.Suspect, Node: fmt.Sprintf("a%d", i), Peer: fmt.Sprintf("b%d", j)})
			}
		}
		for i := range 30 {
			c.add(event.Event{Kind: event.NodeDown, Node: fmt.Sprintf("a%d", i)})
		}
		return "", 0
	}
	text := converse(t, c, Options{Exec: exec}, "x")
	has(t, text, "  10 nodes believe that 10 nodes failed\n", "  and 11 more; the command events lists all")
	if strings.Contains(text, "suspect") {
		t.Errorf("a belief is told alone:\n%s", text)
	}
}

func TestWordsOfTheMode(t *testing.T) {
	var ran []string
	exec := func(_ context.Context, line string) (string, int) {
		ran = append(ran, line)
		return "", 0
	}
	text := converse(t, &cluster{}, Options{Exec: exec, Suggest: []string{"heal", "status"}, Echo: true}, "as alice", "get cart", "heal",
		"as -", "ringside get cart", "next", "q", "never")
	if got := strings.Join(ran, "|"); got != "as alice|as alice get cart|heal|get cart" {
		t.Errorf("ran %s", got)
	}
	has(t, text, "ringside as alice> get cart\n", "ringside> next\nnext: status\n", "ringside> q\n")
}

// Errors of the cluster and of the input end in errors or words. The mode goes on where it can.
func TestTrouble(t *testing.T) {
	broken := errors.New("broken pipe")
	c := &cluster{broken: broken}
	if err := Run(t.Context(), strings.NewReader(""), &strings.Builder{}, Options{Cluster: c}); !errors.Is(err, broken) {
		t.Errorf("a cluster that does not answer: %v", err)
	}
	c.broken = nil
	exec := func(context.Context, string) (string, int) {
		c.broken = broken
		return "", 0
	}
	has(t, converse(t, c, Options{Exec: exec}, "get cart"), "the cluster does not answer: read the cluster: broken pipe")
	c.broken = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, neverEnding{}, &strings.Builder{}, Options{Cluster: c}); !errors.Is(err, context.Canceled) {
		t.Errorf("after an interrupt: %v", err)
	}
	if err := Run(t.Context(), strings.NewReader(strings.Repeat("x", maxLine+1)), &strings.Builder{}, Options{Cluster: c}); err == nil {
		t.Error("a line without an end is no error")
	}
}

type neverEnding struct{}

func (neverEnding) Read([]byte) (int, error) { select {} }
