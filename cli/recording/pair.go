package recording

import (
	"time"

	"ringside/engine/event"
)

// A Pair is two recordings that share a clock. A call that moves the time of one recording moves
// the time of both.
type Pair struct {
	First, Second *Recording
	same          int
}

// NewPair returns the recordings of two lists of events that begin with the same events, same of
// them. what says what was recorded, as in New. The lists must have the beginning that New asks
// for. NewPair gives the events new sequence numbers.
func NewPair(first, second []event.Event, same int, what string) (*Pair, error) {
	for _, events := range [][]event.Event{first, second} {
		if err := number(events); err != nil {
			return nil, err
		}
	}
	c := newClock([2][]event.Event{first, second}, same)
	return &Pair{newRecording(c, 0, what), newRecording(c, 1, what), same}, nil
}

// Part stops time at the first moment in which the recordings differ, or at their end if they do
// not differ.
func (p *Pair) Part() {
	c := p.First.clock
	c.stop(min(p.same+1, len(c.moments)))
}

// Parted returns the time between the beginning of the recordings and the moment at which Part
// stops them.
func (p *Pair) Parted() time.Duration {
	c := p.First.clock
	return c.moments[min(p.same, len(c.moments)-1)].time - c.start()
}
