package check

import (
	"slices"

	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
)

// Fates counts what became of the acknowledged puts and deletes of a plan. A write that the client
// of a later acknowledged write had seen is superseded, and its fate is that of the later one. Each
// of the others counts once.
type Fates struct {
	Superseded int `json:"superseded"` // a later acknowledged write covers it
	Kept       int `json:"kept"`       // all homes hold it, or a write that covers it
	// Collected: it was a delete, or was followed by one, and the tombstone was collected (§4.4).
	Collected int `json:"collected"`
	// Displaced: last write wins dropped it for a concurrent write: neither had ended when the other
	// began, and neither client had seen the other's write.
	Displaced int `json:"displaced"`
	// Outdated: last write wins dropped it for a write that had ended before it began, but whose
	// coordinator's clock was ahead.
	Outdated int `json:"outdated"`
	// Overwritten: last write wins dropped it for a write without its context that began after it was
	// acknowledged. That is what the client of the later write asked for.
	Overwritten int `json:"overwritten"`
	Destroyed   int `json:"destroyed"` // faults destroyed every copy
	Stranded    int `json:"stranded"`  // only a hint holds it, which is never delivered, because handoff is off
	Lost        int `json:"lost"`      // none of these: the store lost it
}

// Add adds the counts of another run.
func (f *Fates) Add(o Fates) {
	f.Superseded += o.Superseded
	f.Kept += o.Kept
	f.Collected += o.Collected
	f.Displaced += o.Displaced
	f.Outdated += o.Outdated
	f.Overwritten += o.Overwritten
	f.Destroyed += o.Destroyed
	f.Stranded += o.Stranded
	f.Lost += o.Lost
}

// True returns the number of acknowledged writes that are lost although no client overwrote them.
func (f Fates) True() int { return f.Displaced + f.Outdated + f.Destroyed + f.Stranded + f.Lost }

// missing reports whether an acknowledged write is not carried by the writes that all homes hold.
func (d *durability) missing(op *operation, left []uint64) bool {
	return op.acked() && !d.e.graph.carries(left, op.ID) && !d.e.isCollected(op.ID)
}

// stranded reports whether only an undelivered hint of a run without handoff holds a write.
func (d *durability) stranded(op *operation) bool {
	return d.e.plan.Off.Handoff && d.e.anyHost(func(h Host) bool {
		return d.e.graph.carries(d.e.held(h, op.Key), op.ID)
	})
}

// tally counts the fates of the writes of a key, of which all homes hold left in the end.
func (d *durability) tally(key string, left []uint64) {
	ops := d.e.graph.byKey[key]
	var covered bits
	for _, op := range ops {
		if op.acked() {
			covered.union(op.past)
		}
	}
	f := &d.fates
	for _, op := range ops {
		switch {
		case !op.acked() || d.e.own(op):
		case d.e.isCollected(op.ID):
			f.Collected++
		case covered.has(op.index):
			f.Superseded++
		case !d.missing(op, left):
			f.Kept++
		case d.stranded(op):
			f.Stranded++
		case d.e.lww() && d.winner(op, d.concurrent) != nil:
			f.Displaced++
		case d.e.lww() && d.winner(op, d.before) != nil:
			f.Outdated++
		case d.e.lww() && d.outlived(op, left):
			f.Overwritten++
		case d.e.absenceExcused(op):
			f.Destroyed++
		default:
			f.Lost++
		}
	}
}

// winner returns a write that took effect, that last write wins prefers to op, and of which related
// is true; nil if there is none. Neither client had seen the other's write.
func (d *durability) winner(op *operation, related func(w, op *operation) bool) *operation {
	i := slices.IndexFunc(d.e.graph.byKey[op.Key], func(w *operation) bool {
		took := w != op && w.Kind != plan.Get && w.stamped() && w.Outcome != client.Failed
		return took && related(w, op) && !d.e.graph.descends(w.ID, op.ID) && !d.e.graph.descends(op.ID, w.ID) &&
			beats(w.version, op.version)
	})
	if i < 0 {
		return nil
	}
	return d.e.graph.byKey[op.Key][i]
}

// concurrent reports whether neither operation had ended when the other began.
func (d *durability) concurrent(w, op *operation) bool {
	return w.Began < op.Ended && (w.Ended == 0 || w.Outcome == client.Unknown || op.Began < w.Ended)
}

// before reports whether w had ended when op began.
func (d *durability) before(w, op *operation) bool {
	return w.Outcome == client.OK && w.Ended <= op.Began
}
