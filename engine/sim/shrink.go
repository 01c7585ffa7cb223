package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/engine/wire"
)

// MaxShrink is how many runs shrinking may take. Runs get shorter as it goes on: it is
// a matter of seconds, not of minutes.
const MaxShrink = 4000

// Shrink looks for the smallest plan in which the same property falls: it leaves out clients,
// keys, nodes, faults and operations, calms the weather, and keeps what still fails.
// r is a run in which it does. Once goOn says no, what was found so far is the smallest.
func Shrink(r Result, property string, goOn func() bool) (Plan, Result) {
	s := &shrinking{goOn: goOn, best: r.Plan, property: property, result: r}
	for before := -1; before != s.size() && s.more(); {
		before = s.size()
		s.weather()
		s.clients()
		s.keys()
		s.items()
		s.nodes()
		s.details()
	}
	s.best.Expect = Expect{Property: property, Hash: s.result.Hash}
	return s.best, s.result
}

// A shrinking is the search for a smaller plan.
type shrinking struct {
	best     Plan
	result   Result // of best
	property string
	goOn     func() bool
	runs     int
}

func (s *shrinking) more() bool { return s.runs < MaxShrink && s.goOn() }

// size is what must fall for another round to be worth while.
func (s *shrinking) size() int {
	p := s.best
	return len(p.Ops) + len(p.Strikes) + p.Nodes + len(p.keys()) + len(p.clients()) + len(p.Core)
}

// try plays a changed plan, and keeps it if it fails in the same way.
func (s *shrinking) try(change func(*Plan)) bool {
	if !s.more() {
		return false
	}
	p := s.best
	p.Ops, p.Strikes = slices.Clone(p.Ops), slices.Clone(p.Strikes)
	change(&p)
	p.forgetStrangers()
	if p.Check() != nil {
		return false
	}
	s.runs++
	r, ended := PlayUntil(p, s.goOn, nil)
	if !ended || !r.Broke(s.property) {
		return false
	}
	s.best, s.result = p, r
	return true
}

func (s *shrinking) weather() {
	for _, f := range []func(*Weather){
		func(w *Weather) { *w = Weather{Delay: usualDelay, Tells: w.Tells} },
		func(w *Weather) { w.Loss = 0 },
		func(w *Weather) { w.Repeat = 0 },
		func(w *Weather) { w.LongDelay = 0 },
		func(w *Weather) { w.Delay = usualDelay },
		func(w *Weather) { w.Skew, w.Drift = nil, nil },
		func(w *Weather) { w.FailedSync = nil },
		func(w *Weather) { w.Tells = false },
	} {
		old := s.best.Weather
		f(&old)
		if fmt.Sprint(old) != fmt.Sprint(s.best.Weather) {
			s.try(func(p *Plan) { p.Weather = old })
		}
	}
	if s.best.AntiEntropy > 0 {
		s.try(func(p *Plan) { p.AntiEntropy = 0 })
	}
	if s.best.Buffer > 0 {
		s.try(func(p *Plan) { p.Buffer = 0 })
	}
	if s.best.Ranges > 0 {
		s.try(func(p *Plan) { p.Ranges = 0 })
	}
	if s.best.Strategy > 0 {
		s.try(func(p *Plan) { p.Strategy, p.Tokens = 0, 0 })
	}
	if s.best.Timings != nil {
		s.try(func(p *Plan) { p.Timings = nil })
	}
	for _, place := range s.best.Odd {
		s.try(func(p *Plan) {
			p.Odd = slices.DeleteFunc(slices.Clone(p.Odd), func(x string) bool { return x == place })
		})
	}
	if s.best.Truncate > 0 {
		s.try(func(p *Plan) { p.Truncate = 0 })
	}
	if s.best.Tombstones > 0 {
		s.try(func(p *Plan) { p.Tombstones = 0 })
	}
	if len(s.best.Core) > 0 {
		s.try(func(p *Plan) { p.Core, p.Rest = nil, "" })
	}
}

// clients lists the numbers of a plan's clients.
func (p *Plan) clients() []int {
	var out []int
	for _, o := range p.Ops {
		if !slices.Contains(out, o.Client) {
			out = append(out, o.Client)
		}
	}
	slices.Sort(out)
	return out
}

// clients leaves out all that a client does, or lets another do it.
func (s *shrinking) clients() {
	for _, c := range s.best.clients() {
		if s.try(func(p *Plan) { p.Ops = slices.DeleteFunc(p.Ops, func(o Op) bool { return o.Client == c }) }) {
			continue
		}
		first := s.best.clients()[0]
		if c != first {
			s.try(func(p *Plan) {
				for i := range p.Ops {
					if p.Ops[i].Client == c {
						p.Ops[i].Client = first
					}
				}
			})
		}
	}
}

func (s *shrinking) keys() {
	for _, k := range s.best.keys() {
		s.try(func(p *Plan) { p.Ops = slices.DeleteFunc(p.Ops, func(o Op) bool { return o.Key == k }) })
	}
}

// items leaves out operations and faults: halves, quarters, at last one by one.
func (s *shrinking) items() {
	remove(s, func(p *Plan) *[]Strike { return &p.Strikes })
	remove(s, func(p *Plan) *[]Op { return &p.Ops })
	remove(s, func(p *Plan) *[]Strike { return &p.Strikes })
}

func remove[T any](s *shrinking, list func(*Plan) *[]T) {
	for size := len(*list(&s.best)); size > 0 && s.more(); size /= 2 {
		for i := 0; i < len(*list(&s.best)) && s.more(); {
			end := min(i+size, len(*list(&s.best)))
			if !s.try(func(p *Plan) { l := list(p); *l = slices.Delete(*l, i, end) }) {
				i += size
			}
		}
	}
}

// nodes leaves out the last node: those of its operations go to the first.
func (s *shrinking) nodes() {
	for s.best.Nodes > 1 {
		if !s.try((*Plan).dropNode) {
			return
		}
	}
}

// forgetStrangers leaves out nodes that no strike has join any more.
func (p *Plan) forgetStrangers() {
	known := p.joining()
	stranger := func(n string) bool { return !slices.Contains(known, n) }
	for i := range p.Ops {
		if stranger(p.Ops[i].Via) {
			p.Ops[i].Via = known[0]
		}
	}
	var strikes []Strike
	for _, s := range p.Strikes {
		groups := s.Groups
		s.Groups = nil
		for _, g := range groups {
			if g = slices.DeleteFunc(slices.Clone(g), stranger); len(g) > 0 {
				s.Groups = append(s.Groups, g)
			}
		}
		if changesMembers(s.Kind) || !slices.ContainsFunc(s.Nodes, stranger) && (len(groups) == 0 || len(s.Groups) > 1) {
			strikes = append(strikes, s)
		}
	}
	p.Strikes = strikes
}

func (p *Plan) dropNode() {
	last := fmt.Sprintf("n%d", p.Nodes)
	p.Nodes--
	without := func(names []string) []string {
		return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == last })
	}
	for i := range p.Ops {
		if p.Ops[i].Via == last {
			p.Ops[i].Via = "n1"
		}
	}
	var strikes []Strike
	for _, s := range p.Strikes {
		if slices.Contains(s.Nodes, last) {
			continue
		}
		groups := s.Groups
		s.Groups = nil
		for _, g := range groups {
			if g = without(g); len(g) > 0 {
				s.Groups = append(s.Groups, g)
			}
		}
		if len(groups) == 0 || len(s.Groups) > 1 {
			strikes = append(strikes, s)
		}
	}
	p.Strikes = strikes
	if p.Core = without(p.Core); len(p.Core) == p.Nodes {
		p.Core, p.Rest = nil, ""
	}
	if w := &p.Weather; w.Skew != nil {
		w.Skew, w.Drift = w.Skew[:p.Nodes], w.Drift[:p.Nodes]
	}
	if w := &p.Weather; w.FailedSync != nil {
		w.FailedSync = w.FailedSync[:p.Nodes]
	}
}

// details makes what is left plainer: the usual quorums and nodes, shorter faults, an earlier peace.
func (s *shrinking) details() {
	for i, o := range s.best.Ops {
		if o.Balanced {
			s.try(func(p *Plan) { p.Ops[i].Balanced = false })
		}
		if o.R+o.W > 0 || o.Strict {
			s.try(func(p *Plan) { p.Ops[i].R, p.Ops[i].W, p.Ops[i].Strict = 0, 0, false })
		}
		if o.Of != "" {
			s.try(func(p *Plan) { p.Ops[i].Of = "" })
		}
		plain := o.Kind == "put" && o.Context != Blind && s.try(func(p *Plan) { p.Ops[i].Context = Blind })
		if o.Context > 0 && !plain {
			s.try(func(p *Plan) { p.Ops[i].Context = 0 })
		}
	}
	for i, x := range s.best.Strikes {
		for _, d := range []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second} {
			if x.For > d && s.try(func(p *Plan) { p.Strikes[i].For = d }) {
				break
			}
		}
	}
	s.early()
	last := time.Second
	for _, o := range s.best.Ops {
		last = max(last, o.At+time.Second)
	}
	for _, x := range s.best.Strikes {
		last = max(last, x.At+x.For)
	}
	if last < s.best.Peace {
		s.try(func(p *Plan) { p.Peace = last })
	}
}

// early lets the run begin with what happens first.
func (s *shrinking) early() {
	first := s.best.Peace
	for _, o := range s.best.Ops {
		first = min(first, o.At)
	}
	for _, x := range s.best.Strikes {
		first = min(first, x.At)
	}
	if first == 0 {
		return
	}
	s.try(func(p *Plan) {
		for i := range p.Ops {
			p.Ops[i].At -= first
		}
		for i := range p.Strikes {
			p.Strikes[i].At -= first
		}
		p.Peace -= first
	})
}

// Report writes a failing plan as a script that says why it is wrong: what fell, the
// options of the run it comes from, and what became of each operation.
func Report(p Plan, r Result, from string) string {
	var b strings.Builder
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "# %s: %s\n", v.Property, v.Detail)
	}
	if from != "" {
		fmt.Fprintf(&b, "# made smaller from: ringside sim %s\n", from)
	}
	head, rest, _ := strings.Cut(p.Script(r.remarks()), "\n")
	return head + "\n" + b.String() + rest
}

// remarks says of each operation how it ended.
func (r Result) remarks() func(uint64) string {
	said := map[uint64]string{}
	for _, o := range r.History {
		text := o.Outcome
		if o.Kind == "get" && o.Outcome == ok.String() {
			text = "found nothing"
			if len(o.Read) > 0 {
				text = "found " + numbers(o.Read)
			}
		}
		if o.Why != wire.OK {
			text += ": " + o.Why.String()
		}
		if len(o.Acks) > 0 {
			text = "acked by " + strings.Join(o.Acks, " ") + " as " + o.Version.Notation()
		}
		if o.Ended > 0 {
			text += fmt.Sprintf(", %v later", (o.Ended - o.Began).Round(time.Microsecond))
		}
		said[o.ID] = text
	}
	return func(id uint64) string { return said[id] }
}

func numbers(ids []uint64) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = fmt.Sprintf("#%d", id)
	}
	return strings.Join(parts, " ")
}
