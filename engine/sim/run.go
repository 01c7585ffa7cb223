package sim

import (
	"fmt"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"ringside/engine/event"
	"ringside/engine/sim/check"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// A Result is the result of a run.
type Result struct {
	Plan    plan.Plan
	Virtual time.Duration // virtual time that passed
	kernel.Stats
	check.Verdict
}

// Broke reports whether a property did not hold.
func (r Result) Broke(property string) bool {
	for _, v := range r.Violations {
		if v.Property == property {
			return true
		}
	}
	return false
}

// Panic is the name that results of runs that panic give in place of a property.
const Panic = "panic"

// A Player plays plans. The zero Player plays them to the end.
type Player struct {
	GoOn  func() bool       // asked all along; false: the player gives up
	Watch func(event.Event) // receives all that a subscriber of a real cluster would; changes nothing
	Bug   *kernel.Bug       // planted by a test
	// Looks are times of a run at which Measure compares the homes of all keys, until the checker
	// begins to read the keys.
	Looks []time.Duration

	recorder *measure.Recorder // nil: the run is not measured
	looked   *[]Look
}

// Run plays the run that is drawn from options. Equal options give equal results.
func Run(o plan.Options) Result { return Play(plan.New(o)) }

// Play plays a plan that plan.Check accepts.
func Play(p plan.Plan) Result {
	r, _ := Player{}.Play(p)
	return r
}

// Play plays a plan that plan.Check accepts. It returns false if the player gave up. A run that
// panics violates Panic, so that a campaign goes on and the run can be made smaller.
func (pl Player) Play(p plan.Plan) (r Result, ended bool) {
	defer func() {
		switch x := recover(); x {
		case nil:
		case kernel.Interrupted{}:
			r, ended = Result{}, false
		default:
			detail := fmt.Sprintf("%v, in %s", x, panicSite(string(debug.Stack())))
			r, ended = Result{Plan: p}, true
			r.Faults = map[string]int{}
			r.Violations = []check.Violation{{Seed: p.Seed, Property: Panic, Detail: detail}}
		}
	}()
	return newRun(pl, &p).play(), true
}

// panicSite returns the file and line of this module in which a panic began.
func panicSite(stack string) string {
	_, after, _ := strings.Cut(stack, "\npanic(")
	lines := strings.Split(after, "\n")
	for i, l := range lines[:len(lines)-1] {
		if strings.HasPrefix(l, "ringside/") {
			file, _, _ := strings.Cut(path.Base(lines[i+1]), " ")
			return file
		}
	}
	return "code of another module"
}

// run is one run under way.
type run struct {
	plan    *plan.Plan
	world   *kernel.World
	judge   *check.Judge
	clients *client.Clients
	watched *measured // nil: the run is not measured
}

func newRun(pl Player, p *plan.Plan) *run {
	c := kernel.Config{Plan: p, Watch: pl.Watch, GoOn: pl.GoOn, Bug: pl.Bug}
	if pl.recorder == nil {
		w := kernel.New(c)
		j := check.New(w)
		return &run{plan: p, world: w, judge: j, clients: client.New(w, j)}
	}
	m := &measured{recorder: pl.recorder, looks: pl.Looks, looked: pl.looked}
	c.Meter, c.Watch = pl.recorder, m.watch(pl.Watch)
	w := kernel.New(c)
	m.judge = check.New(w)
	return &run{plan: p, world: w, judge: m.judge, clients: client.New(w, m), watched: m}
}

func (r *run) play() Result {
	w := r.world
	w.Start(r.judge)
	w.ScheduleFaults()
	r.clients.Start()
	r.watched.scheduleLooks(w)
	r.scheduleLook()
	w.RunUntil(kernel.Origin+r.plan.HealAt, nil)
	w.RunUntil(w.Now()+time.Duration(len(r.plan.Ops))*client.Timeout, r.clients.Done)
	r.settle()
	res := Result{Plan: *r.plan, Virtual: w.Age(), Stats: w.Stats(), Verdict: r.judge.Verdict()}
	verdict := "every property held"
	if n := len(res.Violations); n > 0 {
		verdict = res.Violations[0].Property + " does not hold"
	}
	w.Tell(event.Event{Kind: event.RunOver, Count: len(res.Violations), Message: verdict})
	return res
}

// lookEvery is the mean time between two looks of the judge.
const lookEvery = 3 * time.Second

// scheduleLook has the judge look at a random host at random times.
func (r *run) scheduleLook() {
	random := r.world.Rand(kernel.DecideAudit)
	h := r.world.Host(rng.Pick(random, r.world.Names()))
	r.world.After(rng.Exp(random, lookEvery), func() {
		r.judge.Look(h)
		r.scheduleLook()
	})
}
