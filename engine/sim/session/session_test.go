package session_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/check"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/session"
)

// play returns the result of a plan and its events as a stream has them.
func play(p plan.Plan) (sim.Result, []event.Event) {
	var events []event.Event
	player := sim.Player{Watch: func(e event.Event) {
		e.Seq = uint64(len(events) + 1)
		events = append(events, e)
	}}
	r, _ := player.Play(p)
	return r, events
}

// script reads a script that is valid.
func script(t *testing.T, lines string) plan.Plan {
	t.Helper()
	p, err := plan.ParseScript(strings.NewReader(plan.ScriptHead + "\n" + lines))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// clocks returns the clocks that the homes of each key hold in the end.
func clocks(left []check.Left) string {
	var out []string
	for _, l := range left {
		var of []string
		for _, v := range l.Versions {
			of = append(of, v.Notation())
		}
		slices.Sort(of)
		out = append(out, l.Key+": "+strings.Join(of, " "))
	}
	return strings.Join(out, "\n")
}

// A run without faults, exported and played again, ends with the same clocks, in each mode and with
// each kind of clock.
func TestExportedRunsEndAlike(t *testing.T) {
	for seed := uint64(1); seed <= 6; seed++ {
		for _, kind := range []string{settings.ClocksDotted, settings.ClocksLiteral} {
			for _, mode := range []string{settings.ModeSiblings, settings.ModeLWW} {
				p := plan.New(plan.Options{
					Seed: seed, Nodes: 5, Ops: 40, Clients: 1, Keys: 2, Length: time.Minute, Faults: []string{}, Mode: mode,
					Clocks: plan.Clocks{Kind: kind, Truncate: -1}, Tombstones: -1, Buffer: -1, Blind: .3,
				})
				r, events := play(p)
				x, err := session.Export(events)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				x.Plan.Tombstones = 0 // which the settings of a simulated cluster do not tell
				again, _ := play(x.Plan)
				if got, want := clocks(again.Left), clocks(r.Left); got != want {
					t.Errorf("seed %d, %s, %s clocks: ends with\n%s\nwant\n%s\n%s\n%s", seed, mode, kind, got, want, p.Script(nil),
						x.Plan.Script(nil))
				}
			}
		}
	}
}

// The faults and the changes of the membership are exported at their times.
func TestExportedFaults(t *testing.T) {
	const lines = `
seed 1
nodes 5
replicas N=3 R=2 W=2
mode siblings
quorum strict
anti-entropy 5s

1 client 1 put#1 cart via n3
2 partition n1,n2 n3,n4,n5 for 1s
4 one-way n1 n2,n3,n4,n5 for 1s
6 crash n4 for 2s
8.5 pause n2 for 500ms
10 wipe n5 for 1s
12 join n6>n1
14 client 2 get#2 cart via n6 R=3
15 client 2 put#3 cart via n6 context newest W=1
16 leave n6>n2
18 remove n2>n1 for 1s
20 peace
`
	p := script(t, lines)
	_, events := play(p)
	end := slices.IndexFunc(events, func(e event.Event) bool { return e.Time-events[0].Time > 19500*time.Millisecond })
	x, err := session.Export(events[:end])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range x.Plan.Faults {
		got = append(got, fmt.Sprintf("%.0f %s for %.0f", f.At.Seconds(), strings.Split(f.String(), " for ")[0], f.For.Seconds()))
	}
	want := []string{
		"2 partition n1,n2 n3,n4,n5 for 1", "4 one-way n1 n2,n3,n4,n5 for 1", "6 crash n4 for 2", "8 pause n2 for 0",
		"10 wipe n5 for 1", "12 join n6>n1 for 0", "16 leave n6>n2 for 0", "18 crash n2 for 1", "18 remove n2>n1 for 2",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("faults %q\nwant %q", got, want)
	}
	ops := x.Plan.Ops
	if len(ops) != 3 || ops[1].R != 3 || ops[2].W != 1 || ops[2].From != 2 || ops[0].From != 0 || x.Plan.Quorum != plan.Strict ||
		x.Plan.AntiEntropy == 0 {
		t.Errorf("%s", x.Plan.Script(nil))
	}
	if _, err := plan.ParseScript(strings.NewReader(x.Plan.Script(func(op uint64) string { return x.Requests[op].String() }))); err != nil {
		t.Error(err)
	}
}

// begun returns the events of a cluster that has started and stored nothing.
func begun(change func(*settings.Cluster)) []event.Event {
	s := settings.Cluster{Nodes: []string{"n1", "n2", "n3"}, N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Strategy: 3, Q: 60}
	if change != nil {
		change(&s)
	}
	return []event.Event{{Seq: 1, Time: time.Hour, Kind: event.Cluster, Settings: &s}}
}

func TestExportRefuses(t *testing.T) {
	_, whole := play(script(t, "seed 1\nnodes 3\nreplicas N=3 R=2 W=2\nmode siblings\nquorum sloppy\n1 client 1 put#1 k via n1\n2 peace\n"))
	gap := []event.Event{{Seq: 4, Kind: event.Gap, Count: 7}}
	for want, events := range map[string][]event.Event{
		"7 events are not remembered; what is known begins at 2023-": append(slices.Clone(gap), whole[5:]...),
		"7 events are not remembered, and":                           gap,
		"no event tells the settings":                                nil,
		"held versions before": append(begun(nil), event.Event{Seq: 2, Time: 2 * time.Hour, Kind: event.Replied, Key: []byte("k"),
			Request: 1, Versions: whole[slices.IndexFunc(whole, func(e event.Event) bool { return e.Kind == event.Stored })].Versions},
			whole[slices.IndexFunc(whole, func(e event.Event) bool { return e.Kind == event.Stored })]),
		"beginnings of two clusters": append(begun(nil), begun(nil)...),
		"this cluster has a":         begun(func(s *settings.Cluster) { s.Nodes = []string{"a", "b"} }),
		"a script takes at most":     append(begun(nil), event.Event{Seq: 2, Time: 99 * time.Hour, Kind: event.Heal}),
	} {
		if x, err := session.Export(events); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, plan\n%s", want, err, x.Plan.Script(nil))
		}
	}
}

// What a script cannot say is noted once.
func TestNotes(t *testing.T) {
	events := append(begun(func(s *settings.Cluster) {
		s.Tombstones, s.Q, s.NoSync, s.Seeds = time.Second, 100, true, []string{"n3"}
	}),
		event.Event{Time: 2 * time.Hour, Kind: event.Slow, Link: "n1-n2"},
		event.Event{Time: 2 * time.Hour, Kind: event.Slow, Link: "n1-n2"},
		event.Event{Time: 2 * time.Hour, Kind: event.Loss, Link: "n1"},
		event.Event{Time: 2 * time.Hour, Kind: event.Requested, Node: "n1", Op: "get", Request: 1, Key: []byte("a b")},
		event.Event{Time: 2 * time.Hour, Kind: event.Requested, Node: "n1", Op: "del", Request: 2, Key: []byte("k")},
	)
	x, err := session.Export(events)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"tombstones", "100 partitions", "--sync=false", "seeds n3", "slow n1-n2", "loss n1", "#1: its key", "#2: the context"} {
		n := 0
		for _, note := range x.Notes {
			if strings.Contains(note, want) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d notes with %q: %q", n, want, x.Notes)
		}
	}
	if len(x.Plan.Ops) != 0 || len(x.Notes) != 8 {
		t.Errorf("%d operations, notes %q", len(x.Plan.Ops), x.Notes)
	}
}
