package check

import (
	"slices"

	"ringside/engine/event"
	"ringside/engine/sim/kernel"
	"ringside/engine/wire"
)

// contexts checks P6: dots are minted once, and clocks and contexts cover what clients have read,
// and beyond that only what others have superseded.
type contexts struct {
	e    *evidence
	dots map[string]uint64 // key and dot → write that has the dot
}

// checkStamp takes in the version that a coordinator made of a write.
func (c *contexts) checkStamp(ev event.Event) {
	d := ev.Versions[0].Dot
	k := string(ev.Key) + " " + d.String()
	if other, ok := c.dots[k]; ok {
		c.e.fail(P6, "dot %v of %s was stamped on #%d and on #%d", d, ev.Key, other, ev.Request)
	}
	c.dots[k] = ev.Request
	if op := c.e.graph.ops[ev.Request]; op != nil {
		op.version = ev.Versions[0]
		c.checkClock(op)
	}
}

// checkClock checks the clock of a new version.
func (c *contexts) checkClock(op *operation) {
	v := op.version
	if c.e.plan.Literal() || c.e.lww() {
		return
	}
	for _, q := range c.e.graph.byKey[op.Key] {
		if q == op || !q.stamped() {
			continue
		}
		switch covered := v.Past.Covers(q.version.Dot); {
		case covered && !c.e.graph.descends(op.ID, q.ID) && !c.e.graph.overwritten(q):
			c.e.fail(P6, "%s #%d of %s covers #%d, which its client had not read", op.Kind, op.ID, op.Key, q.ID)
		case !covered && op.Parents[q.ID] && !c.e.truncated[op.Key]:
			c.e.fail(P6, "%s #%d of %s does not cover #%d, which its client had read", op.Kind, op.ID, op.Key, q.ID)
		}
	}
}

// checkContext checks the context of a reply that shows some writes.
func (c *contexts) checkContext(op *operation, token []byte, shows []uint64) {
	ctx, err := wire.NewSealer([]byte(kernel.Secret)).Open([]byte(op.Key), token)
	if err != nil {
		c.e.fail(P6, "%s has a context that cannot be opened: %v", c.e.name(op), err)
		return
	}
	if c.e.plan.Literal() {
		return
	}
	for _, q := range c.e.graph.byKey[op.Key] {
		if !q.stamped() {
			continue
		}
		shown := slices.Contains(shows, q.ID)
		switch covered := ctx.Clock.Covers(q.version.Dot); {
		case shown && !covered:
			c.e.fail(P6, "%s shows #%d, which its context does not cover", c.e.name(op), q.ID)
		case covered && !c.e.graph.carries(shows, q.ID) && !c.e.graph.overwritten(q) && !c.e.lww():
			c.e.fail(P6, "%s has a context that covers #%d, which it does not show", c.e.name(op), q.ID)
		case shown && ctx.Time < q.version.Time:
			c.e.fail(P6, "%s shows #%d of a later time than its context has", c.e.name(op), q.ID)
		}
	}
}
