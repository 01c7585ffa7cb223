package engine

import (
	"time"

	"ringside/engine/mutant"
)

// A BuggifyPoint names a place at which a simulator can make the node do something that is rare,
// but correct: reach a limit at once, reply without waiting for more, doubt without a reason. So a
// simulation shows that no property depends on what is usual. Drivers of real nodes have no points
// (Config.Buggify is nil).
type BuggifyPoint string

// The points. Their names stand in the scripts of simulations.
const (
	FewRequests     BuggifyPoint = "few-requests"
	TinyWindows     BuggifyPoint = "tiny-windows"
	ShortAnswers    BuggifyPoint = "short-answers"
	LittleSync      BuggifyPoint = "little-sync"
	HastyPut        BuggifyPoint = "hasty-put"
	HastyGet        BuggifyPoint = "hasty-get"
	HastyDoubt      BuggifyPoint = "hasty-doubt"
	RareProbes      BuggifyPoint = "rare-probes"
	LazyHandoff     BuggifyPoint = "lazy-handoff"
	FreshEpochs     BuggifyPoint = "fresh-epochs"
	FewCounters     BuggifyPoint = "few-counters"
	EarlyCompaction BuggifyPoint = "early-compaction"
	CoarseTimes     BuggifyPoint = "coarse-times"
	SlowTransfers   BuggifyPoint = "slow-transfers"
	ForgottenTrees  BuggifyPoint = "forgotten-trees"
)

// buggifyPoints holds the points in the order in which they are listed, and in which a simulation
// draws them.
var buggifyPoints = []struct {
	BuggifyPoint
	description string
}{
	{FewRequests, "a node that works on a request refuses further requests"},
	{TinyWindows, "hints, pushes and rounds go one at a time"},
	{ShortAnswers, "an answer of anti-entropy holds one key or bucket"},
	{LittleSync, "rounds of anti-entropy wait or are refused, or the versions that they bring are"},
	{HastyPut, "a put that has W acknowledgements waits for no other"},
	{HastyGet, "a get that has R answers waits for no other"},
	{HastyDoubt, "patience is over before an answer can come"},
	{RareProbes, "a suspected peer is rarely probed"},
	{LazyHandoff, "hints wait for the next scan"},
	{FreshEpochs, "a counter that could be trusted is not"},
	{FewCounters, "counters that are kept apart from records are folded into floors"},
	{EarlyCompaction, "under last write wins clocks are compacted as soon as they can be"},
	{CoarseTimes, "versions take their time from a clock of few ticks, so that many have the same time"},
	{SlowTransfers, "a range that is to be handed over waits for seconds, and again before it counts as handed over"},
	{ForgottenTrees, "trees are rebuilt when they are asked for"},
}

// Description says what a node does at the point, "" if no such point is known.
func (p BuggifyPoint) Description() string {
	for _, x := range buggifyPoints {
		if x.BuggifyPoint == p {
			return x.description
		}
	}
	return ""
}

// BuggifyPoints lists all points of a node.
func BuggifyPoints() []BuggifyPoint {
	out := make([]BuggifyPoint, len(buggifyPoints))
	for i, x := range buggifyPoints {
		out[i] = x.BuggifyPoint
	}
	return out
}

const (
	coarseTick   = 2 * time.Second // of the clock at CoarseTimes
	slowTransfer = 5 * time.Second // before a range is handed over at SlowTransfers
	hastyDivisor = 64              // divides the patience at HastyDoubt
	rareFactor   = 4               // multiplies the time between two probes at RareProbes
)

// buggify reports whether the node is to do now what is rare at the point. The simulator counts
// each question, so the order of the questions is part of a run.
func (n *Node) buggify(p BuggifyPoint) bool { return n.cfg.Buggify != nil && n.cfg.Buggify(p) }

// windowFull reports whether a window that holds used items of at most size has no room for one
// more.
func (n *Node) windowFull(used, size int) bool {
	if mutant.Is(mutant.WindowsIgnored) {
		return false
	}
	return used >= size || used > 0 && n.buggify(TinyWindows)
}
