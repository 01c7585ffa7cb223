package tui

import (
	"slices"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/canvas"
	"ringside/tui/keymap"
	"ringside/tui/lessons"
	"ringside/tui/page"
)

// A blank is a page with two panes, which notes what it is asked.
type blank struct {
	page.Base
	keys  keymap.Map
	pane  int
	noted []string
}

func (b *blank) note(s string) tea.Cmd {
	b.noted = append(b.noted, s)
	return nil
}

func (b *blank) Draw(c *canvas.Canvas, focused bool) { c.Box("Blank", "", focused) }
func (b *blank) Keys() keymap.Map                    { return b.keys }
func (b *blank) Shown() tea.Cmd                      { return b.note("shown") }
func (b *blank) Changed() tea.Cmd                    { return b.note("changed") }
func (b *blank) Explains() string                    { return "4.7" }
func (b *blank) Open() tea.Cmd                       { return b.note("open") }
func (b *blank) OpenDoes() string                    { return "look closer" }

func (b *blank) Cycle(by int) bool {
	b.pane += by
	if inside := b.pane >= 0 && b.pane < 2; inside {
		return true
	}
	b.pane = 0
	return false
}

func (b *blank) Move(by int) tea.Cmd {
	if by > 0 {
		return b.note("down")
	}
	return b.note("up")
}

func (b *blank) Turn(by int) tea.Cmd { return b.note("turn") }

// The keys of the screens change to another page, which then gets the keys of the panes.
func TestPages(t *testing.T) {
	s, ran := interactive(t)
	b := &blank{}
	s.pages = map[page.ID]page.Page{page.Repair: b}
	s.press("alt+4") // from the prompt
	shows(t, s, "Blank")
	shows(t, s, "[4 Repair]")
	if s.focus != pagePane {
		t.Fatalf("the focus is on pane %d", s.focus)
	}
	s.press("up", "down", "]", "enter", "tab", "tab")
	if want := []string{"shown", "up", "down", "turn", "open"}; !slices.Equal(b.noted, want) {
		t.Errorf("the page noted %q, want %q", b.noted, want)
	}
	if s.focus != promptPane || b.pane != 0 {
		t.Errorf("after two tabs the focus is on pane %d, and on pane %d of the page", s.focus, b.pane)
	}
	s.press("esc")
	_, cmd := s.Update(keyMsg("x"))
	s.do(cmd)
	if !slices.Contains(*ran, "paper 4.7") {
		t.Errorf("x ran %q", *ran)
	}
	b.noted = nil
	healthy(s)
	s.take()
	if !slices.Contains(b.noted, "changed") {
		t.Error("the page does not hear of changes")
	}
	s.press("3") // there is no such page
	if s.shown != page.Repair {
		t.Errorf("the screen is %d", s.shown)
	}
	s.press("1")
	if s.shown != page.Ring || s.focus != nodesPane {
		t.Errorf("the screen is %d, the focus on pane %d", s.shown, s.focus)
	}
	shows(t, s, "[1 Ring]")
}

// A key means the same on all screens: no page takes a key of the table of all screens, and no key
// stands twice in a table.
func TestKeysMeanOneThing(t *testing.T) {
	s, _ := interactive(t)
	for _, inPrompt := range []bool{false, true} {
		taken := map[string]bool{}
		for _, b := range s.keys {
			if !b.Holds(inPrompt) {
				continue
			}
			for _, k := range b.Keys() {
				if taken[k] {
					t.Errorf("the key %q stands twice in the table", k)
				}
				taken[k] = true
			}
		}
		for id, p := range s.pages {
			own := map[string]bool{}
			for _, b := range p.Keys() {
				for _, k := range b.Keys() {
					if taken[k] && b.Holds(inPrompt) || own[k] {
						t.Errorf("the key %q of the screen %s is taken", k, page.Titles[id])
					}
					own[k] = true
				}
			}
		}
	}
}

// Each key of all screens answers on each screen: the frame changes, a command runs, or a text is
// copied. A key that does nothing on one of the screens would have two meanings.
func TestEachKeyAnswersOnEachScreen(t *testing.T) {
	moves := []string{"up", "k", "pgup", "[", "]", "pgdown", "down", "j", "tab", "enter"} // there may be nothing to select
	there := map[page.ID][]string{page.Ring: {"G", "end"}, page.Trace: {"t"}}             // keys that lead to what is in sight
	table, _ := interactive(t)
	for id := range page.ID(page.Count) {
		for _, b := range table.keys {
			for _, k := range b.Keys() {
				if !b.Holds(false) || slices.Contains(moves, k) || slices.Contains(there[id], k) || k == screenKey(id) || k == "alt+"+screenKey(id) {
					continue
				}
				s, ran := interactive(t)
				s.pages[page.Tour] = lessons.New(s.desk, &desk{})
				s.keys = s.liveKeys()
				split(s)
				s.take()
				s.throwAway, s.o.Dir = true, t.TempDir() // quitting asks, and S saves a picture
				s.past.cluster = &fakeRewinder{past: &fakePlayback{p: Progress{Now: time.Hour, At: time.Second, Length: time.Minute, Paused: true}}}
				copied := ""
				s.copy = func(text string) { copied = text }
				s.hit("esc", screenKey(id))
				before := s.View()
				_, cmd := s.Update(keyMsg(k))
				s.do(cmd)
				if s.View() == before && !s.mouse && len(*ran) == 0 && copied == "" {
					t.Errorf("the key %s (%s) does nothing on the screen %s", k, b.Help().Desc, page.Titles[id])
				}
			}
		}
	}
}
