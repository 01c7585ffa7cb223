package tui

import (
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/canvas"
	"ringside/tui/inspect"
	"ringside/tui/keymap"
	"ringside/tui/lessons"
	"ringside/tui/page"
	"ringside/tui/repair"
	"ringside/tui/theme"
	"ringside/tui/trace"
)

// tabsFromHeight is from how many rows on the names of the screens have a row of their own.
const tabsFromHeight = 30

// A book holds the screens beside the ring.
type book struct {
	pages map[page.ID]page.Page
	shown page.ID // the screen in sight
}

// newPages returns the screens beside the ring.
func newPages(d page.Desk, l lessons.Desk) map[page.ID]page.Page {
	out := map[page.ID]page.Page{
		page.Key:    inspect.New(d),
		page.Trace:  trace.New(d),
		page.Repair: repair.New(d),
	}
	if l != nil {
		out[page.Tour] = lessons.New(d, l)
	}
	return out
}

// teaching reports whether a lesson is open, so that nothing else proposes what to do.
func (b *book) teaching() bool {
	l, ok := b.pages[page.Tour].(*lessons.Model)
	return ok && l.Active()
}

// current returns the page in sight, nil if that is the ring.
func (b *book) current() page.Page { return b.pages[b.shown] }

// command returns the command that prints what the screen in sight shows.
func (b *book) command() string {
	if p := b.current(); p != nil {
		return p.Command()
	}
	return "status"
}

// ownKeys returns the keys that only the screen in sight has.
func (b *book) ownKeys() keymap.Map {
	if p := b.current(); p != nil {
		return slices.Clone(p.Keys())
	}
	return nil
}

// focusable returns the panes that can have the focus, in the order of the key Tab.
func (b *book) focusable() []paneID {
	if b.shown == page.Ring {
		return []paneID{nodesPane, keyPane, logPane, promptPane}
	}
	return []paneID{pagePane, promptPane}
}

// update hands a message to all pages. It returns nil if none of them did anything.
func (b *book) update(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, p := range b.pages {
		if cmd := p.Update(msg); cmd != nil {
			cmds = append(cmds, cmd)
		}
	}
	return tea.Batch(cmds...)
}

// drawTabs draws the names of the screens with their keys. inPrompt says that the prompt has the
// focus.
func (b *book) drawTabs(c *canvas.Canvas, inPrompt bool) {
	x := 1
	for _, id := range b.screens() {
		text, st := " "+screenKey(id)+" "+page.Titles[id]+" ", theme.Dim
		if id == b.shown {
			text, st = "["+strings.TrimSpace(text)+"]", theme.Accent|theme.Bold
		}
		x = c.Put(x, 0, st, text) + 1
	}
	hint := "alt+1 … alt+" + b.lastScreen() + " from the prompt"
	if inPrompt && x+c.Width(hint) < c.W-1 {
		c.PutRight(c.W-1, 0, theme.Dim, hint)
	}
}

// screenKey returns the key that shows a screen while a pane has the focus. With alt the key works
// from the prompt too.
func screenKey(id page.ID) string { return strconv.Itoa(int(id) + 1) }

// screens returns the screens that are there: all, except for lessons in a recording.
func (b *book) screens() []page.ID {
	var out []page.ID
	for id := range page.ID(page.Count) {
		if id == page.Ring || b.pages[id] != nil {
			out = append(out, id)
		}
	}
	return out
}

// lastScreen returns the key of the last screen.
func (b *book) lastScreen() string {
	screens := b.screens()
	return screenKey(screens[len(screens)-1])
}

// screenKeys returns the keys that change to another screen.
func screenKeys(screens []page.ID, show func(page.ID) tea.Cmd) (out keymap.Map) {
	panes := keymap.Spot{Where: keymap.Panes, Place: keymap.Help}
	anywhere := keymap.Spot{Where: keymap.Anywhere, Place: keymap.Help}
	var words []string
	for _, id := range screens {
		do := func() tea.Cmd { return show(id) }
		out = append(out,
			keymap.New(panes, do, "", "", screenKey(id)), keymap.New(anywhere, do, "", "", "alt+"+screenKey(id)))
		words = append(words, strings.ToLower(page.Titles[id]))
	}
	last := screenKey(screens[len(screens)-1])
	out[0].SetHelp("1-"+last, strings.Join(words, ", "))
	out[1].SetHelp("alt+1-"+last, "the same from the prompt")
	return out
}
