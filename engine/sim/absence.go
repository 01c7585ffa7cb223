package sim

// P7 for gets that find nothing: all but N-R of the homes and of the nodes with a connection must have answered that
// they hold nothing, so no acknowledged write can be at more than N-R of them (see absence.go of package quorum).

import (
	"cmp"
	"slices"

	"ringside/engine/fault"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// reachable lists the hosts that a node has a connection to, as its driver told it, or that are homes of the
// key; the node must ask them.
func (c *checker) reachable(op *operation, from string) []string {
	var out []string
	homes := c.w.ring.Homes([]byte(op.Key))
	for _, name := range c.w.names {
		if !c.w.net.told[fault.Link{From: from, To: name}] || slices.Contains(homes, name) {
			out = append(out, name)
		}
	}
	return out
}

// absent checks that a get which found nothing had no reason to doubt that: of no write that was acked before it
// began did more nodes hold something than may stay unasked. Under a strict quorum stand-ins do not count, and
// while the ring changes it is not clear which are the homes.
func (c *checker) absent(op *operation, r wire.GetReply, glances []glance) {
	p := c.w.plan
	if len(r.Siblings)+len(r.Tombstones) > 0 || c.strict(op) || p.moves() {
		return
	}
	silent := min(p.N, p.Nodes) - cmp.Or(op.R, p.R)
	now := c.reachable(op, r.Coordinator)
	for _, w := range c.byKey[op.Key] {
		if w.Kind == "get" || w.outcome != ok || w.ended >= op.began || c.gone(w) || c.buried(w.ID) {
			continue
		}
		var holders []string
		for _, g := range glances {
			holds := slices.ContainsFunc(g.versions, func(v vclock.Version) bool { return idOf(v) == w.ID })
			steady := g.reachable && slices.Contains(now, g.host.name) && g.life == g.host.life
			if holds && steady && !c.mayLack(op, g.host, w) {
				holders = append(holders, g.host.name)
			}
		}
		if len(holders) > silent {
			c.fail("P7", "%s finds nothing, though %v held #%d, and only %d of the nodes may stay unasked", c.name(op), holders, w.ID, silent)
		}
	}
}
