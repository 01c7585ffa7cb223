package tui

import (
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/view"
	"ringside/tui/command"
	"ringside/tui/page"
	"ringside/tui/state"
)

// quit ends the screens, and the command that runs.
func (m *model) quit() tea.Cmd {
	m.prompt.Interrupt()
	return tea.Quit
}

// interrupt clears the line that is typed. If the line is empty, interrupt asks whether to leave,
// or leaves. While that question is open, interrupt leaves.
func interrupt(m *model) tea.Cmd {
	switch {
	case m.leaving && m.list.Open():
		return m.quit()
	case m.focus == promptPane && !m.prompt.Empty():
		m.prompt.Clear()
		return nil
	case m.help.Open():
		m.help.Toggle() // the question is visible
	}
	return m.leave()
}

// focusOn moves the focus. The log gets its room back from a command's output.
func (m *model) focusOn(p paneID) {
	if m.focus == p {
		return
	}
	if m.focus != promptPane {
		m.before = m.focus
	}
	m.focus = p
	if p == logPane {
		m.prompt.Collapse()
	}
}

// cycle moves the focus through the panes that can have it. A page has panes of its own.
func (m *model) cycle(by int) tea.Cmd {
	if m.focus == pagePane && m.current().Cycle(by) {
		return nil
	}
	panes := m.focusable()
	m.focusOn(panes[(slices.Index(panes, m.focus)+by+len(panes))%len(panes)])
	return nil
}

// show changes to another screen. The focus moves from the prompt to the screen, so that its keys
// work.
func (m *model) show(id page.ID) tea.Cmd {
	p := m.pages[id]
	if id != page.Ring && p == nil {
		return nil
	}
	m.shown, m.zoomed = id, false
	m.prompt.StandFor(m.book.command)
	if id == page.Ring {
		m.focus, m.before = nodesPane, nodesPane
		return nil
	}
	m.focus, m.before = pagePane, pagePane
	return p.Shown()
}

// explain opens the page of the paper about what is selected.
func (m *model) explain() tea.Cmd {
	section := "4"
	switch m.focus {
	case nodesPane:
		section = "4.2"
		if n := m.state.SelectedNode(); n != nil && n.Status != view.Up {
			section = "4.8"
		}
	case keyPane:
		section = "4.4"
	case logPane:
		if e, ok := m.log.Selected(); ok {
			section = strings.TrimPrefix(e.Section(), "§")
		}
	case pagePane:
		section = m.current().Explains()
	}
	return m.run("paper " + section)
}

// turn goes to another key, or to what the page is about.
func (m *model) turn(by int) tea.Cmd {
	if p := m.current(); p != nil {
		return p.Turn(by)
	}
	return m.choose(m.state.KeyAfter(by))
}

// trace shows the latest request on its screen, or in the prompt if there is no such screen.
func (m *model) trace(id uint64) tea.Cmd {
	if m.pages[page.Trace] != nil {
		m.state.ChooseRequest(id)
		return m.show(page.Trace)
	}
	if id == 0 {
		return m.run("trace last")
	}
	return m.run("trace " + strconv.FormatUint(id, 10))
}

// leavePrompt interrupts the running command. If none runs, the focus moves to the pane that had
// it, and a line that a key filled in is cleared.
func (m *model) leavePrompt() tea.Cmd {
	if !m.prompt.Interrupt() {
		m.prompt.DropFillIn()
		m.prompt.Collapse()
		m.focusOn(m.before)
	}
	return nil
}

// escape undoes the latest special view of the panes.
func (m *model) escape() {
	switch {
	case m.prompt.Interrupt():
	case m.zoomed:
		m.zoomed = false
	case m.screen.big[m.shown]:
		m.screen.big[m.shown] = false
	case m.prompt.Collapse():
	case m.log.ClearFilter():
	case m.state.ClearMarks():
	default:
		m.log.Follow()
	}
}

// submit enters the line of the prompt.
func (m *model) submit() tea.Cmd { return enter(m, m.prompt.Submit()) }

// enter runs a line as if it was typed. A few words are about the screens themselves.
func enter(m *model, line string) tea.Cmd {
	line = command.Bare(line)
	if line == "" {
		if m.teaching() && m.shown == page.Tour {
			return m.current().Open()
		}
		return nil
	}
	word, args, ok := command.Screen(line)
	if !ok {
		return m.run(command.For(m.prompt.Client(), line, m.o.Flags))
	}
	switch word {
	case command.Quit:
		return m.leave()
	case command.Help:
		m.help.Toggle()
	case command.Big:
		return m.stage.big()
	case command.Clear:
		m.prompt.ClearOutput()
	case command.NoClient:
		speakAs(m, "")
		m.prompt.Say("later commands are no client's")
	case command.Snapshot:
		name, err := command.SnapshotFile(args)
		if err == nil {
			return m.save(name)
		}
		m.prompt.Say(err.Error())
	}
	return nil
}

// speakAs makes the lines from now on those of a client, "" for no client.
func speakAs(m *model, client string) {
	m.prompt.Be(client)
	m.suggest.SpeakAs(client)
}

// ask puts a line into the prompt for the user to finish.
func (m *model) ask(line string) tea.Cmd {
	m.prompt.FillIn(line)
	m.focusOn(promptPane)
	return nil
}

// askOnNode asks for a verb about the selected node. Enter confirms it.
func (m *model) askOnNode(verb, more string) tea.Cmd {
	if n := m.state.SelectedNode(); n != nil {
		return m.ask(verb + " " + n.Name + more)
	}
	return m.ask(verb + " ")
}

// move selects the next or previous row of the focused pane.
func (m *model) move(by int) tea.Cmd {
	switch m.focus {
	case nodesPane:
		m.nodes.Move(by)
	case keyPane:
		return m.choose(m.state.KeyAfter(by))
	case logPane:
		m.moveLog(by)
	case pagePane:
		return m.current().Move(by)
	}
	return nil
}

func (m *model) moveLog(by int) {
	m.prompt.Collapse()
	m.log.Move(by)
}

// page scrolls the focused pane by its height.
func (m *model) page(by int) tea.Cmd {
	rows := max(m.places[m.focus].h-3, 1)
	switch m.focus {
	case promptPane:
		m.scrollPrompt(by * rows)
	case keyPane:
		return m.move(by)
	case nodesPane, logPane, pagePane:
		return m.move(by * rows)
	}
	return nil
}

// open looks closer at what is selected.
func (m *model) open() tea.Cmd {
	key := string(m.state.Key())
	switch m.focus {
	case nodesPane:
		n := m.state.SelectedNode()
		switch {
		case n == nil || key == "":
		case m.state.Playback != nil:
			return m.run(command.On("inspect", key))
		case n.Status != view.Up:
			return m.askOnNode("restart", "")
		default:
			return m.run(command.On("get", key, "--via", n.Name))
		}
	case keyPane:
		switch {
		case key != "" && m.pages[page.Key] != nil:
			return m.show(page.Key)
		case key != "":
			return m.run(command.On("inspect", key))
		}
	case logPane:
		if e, ok := m.log.Selected(); ok && e.Request > 0 {
			return m.trace(e.Request)
		}
	case pagePane:
		return m.current().Open()
	}
	return nil
}

// enterDoes says what open would do, "" if the table of keys says it.
func (m *model) enterDoes() string {
	switch n := m.state.SelectedNode(); {
	case m.focus == pagePane:
		return m.current().OpenDoes()
	case m.focus == logPane:
		return "trace it"
	case m.focus != nodesPane || n == nil:
		return ""
	case m.state.Playback != nil:
		return "inspect"
	case n.Status != view.Up:
		return "restart " + state.Name(n.Name)
	default:
		return "get via " + state.Name(n.Name)
	}
}

func (m *model) togglePause() tea.Cmd {
	c, cmd := m.refresh.TogglePause()
	return tea.Batch(cmd, m.changed(c))
}

func (m *model) toggleMouse() tea.Cmd {
	m.mouse = !m.mouse
	if m.mouse {
		m.prompt.Say("the mouse scrolls and selects; m gives it back to the terminal")
		return tea.EnableMouseCellMotion
	}
	m.prompt.Say("the mouse is the terminal's again")
	return tea.DisableMouse
}

// wheelRows is how many rows a notch of the wheel scrolls.
const wheelRows = 3

// point handles the mouse: the wheel scrolls the pane under it, a click selects.
func (m *model) point(e tea.MouseMsg) {
	wheel := map[tea.MouseButton]int{tea.MouseButtonWheelUp: -wheelRows, tea.MouseButtonWheelDown: wheelRows}[e.Button]
	if m.help.Open() {
		m.help.Scroll(wheel)
		return
	}
	for _, p := range m.focusable() {
		r := m.places[p]
		if e.X < r.x || e.X >= r.x+r.w || e.Y < r.y || e.Y >= r.y+r.h {
			continue
		}
		switch {
		case wheel != 0 && p == promptPane:
			m.scrollPrompt(wheel)
		case wheel != 0 && p == logPane:
			m.moveLog(wheel)
		case wheel != 0 && p == pagePane:
			m.current().Move(wheel)
		case e.Button == tea.MouseButtonLeft && e.Action == tea.MouseActionPress:
			m.focusOn(p)
			if p == nodesPane {
				m.nodes.Click(e.Y - r.y - 1)
			}
		}
	}
}

// copyCommand copies the line of the prompt, or the latest command if the line is empty.
func (m *model) copyCommand() tea.Cmd {
	switch line := m.prompt.Line(); {
	case line != "":
		m.stage.clip(line)
	case m.prompt.Last() != "":
		m.stage.clip(m.prompt.Last())
	default:
		m.prompt.Say("no command ran yet")
	}
	return nil
}
