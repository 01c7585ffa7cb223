package check

import (
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/sim/kernel"
	"ringside/engine/store"
	"ringside/engine/vclock"
)

// tombstones records the tombstones that nodes collected.
type tombstones struct {
	collected map[uint64]time.Duration // delete → when its tombstone was first dropped
	drops     int                      // by all nodes together
	early     int                      // drops while faults happened
}

func newTombstones() tombstones { return tombstones{collected: map[uint64]time.Duration{}} }

// buried reports whether a write or a descendant of it was a delete whose tombstone was collected.
func (e *evidence) buried(id uint64) bool {
	for del := range e.collected {
		if del == id || e.descends(del, id) {
			return true
		}
	}
	return false
}

// unburied returns the versions of a replica; none if the replica is only tombstones that are being
// collected. Homes drop such tombstones one after the other, and a home that missed the collection
// brings them back for a while.
func (e *evidence) unburied(s vclock.Siblings) vclock.Siblings {
	for _, v := range s {
		if _, ok := e.collected[idOf(v)]; !ok || !v.Deleted {
			return s
		}
	}
	return nil
}

// deletes checks P3 for tombstones that are collected: when a node drops a tombstone, no host holds
// anything that the tombstone superseded, and nothing of that is found later.
type deletes struct{ *evidence }

// answerTime is how long before the drop of a tombstone another node may have answered that it
// holds nothing else.
const answerTime = 5 * time.Second

// dropped checks the moment at which a node drops tombstones.
func (d deletes) dropped(ev event.Event) {
	d.drops++
	if !d.world.Healed() {
		d.early++
	}
	key := string(ev.Key)
	for _, id := range idsOf(ev.Versions) {
		if _, known := d.collected[id]; !known {
			d.collected[id] = d.world.Now()
		}
	}
	for _, id := range idsOf(ev.Versions) {
		d.hosts(func(h *kernel.Host) {
			d.resurfaced(finding{ev.Node + " drops the tombstone", key, d.held(h, key), h.Name()}, id)
		})
	}
}

// finding is a set of writes that was found somewhere.
type finding struct {
	when  string
	key   string
	ids   []uint64
	where string
}

// resurfaced checks that no found write is an ancestor of a collected delete, unless only the loss
// of synced batches can have brought that write back.
func (d deletes) resurfaced(f finding, del uint64) {
	for _, id := range f.ids {
		if _, goes := d.collected[id]; goes { // truncated clocks let a tombstone stand beside its ancestor
			continue
		}
		if d.descends(del, id) && d.undone[id] < max(1, d.collected[del]-answerTime) {
			d.fail(P3, "%s: delete #%d of %s was collected at %v, and #%d is at %s",
				f.when, del, f.key, d.collected[del]-kernel.Origin, id, f.where)
		}
	}
}

// resurfacedBefore is resurfaced for all deletes that were collected before a time.
func (d deletes) resurfacedBefore(f finding, before time.Duration) {
	for _, op := range d.byKey[f.key] {
		if at, ok := d.collected[op.ID]; ok && at < before {
			d.resurfaced(f, op.ID)
		}
	}
}

// Entombed returns a key of which a host holds only tombstones, "" if there is none.
func (j *Judge) Entombed() string {
	found := ""
	for _, name := range j.world.Names() {
		_ = j.world.Host(name).Disk().Scan(store.Data, nil, nil, func(k, v []byte) bool {
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

// TombstonesCollected fails P5 if a tombstone is still there, although all nodes have been up for
// long enough to collect it.
func (j *Judge) TombstonesCollected() {
	key := j.Entombed()
	if key == "" {
		return
	}
	kept := ""
	j.hosts(func(h *kernel.Host) {
		if s := h.Node().State(); s.TombstonesKept != "" {
			kept += "; " + h.Name() + " says: " + s.TombstonesKept
		}
	})
	j.fail(P5, "the tombstone of %s is still there%s", key, kept)
}

// collects reports whether a batch drops the tombstone of a key.
func collects(b *kernel.Batch, key string) bool {
	return slices.ContainsFunc(b.Events, func(ev event.Event) bool {
		return ev.Kind == event.TombstoneCollected && string(ev.Key) == key
	})
}
