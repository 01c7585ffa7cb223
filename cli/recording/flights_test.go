package recording

import (
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/tui"
)

// A message is under way between the event that sends it and the event that tells of its arrival.
func TestFlights(t *testing.T) {
	s := settings.Cluster{Nodes: []string{"n1", "n2", "n3"}, N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Strategy: 3,
		Q: 8, T: 8}
	ms := time.Millisecond
	events := []event.Event{
		{Time: 0, Kind: event.Cluster, Settings: &s},
		{Time: 1 * ms, Kind: event.Replicate, Node: "n1", Peer: "n2", Request: 7, Key: []byte("a")},
		{Time: 2 * ms, Kind: event.Stored, Node: "n1", Peer: "n1", Request: 7, Key: []byte("a"), Op: "put"},
		{Time: 3 * ms, Kind: event.Stored, Node: "n2", Peer: "n1", Request: 7, Key: []byte("a"), Op: "put"},
		{Time: 5 * ms, Kind: event.Ack, Node: "n1", Peer: "n2", Request: 7, Key: []byte("a")},
		{Time: 10 * ms, Kind: event.ReadFrom, Node: "n1", Peer: "n3", Request: 8, Key: []byte("a")},
		{Time: 14 * ms, Kind: event.ReadReply, Node: "n1", Peer: "n3", Request: 8, Key: []byte("a")},
		{Time: 20 * ms, Kind: event.Replicate, Node: "n1", Peer: "n3", Request: 9, Key: []byte("a")}, // lost
		{Time: 30 * ms, Kind: event.NodeUp, Node: "n1"},
	}
	r, err := New(events, "it")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration][]tui.Flight{
		0:       nil,
		2 * ms:  {{From: "n1", To: "n2", Part: .5, Kind: event.Replicate}},
		4 * ms:  {{From: "n2", To: "n1", Part: .5, Kind: event.Stored}},
		6 * ms:  nil,
		11 * ms: {{From: "n1", To: "n3", Part: .5, Kind: event.ReadFrom}},
		13 * ms: {{From: "n3", To: "n1", Part: .5, Kind: event.ReadReply}},
		25 * ms: nil,
	} {
		r.TogglePause()
		if !r.Progress().Paused {
			r.TogglePause()
		}
		r.turn(func() { r.at = at })
		got := r.Flights()
		if len(got) != len(want) || len(got) == 1 && got[0] != want[0] {
			t.Errorf("after %v: %+v, want %+v", at, got, want)
		}
	}
}
