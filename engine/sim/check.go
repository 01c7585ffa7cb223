package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/engine/store"
	"ringside/engine/trace"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// The checker keeps its own causal graph: a write's parents are the writes that its
// client had read when it took the context. What the store's clocks say is no evidence.

// A Violation is a property that did not hold.
type Violation struct {
	Seed     uint64 `json:"seed"`
	Property string `json:"property"` // P1 to P14
	Detail   string `json:"detail"`
}

type checker struct {
	w          *world
	ops        []*operation // by id-1
	violations []Violation
	dots       map[string]uint64 // key and dot → the put that minted it
	excused    map[uint64]bool   // writes whose every carrier was destroyed
	mended     int               // replicas that read repair and anti-entropy mended
}

// maxViolations bounds what one run reports; the first one counts.
const maxViolations = 10

func newChecker(w *world) *checker {
	return &checker{w: w, dots: map[string]uint64{}, excused: map[uint64]bool{}}
}

func (c *checker) fail(property, format string, args ...any) {
	if len(c.violations) < maxViolations {
		c.violations = append(c.violations, Violation{c.w.opt.Seed, property, fmt.Sprintf(format, args...)})
	}
}

func (c *checker) op(id uint64) *operation {
	if id == 0 || id > uint64(len(c.ops)) {
		return nil
	}
	return c.ops[id-1]
}

// event watches what nodes say they do.
func (c *checker) event(e trace.Event) {
	switch {
	case e.Kind == trace.Stored && (e.Op == wire.AntiEntropy.String() || e.Op == wire.ReadRepair.String()):
		c.mended++
	case e.Kind == trace.Coordinate:
		c.minted(e)
	}
}

// minted watches for P6.
func (c *checker) minted(e trace.Event) {
	d := e.Versions[0].Dot
	k := string(e.Key) + " " + d.String()
	if other, ok := c.dots[k]; ok {
		c.fail("P6", "dot %v of %s was stamped on #%d and on #%d", d, e.Key, other, e.Request)
	}
	c.dots[k] = e.Request
}

// idOf tells which write made a version, by what the client put there.
func idOf(v vclock.Version) uint64 {
	if v.Deleted {
		return v.Request
	}
	id, _ := valueID(v.Value)
	return id
}

// read checks one answer to a get.
func (c *checker) read(op *operation, r wire.GetReply) {
	if n := len(slices.Compact(slices.Sorted(slices.Values(r.Replied)))); n != len(r.Replied) {
		c.fail("P13", "get #%d counts a replica twice: %v", op.id, r.Replied)
	}
	all := slices.Concat(r.Siblings, r.Tombstones)
	ids := make([]uint64, len(all))
	for i, v := range all {
		ids[i] = idOf(v)
		w := c.op(ids[i])
		switch {
		case w == nil || w.key != op.key || w.kind == "get":
			c.fail("P8", "get #%d of %s returns %q, which nobody wrote there", op.id, op.key, v.Value)
			return
		case w.outcome == failed:
			c.fail("P8", "get #%d of %s returns #%d, which was refused for certain", op.id, op.key, ids[i])
		}
	}
	c.concurrent(fmt.Sprintf("get #%d of %s", op.id, op.key), ids)
	if c.w.opt.quiet() {
		c.sees(op, ids)
	}
}

// concurrent checks that none of the writes descends from another (P2: one too many).
func (c *checker) concurrent(what string, ids []uint64) {
	if c.w.opt.LWW && len(ids) > 1 {
		c.fail("P2", "%s holds %d versions under last write wins", what, len(ids))
	}
	for _, a := range ids {
		for _, b := range ids {
			if a != b && c.descends(a, b) {
				c.fail("P2", "%s holds #%d and its ancestor #%d", what, a, b)
			}
			if a == b && countOf(ids, a) > 1 {
				c.fail("P2", "%s holds #%d twice", what, a)
			}
		}
	}
}

func countOf(ids []uint64, id uint64) int {
	k := 0
	for _, x := range ids {
		if x == id {
			k++
		}
	}
	return k
}

// descends says whether write a has write b among its ancestors.
func (c *checker) descends(a, b uint64) bool {
	seen := map[uint64]bool{}
	stack := []uint64{a}
	for len(stack) > 0 {
		op := c.op(stack[len(stack)-1])
		stack = stack[:len(stack)-1]
		if op == nil {
			continue
		}
		for p := range op.parents {
			if p == b {
				return true
			}
			if !seen[p] {
				seen[p] = true
				stack = append(stack, p)
			}
		}
	}
	return false
}

// sees is P7, for runs without faults and with R+W>N: whatever was acked
// before the read began is in it, or superseded in it.
func (c *checker) sees(op *operation, ids []uint64) {
	if c.w.opt.LWW {
		return
	}
	for _, w := range c.ops {
		if w.key != op.key || w.kind == "get" || w.outcome != ok || w.ended >= op.began {
			continue
		}
		if !c.carries(ids, w.id) {
			c.fail("P7", "get #%d of %s lacks #%d, which was acked before", op.id, op.key, w.id)
		}
	}
}

func (c *checker) carries(ids []uint64, id uint64) bool {
	return slices.ContainsFunc(ids, func(x uint64) bool { return x == id || c.descends(x, id) })
}

// acked checks the answer to a put.
func (c *checker) acked(op *operation, r wire.PutReply) {
	if n := len(slices.Compact(slices.Sorted(slices.Values(r.Acks)))); n != len(r.Acks) || n == 0 {
		c.fail("P13", "put #%d counts acks %v", op.id, r.Acks)
	}
	for _, node := range r.Acks { // persist before ack, as seen from outside
		if h := c.w.hosts[node]; h.up && !c.carries(c.held(h, op.key), op.id) && !c.excused[op.id] && !c.w.opt.LWW && !c.superseded(h, op) {
			c.fail("P1", "put #%d was acked by %s, whose disk does not hold it", op.id, node)
		}
	}
}

// superseded allows for a holder that merged a descendant, handed a hint over,
// or lost its disk, between its ack and the client's answer.
func (c *checker) superseded(h *host, op *operation) bool {
	return h.destroyed || slices.ContainsFunc(c.w.names, func(n string) bool {
		return n != h.name && c.carries(c.held(c.w.hosts[n], op.key), op.id)
	})
}

// held lists the writes of key that a host's disk holds in any role.
func (c *checker) held(h *host, key string) []uint64 {
	var ids []uint64
	for _, s := range c.w.stored(h, key) {
		for _, v := range s {
			ids = append(ids, idOf(v))
		}
	}
	return ids
}

// stored reads the siblings that a host's disk holds of key, as a home and as a stand-in.
func (w *world) stored(h *host, key string) []vclock.Siblings {
	var out []vclock.Siblings
	for _, s := range []store.Space{store.Data, store.Hints} {
		h.disk.Scan(s, nil, nil, func(k, v []byte) bool {
			if strings.HasSuffix(string(k), key) {
				if rec, err := wire.DecodeRecord(v); err == nil {
					out = append(out, rec.Siblings)
				}
			}
			return true
		})
	}
	return out
}

// destroying runs do, which destroys something on h's disk, and excuses the writes
// of which h held the last copy.
func (c *checker) destroying(h *host, do func()) {
	before := c.carried()
	do()
	after := c.carried()
	for id := range before {
		if !after[id] {
			c.excused[id] = true
		}
	}
	h.destroyed = true
}

// carried lists the writes that some disk holds, or holds a descendant of.
func (c *checker) carried() map[uint64]bool {
	out := map[uint64]bool{}
	for i := range c.w.opt.Keys {
		key := fmt.Sprintf("key%d", i)
		for _, n := range c.w.names {
			for _, id := range c.held(c.w.hosts[n], key) {
				c.addAncestors(out, id)
			}
		}
	}
	return out
}

func (c *checker) addAncestors(out map[uint64]bool, id uint64) {
	if out[id] {
		return
	}
	out[id] = true
	if op := c.op(id); op != nil {
		for p := range op.parents {
			c.addAncestors(out, p)
		}
	}
}

// final checks the quiescent cluster.
func (c *checker) final() {
	for i := range c.w.opt.Keys {
		key := fmt.Sprintf("key%d", i)
		ids := c.converged(key)
		c.concurrent(key, ids)
		for _, op := range c.ops {
			if op.key != key || op.kind == "get" || op.outcome != ok || c.excused[op.id] || c.w.opt.LWW {
				continue
			}
			if !c.carries(ids, op.id) && !c.ancestorOfExcused(op.id) {
				c.fail("P1", "%s #%d of %s was acked by %v at %v, and is lost; left is %v", op.kind, op.id, key, op.acks, op.ended-start, ids)
			}
		}
	}
	for _, n := range c.w.names {
		c.hintsLeft(c.w.hosts[n])
		if c.w.opt.mends() {
			c.w.hosts[n].rotten = false // whatever rotted was found
		}
		c.audit(c.w.hosts[n])
	}
}

// audit is P10: the tree that took every write as it came is the one that its store makes.
func (c *checker) audit(h *host) {
	if !h.up || h.rotten {
		return
	}
	if err := h.node.Audit(); err != nil {
		c.fail("P10", "%s: %v", h.name, err)
	}
}

// ancestorOfExcused: a write that a destroyed write had superseded went with it.
func (c *checker) ancestorOfExcused(id uint64) bool {
	for x := range c.excused {
		if c.descends(x, id) {
			return true
		}
	}
	return false
}

// converged checks that all homes of key hold the same (P5), and says what.
func (c *checker) converged(key string) []uint64 {
	homes := c.w.ring.Homes([]byte(key))
	var first vclock.Siblings
	for i, n := range homes {
		var s vclock.Siblings
		for _, x := range c.w.stored(c.w.hosts[n], key) {
			s = s.Merge(x)
		}
		if i == 0 {
			first = s
		} else if !s.Equal(first) {
			c.fail("P5", "%s at %s is %v, at %s %v", key, homes[0], first, n, s)
		}
	}
	ids := make([]uint64, len(first))
	for i, v := range first {
		ids[i] = idOf(v)
	}
	return ids
}

func (c *checker) hintsLeft(h *host) {
	left := 0
	h.disk.Scan(store.Hints, nil, nil, func(_, v []byte) bool {
		if _, err := wire.DecodeRecord(v); err == nil {
			left++
		}
		return true
	})
	if left > 0 {
		c.fail("P5", "%s still keeps %d hints %v after the last fault", h.name, left, quiesce)
	}
}

// quiesce is how long the cluster may take to converge once faults have ended.
const quiesce = 30 * time.Second
