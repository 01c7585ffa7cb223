package plan

import (
	"fmt"
	"slices"
	"time"

	"ringside/engine"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/sim/rng"
)

// Coordinators of the operations of an experiment.
const (
	// Home: each operation goes to a home of its key, drawn for it alone.
	Home = "home"
	// Remote: each operation goes to a founder that is not a home of its key. That node coordinates
	// the operation and keeps no replica, as the coordinator of PBS does.
	Remote = "remote"
)

// An Experiment changes a run in order to measure something. No seed draws any of it: the zero
// Experiment changes nothing.
type Experiment struct {
	Legs        Legs       // delays of messages by leg
	Off         engine.Off // mechanisms that nodes do without
	Coordinator string     // Home, Remote, or "": any node, and forwarding as in §4.5
	// Probes makes the clients probe for staleness: instead of drawn operations there are trials,
	// and each is a put and one get for each of Probes, which begins that long after the put was
	// acknowledged. Nil: drawn operations.
	Probes []time.Duration
	// DiskRate is how many bytes a second each disk writes, so that background work and clients
	// compete for the disks; 0: the bytes take no time.
	DiskRate int
	// ValueBytes is the size of the values that clients put; 0: a few bytes.
	ValueBytes int
}

// Limits of an experiment. A run keeps all values in memory, on each of their homes.
const (
	MaxDiskRate   = 1 << 30
	MaxValueBytes = 64 << 10
)

// maxProbes bounds the gets of one trial.
const maxProbes = 1000

func (o Options) checkExperiment() error {
	x := o.Experiment
	if err := x.Legs.check(); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	d := o.Draw()
	switch {
	case x.Coordinator != "" && x.Coordinator != Home && x.Coordinator != Remote:
		return fmt.Errorf("sim: coordinator %q; want %s or %s", x.Coordinator, Home, Remote)
	case x.Coordinator == Remote && d.N >= d.Nodes:
		return fmt.Errorf("sim: N=%d replicas on %d nodes leave no node that is not a home; add a node", d.N, d.Nodes)
	case x.DiskRate < 0 || x.DiskRate > MaxDiskRate:
		return fmt.Errorf("sim: disks of %d bytes a second; want at most %d", x.DiskRate, MaxDiskRate)
	case x.ValueBytes < 0 || x.ValueBytes > MaxValueBytes:
		return fmt.Errorf("sim: values of %d bytes; want at most %d", x.ValueBytes, MaxValueBytes)
	case len(x.Probes) > maxProbes:
		return fmt.Errorf("sim: %d probes of a put; the limit is %d", len(x.Probes), maxProbes)
	case len(x.Probes) > 0 && d.Ops < len(x.Probes)+1+d.Keys:
		return fmt.Errorf("sim: %d operations with %d probes of each put and %d keys; want at least %d",
			d.Ops, len(x.Probes), d.Keys, len(x.Probes)+1+d.Keys)
	}
	for _, p := range x.Probes {
		if p < 0 || p > MaxTime {
			return fmt.Errorf("sim: a probe after %v; want 0 to %v", p, MaxTime)
		}
	}
	return nil
}

// trials returns the operations of an experiment with probes. Each key has one client that puts it
// again and again, with the context of its last put. The first put of each key has no probes: a get
// that finds nothing takes another way (§4.6) than one that finds an old version.
func (d *drawing) trials() []Op {
	o, r := d.o, d.stream("probes")
	probes := o.Experiment.Probes
	n := o.Keys + (o.Ops-o.Keys)/(1+len(probes)) // puts
	client := o.Keys
	var out []Op
	for i := range n {
		key := i % o.Keys
		at := (o.Length * time.Duration(i) / time.Duration(n)).Round(grain)
		put := Op{
			At: at, Client: key + 1, ID: uint64(len(out) + 1), Kind: Put, Context: 0,
			Key: fmt.Sprintf("key%d", key), Via: rng.Pick(r, d.names),
		}
		out = append(out, put)
		if i < o.Keys {
			continue
		}
		for _, after := range probes {
			client++
			out = append(out, Op{
				At: at, Client: client, ID: uint64(len(out) + 1), Kind: Get, Context: Blind,
				Key: put.Key, Via: rng.Pick(r, d.names), After: put.ID, Pause: after,
			})
		}
	}
	return out
}

// chooseCoordinators sends each operation to a node as Experiment.Coordinator says.
func (d *drawing) chooseCoordinators(p *Plan) {
	who := d.o.Experiment.Coordinator
	if who == "" {
		return
	}
	r, at := d.stream("coords"), p.Ring()
	for i := range p.Ops {
		op := &p.Ops[i]
		homes := at.Homes([]byte(op.Key))
		from := homes
		if who == Remote {
			p.Off.Forwarding = true
			from = slices.DeleteFunc(slices.Clone(d.names), func(n string) bool { return slices.Contains(homes, n) })
		}
		op.Via, op.Balanced = rng.Pick(r, from), false
	}
}

// RingConfig returns the configuration of the cluster's rings.
func (p *Plan) RingConfig() ring.Config {
	s := p.Settings()
	return ring.Config{Strategy: ring.Strategy(s.Strategy), N: p.N, Q: s.Q, T: s.T}
}

// Founders returns the first members of the ring.
func (p *Plan) Founders() []ring.Member {
	var out []ring.Member
	for _, name := range p.Names() {
		out = append(out, ring.Member{Name: name, Weight: 1})
	}
	return out
}

// Ring returns the ring of the founders.
func (p *Plan) Ring() *ring.Ring {
	return member.NewRings(p.RingConfig()).Of(member.Founders(p.Founders()))
}
