package tui

import (
	"bytes"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/view"
)

// What the keys do.

func (m *model) quit() tea.Cmd {
	m.cancelExec()
	return tea.Quit
}

func (m *model) endOfInput() tea.Cmd {
	if m.prompt.line.empty() {
		return m.quit()
	}
	return nil
}

// focusOn moves the focus; the pane that had it can be returned to.
func (m *model) focusOn(p paneID) {
	if m.focus == p {
		return
	}
	if m.focus != promptPane {
		m.before = m.focus
	}
	m.focus = p
	if p == logPane {
		m.seeLog()
	}
	m.redraw()
}

// cycle moves the focus through the panes that can have it.
func (m *model) cycle(by int) tea.Cmd {
	p := (m.focus + paneID(by) + focusable) % focusable
	m.focusOn(p)
	return nil
}

func (m *model) focusPrompt() tea.Cmd {
	m.focusOn(promptPane)
	return nil
}

func (m *model) leavePrompt() tea.Cmd {
	if m.cancelExec() {
		return nil
	}
	m.prompt.expanded, m.prompt.candidates = false, nil
	m.focusOn(m.before)
	return nil
}

// escape undoes the latest special view.
func (m *model) escape() tea.Cmd {
	switch {
	case m.cancelExec():
	case m.zoomed:
		m.zoomed = false
	case m.prompt.expanded:
		m.prompt.expanded = false
	case m.log.filter != "":
		m.log.filter = ""
	default:
		m.log.anchor = 0
	}
	m.redraw()
	return nil
}

// move selects the next or previous thing in the focused pane.
func (m *model) move(by int) tea.Cmd {
	switch m.focus {
	case nodesPane:
		m.node = max(0, min(m.node+by, len(m.view.Nodes)-1))
		m.mark(nodesPane, ringPane, keyLinePane)
	case keyPane:
		return m.stepKey(by)
	case logPane:
		m.moveLog(by)
	}
	return nil
}

// page scrolls the focused pane by its height.
func (m *model) page(by int) tea.Cmd {
	rows := max(m.places[m.focus].h-3, 1)
	switch m.focus {
	case promptPane:
		m.scrollOutput(by * rows)
	case keyPane:
		return m.stepKey(by)
	case nodesPane, logPane:
		return m.move(by * rows)
	}
	return nil
}

// stepKey chooses the next or previous of the known keys.
func (m *model) stepKey(by int) tea.Cmd {
	keys := m.view.Keys()
	if len(keys) == 0 {
		return nil
	}
	i := 0
	for i < len(keys) && bytes.Compare(keys[i].Key, m.key) < 0 {
		i++
	}
	exact := i < len(keys) && bytes.Equal(keys[i].Key, m.key)
	if exact || by < 0 {
		i += by
	}
	return m.choose(keys[(i%len(keys)+len(keys))%len(keys)].Key)
}

// open looks closer at what is selected.
func (m *model) open() tea.Cmd {
	switch m.focus {
	case nodesPane:
		n := m.selected()
		if n == nil || len(m.key) == 0 {
			return nil
		}
		if m.playback() != nil {
			return m.execute("inspect " + quoteWord(string(m.key)))
		}
		if n.Status != view.Up {
			return m.ask("restart " + n.Name)
		}
		return m.execute("get " + quoteWord(string(m.key)) + " --via " + n.Name)
	case keyPane:
		if len(m.key) > 0 {
			return m.execute("inspect " + quoteWord(string(m.key)))
		}
	case logPane:
		if e, ok := m.logSelected(); ok && e.Request > 0 {
			return m.execute("trace " + traceID(e.Request))
		}
	}
	return nil
}

func (m *model) toggleZoom() tea.Cmd {
	m.zoomed = !m.zoomed
	m.redraw()
	return nil
}

// helpOrType shows the help on an empty line; in a line it is a letter.
func (m *model) helpOrType() tea.Cmd {
	if m.prompt.line.empty() {
		return m.toggleHelp()
	}
	m.editPrompt(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{'?'}})
	return nil
}

func (m *model) toggleHelp() tea.Cmd {
	m.help, m.helpTop = !m.help, 0
	m.redraw()
	return nil
}

func (m *model) togglePause() tea.Cmd {
	m.paused = !m.paused
	m.mark(headerPane)
	if m.paused {
		return nil
	}
	return tea.Batch(m.takeFeed(), m.wantSnap(true))
}

func (m *model) toggleMouse() tea.Cmd {
	m.mouse = !m.mouse
	if m.mouse {
		m.say("the mouse scrolls and selects; m gives it back to the terminal")
		return tea.EnableMouseCellMotion
	}
	m.say("the mouse is the terminal's again")
	return tea.DisableMouse
}

// wheelRows is how many rows a notch of the wheel scrolls.
const wheelRows = 3

// point handles the mouse: the wheel scrolls what is under it, a click selects.
func (m *model) point(e tea.MouseMsg) tea.Cmd {
	switch {
	case m.help && e.Button == tea.MouseButtonWheelUp:
		m.scrollHelp(-wheelRows)
	case m.help && e.Button == tea.MouseButtonWheelDown:
		m.scrollHelp(wheelRows)
	}
	for p := paneID(0); p < focusable; p++ {
		r := m.places[p]
		if e.X < r.x || e.X >= r.x+r.w || e.Y < r.y || e.Y >= r.y+r.h {
			continue
		}
		switch {
		case e.Button == tea.MouseButtonWheelUp && p == promptPane:
			m.scrollOutput(-wheelRows)
		case e.Button == tea.MouseButtonWheelDown && p == promptPane:
			m.scrollOutput(wheelRows)
		case e.Button == tea.MouseButtonWheelUp && p == logPane:
			m.moveLog(-wheelRows)
		case e.Button == tea.MouseButtonWheelDown && p == logPane:
			m.moveLog(wheelRows)
		case e.Button == tea.MouseButtonLeft && e.Action == tea.MouseActionPress:
			m.focusOn(p)
			if row := e.Y - r.y - 1 - m.nodesHeader(); p == nodesPane && row >= 0 {
				m.node = min(m.nodesTop()+row, max(len(m.view.Nodes)-1, 0))
				m.mark(nodesPane, ringPane, keyLinePane)
			}
		}
	}
	return nil
}

// copyCommand shows the command that the last action was, as the shell takes
// it, and offers it to the terminal's clipboard.
func (m *model) copyCommand() tea.Cmd {
	if m.prompt.last == "" {
		m.say("no command ran yet")
		return nil
	}
	line := "ringside " + m.prompt.last
	m.copy(line)
	m.say(line)
	return nil
}
