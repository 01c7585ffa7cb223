package ring

import (
	"fmt"

	"ringside/engine/event"
	"ringside/tui/playback"
	"ringside/tui/state"
	"ringside/tui/theme"
)

// flightSteps is in how many steps a message moves along its link.
const flightSteps = 24

// flights returns the messages to draw: those of a recording in slow motion.
func flights(s *state.State) []playback.Flight {
	if s.Playback == nil || !s.Playback.Progress().Slow() {
		return nil
	}
	return s.Playback.Flights()
}

// flightSignature changes when a message moves by a step.
func flightSignature(s *state.State) (out string) {
	for _, f := range flights(s) {
		out += fmt.Sprint(" ", f.From, f.To, int(f.Part*flightSteps))
	}
	return out
}

// drawFlights returns the signs of the messages that are under way. at returns the dot of the i-th
// node.
func (p *plot) drawFlights(at func(int) (int, int)) (signs []linkSign) {
	for _, f := range flights(p.state) {
		from, to := p.state.Index(f.From), p.state.Index(f.To)
		if from < 0 || to < 0 {
			continue
		}
		x0, y0 := at(from)
		x1, y1 := at(to)
		part := float64(int(f.Part*flightSteps)+1) / (flightSteps + 1)
		x, y := float64(x0)+part*float64(x1-x0), float64(y0)+part*float64(y1-y0)
		signs = append(signs, linkSign{int(x) / 2, int(y) / 4, flightStyle(f.Kind) | theme.Bold, p.Theme.Message})
	}
	return signs
}

// flightStyle returns the colour of a message by the event that sent it.
func flightStyle(k event.Kind) theme.Style {
	switch k {
	case event.HintSent, event.HintDelivered:
		return theme.Hint
	case event.ReadRepair:
		return theme.Good
	case event.Stored, event.HintStored, event.ReadReply: // on its way back
		return theme.Plain
	}
	return theme.Accent
}
