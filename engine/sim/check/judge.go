package check

import (
	"cmp"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// A Judge checks one World. It receives what happens, and passes it to the properties.
type Judge struct {
	*evidence
	durability *durability
	siblings   *siblings
	deletes    deletes
	contexts   *contexts
	reads      *reads
	hints      *hints
	transfers  *transfers
	membership membership
	bounds     *bounds

	repaired int // replicas that reads repaired
	synced   int // replicas that anti-entropy repaired
}

var (
	_ kernel.Judge    = (*Judge)(nil)
	_ client.Observer = (*Judge)(nil)
)

// New returns the judge of a world that has not been started.
func New(w World) *Judge {
	e := newEvidence(w)
	j := &Judge{
		evidence: e, durability: newDurability(e), deletes: deletes{e}, contexts: &contexts{e, map[string]uint64{}},
		hints: &hints{e, map[hintID]sentHint{}}, membership: membership{e}, bounds: &bounds{e},
	}
	j.siblings = &siblings{evidence: e, bounds: j.bounds}
	j.reads = &reads{evidence: e, siblings: j.siblings, deletes: j.deletes, contexts: j.contexts}
	j.transfers = &transfers{e, j.hints, map[holding][]string{}}
	return j
}

// Event implements kernel.Judge.
func (j *Judge) Event(e event.Event) {
	host := j.world.Host(e.Node)
	switch e.Kind {
	case event.Membership:
		j.durability.countHomes()
		j.membership.reported(e)
	case event.Coordinate:
		j.contexts.stamped(e)
	case event.Truncated:
		j.truncated[string(e.Key)] = true
	case event.Ack:
		j.hears(e)
		if j.plan.Buffer > 0 && e.Op != event.OpBuffered {
			j.durability.ackedDurably(e)
		}
	case event.LWWLost:
		j.durability.reportedLost(e)
	case event.ReadRepair:
		j.repaired += min(1, len(j.unburied(e.Versions)))
	case event.Stored:
		if e.Op == wire.AntiEntropy.String() {
			j.synced += min(1, len(j.unburied(e.Versions)))
		}
	case event.RangeDropped:
		j.transfers.dropped(host, *e.Span)
	case event.RangeReady:
		j.transfers.ready(host)
	case event.Departed:
		j.transfers.departed(host)
	case event.TombstoneCollected:
		j.deletes.dropped(e)
	case event.HintSent:
		j.hints.send(e)
	case event.HintDelivered:
		j.hints.delivered(e)
	case event.HintStored:
		j.bounds.hints(host)
	}
}

// Changed implements kernel.Judge.
func (j *Judge) Changed(c member.Change) { j.membership.changed(c) }

// Booted implements kernel.Judge.
func (j *Judge) Booted(h *kernel.Host) { j.transfers.ready(h) }

// Applying implements kernel.Judge.
func (j *Judge) Applying(h *kernel.Host, b *kernel.Batch) { j.transfers.applying(h, b) }

// Destroying implements kernel.Judge.
func (j *Judge) Destroying(h *kernel.Host, destroy func()) { j.destroying(h, destroy) }

// Unsendable implements kernel.Judge.
func (j *Judge) Unsendable(m wire.Message, err error) {
	j.fail(P13, "%T from %s to %s cannot be sent: %v", m.Body, m.From, m.To, err)
}

// LullOver implements kernel.Judge.
func (j *Judge) LullOver(began time.Duration, before member.History) {
	if left := j.HintsAmong(j.world.Names()); left != "" {
		j.fail(P5, "%v after the beginning of a lull %s", j.world.Now()-began, left)
	}
	j.membership.recalled(before)
	j.lullOver(began)
}

// Began implements client.Observer.
func (j *Judge) Began(o *client.Operation) {
	op := &operation{Operation: o}
	j.add(op)
	op.glances = j.reads.glances(op)
}

// Ended implements client.Observer.
func (j *Judge) Ended(o *client.Operation, reply wire.ClientReply) {
	op := j.ops[o.ID]
	switch r := reply.(type) {
	case wire.GetReply:
		if r.Err == wire.OK {
			j.reads.get(op, r)
		}
	case wire.PutReply:
		if r.Err == wire.OK {
			j.put(op, r)
		}
	}
	op.glances = nil
}

// put checks the reply to a put or delete that succeeded.
func (j *Judge) put(op *operation, r wire.PutReply) {
	j.reads.quorum(op, P1, r.Acks, op.W, j.plan.W)
	j.bounds.siblings(op, r)
	if op.Of != "" {
		j.fail(P6, "%s #%d of %s was taken with a context of %s", op.Kind, op.ID, op.Key, op.Of)
	}
	if !op.stamped() { // the event of the same step comes after the reply
		op.version = r.Version
	}
	op.ackedIn = j.settledRingView(op, append(slices.Clone(r.Acks), r.Coordinator))
	op.settledIn = op.ackedIn
	if op.settledIn != nil && !op.settledIn.history.Covers(j.world.Members().History()) {
		op.settledIn = nil // a change that none of these nodes knew was spreading
	}
	for _, node := range r.Acks {
		op.ackedBy(node)
	}
	j.world.After(0, func() { j.contexts.sealed(op, r.Context, []uint64{op.ID}) })
	j.durability.acked(op, r)
}

// Look checks one host. It also checks P1 over all hosts. A run calls Look at random times.
func (j *Judge) Look(h *kernel.Host) {
	j.Audit(h)
	j.bounds.hints(h)
	j.transfers.ready(h)
	j.siblings.replicas(h)
	j.bounds.overrun(h)
	j.durability.kept()
}

// Fail reports that a property does not hold.
func (j *Judge) Fail(property, format string, args ...any) { j.fail(property, format, args...) }

// Keys returns the keys of the plan.
func (j *Judge) Keys() []string { return j.keys }

// NextID returns an ID for an operation outside of the plan.
func (j *Judge) NextID() uint64 {
	j.lastID++
	return j.lastID
}

// Repaired returns the number of replicas that reads have repaired.
func (j *Judge) Repaired() int { return j.repaired }

// Synced returns the number of replicas that anti-entropy has repaired.
func (j *Judge) Synced() int { return j.synced }

// Recalled checks that the nodes still know every change in before, which RecallMembers returned.
func (j *Judge) Recalled(before member.History) { j.membership.recalled(before) }

// Unsettled describes a change of the membership that is not complete, "" if all are.
func (j *Judge) Unsettled() string { return j.membership.unsettled() }

// Idle checks that no node works on a request although no client waits.
func (j *Judge) Idle() { j.bounds.idle() }

// Verdict is the result of a run.
type Verdict struct {
	Violations     []Violation
	Outcomes       [3]int // operations of the plan by client.Outcome
	Gets, Puts     int    // gets that were answered; puts and deletes that were acknowledged
	Stale          int    // gets that lacked a write which was acknowledged before they began
	FalseSiblings  int    // versions seen beside an ancestor, where clocks are truncated (§4.4)
	Collected      int    // tombstones that nodes dropped
	CollectedEarly int    // tombstones that nodes dropped while faults happened
	LWWLost        int    // acknowledged writes that last write wins lost (P14)
	History        []client.Observation
}

// Verdict returns the result so far.
func (j *Judge) Verdict() Verdict {
	v := Verdict{
		Violations: j.violations, Stale: j.reads.stale, FalseSiblings: j.siblings.falseSiblings,
		Collected: j.drops, CollectedEarly: j.early, LWWLost: len(j.durability.lwwLost), History: j.history(),
	}
	for _, op := range j.ops {
		if j.own(op) {
			continue
		}
		v.Outcomes[op.Outcome]++
		switch {
		case op.Outcome != client.OK:
		case op.Kind == plan.Get:
			v.Gets++
		default:
			v.Puts++
		}
	}
	return v
}

// history lists all operations in the order in which they began.
func (j *Judge) history() []client.Observation {
	var out []client.Observation
	for _, op := range j.ops {
		o := client.Observation{
			Op: op.Op, Began: op.Began - kernel.Origin, Outcome: op.Outcome.String(), Code: op.Code,
			Acks: op.Acks, Version: op.version, Read: op.read,
		}
		if op.Ended > 0 && op.Outcome != client.Unknown {
			o.Ended = op.Ended - kernel.Origin
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b client.Observation) int {
		return cmp.Or(cmp.Compare(a.Began, b.Began), cmp.Compare(a.ID, b.ID))
	})
	return out
}
