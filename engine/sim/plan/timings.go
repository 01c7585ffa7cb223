package plan

import (
	"fmt"
	"strings"
	"time"

	"ringside/engine"
	"ringside/engine/sim/rng"
)

// NodeTimings returns the timings of all nodes.
func (p *Plan) NodeTimings() engine.Timings {
	t := engine.DefaultTimings()
	switch {
	case p.Timings != nil:
		t = *p.Timings
	case p.Legs.Given():
		t.Patience, t.Request = LegTime, LegTime
	}
	t.AntiEntropy, t.Tombstones = p.AntiEntropy, p.Tombstones
	return t
}

// timings draws unusual timings, as far apart as NoticeTime, HandoffTime and the repair of reads
// allow.
func (d *drawing) timings() *engine.Timings {
	of := func(all ...time.Duration) time.Duration { return rng.Pick(d.rng, all) * time.Millisecond }
	t := engine.DefaultTimings()
	t.Patience, t.Fresh, t.Probe = of(20, 100, 500, 800), of(0, 20, 1000), of(50, 500, 700)
	t.Request = max(of(1000, 2000, 3000), 4*t.Patience) // a home and some fallbacks may be silent one after the other
	t.Handoff, t.RepairGrace, t.SyncAfterRecovery = of(100, 1000, 3000), of(1, 100, 1000), of(50, 500, 2000)
	t.Gossip, t.Transfer = of(100, 1000, 3000), of(50, 500, 2000)
	return &t
}

// timing names one timing in scripts.
type timing struct {
	name  string
	value *time.Duration
	least time.Duration
}

// leastTiming is the shortest time that a node may wait for anything. A shorter time would flood
// the network.
const leastTiming = time.Millisecond

func timingsOf(t *engine.Timings) []timing {
	return []timing{
		{"patience", &t.Patience, leastTiming},
		{"request", &t.Request, leastTiming},
		{"fresh", &t.Fresh, 0},
		{"probe", &t.Probe, leastTiming},
		{"handoff", &t.Handoff, leastTiming},
		{"grace", &t.RepairGrace, leastTiming},
		{"reunion", &t.SyncAfterRecovery, leastTiming},
		{"gossip", &t.Gossip, leastTiming},
		{"transfer", &t.Transfer, leastTiming},
	}
}

func timingsText(t engine.Timings) string {
	var out []string
	for _, x := range timingsOf(&t) {
		out = append(out, fmt.Sprintf("%s=%v", x.name, *x.value))
	}
	return strings.Join(out, " ")
}

func parseTimings(f *fields) *engine.Timings {
	t := engine.DefaultTimings()
	for _, x := range timingsOf(&t) {
		if *x.value = f.duration(x.name); *x.value < x.least || *x.value > MaxTime {
			f.fail("invalid timing %s=%v: want %v to %v", x.name, *x.value, x.least, MaxTime)
		}
	}
	return &t
}
