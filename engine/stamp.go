package engine

// §4.4: the new version of a put. The coordinator stamps it with its next dot, joins it with what
// it knows of the key, and stores the result before it sends any of that.

import (
	"cmp"
	"fmt"
	"math"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/quorum"
	"ringside/engine/record"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// stamp makes the new version and stores it locally. The version takes the place of all that the
// put's context covers. An error means that nothing was stored.
func (p *put) stamp(plan quorum.Plan) (wire.Code, error) {
	n, key := p.n, p.req.Key
	ctx, err := p.openContext()
	if err != nil {
		return wire.ContextRefused, fmt.Errorf("%w; get the key again", err)
	}
	known, lww, code := n.records.known(key)
	if code == wire.Damaged { // the put mends the damaged record
		known, lww = nil, false
	}
	p.lww = lww || n.cfg.LWW
	if p.req.Overwrite {
		ctx.Clock, ctx.Time = ctx.Clock.Merge(known.Context()), max(ctx.Time, latest(known))
	}
	home := plan.FallbackFor(n.cfg.Name)
	// This check comes before a dot is minted that no node would keep.
	if home != "" && n.handoff.full() && !mutant.Is(mutant.OwnHintsUnbounded) {
		n.handoff.refuse(home, key, p.req.Request, n.cfg.Name)
		return wire.Overloaded, p.cannotKeep(wire.Overloaded)
	}
	own := n.counters.mint(key, ctx.Clock.Merge(known.Context()))
	p.version = p.newVersion(ctx, known, own)
	p.stamped = vclock.Siblings{p.version}
	p.all = reconcile(known, p.stamped, p.lww)
	p.truncate(ctx.Clock, known)
	if err := p.checkSize(); err != nil {
		return wire.TooLarge, err
	}
	p.announce(ctx, plan)
	if !p.all.Has(p.version.Dot) { // under last write wins a version with a later time is known already
		p.lostTo = p.all
	}
	if code := p.storeLocally(home, own); code != wire.OK {
		return code, p.cannotKeep(code)
	}
	return wire.OK, nil
}

// openContext returns the put's context, the empty context if the put has none.
func (p *put) openContext() (wire.Context, error) {
	if len(p.req.Context) == 0 {
		return wire.Context{}, nil
	}
	return p.n.coordinator.contexts.Open(p.req.Key, p.req.Context)
}

// newVersion makes the version with the dot own. Its time is later than all times that the client
// has seen, whatever the clocks of the nodes say.
func (p *put) newVersion(ctx wire.Context, known vclock.Siblings, own record.Own) vclock.Version {
	n, past := p.n, p.past(ctx.Clock, known, own)
	t := max(p.clockTime(), ctx.Time+1)
	if mutant.Is(mutant.ContextTimeIgnored) {
		t = int64(n.now)
	}
	return vclock.Version{
		Dot:  vclock.Dot{Actor: vclock.Actor{Node: n.cfg.Name, Epoch: own.Epoch}, Counter: own.Counter},
		Past: past, Value: p.req.Value, Meta: p.req.Meta, Deleted: p.req.Delete,
		Request: p.req.Request, Literal: n.cfg.Literal, Time: t,
	}
}

// clockTime returns the time that a new version takes from the node's clock, in nanoseconds since
// 1970.
func (p *put) clockTime() int64 {
	now := p.n.now
	if p.n.buggify(CoarseTimes) {
		now = now.Truncate(coarseTick)
	}
	return int64(now)
}

// checkSize returns an error if the versions of the key exceed a limit. A single version always
// fits.
func (p *put) checkSize() error {
	limit := cmp.Or(p.n.cfg.Limits.Siblings, wire.MaxSiblings)
	tooMany := len(p.all) > siblingLimit(limit)
	tooLarge := len(p.all) > 1 && p.all.Size() > wire.MaxRecord
	if tooMany || tooLarge {
		return fmt.Errorf("the key has %d concurrent versions of %d bytes in all, the limits are %d and %d; "+
			"get it and put the reconciled value with the context", len(p.all), p.all.Size(), limit, wire.MaxRecord)
	}
	if k := len(p.all.Context()); k > wire.MaxClock {
		return fmt.Errorf("the key's clock has %d entries, the limit is %d; put under another key", k, wire.MaxClock)
	}
	return nil
}

// siblingLimit returns limit, unless a deliberate bug changes it.
func siblingLimit(limit int) int {
	switch {
	case mutant.Is(mutant.SiblingsOffByOne):
		return limit + 1
	case mutant.Is(mutant.SiblingsUnbounded):
		return math.MaxInt
	}
	return limit
}

// announce tells watchers which version this node coordinates.
func (p *put) announce(ctx wire.Context, plan quorum.Plan) {
	e := event.Event{
		Kind: event.Coordinate, Request: p.req.Request, Key: p.req.Key, Versions: p.stamped,
		Homes: p.replicas.Homes(), For: plan.FallbackFor(p.n.cfg.Name), Nodes: plan.Missing,
	}
	if ctx.Fastest == p.n.cfg.Name && p.replicas.IsHome(p.n.cfg.Name) {
		e.Message = event.Fastest
	}
	p.n.emit(e)
}

// storeLocally stores the versions with their new dot: as a home, as a fallback for home, or
// nowhere.
func (p *put) storeLocally(home string, own record.Own) wire.Code {
	n := p.n
	u := update{
		key: p.req.Key, siblings: p.all, lww: p.lww, own: own,
		purpose: wire.Replicate, request: p.req.Request, peer: n.cfg.Name,
	}
	switch {
	case p.replicas.IsHome(n.cfg.Name):
		return n.records.merge(u)
	case home != "":
		return n.handoff.keep(home, u)
	}
	n.counters.keep(n.dataKey(u.key), own) // the node keeps no replica, but the counter must not return
	return wire.OK
}

func (p *put) cannotKeep(code wire.Code) error {
	index := p.n.handoff.index
	return fmt.Errorf("%s cannot keep the replica (%v): it holds %d hints, the limit is %d",
		p.n.cfg.Name, code, index.Len(), index.Max())
}
