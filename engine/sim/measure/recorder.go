package measure

import (
	"maps"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/sim/check"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// A Recorder counts one run. It is an observer of the clients, a meter of the world, and receives
// the events of the run and what package sim knows of its phases.
type Recorder struct {
	plan    *plan.Plan
	planned uint64 // highest ID of an operation of the plan
	m       Measures
}

var (
	_ client.Observer = (*Recorder)(nil)
	_ kernel.Meter    = (*Recorder)(nil)
)

// NewRecorder returns a recorder of a run of p.
func NewRecorder(p *plan.Plan) *Recorder {
	r := &Recorder{plan: p, m: Measures{Runs: 1, Traffic: Traffic{}}}
	for _, what := range Mechanisms {
		r.m.Traffic[what] = Sent{}
	}
	for _, op := range p.Ops {
		r.planned = max(r.planned, op.ID)
	}
	return r
}

// operations returns the counts of a kind.
func (r *Recorder) operations(kind string) *Operations {
	switch kind {
	case plan.Get:
		return &r.m.Gets
	case plan.Put:
		return &r.m.Puts
	}
	return &r.m.Dels
}

// Began implements client.Observer.
func (r *Recorder) Began(*client.Operation) {}

// Ended implements client.Observer.
func (r *Recorder) Ended(op *client.Operation, reply wire.ClientReply) {
	if op.ID > r.planned {
		return
	}
	o := r.operations(op.Kind)
	o.Asked++
	switch op.Outcome {
	case client.OK:
		o.OK++
		o.Latency.Add(int64((op.Ended - op.Began) / time.Microsecond))
	case client.Failed:
		o.Refused++
	default:
		o.Unknown++
	}
	if op.Outcome != client.OK {
		o.because(reason(reply), 1)
	}
	r.countShare(op)
	if g, ok := reply.(wire.GetReply); ok && g.Err == wire.OK {
		r.countVersions(len(g.Siblings))
	}
}

// reason returns the code of a reply that is not OK, or Timeout for no reply.
func reason(reply wire.ClientReply) string {
	switch reply := reply.(type) {
	case wire.GetReply:
		return reply.Err.String()
	case wire.PutReply:
		return reply.Err.String()
	}
	return Timeout
}

// countShare counts an operation for the availability.
func (r *Recorder) countShare(op *client.Operation) {
	one := Share{Asked: 1}
	if op.Outcome == client.OK {
		one.Answered = 1
	}
	a := &r.m.Availability
	kinds := r.faults(op.Began-kernel.Origin, op.Ended-kernel.Origin)
	if len(kinds) == 0 {
		a.Calm.add(one)
		return
	}
	a.Faults.add(one)
	for _, kind := range kinds {
		a.during(kind, one)
	}
}

// faults lists the kinds of the faults that are under way at some time from began to ended.
func (r *Recorder) faults(began, ended time.Duration) (kinds []string) {
	for _, f := range r.plan.Faults {
		if f.At > ended {
			break
		}
		under := f.Kind != plan.Lull && f.Lasts() && began < min(f.At+f.For, r.plan.HealAt)
		if under && !slices.Contains(kinds, f.Kind) {
			kinds = append(kinds, f.Kind)
		}
	}
	return kinds
}

func (r *Recorder) countVersions(n int) {
	v := &r.m.Versions
	switch n {
	case 0:
		v.None++
	case 1:
		v.One++
	case 2:
		v.Two++
	case 3:
		v.Three++
	default:
		v.More++
	}
}

// Event counts an event of the run.
func (r *Recorder) Event(e event.Event) {
	if e.Kind != event.Coordinate || e.Request > r.planned {
		return
	}
	n := len(e.Versions[0].Clock())
	c := &r.m.Clocks
	c.Pairs.Add(int64(n))
	at := int(ClockSlices * int64(e.Time-kernel.Origin) / int64(max(1, r.plan.HealAt)))
	s := &c.Over[min(max(at, 0), ClockSlices-1)]
	*s = ClockSlice{s.Writes + 1, s.Sum + n, max(s.Max, n)}
}

// Sent implements kernel.Meter.
func (r *Recorder) Sent(m wire.Message, purpose wire.Purpose) {
	what := mechanismOf(m, purpose)
	if m.Request > r.planned {
		what = Checker
	}
	r.m.send(what, 1, int64(wire.MessageSize(m)))
}

// purposes are the mechanisms of writes, by purpose.
var purposes = map[wire.Purpose]Mechanism{
	wire.Replicate: Writing, wire.Handoff: Handoff, wire.ReadRepair: Repairing, wire.AntiEntropy: Syncing,
	wire.Transfer: Moving, kernel.UnknownPurpose: Writing,
}

// mechanismOf returns the mechanism of a message between nodes.
func mechanismOf(m wire.Message, purpose wire.Purpose) Mechanism {
	switch m.Body.(type) {
	case wire.Ping, wire.Pong:
		return Probing
	case wire.Read, wire.ReadReply:
		return Reading
	case wire.Write, wire.WriteReply:
		return purposes[purpose]
	case wire.Forward, wire.ForwardReply:
		return Forwarding
	case wire.Sync, wire.SyncReply:
		return Syncing
	case wire.Offer, wire.OfferReply:
		return Moving
	case wire.Gossip:
		return Gossip
	}
	return Collecting
}

// Traffic returns what was sent so far. The caller may keep it.
func (r *Recorder) Traffic() Traffic { return maps.Clone(r.m.Traffic) }

// Asked implements kernel.Meter.
func (r *Recorder) Asked(body wire.ClientRequest) {
	id := uint64(0)
	switch b := body.(type) {
	case wire.GetRequest:
		id = b.Request
	case wire.PutRequest:
		id = b.Request
	}
	frame, _ := wire.AppendClientRequest(nil, id, body) // an invalid request counts without bytes
	r.fromClient(id, len(frame))
}

// Answered implements kernel.Meter.
func (r *Recorder) Answered(body wire.ClientReply) {
	id := uint64(0)
	switch b := body.(type) {
	case wire.GetReply:
		id = b.Request
	case wire.PutReply:
		id = b.Request
	}
	frame, _ := wire.AppendClientReply(nil, id, body) // as for a request
	r.fromClient(id, len(frame))
}

func (r *Recorder) fromClient(id uint64, bytes int) {
	what := Client
	if id > r.planned {
		what = Checker
	}
	r.m.send(what, 1, int64(bytes))
}

// Converged says that the cluster converged by itself, that long after the end of all faults.
func (r *Recorder) Converged(after time.Duration) {
	r.m.Convergence.Alone++
	r.m.Convergence.Time.Add(int64(after / time.Microsecond))
}

// Reads says how many keys had diverged when the checker began to read all keys.
func (r *Recorder) Reads(diverged int) { r.m.Convergence.Reads += diverged }

// Over says how many keys had diverged in the end, and how many hints were left.
func (r *Recorder) Over(diverged, hints int) {
	c := &r.m.Convergence
	c.Diverged, c.Hints = diverged, hints
	switch {
	case c.Alone > 0:
	case diverged+hints > 0:
		c.Never++
	default:
		c.ByReads++
	}
}

// Measures returns what was counted, given the verdict of the run.
func (r *Recorder) Measures(v check.Verdict) *Measures {
	m := &r.m
	m.FalseConflicts = v.FalseSiblings
	m.Writes.add(v.Fates)
	for _, b := range v.Behind {
		m.Stale.Gets++
		m.Stale.Age.Add(int64(b.Age / time.Microsecond))
		m.Stale.Behind.Add(int64(b.Versions))
	}
	r.countProbes(v.History)
	return m
}
