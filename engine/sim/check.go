package sim

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"ringside/engine/ring"
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
	quiet      bool // P7 is checked
	keys       []string
	ops        map[uint64]*operation
	byKey      map[string][]*operation // as they began
	lastID     uint64
	violations []Violation
	dots       map[string]uint64        // key and dot → the put that minted it
	excused    map[uint64]bool          // writes whose every carrier was destroyed
	durable    map[uint64][]string      // write → nodes that were said to hold it durably, in plans with buffers
	sent       map[string]sentHint      // holder, home and key → what was sent home last
	handed     map[string]time.Duration // holder and key → when it last handed a hint or its replica over
	repairs    int                      // replicas that reads mended
	synced     int                      // replicas that anti-entropy mended
	falseOnes  int                      // versions held beside a descendant, where clocks are cut
	tombs      tombs
	stale      int // reads that lacked what was acked before
	lwwLost    int // acked writes that last write wins threw away
}

// A sentHint is what a stand-in handed over.
type sentHint struct {
	at  time.Duration
	ids []uint64
}

// maxViolations bounds what one run reports, but for the first of each property.
const maxViolations = 10

func newChecker(w *world) *checker {
	c := &checker{
		w: w, quiet: w.plan.quiet(), keys: w.plan.keys(), ops: map[uint64]*operation{}, byKey: map[string][]*operation{},
		tombs: newTombs(), dots: map[string]uint64{}, durable: map[uint64][]string{}, excused: map[uint64]bool{}, sent: map[string]sentHint{}, handed: map[string]time.Duration{},
	}
	for _, op := range w.plan.Ops {
		c.lastID = max(c.lastID, op.ID)
	}
	return c
}

func (c *checker) fail(property, format string, args ...any) {
	known := slices.ContainsFunc(c.violations, func(v Violation) bool { return v.Property == property })
	if len(c.violations) < maxViolations || !known {
		c.violations = append(c.violations, Violation{c.w.plan.Seed, property, fmt.Sprintf(format, args...)})
	}
}

// bits is a set of small numbers.
type bits []uint64

func (b *bits) add(i int) {
	for i/64 >= len(*b) {
		*b = append(*b, 0)
	}
	(*b)[i/64] |= 1 << (i % 64)
}

func (b *bits) union(o bits) {
	for i, x := range o {
		if i >= len(*b) {
			*b = append(*b, x)
		} else {
			(*b)[i] |= x
		}
	}
}

func (b bits) has(i int) bool { return i/64 < len(b) && b[i/64]&(1<<(i%64)) != 0 }

// begin enters an operation into the graph. Its parents ended before, so their
// ancestors are known.
func (c *checker) begin(op *operation) {
	op.place = len(c.byKey[op.Key])
	for id := range op.parents {
		if p := c.ops[id]; p != nil {
			op.past.union(p.past)
			op.past.add(p.place)
		}
	}
	c.ops[op.ID] = op
	c.byKey[op.Key] = append(c.byKey[op.Key], op)
}

// descends says whether write a has write b among its ancestors.
func (c *checker) descends(a, b uint64) bool {
	x, y := c.ops[a], c.ops[b]
	return x != nil && y != nil && x.Key == y.Key && x.past.has(y.place)
}

func (c *checker) carries(ids []uint64, id uint64) bool {
	return slices.ContainsFunc(ids, func(x uint64) bool { return x == id || c.descends(x, id) })
}

// event watches what nodes say they do.
func (c *checker) event(e trace.Event) {
	switch e.Kind {
	case trace.Coordinate:
		d := e.Versions[0].Dot
		k := string(e.Key) + " " + d.String()
		if other, ok := c.dots[k]; ok {
			c.fail("P6", "dot %v of %s was stamped on #%d and on #%d", d, e.Key, other, e.Request)
		}
		c.dots[k] = e.Request
	case trace.Ack:
		if c.w.plan.Buffer > 0 && e.Op != trace.OpBuffered {
			c.ackedDurably(e)
		}
	case trace.ReadRepair:
		c.repairs += min(1, len(c.unburied(e.Versions)))
	case trace.Stored:
		if e.Op == wire.AntiEntropy.String() {
			c.synced += min(1, len(c.unburied(e.Versions)))
		}
	case trace.TombstoneCollected:
		c.dropped(e)
	case trace.HintSent:
		c.sent[e.Node+" "+e.For+" "+string(e.Key)] = sentHint{c.w.now, idsOf(e.Versions)}
	case trace.HintDelivered:
		c.delivered(e)
	case trace.HintRefused:
		if c.w.plan.maxHints() > 0 {
			c.w.fault(string(fewHints))
		}
	}
}

// ackedDurably is P1 where nodes have buffers: what a node says that it holds durably is on
// its disk when the coordinator is told. The coordinator's own word is checked with the answer.
func (c *checker) ackedDurably(e trace.Event) {
	op := c.ops[e.Request]
	if op == nil {
		return
	}
	c.durable[op.ID] = append(c.durable[op.ID], e.Peer)
	if e.Peer != e.Node {
		c.onDisk(op, e.Peer)
	}
}

func (c *checker) onDisk(op *operation, node string) {
	h := c.w.hosts[node]
	if c.w.plan.lww() || c.excused[op.ID] || h.destroyed >= op.began {
		return
	}
	if !c.carries(c.heldIn(h.disk, op.Key), op.ID) && c.handed[node+" "+op.Key] < op.began && !c.superseded(op.ID) {
		c.fail("P1", "put #%d was acked as durable by %s, whose disk does not hold it", op.ID, node)
	}
}

// delivered is P9: a hint is dropped only once its home has it durably.
func (c *checker) delivered(e trace.Event) {
	k := e.Node + " " + e.For + " " + string(e.Key)
	s, home := c.sent[k], c.w.hosts[e.For]
	c.handed[e.Node+" "+string(e.Key)] = c.w.now
	delete(c.sent, k)
	if c.w.plan.lww() || home.destroyed >= s.at {
		return // a later write may have won there; what it had may be gone since
	}
	for _, id := range s.ids {
		if !c.has(home, string(e.Key), id, 0) {
			c.fail("P9", "%s dropped its hint for %s with #%d of %s, which %s does not hold", e.Node, e.For, id, e.Key, e.For)
		}
	}
}

// droppingHint is P9 once more, for what is on the disk or came before in the batch: a hint
// that changed while it was under way is not what its home has acked.
func (c *checker) droppingHint(h *host, dbKey []byte, before []store.Write) {
	b, _ := h.disk.Get(store.Hints, dbKey)
	for _, w := range before {
		if w.Space == store.Hints && bytes.Equal(w.Key, dbKey) {
			b = w.Value
		}
	}
	rec, err := wire.DecodeRecord(b)
	name, at, ok := bytes.Cut(dbKey, []byte{0})
	if !ok {
		return
	}
	key := string(at[len(ring.Position{}):])
	c.handed[h.name+" "+key] = c.w.now // the event comes after the replies of the same turn
	home := c.w.hosts[string(name)]
	if err != nil || home == nil || home.destroyed > 0 || c.w.plan.lww() || !h.node.Ring().Has(home.name) {
		return // damaged, or for a node that is gone
	}
	for _, id := range idsOf(rec.Siblings) {
		if !c.has(home, key, id, 0) {
			c.fail("P9", "%s drops its hint for %s with #%d of %s, which %s does not hold", h.name, home.name, id, key, home.name)
		}
	}
}

// superseded says whether some disk holds a descendant of a write, or one was destroyed:
// who has heard of it rightly refuses the write itself.
func (c *checker) superseded(id uint64) bool {
	op := c.ops[id]
	return c.buried(id) || op != nil && slices.ContainsFunc(c.byKey[op.Key], func(d *operation) bool {
		return c.descends(d.ID, id) && (c.excused[d.ID] || slices.ContainsFunc(c.w.names, func(n string) bool {
			return slices.Contains(c.held(c.w.hosts[n], op.Key), d.ID)
		}))
	})
}

// idOf tells which write made a version, by what the client put there.
func idOf(v vclock.Version) uint64 {
	if v.Deleted {
		return v.Request
	}
	id, _ := valueID(v.Value)
	return id
}

func idsOf(s vclock.Siblings) []uint64 {
	out := make([]uint64, len(s))
	for i, v := range s {
		out[i] = idOf(v)
	}
	return out
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
	if (op.Strict || p.Quorum == StrictQuorum) && !p.moves() { // or the node may know another ring
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
			c.fail("P8", "get #%d of %s returns #%d, which nobody wrote there", op.ID, op.Key, id)
			return
		case w.outcome == failed && w.ended > 0:
			c.fail("P8", "get #%d of %s returns #%d, which was refused for certain", op.ID, op.Key, id)
		}
	}
	c.concurrent(fmt.Sprintf("get #%d of %s", op.ID, op.Key), ids)
	c.resurfacedIn(fmt.Sprintf("get #%d", op.ID), op.Key, op.began, ids, "its client")
	c.sees(op, ids)
}

// maxKept is how many siblings a key can have in all: each coordinator refuses to
// add beyond wire.MaxSiblings, but those of a split cannot know of each other.
func (c *checker) maxKept() int { return wire.MaxSiblings * c.w.plan.Nodes }

// concurrent checks that none of the writes descends from another (P2: one too many),
// and that their number is bounded (P13).
func (c *checker) concurrent(what string, ids []uint64) {
	if len(ids) > c.maxKept() {
		c.fail("P13", "%s holds %d versions, the bound is %d", what, len(ids), c.maxKept())
	}
	if c.w.plan.lww() && len(ids) > 1 {
		c.fail("P2", "%s holds %d versions under last write wins", what, len(ids))
	}
	for i, a := range ids {
		for j, b := range ids {
			switch {
			case a == b || !c.descends(a, b):
			case c.w.plan.Truncate > 0: // what truncation costs: "descendant relationships cannot be derived accurately"
				c.falseOnes++
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
// in them nor superseded in them. Without faults and with R+W>N there are none (P7).
func (c *checker) sees(op *operation, ids []uint64) {
	if c.w.plan.lww() {
		return
	}
	stale := 0
	for _, w := range c.byKey[op.Key] {
		if w.Kind == "get" || w.outcome != ok || w.ended >= op.began || c.carries(ids, w.ID) || c.buried(w.ID) {
			continue
		}
		stale = 1
		if c.quiet {
			c.fail("P7", "get #%d of %s lacks #%d, which was acked before", op.ID, op.Key, w.ID)
		}
	}
	c.stale += stale
}

// acked checks the answer to a put.
func (c *checker) acked(op *operation, r wire.PutReply) {
	c.quorum(op, "P1", r.Acks, op.W, c.w.plan.W)
	if r.Siblings > wire.MaxSiblings {
		c.fail("P13", "put #%d was acked by a coordinator that holds %d siblings, its limit is %d", op.ID, r.Siblings, wire.MaxSiblings)
	}
	op.copies = copies(r)
	if c.excused[op.ID] {
		return
	}
	for _, node := range r.Acks { // persist before ack, as seen from outside
		if c.w.plan.Buffer > 0 && slices.Contains(c.durable[op.ID], node) {
			c.onDisk(op, node)
		}
		h := c.w.hosts[node]
		if !h.up || h.destroyed > 0 || h.lostAt >= op.began {
			continue
		}
		held := c.held(h, op.Key)
		other := slices.ContainsFunc(held, func(id uint64) bool { return !c.descends(op.ID, id) })
		switch {
		case c.carries(held, op.ID) || c.handed[node+" "+op.Key] >= op.began || c.superseded(op.ID):
		case !c.w.plan.lww():
			c.fail("P1", "%s #%d was acked by %s, whose disk does not hold it", op.Kind, op.ID, node)
		case !other: // a concurrent write may have won, but not what this one was put over
			c.fail("P1", "%s #%d was acked by %s, which holds %v that it was put over", op.Kind, op.ID, node, held)
		}
	}
}

// copies is on how many nodes an acked write stays at least: what two stand-ins keep for
// one home comes to be one copy.
func copies(r wire.PutReply) int {
	at := slices.Clone(r.Acks)
	for _, h := range r.Hinted {
		if i := slices.Index(at, h.Holder); i >= 0 {
			at[i] = h.For
		}
	}
	slices.Sort(at)
	return len(slices.Compact(at))
}

// kept is P1 while the run goes on. An acked write that nobody has put anything over is on
// as many disks as acked it, but for those that were made to lose something. Of one that has
// descendants, it and they are on as many as the least of the key's acks asks for: the
// context that came with an ack covers what its coordinator knew to be superseded, by
// versions that are just where that put was acked.
func (c *checker) kept() {
	if c.w.plan.lww() {
		return
	}
	for _, key := range c.keys {
		var overwritten bits
		least := len(c.w.names)
		for _, op := range c.byKey[key] {
			overwritten.union(op.past)
			if op.copies > 0 {
				least = min(least, op.copies)
			}
		}
		held := make([][]uint64, len(c.w.names))
		for i, n := range c.w.names {
			held[i] = c.held(c.w.hosts[n], key)
		}
		for _, op := range c.byKey[key] {
			want := op.copies
			if overwritten.has(op.place) {
				want = min(want, least)
			}
			c.keptOn(op, held, want-c.destroyedSince(op.began))
		}
	}
}

// keptOn checks that at least want of the disks hold op or a descendant.
func (c *checker) keptOn(op *operation, held [][]uint64, want int) {
	for _, ids := range held {
		if want <= 0 {
			return
		}
		if c.carries(ids, op.ID) {
			want--
		}
	}
	if want > 0 && !c.buried(op.ID) {
		c.fail("P1", "%s #%d of %s, acked by %v, is on %d disks too few", op.Kind, op.ID, op.Key, op.acks, want)
	}
}

// destroyedSince counts the nodes whose disks or buffers lost something since.
func (c *checker) destroyedSince(since time.Duration) int {
	count := 0
	for _, n := range c.w.names {
		if c.w.hosts[n].lostAt >= since {
			count++
		}
	}
	return count
}

// inbox is P13 for what waits for a node.
func (c *checker) inbox(h *host) {
	if len(h.inbox) > maxInbox {
		c.fail("P13", "%d inputs wait for %s, the bound is %d", len(h.inbox), h.name, maxInbox)
	}
}

// hints is P13 for what a node keeps for others.
func (c *checker) hints(h *host) {
	most, kept := c.w.plan.maxHints(), 0
	if most == 0 {
		return // no run comes near
	}
	h.disk.Scan(store.Hints, nil, nil, func(_, _ []byte) bool { kept++; return true })
	if kept > most {
		c.fail("P13", "%s keeps %d hints, the bound is %d", h.name, kept, most)
	}
}

// framed is P13 for a message, and gives back what its receiver makes of the frame.
func (c *checker) framed(m wire.Message) wire.Message {
	b, err := wire.AppendMessage(nil, m)
	if err == nil && len(b) > wire.MaxFrame {
		err = fmt.Errorf("a frame of %d bytes, the bound is %d", len(b), wire.MaxFrame)
	}
	var got wire.Message
	if err == nil {
		got, err = wire.ParseMessage(b)
	}
	if err == nil {
		if again, _ := wire.AppendMessage(nil, got); !bytes.Equal(b, again) {
			err = errors.New("it is another one after the wire")
		}
	}
	if err != nil {
		c.fail("P13", "%T from %s to %s cannot be sent: %v", m.Body, m.From, m.To, err)
		return m
	}
	return got
}

// held lists the writes of key that a host holds in any role, on its disk or in its buffer.
func (c *checker) held(h *host, key string) []uint64 { return c.heldIn(h.view(), key) }

func (c *checker) heldIn(from store.Reader, key string) []uint64 {
	var ids []uint64
	for _, r := range c.w.storedIn(from, key) {
		ids = append(ids, idsOf(r.Versions)...)
	}
	return ids
}

// stored reads what a host holds of key, as a home and as a stand-in. What is damaged
// counts as not there.
func (w *world) stored(h *host, key string) []trace.Replica { return w.storedIn(h.view(), key) }

func (w *world) storedIn(from store.Reader, key string) []trace.Replica {
	var out []trace.Replica
	at := ring.Of([]byte(key))
	suffix := string(at[:]) + key
	if b, _ := from.Get(store.Data, []byte(suffix)); b != nil {
		if rec, err := wire.DecodeRecord(b); err == nil {
			out = append(out, trace.Replica{Versions: rec.Siblings})
		}
	}
	from.Scan(store.Hints, nil, nil, func(k, v []byte) bool {
		if n := len(k) - len(suffix) - 1; n > 0 && string(k[n+1:]) == suffix {
			if rec, err := wire.DecodeRecord(v); err == nil {
				out = append(out, trace.Replica{For: string(k[:n]), Versions: rec.Siblings})
			}
		}
		return true
	})
	return out
}

// destroying runs do, which destroys something on h's disk, and excuses the writes
// of which h held the last copy.
func (c *checker) destroying(h *host, do func()) {
	c.losing(h, do)
	h.destroyed = c.w.now
}

// losing is destroying for what was never on a disk: h goes without its buffer.
func (c *checker) losing(h *host, do func()) {
	before := map[string][]uint64{}
	for _, key := range c.keys {
		before[key] = c.held(h, key)
	}
	do()
	h.lostAt = c.w.now
	for _, key := range c.keys {
		c.excuse(key, before[key])
		c.undo(before[key], c.held(h, key))
	}
}

// excuse excuses those of ids, and of their ancestors, that no disk carries any more.
func (c *checker) excuse(key string, ids []uint64) {
	if len(ids) == 0 {
		return
	}
	var left []uint64
	for _, n := range c.w.names {
		left = append(left, c.held(c.w.hosts[n], key)...)
	}
	for _, op := range c.byKey[key] {
		if c.carries(ids, op.ID) && !c.carries(left, op.ID) {
			c.excused[op.ID] = true
		}
	}
}
