package plan

import (
	"fmt"
	"slices"

	"ringside/engine"
)

// Buggify points of the driver, beside those of the engine. Limits that a run of a few hundred
// operations never comes near are reached at these points.
const (
	FewHints    engine.BuggifyPoint = "few-hints"
	FewSiblings engine.BuggifyPoint = "few-siblings"
	SmallInbox  engine.BuggifyPoint = "small-inbox"
	ShortTurns  engine.BuggifyPoint = "short-turns"
)

var driverPoints = map[engine.BuggifyPoint]string{
	FewHints:    fmt.Sprintf("hint stores are full with %d hints, also after the faults", fewHints),
	FewSiblings: fmt.Sprintf("coordinators refuse puts to keys with %d siblings, also after the faults", fewSiblings),
	SmallInbox:  "messages are lost if a few others wait already",
	ShortTurns:  "inputs do not share a turn",
}

const (
	// buggifyOdds is the probability that a run has active points, and pointOdds the probability of
	// each point in such a run.
	buggifyOdds, pointOdds = .5, .3
	// fewHints is the number of hints that a node keeps with FewHints.
	fewHints = 2
	// fewSiblings is the number of siblings that a coordinator adds to with FewSiblings.
	fewSiblings = 4
)

// buggifyPoints lists the points of nodes and of their driver.
func buggifyPoints() []engine.BuggifyPoint {
	return append(engine.BuggifyPoints(), FewHints, FewSiblings, SmallInbox, ShortTurns)
}

// buggifyNames lists the points as plans and the command line call them.
func buggifyNames() []string {
	var out []string
	for _, p := range buggifyPoints() {
		out = append(out, string(p))
	}
	return out
}

// Buggified reports whether a point is active in the plan.
func (p *Plan) Buggified(point engine.BuggifyPoint) bool {
	return slices.Contains(p.Buggify, string(point))
}

// MaxHints returns the number of hints that each node may keep; 0: the limit of the engine.
func (p *Plan) MaxHints() int {
	if p.Buggified(FewHints) {
		return fewHints
	}
	return 0
}

// MaxSiblings returns the number of siblings up to which a coordinator adds to a key; 0: the limit
// of the engine.
func (p *Plan) MaxSiblings() int {
	if p.Buggified(FewSiblings) {
		return fewSiblings
	}
	return 0
}

// buggify chooses the points of the plan: those that the options name, and some that make rare
// meetings likelier.
func (d *drawing) buggify(p *Plan) {
	for _, point := range buggifyNames() {
		if d.has(point) || d.addCompaction(point, p) || d.addSlowTransfers(point, p) {
			p.Buggify = append(p.Buggify, point)
		}
	}
}

// addCompaction adds EarlyCompaction to runs with other points in which the last write wins,
// because few runs are such.
func (d *drawing) addCompaction(point string, p *Plan) bool {
	return point == string(engine.EarlyCompaction) && p.LWW() && len(p.Buggify) > 0
}

// slowMoveOdds is the probability that a run with changes of the ring hands ranges over slowly at
// times.
const slowMoveOdds = .4

// addSlowTransfers makes hints and ranges travel slowly in runs with changes of the ring, so that
// both are under way at the same time.
func (d *drawing) addSlowTransfers(point string, p *Plan) bool {
	transfers := point == string(engine.SlowTransfers)
	if !p.Moves() || !transfers && point != string(engine.LazyHandoff) {
		return false
	}
	return transfers && len(p.Buggify) > 0 || d.streamOf(point).Float64() < slowMoveOdds
}
