package ringsidetest

import (
	"testing"

	"ringside/engine/account"
	"ringside/engine/event"
	"ringside/engine/settings"
)

// A history is bounded. It keeps its first event, counts what it leaves out, and an account of it
// does not take the rest for all.
func TestHistoryIsBounded(t *testing.T) {
	s, err := settings.New("t", settings.Cluster{})
	if err != nil {
		t.Fatal(err)
	}
	const limit, some = 500, 30
	h := history{limit: limit}
	h.add([]event.Event{{Seq: 1, Time: 1, Kind: event.Cluster, Settings: &s}})
	total := 1
	for total < 3*limit {
		batch := make([]event.Event, some)
		for i := range batch {
			total++
			batch[i] = event.Event{Seq: uint64(total), Time: 2, Kind: event.Suspect, Node: "n1", Peer: "n2"}
		}
		h.add(batch)
		if len(h.events) > limit {
			t.Fatalf("%d events are kept", len(h.events))
		}
	}
	seen, next := 0, uint64(1)
	for _, e := range h.events {
		if e.Kind == event.Gap {
			seen += e.Count
			next += uint64(e.Count)
			continue
		}
		if e.Seq != next {
			t.Fatalf("event %d comes in place of %d", e.Seq, next)
		}
		seen, next = seen+1, next+1
	}
	if seen != total || h.last != uint64(total) || h.events[0].Kind != event.Cluster || h.events[1].Kind != event.Gap {
		t.Errorf("%d of %d events, last %d", seen, total, h.last)
	}
	acc := account.New()
	acc.ApplyAll(h.events)
	if acc.Known().Missing == 0 {
		t.Error("the account knows of no missing event")
	}
}
