package recording

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"ringside/engine/event"
	"ringside/tui"
)

const (
	// longestFlight is the time after which a message counts as arrived: longer than any time-out.
	longestFlight = 10 * time.Second
	// maxFlights bounds the messages that are under way at a time.
	maxFlights = 64
)

// A flight is a message between two nodes, as events tell when it left and when it had arrived.
type flight struct {
	from, to   string
	sent, came time.Duration // since 1970
	kind       event.Kind    // of the event that sent it
}

// A route is what the two events of a message have in common.
type route struct {
	request  uint64
	key      string
	from, to string
}

// flightsOf returns the messages that the events tell of, in the order in which they left. Where
// only the question and the answer have events, each takes half of the time between them.
func flightsOf(events []event.Event) []flight {
	var out []flight
	left := map[route]flight{} // messages that have not arrived yet
	leave := func(e *event.Event, from, to string) {
		left[route{e.Request, string(e.Key), from, to}] = flight{from: from, to: to, sent: e.Time, kind: e.Kind}
	}
	arrive := func(e *event.Event, from, to string) (flight, bool) {
		r := route{e.Request, string(e.Key), from, to}
		f, ok := left[r]
		delete(left, r)
		f.came = e.Time
		return f, ok && f.came > f.sent && f.came-f.sent < longestFlight
	}
	for i := range events {
		e := &events[i]
		if e.Peer == "" || e.Peer == e.Node {
			continue
		}
		switch e.Kind {
		case event.Replicate, event.ReadFrom, event.ReadRepair, event.HintSent:
			leave(e, e.Node, e.Peer)
		case event.Stored, event.HintStored:
			if f, ok := arrive(e, e.Peer, e.Node); ok && e.Request > 0 {
				out = append(out, f)
				leave(e, e.Node, e.Peer) // the acknowledgement
			}
		case event.Ack:
			if f, ok := arrive(e, e.Peer, e.Node); ok {
				out = append(out, f)
			}
		case event.ReadReply, event.HintDelivered:
			if f, ok := arrive(e, e.Node, e.Peer); ok {
				half := f.sent + (f.came-f.sent)/2
				out = append(out, flight{f.from, f.to, f.sent, half, f.kind}, flight{f.to, f.from, half, f.came, e.Kind})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b flight) int { return cmp.Compare(a.sent, b.sent) })
	return out
}

// Flights implements tui.Playback.
func (r *Recording) Flights() []tui.Flight {
	r.mu.Lock()
	now := r.position()
	r.mu.Unlock()
	var out []tui.Flight
	first := sort.Search(len(r.flights), func(i int) bool { return r.flights[i].sent > now-longestFlight })
	for _, f := range r.flights[first:] {
		if f.sent > now || len(out) == maxFlights {
			break
		}
		if now < f.came {
			part := float64(now-f.sent) / float64(f.came-f.sent)
			out = append(out, tui.Flight{From: f.from, To: f.to, Part: part, Kind: f.kind})
		}
	}
	return out
}
