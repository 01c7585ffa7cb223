package sim

import (
	"time"

	"ringside/engine/sim/check"
	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// repairTime is how long the repairs of a read may take.
const repairTime = 2 * time.Second

// settle ends the faults and makes the cluster come to rest: first the core while the other nodes
// stay broken, then all nodes. The judge then compares what is left with what was acknowledged.
func (r *run) settle() {
	w, j := r.world, r.judge
	w.EndFaults()
	if len(r.plan.Core) > 0 {
		w.Heal(r.plan.Core)
		w.BreakRest()
		r.settleCore()
	}
	w.Heal(w.Names())
	r.watched.healed(w)
	w.RunFor(plan.NoticeTime)
	r.awaitHints(w.Names(), plan.HandoffTime-plan.NoticeTime)
	if left := j.HintsAmong(w.Names()); left != "" {
		j.Fail(check.P5, "%v after the last fault %s", plan.HandoffTime, left)
	}
	r.awaitRing()
	j.Idle()
	if r.plan.AntiEntropy > 0 {
		r.settleUnread()
	}
	r.watched.reading()
	r.settleByReading()
	r.settleTombstones()
	r.watched.over()
	j.Final()
}

// awaitHints waits until none of nodes keeps a hint for another, at most for some time.
func (r *run) awaitHints(nodes []string, most time.Duration) {
	r.world.RunWhile(func() bool { return r.judge.HintsAmong(nodes) != "" }, r.world.Now()+most)
}

// awaitRing waits until all nodes know one ring and all keys are at their homes (P12).
func (r *run) awaitRing() {
	end := r.world.Now() + plan.HandoffTime
	r.judge.Recalled(r.world.RecallMembers())
	r.world.RunWhile(func() bool { return r.judge.Unsettled() != "" }, end)
	if left := r.judge.Unsettled(); left != "" {
		r.judge.Fail(check.P12, "%v after the last fault %s", plan.HandoffTime, left)
	}
}

// settleUnread lets anti-entropy alone repair what no hint could reach. Afterwards the homes agree,
// nothing more is repaired, and every tree is the one that its store makes (P5, P10).
func (r *run) settleUnread() {
	j := r.judge
	r.world.RunFor(r.plan.SyncTime())
	for _, key := range j.Keys() {
		j.Agree(key, j.Homes(key))
	}
	synced := j.Synced()
	r.world.RunFor(r.plan.SyncTime())
	if n := j.Synced() - synced; n > 0 {
		j.Fail(check.P5, "anti-entropy still mends %d replicas of the converged cluster", n)
	}
	for _, n := range r.world.Names() {
		h := r.world.Host(n)
		h.Repaired()
		j.Audit(h)
	}
}

// settleByReading reads each key from all its homes three times. The first round finds what no hint
// could reach, and damage. The second round must succeed. The third round finds nothing to repair.
// After anti-entropy, the first round must succeed as well, unless a record is damaged of which no
// home has anything better: only a read declares such a key empty. After a change to last write
// wins, the first round reconciles the siblings from before the change.
func (r *run) settleByReading() {
	j := r.judge
	for round := range 3 {
		repaired := j.Repaired()
		must := round > 0 || r.plan.AntiEntropy > 0 && !j.AnyDamaged()
		for _, key := range j.Keys() {
			homes := j.Homes(key)
			if r.clients.Get(j.NextID(), key, homes[0], len(homes)) != client.OK && must && !j.Unrecoverable(key, homes) {
				j.Fail(check.P5, "get of %s from all its homes fails after the last fault", key)
			}
		}
		r.world.RunFor(repairTime)
		quiet := must && round != 1 && (round > 0 || !r.plan.HasFault(plan.LastWriteWins))
		if n := j.Repaired() - repaired; quiet && n > 0 {
			j.Fail(check.P5, "reads of the converged cluster still mend %d replicas", n)
		}
	}
}

// settleCore makes the core come to rest while the other nodes stay broken. The core takes writes
// and hands over its hints, and its homes agree.
func (r *run) settleCore() {
	j, core := r.judge, r.plan.Core
	r.world.RunFor(plan.NoticeTime)
	for i, key := range j.Keys() {
		r.probe(key, core[i%len(core)])
	}
	r.awaitHints(core, plan.HandoffTime)
	if left := j.HintsAmong(core); left != "" {
		j.Fail(check.P5, "%v after the last fault of the core %v, %s", plan.HandoffTime, core, left)
	}
	rounds := 2
	if r.plan.AntiEntropy > 0 {
		r.world.RunFor(r.plan.SyncTime())
		rounds = 0
	}
	for round := range rounds {
		for i, key := range j.Keys() {
			r.readCore(key, core[i%len(core)], round > 0)
		}
		r.world.RunFor(repairTime)
	}
	for _, key := range j.Keys() {
		j.Agree(key, j.CoreHomes(key))
	}
}

// readCore reads a key from all nodes of the core that can hold it. If must, the read must succeed.
// A fallback that holds nothing does not prove that there is nothing, so without a home in the core
// there may be no reply.
func (r *run) readCore(key, via string, must bool) {
	j := r.judge
	reach, homes := j.Reach(key), j.CoreHomes(key)
	if r.clients.Get(j.NextID(), key, via, max(reach, 1)) == client.OK || !must {
		return
	}
	if len(homes) > 0 && !j.Damaged(key, homes) && !j.Doubtful(key, via) {
		j.Fail(check.P5, "get of %s with R=%d via %s fails though its core %v is whole", key, reach, via, r.plan.Core)
	}
}

// probe puts a key through a node of the core. As long as the node reaches W others there is no
// reason to refuse the put (§2, "always writeable"), except for a limit of siblings or hints.
func (r *run) probe(key, via string) {
	if r.judge.Reach(key) < r.plan.W {
		return
	}
	// The coordinator finds silent nodes one after the other, and waits for each of them. If that
	// may take all the time of a request, the client tries again; the coordinator knows the silent
	// nodes then.
	t := r.plan.NodeTimings()
	if silent := len(r.world.Names()) - len(r.plan.Core); silent >= int(t.Request/t.Patience) && r.tryPut(key, via) {
		return
	}
	if !r.tryPut(key, via) {
		r.judge.Fail(check.P5, "a put into %s with W=%d via %s fails though its core %v is whole",
			key, r.plan.W, via, r.plan.Core)
	}
}

// tryPut reports whether a put succeeds, or is refused because of a limit.
func (r *run) tryPut(key, via string) bool {
	outcome, reply := r.clients.Put(r.judge.NextID(), key, via)
	p, isPut := reply.(wire.PutReply)
	limited := isPut && (p.Err == wire.TooLarge || r.plan.MaxHints() > 0)
	return outcome == client.OK || limited
}

// collectGraces bounds the graces until a tombstone is collected while all nodes are up: one until
// the tombstone is old, two for the rounds of questions, and the same rounds again if a node came
// back in between. Clocks that are wrong add to that.
const collectGraces = 5

// settleTombstones waits until the last tombstones are old. With all nodes up, none may stay.
// Without anti-entropy, a home that missed a drop keeps its tombstone until a client reads the key.
func (r *run) settleTombstones() {
	if r.plan.Tombstones == 0 {
		return
	}
	end := r.world.Now() + collectGraces*r.plan.Tombstones + plan.HandoffTime
	r.world.RunWhile(func() bool { return r.judge.OnlyTombstones() != "" }, end)
	if r.plan.AntiEntropy > 0 {
		r.judge.TombstonesCollected()
	}
}
