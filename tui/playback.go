package tui

import (
	"fmt"
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/trace"
)

// A Playback is a Source whose time the user holds: a recorded run.
type Playback interface {
	Source
	// TogglePause stops time, or lets it go on.
	TogglePause()
	// Step stops time and lets the next event happen.
	Step()
	// Speed makes time run twice as fast for each step up, half as fast for each down.
	Speed(by int)
	// Progress says where the recording stands.
	Progress() Progress
}

// Progress is the state of a Playback.
type Progress struct {
	Now    time.Duration // since 1970
	At     time.Duration // since the recording began
	Length time.Duration
	Speed  float64
	Paused bool
	Over   string // how it ended, once it has; "" before
	Failed bool   // a property did not hold
}

// playback is the cluster as a Playback, nil if it is none.
func (m *model) playback() Playback {
	p, _ := m.o.Cluster.(Playback)
	return p
}

// playbackKeys come before all others: they take the place of pausing the display.
func playbackKeys() []binding {
	hold := func(do func(Playback)) func(*model) tea.Cmd {
		return func(m *model) tea.Cmd {
			do(m.playback())
			m.mark(headerPane, nodesPane)
			return m.wantSnap(true)
		}
	}
	return []binding{
		bind(panes, inLine, hold(Playback.TogglePause), "space", "pause", " "),
		bind(panes, inLine, hold(Playback.Step), ".", "step", "."),
		bind(panes, inLine, hold(func(p Playback) { p.Speed(+1) }), "+ -", "speed", "+", "="),
		bind(panes, inHelp, hold(func(p Playback) { p.Speed(-1) }), "", "", "-"),
	}
}

// timeOf is when an event happened: the time of day, or in a recording the seconds since it
// began, as its script has them.
func (m *model) timeOf(e trace.Event) string {
	p := m.playback()
	if p == nil {
		return clockTime(e.Time, m.zone)
	}
	at := p.Progress()
	return fmt.Sprintf("%*.4f", len(time.TimeOnly)+len(".000"), (e.Time - (at.Now - at.At)).Seconds())
}

// playbackSegment says where the recording stands.
func playbackSegment(p Progress) segment {
	at := p.At.Round(time.Millisecond).String() + " of " + p.Length.Round(time.Second).String()
	if p.Over != "" {
		st := good
		if p.Failed {
			st = bad
		}
		return segment{0, st | bold, "END " + at + ": " + p.Over, "END: " + p.Over}
	}
	if p.Paused {
		return segment{0, warn | bold | reverse, "PAUSED " + at, ""}
	}
	return segment{0, plain, "x" + strconv.FormatFloat(p.Speed, 'g', 3, 64) + " " + at, ""}
}
