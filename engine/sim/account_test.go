package sim

import (
	"cmp"
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
	got, gets := map[account.Fate]int{}, map[account.About]int{}
	for seed := uint64(1); seed <= accountSeeds; seed++ {
		r := newAccounted(t, plan.Options{Seed: seed, Faults: gentle})
		r.play(true)
		for f, n := range r.fates {
			got[f] += n
		}
		for about, n := range r.gets {
			gets[about] += n
		}
	}
	for _, f := range account.Fates {
		if got[f] == 0 && f != account.Unknown && defaultSeeds >= coverageSeeds {
			t.Errorf("no write had the fate %s; there were %v", f, got)
		}
	}
	if gets[account.Stale] == 0 || gets[account.Nothing] == 0 {
		t.Errorf("too few gets were judged: %v", gets)
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
	gets    map[account.About]int
}

// Began implements client.Observer.
func (r *accounted) Began(o *client.Operation) {
	r.judge.Began(o)
	r.ops[o.ID] = o
}

// Ended implements client.Observer.
func (r *accounted) Ended(o *client.Operation, reply wire.ClientReply) {
	r.judge.Ended(o, reply)
	switch p := reply.(type) {
	case wire.PutReply:
		if p.Err == wire.OK {
			r.acked[o.ID] = true
		}
	case wire.GetReply:
		if p.Err == wire.OK {
			r.checkGet(o, slices.Concat(p.Siblings, p.Tombstones))
		}
	}
}

// checkGet checks that a get which missed an acknowledged write is explained as stale, and no
// other.
func (r *accounted) checkGet(get *client.Operation, read vclock.Siblings) {
	x, ok := r.account.WhyRequest(get.ID)
	if !ok || r.lww() || r.plan.Clocks.Truncate > 0 {
		return
	}
	missed := uint64(0)
	for id := range r.acked {
		op := r.ops[id]
		shown := slices.ContainsFunc(read, func(v vclock.Version) bool { return v.Request == id || r.descends(v.Request, id) })
		if op.Key == get.Key && op.Ended < get.Began && !shown && !r.collected(id) {
			missed = id
		}
	}
	r.gets[x.About]++
	if missed > 0 && x.About != account.Stale {
		r.t.Errorf("seed %d: get #%d of %s read %v and missed #%d, and is explained as %s: %s", r.plan.Seed, get.ID, get.Key, read,
			missed, x.About, x.Text)
	}
	if missed == 0 && x.About == account.Stale && !r.closeCall(get) {
		r.t.Errorf("seed %d: get #%d of %s read %v, missed nothing, and is explained as stale: %s", r.plan.Seed, get.ID, get.Key, read,
			x.Text)
	}
}

// collected reports whether a write, or a delete that has seen it, has left no trace because its
// tombstone was collected.
func (r *accounted) collected(id uint64) bool {
	for _, w := range r.account.Writes([]byte(r.ops[id].Key)) {
		if w.Collected && (w.Request == id || r.descends(w.Request, id)) {
			return true
		}
	}
	return false
}

// closeCall reports whether a write of the key was acknowledged while the get was on its way to its
// coordinator. The client of the get may not have known that.
func (r *accounted) closeCall(get *client.Operation) bool {
	for id := range r.acked {
		if op := r.ops[id]; op.Key == get.Key && op.Ended >= get.Began {
			return true
		}
	}
	return false
}

func newAccounted(t *testing.T, o plan.Options) *accounted {
	p := plan.New(o)
	r := &accounted{
		t: t, account: account.New(), ops: map[uint64]*client.Operation{}, acked: map[uint64]bool{},
		lost: map[uint64]bool{}, fates: map[account.Fate]int{}, view: view.New(), older: map[[2]uint64]bool{},
		gets: map[account.About]int{},
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
	for _, key := range r.account.Keys() {
		r.checkWhy(r.account.Why(key), when)
	}
	for id := range r.acked {
		if seen[id] != 1 {
			r.t.Errorf("seed %d %s: acknowledged write #%d has %d fates", r.plan.Seed, when, id, seen[id])
		}
	}
}

func (r *accounted) lww() bool { return r.plan.Mode == settings.ModeLWW }

// checkWhy checks that an explanation of a key fits what the hosts hold, and that its chain is in
// the order of the stream.
func (r *accounted) checkWhy(x account.Explanation, when string) {
	values := map[vclock.Dot]bool{}
	var all vclock.Siblings
	for _, name := range r.world.Names() {
		for _, rep := range kernel.Stored(r.world.Host(name).Reader(), string(x.Key)) {
			all = all.Merge(rep.Versions)
		}
	}
	for _, v := range all.Live() {
		values[v.Dot] = true
	}
	switch {
	case r.plan.Buffer > 0 && when != "at the end", r.lww(): // no event told what a crash took, or siblings are not kept
	case x.About == account.Siblings && len(all) < 2, x.About == account.Absent && len(values) > 0,
		len(values) > 1 && x.About != account.Siblings:
		r.t.Errorf("seed %d %s: %s is explained as %s, and the hosts hold %v: %s", r.plan.Seed, when, x.Key, x.About, all, x.Text)
	}
	if !slices.IsSortedFunc(x.Chain, func(a, b account.Step) int { return cmp.Compare(a.Seq, b.Seq) }) {
		r.t.Errorf("seed %d %s: the chain of %s is not in order: %v", r.plan.Seed, when, x.Key, x.Chain)
	}
}

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
