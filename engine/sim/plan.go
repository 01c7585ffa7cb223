package sim

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"ringside/engine"
	"ringside/engine/ring"
	"ringside/engine/settings"
)

// A Plan is a run before it is played: everything that is done to the cluster, at which
// time. It is data, so that a failing one can be made smaller item by item, written down
// and played again. Times count from the start of the world.
type Plan struct {
	Seed    uint64 // of what is left to chance: delays, losses, flushes
	Nodes   int
	N, R, W int
	Mode    string
	Quorum  string
	Clocks  string
	Weather Weather

	AntiEntropy time.Duration   // between two comparisons of a key range; 0: never
	Tombstones  time.Duration   // grace after which tombstones may be collected; 0: they stay
	Ranges      int             // of the ring; 0: the usual number
	Strategy    ring.Strategy   // of partitioning (§6.2); 0: equal partitions
	Tokens      int             // of each node, with the other two strategies; 0: the usual number
	Timings     *engine.Timings // of all nodes, but for anti-entropy and tombstones; nil: the usual ones
	Odd         []string        // places at which nodes are odd at times (see engine.Place)
	Buffer      int             // objects in each node's buffer (§6.1); 0: none
	Truncate    int             // pairs at which clocks are cut; 0: never

	Ops     []Op     // in the order of At
	Strikes []Strike // in the order of At
	Peace   time.Duration
	Core    []string // nodes that are whole after Peace while the rest stays broken; nil: all
	Rest    string   // how it is broken: one of restStates

	Expect Expect // what a script says that playing it shows; decides nothing

	bug *bug // of the tests
}

// Expect is what came of a plan when it was written down.
type Expect struct {
	Property string // that does not hold; "": all do
	Hash     uint64 // of the run; 0: not known
}

// Weather is what goes wrong all along, by chance.
type Weather struct {
	Loss, Repeat, LongDelay float64 // of a message
	Delay                   time.Duration
	Tells                   bool // drivers notice that connections break and come back
	Skew                    []time.Duration
	Drift                   []float64 // of clocks, by node; nil for none
	FailedSync              []float64 // chance that a flush fails, by node; nil for none
}

// usualDelay is the mean delay of a message between processes of one machine under load.
const usualDelay = 300 * time.Microsecond

// An Op is one operation of a client. It begins at At, or when the client's
// operation before it has ended.
type Op struct {
	At      time.Duration
	Client  int
	ID      uint64 // of the operation for good, whatever is left out around it; stands in the value
	Kind    string // get, put, del
	Key     string
	Via     string
	Context int    // of put and del: which of the kept contexts, 0 the newest; Blind for none
	Of      string // the key whose context the client presents by mistake; "": that of Key
	R, W    int    // 0: the cluster's
	Strict  bool
	// Balanced: a put whose client left it to a load balancer which node to take (§5).
	Balanced bool
}

// Blind is the Context of a put without one.
const Blind = -1

// A Strike is one fault.
type Strike struct {
	At     time.Duration
	Kind   string
	For    time.Duration // until it is mended
	Nodes  []string      // whom it hits; clog: the two ends of the link
	Groups [][]string    // partition, one-way
	Amount int           // disk-slow: times slower; disk-lost-tail: batches; disk-flip: which record and bit; disk-old-copy: 1 if its node is stopped for the copy
	Space  string        // disk-flip
}

// grain is the precision of drawn times: what a person can read in a script.
const grain = 100 * time.Microsecond

// names returns the nodes' names.
func (p *Plan) names() []string {
	return settings.NodeNames(p.Nodes)
}

func (p *Plan) literal() bool { return p.Clocks == settings.ClocksLiteral }

func (p *Plan) lww() bool { return p.Mode == settings.ModeLWW }

// quiet says whether every read must see every write acked before it (P7).
func (p *Plan) quiet() bool {
	return p.healthy() && p.R+p.W > min(p.N, p.Nodes) && !slices.ContainsFunc(p.Ops, func(o Op) bool { return o.R > 0 || o.W > 0 })
}

// healthy says whether nothing is made to go wrong.
func (p *Plan) healthy() bool {
	w := p.Weather
	return len(p.Strikes) == 0 && len(p.Core) == 0 && len(p.Odd) == 0 && p.Timings == nil && w.Loss+w.Repeat+w.LongDelay == 0 && w.Delay <= usualDelay && w.Skew == nil && w.FailedSync == nil
}

// tail is how many of its latest batches a disk may be made to lose.
func (p *Plan) tail() int {
	if slices.ContainsFunc(p.Strikes, func(s Strike) bool { return s.Kind == lostTailKind }) {
		return maxUndo
	}
	return 0
}

// moves says whether the membership changes.
func (p *Plan) moves() bool {
	return slices.ContainsFunc(p.Strikes, func(s Strike) bool { return changesMembers(s.Kind) })
}

// keys lists the keys of all operations, sorted.
func (p *Plan) keys() []string {
	var out []string
	seen := map[string]bool{}
	for _, o := range p.Ops {
		if !seen[o.Key] {
			seen[o.Key] = true
			out = append(out, o.Key)
		}
	}
	slices.Sort(out)
	return out
}

// NewPlan draws the plan of a run.
func NewPlan(o Options) Plan {
	o = o.Draw()
	d := drawing{o: o, rng: rand.New(rand.NewPCG(o.Seed, 0x706c616e))}
	p := Plan{Seed: o.Seed, Nodes: o.Nodes, N: o.N, R: o.R, W: o.W, Mode: o.Mode, Quorum: o.Quorum, Clocks: o.Clocks, Truncate: max(0, o.Truncate), AntiEntropy: max(0, o.AntiEntropy), Tombstones: max(0, o.Tombstones), Buffer: max(0, o.Buffer)}
	d.names = p.names()
	p.Ops = d.ops()
	if p.Tombstones > 0 && o.Blind < piledUp {
		d.rest(p.Ops, p.Tombstones)
	}
	if o.Strategy == ring.TokensRandom {
		nearZero(p.Ops)
	}
	if d.has(foreignKind) {
		d.confuse(p.Ops)
	}
	lull := d.lull(&p)
	p.Peace = p.Ops[len(p.Ops)-1].At + time.Second
	p.Weather = d.weather()
	p.Strikes = d.strikes(p.Peace)
	if lull.Kind != "" {
		i, _ := slices.BinarySearchFunc(p.Strikes, lull.At, func(s Strike, at time.Duration) int { return cmp.Compare(s.At, at) })
		p.Strikes = slices.Insert(p.Strikes, i, lull)
	}
	d.joinersServe(&p)
	d.leaversServe(&p)
	if len(o.Faults) > 0 && o.Nodes > 1 && d.rng.Float64() < coreOdds && !p.moves() { // a range may not be dropped while one of its homes is broken
		d.core(&p)
	}
	if d.has(oddTimingsKind) {
		p.Timings = d.timings()
	}
	d.partitioning(&p)
	for _, place := range oddPlaceNames() {
		rare := place == string(engine.EarlyCompaction) && p.lww() && len(p.Odd) > 0 || // few runs are such
			place == string(engine.SlowTransfers) && p.moves() && len(p.Odd) > 0 || d.slowly(place, &p)
		if d.has(place) || rare {
			p.Odd = append(p.Odd, place)
		}
	}
	return p
}

// slowly says whether hints and ranges travel slowly at times, in a run in which the ring changes: they meet then.
func (d *drawing) slowly(place string, p *Plan) bool {
	slow := place == string(engine.SlowTransfers) || place == string(engine.LazyHandoff)
	return slow && p.moves() && rand.New(rand.NewPCG(d.o.Seed, hashString(place))).Float64() < slowMoves
}

// coarseOdds is how many runs have as few ranges as a ring can have, so that keys share their trees.
const coarseOdds = .3

// partitioning draws how the ring is cut: into the usual ranges, or into few, so that keys share their trees and
// many of them lie in the range that wraps around zero.
func (d *drawing) partitioning(p *Plan) {
	if p.AntiEntropy > 0 && d.rng.Float64() < coarseOdds {
		p.Ranges = p.Nodes
	}
	if d.o.Strategy == ring.EqualPartitions {
		return
	}
	p.Strategy = d.o.Strategy
	p.Tokens = 1 + rand.New(rand.NewPCG(d.o.Seed, 0x746f6b656e73)).IntN(maxDrawnTokens) // dice of its own
	if p.Strategy == ring.TokensRandom {
		p.Ranges = 0
	}
}

// nearZero gives most keys names whose positions are close to zero on either side, in the range that wraps around.
func nearZero(ops []Op) {
	names := map[string]string{}
	next := 100
	for i := range ops {
		op := &ops[i]
		if names[op.Key] == "" {
			names[op.Key] = op.Key
			if len(names)%4 > 0 {
				names[op.Key], next = nameNearZero(next)
			}
		}
		op.Key = names[op.Key]
	}
}

// nameNearZero is the first name with a number from n on that lies within a sixty-fourth of the ring of zero, and the
// number to go on with. All names from 100 to 999 are equally long.
func nameNearZero(n int) (string, int) {
	for ; ; n++ {
		name := fmt.Sprintf("key%d", n)
		if at := ring.Of([]byte(name)); at[0] < 2 || at[0] > 253 {
			return name, n + 1
		}
	}
}

// confuse has clients present the contexts of other keys now and then, which must be refused.
func (d *drawing) confuse(ops []Op) {
	rng := rand.New(rand.NewPCG(d.o.Seed, 0x666f726569676e))
	for i := range ops {
		if op := &ops[i]; op.Context != Blind && rng.Float64() < foreignOdds {
			if other := pick(rng, ops).Key; other != op.Key {
				op.Of = other
			}
		}
	}
}

// foreignOdds is how many of the puts with a context come with one of another key, in runs that have such.
const foreignOdds = .05

// lull draws a time in the middle of the run in which everything is whole and clients rest, so that the cluster must
// converge there. What clients do after it is put off for as long.
func (d *drawing) lull(p *Plan) Strike {
	if !d.has(lullKind) || len(p.Ops) < 2 {
		return Strike{}
	}
	rng := rand.New(rand.NewPCG(d.o.Seed, 0x6c756c6c))
	s := Strike{Kind: lullKind, At: p.Ops[len(p.Ops)/4+rng.IntN((len(p.Ops)+1)/2)].At, For: lullTime(p)}
	for i := range p.Ops {
		if p.Ops[i].At > s.At {
			p.Ops[i].At += s.For
		}
	}
	return s
}

// joinersServe has clients turn to nodes that join, too.
func (d *drawing) joinersServe(p *Plan) {
	rng := rand.New(rand.NewPCG(d.o.Seed, 0x6a6f696e))
	for _, s := range p.Strikes {
		if s.Kind != joinKind || slices.Contains(d.names, s.Nodes[0]) {
			continue
		}
		for i := range p.Ops {
			if p.Ops[i].At > s.At+time.Second && rng.Float64() < servedByJoiner {
				p.Ops[i].Via = s.Nodes[0]
			}
		}
	}
}

// servedByJoiner is how many operations go to each node that has joined.
const servedByJoiner = .1

// leaversServe has clients turn to a node that is about to leave while another node is down: it keeps hints when it leaves.
func (d *drawing) leaversServe(p *Plan) {
	rng := rand.New(rand.NewPCG(d.o.Seed, 0x6c65617665))
	for _, s := range p.Strikes {
		i := slices.IndexFunc(p.Strikes, func(c Strike) bool {
			return s.Kind == leaveKind && c.Kind == crashKind && c.Nodes[0] != s.Nodes[0] && c.At < s.At && s.At < c.At+c.For
		})
		for k := range p.Ops {
			if op := &p.Ops[k]; i >= 0 && p.Strikes[i].At < op.At && op.At < s.At && rng.Float64() < servedByLeaver {
				op.Via = s.Nodes[0]
			}
		}
	}
}

// servedByLeaver is how many operations of that time go to the node that leaves.
const servedByLeaver = .7

// A drawing makes a plan of a seed.
type drawing struct {
	o     Options
	rng   *rand.Rand
	names []string

	joined int // new nodes that strikes have join
}

func (d *drawing) has(kind string) bool { return slices.Contains(d.o.Faults, kind) }

// upTo draws a rate that is short to write.
func (d *drawing) upTo(most float64) float64 { return math.Ceil(d.rng.Float64()*most*1e4) / 1e4 }

// ops draws what clients do: 40 % gets, now and then a delete, mostly with the newest
// context they have, through whichever node, mostly with the default quorum.
func (d *drawing) ops() []Op {
	o, rng := d.o, d.rng
	var out []Op
	think := o.Length * time.Duration(o.Clients) / time.Duration(o.Ops)
	for c := range o.Clients {
		var at time.Duration
		for range o.Ops/o.Clients + min(1, max(0, o.Ops%o.Clients-c)) {
			at += exp(rng, think).Round(grain)
			op := Op{At: at, Client: c + 1, Kind: "put", Key: fmt.Sprintf("key%d", rng.IntN(o.Keys)), Via: pick(rng, d.names), Context: Blind}
			switch x := rng.Float64(); {
			case x < .4:
				op.Kind = "get"
			case x < .47 && o.Blind < piledUp:
				op.Kind = "del"
			}
			if op.Kind == "del" || op.Kind == "put" && rng.Float64() >= o.Blind {
				op.Context = 0
				if rng.Float64() < .15 && o.Blind >= 0 {
					op.Context = rng.IntN(keptContexts)
				}
			}
			if rng.Float64() < o.Odd {
				most := min(o.N, o.Nodes)
				op.R, op.W, op.Strict = 1+rng.IntN(most), 1+rng.IntN(most), rng.Float64() < .2
			}
			out = append(out, op)
		}
	}
	slices.SortStableFunc(out, func(a, b Op) int { return cmp.Compare(a.At, b.At) })
	balanced := rand.New(rand.NewPCG(o.Seed, 0x62616c616e636564)) // dice of its own: the rest stays as it was drawn before
	for i := range out {
		out[i].ID = uint64(i + 1)
		out[i].Balanced = out[i].Kind != "get" && balanced.IntN(2) == 0
	}
	return out
}

// rest has clients turn from some keys to others for longer than it takes to collect a tombstone, and
// back again; and many of the keys that they turn from are deleted.
func (d *drawing) rest(ops []Op, grace time.Duration) {
	rng := rand.New(rand.NewPCG(d.o.Seed, 0x72657374))
	last := map[string][]int{} // era and key → places of the operations
	for i := range ops {
		op := &ops[i]
		era := int(op.At / (restGraces * grace))
		k := rng.IntN(d.o.Keys) + era%2*d.o.Keys
		op.Key = fmt.Sprintf("key%d", k)
		if op.Kind == "put" && rng.Float64() < .3 {
			op.Kind, op.Context = "del", 0
		}
		id := fmt.Sprint(era, op.Key)
		last[id] = append(last[id], i)
	}
	for _, at := range last {
		if k := len(at); k > 1 && ops[at[k-1]].Kind != "get" { // the client that read the key last deletes it
			get, del := &ops[at[k-2]], &ops[at[k-1]]
			get.Kind, get.Context, get.Balanced = "get", Blind, false
			del.Kind, del.Context, del.Client = "del", 0, get.Client
		}
	}
}

// restGraces is how many graces a key is used, and then rests.
const restGraces = 3

func (d *drawing) weather() Weather {
	rng := d.rng
	w := Weather{Delay: usualDelay, Tells: rng.Float64() < .5}
	if d.has(lossKind) {
		w.Loss = d.upTo(.1)
	}
	if d.has(repeatKind) {
		w.Repeat = d.upTo(.1)
	}
	if d.has(longDelayKind) {
		w.LongDelay = d.upTo(.05)
	}
	if d.has(slowLinksKind) {
		w.Delay *= time.Duration(2 + rng.IntN(50))
	}
	if d.has(skewKind) {
		for range d.names {
			w.Skew = append(w.Skew, time.Duration((rng.Float64()-.5)*float64(20*time.Second)).Round(time.Millisecond))
			w.Drift = append(w.Drift, d.upTo(.02)-.01)
		}
	}
	if d.has(failedSyncKind) {
		for range d.names {
			w.FailedSync = append(w.FailedSync, d.upTo(.003))
		}
	}
	return w
}

// strikes draws the faults up to the time of peace.
func (d *drawing) strikes(peace time.Duration) []Strike {
	var draws []func(*Strike)
	var names []string
	for _, k := range kinds {
		if k.draw != nil && d.has(k.name) {
			draws = append(draws, func(s *Strike) { k.draw(d, s) })
			names = append(names, k.name)
		}
	}
	if len(draws) == 0 {
		return nil
	}
	var out []Strike
	for at := time.Duration(0); ; {
		at += 200*time.Millisecond + exp(d.rng, d.o.FaultEvery).Round(grain)
		if at >= peace {
			slices.SortStableFunc(out, func(a, b Strike) int { return cmp.Compare(a.At, b.At) })
			return out
		}
		i := d.rng.IntN(len(draws))
		s := Strike{At: at, Kind: names[i], For: d.aWhile()}
		draws[i](&s)
		d.prolong(&s)
		if len(s.Groups) == 1 {
			continue // it is all the nodes together
		}
		out = append(out, s)
		if s.Kind == joinKind || s.Kind == leaveKind {
			out = d.strikeAround(d.strikeMoving(out, s, peace), s, peace)
		}
	}
}

// prolong has some faults last longer than a tombstone's grace, in runs that collect tombstones. Nothing of
// that holds a message back: the grace is only safe if no message is under way for long.
func (d *drawing) prolong(s *Strike) {
	lasting := []string{crashKind, partitionKind, wipeKind, lostTailKind}
	if d.o.Tombstones > 0 && slices.Contains(lasting, s.Kind) && rand.New(rand.NewPCG(d.o.Seed, uint64(s.At))).Float64() < .2 {
		s.For *= awayFor
	}
}

// strikeMoving has the node that joins or leaves break while it does, half of the time, in one of the ways in
// which nodes break in this run.
func (d *drawing) strikeMoving(out []Strike, moves Strike, peace time.Duration) []Strike {
	var ways []string
	for _, k := range []string{crashKind, flushCrashKind, pauseKind, wipeKind, lostTailKind} {
		if d.has(k) {
			ways = append(ways, k)
		}
	}
	rng := rand.New(rand.NewPCG(d.o.Seed, uint64(moves.At)))
	s := Strike{At: moves.At + exp(rng, time.Second).Round(grain), Nodes: moves.Nodes[:1], For: d.aWhile()}
	if len(ways) == 0 || s.At >= peace || rng.Float64() < .5 {
		return out
	}
	if s.Kind = pick(rng, ways); s.Kind == lostTailKind {
		s.Amount = 1 + rng.IntN(maxUndo)
	}
	return append(out, s)
}

// strikeAround has another node be down when the ring changes, half of the time: it learns late that it gives ranges away, and
// others keep hints for it. Or another node joins soon after, so that ranges move again before they were given.
func (d *drawing) strikeAround(out []Strike, moves Strike, peace time.Duration) []Strike {
	rng := rand.New(rand.NewPCG(d.o.Seed, uint64(moves.At)^0x61726f756e64))
	if at := moves.At - exp(rng, 2*time.Second).Round(grain); d.has(crashKind) && at > 0 && rng.Float64() < awayOdds {
		out = append(out, Strike{At: at, Kind: crashKind, Nodes: []string{pick(rng, d.names)}, For: exp(rng, 4*time.Second).Round(time.Millisecond) + time.Second})
	}
	if at := moves.At + exp(rng, 500*time.Millisecond).Round(grain); d.has(joinKind) && at < peace && rng.Float64() < followOdds {
		d.joined++
		node := fmt.Sprintf("n%d", len(d.names)+d.joined)
		out = append(out, Strike{At: at, Kind: joinKind, Nodes: []string{node, pick(rng, d.names)}})
	}
	return out
}

const (
	// awayOdds is at how many changes of the ring another node is down, in runs in which nodes crash.
	awayOdds = .5
	// followOdds is how many changes of the ring have a node join soon after, in runs in which nodes join.
	followOdds = .4
	// slowMoves is how many runs in which the ring changes hand ranges over slowly at times.
	slowMoves = .4
)

// all lists the founders, and the nodes that strikes had join so far.
func (d *drawing) all() []string {
	out := slices.Clone(d.names)
	for i := range d.joined {
		out = append(out, fmt.Sprintf("n%d", len(d.names)+1+i))
	}
	return out
}

// aWhile is how long a fault lasts: from a blink to longer than anybody's patience.
func (d *drawing) aWhile() time.Duration {
	return time.Duration(float64(50*time.Millisecond) * (1 + 200*d.rng.Float64()*d.rng.Float64())).Round(time.Millisecond)
}

// coreOdds is how many runs have nodes that stay broken after the faults.
const coreOdds = .4

// Ways in which the rest stays broken.
const (
	restDown   = "down"
	restPaused = "paused"
	restCut    = "cut"  // nothing passes between core and rest
	restDeaf   = "deaf" // nothing of the core reaches the rest
	restMute   = "mute" // nothing of the rest reaches the core
)

var restStates = []string{restDown, restPaused, restCut, restDeaf, restMute}

// core draws who is whole after Peace: at least half.
func (d *drawing) core(p *Plan) {
	size := (p.Nodes+1)/2 + d.rng.IntN(p.Nodes-(p.Nodes+1)/2)
	for _, i := range d.rng.Perm(p.Nodes)[:size] {
		p.Core = append(p.Core, d.names[i])
	}
	slices.Sort(p.Core)
	p.Rest = pick(d.rng, restStates)
}
