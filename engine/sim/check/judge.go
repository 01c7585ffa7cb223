package check

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A Judge checks one World. It receives what happens, and passes it to the properties.
type Judge struct {
	e          *evidence
	durability *durability
	siblings   *siblings
	deletes    deletes
	contexts   *contexts
	reads      *reads
	hints      *hints
	transfers  *transfers
	membership membership
	bounds     *bounds

	left     []Left
	repaired int // replicas that reads repaired
	synced   int // replicas that anti-entropy repaired
}

var (
	_ kernel.Judge    = (*Judge)(nil)
	_ client.Observer = (*Judge)(nil)
)

// New returns the judge of a world that has not been started.
func New(w *kernel.World) *Judge {
	e := newEvidence(simulated{w})
	j := &Judge{
		e: e, durability: newDurability(e), deletes: deletes{e}, contexts: &contexts{e, map[string]uint64{}},
		hints: &hints{e, map[hintID]sentHint{}}, membership: membership{e}, bounds: &bounds{e},
	}
	j.siblings = &siblings{e: e, bounds: j.bounds}
	j.reads = &reads{e: e, siblings: j.siblings, deletes: j.deletes, contexts: j.contexts}
	j.transfers = &transfers{e, j.hints, map[holding][]string{}}
	return j
}

// Event implements kernel.Judge.
func (j *Judge) Event(e event.Event) {
	host := j.e.world.Host(e.Node)
	switch e.Kind {
	case event.Membership:
		j.durability.countHomes()
		j.membership.checkReported(e)
	case event.Coordinate:
		j.contexts.checkStamp(e)
	case event.Truncated:
		j.e.truncated[string(e.Key)] = true
		j.e.whole[e.Request] = e.Versions[1].Past
	case event.Ack:
		j.e.hears(e)
		if j.e.plan.Buffer > 0 && e.Op != event.OpBuffered {
			j.durability.checkDurableAck(e)
		}
	case event.LWWLost:
		j.durability.reportedLost(e)
	case event.ReadRepair:
		j.repaired += min(1, len(j.e.withoutCollected(e.Versions)))
	case event.Stored:
		if e.Op == wire.AntiEntropy.String() {
			j.synced += min(1, len(j.e.withoutCollected(e.Versions)))
		}
	case event.RangeDropped:
		j.transfers.noteDropped(host, *e.Span)
	case event.RangeReady:
		j.transfers.checkReady(host)
	case event.Departed:
		j.transfers.checkDeparted(host)
	case event.TombstoneCollected:
		j.deletes.checkCollection(e)
	case event.HintSent:
		j.hints.send(e)
	case event.HintDelivered:
		j.hints.checkDelivered(e)
	case event.HintStored:
		j.bounds.checkHints(host)
	}
}

// Changed implements kernel.Judge.
func (j *Judge) Changed(c member.Change) { j.membership.checkChanged(c) }

// Booted implements kernel.Judge.
func (j *Judge) Booted(h *kernel.Host) { j.transfers.checkReady(simulatedHost{h}) }

// Applying implements kernel.Judge.
func (j *Judge) Applying(h *kernel.Host, b *kernel.Batch) {
	j.transfers.checkBatch(simulatedHost{h}, b)
}

// Destroying implements kernel.Judge.
func (j *Judge) Destroying(h *kernel.Host, destroy func()) { j.e.destroying(simulatedHost{h}, destroy) }

// Unsendable implements kernel.Judge.
func (j *Judge) Unsendable(m wire.Message, err error) {
	j.e.fail(P13, "%T from %s to %s cannot be sent: %v", m.Body, m.From, m.To, err)
}

// LullOver implements kernel.Judge.
func (j *Judge) LullOver(began time.Duration, before member.History) {
	if left := j.HintsAmong(j.e.world.Names()); left != "" {
		j.e.fail(P5, "%v after the beginning of a lull %s", j.e.world.Now()-began, left)
	}
	j.membership.checkRecalled(before)
	j.checkLull(began)
}

// Began implements client.Observer.
func (j *Judge) Began(o *client.Operation) {
	op := &operation{Operation: o}
	j.e.graph.add(op)
	op.views = j.reads.views(op)
}

// Ended implements client.Observer.
func (j *Judge) Ended(o *client.Operation, reply wire.ClientReply) {
	op := j.e.graph.ops[o.ID]
	switch r := reply.(type) {
	case wire.GetReply:
		if r.Err == wire.OK {
			j.reads.checkGet(op, r)
		}
	case wire.PutReply:
		if r.Err == wire.OK {
			j.checkPut(op, r)
		}
	}
	op.views, op.early = nil, nil
}

// checkPut checks the reply to a put or delete that succeeded.
func (j *Judge) checkPut(op *operation, r wire.PutReply) {
	j.reads.checkQuorum(op, P1, r.Acks, op.W, j.e.plan.W)
	j.bounds.checkSiblings(op, r)
	if op.Of != "" {
		j.e.fail(P6, "%s #%d of %s was taken with a context of %s", op.Kind, op.ID, op.Key, op.Of)
	}
	if !op.stamped() {
		j.e.fail(P6, "%s is acknowledged, and no coordinator has reported its version", j.e.name(op))
	}
	op.ackedIn = j.e.settledRingView(op, append(slices.Clone(r.Acks), r.Coordinator))
	op.settledIn = op.ackedIn
	if op.settledIn != nil && !op.settledIn.history.Covers(j.e.world.Members().History()) {
		op.settledIn = nil // a change that none of these nodes knew was spreading
	}
	for _, node := range r.Acks {
		op.ackedBy(node)
	}
	for _, a := range op.early {
		op.heard(a)
	}
	j.contexts.checkContext(op, r.Context, []uint64{op.ID})
	j.durability.checkAcks(op, r)
}

// Look checks one host. It also checks P1 over all hosts. A run calls Look at random times.
func (j *Judge) Look(looked *kernel.Host) {
	h := simulatedHost{looked}
	j.checkTrees(h)
	j.bounds.checkHints(h)
	j.transfers.checkReady(h)
	j.siblings.checkReplicas(h)
	j.bounds.checkOverrun(h)
	j.durability.checkCopies()
}

// Audit checks P10 for one host.
func (j *Judge) Audit(h *kernel.Host) { j.checkTrees(simulatedHost{h}) }

// Fail reports that a property does not hold.
func (j *Judge) Fail(property, format string, args ...any) { j.e.fail(property, format, args...) }

// Keys returns the keys of the plan.
func (j *Judge) Keys() []string { return j.e.keys }

// NextID returns an ID for an operation outside of the plan.
func (j *Judge) NextID() uint64 {
	j.e.lastID++
	return j.e.lastID
}

// Repaired returns the number of replicas that reads have repaired.
func (j *Judge) Repaired() int { return j.repaired }

// Synced returns the number of replicas that anti-entropy has repaired.
func (j *Judge) Synced() int { return j.synced }

// Recalled checks that the nodes still know every change in before, which RecallMembers returned.
func (j *Judge) Recalled(before member.History) { j.membership.checkRecalled(before) }

// Unsettled describes a change of the membership that is not complete, "" if all are.
func (j *Judge) Unsettled() string { return j.membership.unsettled() }

// Idle checks that no node works on a request although no client waits.
func (j *Judge) Idle() { j.bounds.checkIdle() }

// Verdict is the result of a run.
type Verdict struct {
	Violations     []Violation
	Outcomes       [3]int   // operations of the plan by client.Outcome
	Gets, Puts     int      // gets that were answered; puts and deletes that were acknowledged
	Stale          int      // gets that lacked a write which was acknowledged before they began
	FalseSiblings  int      // versions seen beside an ancestor, where clocks are truncated (§4.4)
	Collected      int      // tombstones that nodes dropped
	CollectedEarly int      // tombstones that nodes dropped while faults happened
	LWWLost        int      // acknowledged writes that last write wins lost (P14)
	Lost           []uint64 // those writes, sorted
	Left           []Left   // what the homes of each key hold in the end, sorted by key
	History        []client.Observation
	Behind         []Behind // the stale gets, in the order of their ends
	Fates          Fates
}

// Left is what the homes of a key hold in the end, tombstones included.
type Left struct {
	Key      string
	Versions vclock.Siblings
}

// Verdict returns the result so far.
func (j *Judge) Verdict() Verdict {
	v := Verdict{
		Violations: j.e.violations, Stale: j.reads.stale, FalseSiblings: j.siblings.falseSiblings,
		Collected: j.e.tombstones.drops, CollectedEarly: j.e.tombstones.early,
		LWWLost: len(j.durability.lwwLost), Lost: slices.Sorted(maps.Keys(j.durability.lwwLost)),
		Left: j.left, History: j.history(), Behind: j.reads.behind, Fates: j.durability.fates,
	}
	for _, op := range j.e.graph.ops {
		if j.e.own(op) {
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
	for _, op := range j.e.graph.ops {
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
