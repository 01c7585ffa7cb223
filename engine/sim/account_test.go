package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"ringside/engine/account"
	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/sim/check"
	"ringside/engine/sim/client"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/engine/wire"
)

// accountSeeds is the number of runs whose accounts are compared with the world.
const accountSeeds = defaultSeeds / 6

// accountEvery is the virtual time between two comparisons in a run.
const accountEvery = 5 * time.Second

// gentle are the faults after which events alone tell what each disk holds.
var gentle = []string{
	plan.Split, plan.OneWay, plan.Loss, plan.Repeat, plan.LongDelay, plan.Clog, plan.Crash, plan.Pause, plan.Wipe,
	plan.Join, plan.Leave,
}

// An account of the events of a run agrees with the disks and with what the clients know, during
// the run and after it. The runs have only faults of which events tell.
func TestAccountsAgreeWithTheWorld(t *testing.T) {
	got := map[account.Fate]int{}
	for seed := uint64(1); seed <= accountSeeds; seed++ {
		r := newAccounted(t, plan.Options{Seed: seed, Faults: gentle})
		r.play(true)
		for f, n := range r.fates {
			got[f] += n
		}
	}
	for _, f := range account.Fates {
		if got[f] == 0 && f != account.Unknown && defaultSeeds >= coverageSeeds {
			t.Errorf("no write had the fate %s; there were %v", f, got)
		}
	}
}

// After a run with faults of all kinds, each acknowledged write has a fate that agrees with the
// disks.
func TestAccountsAgreeAfterAllFaults(t *testing.T) {
	for seed := uint64(1); seed <= accountSeeds/2; seed++ {
		newAccounted(t, plan.Options{Seed: seed}).play(false)
	}
}

// An accounted is a run with an account of its events, and what its clients know.
type accounted struct {
	t *testing.T
	*run
	account *account.Account
	seq     uint64
	ops     map[uint64]*client.Operation
	acked   map[uint64]bool
	lost    map[uint64]bool      // writes that nodes report as lost to last write wins
	fates   map[account.Fate]int // of all comparisons
	view    *view.Cluster        // of the same events; tells which nodes are homes
	older   map[[2]uint64]bool   // what descends has found
}

// Began implements client.Observer.
func (r *accounted) Began(o *client.Operation) {
	r.judge.Began(o)
	r.ops[o.ID] = o
}

// Ended implements client.Observer.
func (r *accounted) Ended(o *client.Operation, reply wire.ClientReply) {
	r.judge.Ended(o, reply)
	if p, ok := reply.(wire.PutReply); ok && p.Err == wire.OK {
		r.acked[o.ID] = true
	}
}

func newAccounted(t *testing.T, o plan.Options) *accounted {
	p := plan.New(o)
	r := &accounted{
		t: t, account: account.New(), ops: map[uint64]*client.Operation{}, acked: map[uint64]bool{},
		lost: map[uint64]bool{}, fates: map[account.Fate]int{}, view: view.New(), older: map[[2]uint64]bool{},
	}
	watch := func(e event.Event) {
		r.seq++
		e.Seq = r.seq
		r.account.Apply(e)
		r.view.Apply(e)
		if e.Kind == event.LWWLost {
			r.lost[e.Request] = true
		}
	}
	w := kernel.New(kernel.Config{Plan: &p, Watch: watch})
	j := check.New(w)
	r.run = &run{plan: &p, world: w, judge: j}
	r.clients = client.New(w, r)
	return r
}

// play plays the run as run.play does, with comparisons at its end and, if often, in between.
func (r *accounted) play(often bool) {
	w := r.world
	w.Start(r.judge)
	w.ScheduleFaults()
	r.clients.Start()
	for w.Now() < kernel.Origin+r.plan.HealAt {
		w.RunUntil(min(w.Now()+accountEvery, kernel.Origin+r.plan.HealAt), nil)
		if often {
			r.compare("during the run")
		}
	}
	w.RunUntil(w.Now()+time.Duration(len(r.plan.Ops))*client.Timeout, r.clients.Done)
	r.settle()
	r.compare("at the end")
	r.checkEnd()
}

func (r *accounted) fail(w *account.Write, when, format string, args ...any) {
	r.t.Helper()
	r.t.Errorf("seed %d %s: #%d of %s %v is %s (%s): %s", r.plan.Seed, when, w.Request, w.Key, w.Version.Notation(), w.Fate,
		w.Text, fmt.Sprintf(format, args...))
}

// compare compares the account with what the clients know and with what the disks hold now.
func (r *accounted) compare(when string) {
	seen := map[uint64]int{}
	for _, w := range r.account.Writes(nil) {
		r.fates[w.Fate]++
		if w.Acked {
			seen[w.Request]++
		}
		r.checkBy(&w, when)
		r.checkHeld(&w, when)
	}
	for id := range r.acked {
		if seen[id] != 1 {
			r.t.Errorf("seed %d %s: acknowledged write #%d has %d fates", r.plan.Seed, when, id, seen[id])
		}
	}
}

func (r *accounted) lww() bool { return r.plan.Mode == settings.ModeLWW }

// checkBy checks that what took the place of a write covers it, as the clients' own reads and
// writes say.
func (r *accounted) checkBy(w *account.Write, when string) {
	if w.By == nil {
		return
	}
	covers := w.Version.Compare(*w.By) == vclock.Before
	switch {
	case w.Fate == account.Lost && covers && !r.lost[w.Request]:
		r.fail(w, when, "%v has seen it", w.By.Notation())
	case w.Fate == account.Superseded && !covers && !r.lww():
		r.fail(w, when, "%v has not seen it", w.By.Notation())
	case w.Fate == account.Superseded && !r.lww() && !r.descends(w.By.Request, w.Request):
		r.fail(w, when, "the client of #%d had not read it", w.By.Request)
	}
}

// descends reports whether the client of write x had read write y, or a descendant of it.
func (r *accounted) descends(x, y uint64) bool {
	op := r.ops[x]
	if op == nil {
		return false
	}
	pair := [2]uint64{x, y}
	found, known := r.older[pair]
	if !known {
		found = op.Parents[y]
		for p := range op.Parents {
			found = found || r.descends(p, y)
		}
		r.older[pair] = found
	}
	return found
}

// checkHeld checks a fate against what the hosts hold.
func (r *accounted) checkHeld(w *account.Write, when string) {
	var all vclock.Siblings
	var homes, others []string
	at := r.view.Ring.Homes(w.Key)
	for _, name := range r.world.Names() {
		h := r.world.Host(name)
		for _, rep := range kernel.Stored(h.Reader(), string(w.Key)) {
			all = all.Merge(rep.Versions)
			switch has := rep.Versions.Has(w.Version.Dot); {
			case has && rep.For == "" && slices.Contains(at, name):
				homes = append(homes, name)
			case has:
				others = append(others, name)
			}
		}
	}
	homes = slices.DeleteFunc(homes, func(name string) bool {
		h := r.world.Host(name)
		return h.Buffered() && !h.Up() && !slices.Contains(w.Homes, name) // no event told which objects its crash took
	})
	held, current := len(homes)+len(others) > 0, all.Has(w.Version.Dot)
	want := []account.Fate{account.Lost, account.Superseded}
	switch {
	case current && len(homes) > 0:
		want = []account.Fate{account.Visible, account.Sibling, account.Buffer}
	case current:
		want = []account.Fate{account.Hint, account.Buffer}
	case held:
		want = []account.Fate{account.Superseded}
	case w.Collected:
		want = append(want, account.Visible)
	}
	if r.lost[w.Request] {
		want = append(want, account.Lost) // other nodes may still hold it
	}
	if w.Fate != account.Unknown && !slices.Contains(want, w.Fate) {
		r.fail(w, when, "homes %v and others %v hold it, all versions are %v; want one of %v", homes, others, all, want)
	}
	if got := slices.Sorted(slices.Values(w.Homes)); w.Fate != account.Unknown && !slices.Equal(got, slices.Sorted(slices.Values(homes))) {
		r.fail(w, when, "homes %v hold it", homes)
	}
}

// checkEnd checks the fates that only a cluster at rest rules out.
func (r *accounted) checkEnd() {
	faults := r.world.Stats().Faults
	destroyed := false
	for _, kind := range []string{
		plan.Wipe, plan.Flip, plan.OldCopy, plan.LostTail, plan.FailedSync, plan.LostBuffer, plan.CrashInFlush, plan.Remove,
	} {
		destroyed = destroyed || faults[kind] > 0
	}
	for _, w := range r.account.Writes(nil) {
		switch {
		case w.Fate == account.Hint || w.Fate == account.Buffer || w.Fate == account.Unknown && !destroyed:
			r.fail(&w, "at the end", "the cluster is at rest")
		case w.Fate == account.Lost && !r.lww() && !destroyed:
			r.fail(&w, "at the end", "no disk was destroyed")
		}
		if w.Acked && r.lost[w.Request] && w.Fate != account.Lost && !destroyed {
			r.fail(&w, "at the end", "a node reported it as lost")
		}
	}
}
