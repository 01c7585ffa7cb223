package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/keymap"
	"ringside/tui/playback"
	"ringside/tui/state"
)

// A past leads from a running cluster into its past and back.
type past struct {
	ctx     context.Context
	state   *state.State
	cluster playback.Rewinder // nil: the cluster has no past to show
}

// rewoundMsg says that the past is ready to be shown.
type rewoundMsg struct {
	playback playback.Playback
	err      error
}

// rewind asks for the past.
func (p *past) rewind() tea.Cmd {
	if p.cluster == nil {
		return nil
	}
	p.state.Travels(true)
	return func() tea.Msg {
		r, err := p.cluster.Rewind(p.ctx)
		return rewoundMsg{r, err}
	}
}

// rewound shows the past that was asked for, unless another cluster took its place meanwhile.
func rewound(m *model, msg rewoundMsg) tea.Cmd {
	if msg.err != nil {
		m.prompt.Say("the past cannot be shown: " + msg.err.Error())
	} else if m.past.cluster.Past() == msg.playback {
		return m.travel(msg.playback)
	}
	m.state.Travels(false)
	return nil
}

// leavePast shows the present if another cluster took the place of the past in sight.
func leavePast(m *model) {
	if m.past.cluster == nil || m.state.Playback == nil || m.past.cluster.Past() == m.state.Playback {
		return
	}
	m.state.Playback, m.keys = nil, m.liveKeys()
	m.state.Forget()
}

// elsewhere returns what the prompt says about a key that works in the present only, or only in the
// past. It returns "" for every other key.
func elsewhere(m *model, k tea.KeyMsg) string {
	live := m.past.cluster != nil
	switch _, changes := m.liveKeys().Find(k, false); {
	case m.state.Playback == nil && live && k.String() == "L":
		return "this is the present; the key , goes back in time"
	case m.state.Playback != nil && changes && live:
		return "the key " + k.String() + " does nothing in the past; L leads back to the present"
	case m.state.Playback != nil && changes:
		return "the key " + k.String() + " does nothing in a recording"
	}
	return ""
}

// travel shows a recording of the past from its latest event on. With nil it shows the present
// again.
func (m *model) travel(to playback.Playback) tea.Cmd {
	m.state.Playback = to
	if to == nil {
		m.keys = m.liveKeys()
		m.state.Travels(true)
		m.past.cluster.Present()
		return m.refresh.Want(true)
	}
	back := keymap.New(keymap.Spot{Where: keymap.Panes, Place: keymap.Line},
		func() tea.Cmd { return m.travel(nil) }, "L", "back to the present", "L")
	m.keys = append(keymap.Map{back}, m.recordingKeys()...)
	m.prompt.Collapse()
	m.focusOn(m.before)
	to.Step(-1, m.log.Shows)
	return m.refresh.Want(true)
}
