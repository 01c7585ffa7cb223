package check

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/sim/kernel"
	"ringside/engine/store"
	"ringside/engine/vclock"
)

// transfers checks P11. A node that gives a key range away drops the range only once all homes hold
// it durably. ready.go has the part for new homes.
type transfers struct {
	e       *evidence
	hints   *hints
	leaving map[holding][]string // homes of a range that a node with a buffer dropped last
}

// checkBatch checks the deletes of a batch before a host applies the batch. What a node deletes of
// its replicas, all homes hold durably, as that node knows the ring.
func (t *transfers) checkBatch(h Host, b *kernel.Batch) {
	for i, w := range b.Writes {
		switch {
		case w.Value != nil:
		case w.Space == store.Hints:
			t.hints.checkDropped(h, w.Key, b.Writes, i)
		case w.Space == store.Data:
			_, key := record.ParseDataKey(w.Key)
			if !collects(b, string(key)) { // P3 judges collected tombstones
				t.checkDroppedReplica(h, w.Key, string(key), b.Writes[:i])
			}
		}
	}
}

func (t *transfers) checkDroppedReplica(h Host, dataKey []byte, key string, earlier []store.Write) {
	b := storedBefore(h, store.Data, dataKey, earlier)
	rec, err := record.Decode(b)
	if err != nil || b == nil {
		return
	}
	homes := h.Node().Ring().Homes([]byte(key))
	if before := t.leaving[holding{h.Name(), key}]; h.Buffered() && before != nil {
		homes = before
	}
	for _, name := range homes {
		t.checkHeldBy(t.e.world.Host(name), h, key, rec.Siblings)
	}
	t.excuseRot(homes, key, idsOf(rec.Siblings))
	t.e.handsOver(h.Name(), key)
}

// excuseRot excuses the last copies of writes that a host drops, if the record of a home has rotted
// and that home cannot know it yet. The home had taken the writes, and its tree still has them.
func (t *transfers) excuseRot(homes []string, key string, writes []uint64) {
	if slices.ContainsFunc(homes, func(name string) bool {
		home := t.e.world.Host(name)
		return home.Rotten() && t.e.damaged(home, key)
	}) {
		t.e.excuse(key, writes)
	}
}

// checkHeldBy checks that a home has what a host drops.
func (t *transfers) checkHeldBy(home, host Host, key string, s vclock.Siblings) {
	if t.e.lww() {
		return // a later write may have won there
	}
	for _, id := range idsOf(s) {
		if !t.e.holdsOrIsExcused(home, key, id) {
			t.e.fail(P11, "%s dropped #%d of %s, which its home %s does not hold", host.Name(), id, key, home.Name())
		}
	}
}

// noteDropped notes the homes of a range that a node with a buffer drops. The range is deleted from
// the disk later, but the node reads its buffer and finds nothing of the range from now on.
func (t *transfers) noteDropped(h Host, span event.Span) {
	if !h.Buffered() {
		return
	}
	r := ring.Range{Start: span.Start, End: span.End}
	for _, key := range t.e.keys {
		if r.Holds(ring.Of([]byte(key))) {
			homes := h.Node().Ring().Homes([]byte(key))
			t.leaving[holding{h.Name(), key}] = homes
			t.excuseRot(homes, key, heldIn(h.Disk(), key))
			t.e.handsOver(h.Name(), key)
		}
	}
}

// checkDeparted checks that a node which says that it holds nothing can be taken down for good.
func (t *transfers) checkDeparted(h Host) {
	for _, key := range t.e.keys {
		for _, r := range t.e.stored(h, key) {
			switch {
			case len(r.Versions) == 0:
			case r.For == "":
				t.e.fail(P11, "%s says that it has left, and holds %s as %v", h.Name(), key, r.Versions)
			default:
				t.e.fail(P9, "%s says that it has left, and keeps a hint of %s for %s", h.Name(), key, r.For)
			}
		}
	}
}
