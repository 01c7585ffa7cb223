package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/engine"
)

// Nodes can be made to do what is rare, and right all the same (engine.Place): so that limits
// that no run of a few hundred operations comes near are reached, and replies come as early
// as they may. Which places a run has is drawn, and part of its plan; whether one acts when
// it is asked has dice of its own. At peace they rest, as all faults do.

// Places of the driver, which may be odd, too.
const (
	fewHints    engine.Place = "few-hints"
	fewSiblings engine.Place = "few-siblings"
	smallInbox  engine.Place = "small-inbox"
	shortTurns  engine.Place = "short-turns"
)

var driverPlaces = map[engine.Place]string{
	fewHints:    fmt.Sprintf("hint stores are full with %d hints, peace or not", maxFewHints),
	fewSiblings: fmt.Sprintf("coordinators add to keys of less than %d siblings only, peace or not", maxFewSiblings),
	smallInbox:  "messages are lost where a few wait already",
	shortTurns:  "inputs are not stepped together",
}

const (
	// oddRuns is how many runs have places that act, and oddOnes how likely each is among them.
	oddRuns, oddOnes = .5, .3
	// oddity is how often a place acts that is asked.
	oddity = .25
	// maxFewHints is how many hints a node keeps where there are few.
	maxFewHints = 2
	// maxFewSiblings is how many siblings a coordinator adds to where there may be few.
	maxFewSiblings = 4
	// tinyInbox is what is left of an inbox that is small.
	tinyInbox = 3
)

// oddPlaces lists the places of nodes and of their driver.
func oddPlaces() []engine.Place {
	return append(engine.Places(), fewHints, fewSiblings, smallInbox, shortTurns)
}

// oddPlaceNames lists the places, as plans and the command line call them.
func oddPlaceNames() []string {
	var out []string
	for _, p := range oddPlaces() {
		out = append(out, string(p))
	}
	return out
}

// maxHints is how many hints each node keeps, 0 is as many as usual.
func (p *Plan) maxHints() int {
	if slices.Contains(p.Odd, string(fewHints)) {
		return maxFewHints
	}
	return 0
}

// maxSiblings is the plan's bound on the siblings of a key that a coordinator adds to, 0 is the usual one.
func (p *Plan) maxSiblings() int {
	if slices.Contains(p.Odd, string(fewSiblings)) {
		return maxFewSiblings
	}
	return 0
}

// buggify is what the node is given to ask: nil where it would always be told no.
func (h *host) buggify() func(engine.Place) bool {
	if len(h.w.plan.Odd) == 0 {
		return nil
	}
	return h.odd
}

// odd says whether a place acts now, and counts it as a fault.
func (h *host) odd(p engine.Place) bool {
	w := h.w
	if w.net.calm[h.name] || !slices.Contains(w.plan.Odd, string(p)) || !chance(w.dice(forOddity, h.id, hashString(p)), oddity) {
		return false
	}
	w.fault(string(p))
	return true
}

// timings are the default ones but for anti-entropy and tombstones, or what the plan has in their place.
func (p *Plan) timings() engine.Timings {
	t := engine.DefaultTimings()
	if p.Timings != nil {
		t = *p.Timings
	}
	t.AntiEntropy, t.Tombstones = p.AntiEntropy, p.Tombstones
	return t
}

// timings draws timings that nobody would choose, as far apart as they can be while the
// times that the checker grants for convergence (noticing, quiesce, mending) are enough.
func (d *drawing) timings() *engine.Timings {
	of := func(all ...time.Duration) time.Duration { return pick(d.rng, all) * time.Millisecond }
	t := engine.DefaultTimings()
	t.Patience, t.Fresh, t.Probe = of(20, 100, 500, 800), of(0, 20, 1000), of(50, 500, 700)
	t.Request = max(of(1000, 2000, 3000), 4*t.Patience) // a home and some stand-ins may be silent one after the other
	t.Handoff, t.RepairGrace, t.Reunion = of(100, 1000, 3000), of(1, 100, 1000), of(50, 500, 2000)
	t.Gossip, t.Transfer = of(100, 1000, 3000), of(50, 500, 2000)
	return &t
}

// timing names a timing in scripts.
type timing struct {
	name  string
	value *time.Duration
	least time.Duration
}

func timingsOf(t *engine.Timings) []timing {
	return []timing{
		{"patience", &t.Patience, leastTiming}, {"request", &t.Request, leastTiming}, {"fresh", &t.Fresh, 0}, {"probe", &t.Probe, leastTiming},
		{"handoff", &t.Handoff, leastTiming}, {"grace", &t.RepairGrace, leastTiming}, {"reunion", &t.Reunion, leastTiming},
		{"gossip", &t.Gossip, leastTiming}, {"transfer", &t.Transfer, leastTiming},
	}
}

// leastTiming is the shortest that a node waits for anything: less would be a storm.
const leastTiming = time.Millisecond

func timingsText(t engine.Timings) string {
	var out []string
	for _, x := range timingsOf(&t) {
		out = append(out, fmt.Sprintf("%s=%v", x.name, *x.value))
	}
	return strings.Join(out, " ")
}

func parseTimings(f *field) *engine.Timings {
	t := engine.DefaultTimings()
	for _, x := range timingsOf(&t) {
		if *x.value = f.duration(x.name); *x.value < x.least || *x.value > MaxTime {
			f.fail("%s=%v, want %v to %v", x.name, *x.value, x.least, MaxTime)
		}
	}
	return &t
}
