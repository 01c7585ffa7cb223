package keymap

import (
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/canvas"
	"ringside/tui/theme"
)

// A Binding is a key with its help, what it does, and where.
type Binding struct {
	key.Binding
	Spot
	Do      func() tea.Cmd
	Changes bool // it changes the cluster, so a recording does not have it
}

// A Spot says where a binding holds and where it is shown.
type Spot struct {
	Where Scope
	Place Place
}

// A Scope is where a binding holds.
type Scope int

// Scopes.
const (
	Anywhere Scope = iota
	Panes          // while a pane has the focus, not the prompt
	Prompt         // while the prompt has the focus
)

// A Place is where a binding is shown. All are in the help.
type Place int

// Places.
const (
	Help   Place = iota
	Line         // in the key line, as far as there is room
	Pinned       // at the end of the key line, always
)

// New returns a binding of keys. label and does are what help shows. With an empty label, help
// leaves the binding out, because the help of another binding explains both.
func New(at Spot, do func() tea.Cmd, label, does string, keys ...string) Binding {
	return Binding{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, does)), Spot: at, Do: do}
}

// A Map is a table of bindings. If several match a key, the first one counts.
type Map []Binding

// Find returns what a key does. inPrompt says that the prompt has the focus.
func (m Map) Find(k tea.KeyMsg, inPrompt bool) (do func() tea.Cmd, ok bool) {
	for _, b := range m {
		if b.Holds(inPrompt) && key.Matches(k, b.Binding) {
			return b.Do, true
		}
	}
	return nil, false
}

// Over returns the bindings of m, and after them those of below that m does not shadow. A binding
// is shadowed if bindings of m have all its keys, in the same scope.
func (m Map) Over(below Map) Map {
	out := slices.Clone(m)
	for _, b := range below {
		if !m.shadows(b) {
			out = append(out, b)
		}
	}
	return out
}

func (m Map) shadows(b Binding) bool {
	for _, k := range b.Keys() {
		if !slices.ContainsFunc(m, func(a Binding) bool { return a.Where == b.Where && slices.Contains(a.Keys(), k) }) {
			return false
		}
	}
	return true
}

// Holds reports whether the binding counts while the prompt has the focus, or while a pane has it.
func (b Binding) Holds(inPrompt bool) bool {
	return b.Where == Anywhere || (b.Where == Prompt) == inPrompt
}

// Rows returns the label and the explanation of each binding of a scope.
func (m Map) Rows(where Scope) [][2]string {
	var out [][2]string
	for _, b := range m {
		if h := b.Help(); b.Where == where && h.Key != "" {
			out = append(out, [2]string{h.Key, h.Desc})
		}
	}
	return out
}

// DrawLine draws the bindings that hold, as many as there is room for. enter replaces what the help
// of the enter key says, unless enter is "".
func (m Map) DrawLine(c *canvas.Canvas, inPrompt bool, enter string) {
	end := c.W - 1
	for i := len(m) - 1; i >= 0; i-- {
		if h := m[i].Help(); m[i].Place == Pinned && m[i].Holds(inPrompt) {
			end = c.PutRight(end, 0, theme.Dim, h.Desc) - 1
			end = c.PutRight(end, 0, theme.Accent, h.Key) - 2
		}
	}
	x := 1
	for _, b := range m {
		if b.Place != Line || !b.Holds(inPrompt) {
			continue
		}
		h := b.Help()
		if h.Key == "⏎" && enter != "" {
			h.Desc = enter
		}
		if x+c.Width(h.Key)+1+c.Width(h.Desc) > end {
			break
		}
		x = c.Put(x, 0, theme.Accent, h.Key)
		x = c.Put(x+1, 0, theme.Dim, h.Desc) + 2
	}
}
