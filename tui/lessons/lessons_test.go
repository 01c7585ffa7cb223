package lessons

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"ringside/cli/golden"
	"ringside/cli/tour"
	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/tui/canvas"
	"ringside/tui/page"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// A fakeDesk has one lesson, in a phase that a test chooses.
type fakeDesk struct {
	view tour.View
	open bool
	look string
	only bool // no cluster is behind the lesson
	read int  // how often List was called
	done bool // whether carts is done
}

func (f *fakeDesk) View() (tour.View, bool)     { return f.view, f.open }
func (f *fakeDesk) Look(context.Context) string { return f.look }
func (f *fakeDesk) LeaveWord() string           { return map[bool]string{true: "quit", false: "leave"}[f.only] }
func (f *fakeDesk) List() []tour.Listed {
	f.read++
	return []tour.Listed{
		{N: 1, Name: "where", Title: "Where a key lives", Section: "§4.2, §4.3", Steps: 3, Done: true},
		{N: 2, Name: "carts", Title: "Two carts", Section: "§4.4", Steps: 4, Done: f.done},
		{N: 0, Name: "exam", Title: "The exam", Section: "§4", Steps: 12},
	}
}

// classroom returns the page of f, and the lines that it ran.
func classroom(t *testing.T, f *fakeDesk) (*Model, *[]string) {
	t.Helper()
	s := state.New(nil, nil)
	now := time.Date(2026, 1, 2, 12, 4, 20, 0, time.UTC)
	s.Clock = func() time.Time { return now }
	at := time.Duration(now.UnixNano())
	chosen := settings.Cluster{Name: "tour", Nodes: []string{"n1", "n2", "n3", "n4", "n5"}, N: 3, R: 2, W: 2,
		Mode: settings.ModeSiblings, Strategy: 3, Q: 60, T: 12}
	events := []event.Event{{Time: at, Kind: event.Cluster, Settings: &chosen}}
	for _, n := range chosen.Nodes {
		events = append(events, event.Event{Time: at, Kind: event.NodeUp, Node: n})
	}
	s.Apply(events)
	var ran []string
	note := func(line string) tea.Cmd {
		ran = append(ran, line)
		return nil
	}
	return New(page.Desk{
		Ctx: t.Context(), State: s, Run: note, Ask: func(string) tea.Cmd { return note("ask") },
		Say:       func(text string) { note("say " + text) },
		ChooseKey: func(key []byte) tea.Cmd { s.Choose(key); return note("key " + string(key)) },
	}, f), &ran
}

// lesson returns a lesson in a phase.
func lesson(p tour.Phase) tour.View {
	v := tour.View{Number: 4, Lessons: 12, Name: "carts", Title: "Two carts", Section: "§4.4, §4.6", At: 1, Phase: p,
		Steps: []tour.StepView{{Title: "Put something into a cart", State: tour.Done}, {Title: "Heal", State: tour.Current}},
		Text: tour.StepText{
			Say: "When the network heals, the two versions meet. A **context** says what a client has seen.",
			Ask: "How many values will a get return?"},
		Form: "a number", Screen: "key", Key: "cart", Right: 1}
	if p == tour.Asking {
		return v
	}
	v.Said, v.Text.Goal = "1", "Heal the network, and read the cart."
	v.Text.Hints = []tour.Text{"There is a command for it."}
	v.Turn = "You read before the hints had gone home, so the get asked one side only."
	if p == tour.Doing {
		return v
	}
	v.Text.Verdict = "You said 1; the cluster says 2.\n\nNeither version descends from the other."
	v.Text.Reveal, v.Text.Keep = "Both versions are there.", "Neither is newer, so the store keeps both."
	if p == tour.Over {
		v.End = "Both carts are kept, and no write was refused.\n\nWhat the paper says: paper 4.4"
	}
	return v
}

func frame(m *Model, w, h int, ascii bool) string {
	c := canvas.New(theme.New(io.Discard, ascii, true), w, h)
	m.Draw(c, true)
	return strings.Join(c.Lines(), "\n") + "\n"
}

func TestFrames(t *testing.T) {
	for _, name := range []string{"list", "asking", "doing", "revealed", "over"} {
		f := &fakeDesk{open: name != "list", view: lesson(tour.Phase(name))}
		m, _ := classroom(t, f)
		m.Shown()
		for _, size := range []struct{ w, h int }{{120, 29}, {80, 18}, {60, 10}} {
			for _, ascii := range []bool{false, true} {
				got := frame(m, size.w, size.h, ascii)
				for i, l := range strings.Split(strings.TrimSuffix(got, "\n"), "\n") {
					if ansi.StringWidth(l) != size.w || ascii && strings.ContainsFunc(l, func(r rune) bool { return r > '~' }) {
						t.Errorf("%s at %dx%d: line %d is %q", name, size.w, size.h, i, l)
					}
				}
				if size.w != 60 && (!ascii || name == "doing") {
					golden.Check(t, fmt.Sprintf("%s-%dx%d%s", name, size.w, size.h, map[bool]string{true: "-ascii"}[ascii]), got)
				}
			}
		}
	}
}

// What was said last is in sight, and the text scrolls.
func TestLongTextScrolls(t *testing.T) {
	v := lesson(tour.Revealed)
	v.Text.Reveal = tour.Text(strings.Repeat("word ", 400))
	m, _ := classroom(t, &fakeDesk{open: true, view: v})
	if got := frame(m, 80, 18, false); !strings.Contains(got, "Remember: Neither is newer") {
		t.Errorf("the end is not in sight:\n%s", got)
	}
	m.Move(-1000)
	if got := frame(m, 80, 18, false); !strings.Contains(got, "1–") || strings.Contains(got, "Remember") {
		t.Errorf("the beginning is not in sight:\n%s", got)
	}
}

// On a narrow screen, Tab changes between the text and the cluster.
func TestPanesOfANarrowScreen(t *testing.T) {
	m, _ := classroom(t, &fakeDesk{open: true, view: lesson(tour.Doing)})
	if !m.Cycle(+1) {
		t.Fatal("there is one pane only")
	}
	if got := frame(m, 80, 18, false); !strings.Contains(got, "Nodes") || strings.Contains(got, "Heal the network") {
		t.Errorf("the cluster is not in sight:\n%s", got)
	}
	if m.Cycle(+1) {
		t.Error("there is a third pane")
	}
	if got := frame(m, 80, 18, false); !strings.Contains(got, "Heal the network") {
		t.Errorf("the text is not in sight:\n%s", got)
	}
}

func TestKeys(t *testing.T) {
	f := &fakeDesk{}
	m, ran := classroom(t, f)
	m.Shown() // selects the first lesson that is not done
	m.Open()
	m.Move(+5)
	m.Open()
	f.open = true
	for _, p := range []tour.Phase{tour.Asking, tour.Doing, tour.Revealed, tour.Over} {
		f.view = lesson(p)
		m.Open()
		m.Turn(-1)
	}
	want := []string{"lesson carts", "lesson exam", "ask", "back", "ask", "back", "next", "back", "next", "back"}
	if !slices.Equal(*ran, want) {
		t.Errorf("the keys ran %q, want %q", *ran, want)
	}
	if m.Explains() != "4.4" {
		t.Errorf("explains %q", m.Explains())
	}
}

// The page shows the key of the step, and says what the cluster did by itself, but does not look
// again and again.
func TestChanged(t *testing.T) {
	f := &fakeDesk{open: true, view: lesson(tour.Doing), look: "the hints went home"}
	m, ran := classroom(t, f)
	cmd := m.Changed()
	if cmd == nil || m.Changed() != nil {
		t.Fatal("one look is under way, and another begins")
	}
	var looked tea.Msg = cmd()
	if batch, ok := looked.(tea.BatchMsg); ok {
		looked = batch[len(batch)-1]()
	}
	m.Update(looked)
	if want := []string{"key cart", "say the hints went home"}; !slices.Equal(*ran, want) {
		t.Errorf("the page ran %q, want %q", *ran, want)
	}
}

// The list is read when it comes in sight and when a lesson has ended, and not for each frame.
func TestListIsReadOnce(t *testing.T) {
	f := &fakeDesk{view: lesson(tour.Over)}
	m, _ := classroom(t, f)
	m.Shown()
	for range 3 {
		frame(m, 80, 18, false)
		m.Changed()
		m.Move(+1)
	}
	if f.read != 1 {
		t.Errorf("the list was read %d times", f.read)
	}
	f.open = true
	m.Changed()
	f.open, f.done = false, true
	m.Changed()
	if got := frame(m, 80, 18, false); f.read != 2 || !strings.Contains(got, "2 of 3 lessons done") {
		t.Errorf("after a lesson the list was read %d times:\n%s", f.read, got)
	}
}

// The page offers the word that leaves the lesson: quit where no cluster is behind it.
func TestLeaveWord(t *testing.T) {
	for only, want := range map[bool]string{true: "quit", false: "leave"} {
		for _, p := range []tour.Phase{tour.Asking, tour.Doing, tour.Revealed, tour.Over} {
			m, _ := classroom(t, &fakeDesk{open: true, only: only, view: lesson(p)})
			got := frame(m, 120, 29, false)
			if !strings.Contains(got, want) || strings.Contains(got, "leave") && only {
				t.Errorf("%s does not offer %s:\n%s", p, want, got)
			}
		}
	}
}
