package engine

// §4.4: the clock of a new version. Its past is what its client has seen, the context,
// and by default what the coordinator knows to be superseded, too; only the clocks as the paper
// has them, which are there for the lesson, take it for granted that whoever writes
// through a node has seen all that the node wrote before.
//
// Truncation: "Along with each (node, counter) pair, Dynamo stores a timestamp that
// indicates the last time the node updated the data item. When the number of (node,
// counter) pairs in the vector clock reaches a threshold (say 10), the oldest pair is
// removed from the clock." Only a coordinator does that, to the one version that it is
// stamping, which is the same everywhere from then on: a replica that cut what it is sent would
// never agree with the others. What deviates: pairs of the coordinator itself stay, since
// they were updated just now; and so do those of the versions that it replaces, or they would
// be back at once, if it knows all that the client has seen: or else they are not the newest there are.
// Counters come from records and not from clocks (epoch.go), so that no dot comes again.

import (
	"fmt"
	"slices"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// compactAt is how many entries a clock may have under last write wins, where it only serves to
// tell what was lost.
const compactAt = 64

// past is what the version stamped with own has seen.
func (p *put) past(ctx vclock.Clock, known vclock.Siblings, own record.Own, lww bool) vclock.Clock {
	n := p.n
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
	// The past also takes in what others have superseded. That changes nothing (a
	// version never travels without its siblings), but without it each round of two
	// clients that never read would leave one more gap in both their clocks.
	if !lww {
		return ctx.Merge(known.Superseded())
	}
	past := ctx.Merge(known.Context()) // what it replaces (lastwrite.go)
	limit := compactAt
	if n.odd(EarlyCompaction) {
		limit = 1
	}
	if len(past) > limit { // each dot that lost would leave one more gap for ever
		past = past.Compact(limit)
	}
	return past
}

// truncate cuts the clock of the new version if it is too long. seen is what its client
// had seen, known what is there.
func (p *put) truncate(seen vclock.Clock, known vclock.Siblings) {
	n, v := p.n, &p.version
	if n.cfg.Truncate == 0 {
		v.Past = v.Past.Timeless() // nobody will look at the times
		return
	}
	if !known.Context().Descends(seen) {
		known = nil
	}
	left, dropped := v.Clock().Truncate(n.cfg.Truncate, func(e vclock.Entry) bool {
		return e.Actor == v.Dot.Actor || slices.ContainsFunc(known, func(old vclock.Version) bool { return vclock.Clock{e}.Covers(old.Dot) })
	})
	if len(dropped) == 0 {
		return
	}
	v.Past = left.Without(v.Dot)
	if i := slices.IndexFunc(p.all, func(w vclock.Version) bool { return w.Dot == v.Dot }); i >= 0 {
		p.all = slices.Clone(p.all)
		p.all[i] = *v
	}
	n.emit(event.Event{
		Kind: event.Truncated, Request: p.req.Request, Key: p.req.Key, Versions: vclock.Siblings{*v}, Count: len(dropped),
		Message: fmt.Sprintf("dropped %v of %d pairs", dropped, len(left)+len(dropped)),
	})
}

// seal makes the token of a context for a client.
func (n *Node) seal(key []byte, c wire.Context) []byte {
	if n.cfg.Truncate == 0 {
		c.Clock = c.Clock.Timeless()
	}
	return wire.SealContext(n.cfg.Secret, key, c)
}
