package engine

import (
	"time"

	"ringside/engine/mutant"
)

// A Place is where a simulator can make the node do what is rare, and right all the same: a
// limit that is reached at once, a reply that waits for nobody, a doubt without a reason. So
// that what depends on none of it is seen to depend on none of it. No driver of real nodes has
// any (Config.Buggify is nil).
type Place string

// The places.
const (
	FewRequests     Place = "few-requests"
	TinyWindows     Place = "tiny-windows"
	ShortAnswers    Place = "short-answers"
	LittleSync      Place = "little-sync"
	HastyPut        Place = "hasty-put"
	HastyGet        Place = "hasty-get"
	HastyDoubt      Place = "hasty-doubt"
	RareProbes      Place = "rare-probes"
	LazyHandoff     Place = "lazy-handoff"
	FreshEpochs     Place = "fresh-epochs"
	FewCounters     Place = "few-counters"
	EarlyCompaction Place = "early-compaction"
	CoarseTimes     Place = "coarse-times"
	SlowTransfers   Place = "slow-transfers"
	ForgottenTrees  Place = "forgotten-trees"
)

// places are in the order in which they are listed, and runs are drawn.
var places = []struct {
	Place
	says string
}{
	{FewRequests, "a node that works on anything is too busy for more"},
	{TinyWindows, "hints, pushes and rounds go one at a time"},
	{ShortAnswers, "an answer of anti-entropy holds one key or bucket"},
	{LittleSync, "rounds have to wait, or are refused, or what they bring is"},
	{HastyPut, "a put that has W acks waits for no other"},
	{HastyGet, "a get that has R answers waits for no other"},
	{HastyDoubt, "patience is over before an answer can come"},
	{RareProbes, "a suspected peer is asked seldom"},
	{LazyHandoff, "hints wait for the next scan"},
	{FreshEpochs, "a counter that could be trusted is not"},
	{FewCounters, "counters that are kept apart from records are folded into floors"},
	{EarlyCompaction, "under last write wins clocks are compacted as soon as they can be"},
	{CoarseTimes, "versions take their time from a clock of few ticks, so that many are of one time"},
	{SlowTransfers, "a range that is to be handed over waits for seconds first, and again before it counts as handed over"},
	{ForgottenTrees, "trees are grown anew when they are asked for"},
}

// Says is what a node does there.
func (p Place) Says() string {
	for _, x := range places {
		if x.Place == p {
			return x.says
		}
	}
	return ""
}

// Places lists all places.
func Places() []Place {
	out := make([]Place, len(places))
	for i, x := range places {
		out[i] = x.Place
	}
	return out
}

const (
	coarse = 2 * time.Second // of the clock with few ticks
	slow   = 5 * time.Second // before a range is handed over: clients come in between

	hasty = 64 // what patience is divided by
	rare  = 4  // what the time between probes is multiplied with
)

// odd says whether the node shall do what is rare now.
func (n *Node) odd(p Place) bool { return n.cfg.Buggify != nil && n.cfg.Buggify(p) }

// stampTime is the time that a new version takes from the node's clock.
func (n *Node) stampTime() int64 {
	if n.odd(CoarseTimes) {
		return int64(n.now.Truncate(coarse))
	}
	return int64(n.now)
}

// full says whether a window of so many has no room for one more.
func (n *Node) full(used, window int) bool {
	if mutant.Is(mutant.WindowsIgnored) {
		return false
	}
	return used >= window || used > 0 && n.odd(TinyWindows)
}
