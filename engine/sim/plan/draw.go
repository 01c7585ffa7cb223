package plan

import (
	"math/rand/v2"
	"slices"
	"time"

	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/sim/rng"
)

// Probabilities of the properties that a run may have.
const (
	// healthyOdds is the probability of no fault at all, for which P7 makes its strongest check.
	healthyOdds = .04
	// nodesOdds is the probability of a number of nodes, or of an N, that is not the usual one.
	nodesOdds = .2
	// quorumOdds is the probability of an R, or of a W, that is not the usual one.
	quorumOdds = .25
	// lwwOdds is the probability of last write wins.
	lwwOdds = .15
	// strictOdds is the probability of strict quorums in any run.
	strictOdds = .15
	// noSyncOdds is the probability of no anti-entropy.
	noSyncOdds = .3
	// equalQuorumsOdds is the probability that no request has a quorum of its own, so that P7 can
	// check more.
	equalQuorumsOdds = .3
	// keptTombstonesOdds is the probability that no tombstone is collected.
	keptTombstonesOdds = .6
	// seldomOdds is the probability of seldom faults in runs that collect tombstones.
	seldomOdds = .5
	// strictMoveOdds is the probability of strict quorums in runs with changes of the ring. Only
	// strict quorums promise that a get ignores homes without their range.
	strictMoveOdds = .4
	// hurriedOdds is the probability of clients that hardly wait, so that requests meet within the
	// delay of a message.
	hurriedOdds = .1
	// randomTokenOdds is the probability of each strategy with random tokens.
	randomTokenOdds = .2
	// truncateOdds is the probability of clocks that are truncated.
	truncateOdds = .15
	// bufferOdds is the probability of object buffers, which weaken P1.
	bufferOdds = .12
	// pileUpOdds is the probability that almost all puts are blind, so that siblings reach their
	// limit.
	pileUpOdds = .04
)

const (
	// pileUpBlind is the probability of blind puts in runs whose siblings reach their limit.
	pileUpBlind = .99
	// hurriedFaults is how much more often faults are injected in runs with hurried clients.
	hurriedFaults = 20
	// usualBlind is the usual probability of a blind put.
	usualBlind = .2
	// usualOwnQuorums is the usual probability of a request with a quorum of its own.
	usualOwnQuorums = .2
	// seldomFaults is how much more seldom faults are injected in some of the runs that collect
	// tombstones. Tombstones are only collected if nothing breaks for two graces.
	seldomFaults = 12
	// maxDrawnTokens is small. With few ranges more keys lie in the range that wraps around zero.
	maxDrawnTokens = 3
	// maxDrawnTruncate is far below the ten pairs of the paper, because clocks of few nodes are
	// short.
	maxDrawnTruncate = 6
	// maxDrawnBuffer is small, so that buffers are full at times.
	maxDrawnBuffer = 12
	// grain is the precision of drawn times in scripts.
	grain = 100 * time.Microsecond
)

// Draw completes the options from the seed. Usual values are likelier than others. A second Draw
// changes nothing.
func (o Options) Draw() Options {
	d := optionsDrawing{Options: o, rng: rng.New(o.Seed, "options")}
	d.drawCluster()
	d.drawClients()
	d.drawFaults()
	d.drawPace()
	d.drawVersions()
	return d.Options
}

// optionsDrawing completes Options. A value is drawn even if the caller has chosen the option, so
// that this choice changes no other option. There are two exceptions: a chosen Faults is not drawn,
// which changes all later draws, and a chosen R, W or N limits the range from which Nodes and N are
// drawn.
type optionsDrawing struct {
	Options
	rng        *rand.Rand
	ownQuorum  bool          // the caller has chosen Quorum
	faultEvery time.Duration // drawn, not yet adapted to the pace of clients
}

// number sets *p, if zero, to the usual value, or with some probability to a value from low to
// high.
func (d *optionsDrawing) number(p *int, usual, low, high int, odds float64) {
	high = max(low, high)
	n := low + d.rng.IntN(high-low+1)
	if d.rng.Float64() >= odds {
		n = min(max(usual, low), high)
	}
	fill(p, n)
}

// word sets *p, if empty, to the usual value, or with some probability to the other one.
func (d *optionsDrawing) word(p *string, usual, other string, odds float64) {
	if d.rng.Float64() >= odds {
		other = usual
	}
	fill(p, other)
}

// fill sets *p to v if *p is zero.
func fill[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

func (d *optionsDrawing) drawCluster() {
	quorum := max(d.R, d.W, 1)
	d.number(&d.Nodes, 5, max(d.N, quorum), 9, nodesOdds)
	d.number(&d.N, 3, quorum, min(5, d.Nodes), nodesOdds)
	most := min(d.N, d.Nodes)
	d.number(&d.R, 2, 1, most, quorumOdds)
	d.number(&d.W, 2, 1, most, quorumOdds)
	d.word(&d.Mode, settings.ModeSiblings, settings.ModeLWW, lwwOdds)
	d.ownQuorum = d.Quorum != ""
	d.word(&d.Quorum, Sloppy, Strict, strictOdds)
	switch x := rng.New(d.Seed, "strat").Float64(); {
	case x < randomTokenOdds:
		fill(&d.Strategy, ring.TokensRandom)
	case x < 2*randomTokenOdds:
		fill(&d.Strategy, ring.TokensOverPartitions)
	default:
		fill(&d.Strategy, ring.EqualPartitions)
	}
}

func (d *optionsDrawing) drawClients() {
	d.number(&d.Ops, 300, 300, 300, 0)
	d.number(&d.Clients, 4, 2, 6, 1)
	d.Clients = min(d.Clients, d.Ops)
	d.number(&d.Keys, 3, 1, 6, 1)
	d.faultEvery = time.Second + time.Duration(d.rng.Int64N(int64(10*time.Second)))
	blind := usualBlind
	if d.rng.Float64() < pileUpOdds {
		blind = pileUpBlind
	}
	fill(&d.Blind, blind)
}

// drawFaults chooses the kinds of faults. A run with few kinds repeats them often; a run with many
// kinds combines them.
func (d *optionsDrawing) drawFaults() {
	if d.Faults == nil {
		d.Faults = drawFaultNames(d.rng)
	}
	moves := slices.ContainsFunc(d.Faults, changesMembers)
	if moves && !d.ownQuorum && rng.New(d.Seed, "strict").Float64() < strictMoveOdds {
		d.Quorum = Strict
	}
	every := minAntiEntropy + rng.Exp(d.rng, 4*time.Second).Round(grain)
	if d.rng.Float64() < noSyncOdds {
		every = -1
	}
	fill(&d.AntiEntropy, every)
}

func drawFaultNames(r *rand.Rand) []string {
	out := []string{}
	healthy := r.IntN(100) < 100*healthyOdds
	for _, k := range kinds {
		if r.Float64() < k.odds && !healthy {
			out = append(out, k.name)
		}
	}
	buggify := r.Float64() < buggifyOdds
	for _, p := range buggifyNames() {
		if r.Float64() < pointOdds && buggify && !healthy {
			out = append(out, p)
		}
	}
	return out
}

// drawPace chooses how fast clients and faults follow each other, and the grace of tombstones.
func (d *optionsDrawing) drawPace() {
	think := 1500 * time.Millisecond
	if d.rng.Float64() < hurriedOdds {
		think, d.faultEvery = time.Millisecond<<d.rng.IntN(9), d.faultEvery/hurriedFaults
	}
	own := usualOwnQuorums
	if d.rng.Float64() < equalQuorumsOdds || len(d.Faults) == 0 {
		own = -1
	}
	fill(&d.OwnQuorums, own)
	graces := rng.New(d.Seed, "grac")
	grace := MinTombstones + time.Duration(graces.Int64N(int64(maxTombstones-MinTombstones))).Round(grain)
	if graces.Float64() < keptTombstonesOdds || think < time.Second || d.Blind == pileUpBlind {
		grace = -1 // a hurried run ends before a tombstone is old, and a run of blind puts has no deletes
	}
	fill(&d.Tombstones, grace)
	if d.Tombstones > 0 && graces.Float64() < seldomOdds {
		d.faultEvery *= seldomFaults
	}
	fill(&d.FaultEvery, d.faultEvery.Round(grain))
	if d.Tombstones > 0 { // long enough for tombstones to grow old
		fill(&d.Length, 3*restGraces*d.Tombstones)
	}
	fill(&d.Length, time.Duration(d.Ops/d.Clients)*think)
}

func (d *optionsDrawing) drawVersions() {
	fill(&d.Clocks.Kind, settings.ClocksDotted)
	truncate := 1 + d.rng.IntN(maxDrawnTruncate)
	if d.rng.Float64() >= truncateOdds {
		truncate = -1
	}
	fill(&d.Clocks.Truncate, truncate)
	buffer := 1 + d.rng.IntN(maxDrawnBuffer)
	if d.rng.Float64() >= bufferOdds {
		buffer = -1
	}
	fill(&d.Buffer, buffer)
}
