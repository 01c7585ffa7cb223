package simulate

import (
	"errors"
	"fmt"
	"time"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/engine/event"
	"ringside/engine/sim"
	"ringside/engine/sim/check"
	"ringside/engine/sim/client"
	"ringside/engine/sim/fork"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/shrink"
	"ringside/engine/usage"
	"ringside/engine/vclock"
)

// checkFork returns a usage error for flags of a fork that do not go together.
func checkFork(c *verbs.Call) error {
	given := c.Bool("fork") || c.Has("at") || c.Has("change")
	switch {
	case !given:
		return nil
	case !c.Bool("fork") || !c.Has("change"):
		return usage.Errorf("sim: a fork needs --fork, --change 'CHANGE', and one run (--seed SEED or --replay FILE); " +
			"--at TIME says when the change begins, and without --at it is there from the beginning")
	case c.Has("seeds") || c.Has("for") || !isSingle(c) && !c.Bool("tui"):
		return usage.Errorf("sim: --fork is about one run: give --seed SEED alone, or --replay FILE")
	case c.Has("check"):
		return usage.Errorf("sim: --check looks at one future: leave out --fork, or --check")
	}
	return nil
}

// playFork plays a run as it is and with one thing changed, and shows both.
func (r *runner) playFork(p plan.Plan) error {
	change, err := fork.ParseChange(r.call.String("change"))
	if err != nil {
		return usage.Errorf("sim --change: %w", err)
	}
	at := time.Duration(0)
	if r.call.Has("at") {
		if at, err = fork.ParseTime(r.call.String("at")); err != nil {
			return usage.Errorf("sim --at: %w", err)
		}
	}
	f, ended, err := fork.Play(sim.Player{GoOn: r.alive}, p, at, change)
	var bad *fork.BadChange
	switch {
	case errors.As(err, &bad):
		return usage.Errorf("sim: %w", err)
	case err != nil:
		return err
	case !ended:
		return r.ctx.Err()
	}
	if r.call.Has("script") {
		changed := f.Plan
		changed.Expect = plan.Expect{Hash: f.Changed.Hash}
		if v := f.Changed.Violations; len(v) > 0 {
			changed.Expect.Property = v[0].Property
		}
		if err := r.writeScript(r.call.String("script"), shrink.Report(changed, f.Changed.Result, "")); err != nil {
			return err
		}
	}
	if r.call.Bool("tui") && !f.Equal() {
		err = r.showFork(p, &f)
	} else {
		err = r.Show(newForkReport(&f), forkText(&f, r.Width()))
	}
	if err != nil {
		return err
	}
	if v := append(f.AsItIs.Violations, f.Changed.Violations...); len(v) > 0 {
		return &exit.Error{Exit: exit.Expectation, Code: "property_violated", Message: v[0].Detail, Reported: true}
	}
	return nil
}

// forkReport is a fork as JSON.
type forkReport struct {
	Seed   uint64  `json:"seed"`
	At     float64 `json:"at_s"`
	Change string  `json:"change"`
	Equal  bool    `json:"equal"`       // the change changed nothing
	Same   int     `json:"same_events"` // with which both futures begin
	// First has the two events that differ, null where a future has ended.
	First   *firstDifference  `json:"first_difference"`
	AsItIs  futureReport      `json:"as_it_is"`
	Changed futureReport      `json:"changed"`
	Ops     []operationReport `json:"operations"` // whose clients were told something else
	Others  int               `json:"operations_retimed"`
	Keys    []keyReport       `json:"keys"` // that hold other versions in the end
	Lost    []lostReport      `json:"lost"` // acknowledged writes that last write wins loses in one future only
}

type firstDifference struct {
	AsItIs  *event.Event `json:"as_it_is"`
	Changed *event.Event `json:"changed"`
}

// futureReport is one of the two futures.
type futureReport struct {
	Events     []event.Event     `json:"events"` // from the first difference on, at most fork.After
	VirtualS   float64           `json:"virtual_s"`
	Faults     map[string]int    `json:"faults"`
	Violations []check.Violation `json:"violations"`
	TraceHash  string            `json:"trace_hash"`
	clientReport
}

type operationReport struct {
	ID      uint64 `json:"id"`
	Kind    string `json:"kind"`
	Key     string `json:"key"`
	Via     string `json:"via"`
	AsItIs  ending `json:"as_it_is"`
	Changed ending `json:"changed"`
}

// ending is how an operation ended.
type ending struct {
	BeganS   float64  `json:"began_s"`
	TookUS   float64  `json:"took_us"` // 0: no reply came
	Outcome  string   `json:"outcome"`
	Error    string   `json:"error,omitempty"`
	Acks     []string `json:"acks,omitempty"`
	Notation string   `json:"notation,omitempty"` // of the version that a put made
	Read     []uint64 `json:"read,omitempty"`     // writes that a get returned
}

type keyReport struct {
	Key     string          `json:"key"`
	AsItIs  []versionReport `json:"as_it_is"`
	Changed []versionReport `json:"changed"`
}

// versionReport is a version that the homes of a key hold in the end.
type versionReport struct {
	Write    uint64 `json:"write"`
	Notation string `json:"notation"`
	Deleted  bool   `json:"deleted,omitempty"`
}

type lostReport struct {
	Write   uint64 `json:"write"`
	AsItIs  bool   `json:"as_it_is"`
	Changed bool   `json:"changed"`
}

func newForkReport(f *fork.Fork) forkReport {
	out := forkReport{
		Seed: f.Plan.Seed, At: f.At.Seconds(), Change: f.Change.String(), Equal: f.Equal(), Same: f.Same,
		AsItIs: newFutureReport(&f.AsItIs), Changed: newFutureReport(&f.Changed), Others: f.Otherwise,
		Ops: []operationReport{}, Keys: []keyReport{}, Lost: []lostReport{},
	}
	if !f.Equal() {
		out.First = &firstDifference{first(f.AsItIs.After), first(f.Changed.After)}
	}
	for _, o := range f.Operations {
		out.Ops = append(out.Ops, operationReport{
			o.AsItIs.ID, o.AsItIs.Kind, o.AsItIs.Key, o.AsItIs.Via, endingOf(o.AsItIs), endingOf(o.Changed),
		})
	}
	for _, k := range f.Keys {
		out.Keys = append(out.Keys, keyReport{k.Key, versionsOf(k.AsItIs), versionsOf(k.Changed)})
	}
	for _, id := range f.Lost {
		out.Lost = append(out.Lost, lostReport{id, f.AsItIs.Loses(id), f.Changed.Loses(id)})
	}
	return out
}

func first(events []event.Event) *event.Event {
	if len(events) == 0 {
		return nil
	}
	return &events[0]
}

func newFutureReport(f *fork.Future) futureReport {
	one := &campaign{sum: totals{Faults: map[string]int{}}}
	one.add(f.Result)
	r := one.report()
	return futureReport{
		Events: append([]event.Event{}, f.After...), VirtualS: r.VirtualS, Faults: r.Faults, Violations: r.Violations,
		TraceHash: r.TraceHash, clientReport: r.clientReport,
	}
}

func endingOf(o client.Observation) ending {
	out := ending{BeganS: o.Began.Seconds(), Outcome: o.Outcome, Acks: o.Acks, Read: o.Read}
	if o.Ended > 0 {
		out.TookUS = float64(o.Ended-o.Began) / float64(time.Microsecond)
	}
	if o.Outcome != client.OK.String() {
		out.Error = o.Code.String()
	}
	if o.Version.Dot.Counter > 0 {
		out.Notation = o.Version.Notation()
	}
	return out
}

func versionsOf(s vclock.Siblings) []versionReport {
	out := []versionReport{}
	for _, v := range s {
		out = append(out, versionReport{v.Request, v.Notation(), v.Deleted})
	}
	return out
}

// since returns the time of an event since the run began, in seconds.
func since(e event.Event) string { return fmt.Sprintf("%.6f", (e.Time - kernel.Origin).Seconds()) }

// happened describes an event in one line, without its time.
func happened(e event.Event) string {
	text := string(e.Kind) + " " + render.Detail(e)
	if e.Kind == event.Cluster && e.Settings != nil {
		text = "the settings are now: mode " + e.Settings.Mode
	}
	if e.Node != "" {
		text = render.Node(e.Node) + " " + text
	}
	if e.Request > 0 {
		text += fmt.Sprintf(" #%d", e.Request)
	}
	return text
}
