package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// A binding is a key, what it does, and where. The key line and the help are
// made from these, so they cannot disagree with what the keys do.
type binding struct {
	key.Binding
	where scope
	line  shown
	do    func(*model) tea.Cmd
	live  bool // it is of no use where the cluster is a recording
}

// A scope is where a binding holds.
type scope int

const (
	anywhere scope = iota
	panes          // while a pane has the focus, not the prompt
	prompt         // while the prompt has the focus
)

// shown is where a binding stands: all are in the help.
type shown int

const (
	inHelp shown = iota
	inLine       // in the key line, too, as far as there is room
	pinned       // at the end of the key line, always
)

func bind(where scope, line shown, do func(*model) tea.Cmd, help, does string, keys ...string) binding {
	return binding{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, does)), where: where, line: line, do: do}
}

// onlyLive marks what changes a cluster, and so nothing that is over.
func onlyLive(b binding) binding {
	b.live = true
	return b
}

// bindings are in the order in which the key line and the help show them.
// The first that holds wins.
func bindings() []binding {
	return []binding{
		bind(anywhere, inHelp, (*model).quit, "ctrl+c", "quit, always", "ctrl+c"),

		bind(prompt, inLine, (*model).submit, "⏎", "run", "enter"),
		bind(prompt, inLine, (*model).tabInPrompt, "↹", "complete · next pane", "tab"),
		bind(prompt, inLine, func(m *model) tea.Cmd { return m.recall(-1) }, "↑↓", "history", "up", "ctrl+p"),
		bind(prompt, inHelp, func(m *model) tea.Cmd { return m.recall(+1) }, "", "", "down", "ctrl+n"),
		bind(prompt, inLine, (*model).acceptHint, "→", "take the suggestion", "right"),
		bind(prompt, inLine, (*model).leavePrompt, "esc", "to the panes: p h K s t …", "esc"),
		bind(prompt, inHelp, (*model).clearLine, "ctrl+u", "clear the line", "ctrl+u"),
		bind(prompt, pinned, (*model).helpOrType, "?", "help", "?"),
		bind(prompt, inHelp, (*model).endOfInput, "ctrl+d", "quit, on an empty line", "ctrl+d"),

		bind(panes, inLine, func(m *model) tea.Cmd { return m.cycle(+1) }, "↹", "pane", "tab"),
		bind(panes, inHelp, func(m *model) tea.Cmd { return m.cycle(-1) }, "⇧↹", "pane before", "shift+tab"),
		bind(panes, inLine, func(m *model) tea.Cmd { return m.move(-1) }, "↑↓", "select", "up", "k"),
		bind(panes, inHelp, func(m *model) tea.Cmd { return m.move(+1) }, "", "", "down", "j"),
		bind(panes, inLine, (*model).open, "⏎", "inspect", "enter"),
		bind(panes, inLine, (*model).focusPrompt, ":", "command", ":", "i"),
		onlyLive(bind(panes, inLine, prefill("partition "), "p", "partition", "p")),
		onlyLive(bind(panes, inLine, runLine("heal"), "h", "heal", "h")),
		onlyLive(bind(panes, inLine, onNode("kill "), "K", "kill", "K")),
		onlyLive(bind(panes, inHelp, onNode("restart "), "R", "restart the selected node", "R")),
		onlyLive(bind(panes, inLine, slowNode, "s", "slow", "s")),
		bind(panes, inLine, runLine("trace last"), "t", "trace", "t"),
		bind(panes, inLine, (*model).copyCommand, "c", "copy", "c"),
		bind(panes, inLine, func(m *model) tea.Cmd { return m.stepKey(+1) }, "[ ]", "key before, after", "]"),
		bind(panes, inHelp, func(m *model) tea.Cmd { return m.stepKey(-1) }, "", "", "["),
		bind(panes, inHelp, (*model).filterLog, "/", "filter the events", "/"),
		bind(panes, inHelp, (*model).followLog, "G", "follow the newest event", "G", "end"),
		bind(panes, inHelp, (*model).verboseLog, "v", "every message, or the story", "v"),
		bind(panes, inHelp, (*model).toggleMouse, "m", "mouse on or off (off: the terminal selects text)", "m"),
		onlyLive(bind(panes, inLine, (*model).togglePause, "space", "pause", " ")),
		bind(panes, pinned, (*model).quit, "q", "quit", "q"),

		bind(anywhere, inHelp, func(m *model) tea.Cmd { return m.page(-1) }, "PgUp", "scroll back", "pgup"),
		bind(anywhere, inHelp, func(m *model) tea.Cmd { return m.page(+1) }, "PgDn", "scroll on", "pgdown"),
		bind(anywhere, inHelp, (*model).toggleZoom, "ctrl+o", "one pane on the whole screen", "ctrl+o"),
		bind(panes, inHelp, (*model).toggleZoom, "z", "one pane on the whole screen", "z"),
		bind(panes, pinned, (*model).toggleHelp, "?", "help", "?"),
	}
}

// holds says whether b is in force.
func (m *model) holds(b binding) bool {
	return b.where == anywhere || (b.where == prompt) == (m.focus == promptPane)
}

// press finds and does what a key is bound to.
func (m *model) press(k tea.KeyMsg) (tea.Cmd, bool) {
	if m.playback() != nil && m.focus != promptPane && !k.Paste && len(k.Runes) > 1 && strings.Trim(string(k.Runes), held) == "" {
		var cmds []tea.Cmd
		for _, r := range k.Runes { // keys that were held down
			cmd, _ := m.press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
			cmds = append(cmds, cmd)
		}
		return tea.Batch(cmds...), true
	}
	if len(k.Runes) > 1 { // what comes in one burst is text, even if it spells the name of a key
		return nil, false
	}
	for _, b := range m.bindings {
		if m.holds(b) && key.Matches(k, b.Binding) {
			return b.do(m), true
		}
	}
	return nil, false
}

func prefill(line string) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd { return m.ask(line) }
}

func runLine(line string) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd { return m.execute(line) }
}

// onNode asks for a verb about the selected node; ⏎ confirms it.
func onNode(verb string) func(*model) tea.Cmd {
	return func(m *model) tea.Cmd {
		if n := m.selected(); n != nil {
			return m.ask(verb + n.Name)
		}
		return m.ask(verb)
	}
}

// slowDelay is what `s` proposes: long against a loopback's microseconds,
// short against a request's patience.
const slowDelay = "100ms"

func slowNode(m *model) tea.Cmd {
	if n := m.selected(); n != nil {
		return m.ask("slow " + n.Name + " " + slowDelay)
	}
	return m.ask("slow ")
}
