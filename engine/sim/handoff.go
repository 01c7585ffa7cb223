package sim

// P9: a hint is dropped only once its home has it durably.

import (
	"bytes"
	"time"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/store"
)

// A sentHint is what a stand-in handed over.
type sentHint struct {
	at  time.Duration
	ids []uint64
}

// delivered is P9: a hint is dropped only once its home has it durably.
func (c *checker) delivered(e event.Event) {
	k := e.Node + " " + e.For + " " + string(e.Key)
	s, home := c.sent[k], c.w.hosts[e.For]
	c.handsOn(e.Node, string(e.Key))
	delete(c.sent, k)
	if c.w.plan.lww() {
		return // a later write may have won there
	}
	for _, id := range s.ids {
		if !c.has(home, string(e.Key), id, 0) {
			c.fail("P9", "%s dropped its hint for %s with #%d of %s, which %s does not hold", e.Node, e.For, id, e.Key, e.For)
		}
	}
}

// heldBefore is what a host holds under a key of its store once it has carried out writes.
func (h *host) heldBefore(s store.Space, dbKey []byte, writes []store.Write) []byte {
	b, _ := h.disk.Get(s, dbKey)
	for _, w := range writes {
		if w.Space == s && bytes.Equal(w.Key, dbKey) {
			b = w.Value
		}
	}
	return b
}

// droppingHint is P9 once more, for what is on the disk or came before in the batch: a hint
// that changed while it was under way is not what its home has acked.
func (c *checker) droppingHint(h *host, dbKey []byte, before []store.Write) {
	rec, err := record.Decode(h.heldBefore(store.Hints, dbKey, before))
	name, dataKey, ok := record.SplitHintKey(dbKey)
	if !ok {
		return
	}
	_, k := record.ParseDataKey(dataKey)
	key := string(k)
	c.handsOn(h.name, key) // the event comes after the replies of the same turn
	home := c.w.hosts[string(name)]
	if err != nil || home == nil || c.w.plan.lww() {
		return // damaged, or a later write may have won
	}
	if !h.node.Ring().Has(home.name) {
		c.rehoming(h, home, key, idsOf(rec.Siblings), before)
		return
	}
	for _, id := range idsOf(rec.Siblings) {
		if !c.has(home, key, id, 0) {
			c.fail("P9", "%s drops its hint for %s with #%d of %s, which %s does not hold", h.name, home.name, id, key, home.name)
		}
	}
}

// rehoming is P9 for a hint whose home is no member as its holder knows the ring: the holder has made what it drops
// its own, unless that came home before.
func (c *checker) rehoming(h, home *host, key string, ids []uint64, before []store.Write) {
	own, _ := record.Decode(h.heldBefore(store.Data, record.DataKey([]byte(key)), before))
	for _, id := range ids {
		if !c.carries(idsOf(own.Siblings), id) && !c.has(home, key, id, 0) && !c.refuses(h, key, id) {
			c.fail("P9", "%s drops its hint for %s, which is gone, with #%d of %s, and does not hold it", h.name, home.name, id, key)
		}
	}
}
