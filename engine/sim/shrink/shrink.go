package shrink

import (
	"reflect"
	"slices"
	"time"

	"ringside/engine/sim"
	"ringside/engine/sim/plan"
)

// MaxRuns bounds the runs of a search. Runs get shorter as the plan gets smaller, so a search takes
// seconds.
const MaxRuns = 4000

// Search looks for the smallest plan in which a property still fails, beginning with a run in which
// it fails. It returns the plan and its run. If the player gives up, Search returns the smallest
// plan found so far.
func Search(player sim.Player, r sim.Result, property string) (plan.Plan, sim.Result) {
	s := &search{player: player, best: r.Plan, property: property, result: r}
	for before := -1; before != s.size() && s.more(); {
		before = s.size()
		s.simplifyConditions()
		s.simplifyCluster()
		s.dropClients()
		s.dropKeys()
		s.dropItems()
		s.dropNodes()
		s.simplifyItems()
		s.startEarlier()
		s.healEarlier()
	}
	s.best.Expect = plan.Expect{Property: property, Hash: s.result.Hash}
	return s.best, s.result
}

// search is a search under way.
type search struct {
	player   sim.Player
	best     plan.Plan
	result   sim.Result // of best
	property string
	runs     int
}

func (s *search) more() bool {
	return s.runs < MaxRuns && (s.player.GoOn == nil || s.player.GoOn())
}

// size must fall in one round of the search for another round to be worthwhile.
func (s *search) size() int {
	p := s.best
	return len(p.Ops) + len(p.Faults) + p.Nodes + len(p.Keys()) + len(p.Clients()) + len(p.Core)
}

// try plays a changed plan, and keeps the plan if it fails in the same way.
func (s *search) try(change func(*plan.Plan)) bool {
	if !s.more() {
		return false
	}
	p := s.best
	p.Ops, p.Faults = slices.Clone(p.Ops), slices.Clone(p.Faults)
	change(&p)
	p.DropUnknownNodes()
	if p.Check() != nil {
		return false
	}
	s.runs++
	r, ended := s.player.Play(p)
	if !ended || !r.Broke(s.property) {
		return false
	}
	s.best, s.result = p, r
	return true
}

func (s *search) simplifyConditions() {
	for _, simplify := range []func(*plan.Conditions){
		func(c *plan.Conditions) { *c = plan.Conditions{Delay: plan.UsualDelay, Notices: c.Notices} },
		func(c *plan.Conditions) { c.Loss = 0 },
		func(c *plan.Conditions) { c.Repeat = 0 },
		func(c *plan.Conditions) { c.LongDelay = 0 },
		func(c *plan.Conditions) { c.Delay = plan.UsualDelay },
		func(c *plan.Conditions) { c.Skew, c.Drift = nil, nil },
		func(c *plan.Conditions) { c.FailedSync = nil },
		func(c *plan.Conditions) { c.Notices = false },
	} {
		simpler := s.best.Conditions
		simplify(&simpler)
		if !reflect.DeepEqual(simpler, s.best.Conditions) {
			s.try(func(p *plan.Plan) { p.Conditions = simpler })
		}
	}
}

func (s *search) simplifyCluster() {
	for _, simplify := range []func(*plan.Plan){
		func(p *plan.Plan) { p.AntiEntropy = 0 },
		func(p *plan.Plan) { p.Buffer = 0 },
		func(p *plan.Plan) { p.Ranges = 0 },
		func(p *plan.Plan) { p.Strategy, p.Tokens = 0, 0 },
		func(p *plan.Plan) { p.Timings = nil },
	} {
		s.tryIfChanged(simplify)
	}
	for _, point := range s.best.Buggify {
		s.try(func(p *plan.Plan) {
			p.Buggify = slices.DeleteFunc(slices.Clone(p.Buggify), func(x string) bool { return x == point })
		})
	}
	for _, simplify := range []func(*plan.Plan){
		func(p *plan.Plan) { p.Clocks.Truncate = 0 },
		func(p *plan.Plan) { p.Tombstones = 0 },
		func(p *plan.Plan) { p.Core, p.Rest = nil, "" },
	} {
		s.tryIfChanged(simplify)
	}
}

// tryIfChanged tries a change of the cluster or of the core, unless it changes nothing.
func (s *search) tryIfChanged(change func(*plan.Plan)) {
	p := s.best
	change(&p)
	if !reflect.DeepEqual(p.Cluster, s.best.Cluster) || len(p.Core) != len(s.best.Core) {
		s.try(change)
	}
}

// dropClients leaves out all operations of a client, or gives them to the first client.
func (s *search) dropClients() {
	for _, c := range s.best.Clients() {
		own := func(o plan.Op) bool { return o.Client == c }
		if s.try(func(p *plan.Plan) { p.Ops = slices.DeleteFunc(p.Ops, own) }) {
			continue
		}
		first := s.best.Clients()[0]
		if c == first {
			continue
		}
		s.try(func(p *plan.Plan) {
			for i := range p.Ops {
				if p.Ops[i].Client == c {
					p.Ops[i].Client = first
				}
			}
		})
	}
}

func (s *search) dropKeys() {
	for _, k := range s.best.Keys() {
		s.try(func(p *plan.Plan) { p.Ops = slices.DeleteFunc(p.Ops, func(o plan.Op) bool { return o.Key == k }) })
	}
}

// dropItems leaves out operations and faults.
func (s *search) dropItems() {
	drop(s, func(p *plan.Plan) *[]plan.Injection { return &p.Faults })
	drop(s, func(p *plan.Plan) *[]plan.Op { return &p.Ops })
	drop(s, func(p *plan.Plan) *[]plan.Injection { return &p.Faults })
}

// drop leaves out items of a list: all, halves, quarters, and so on down to single items.
func drop[T any](s *search, list func(*plan.Plan) *[]T) {
	for size := len(*list(&s.best)); size > 0 && s.more(); size /= 2 {
		for i := 0; i < len(*list(&s.best)) && s.more(); {
			end := min(i+size, len(*list(&s.best)))
			if !s.try(func(p *plan.Plan) { l := list(p); *l = slices.Delete(*l, i, end) }) {
				i += size
			}
		}
	}
}

// simplifyItems gives operations the usual quorums and contexts, and shortens faults.
func (s *search) simplifyItems() {
	for i, o := range s.best.Ops {
		if o.Balanced {
			s.try(func(p *plan.Plan) { p.Ops[i].Balanced = false })
		}
		if o.R+o.W > 0 || o.Strict {
			s.try(func(p *plan.Plan) { p.Ops[i].R, p.Ops[i].W, p.Ops[i].Strict = 0, 0, false })
		}
		if o.Of != "" {
			s.try(func(p *plan.Plan) { p.Ops[i].Of = "" })
		}
		if o.From > 0 {
			s.try(func(p *plan.Plan) { p.Ops[i].From = 0 })
		}
		blind := false
		if o.Kind == plan.Put && o.Context != plan.Blind {
			blind = s.try(func(p *plan.Plan) { p.Ops[i].Context = plan.Blind })
		}
		if o.Context > 0 && !blind {
			s.try(func(p *plan.Plan) { p.Ops[i].Context = 0 })
		}
	}
	for i, f := range s.best.Faults {
		for _, d := range []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second} {
			if f.For > d && s.try(func(p *plan.Plan) { p.Faults[i].For = d }) {
				break
			}
		}
	}
}

// startEarlier makes the run begin with its first event.
func (s *search) startEarlier() {
	first := s.best.HealAt
	for _, o := range s.best.Ops {
		first = min(first, o.At)
	}
	for _, f := range s.best.Faults {
		first = min(first, f.At)
	}
	if first == 0 {
		return
	}
	s.try(func(p *plan.Plan) {
		for i := range p.Ops {
			p.Ops[i].At -= first
		}
		for i := range p.Faults {
			p.Faults[i].At -= first
		}
		p.HealAt -= first
	})
}

// healEarlier ends the faults soon after the last event.
func (s *search) healEarlier() {
	last := time.Second
	for _, o := range s.best.Ops {
		last = max(last, o.At+time.Second)
	}
	for _, f := range s.best.Faults {
		last = max(last, f.At+f.For)
	}
	if last < s.best.HealAt {
		s.try(func(p *plan.Plan) { p.HealAt = last })
	}
}
