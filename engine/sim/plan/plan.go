package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ringside/engine"
	"ringside/engine/ring"
	"ringside/engine/settings"
)

// A Plan is a run before it is played. Times count from the start of the run.
type Plan struct {
	Seed uint64 // decides the rest: delays, losses, durations of flushes
	Cluster

	Conditions Conditions
	Ops        []Op          // in the order of At
	Faults     []Injection   // in the order of At
	HealAt     time.Duration // end of all faults
	Core       []string      // nodes that are whole after HealAt while the others stay broken; nil: all nodes
	Rest       string        // how the others stay broken: one of the Rest constants; "" if Core is nil

	Expect Expect // the result that a script records; playing the plan does not depend on it
}

// Cluster is the configuration of the nodes of a plan.
type Cluster struct {
	Nodes   int // founders; nodes that join come on top
	N, R, W int
	Mode    string // settings.ModeSiblings or ModeLWW
	Quorum  string // Sloppy or Strict
	Clocks  Clocks

	AntiEntropy time.Duration   // between two comparisons of a key range; 0: never
	Tombstones  time.Duration   // grace after which tombstones may be collected; 0: never
	Ranges      int             // of the ring; 0: ring.DefaultQ
	Strategy    ring.Strategy   // of partitioning (§6.2); 0: equal partitions
	Tokens      int             // of each node, with random tokens; 0: ring.DefaultT
	Timings     *engine.Timings // of all nodes, except AntiEntropy and Tombstones; nil: the defaults
	Buggify     []string        // names of the active buggify points
	Buffer      int             // objects in the buffer of each node (§6.1); 0: no buffer
	Legs        Legs            // of an experiment: delays of messages by leg
	Off         engine.Off      // of an experiment: what nodes do without
	DiskRate    int             // of an experiment: bytes a second that a disk writes; 0: no limit
	ValueBytes  int             // of an experiment: size of the values of puts; 0: a few bytes
}

// Clocks is the configuration of vector clocks (§4.4).
type Clocks struct {
	Kind     string // settings.ClocksDotted or ClocksLiteral
	Truncate int    // number of pairs at which clocks are truncated; 0 in a Plan: never
}

// Conditions are the faults that hold from the start of a run to HealAt.
type Conditions struct {
	Loss, Repeat, LongDelay float64         // probability for each message
	Delay                   time.Duration   // mean delay of a message
	Notices                 bool            // drivers notice that connections break and come back
	Skew                    []time.Duration // error of each founder's clock at the start; nil: none
	Drift                   []float64       // error of each founder's clock rate; as long as Skew
	FailedSync              []float64       // probability that a flush of a founder's disk fails; nil: none
}

// UsualDelay is the mean delay of a message between processes of one machine under load.
const UsualDelay = 300 * time.Microsecond

// Kinds of operations.
const (
	Get = "get"
	Put = "put"
	Del = "del"
)

// An Op is one operation of a client. An Op begins at At, or when the previous operation of the
// client has ended, whichever is later.
type Op struct {
	At      time.Duration
	Client  int
	ID      uint64 // stays the same when other operations are left out; part of the written value
	Kind    string // Get, Put or Del
	Key     string
	Via     string // node that the client asks
	Context int    // of a put or delete: which kept context of the client, 0 for the newest; or Blind
	From    uint64 // operation whose reply's context the client presents, whichever client that was; 0: see Context
	Of      string // key whose context the client presents by mistake; "": the context of Key
	R, W    int    // 0: those of the cluster
	Strict  bool
	// Primaries is the PR of a get or the PW of a put: so many homes must be among those that count.
	Primaries int
	Balanced  bool // a put for which a load balancer chose the node (§5)
	// After is an operation, and Pause the least time between its end and the beginning of this one.
	// 0, or no operation of the plan: this one waits for no other client's.
	After uint64
	Pause time.Duration
}

// Blind is the Context of a put without a context.
const Blind = -1

// KeptContexts is the number of contexts that a client keeps for each key.
const KeptContexts = 3

// An Injection is one fault at one time.
type Injection struct {
	At     time.Duration
	Kind   string
	For    time.Duration // until the fault is repaired
	Groups [][]string    // Split, OneWay

	// Nodes are the nodes that fail. For Clog and Drop, they are both ends of the link. For Join,
	// Leave and Remove, they are the node and the node that is told.
	Nodes []string
	// Amount is the factor of SlowDisk, the number of batches of LostTail, the choice of record and
	// bit of Flip, the request of Drop, and 1 for an OldCopy if the node is stopped while its disk
	// is copied.
	Amount int
	Space  string // Flip: a key of Spaces
}

// States in which the nodes outside of Core stay after HealAt.
const (
	RestDown   = "down"
	RestPaused = "paused"
	RestCut    = "cut"  // no message passes between the core and the others
	RestDeaf   = "deaf" // no message of the core reaches the others
	RestMute   = "mute" // no message of the others reaches the core
)

var restStates = []string{RestDown, RestPaused, RestCut, RestDeaf, RestMute}

// Expect is the result of a plan at the time when its script was written.
type Expect struct {
	Property string // the property that does not hold; "": all hold
	Hash     uint64 // trace hash of the run; 0: not known
}

// Names returns the names of the founders.
func (p *Plan) Names() []string { return settings.NodeNames(p.Nodes) }

// seedNodes is the number of founders that all nodes know as seeds (§4.8.2).
const seedNodes = 2

// Seeds returns the seeds of the cluster.
func (p *Plan) Seeds() []string { return p.Names()[:min(seedNodes, p.Nodes)] }

// Settings returns the configuration of the cluster as subscribers of events see it.
func (p *Plan) Settings() settings.Cluster {
	return settings.Cluster{
		Name: fmt.Sprintf("seed-%d", p.Seed), Nodes: p.Names(), N: p.Replicas(), R: p.R, W: p.W,
		Mode: p.Mode, Strict: p.Quorum == Strict, Strategy: int(cmp.Or(p.Strategy, ring.EqualPartitions)),
		Q: max(cmp.Or(p.Ranges, ring.DefaultQ), p.Nodes), T: cmp.Or(p.Tokens, ring.DefaultT),
		Clocks: p.Clocks.Kind, Truncate: p.Clocks.Truncate, Buffer: p.Buffer,
	}
}

// Replicas returns the number of homes that a key has among the founders.
func (p *Plan) Replicas() int { return min(p.N, p.Nodes) }

// Literal reports whether the cluster uses the plain vector clocks of the paper.
func (p *Plan) Literal() bool { return p.Clocks.Kind == settings.ClocksLiteral }

// LWW reports whether the last write wins.
func (p *Plan) LWW() bool { return p.Mode == settings.ModeLWW }

// LWWAt reports whether the last write wins at a time of the run.
func (p *Plan) LWWAt(at time.Duration) bool {
	changed := func(f Injection) bool { return f.Kind == LastWriteWins && f.At <= at }
	return p.LWW() || slices.ContainsFunc(p.Faults, changed)
}

// Fresh reports whether every read must see every write that was acknowledged before (P7).
func (p *Plan) Fresh() bool {
	own := func(o Op) bool { return o.R > 0 || o.W > 0 }
	return p.Healthy() && p.R+p.W > p.Replicas() && !slices.ContainsFunc(p.Ops, own)
}

// Healthy reports whether the plan has no fault at all.
func (p *Plan) Healthy() bool {
	c := p.Conditions
	return len(p.Faults) == 0 && len(p.Core) == 0 && len(p.Buggify) == 0 && p.Timings == nil &&
		c.Loss+c.Repeat+c.LongDelay == 0 && c.Delay <= UsualDelay && c.Skew == nil && c.FailedSync == nil
}

// HasFault reports whether faults of a kind are injected.
func (p *Plan) HasFault(kind string) bool {
	return slices.ContainsFunc(p.Faults, func(f Injection) bool { return f.Kind == kind })
}

// Moves reports whether the membership changes, so that key ranges move.
func (p *Plan) Moves() bool {
	return slices.ContainsFunc(p.Faults, func(f Injection) bool { return changesMembers(f.Kind) })
}

// Keys returns the keys of all operations, sorted.
func (p *Plan) Keys() []string {
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

// Clients returns the numbers of all clients, sorted.
func (p *Plan) Clients() []int {
	var out []int
	for _, o := range p.Ops {
		if !slices.Contains(out, o.Client) {
			out = append(out, o.Client)
		}
	}
	slices.Sort(out)
	return out
}

// Times that a cluster may take to come to rest once faults have ended. Timings are drawn so that
// these times are enough.
const (
	// NoticeTime is how long nodes may take to notice that their peers are back.
	NoticeTime = 5 * time.Second
	// HandoffTime is how long the cluster may take to hand over all hints.
	HandoffTime = 30 * time.Second
)

// Judged reports whether a property can hold in an experiment that switches mechanisms off. Without
// read repair replicas need not converge, and without handoff hints stay where they are.
func (p *Plan) Judged(property string) bool {
	switch property {
	case "P5":
		return !p.Off.ReadRepair && !p.Off.Handoff
	case "P12":
		return !p.Off.Handoff
	}
	return true
}

// SyncTime is how long anti-entropy may take until nodes that reach each other hold the same. After
// N-1 cycles each home has compared itself with each other home. Three more cycles are allowed for:
// damage is found one cycle late, a silent peer is given up one cycle late, and one cycle is
// already running.
func (p *Plan) SyncTime() time.Duration { return time.Duration(p.N+2)*p.AntiEntropy + NoticeTime }

// LullTime is the duration of a lull after which the cluster must have come to rest.
func (p *Plan) LullTime() time.Duration {
	d := NoticeTime + HandoffTime
	if p.AntiEntropy > 0 {
		d += p.SyncTime()
	}
	return d
}
