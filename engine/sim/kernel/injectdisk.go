package kernel

import (
	"math"

	"ringside/engine/event"
	"ringside/engine/sim/plan"
	"ringside/engine/store"
)

func injectSlowDisk(w *World, f plan.Injection) {
	h := w.target(f)
	w.CountFault(f.Kind)
	h.disk.slowdown = float64(f.Amount)
	w.later(f.For, func() { h.disk.slowdown = 1 })
}

// injectLostTail crashes a node and damages its journal. The recovered store lacks the latest
// batches, although they were synced.
func injectLostTail(w *World, f plan.Injection) {
	h := w.target(f)
	if !h.up {
		return
	}
	w.CountFault(f.Kind)
	h.crash()
	w.judge.Destroying(h, func() { h.disk.dropTail(f.Amount) })
	h.loseMembership()
	h.damage.doubtful = true
	w.later(f.For, h.boot)
}

// injectOldCopy copies a disk, while its node is stopped if Amount is 1, and puts the copy back
// later. If the node began an incarnation in between, only the number of that incarnation, which is
// remembered outside the disk, shows that the disk is old. Otherwise the driver has to notice that
// the disk is another one.
func injectOldCopy(w *World, f plan.Injection) {
	h := w.target(f)
	if !h.up {
		return
	}
	if f.Amount > 0 {
		h.crash()
		defer h.boot()
	}
	old, run := h.disk.copy(), h.lastRun
	w.later(f.For, func() {
		if !h.up {
			return
		}
		w.CountFault(f.Kind)
		h.crash()
		w.judge.Destroying(h, func() { h.disk.restore(old) })
		h.loseMembership()
		h.damage.doubtful = h.damage.doubtful || h.lastRun == run
		h.boot()
	})
}

// injectFlip flips one bit of a stored value, unless a flush could overwrite the damage.
func injectFlip(w *World, f plan.Injection) {
	h := w.target(f)
	if !h.up || h.batch != nil || h.Buffered() && len(h.driver.Lost()) > 0 {
		return
	}
	w.judge.Destroying(h, func() {
		space := plan.Spaces[f.Space]
		if !h.disk.flip(space, f.Amount) {
			return
		}
		h.damage.rotten = h.damage.rotten || space == store.Data
		w.CountFault(f.Kind)
		if space == store.Meta { // any start of the node may find the damage
			h.damage.membershipLostAt = math.MaxInt64
		}
	})
}

func injectWipe(w *World, f plan.Injection) {
	h := w.target(f)
	if !h.up {
		return
	}
	w.CountFault(f.Kind)
	h.crash()
	w.judge.Destroying(h, h.disk.wipe)
	h.loseMembership()
	w.Tell(event.Event{Kind: event.NodeWiped, Node: h.name})
	w.later(f.For, h.boot)
}

// loseMembership notes that the disk may have lost changes of the membership now.
func (h *Host) loseMembership() {
	h.damage.membershipLostAt = max(h.damage.membershipLostAt, h.w.now)
}
