package sim

import (
	"fmt"
	"slices"
	"time"

	"ringside/engine/fault"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// What must hold once the faults are over: first among the nodes of the core, while the
// rest stays broken, then in the whole cluster.

const (
	// noticing is how long nodes need to notice that their peers are back.
	noticing = 5 * time.Second
	// quiesce is how long the cluster may take to hand over its hints once faults have ended.
	quiesce = 30 * time.Second
	// mending is how long the repairs of a read may take.
	mending = 2 * time.Second
)

// settle is the second phase of a run.
func (w *world) settle() {
	w.ending = true
	if len(w.plan.Core) > 0 {
		w.calm(w.plan.Core)
		w.breakRest()
		w.settleCore()
	}
	w.calm(w.names)
	w.runUntil(w.now+noticing, nil)
	w.awaitHints(w.names, w.now+quiesce-noticing)
	if left := w.hintsAmong(w.names); left != "" {
		w.check.fail("P5", "%v after the last fault %s", quiesce, left)
	}
	w.awaitRing(w.now + quiesce)
	w.check.idle()
	if w.plan.AntiEntropy > 0 {
		w.settleUnread()
	}
	// The first round of reads finds what no hint could reach, and damage; the
	// second must succeed; the third has nothing left to mend.
	// Anti-entropy has done the work of the first, but for damaged records of which no
	// home had anything better: only a read declares those empty.
	for round := range 3 {
		repairs := w.check.repairs
		must := round > 0 || w.plan.AntiEntropy > 0 && !slices.ContainsFunc(w.check.keys, func(key string) bool { return w.damaged(key, w.ring.Homes([]byte(key))) })
		for _, key := range w.check.keys {
			homes := w.ring.Homes([]byte(key))
			if w.readAll(key, homes[0], len(homes)) != ok && must && !w.ruined(key, homes) {
				w.check.fail("P5", "get of %s from all its homes fails after the last fault", key)
			}
		}
		w.runUntil(w.now+mending, nil)
		if n := w.check.repairs - repairs; must && round != 1 && n > 0 {
			w.check.fail("P5", "reads of the converged cluster still mend %d replicas", n)
		}
	}
	w.settleTombstones()
	w.check.final()
}

// syncTime is how long anti-entropy may take to make whoever can reach each other
// converge. In N-1 cycles every home has compared itself with each other one; one more passes
// before damage is found, one before a silent peer is given up, and one is under way.
func (p *Plan) syncTime() time.Duration { return time.Duration(p.N+2)*p.AntiEntropy + noticing }

// settleUnread lets anti-entropy alone mend what no hint could reach. Then the homes
// agree, nothing is mended any more, and every tree is what its store makes (P5, P10).
func (w *world) settleUnread() {
	w.runUntil(w.now+w.plan.syncTime(), nil)
	for _, key := range w.check.keys {
		w.check.agree(key, w.ring.Homes([]byte(key)))
	}
	synced := w.check.synced
	w.runUntil(w.now+w.plan.syncTime(), nil)
	if n := w.check.synced - synced; n > 0 {
		w.check.fail("P5", "anti-entropy still mends %d replicas of the converged cluster", n)
	}
	for _, n := range w.names {
		w.hosts[n].rotten = false // whatever rotted was found
		w.check.audit(w.hosts[n])
	}
}

// auditEvery is the mean time between two looks at what nodes remember of their stores.
const auditEvery = 3 * time.Second

// auditLater checks P10, and P1 for what is on the disks, at random instants.
func (w *world) auditLater() {
	r := w.dice(forAudit)
	h := w.hosts[pick(r, w.names)]
	w.after(exp(r, auditEvery), func() {
		w.check.audit(h)
		w.check.hints(h)
		w.check.given(h)
		w.check.replicas(h)
		w.check.overrun(h)
		w.check.kept()
		w.auditLater()
	})
}

// replicas is P2 for what a node holds: a replica, and each hint, is siblings and nothing else.
func (c *checker) replicas(h *host) {
	for _, key := range c.keys {
		for _, r := range c.w.stored(h, key) {
			what := fmt.Sprintf("%s's replica of %s", h.name, key)
			if r.For != "" {
				what = fmt.Sprintf("%s's hint of %s for %s", h.name, key, r.For)
			}
			seen := c.falseOnes
			c.concurrent(what, key, idsOf(r.Versions))
			c.falseOnes = seen // only those that clients see are counted
		}
	}
}

// audit is P10: the trees that took every write as it came are those that the store makes.
func (c *checker) audit(h *host) {
	if !h.up || h.rotten {
		return
	}
	if err := h.node.Audit(); err != nil {
		c.fail("P10", "%s: %v", h.name, err)
	}
}

// awaitHints lets time pass until none of nodes keeps a hint for another, or until end.
func (w *world) awaitHints(nodes []string, end time.Duration) {
	const look = 100 * time.Millisecond
	for w.now < end && w.hintsAmong(nodes) != "" {
		w.runUntil(min(end, w.now+look), nil)
	}
}

// hintsAmong says which of nodes keeps a hint for another of them, "" if none does.
func (w *world) hintsAmong(nodes []string) string {
	for _, n := range nodes {
		left, home := 0, ""
		w.hosts[n].view().Scan(store.Hints, nil, nil, func(k, v []byte) bool {
			of, _, ok := record.SplitHintKey(k)
			if _, err := record.Decode(v); err == nil && ok && slices.Contains(nodes, string(of)) {
				left, home = left+1, string(of)
			}
			return true
		})
		if left > 0 {
			return fmt.Sprintf("%s keeps %d hints, one for %s", n, left, home)
		}
	}
	return ""
}

// readAll reads a key from r nodes.
func (w *world) readAll(key, via string, r int) outcome {
	op := w.ask(Op{Kind: "get", Key: key, Via: via, R: r})
	op.send(wire.GetRequest{Request: op.ID, Key: []byte(key), Quorum: wire.Quorum{R: r}})
	return w.await(op)
}

// ask makes an operation of the checker's own.
func (w *world) ask(o Op) *operation {
	w.check.lastID++
	o.ID = w.check.lastID
	return &operation{Op: o, w: w, done: func(wire.ClientReply) {}}
}

func (w *world) await(op *operation) outcome {
	w.runUntil(w.now+clientTimeout+time.Millisecond, func() bool { return op.ended > 0 })
	return op.outcome
}

// settleCore lets the core come to rest while the others stay broken: it takes
// writes, hands over its hints, and its homes agree.
func (w *world) settleCore() {
	core := w.plan.Core
	w.runUntil(w.now+noticing, nil)
	for i, key := range w.check.keys {
		w.probe(key, core[i%len(core)])
	}
	w.awaitHints(core, w.now+quiesce)
	if left := w.hintsAmong(core); left != "" {
		w.check.fail("P5", "%v after the last fault of the core %v, %s", quiesce, core, left)
	}
	rounds := 2
	if w.plan.AntiEntropy > 0 {
		w.runUntil(w.now+w.plan.syncTime(), nil)
		rounds = 0
	}
	for round := range rounds {
		for i, key := range w.check.keys {
			// A stand-in that knows nothing of a key is no proof that there is nothing, so
			// without a home in the core there may be no answer.
			r, homes := w.reach(key), w.coreHomes(key)
			via := core[i%len(core)]
			if w.readAll(key, via, max(r, 1)) != ok && round > 0 && len(homes) > 0 && !w.damaged(key, homes) && !w.doubtful(key, via) {
				w.check.fail("P5", "get of %s with R=%d via %s fails though its core %v is whole", key, r, via, core)
			}
		}
		w.runUntil(w.now+mending, nil)
	}
	for _, key := range w.check.keys {
		w.check.agree(key, w.coreHomes(key))
	}
}

// coreHomes are the homes of key in the core.
func (w *world) coreHomes(key string) []string {
	var out []string
	for _, h := range w.ring.Homes([]byte(key)) {
		if slices.Contains(w.plan.Core, h) {
			out = append(out, h)
		}
	}
	return out
}

// reach is how many nodes of the core hold, or can hold, replicas of key.
func (w *world) reach(key string) int {
	if w.plan.Quorum == StrictQuorum {
		return len(w.coreHomes(key))
	}
	return min(len(w.plan.Core), len(w.ring.Homes([]byte(key))))
}

// damaged says whether one of homes holds a record of key that fails its checksum:
// unless another home holds the key it cannot know what was in it.
func (w *world) damaged(key string, homes []string) bool {
	return slices.ContainsFunc(homes, func(h string) bool {
		b, _ := w.hosts[h].view().Get(store.Data, record.DataKey([]byte(key)))
		_, err := record.Decode(b)
		return b != nil && err != nil
	})
}

// doubtful says whether no node of the core holds anything of key, and a node outside the core might: via has a
// connection to it, and it does not answer. A get cannot tell then that there is no value (absence.go of package quorum).
func (w *world) doubtful(key, via string) bool {
	for _, name := range w.plan.Core {
		if len(w.check.held(w.hosts[name], key)) > 0 {
			return false
		}
	}
	return slices.ContainsFunc(w.names, func(name string) bool {
		return !slices.Contains(w.plan.Core, name) && !w.net.told[fault.Link{From: via, To: name}]
	})
}

// ruined says whether so many homes of key were damaged, and the rest holds so little, that nobody can tell what
// was there: until somebody puts, a read is refused rather than told that there is nothing.
func (w *world) ruined(key string, homes []string) bool {
	sound, held := 0, 0
	for _, h := range homes {
		if w.damaged(key, []string{h}) {
			continue
		}
		sound++
		for _, r := range w.stored(w.hosts[h], key) {
			held += len(r.Versions)
		}
	}
	return sound < len(homes)-1 && held == 0
}

// probe puts into a key through a node of the core: as long as it reaches W nodes
// there is no reason to refuse (§2: always writable), but for siblings or hints that have reached their limit.
func (w *world) probe(key, via string) {
	if w.reach(key) < w.plan.W {
		return
	}
	// Nodes are found to be silent one after the other, each at the cost of a patience: where they
	// may take all the time of a request the client tries again, and they are known by then.
	t := w.plan.timings()
	if silent := len(w.names) - len(w.plan.Core); silent >= int(t.Request/t.Patience) && w.tryPut(key, via) {
		return
	}
	if !w.tryPut(key, via) {
		w.check.fail("P5", "a put into %s with W=%d via %s fails though its core %v is whole", key, w.plan.W, via, w.plan.Core)
	}
}

// tryPut says whether a put succeeds, or is refused for a limit that was reached.
func (w *world) tryPut(key, via string) bool {
	op := w.ask(Op{Kind: "put", Key: key, Via: via, Context: Blind})
	full := false
	finished := op.done
	op.done = func(r wire.ClientReply) {
		p, isPut := r.(wire.PutReply)
		full = isPut && (p.Err == wire.TooLarge || w.plan.maxHints() > 0)
		finished(r)
	}
	op.send(wire.PutRequest{Request: op.ID, Key: []byte(key), Value: value(op.ID)})
	return w.await(op) == ok || full
}

// final checks the quiescent cluster.
func (c *checker) final() {
	for _, key := range c.keys {
		c.onlyAtHome(key)
		c.judge("in the end", key, idsOf(c.agree(key, c.w.ring.Homes([]byte(key)))))
	}
}

// judge checks what the homes of key hold, which agree, against what was acked.
func (c *checker) judge(when, key string, left []uint64) {
	c.concurrent(key, key, left)
	c.resurfacedIn(when, key, c.w.now, left, "its homes")
	for _, op := range c.byKey[key] {
		if op.Kind != "get" && op.outcome == ok && !c.carries(left, op.ID) && !c.gone(op) && !c.buried(op.ID) {
			c.missing(op, left)
		}
	}
}

// agree checks that homes of key hold the same (P5), and says what.
func (c *checker) agree(key string, homes []string) vclock.Siblings {
	var first vclock.Siblings
	for i, n := range homes {
		var s vclock.Siblings
		for _, r := range c.w.stored(c.w.hosts[n], key) {
			if r.For == "" {
				s = c.unburied(r.Versions)
			}
		}
		if i == 0 {
			first = s
		} else if !s.Equal(first) {
			c.fail("P5", "%s at %s is %v, at %s %v", key, homes[0], first, n, s)
		} else if !slices.Equal(idsOf(s), idsOf(first)) {
			c.fail("P6", "%s at %s is %v, at %s %v: the same clocks for other writes", key, homes[0], idsOf(first), n, idsOf(s))
		} else if !slices.EqualFunc(s, first, sameVersion) {
			c.fail("P6", "%s at %s and %s: the same dots for other pasts, times or requests", key, homes[0], n)
		}
	}
	return first
}

// sameVersion says whether two versions of one dot are the same in all else.
func sameVersion(a, b vclock.Version) bool {
	return a.Past.Equal(b.Past) && a.Time == b.Time && a.Request == b.Request && a.Deleted == b.Deleted
}

// gone excuses a write that was destroyed, or of which a descendant was: that one lives on in the contexts of
// clients, which supersede the write even where a disk has it again.
func (c *checker) gone(op *operation) bool {
	if c.excused[op.ID] {
		return true
	}
	for id := range c.excused {
		if c.descends(id, op.ID) {
			return true
		}
	}
	return false
}

// missing judges an acked write of which nothing is left.
func (c *checker) missing(op *operation, left []uint64) {
	ancestor := slices.IndexFunc(left, func(id uint64) bool { return c.descends(op.ID, id) })
	what := fmt.Sprintf("%s #%d of %s, acked by %v at %v,", op.Kind, op.ID, op.Key, op.acks, op.ended-start)
	switch {
	case c.w.plan.lww() && c.outlived(op, left):
		if c.lwwTold[op.ID] { // no node tells of an ordinary overwrite
			c.beaten[op.ID] = true
		}
	case op.Kind == "del" && ancestor >= 0:
		c.fail("P3", "%s is undone: #%d is back", what, left[ancestor])
	case op.Kind == "put" && c.swallowed(op, left):
		c.fail("P4", "%s was swallowed by a delete that it was put after; left is %v", what, left)
	default:
		c.fail("P1", "%s is lost; left is %v", what, left)
	}
}

// outlived says whether last write wins let a write win that it prefers, if only to be destroyed, or to be a
// delete whose tombstone is gone.
func (c *checker) outlived(op *operation, left []uint64) bool {
	return slices.ContainsFunc(c.byKey[op.Key], func(w *operation) bool {
		there := slices.Contains(left, w.ID) || c.excused[w.ID] || c.tombs.collected[w.ID] > 0
		return there && w != op && !c.descends(op.ID, w.ID) && beats(w.version, op.version)
	})
}

// swallowed says whether all that is left are deletes, and one of them was acked before the put began.
func (c *checker) swallowed(op *operation, left []uint64) bool {
	before := false
	for _, id := range left {
		d := c.ops[id]
		if d == nil || d.Kind != "del" {
			return false
		}
		before = before || d.ended > 0 && d.ended < op.began
	}
	return before
}
