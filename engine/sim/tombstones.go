package sim

import (
	"math"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/vclock"
)

// P3 for tombstones that are collected: when one goes, no disk holds anything that it had superseded,
// neither in the ring nor out of it, and nothing of that is ever found again.

// tombs is what the checker knows of tombstones that nodes dropped.
type tombs struct {
	collected map[uint64]time.Duration // deletes whose tombstones are → since when
	undone    map[uint64]time.Duration // writes that a disk held again once it had lost its latest batches → when
	drops     int                      // by all nodes together
	early     int                      // before the faults had ended
}

// answering is how long before the last node drops a tombstone another may have said that it holds nothing else.
const answering = 5 * time.Second

func newTombs() tombs {
	return tombs{collected: map[uint64]time.Duration{}, undone: map[uint64]time.Duration{}}
}

// dropped checks the moment at which a node drops a tombstone.
func (c *checker) dropped(e event.Event) {
	c.tombs.drops++
	if !c.w.peace {
		c.tombs.early++
	}
	for _, id := range idsOf(e.Versions) {
		if _, known := c.tombs.collected[id]; !known {
			c.tombs.collected[id] = c.w.now
		}
	}
	for _, id := range idsOf(e.Versions) {
		for _, name := range c.w.names {
			c.resurfaced(e.Node+" drops the tombstone", id, string(e.Key), c.held(c.w.hosts[name], string(e.Key)), name)
		}
	}
}

// resurfaced is P3: no ids of key are ancestors of the collected delete, but for those that only the loss of
// synced batches can have brought back.
func (c *checker) resurfaced(when string, del uint64, key string, ids []uint64, where string) {
	for _, id := range ids {
		if _, goes := c.tombs.collected[id]; goes { // where clocks are cut a tombstone may stand beside its ancestor
			continue
		}
		if c.descends(del, id) && c.tombs.undone[id] < max(1, c.tombs.collected[del]-answering) {
			c.fail("P3", "%s: delete #%d of %s was collected at %v, and #%d is at %s", when, del, key, c.tombs.collected[del]-start, id, where)
		}
	}
}

// resurfacedIn is resurfaced for all deletes of key that were collected before a time.
func (c *checker) resurfacedIn(when, key string, before time.Duration, ids []uint64, where string) {
	for _, op := range c.byKey[key] {
		if at, ok := c.tombs.collected[op.ID]; ok && at < before {
			c.resurfaced(when, op.ID, key, ids, where)
		}
	}
}

// buried says whether a write, or one that descends from it, was a delete whose tombstone was collected.
func (c *checker) buried(id uint64) bool {
	for del := range c.tombs.collected {
		if del == id || c.descends(del, id) {
			return true
		}
	}
	return false
}

// unburied leaves out what is nothing but tombstones that are being collected: homes drop them one by one, and
// who had not heard of it brings them back for a while.
func (c *checker) unburied(s vclock.Siblings) vclock.Siblings {
	for _, v := range s {
		if _, ok := c.tombs.collected[idOf(v)]; !ok || !v.Deleted {
			return s
		}
	}
	return nil
}

// undo notes what h's disk holds again. Of a node that went and had said that it holds nothing any more that
// counts for good: nobody asks it before a tombstone goes.
func (c *checker) undo(h *host, before, now []uint64) {
	when := c.w.now
	if last, _ := c.w.history.Last(h.name); last.Kind == member.Gone {
		when = math.MaxInt64
	}
	for _, id := range now {
		if !slices.Contains(before, id) {
			c.tombs.undone[id] = when
		}
	}
}

// collecting says whether a turn drops key as a collected tombstone.
func (t *batch) collecting(key string) bool {
	return slices.ContainsFunc(t.events, func(e event.Event) bool {
		return e.Kind == event.TombstoneCollected && string(e.Key) == key
	})
}

// settleTombstones lets the last tombstones grow old: with all nodes there, none may stay.
func (w *world) settleTombstones() {
	grace := w.plan.Tombstones
	if grace == 0 {
		return
	}
	const look = 100 * time.Millisecond
	for end := w.now + collectGraces*grace + quiesce; w.now < end && w.entombed() != ""; {
		w.runUntil(min(end, w.now+look), nil)
	}
	if w.plan.AntiEntropy == 0 {
		return // a home that missed a drop shows its tombstone to nobody until somebody reads the key
	}
	if key := w.entombed(); key != "" {
		kept := ""
		for _, n := range w.names {
			if s := w.hosts[n].node.State(); s.Kept != "" {
				kept += "; " + n + " says: " + s.Kept
			}
		}
		w.check.fail("P5", "the tombstone of %s is still there%s", key, kept)
	}
}

// collectGraces is how many graces a tombstone lasts at most with all nodes there: until it is old, until the two
// rounds are over, and the same again if the first home was about to ask when a node came back; and clocks are off.
const collectGraces = 5

// entombed names a key of which a home holds nothing but tombstones, "" if there is none.
func (w *world) entombed() string {
	found := ""
	for _, name := range w.names {
		_ = w.hosts[name].disk.Scan(store.Data, nil, nil, func(k, v []byte) bool {
			if rec, err := record.Decode(v); err == nil && len(rec.Siblings) > 0 && len(rec.Siblings.Live()) == 0 {
				_, key := record.ParseDataKey(k)
				found = string(key)
			}
			return found == ""
		})
		if found != "" {
			break
		}
	}
	return found
}
