package check

import (
	"cmp"

	"ringside/engine/store"
	"ringside/engine/wire"
)

// bounds checks P13: the data that waits in a node, travels or is kept for others is bounded.
type bounds struct{ e *evidence }

// mostSiblings returns the number of siblings up to which a coordinator adds to a key.
func (b *bounds) mostSiblings() int { return cmp.Or(b.e.plan.MaxSiblings(), wire.MaxSiblings) }

// mostKept returns the number of siblings that a key can have in all. A coordinator counts only the
// siblings that it holds. The two sides of a split do not know of each other's siblings, and a node
// that handed its hint home, or lost its disk, counts from zero again.
func (b *bounds) mostKept(key string) int {
	return b.mostSiblings() * (len(b.e.world.Names()) + b.e.losses.siblingRestarts[key])
}

// checkSiblings checks what a coordinator that acknowledged a put holds.
func (b *bounds) checkSiblings(op *operation, r wire.PutReply) {
	if held := r.Siblings + r.Deletes; held > b.mostSiblings() {
		b.e.fail(P13, "put #%d was acked by a coordinator that holds %d siblings, its limit is %d",
			op.ID, held, b.mostSiblings())
	}
}

// checkOverrun checks what waits in a node.
func (b *bounds) checkOverrun(h Host) {
	if !h.Up() {
		return
	}
	if over := h.Node().Overrun(); over != "" {
		b.e.fail(P13, "%s has %s", h.Name(), over)
	}
}

// checkIdle checks that no node works on a request although no client waits.
func (b *bounds) checkIdle() {
	b.e.hosts(func(h Host) {
		if n := h.Node().Requests(); n != 0 {
			b.e.fail(P13, "%s works on %d requests, and no client waits", h.Name(), n)
		}
	})
}

// checkHints checks the number of hints that a host keeps. It checks only runs with a limit of
// their own, because no run comes near the engine's default.
func (b *bounds) checkHints(h Host) {
	most, kept := b.e.plan.MaxHints(), 0
	if most == 0 {
		return
	}
	_ = h.Reader().Scan(store.Hints, nil, nil, func(_, _ []byte) bool { kept++; return true })
	if kept > most {
		b.e.fail(P13, "%s keeps %d hints, the bound is %d", h.Name(), kept, most)
	}
}
