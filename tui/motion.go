package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/tui/playback"
)

// movePause is the time between two pictures of messages that move in slow motion.
const movePause = time.Second / 15

// movedMsg says that messages have moved.
type movedMsg struct{}

// A motion draws a recording in slow motion again and again, between its events.
type motion struct{ runs bool }

// next plans the next picture if the recording is in slow motion and its time goes on.
func (m *motion) next(p playback.Playback) tea.Cmd {
	if m.runs = false; p == nil {
		return nil
	}
	if at := p.Progress(); !at.Slow() || at.Paused || at.Over != "" {
		return nil
	}
	m.runs = true
	return tea.Tick(movePause, func(time.Time) tea.Msg { return movedMsg{} })
}
