package tui

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"ringside/engine/event"
)

// A Playback is a Source whose time the user holds: a recorded run.
type Playback interface {
	Source
	// TogglePause stops time, or lets it go on.
	TogglePause()
	// Step stops time and lets events happen until by more of them are such that are
	// shown; or takes back as many.
	Step(by int, shows func(event.Event) bool)
	// Skip moves time on, or back.
	Skip(by time.Duration)
	// Speed makes time run twice as fast for each step up, half as fast for each down.
	Speed(by int)
	// Progress says where the recording stands.
	Progress() Progress
}

// ErrRewound ends a stream of events whose newest have been taken back: what there is now
// begins anew.
var ErrRewound = errors.New("the recording was taken back")

// skipped is how far one key moves a recording.
const skipped = 5 * time.Second

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

// held are the keys that come in bursts while they are held down.
const held = ".,<>+-= "

// playbackKeys come before all others: they take the place of pausing the display.
func playbackKeys() []binding {
	hold := func(do func(*model, Playback)) func(*model) tea.Cmd {
		return func(m *model) tea.Cmd {
			do(m, m.playback())
			m.mark(headerPane, nodesPane)
			return m.wantSnap(true)
		}
	}
	return []binding{
		bind(panes, inLine, hold(func(_ *model, p Playback) { p.TogglePause() }), "space", "pause", " "),
		bind(panes, inLine, hold(func(m *model, p Playback) { p.Step(+1, m.shows) }), ", .", "step back, on", "."),
		bind(panes, inHelp, hold(func(m *model, p Playback) { p.Step(-1, m.shows) }), "", "", ","),
		bind(panes, inLine, hold(func(_ *model, p Playback) { p.Skip(+skipped) }), "< >", skipped.String(), ">"),
		bind(panes, inHelp, hold(func(_ *model, p Playback) { p.Skip(-skipped) }), "", "", "<"),
		bind(panes, inLine, hold(func(_ *model, p Playback) { p.Speed(+1) }), "+ -", "speed", "+", "="),
		bind(panes, inHelp, hold(func(_ *model, p Playback) { p.Speed(-1) }), "", "", "-"),
	}
}

// playbackBindings are those of a cluster that can be looked at, and not be changed.
func playbackBindings() []binding {
	out := playbackKeys()
	for _, b := range bindings() {
		if b.Help().Key == "esc" { // the keys that it names elsewhere are not there
			b.SetHelp("esc", "to the panes")
		}
		if !b.live {
			out = append(out, b)
		}
	}
	return out
}

// timeOf is when an event happened: the time of day, or in a recording the seconds since it
// began, as its script has them.
func (m *model) timeOf(e event.Event) string {
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
