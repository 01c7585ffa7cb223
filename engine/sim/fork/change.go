package fork

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/plan"
)

// A Change is one thing that is changed in a run. One of the fields says what, and all others are
// zero.
type Change struct {
	Add    *plan.Injection // happens in addition; its At is not used
	Skip   *Skipped        // a fault that does not happen
	R, W   int             // of each get, or of each put and delete
	Strict bool            // each request asks for a strict quorum
}

// Skipped names the fault that a Change leaves out: the first one from some time on that has the
// kind and the time, where these are given. One of them is given.
type Skipped struct {
	Kind string        // "": any
	At   time.Duration // since the start of the run
	Next bool          // At is not given
}

// Forms are the forms of a change with what they mean, for help and for errors.
var Forms = [][2]string{
	{"drop n1>n3", "the next message on the link is lost; drop #41 n1>n3: the next one of request #41"},
	{"R=1, W=1", "each get, or each put and del, that begins from then on"},
	{"quorum strict", "only homes count for each request that begins from then on"},
	{"mode lww", "from then on, all nodes let the last write win"},
	{"kill n3 [for 5s]", "a node crashes, and stays down until the faults end"},
	{"no loss", "messages are no longer lost by chance; also no repeat, and no delay"},
	{"no crash", "the next fault of a kind does not happen; no crash 40.05: the one at that time"},
	{"partition n1,n2 n3 for 5s", "and any other fault, as scripts write them"},
}

const (
	// kill is what commands call plan.Crash.
	kill = "kill"
	// no begins the changes that leave something out.
	no = "no"
	// maxChange bounds the text of a change in bytes. A split of plan.MaxNodes nodes still fits.
	maxChange = 1 << 14
)

// ParseChange reads a change, which String writes.
func ParseChange(text string) (Change, error) {
	words := strings.Fields(text)
	if len(words) == 0 || len(text) > maxChange {
		return Change{}, fmt.Errorf("a change of %d bytes; want one of: %s", len(text), forms())
	}
	name, value, assigned := strings.Cut(words[0], "=")
	var c Change
	var err error
	switch word := words[0]; {
	case assigned && len(words) == 1:
		c, err = parseQuorum(name, value)
	case word == "mode" || word == "quorum":
		c, err = parseSetting(words)
	case word == no:
		c, err = parseSkipped(words[1:])
	case word == kill || breaks(word) && word != plan.Lull:
		c, err = parseFault(words)
	default:
		err = fmt.Errorf("want one of: %s", forms())
	}
	if err != nil {
		return Change{}, fmt.Errorf("no change %q: %w", text, err)
	}
	return c, nil
}

// breaks reports whether a kind of injection breaks something. The others have forms of their own.
func breaks(kind string) bool {
	return plan.Injectable(kind) && kind != plan.LastWriteWins && !plan.EndsCondition(kind)
}

// forms lists the forms of changes.
func forms() string {
	var out []string
	for _, f := range Forms {
		out = append(out, f[0])
	}
	return strings.Join(out, "; ")
}

func parseQuorum(name, value string) (Change, error) {
	n, err := strconv.Atoi(value)
	switch {
	case name != "R" && name != "W":
		return Change{}, fmt.Errorf("%s is settled before a run begins; R and W can change during one", name)
	case err != nil || n < 1 || n > plan.MaxNodes:
		return Change{}, fmt.Errorf("want %s=1 or more", name)
	case name == "R":
		return Change{R: n}, nil
	}
	return Change{W: n}, nil
}

// parseSetting reads a change of a setting. The only settings that can change during a run are
// those whose new value says nothing about what happened before.
func parseSetting(words []string) (Change, error) {
	switch text := strings.Join(words, " "); text {
	case "mode " + settings.ModeLWW:
		return Change{Add: &plan.Injection{Kind: plan.LastWriteWins}}, nil
	case "quorum " + plan.Strict:
		return Change{Strict: true}, nil
	case "mode " + settings.ModeSiblings:
		return Change{}, fmt.Errorf("a record that was put under last write wins stays so; only mode %s can begin "+
			"during a run", settings.ModeLWW)
	case "quorum " + plan.Sloppy:
		return Change{}, fmt.Errorf("a request cannot ask a strict cluster for a sloppy quorum; only quorum %s can "+
			"begin during a run", plan.Strict)
	}
	return Change{}, fmt.Errorf("want mode %s or quorum %s", settings.ModeLWW, plan.Strict)
}

func parseSkipped(words []string) (Change, error) {
	if ends := no + "-" + strings.Join(words, " "); plan.EndsCondition(ends) {
		return Change{Add: &plan.Injection{Kind: ends}}, nil
	}
	s := Skipped{Next: true}
	if len(words) > 0 && !isTime(words[0]) {
		s.Kind, words = words[0], words[1:]
		if s.Kind == kill {
			s.Kind = plan.Crash
		}
		switch {
		case plan.EndsCondition(no + "-" + s.Kind):
			return Change{}, fmt.Errorf("want no %s alone; it ends when the change begins", s.Kind)
		case s.Kind == plan.LongDelay || s.Kind == plan.SlowLinks:
			return Change{}, fmt.Errorf("want no delay, which ends %s and %s", plan.LongDelay, plan.SlowLinks)
		case !breaks(s.Kind) && !slices.Contains(plan.FaultNames(), s.Kind):
			return Change{}, fmt.Errorf("there is no fault %q", s.Kind)
		case !plan.Injectable(s.Kind):
			return Change{}, fmt.Errorf("%s holds during the whole run; drop n1>n3 loses one message", s.Kind)
		}
	}
	if len(words) > 0 {
		at, err := ParseTime(words[0])
		if err != nil {
			return Change{}, err
		}
		s.At, s.Next, words = at, false, words[1:]
	}
	if len(words) > 0 || s.Kind == "" && s.Next {
		return Change{}, fmt.Errorf("want no KIND, no SECONDS or no KIND SECONDS")
	}
	return Change{Skip: &s}, nil
}

func isTime(word string) bool { return word[0] >= '0' && word[0] <= '9' || word[0] == '.' }

// ParseTime reads a time of a run: seconds, as scripts write them, or a duration such as 1m2s.
func ParseTime(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		d, err = time.ParseDuration(text + "s")
	}
	if err != nil || d < 0 || d > plan.MaxTime {
		return 0, fmt.Errorf("time %q: want seconds such as 12.5, or a duration, up to %v", text, plan.MaxTime)
	}
	return d, nil
}

func parseFault(words []string) (Change, error) {
	words = slices.Clone(words)
	switch {
	case words[0] == kill:
		words[0] = plan.Crash
	case words[0] == plan.Drop && len(words) == 3 && words[1][0] == '#':
		words[1], words[2] = words[2], words[1]
	}
	in, err := plan.ParseInjection(0, words)
	if err == nil && in.Kind == plan.Drop && len(in.Nodes) != 2 {
		err = fmt.Errorf("want a link, such as drop n1>n3")
	}
	return Change{Add: &in}, err
}

// String returns the change in the form that ParseChange reads.
func (c Change) String() string {
	switch {
	case c.R > 0:
		return fmt.Sprintf("R=%d", c.R)
	case c.W > 0:
		return fmt.Sprintf("W=%d", c.W)
	case c.Strict:
		return "quorum " + plan.Strict
	case c.Skip != nil:
		return c.Skip.String()
	case c.Add == nil:
		return ""
	case c.Add.Kind == plan.LastWriteWins:
		return "mode " + settings.ModeLWW
	case plan.EndsCondition(c.Add.Kind):
		return strings.Replace(c.Add.Kind, no+"-", no+" ", 1)
	case c.Add.Kind == plan.Crash:
		return kill + strings.TrimPrefix(c.Add.String(), plan.Crash)
	}
	return c.Add.String()
}

func (s Skipped) String() string {
	text := no
	if s.Kind != "" {
		text += " " + s.Kind
	}
	if !s.Next {
		text += " " + plan.Seconds(s.At)
	}
	return text
}

// apply returns the plan with the change from a time on. base is the run of the plan, which tells
// when each operation begins.
func (c Change) apply(p plan.Plan, at time.Duration, base sim.Result) (plan.Plan, error) {
	p.Ops, p.Faults, p.Expect = slices.Clone(p.Ops), slices.Clone(p.Faults), plan.Expect{}
	var err error
	switch {
	case c.Add != nil:
		err = c.add(&p, at)
	case c.Skip != nil:
		err = c.Skip.leaveOut(&p, at)
	default:
		err = c.ask(&p, at, base)
	}
	if err == nil {
		err = p.Check()
	}
	return p, err
}

// add adds the fault to the plan. A fault that lasts, and does not say how long, lasts until all
// faults end.
func (c Change) add(p *plan.Plan, at time.Duration) error {
	f := *c.Add
	switch ends := plan.EndsCondition(f.Kind); {
	case ends && !hasCondition(&p.Conditions, f.Kind):
		return fmt.Errorf("the network of this run does nothing of the kind")
	case ends && at >= p.HealAt:
		return fmt.Errorf("all faults end at %s s, and this one with them", plan.Seconds(p.HealAt))
	case at >= p.HealAt:
		return fmt.Errorf("all faults end at %s s, so nothing can break after that", plan.Seconds(p.HealAt))
	case f.Kind == plan.LastWriteWins && p.LWWAt(at):
		return fmt.Errorf("the last write wins already")
	}
	for _, o := range p.Faults {
		if o.Kind == plan.Lull && o.At <= at && at <= o.At+o.For && breaks(f.Kind) {
			return fmt.Errorf("all faults rest from %s to %s s", plan.Seconds(o.At), plan.Seconds(o.At+o.For))
		}
	}
	if f.At = at; f.For == 0 && f.Lasts() {
		f.For = p.HealAt - at
	}
	i := slices.IndexFunc(p.Faults, func(o plan.Injection) bool { return o.At >= at })
	if i < 0 {
		i = len(p.Faults)
	}
	p.Faults = slices.Insert(p.Faults, i, f)
	return nil
}

// hasCondition reports whether a run has the condition that an injection ends.
func hasCondition(c *plan.Conditions, ends string) bool {
	switch ends {
	case plan.NoLoss:
		return c.Loss > 0
	case plan.NoRepeat:
		return c.Repeat > 0
	case plan.NoDelay:
		return c.LongDelay > 0 || c.Delay > plan.UsualDelay
	}
	return false
}

// sameTime is the distance up to which a time that a user types is that of a fault. Scripts write
// times with four decimals or more.
const sameTime = 50 * time.Microsecond

// leaveOut removes the fault from the plan, and with a join also all that needs the node which
// joins.
func (s Skipped) leaveOut(p *plan.Plan, at time.Duration) error {
	if !s.Next && s.At+sameTime < at {
		return fmt.Errorf("%s s is before the change", plan.Seconds(s.At))
	}
	i := slices.IndexFunc(p.Faults, func(f plan.Injection) bool {
		near := s.Next || (f.At-s.At).Abs() <= sameTime
		return f.At >= at && near && (s.Kind == "" || s.Kind == f.Kind)
	})
	if i < 0 {
		return fmt.Errorf("no such fault happens from %s s on; %s", plan.Seconds(at), upcoming(p, at))
	}
	p.Faults = slices.Delete(p.Faults, i, i+1)
	p.DropUnknownNodes()
	return nil
}

// maxUpcoming bounds the faults that an error lists.
const maxUpcoming = 6

// upcoming lists the faults from a time on.
func upcoming(p *plan.Plan, at time.Duration) string {
	var out []string
	for _, f := range p.Faults {
		if f.At >= at && len(out) < maxUpcoming {
			out = append(out, plan.Seconds(f.At)+" "+f.String())
		}
	}
	if len(out) == 0 {
		return "no other one happens either"
	}
	return "what happens is: " + strings.Join(out, "; ")
}

// ask gives the operations that begin from a time on another quorum.
func (c Change) ask(p *plan.Plan, at time.Duration, base sim.Result) error {
	if n := max(c.R, c.W); n > p.Replicas() {
		return fmt.Errorf("a key has %d replicas", p.Replicas())
	}
	early := map[uint64]bool{}
	for _, o := range base.History {
		early[o.ID] = o.Began < at
	}
	some := false
	for i := range p.Ops {
		o := &p.Ops[i]
		if early[o.ID] || c.R > 0 && o.Kind != plan.Get || c.W > 0 && o.Kind == plan.Get {
			continue
		}
		some = true
		switch { // an operation that has the quorum already stays as it is
		case c.R > 0 && cmp.Or(o.R, p.R) != c.R:
			o.R = c.R
		case c.W > 0 && cmp.Or(o.W, p.W) != c.W:
			o.W = c.W
		case c.Strict && p.Quorum != plan.Strict:
			o.Strict = true
		}
	}
	if !some {
		return fmt.Errorf("no request that it is about begins from %s s on", plan.Seconds(at))
	}
	return nil
}
