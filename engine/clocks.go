package engine

// §4.4: the clock of a new version. Its past is the context, which is what its client has seen, and
// what the coordinator knows to be superseded. The paper's own clocks (Config.Literal) are there
// for comparison. With them a client counts as having seen everything that was written before
// through its coordinator.
//
// Truncation: "Along with each (node, counter) pair, Dynamo stores a timestamp that indicates the
// last time the node updated the data item. When the number of (node, counter) pairs in the vector
// clock reaches a threshold (say 10), the oldest pair is removed from the clock." Only a
// coordinator truncates, and only the version that it stamps. That version is the same everywhere
// from then on. A replica that truncated what it is sent would never agree with the others.
//
// Deviations: the coordinator's own pair stays, because it was updated just now. The pairs of the
// versions that the new one replaces stay as well, or these versions would return. That holds only
// if the coordinator knows all that the client has seen. Otherwise the versions that it knows are
// not the newest. Counters come from records and not from clocks (epoch.go), so no dot is minted
// twice.

import (
	"fmt"
	"slices"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/vclock"
)

// compactAt is the number of entries that a clock may have under last write wins, where it only
// serves to find out what was lost.
const compactAt = 64

// past returns what the version with the dot own has seen. The client has seen ctx, this node knows
// known.
func (p *put) past(ctx vclock.Clock, known vclock.Siblings, own record.Own) vclock.Clock {
	n, lww := p.n, p.lww
	before := vclock.Clock{}
	if own.Counter > 1 {
		before = vclock.Clock{{Actor: vclock.Actor{Node: n.cfg.Name, Epoch: own.Epoch}, Counter: own.Counter - 1}}
	}
	switch {
	case n.cfg.Literal && lww:
		return ctx.Merge(before).Merge(known.Context())
	case n.cfg.Literal:
		return ctx.Merge(before) // so the second of two clients with one old context swallows the first
	case mutant.Is(mutant.ContextIgnored):
		ctx = nil
	case mutant.Is(mutant.PutCoversUnseen), mutant.Is(mutant.DeleteCoversUnseen) && p.req.Delete:
		ctx = ctx.Merge(known.Context())
	case mutant.Is(mutant.ClocksUndotted):
		ctx = ctx.Merge(before)
	}
	if !lww {
		// Covering what is superseded changes no result, because a version never travels without
		// its siblings. It keeps the clocks of clients that never read free of gaps.
		return ctx.Merge(known.Superseded())
	}
	past := ctx.Merge(known.Context()) // all that the new version replaces (lastwrite.go)
	limit := compactAt
	if n.buggify(EarlyCompaction) {
		limit = 1
	}
	if len(past) > limit { // otherwise each lost dot would leave one more gap
		past = past.Compact(limit)
	}
	return past
}

// truncate shortens the clock of the new version if it has too many pairs. The client has seen ctx,
// this node knows known. Under last write wins the version replaces all that is known, whatever its
// client has seen.
func (p *put) truncate(ctx vclock.Clock, known vclock.Siblings) {
	n, v, held := p.n, &p.version, known
	if n.cfg.Truncate == 0 {
		v.Past = v.Past.Timeless() // contexts need no times of pairs; people see those of the record
		return
	}
	seen := ctx
	if p.lww {
		seen = nil
	}
	if !known.Context().Descends(seen) {
		known = nil
	}
	left, dropped := v.Clock().Truncate(n.cfg.Truncate, func(e vclock.Entry) bool {
		replaces := func(old vclock.Version) bool { return vclock.Clock{e}.Covers(old.Dot) }
		return e.Actor == v.Dot.Actor || slices.ContainsFunc(known, replaces)
	})
	if len(dropped) == 0 {
		return
	}
	whole := *v
	v.Past = left.Without(v.Dot)
	p.stamped = vclock.Siblings{*v}
	p.all = reconcile(held, p.stamped, p.lww) // versions that the shorter clock does not cover stay
	n.emit(event.Event{
		Kind: event.Truncated, Request: p.req.Request, Key: p.req.Key, Versions: vclock.Siblings{*v, whole},
		Count: len(dropped), Message: fmt.Sprintf("dropped %v of %d pairs", dropped, len(left)+len(dropped)),
	})
}
