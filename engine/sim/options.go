package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/engine/ring"
	"ringside/engine/settings"
)

// Quorums, as the command line calls them.
const (
	Sloppy       = "sloppy"
	StrictQuorum = "strict"
)

// Limits of a run: beyond them it would take longer than anybody waits.
const (
	MaxNodes = 1024
	MaxOps   = 1 << 20
)

// Options are what a run is made from. Draw fills in what is zero.
type Options struct {
	Seed    uint64
	Nodes   int
	N, R, W int
	Mode    string   // siblings or lww
	Quorum  string   // sloppy or strict
	Ops     int      // by all clients together
	Clients int      // each does one thing after the other
	Keys    int      // few, so that clients meet
	Faults  []string // of FaultKinds; nil: drawn; empty but not nil: none
	Length  time.Duration
	Blind   float64 // chance that a put comes without a context; negative: all come with the newest
	Odd     float64 // chance that a request asks for a quorum of its own; negative: none does

	Strategy   ring.Strategy // of partitioning (§6.2)
	FaultEvery time.Duration // mean time between two faults

	AntiEntropy time.Duration // between two comparisons of a key range (§4.7); negative: never, reads mend
	Buffer      int           // objects in each node's buffer (§6.1); negative: none, every write is durable

	Clocks     string        // dotted or literal; never drawn, since literal ones lose writes (§4.4)
	Truncate   int           // pairs at which clocks are cut (§4.4); negative: never
	Tombstones time.Duration // grace after which tombstones are collected; negative: they stay
}

// Draw fills in the defaults of a run of Seed; most are drawn from it, the usual
// more often than the odd. A second Draw changes nothing.
func (o Options) Draw() Options {
	rng := rand.New(rand.NewPCG(o.Seed, 0x6f7074696f6e73))
	oddly := func(p *int, usual, low, high int, odds float64) {
		high = max(low, high)
		odd := low + rng.IntN(high-low+1)
		if rng.Float64() >= odds {
			odd = min(max(usual, low), high)
		}
		if *p == 0 {
			*p = odd
		}
	}
	named := func(p *string, usual, odd string, odds float64) {
		if rng.Float64() >= odds {
			odd = usual
		}
		if *p == "" {
			*p = odd
		}
	}
	quorum := max(o.R, o.W, 1)
	oddly(&o.Nodes, 5, max(o.N, quorum), 9, .2)
	oddly(&o.N, 3, quorum, min(5, o.Nodes), .2)
	most := min(o.N, o.Nodes)
	oddly(&o.R, 2, 1, most, .25)
	oddly(&o.W, 2, 1, most, .25)
	named(&o.Mode, settings.ModeSiblings, settings.ModeLWW, .15)
	quorumGiven := o.Quorum != ""
	named(&o.Quorum, Sloppy, StrictQuorum, .15)
	oddly(&o.Ops, 300, 300, 300, 0)
	oddly(&o.Clients, 4, 2, 6, 1)
	o.Clients = min(o.Clients, o.Ops)
	oddly(&o.Keys, 3, 1, 6, 1)
	every := time.Second + time.Duration(rng.Int64N(int64(10*time.Second)))
	blind := .2
	if rng.Float64() < .04 { // siblings pile up to their limit
		blind = piledUp
	}
	if o.Blind == 0 {
		o.Blind = blind
	}
	if o.Faults == nil {
		o.Faults = drawFaults(rng)
	}
	if slices.ContainsFunc(o.Faults, changesMembers) && !quorumGiven && rand.New(rand.NewPCG(o.Seed, 0x737472696374)).Float64() < strictMoves {
		o.Quorum = StrictQuorum
	}
	compared := minAntiEntropy + exp(rng, 4*time.Second).Round(grain)
	if rng.Float64() < .3 {
		compared = -1
	}
	if o.AntiEntropy == 0 {
		o.AntiEntropy = compared
	}
	think := 1500 * time.Millisecond
	if rng.Float64() < hurriedOdds {
		think, every = time.Millisecond<<rng.IntN(9), every/hurry
	}
	odd := .2
	if rng.Float64() < .3 || len(o.Faults) == 0 { // where all ask for the same, the checker knows what to expect
		odd = -1
	}
	if o.Odd == 0 {
		o.Odd = odd
	}
	// A run with tombstones that are collected takes long enough for them to grow old.
	graces := rand.New(rand.NewPCG(o.Seed, 0x67726163))
	grace := minTombstones + time.Duration(graces.Int64N(int64(maxTombstones-minTombstones))).Round(grain)
	if graces.Float64() < .6 || think < time.Second || o.Blind == piledUp { // the hurried are done before a tombstone is old
		grace = -1
	}
	if o.Tombstones == 0 {
		o.Tombstones = grace
	}
	if o.Tombstones > 0 && graces.Float64() < .5 { // tombstones go only where nothing breaks for two graces
		every *= seldom
	}
	if o.FaultEvery == 0 {
		o.FaultEvery = every.Round(grain)
	}
	if o.Length == 0 && o.Tombstones > 0 {
		o.Length = 3 * restGraces * o.Tombstones
	}
	if o.Length == 0 {
		o.Length = time.Duration(o.Ops/o.Clients) * think
	}
	if o.Strategy == 0 {
		o.Strategy = drawStrategy(o.Seed)
	}
	if o.Clocks == "" {
		o.Clocks = settings.ClocksDotted
	}
	cut := 1 + rng.IntN(maxTruncate)
	if rng.Float64() >= truncateOdds {
		cut = -1
	}
	if o.Truncate == 0 {
		o.Truncate = cut
	}
	buffer := 1 + rng.IntN(maxDrawnBuffer)
	if rng.Float64() >= bufferOdds {
		buffer = -1
	}
	if o.Buffer == 0 {
		o.Buffer = buffer
	}
	return o
}

// drawStrategy is mostly the usual strategy, with dice of its own.
func drawStrategy(seed uint64) ring.Strategy {
	switch x := rand.New(rand.NewPCG(seed, 0x7374726174)).Float64(); {
	case x < tokensOdds:
		return ring.TokensRandom
	case x < 2*tokensOdds:
		return ring.TokensOverPartitions
	}
	return ring.EqualPartitions
}

const (
	// tokensOdds is how many runs have each of the strategies with random tokens.
	tokensOdds = .2
	// maxDrawnTokens is small: the fewer ranges there are, the more keys lie in the one that wraps around zero.
	maxDrawnTokens = 3
)

// strictMoves is how many runs in which the ring changes have strict quorums: only those promise that a get does
// without homes which were not given their range yet.
const strictMoves = .4

const (
	// piledUp is the chance of blind puts in runs without deletes, which no context keeps small.
	piledUp = .99
	// hurriedOdds is how many runs have clients that do not wait for each other, so that
	// requests meet within one message's time.
	hurriedOdds = .1
	// seldom is how much less often things break in many runs that collect tombstones.
	seldom = 12
	// hurry is how much more often things break in them.
	hurry = 20
)

// Some runs cut their clocks, and far below the paper's ten pairs: with few nodes clocks are short.
const (
	truncateOdds = .15
	maxTruncate  = 6
)

const (
	// bufferOdds is how many runs have object buffers: they weaken what P1 can ask for.
	bufferOdds = .12
	// maxDrawnBuffer is small, so that buffers are full now and then.
	maxDrawnBuffer = 12
	// MaxBuffer bounds a buffer that somebody asks for.
	MaxBuffer = 1 << 20
)

// The graces that are drawn: a clogged link and a paused node hold a message for ten seconds each.
const (
	minTombstones = 30 * time.Second
	maxTombstones = 60 * time.Second
)

// minAntiEntropy is the shortest time between two cycles of anti-entropy: what
// is found in one should be mended before the next.
const minAntiEntropy = 200 * time.Millisecond

// healthyOdds is how many runs in a hundred have no fault at all, so that what only
// holds without faults is checked too.
const healthyOdds = 4

// drawFaults chooses which kinds a run has: a run with few kinds goes deep where
// one with all goes wide.
func drawFaults(rng *rand.Rand) []string {
	out := []string{}
	healthy := rng.IntN(100) < healthyOdds
	for _, k := range kinds {
		if rng.Float64() < k.odds && !healthy {
			out = append(out, k.name)
		}
	}
	odd := rng.Float64() < oddRuns
	for _, p := range oddPlaceNames() {
		if rng.Float64() < oddOnes && odd && !healthy {
			out = append(out, p)
		}
	}
	return out
}

// Check says what is wrong with options that a person gave.
func (o Options) Check() error {
	switch {
	case o.Nodes > MaxNodes:
		return fmt.Errorf("sim: %d nodes, the limit is %d", o.Nodes, MaxNodes)
	case o.N > 0 && o.Nodes > 0 && o.N > o.Nodes:
		return fmt.Errorf("sim: N=%d replicas on %d nodes, want at most one a node: a smaller N, or more nodes", o.N, o.Nodes)
	case o.Ops > MaxOps:
		return fmt.Errorf("sim: %d operations, the limit is %d", o.Ops, MaxOps)
	case o.Length > MaxTime || o.FaultEvery > MaxTime:
		return fmt.Errorf("sim: %v, want at most %v of virtual time", max(o.Length, o.FaultEvery), MaxTime)
	case o.Quorum != "" && o.Quorum != Sloppy && o.Quorum != StrictQuorum:
		return fmt.Errorf("sim: quorum %q, want %s or %s", o.Quorum, Sloppy, StrictQuorum)
	}
	if o.Strategy < 0 || o.Strategy > ring.EqualPartitions {
		return fmt.Errorf("sim: strategy %d, want 1, 2 or 3", o.Strategy)
	}
	for _, f := range o.Faults {
		if !slices.Contains(FaultKinds(), f) {
			return fmt.Errorf("sim: no fault %q; there are %s", f, strings.Join(FaultKinds(), " "))
		}
	}
	d := o.Draw()
	if err := settings.CheckVersioning(d.Mode, d.Clocks, max(0, d.Truncate)); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	if d.AntiEntropy >= 0 && (d.AntiEntropy < minAntiEntropy || d.AntiEntropy > MaxTime) {
		return fmt.Errorf("sim: anti-entropy every %v, want %v to %v", d.AntiEntropy, minAntiEntropy, MaxTime)
	}
	if o.Buffer > MaxBuffer {
		return fmt.Errorf("sim: a buffer of %d objects, the limit is %d", o.Buffer, MaxBuffer)
	}
	if d.Tombstones >= 0 && (d.Tombstones < minTombstones || d.Tombstones > MaxTime) {
		return fmt.Errorf("sim: tombstones collected after %v, want %v to %v", d.Tombstones, minTombstones, MaxTime)
	}
	if most := min(d.N, d.Nodes); d.R > most || d.W > most {
		return fmt.Errorf("sim: R=%d W=%d with N=%d on %d nodes, want 1 to %d", d.R, d.W, d.N, d.Nodes, most)
	}
	return nil
}

// String is the options as the command line takes them, every one.
func (o Options) String() string {
	faults := strings.Join(o.Faults, ",")
	if o.Faults != nil && faults == "" {
		faults = NoFaults
	}
	compared := Off
	if o.AntiEntropy > 0 {
		compared = o.AntiEntropy.String()
	}
	buffer := Off
	if o.Buffer > 0 {
		buffer = strconv.Itoa(o.Buffer)
	}
	cut := Off
	if o.Truncate > 0 {
		cut = strconv.Itoa(o.Truncate)
	}
	collected := Off
	if o.Tombstones > 0 {
		collected = o.Tombstones.String()
	}
	return fmt.Sprintf("--seed %d --nodes %d -N %d -R %d -W %d --strategy %d --mode %s --clocks %s --truncate %s --quorum %s --ops %d --clients %d --keys %d --length %v --blind %g --odd %g --fault-every %v --anti-entropy %s --tombstones %s --buffer %s --faults %s",
		o.Seed, o.Nodes, o.N, o.R, o.W, o.Strategy, o.Mode, o.Clocks, cut, o.Quorum, o.Ops, o.Clients, o.Keys, o.Length, max(0, o.Blind), max(0, o.Odd), o.FaultEvery, compared, collected, buffer, faults)
}

// Off is how anti-entropy that never runs is written, clocks that are never cut, tombstones that stay, and a buffer that is not there.
const Off = "off"

// NoFaults is how an empty list of faults is written.
const NoFaults = "none"
