package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ringside/engine/fault"
	"ringside/engine/wire"
)

// Check returns an error if the plan cannot be played.
func (p *Plan) Check() error {
	o := Options{Nodes: p.Nodes, N: p.N, R: p.R, W: p.W, Mode: p.Mode, Quorum: p.Quorum, Clocks: p.Clocks}
	o.Experiment.Legs, o.Experiment.DiskRate, o.Experiment.ValueBytes = p.Legs, p.DiskRate, p.ValueBytes
	if p.Nodes < 1 || p.N < 1 || p.R < 1 || p.W < 1 {
		return errors.New("nodes or replicas are missing; add the lines nodes and replicas")
	}
	if err := o.Check(); err != nil {
		return err
	}
	if p.Mode == "" || p.Quorum == "" || p.Clocks.Kind == "" || p.HealAt == 0 {
		return errors.New("mode, quorum, clocks or peace is missing")
	}
	if err := p.checkConditions(); err != nil {
		return err
	}
	for _, point := range p.Buggify {
		if !slices.Contains(buggifyNames(), point) {
			return fmt.Errorf("odd: no buggify point %q; choose from: %s", point, strings.Join(buggifyNames(), " "))
		}
	}
	names := p.AllNames()
	if err := p.checkOps(names); err != nil {
		return err
	}
	for _, f := range p.Faults {
		if err := f.check(names); err != nil {
			return fmt.Errorf("%s: %w", f.Kind, err)
		}
	}
	return p.checkCore(p.Names())
}

// AllNames lists the founders, and the nodes that may join.
func (p *Plan) AllNames() []string {
	out := p.Names()
	for _, f := range p.Faults {
		if f.Kind == Join && len(f.Nodes) > 0 && wire.ValidName(f.Nodes[0]) && !slices.Contains(out, f.Nodes[0]) {
			out = append(out, f.Nodes[0])
		}
	}
	return out
}

func (p *Plan) checkConditions() error {
	c := p.Conditions
	switch {
	case c.Delay <= 0 || c.Delay > fault.MaxDelay:
		return fmt.Errorf("weather: delay %v; want up to %v", c.Delay, fault.MaxDelay)
	case c.Skew != nil && len(c.Skew) != p.Nodes:
		return fmt.Errorf("clock: %d lines for %d nodes; want one for each node, or none", len(c.Skew), p.Nodes)
	case c.FailedSync != nil && len(c.FailedSync) != p.Nodes:
		return fmt.Errorf("disk: %d lines for %d nodes; want one for each node, or none", len(c.FailedSync), p.Nodes)
	}
	for i, s := range c.Skew {
		if s < -MaxTime || s > MaxTime || c.Drift[i] < -.5 || c.Drift[i] > .5 {
			return fmt.Errorf("clock n%d: skew %v drift %g; want up to %v and .5 in either direction",
				i+1, s, c.Drift[i], MaxTime)
		}
	}
	for _, r := range append(slices.Clone(c.FailedSync), c.Loss, c.Repeat, c.LongDelay) {
		if !(r >= 0 && r <= 1) {
			return fmt.Errorf("weather: probability %g; want 0 to 1", r)
		}
	}
	return nil
}

func (p *Plan) checkCore(names []string) error {
	if len(p.Core) == 0 {
		return nil
	}
	for _, n := range p.Core {
		if !slices.Contains(names, n) {
			return fmt.Errorf("core: no node %q; want founders", n)
		}
	}
	repeated := len(slices.Compact(slices.Sorted(slices.Values(p.Core)))) < len(p.Core)
	if len(p.Core) >= len(names) || repeated || !slices.Contains(restStates, p.Rest) {
		return fmt.Errorf("core %v rest %q: want fewer than all nodes, each once, and one of %v",
			p.Core, p.Rest, restStates)
	}
	return nil
}

func (p *Plan) checkOps(names []string) error {
	seen := map[uint64]bool{}
	for _, o := range p.Ops {
		if err := o.check(names, p.Replicas()); err != nil {
			return err
		}
		if seen[o.ID] {
			return fmt.Errorf("operation #%d: the number is used twice", o.ID)
		}
		seen[o.ID] = true
	}
	return nil
}

func (o Op) check(names []string, replicas int) error {
	switch {
	case o.Kind != Get && o.Kind != Put && o.Kind != Del:
		return fmt.Errorf("no operation %q; want get, put or del", o.Kind)
	case o.Kind == Del && o.Context == Blind && o.From == 0:
		return fmt.Errorf("del#%d: no context; add context newest", o.ID)
	case len(o.Key) == 0 || len(o.Key) > maxName:
		return fmt.Errorf("operation #%d: key of %d bytes; want 1 to %d", o.ID, len(o.Key), maxName)
	case !slices.Contains(names, o.Via):
		return fmt.Errorf("operation #%d: no node %q", o.ID, o.Via)
	case o.From > 0 && (o.Of != "" || o.Context != Blind):
		return fmt.Errorf("operation #%d: two contexts; want one", o.ID)
	case o.Of != "" && (o.Of == o.Key || o.Context == Blind || len(o.Of) > maxName):
		return fmt.Errorf("operation #%d: context of %q; want another key, and a context", o.ID, o.Of)
	case o.Pause < 0 || o.Pause > MaxTime || o.After == o.ID && o.ID > 0:
		return fmt.Errorf("operation #%d: %v after #%d; want 0 to %v after another one", o.ID, o.Pause, o.After, MaxTime)
	case o.R > replicas || o.W > replicas:
		return fmt.Errorf("operation #%d: R=%d W=%d of %d replicas", o.ID, o.R, o.W, replicas)
	}
	return nil
}

func (f Injection) check(names []string) error {
	if f.For < 0 || f.For > MaxTime || f.Amount < 0 {
		return fmt.Errorf("duration %v, amount %d; want up to %v, and no negative amount", f.For, f.Amount, MaxTime)
	}
	if f.Kind == Split || f.Kind == OneWay {
		return f.checkGroups(names)
	}
	want := 1
	switch {
	case f.Kind == Clog || f.Kind == Drop || changesMembers(f.Kind):
		want = 2
	case f.Kind == Lull || f.Kind == LastWriteWins || EndsCondition(f.Kind):
		want = 0
	}
	for i, n := range f.Nodes {
		if changesMembers(f.Kind) && i == 0 && wire.ValidName(n) {
			continue // the node may join in this run
		}
		if !slices.Contains(names, n) {
			return fmt.Errorf("no node %q", n)
		}
	}
	if len(f.Nodes) != want || f.Kind == Flip && f.Space == "" {
		return fmt.Errorf("%d nodes, want %d; a flip also names data, hints, own or meta", len(f.Nodes), want)
	}
	return nil
}

// checkGroups accepts one group only if that group has all nodes. Such a split has no effect;
// shrinking leaves splits of this form behind.
func (f Injection) checkGroups(names []string) error {
	if len(f.Groups) >= 2 {
		return fault.NewNet(names).Apply(fault.Fault{Kind: fault.Split, Groups: f.Groups})
	}
	grouped := slices.Sorted(slices.Values(slices.Concat(f.Groups...)))
	if len(f.Nodes) > 0 || !slices.Equal(grouped, slices.Sorted(slices.Values(names))) {
		return errors.New("fewer than two groups; write groups as n1,n2 n3,n4")
	}
	return nil
}
