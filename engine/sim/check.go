package sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/wire"
)

// The checker is told what clients do, and what nodes say that they do. The properties that hang
// on no more than one answer are here; the others have files of their own.

// A Violation is a property that did not hold.
type Violation struct {
	Seed     uint64  `json:"seed"`
	Property string  `json:"property"` // P1 to P14: see Properties
	Detail   string  `json:"detail"`
	At       float64 `json:"at_s"` // virtual seconds since the run began
}

type checker struct {
	w          *world
	quiet      bool // P7 is checked
	keys       []string
	ops        map[uint64]*operation
	byKey      map[string][]*operation // as they began
	planned    uint64                  // the highest number of an operation of the plan; those above are the checker's own
	lastID     uint64
	violations []Violation
	dots       map[string]uint64        // key and dot → the put that minted it
	excused    map[uint64]bool          // writes whose every carrier was destroyed
	lost       map[uint64]*bits         // write → hosts that were made to lose it, or a descendant of it
	fewest     int                      // homes that a key has had at least
	durable    map[uint64][]string      // write → nodes that were said to hold it durably, in plans with buffers
	sent       map[string]sentHint      // holder, home and key → what was sent home last
	handed     map[string]time.Duration // holder and key → when it last handed a hint or its replica over
	restarts   map[string]int           // key → how often a node may have begun to count its siblings from nothing
	leaving    map[string][]string      // holder and key → homes of a range that a node with a buffer dropped last
	repairs    int                      // replicas that reads mended
	synced     int                      // replicas that anti-entropy mended
	falseOnes  int                      // versions held beside a descendant, where clocks are cut
	taken      map[uint64]bool          // writes of which some copy was destroyed
	lossAt     map[string]time.Duration // host → when it was made to lose something last
	cut        map[string]bool          // keys of which a clock was cut
	tombs      tombs
	stale      int             // reads that lacked what was acked before
	beaten     map[uint64]bool // acked writes that last write wins lost, by design (P14)
	lwwTold    map[uint64]bool // writes that a node told to be lost to last write wins
}

// maxViolations bounds what one run reports, but for the first of each property.
const maxViolations = 10

func newChecker(w *world) *checker {
	c := &checker{
		w: w, quiet: w.plan.quiet(), keys: w.plan.keys(), ops: map[uint64]*operation{}, byKey: map[string][]*operation{},
		tombs: newTombs(), dots: map[string]uint64{}, durable: map[uint64][]string{}, excused: map[uint64]bool{}, lost: map[uint64]*bits{}, fewest: w.plan.N, sent: map[string]sentHint{}, handed: map[string]time.Duration{}, restarts: map[string]int{}, leaving: map[string][]string{}, beaten: map[uint64]bool{}, lwwTold: map[uint64]bool{}, lossAt: map[string]time.Duration{}, taken: map[uint64]bool{}, cut: map[string]bool{},
	}
	for _, op := range w.plan.Ops {
		c.planned = max(c.planned, op.ID)
	}
	c.lastID = c.planned
	return c
}

func (c *checker) fail(property, format string, args ...any) {
	v := Violation{c.w.plan.Seed, property, fmt.Sprintf(format, args...), (c.w.now - start).Seconds()}
	again := slices.ContainsFunc(c.violations, func(o Violation) bool { return o.Property == property && o.Detail == v.Detail })
	known := slices.ContainsFunc(c.violations, func(o Violation) bool { return o.Property == property })
	if again || len(c.violations) >= maxViolations && known {
		return
	}
	c.violations = append(c.violations, v)
	c.w.tell(event.Event{Kind: event.Violated, Message: property + ": " + v.Detail})
}

// event watches what nodes say they do.
func (c *checker) event(e event.Event) {
	switch e.Kind {
	case event.Coordinate:
		d := e.Versions[0].Dot
		k := string(e.Key) + " " + d.String()
		if other, ok := c.dots[k]; ok {
			c.fail("P6", "dot %v of %s was stamped on #%d and on #%d", d, e.Key, other, e.Request)
		}
		c.dots[k] = e.Request
		if op := c.ops[e.Request]; op != nil {
			op.version = e.Versions[0]
			c.clocked(op)
		}
	case event.Truncated:
		c.cut[string(e.Key)] = true
	case event.Ack:
		c.hears(e)
		if c.w.plan.Buffer > 0 && e.Op != event.OpBuffered {
			c.ackedDurably(e)
		}
	case event.LWWLost:
		for _, v := range e.Versions {
			c.lwwTold[v.Request] = true
		}
	case event.ReadRepair:
		c.repairs += min(1, len(c.unburied(e.Versions)))
	case event.Stored:
		if e.Op == wire.AntiEntropy.String() {
			c.synced += min(1, len(c.unburied(e.Versions)))
		}
	case event.RangeDropped:
		c.drops(c.w.hosts[e.Node], *e.Span)
	case event.RangeReady:
		c.given(c.w.hosts[e.Node])
	case event.Departed:
		c.departed(c.w.hosts[e.Node])
	case event.TombstoneCollected:
		c.dropped(e)
	case event.HintSent:
		c.sent[e.Node+" "+e.For+" "+string(e.Key)] = sentHint{c.w.now, idsOf(e.Versions)}
	case event.HintDelivered:
		c.delivered(e)
	case event.HintStored:
		c.hints(c.w.hosts[e.Node])
	case event.HintRefused:
		if c.w.plan.maxHints() > 0 {
			c.w.fault(string(fewHints))
		}
	}
}

// distinct says whether no node stands in a list twice.
func distinct(nodes []string) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(nodes)))) == len(nodes)
}

// quorum checks that as many nodes count as the client or the cluster asked for, none of them
// twice, and under a strict quorum only homes: what P1 and P7 rest upon.
func (c *checker) quorum(op *operation, property string, nodes []string, own, usual int) {
	p := c.w.plan
	if want := min(cmp.Or(own, usual), p.N, p.Nodes); len(nodes) < want {
		c.fail(property, "%s #%d succeeds with %v, the quorum is %d", op.Kind, op.ID, nodes, want)
	}
	if !distinct(nodes) {
		c.fail("P13", "%s #%d counts a replica twice: %v", op.Kind, op.ID, nodes)
	}
	if c.strict(op) && !p.moves() { // or the node may know another ring
		homes := c.w.ring.Homes([]byte(op.Key))
		if i := slices.IndexFunc(nodes, func(n string) bool { return !slices.Contains(homes, n) }); i >= 0 {
			c.fail(property, "%s #%d is strict, and counts %s, which is no home of %s", op.Kind, op.ID, nodes[i], op.Key)
		}
	}
}

// read checks one answer to a get.
func (c *checker) read(op *operation, r wire.GetReply) {
	c.quorum(op, "P7", r.Replied, op.R, c.w.plan.R)
	ids := idsOf(slices.Concat(r.Siblings, r.Tombstones))
	op.read = ids[:len(r.Siblings)]
	for i, id := range ids {
		w := c.ops[id]
		switch {
		case w == nil || w.Key != op.Key || w.Kind == "get" || (w.Kind == "del") != (i >= len(r.Siblings)):
			c.fail("P8", "%s returns #%d, which nobody wrote there", c.name(op), id)
			return
		case w.outcome == failed && w.ended > 0:
			c.fail("P8", "%s returns #%d, which was refused for certain", c.name(op), id)
		}
	}
	c.concurrent(c.name(op), op.Key, ids)
	view, glances := c.settledView(op, append(slices.Clone(r.Replied), r.Coordinator)), op.glances
	c.w.after(0, func() { // events of the step that answered come after the answer
		c.sealed(op, r.Context, ids)
		c.shows(op, r, view, glances)
		c.absent(op, r, glances)
	})
	c.resurfacedIn(fmt.Sprintf("get #%d", op.ID), op.Key, op.began, ids, "its client")
	c.sees(op, ids, r)
}

// name is what an operation is called in reports.
func (c *checker) name(op *operation) string {
	if op.ID > c.planned {
		return fmt.Sprintf("the checker's own %s #%d of %s", op.Kind, op.ID, op.Key)
	}
	return fmt.Sprintf("%s #%d of %s", op.Kind, op.ID, op.Key)
}

// concurrent checks that none of the writes descends from another (P2: one too many),
// and that their number is bounded (P13).
func (c *checker) concurrent(what, key string, ids []uint64) {
	if most := c.mostKept(key); len(ids) > most {
		c.fail("P13", "%s holds %d versions, the bound is %d", what, len(ids), most)
	}
	if c.w.plan.lww() && len(ids) > 1 {
		c.fail("P2", "%s holds %d versions under last write wins", what, len(ids))
	}
	for i, a := range ids {
		for j, b := range ids {
			switch {
			case a == b || !c.descends(a, b):
			case c.cut[key]: // what truncation costs: "descendant relationships cannot be derived accurately"
				c.falseOnes++
			case c.w.plan.Truncate > 0: // the answer may come before the checker has heard of a cut in the same step
				c.w.after(0, func() {
					if !c.cut[key] {
						c.fail("P2", "%s holds #%d and its ancestor #%d, and no clock was cut", what, a, b)
					}
				})
			default:
				c.fail("P2", "%s holds #%d and its ancestor #%d", what, a, b)
			}
			if a == b && i < j {
				c.fail("P2", "%s holds #%d twice", what, a)
			}
		}
	}
}

// sees counts the reads that are stale: something that was acked before they began is neither
// in them nor superseded in them. Without faults and with R+W>N there are none (P7). Under last write
// wins a later time supersedes; whose time is later only the nodes know, so that is counted and no more.
func (c *checker) sees(op *operation, ids []uint64, r wire.GetReply) {
	newest := int64(-1)
	for _, v := range slices.Concat(r.Siblings, r.Tombstones) {
		newest = max(newest, v.Time)
	}
	stale := 0
	for _, w := range c.byKey[op.Key] {
		superseded := c.carries(ids, w.ID) || c.w.plan.lww() && w.version.Time <= newest
		if w.Kind == "get" || w.outcome != ok || w.ended >= op.began || superseded || c.buried(w.ID) {
			continue
		}
		stale = 1
		if c.quiet && !c.w.plan.lww() {
			c.fail("P7", "%s lacks #%d, which was acked before", c.name(op), w.ID)
		}
	}
	if op.ID <= c.planned { // the checker's own gets choose a quorum for themselves
		c.stale += stale
	}
}

// refused checks the answer to a put that did not succeed.
func (c *checker) refused(op *operation, r wire.PutReply) {
	if r.Err == wire.TooLarge && c.w.plan.maxSiblings() > 0 {
		c.w.fault(string(fewSiblings))
	}
}

// acked checks the answer to a put.
func (c *checker) acked(op *operation, r wire.PutReply) {
	c.quorum(op, "P1", r.Acks, op.W, c.w.plan.W)
	if held := r.Siblings + r.Deletes; held > c.mostSiblings() {
		c.fail("P13", "put #%d was acked by a coordinator that holds %d siblings, its limit is %d", op.ID, held, c.mostSiblings())
	}
	if op.Of != "" {
		c.fail("P6", "%s #%d of %s was taken with a context of %s", op.Kind, op.ID, op.Key, op.Of)
	}
	if op.version.Dot.Counter == 0 { // the event of the same step comes after the answer
		op.version = r.Version
	}
	op.view = c.settledView(op, append(slices.Clone(r.Acks), r.Coordinator))
	op.known = op.view
	if op.view != nil && !op.view.history.Covers(c.w.history) {
		op.view = nil // a change that none of them knew was spreading
	}
	for _, node := range r.Acks {
		op.heldBy(node)
	}
	c.w.after(0, func() { c.sealed(op, r.Context, []uint64{op.ID}) })
	op.copies = copies(r)
	if c.excused[op.ID] {
		return
	}
	for _, node := range r.Acks { // persist before ack, as seen from outside
		if c.w.plan.Buffer > 0 && slices.Contains(c.durable[op.ID], node) {
			c.onDisk(op, node)
		}
		h := c.w.hosts[node]
		if !h.up || c.lostBy(h, op.ID) {
			continue
		}
		held := c.held(h, op.Key)
		other := slices.ContainsFunc(held, func(id uint64) bool { return !c.descends(op.ID, id) })
		switch {
		case c.carries(held, op.ID) || c.handed[node+" "+op.Key] >= op.began || c.refuses(h, op.Key, op.ID):
		case !c.w.plan.lww():
			c.fail("P1", "%s #%d was acked by %s, whose disk does not hold it", op.Kind, op.ID, node)
		case !other: // a concurrent write may have won, but not what this one was put over
			c.fail("P1", "%s #%d was acked by %s, which holds %v that it was put over", op.Kind, op.ID, node, held)
		}
	}
}
