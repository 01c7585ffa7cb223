package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/engine/ring"
	"ringside/engine/settings"
)

// Quorums, as the command line calls them.
const (
	Sloppy = "sloppy"
	Strict = "strict"
)

// Limits of a run. Beyond them a run would take hours.
const (
	MaxNodes  = 1024
	MaxOps    = 1 << 20
	MaxBuffer = 1 << 20 // objects in the buffer of a node
	// MaxTime bounds the virtual time of a run.
	MaxTime = 24 * time.Hour
)

// Options are the choices from which New draws a plan. Draw fills in the fields that are zero.
type Options struct {
	Seed    uint64
	Nodes   int
	N, R, W int
	Mode    string   // settings.ModeSiblings or ModeLWW
	Quorum  string   // Sloppy or Strict
	Ops     int      // by all clients together
	Clients int      // each client waits for an operation to end before the next one
	Keys    int      // few, so that operations meet
	Faults  []string // of FaultNames; nil: drawn; empty but not nil: no faults
	Length  time.Duration
	Blind   float64 // probability that a put has no context; negative: each put has the newest context

	OwnQuorums float64       // probability that a request asks for a quorum of its own; negative: no request does
	Strategy   ring.Strategy // of partitioning (§6.2)
	FaultEvery time.Duration // mean time between two injected faults

	AntiEntropy time.Duration // between two comparisons of a key range (§4.7); negative: never
	Buffer      int           // objects in the buffer of each node (§6.1); negative: no buffer
	Clocks      Clocks        // Kind is never drawn literal, since literal clocks lose writes; Truncate negative: never
	Tombstones  time.Duration // grace after which tombstones are collected; negative: never

	Experiment Experiment // is never drawn
}

// minAntiEntropy is the shortest time between two cycles of anti-entropy. The differences found in
// one cycle should be repaired before the next.
const minAntiEntropy = 200 * time.Millisecond

// Range of the grace of tombstones that is drawn. A clogged link and a paused node hold a message
// back for up to ten seconds each.
const (
	MinTombstones = 30 * time.Second
	maxTombstones = 60 * time.Second
)

// Check returns an error if the options, completed by Draw, cannot be played.
func (o Options) Check() error {
	if err := o.checkCluster(); err != nil {
		return err
	}
	for _, f := range o.Faults {
		if !slices.Contains(FaultNames(), f) {
			return fmt.Errorf("sim: no fault %q; choose from: %s", f, strings.Join(FaultNames(), " "))
		}
	}
	d := o.Draw()
	if err := settings.CheckVersioning(d.Mode, d.Clocks.Kind, max(0, d.Clocks.Truncate)); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	switch {
	case o.Ops > MaxOps:
		return fmt.Errorf("sim: %d operations; the limit is %d", o.Ops, MaxOps)
	case o.Length > MaxTime || o.FaultEvery > MaxTime:
		return fmt.Errorf("sim: %v of virtual time; want at most %v", max(o.Length, o.FaultEvery), MaxTime)
	case d.AntiEntropy >= 0 && (d.AntiEntropy < minAntiEntropy || d.AntiEntropy > MaxTime):
		return fmt.Errorf("sim: anti-entropy every %v; want %v to %v", d.AntiEntropy, minAntiEntropy, MaxTime)
	case d.Tombstones >= 0 && (d.Tombstones < MinTombstones || d.Tombstones > MaxTime):
		return fmt.Errorf("sim: tombstones collected after %v; want %v to %v", d.Tombstones, MinTombstones, MaxTime)
	}
	if most := min(d.N, d.Nodes); d.R > most || d.W > most {
		return fmt.Errorf("sim: R=%d W=%d with N=%d on %d nodes; want 1 to %d", d.R, d.W, d.N, d.Nodes, most)
	}
	return o.checkExperiment()
}

// checkCluster checks the options that do not depend on others which may have to be drawn.
func (o Options) checkCluster() error {
	switch {
	case o.Nodes > MaxNodes:
		return fmt.Errorf("sim: %d nodes; the limit is %d", o.Nodes, MaxNodes)
	case o.N > 0 && o.Nodes > 0 && o.N > o.Nodes:
		return fmt.Errorf("sim: N=%d replicas on %d nodes; lower N or add nodes", o.N, o.Nodes)
	case o.Quorum != "" && o.Quorum != Sloppy && o.Quorum != Strict:
		return fmt.Errorf("sim: quorum %q; want %s or %s", o.Quorum, Sloppy, Strict)
	case o.Strategy < 0 || o.Strategy > ring.EqualPartitions:
		return fmt.Errorf("sim: strategy %d; want 1, 2 or 3", o.Strategy)
	case o.Buffer > MaxBuffer:
		return fmt.Errorf("sim: a buffer of %d objects; the limit is %d", o.Buffer, MaxBuffer)
	}
	return nil
}

const (
	// Off is the value of a flag that switches anti-entropy, truncation, tombstones or buffers off.
	Off = "off"
	// NoFaults is an empty list of faults.
	NoFaults = "none"
)

// String returns all options as flags of the command line.
func (o Options) String() string {
	faults := strings.Join(o.Faults, ",")
	if o.Faults != nil && faults == "" {
		faults = NoFaults
	}
	duration := func(d time.Duration) string {
		if d > 0 {
			return d.String()
		}
		return Off
	}
	number := func(n int) string {
		if n > 0 {
			return strconv.Itoa(n)
		}
		return Off
	}
	return fmt.Sprintf("--seed %d --nodes %d -N %d -R %d -W %d"+
		" --strategy %d --mode %s --clocks %s --truncate %s --quorum %s"+
		" --ops %d --clients %d --keys %d --length %v --blind %g --odd %g --fault-every %v"+
		" --anti-entropy %s --tombstones %s --buffer %s --faults %s",
		o.Seed, o.Nodes, o.N, o.R, o.W, o.Strategy, o.Mode, o.Clocks.Kind, number(o.Clocks.Truncate), o.Quorum,
		o.Ops, o.Clients, o.Keys, o.Length, max(0, o.Blind), max(0, o.OwnQuorums), o.FaultEvery,
		duration(o.AntiEntropy), duration(o.Tombstones), number(o.Buffer), faults) + o.Experiment.flags()
}

// flags returns the experiment as flags of the command line, "" for the zero Experiment.
func (x Experiment) flags() string {
	out := ""
	if x.Legs.Given() {
		out += " --legs '" + x.Legs.String() + "'"
	}
	if x.Off.ReadRepair {
		out += " --read-repair " + Off
	}
	if x.Off.Handoff {
		out += " --handoff " + Off
	}
	if x.Off.Admission {
		out += " --admission " + Off
	}
	if x.DiskRate > 0 {
		out += fmt.Sprintf(" --disk-rate %d", x.DiskRate)
	}
	if x.ValueBytes > 0 {
		out += fmt.Sprintf(" --value-bytes %d", x.ValueBytes)
	}
	if x.Coordinator != "" {
		out += " --coordinator " + x.Coordinator
	}
	var probes []string
	for _, p := range x.Probes {
		probes = append(probes, p.String())
	}
	if probes != nil {
		out += " --probes " + strings.Join(probes, ",")
	}
	return out
}
