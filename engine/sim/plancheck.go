package sim

// What a plan that somebody wrote may hold.

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ringside/engine/fault"
	"ringside/engine/wire"
)

// Check says what of a plan cannot be played.
func (p *Plan) Check() error {
	o := Options{Nodes: p.Nodes, N: p.N, R: p.R, W: p.W, Mode: p.Mode, Quorum: p.Quorum, Clocks: p.Clocks, Truncate: p.Truncate}
	if p.Nodes < 1 || p.N < 1 || p.R < 1 || p.W < 1 {
		return errors.New("nodes and replicas are not set")
	}
	if err := o.Check(); err != nil {
		return err
	}
	if p.Mode == "" || p.Quorum == "" || p.Clocks == "" || p.Peace == 0 {
		return errors.New("mode, quorum or peace is not set")
	}
	if err := p.checkWeather(); err != nil {
		return err
	}
	for _, place := range p.Odd {
		if !slices.Contains(oddPlaceNames(), place) {
			return fmt.Errorf("odd: no place %q; there are %s", place, strings.Join(oddPlaceNames(), " "))
		}
	}
	names := p.joining()
	seen := map[uint64]bool{}
	for _, o := range p.Ops {
		if err := o.check(names, min(p.N, p.Nodes)); err != nil {
			return err
		}
		if seen[o.ID] {
			return fmt.Errorf("two operations are #%d", o.ID)
		}
		seen[o.ID] = true
	}
	for _, s := range p.Strikes {
		if err := s.check(names); err != nil {
			return fmt.Errorf("%s: %w", s.Kind, err)
		}
	}
	return p.checkCore(p.names())
}

// joining lists the founders, and the nodes that may join.
func (p *Plan) joining() []string {
	out := p.names()
	for _, s := range p.Strikes {
		if s.Kind == joinKind && len(s.Nodes) > 0 && wire.ValidName(s.Nodes[0]) && !slices.Contains(out, s.Nodes[0]) {
			out = append(out, s.Nodes[0])
		}
	}
	return out
}

func (p *Plan) checkWeather() error {
	w := p.Weather
	if w.Delay <= 0 || w.Delay > fault.MaxDelay || w.Skew != nil && len(w.Skew) != p.Nodes || w.FailedSync != nil && len(w.FailedSync) != p.Nodes {
		return errors.New("weather: the delay is out of range, or not every node has its clock or disk")
	}
	for i, s := range w.Skew {
		if s < -MaxTime || s > MaxTime || w.Drift[i] < -.5 || w.Drift[i] > .5 {
			return fmt.Errorf("clock n%d is further off than a day, or than half its rate", i+1)
		}
	}
	for _, r := range append(slices.Clone(w.FailedSync), w.Loss, w.Repeat, w.LongDelay) {
		if !(r >= 0 && r <= 1) {
			return fmt.Errorf("weather: a chance of %g", r)
		}
	}
	return nil
}

func (p *Plan) checkCore(names []string) error {
	if len(p.Core) == 0 {
		return nil
	}
	for _, n := range p.Core {
		if !slices.Contains(names, n) || !wire.ValidName(n) {
			return fmt.Errorf("core: no node %q", n)
		}
	}
	if len(p.Core) >= len(names) || !distinct(p.Core) || !slices.Contains(restStates, p.Rest) {
		return fmt.Errorf("core %v rest %q: want fewer than all nodes, and one of %v", p.Core, p.Rest, restStates)
	}
	return nil
}

func (o Op) check(names []string, replicas int) error {
	switch {
	case o.Kind != "get" && o.Kind != "put" && o.Kind != "del":
		return fmt.Errorf("no operation %q", o.Kind)
	case o.Kind == "del" && o.Context == Blind:
		return fmt.Errorf("del#%d has no context", o.ID)
	case len(o.Key) == 0 || len(o.Key) > maxName:
		return fmt.Errorf("a key has 1 to %d bytes", maxName)
	case !slices.Contains(names, o.Via):
		return fmt.Errorf("no node %q", o.Via)
	case o.Of != "" && (o.Of == o.Key || o.Context == Blind || len(o.Of) > maxName):
		return fmt.Errorf("#%d: a context of %q", o.ID, o.Of)
	case o.R > replicas || o.W > replicas:
		return fmt.Errorf("#%d: R=%d W=%d of %d replicas", o.ID, o.R, o.W, replicas)
	}
	return nil
}

func (s Strike) check(names []string) error {
	if s.For < 0 || s.For > MaxTime || s.Amount < 0 {
		return fmt.Errorf("lasts %v, by %d", s.For, s.Amount)
	}
	if s.Kind == partitionKind || s.Kind == oneWayKind {
		if len(s.Groups) < 2 {
			if len(s.Nodes) > 0 || !slices.Equal(slices.Sorted(slices.Values(slices.Concat(s.Groups...))), slices.Sorted(slices.Values(names))) {
				return errors.New("name at least two groups of nodes")
			}
			return nil
		}
		return fault.NewNet(names).Apply(fault.Fault{Kind: fault.Split, Groups: s.Groups})
	}
	want := 1
	switch {
	case s.Kind == clogKind || changesMembers(s.Kind):
		want = 2
	case s.Kind == lullKind:
		want = 0
	}
	for i, n := range s.Nodes {
		if changesMembers(s.Kind) && i == 0 && wire.ValidName(n) {
			continue // it may join in this run
		}
		if !slices.Contains(names, n) {
			return fmt.Errorf("no node %q", n)
		}
	}
	if len(s.Nodes) != want || s.Kind == flipKind && s.Space == "" {
		return fmt.Errorf("hits %d nodes, want %d; a flip names what it hits", len(s.Nodes), want)
	}
	return nil
}
