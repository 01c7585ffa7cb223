package check

import (
	"cmp"
	"slices"

	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// A get that finds nothing (P7): all but N-R of the homes and of the nodes with a connection must
// have answered that they hold nothing. An acknowledged write can therefore be at no more than N-R
// of them (absence.go of package quorum).

// reachable lists the nodes that a coordinator must ask: those to which it has a connection, as far
// as its driver knows, and the homes of the key.
func (r *reads) reachable(op *operation, from string) []string {
	var out []string
	homes := r.e.world.Members().Ring().Homes([]byte(op.Key))
	for _, name := range r.e.world.Names() {
		if !r.e.world.LinkDown(from, name) || slices.Contains(homes, name) {
			out = append(out, name)
		}
	}
	return out
}

// checkAbsent checks that a get which found nothing had no reason to doubt that. Under a strict
// quorum fallbacks do not count, and while the ring changes the homes are not certain.
func (r *reads) checkAbsent(op *operation, reply wire.GetReply, views []nodeView) {
	if len(reply.Siblings)+len(reply.Tombstones) > 0 || r.e.strict(op) || r.e.plan.Moves() {
		return
	}
	unasked := r.e.plan.Replicas() - cmp.Or(op.R, r.e.plan.R)
	now := r.reachable(op, reply.Coordinator)
	for _, w := range r.e.graph.byKey[op.Key] {
		if !w.acked() || w.Ended >= op.Began || r.e.absenceExcused(w) || r.e.isCollected(w.ID) {
			continue
		}
		var holders []string
		for _, g := range views {
			holds := slices.ContainsFunc(g.versions, func(v vclock.Version) bool { return idOf(v) == w.ID })
			steady := g.reachable && slices.Contains(now, g.host.Name()) && g.incarnation == g.host.Incarnation()
			if holds && steady && !r.e.mayLack(op, g.host, w) {
				holders = append(holders, g.host.Name())
			}
		}
		if len(holders) > unasked {
			r.e.fail(P7, "%s finds nothing, though %v held #%d, and only %d of the nodes may stay unasked",
				r.e.name(op), holders, w.ID, unasked)
		}
	}
}
