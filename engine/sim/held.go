package sim

// P1 while the run goes on: what the disks hold of the writes that were acked, and which of them
// are excused because all that held them was destroyed.

import (
	"bytes"
	"slices"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// kept is P1 while the run goes on. An acked write that nobody has put anything over is on
// as many disks as acked it, but for those that were made to lose it and for a ring that has become smaller. Of one that has
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
			want := min(op.copies, c.fewest)
			if overwritten.has(op.place) {
				want = min(want, least)
			}
			c.keptOn(op, held, want-c.lost[op.ID].count())
		}
	}
}

// keptOn checks that at least want of the disks hold op or a descendant.
func (c *checker) keptOn(op *operation, held [][]uint64, want int) {
	on := 0
	for _, ids := range held {
		if on >= want {
			return
		}
		if c.carries(ids, op.ID) {
			on++
		}
	}
	if on < want && !c.buried(op.ID) && !c.gone(op) {
		c.fail("P1", "%s, acked by %v, or what supersedes it should be on %d disks, and is on %d", c.name(op), op.acks, want, on)
	}
}

// countHomes notes how few homes a key may have, as any member knows the ring.
func (c *checker) countHomes() {
	for _, n := range c.w.names {
		if h := c.w.hosts[n]; h.up && h.node.Ring().Has(n) {
			c.fewest = min(c.fewest, len(h.node.Ring().Members()))
		}
	}
}

// lostBy says whether h was made to lose a write, or a descendant of it, after it had held it.
func (c *checker) lostBy(h *host, id uint64) bool { return c.lost[id].has(int(h.id)) }

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

// ackedDurably is P1 where nodes have buffers: what a node says that it holds durably is on
// its disk when the coordinator is told. The coordinator's own word is checked with the answer.
func (c *checker) ackedDurably(e event.Event) {
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
	if c.w.plan.lww() || c.excused[op.ID] || c.lostBy(h, op.ID) {
		return
	}
	if !c.carries(c.heldIn(h.disk, op.Key), op.ID) && c.handed[node+" "+op.Key] < op.began && !c.refuses(h, op.Key, op.ID) {
		c.fail("P1", "put #%d was acked as durable by %s, whose disk does not hold it", op.ID, node)
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

// refuses says whether h may go without a write that it was given because it, or who told it, had heard of a
// descendant: then it holds something of the key, unless that was collected.
func (c *checker) refuses(h *host, key string, id uint64) bool {
	return c.buried(id) || c.superseded(id) && len(c.held(h, key)) > 0
}

// held lists the writes of key that a host holds in any role, on its disk or in its buffer.
func (c *checker) held(h *host, key string) []uint64 { return c.heldIn(h.view(), key) }

func (c *checker) heldIn(from store.Reader, key string) []uint64 {
	return idsIn(c.w.storedIn(from, key))
}

func idsIn(replicas []event.Replica) []uint64 {
	var ids []uint64
	for _, r := range replicas {
		ids = append(ids, idsOf(r.Versions)...)
	}
	return ids
}

// stored reads what a host holds of key, as a home and as a stand-in. What is damaged
// counts as not there.
func (w *world) stored(h *host, key string) []event.Replica { return w.storedIn(h.view(), key) }

func (w *world) storedIn(from store.Reader, key string) []event.Replica {
	var out []event.Replica
	dataKey := record.DataKey([]byte(key))
	if b, _ := from.Get(store.Data, dataKey); b != nil {
		if rec, err := record.Decode(b); err == nil {
			out = append(out, event.Replica{Versions: rec.Siblings})
		}
	}
	from.Scan(store.Hints, nil, nil, func(k, v []byte) bool {
		if home, of, ok := record.SplitHintKey(k); ok && bytes.Equal(of, dataKey) {
			if rec, err := record.Decode(v); err == nil {
				out = append(out, event.Replica{For: string(home), Versions: rec.Siblings})
			}
		}
		return true
	})
	return out
}

// losing runs do, which destroys something on h's disk, or its buffer, and notes which writes h lost; those of
// which it held the last copy are excused.
func (c *checker) losing(h *host, do func()) {
	c.lossAt[h.name] = c.w.now
	before := map[string][]event.Replica{}
	for _, key := range c.keys {
		before[key] = c.w.stored(h, key)
	}
	do()
	for _, key := range c.keys {
		after := c.w.stored(h, key)
		for _, r := range before[key] { // as a home and as a stand-in it may hold the same, and each counts for a copy
			var left vclock.Siblings
			if i := slices.IndexFunc(after, func(a event.Replica) bool { return a.For == r.For }); i >= 0 {
				left = after[i].Versions
			}
			c.lose(h, key, slices.DeleteFunc(idsOf(r.Versions), func(id uint64) bool { return c.carries(idsOf(left), id) }))
		}
		c.excuse(key, idsIn(before[key]))
		c.undo(h, idsIn(before[key]), idsIn(after))
	}
}

// lose notes that h was made to lose writes of key: they, and what they supersede, may be missing there. An ancestor that is
// back on the disk is superseded rightly by a client that had read the descendant; and under last write wins
// one that was lost may have won over any other.
func (c *checker) lose(h *host, key string, writes []uint64) {
	if len(writes) == 0 {
		return
	}
	c.restarts[key]++
	for _, id := range writes {
		c.taken[id] = true
	}
	for _, op := range c.byKey[key] {
		if c.w.plan.lww() || c.carries(writes, op.ID) {
			if c.lost[op.ID] == nil {
				c.lost[op.ID] = &bits{}
			}
			c.lost[op.ID].add(int(h.id))
		}
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
