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

// isCollected reports whether a write or a descendant of it was a delete whose tombstone was
// collected.
func (e *evidence) isCollected(id uint64) bool {
	for del := range e.tombstones.collected {
		if del == id || e.graph.descends(del, id) {
			return true
		}
	}
	return false
}

// withoutCollected returns the versions of a replica; none if the replica is only tombstones that
// are being collected. Homes drop such tombstones one after the other, and a home that missed the
// collection brings them back for a while.
func (e *evidence) withoutCollected(s vclock.Siblings) vclock.Siblings {
	for _, v := range s {
		if _, ok := e.tombstones.collected[idOf(v)]; !ok || !v.Deleted {
			return s
		}
	}
	return nil
}

// deletes checks P3 for tombstones that are collected: when a node drops a tombstone, no host holds
// anything that the tombstone superseded, and nothing of that is found later.
type deletes struct{ e *evidence }

// answerTime is how long before the drop of a tombstone another node may have answered that it
// holds nothing else.
const answerTime = 5 * time.Second

// checkCollection checks the moment at which a node drops tombstones.
func (d deletes) checkCollection(ev event.Event) {
	d.e.tombstones.drops++
	if !d.e.world.Healed() {
		d.e.tombstones.early++
	}
	key := string(ev.Key)
	for _, id := range idsOf(ev.Versions) {
		if _, known := d.e.tombstones.collected[id]; !known {
			d.e.tombstones.collected[id] = d.e.world.Now()
		}
	}
	for _, id := range idsOf(ev.Versions) {
		d.e.hosts(func(h Host) {
			d.checkResurfaced(finding{ev.Node + " drops the tombstone", key, d.e.held(h, key), h.Name()}, id)
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

// checkResurfaced checks that no found write is an ancestor of a collected delete, unless only the
// loss of synced batches can have brought that write back.
func (d deletes) checkResurfaced(f finding, del uint64) {
	for _, id := range f.ids {
		if _, goes := d.e.tombstones.collected[id]; goes { // truncated clocks let a tombstone stand beside its ancestor
			continue
		}
		if d.e.graph.descends(del, id) && d.e.losses.undone[id] < max(1, d.e.tombstones.collected[del]-answerTime) {
			d.e.fail(P3, "%s: delete #%d of %s was collected at %v, and #%d is at %s",
				f.when, del, f.key, d.e.tombstones.collected[del]-kernel.Origin, id, f.where)
		}
	}
}

// checkResurfacedBefore is checkResurfaced for all deletes that were collected before a time.
func (d deletes) checkResurfacedBefore(f finding, before time.Duration) {
	for _, op := range d.e.graph.byKey[f.key] {
		if at, ok := d.e.tombstones.collected[op.ID]; ok && at < before {
			d.checkResurfaced(f, op.ID)
		}
	}
}

// OnlyTombstones returns a key of which a host holds only tombstones, "" if there is none.
func (j *Judge) OnlyTombstones() string {
	found := ""
	for _, name := range j.e.world.Names() {
		_ = j.e.world.Host(name).Disk().Scan(store.Data, nil, nil, func(k, v []byte) bool {
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
	key := j.OnlyTombstones()
	if key == "" {
		return
	}
	kept := ""
	j.e.hosts(func(h Host) {
		if s := h.Node().State(); s.TombstonesKept != "" {
			kept += "; " + h.Name() + " says: " + s.TombstonesKept
		}
	})
	j.e.fail(P5, "the tombstone of %s is still there%s", key, kept)
}

// collects reports whether a batch drops the tombstone of a key.
func collects(b *kernel.Batch, key string) bool {
	return slices.ContainsFunc(b.Events, func(ev event.Event) bool {
		return ev.Kind == event.TombstoneCollected && string(ev.Key) == key
	})
}
