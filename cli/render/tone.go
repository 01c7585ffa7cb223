package render

import "ringside/engine/event"

// A Tone is the meaning of a piece of text, from which a terminal chooses a colour.
type Tone int

// Tones. Concurrent is for siblings, Accent for clocks and for what a coordinator does.
const (
	Plain Tone = iota
	Bold
	Dim
	Good
	Bad
	Warn
	Hint
	Accent
	Concurrent
)

// ToneOf returns the tone of an event.
func ToneOf(e event.Event) Tone {
	switch e.Kind {
	case event.Replied:
		switch {
		case e.Failed():
			return Bad
		case e.Op == "get" && len(e.Versions.Live()) > 1:
			return Concurrent
		}
		return Plain
	case event.Replicate:
		if e.For != "" {
			return Hint
		}
		return Plain
	case event.Stored, event.Reconciled:
		if len(e.Versions.Live()) > 1 {
			return Concurrent
		}
	case event.RunOver:
		if e.Count > 0 {
			return Bad
		}
		return Good
	}
	return tones[e.Kind]
}

// tones maps each kind to its tone, unless ToneOf chooses another one from the event's fields. An
// absent kind is Plain.
var tones = map[event.Kind]Tone{
	event.NodeUp: Good, event.Heal: Good, event.Alive: Good, event.RangeConfirmed: Good, event.RangeReady: Good,

	event.NodeDown: Bad, event.NodeWiped: Bad, event.Split: Bad, event.Dropped: Bad, event.DiskFailed: Bad,
	event.Gap: Bad, event.LWWLost: Bad, event.RolledBack: Bad, event.HintRefused: Bad, event.BufferLost: Bad,
	event.Violated: Bad, event.Damaged: Bad,

	event.NodePaused: Warn, event.Slow: Warn, event.Loss: Warn, event.Skew: Warn, event.Suspect: Warn,
	event.FreshEpoch: Warn, event.Truncated: Warn, event.RangeDropped: Warn, event.Departed: Warn,

	event.HintStored: Hint, event.HintSent: Hint, event.HintDelivered: Hint, event.HintRehomed: Hint,

	event.Coordinate: Accent, event.ReadRepair: Accent, event.Membership: Accent, event.RangeTransferred: Accent,
	event.Reconciled: Accent,

	event.Slice: Dim, event.Summary: Dim, event.Buffered: Dim, event.TombstoneCollected: Dim, event.TombstonesKept: Dim,
	event.NodeLeft: Dim, event.Serves: Dim,
}

// A Painter colours text with a terminal's sixteen basic colours, which follow the terminal's own
// theme. The zero Painter leaves text as it is.
type Painter struct{ Color bool }

// sgr are the parameters of the SGR escape sequence of each tone.
var sgr = [...]string{
	Plain: "", Bold: "1", Dim: "2", Good: "32", Bad: "31", Warn: "33", Hint: "35", Accent: "36", Concurrent: "33",
}

// Paint returns text in the colour of a tone. The text must be safe for a terminal.
func (p Painter) Paint(t Tone, text string) string {
	if !p.Color || sgr[t] == "" || text == "" {
		return text
	}
	return "\x1b[" + sgr[t] + "m" + text + "\x1b[0m"
}
