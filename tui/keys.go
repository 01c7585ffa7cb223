package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/event"
	"ringside/tui/keymap"
	"ringside/tui/page"
	"ringside/tui/playback"
	"ringside/tui/prompt"
)

// slowDelay is what the key s proposes: long against a loopback's microseconds, short against a
// request's time-out.
const slowDelay = "100ms"

// liveKeys returns the table of keys for a live cluster, in the order in which the key line and the
// help show them.
func (m *model) liveKeys() keymap.Map {
	var (
		anywhere     = keymap.Spot{Where: keymap.Anywhere, Place: keymap.Help}
		prompt       = keymap.Spot{Where: keymap.Prompt, Place: keymap.Line}
		promptHelp   = keymap.Spot{Where: keymap.Prompt, Place: keymap.Help}
		promptPinned = keymap.Spot{Where: keymap.Prompt, Place: keymap.Pinned}
		panes        = keymap.Spot{Where: keymap.Panes, Place: keymap.Line}
		panesHelp    = keymap.Spot{Where: keymap.Panes, Place: keymap.Help}
		panesPinned  = keymap.Spot{Where: keymap.Panes, Place: keymap.Pinned}
	)
	bind := keymap.New
	changes := func(b keymap.Binding) keymap.Binding {
		b.Changes = true
		return b
	}
	out := append(screenKeys(m.screens(), m.show), keymap.Map{
		bind(anywhere, func() tea.Cmd { return interrupt(m) }, "ctrl+c", "quit, or clear a line", "ctrl+c"),

		bind(prompt, m.submit, "⏎", "run", "enter"),
		bind(prompt, m.tabInPrompt, "↹", "complete · next pane", "tab"),
		bind(prompt, silent(func() { m.prompt.Recall(-1) }), "↑↓", "history", "up", "ctrl+p"),
		bind(promptHelp, silent(func() { m.prompt.Recall(+1) }), "", "", "down", "ctrl+n"),
		bind(prompt, silent(func() { m.prompt.Accept(m.suggest.First()) }), "→", "take the suggestion", "right"),
		bind(prompt, m.leavePrompt, "esc", "to the panes: 1-"+m.lastScreen()+" p h K s t …", "esc"),
		bind(promptHelp, silent(m.prompt.Clear), "ctrl+u", "clear the line", "ctrl+u"),
		bind(promptPinned, m.helpInPrompt, "?", "help", "?"),
		bind(promptHelp, m.endOfInput, "ctrl+d", "quit, on an empty line", "ctrl+d"),

		bind(panes, func() tea.Cmd { return m.cycle(+1) }, "↹", "pane", "tab"),
		bind(panesHelp, func() tea.Cmd { return m.cycle(-1) }, "⇧↹", "pane before", "shift+tab"),
		bind(panes, func() tea.Cmd { return m.move(-1) }, "↑↓", "select", "up", "k"),
		bind(panesHelp, func() tea.Cmd { return m.move(+1) }, "", "", "down", "j"),
		bind(panes, m.open, "⏎", "inspect", "enter"),
		bind(panes, silent(func() { m.focusOn(promptPane) }), ":", "command", ":", "i"),
	}...)
	out = append(out, m.stage.keys()...)
	return append(out, keymap.Map{
		changes(bind(panesHelp, func() tea.Cmd { return m.askOnNode("restart", "") }, "R", "restart the node", "R")),
		changes(bind(panes, func() tea.Cmd { return m.askOnNode("slow", " "+slowDelay) }, "s", "slow", "s")),
		bind(panes, func() tea.Cmd { return m.trace(0) }, "t", "trace", "t"),
		bind(panes, m.copyCommand, "c", "copy", "c"),
		bind(panes, func() tea.Cmd { return m.turn(+1) }, "[ ]", "before, after (the key)", "]"),
		bind(panesHelp, func() tea.Cmd { return m.turn(-1) }, "", "", "["),
		bind(panesHelp, m.explain, "x", "explain it: the paper's page", "x"),
		bind(panesHelp, m.onLog(func() { m.focusOn(logPane); m.log.StartFilter() }), "/", "filter the events", "/"),
		bind(panesHelp, m.onLog(m.log.Follow), "G", "follow the newest event", "G", "end"),
		bind(panesHelp, m.onLog(m.log.ToggleVerbose), "v", "every message, or the story", "v"),
		bind(panesHelp, m.toggleMouse, "m", "mouse on or off (off: the terminal selects text)", "m"),
		changes(bind(panes, m.togglePause, "space", "pause", " ")),
		changes(bind(panes, m.rewind, ",", "back in time", ",", "<")),
		bind(panesPinned, m.leave, "q", "quit", "q"),

		bind(anywhere, func() tea.Cmd { return m.page(-1) }, "PgUp", "scroll back", "pgup"),
		bind(anywhere, func() tea.Cmd { return m.page(+1) }, "PgDn", "scroll on", "pgdown"),
		bind(anywhere, silent(func() { toggleZoom(m) }), "ctrl+o", "one pane on the whole screen", "ctrl+o"),
		bind(panesHelp, silent(func() { toggleZoom(m) }), "z", "one pane on the whole screen", "z"),
		bind(panesPinned, silent(m.help.Toggle), "?", "help", "?"),
	}...)
}

// silent returns an action that needs no command of Bubble Tea.
func silent(do func()) func() tea.Cmd {
	return func() tea.Cmd {
		do()
		return nil
	}
}

// onLog returns an action of the log, which comes in sight and gets its room back from a command's
// output.
func (m *model) onLog(do func()) func() tea.Cmd {
	return func() (cmd tea.Cmd) {
		if m.shown != page.Ring {
			cmd = m.show(page.Ring)
		}
		m.screen.big[page.Ring] = false
		m.prompt.Collapse()
		do()
		return cmd
	}
}

// toggleZoom gives the focused pane the room of the others, or takes that room back. The panes of
// another screen than the ring share theirs.
func toggleZoom(m *model) {
	if m.focus == pagePane {
		m.prompt.Say("this screen has all the room already; " + screenKey(page.Ring) + " leads to panes that z enlarges")
		return
	}
	m.zoomed = !m.zoomed
}

// tabInPrompt completes the last word. On an empty line it moves the focus to the next pane.
func (m *model) tabInPrompt() tea.Cmd {
	if m.prompt.Empty() {
		return m.cycle(+1)
	}
	return m.prompt.Complete()
}

// helpInPrompt shows the help on an empty line. In a line, the question mark is text.
func (m *model) helpInPrompt() tea.Cmd {
	if m.prompt.Empty() {
		m.help.Toggle()
		return nil
	}
	m.prompt.Edit(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{'?'}})
	return nil
}

func (m *model) endOfInput() tea.Cmd {
	if m.prompt.Empty() {
		return m.leave()
	}
	return nil
}

// scrollPrompt scrolls the output of the latest command.
func (m *model) scrollPrompt(by int) {
	m.prompt.Scroll(by, max(m.places[promptPane].h-prompt.Border, 1))
}

// skipped is how far one key moves a recording.
const skipped = 5 * time.Second

// timeKeys returns the keys that move the time of a recording. shows are the events that steps go
// to, and then is done after each key.
func timeKeys(p playback.Playback, shows func(event.Event) bool, then func() tea.Cmd) keymap.Map {
	bind := func(place keymap.Place, do func(), label, does string, keys ...string) keymap.Binding {
		return keymap.New(keymap.Spot{Where: keymap.Panes, Place: place}, func() tea.Cmd {
			do()
			return then()
		}, label, does, keys...)
	}
	return keymap.Map{
		bind(keymap.Line, p.TogglePause, "space", "pause", " "),
		bind(keymap.Line, func() { p.Step(+1, shows) }, ", .", "step back, on", "."),
		bind(keymap.Help, func() { p.Step(-1, shows) }, "", "", ","),
		bind(keymap.Line, func() { p.Skip(+skipped) }, "< >", skipped.String(), ">"),
		bind(keymap.Help, func() { p.Skip(-skipped) }, "", "", "<"),
		bind(keymap.Line, func() { p.Step(+1, event.Event.Fault) }, "n N", "to a fault", "n"),
		bind(keymap.Help, func() { p.Step(-1, event.Event.Fault) }, "", "", "N"),
		bind(keymap.Line, func() { p.Speed(+1) }, "+ -", "speed", "+", "="),
		bind(keymap.Help, func() { p.Speed(-1) }, "", "", "-"),
	}
}

// recordingKeys returns the table of keys for a recording, which can be looked at and not be
// changed. Its first keys move the recording's time. They take the place of pausing the display.
func (m *model) recordingKeys() keymap.Map {
	out := timeKeys(m.state.Playback, m.log.Shows, func() tea.Cmd { return m.refresh.Want(true) })
	for _, b := range m.liveKeys() {
		if b.Help().Key == "esc" { // the keys that its help names are not in this table
			b.SetHelp("esc", "to the panes")
		}
		if !b.Changes {
			out = append(out, b)
		}
	}
	return out
}
