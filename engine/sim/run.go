package sim

import (
	"fmt"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"ringside/engine/event"
)

// A Result is how a run went.
type Result struct {
	Plan       Plan
	Steps      int            // inputs that nodes were stepped with
	Events     int            // what the nodes told
	Virtual    time.Duration  // time that passed in the world
	Faults     map[string]int // kind → how often it fired
	Outcomes   [3]int         // the plan's operations by outcome: unknown, ok, failed
	FalseOnes  int            // times that a key was seen to hold a version and its ancestor, where clocks are cut (§4.4)
	Gets, Puts int            // gets that were answered, puts and deletes that were acked
	Stale      int            // gets that lacked a write that was acked before they began
	Collected  int            // tombstones that nodes dropped
	Early      int            // those of them that were dropped before the faults had ended
	LWWLost    int            // acked writes that last write wins threw away (P14)
	Violations []Violation
	Hash       uint64 // of everything that happened, in order
	History    []Observation
}

// Run plays the run that is drawn from opt: clients at work under faults, then peace,
// in which first the core and then the cluster must converge, then the checks. Equal
// options give equal results.
func Run(opt Options) Result { return Play(NewPlan(opt), nil) }

// Play plays a plan that Check finds no fault with. watch, if not nil, is told all that
// happens, as the subscriber of a real cluster is; it changes nothing.
func Play(p Plan, watch func(event.Event)) Result {
	r, _ := PlayUntil(p, func() bool { return true }, watch)
	return r
}

// PlayUntil is Play, but gives up once goOn, which is asked all along, says no; ended is false then.
func PlayUntil(p Plan, goOn func() bool, watch func(event.Event)) (r Result, ended bool) {
	defer func() {
		switch x := recover(); x {
		case nil:
		case interrupted{}:
			r, ended = Result{}, false
		default: // a campaign goes on, and the run can be made smaller like any that fails
			v := Violation{Seed: p.Seed, Property: Panic, Detail: fmt.Sprintf("%v, in %s", x, panickedIn(string(debug.Stack())))}
			r, ended = Result{Plan: p, Faults: map[string]int{}, Violations: []Violation{v}}, true
		}
	}()
	return play(&p, goOn, watch), true
}

// Panic is what takes the place of a property in runs that panic.
const Panic = "panic"

// panickedIn is the line of this project's code that a panic came out of.
func panickedIn(stack string) string {
	_, after, _ := strings.Cut(stack, "\npanic(")
	lines := strings.Split(after, "\n")
	for i, l := range lines[:len(lines)-1] {
		if strings.HasPrefix(l, "ringside/") {
			file, _, _ := strings.Cut(path.Base(lines[i+1]), " ")
			return file
		}
	}
	return "code of others"
}

// interrupted is what a world panics with that is to end: from the midst of whatever waits for its time to pass.
type interrupted struct{}

func play(p *Plan, goOn func() bool, watch func(event.Event)) Result {
	w := newWorld(p, watch)
	w.goOn = goOn
	w.unleash()
	w.employ()
	w.auditLater()
	w.runUntil(start+p.Peace, nil)
	w.runUntil(w.now+time.Duration(len(p.Ops))*clientTimeout, func() bool { return w.busy == 0 })
	w.settle()
	res := Result{
		Plan: *p, Steps: w.steps, Events: w.events, Virtual: w.now - start, Faults: w.faults, LWWLost: len(w.check.beaten), FalseOnes: w.check.falseOnes,
		Stale: w.check.stale, Collected: w.check.tombs.drops, Early: w.check.tombs.early,
		Violations: w.check.violations, Hash: w.hash, History: w.check.history(),
	}
	for _, op := range w.check.ops {
		if op.ID > w.check.planned {
			continue // the checker's own
		}
		res.Outcomes[op.outcome]++
		if op.outcome == ok && op.Kind == "get" {
			res.Gets++
		} else if op.outcome == ok {
			res.Puts++
		}
	}
	verdict := "every property held"
	if n := len(res.Violations); n > 0 {
		verdict = res.Violations[0].Property + " does not hold"
	}
	w.tell(event.Event{Kind: event.RunOver, Count: len(res.Violations), Message: verdict})
	return res
}

// Broke says whether the run broke property.
func (r Result) Broke(property string) bool {
	for _, v := range r.Violations {
		if v.Property == property {
			return true
		}
	}
	return false
}
