package plan

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"ringside/engine/ring"
	"ringside/engine/sim/rng"
)

// workload draws the operations of clients and the lull in the middle of them; the zero Injection
// if the run has no lull.
func (d *drawing) workload(p *Plan) (lull Injection) {
	if len(d.o.Experiment.Probes) > 0 {
		p.Ops = d.trials()
		return Injection{}
	}
	p.Ops = d.ops()
	if p.Tombstones > 0 && d.o.Blind < pileUpBlind {
		d.restKeys(p.Ops, p.Tombstones)
	}
	if d.o.Strategy == ring.TokensRandom {
		renameNearZero(p.Ops)
	}
	if d.has(ForeignContext) {
		d.confuseContexts(p.Ops)
	}
	return d.lull(p)
}

// ops draws operations: 40 % gets, some deletes, and puts. Most puts have the newest context of the
// client, and most operations use the quorum of the cluster.
func (d *drawing) ops() []Op {
	var out []Op
	think := d.o.Length * time.Duration(d.o.Clients) / time.Duration(d.o.Ops)
	for client := range d.o.Clients {
		var at time.Duration
		for range d.o.Ops/d.o.Clients + min(1, max(0, d.o.Ops%d.o.Clients-client)) {
			at += rng.Exp(d.rng, think).Round(grain)
			out = append(out, d.op(at, client+1))
		}
	}
	slices.SortStableFunc(out, func(a, b Op) int { return cmp.Compare(a.At, b.At) })
	balanced := d.stream("balanced")
	for i := range out {
		out[i].ID = uint64(i + 1)
		out[i].Balanced = out[i].Kind != Get && balanced.IntN(2) == 0
	}
	d.primaries(out)
	return out
}

const (
	// primariesOdds is the probability that some requests of a run ask for primaries, and
	// primaryOdds that of one request in such a run.
	primariesOdds = .2
	primaryOdds   = .3
)

// primaries lets requests ask for homes among the nodes that count.
func (d *drawing) primaries(ops []Op) {
	r := d.stream("primaries")
	if d.o.OwnQuorums <= 0 || r.Float64() >= primariesOdds {
		return
	}
	for i := range ops {
		if r.Float64() < primaryOdds {
			ops[i].Primaries = 1 + r.IntN(min(d.o.N, d.o.Nodes))
		}
	}
}

func (d *drawing) op(at time.Duration, client int) Op {
	o, r := d.o, d.rng
	op := Op{At: at, Client: client, Kind: Put, Context: Blind}
	op.Key, op.Via = fmt.Sprintf("key%d", r.IntN(o.Keys)), rng.Pick(r, d.names)
	switch x := r.Float64(); {
	case x < .4:
		op.Kind = Get
	case x < .47 && o.Blind < pileUpBlind:
		op.Kind = Del
	}
	if op.Kind == Del || op.Kind == Put && r.Float64() >= o.Blind {
		op.Context = 0
		if r.Float64() < .15 && o.Blind >= 0 {
			op.Context = r.IntN(KeptContexts)
		}
	}
	if r.Float64() < o.OwnQuorums {
		most := min(o.N, o.Nodes)
		op.R, op.W, op.Strict = 1+r.IntN(most), 1+r.IntN(most), r.Float64() < .2
	}
	return op
}

// restGraces is the number of graces for which a key is used, and then left alone.
const restGraces = 3

// restKeys makes clients leave keys alone for long enough that tombstones are collected, and return
// to those keys later. Many keys are deleted before clients leave them.
func (d *drawing) restKeys(ops []Op, grace time.Duration) {
	r := d.stream("rest")
	last := map[string][]int{} // era and key → indices of the operations
	for i := range ops {
		op := &ops[i]
		era := int(op.At / (restGraces * grace))
		k := r.IntN(d.o.Keys) + era%2*d.o.Keys
		op.Key = fmt.Sprintf("key%d", k)
		if op.Kind == Put && r.Float64() < .3 {
			op.Kind, op.Context = Del, 0
		}
		id := fmt.Sprint(era, op.Key)
		last[id] = append(last[id], i)
	}
	for _, at := range last {
		if k := len(at); k > 1 && ops[at[k-1]].Kind != Get { // the client that reads the key last then deletes it
			get, del := &ops[at[k-2]], &ops[at[k-1]]
			get.Kind, get.Context, get.Balanced = Get, Blind, false
			del.Kind, del.Context, del.Client = Del, 0, get.Client
		}
	}
}

// renameNearZero renames most keys so that their positions lie close to zero on either side, in the
// range that wraps around.
func renameNearZero(ops []Op) {
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

// nameNearZero returns the first name, numbered from n on, within a sixty-fourth of the ring of
// zero, and the number after that name. Names with numbers from 100 to 999 have equal lengths.
func nameNearZero(n int) (string, int) {
	for ; ; n++ {
		name := fmt.Sprintf("key%d", n)
		if at := ring.Of([]byte(name)); at[0] < 2 || at[0] > 253 {
			return name, n + 1
		}
	}
}

// foreignOdds is the probability that a put with a context presents the context of another key.
const foreignOdds = .05

// confuseContexts makes clients present contexts of other keys, which nodes must refuse.
func (d *drawing) confuseContexts(ops []Op) {
	r := d.stream("foreign")
	for i := range ops {
		if op := &ops[i]; op.Context != Blind && r.Float64() < foreignOdds {
			if other := rng.Pick(r, ops).Key; other != op.Key {
				op.Of = other
			}
		}
	}
}

// lull draws a time in the middle of the run at which all faults pause and clients rest, so that
// the cluster must converge. lull delays the operations after it by its duration.
func (d *drawing) lull(p *Plan) Injection {
	if !d.has(Lull) || len(p.Ops) < 2 {
		return Injection{}
	}
	r := d.stream("lull")
	f := Injection{Kind: Lull, At: p.Ops[len(p.Ops)/4+r.IntN((len(p.Ops)+1)/2)].At, For: p.LullTime()}
	for i := range p.Ops {
		if p.Ops[i].At > f.At {
			p.Ops[i].At += f.For
		}
	}
	return f
}

// joinerOdds is the probability that an operation goes to each node that has joined.
const joinerOdds = .1

// sendToJoiners sends some operations to nodes that have joined.
func (d *drawing) sendToJoiners(p *Plan) {
	r := d.stream("join")
	for _, f := range p.Faults {
		if f.Kind == Join && !slices.Contains(d.names, f.Nodes[0]) {
			redirect(p, r, joinerOdds, f.Nodes[0], func(o Op) bool { return o.At > f.At+time.Second })
		}
	}
}

// leaverOdds is the probability that an operation shortly before a node leaves goes to that node.
const leaverOdds = .7

// sendToLeavers sends operations to a node that leaves while another node is down. The leaving node
// then has hints when it leaves.
func (d *drawing) sendToLeavers(p *Plan) {
	r := d.stream("leave")
	for _, f := range p.Faults {
		i := slices.IndexFunc(p.Faults, func(c Injection) bool {
			return f.Kind == Leave && c.Kind == Crash && c.Nodes[0] != f.Nodes[0] && c.At < f.At && f.At < c.At+c.For
		})
		if i >= 0 {
			redirect(p, r, leaverOdds, f.Nodes[0], func(o Op) bool { return p.Faults[i].At < o.At && o.At < f.At })
		}
	}
}

// redirect sends matching operations to a node, each with probability odds.
func redirect(p *Plan, r *rand.Rand, odds float64, node string, match func(Op) bool) {
	for i := range p.Ops {
		if match(p.Ops[i]) && r.Float64() < odds {
			p.Ops[i].Via = node
		}
	}
}
