package page

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/canvas"
	"ringside/tui/feed"
	"ringside/tui/keymap"
	"ringside/tui/state"
)

// An ID names a screen. The key of a screen is its ID plus 1.
type ID int

// Screens.
const (
	Ring ID = iota
	Key
	Trace
	Repair
	Tour
	Count int = iota
)

// Titles are the names of the screens by ID.
var Titles = [Count]string{"Ring", "Key", "Trace", "Repair", "Tour"}

// A Desk is what a page works with.
type Desk struct {
	Ctx       context.Context // ends the commands of pages
	State     *state.State
	Source    feed.Source               // the cluster; nil in tests
	Run       func(line string) tea.Cmd // runs a line, and shows what it prints in the prompt
	Ask       func(line string) tea.Cmd // puts a line into the prompt, for the user to finish
	Say       func(text string)         // shows a text in the prompt
	ChooseKey func(key []byte) tea.Cmd  // shows another key on all screens
	Show      func(id ID) tea.Cmd       // changes to another screen
	Copy      func(text string)         // puts a text on the terminal's clipboard
}

// A Page is one screen without the title line, the prompt and the key line.
type Page interface {
	// Draw draws the page. focused says that the page has the focus, and not the prompt.
	Draw(c *canvas.Canvas, focused bool)
	// Keys are the keys of this page only. None of them is a key of all screens.
	Keys() keymap.Map
	// Shown is called when the page comes in sight, and Changed when the state changed while the
	// page is in sight.
	Shown() tea.Cmd
	Changed() tea.Cmd
	// Update handles a message that a command of the page returned. Every page gets the messages of
	// all pages, and ignores those of others.
	Update(msg tea.Msg) tea.Cmd
	// Cycle moves the focus to another pane of the page. It returns false if there is none in that
	// direction; the prompt is next then.
	Cycle(by int) bool
	// Move selects another row of the pane that has the focus. by counts rows, down if positive.
	Move(by int) tea.Cmd
	// Turn goes to another key, request or lesson, whichever the page is about.
	Turn(by int) tea.Cmd
	// Open looks closer at what is selected. OpenDoes says so in a few words, "" for "inspect".
	Open() tea.Cmd
	OpenDoes() string
	// Command returns the command that prints what the page shows, as of now, "" if there is none.
	Command() string
	// Explains returns the section of the paper that explains what is selected, such as 4.6.
	Explains() string
}

// Base has the methods of a Page with one pane and nothing to select. Pages embed it and redefine
// what they have.
type Base struct{}

// Keys implements Page.
func (Base) Keys() keymap.Map { return nil }

// Shown implements Page.
func (Base) Shown() tea.Cmd { return nil }

// Changed implements Page.
func (Base) Changed() tea.Cmd { return nil }

// Update implements Page.
func (Base) Update(tea.Msg) tea.Cmd { return nil }

// Cycle implements Page.
func (Base) Cycle(int) bool { return false }

// Move implements Page.
func (Base) Move(int) tea.Cmd { return nil }

// Turn implements Page.
func (Base) Turn(int) tea.Cmd { return nil }

// Open implements Page.
func (Base) Open() tea.Cmd { return nil }

// Command implements Page.
func (Base) Command() string { return "" }

// OpenDoes implements Page.
func (Base) OpenDoes() string { return "" }
