package playback

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ringside/engine/event"
	"ringside/tui/feed"
	"ringside/tui/theme"
)

// A Playback is a Source whose time can be stopped, moved and run at another speed: a recorded run.
type Playback interface {
	feed.Source
	// TogglePause stops time, or lets it go on.
	TogglePause()
	// Step stops time and plays events until by of them satisfied shown. A negative by takes as
	// many back.
	Step(by int, shown func(event.Event) bool)
	// Skip moves time by a duration, back if it is negative.
	Skip(by time.Duration)
	// Speed doubles the speed of time by times, or halves it if by is negative.
	Speed(by int)
	// Progress returns where the recording stands.
	Progress() Progress
	// Flights returns the messages that are under way now, a bounded number of them.
	Flights() []Flight
}

// A Flight is a message that is under way between two nodes.
type Flight struct {
	From, To string
	Part     float64    // of the way, 0 to 1
	Kind     event.Kind // of the event that sent it
}

// slowMotion is the speed up to which messages are seen to move: a tenth of a millisecond of a
// loopback then takes a hundredth of a second and more.
const slowMotion = 1.0 / 64

// Slow reports whether messages are seen to move.
func (p Progress) Slow() bool { return p.Paused || p.Speed <= slowMotion }

// A Rewinder is a running cluster whose past can be looked at.
type Rewinder interface {
	// Rewind shows what the cluster remembers as a recording, paused at its end. The cluster runs on
	// meanwhile.
	Rewind(ctx context.Context) (Playback, error)
	// Present shows the cluster as it is again.
	Present()
	// Past returns the recording that is shown, nil in the present. Another running cluster that
	// takes the place ends the past.
	Past() Playback
}

// Progress is the state of a Playback.
type Progress struct {
	Now    time.Duration // since 1970
	At     time.Duration // since the recording began
	Length time.Duration
	Speed  float64
	Paused bool
	Over   string // how the recording ended, "" before its end
	Failed bool   // a property did not hold
	// Faults are the times of faults since the recording began, in their order.
	Faults []time.Duration
}

// Text returns the progress for the title line, its short form, and its style.
func (p Progress) Text() (text, short string, st theme.Style) {
	length := p.Length.Round(time.Second)
	if p.Length < 10*time.Second { // a round second would be less than the time of the last event
		length = p.Length.Round(time.Millisecond)
	}
	at := p.At.Round(time.Millisecond).String() + " of " + length.String()
	switch {
	case p.Over != "" && p.Failed:
		return "END " + at + ": " + p.Over, "END: " + p.Over, theme.Bad | theme.Bold
	case p.Over != "":
		return "END " + at + ": " + p.Over, "END: " + p.Over, theme.Good | theme.Bold
	case p.Paused:
		return "PAUSED " + at, "", theme.Warn | theme.Bold | theme.Reverse
	}
	return "x" + strconv.FormatFloat(p.Speed, 'g', 3, 64) + " " + at, "", theme.Plain
}

// timelineWidth is the number of columns of the timeline between its ends.
const timelineWidth = 20

// Timeline draws the faults of the recording as exclamation marks, and the present as an arrow. It
// also returns a short form. Both are empty without faults.
func (p Progress) Timeline() (text, short string) {
	if len(p.Faults) == 0 || p.Length <= 0 {
		return "", ""
	}
	line := []byte(strings.Repeat("-", timelineWidth))
	column := func(at time.Duration) int {
		return int(min(max(0, at*timelineWidth/p.Length), timelineWidth-1))
	}
	passed := 0
	for _, f := range p.Faults {
		line[column(f)] = '!'
		if f <= p.At {
			passed++
		}
	}
	line[column(p.At)] = '>'
	short = "fault " + strconv.Itoa(passed) + "/" + strconv.Itoa(len(p.Faults))
	return "[" + string(line) + "] " + short, short
}

// Offset returns a time since 1970 as the time since the recording began.
func (p Progress) Offset(t time.Duration) time.Duration { return t - (p.Now - p.At) }
