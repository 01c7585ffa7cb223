package fork_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/sim"
	"ringside/engine/sim/client"
	"ringside/engine/sim/fork"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
)

// parse reads a change that is valid.
func parse(t *testing.T, text string) fork.Change {
	t.Helper()
	c, err := fork.ParseChange(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// play forks a plan that can have the change.
func play(t *testing.T, p plan.Plan, at time.Duration, change string) fork.Fork {
	t.Helper()
	f, _, err := fork.Play(sim.Player{}, p, at, parse(t, change))
	if err != nil {
		t.Fatalf("seed %d, %s at %v: %v", p.Seed, change, at, err)
	}
	return f
}

// script reads a script that is valid.
func script(t *testing.T, lines string) plan.Plan {
	t.Helper()
	p, err := plan.ParseScript(strings.NewReader(plan.ScriptHead + "\n" + lines))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// events returns the events of a run that come before a time.
func events(p plan.Plan, before time.Duration) []event.Event {
	var out []event.Event
	player := sim.Player{Watch: func(e event.Event) {
		if e.Time < kernel.Origin+before {
			out = append(out, e)
		}
	}}
	player.Play(p)
	return out
}

// short returns the options of a run that takes little time to play.
func short(seed uint64, faults ...string) plan.Options {
	return plan.Options{
		Seed: seed, Ops: 40, Nodes: 5, N: 3, R: 2, W: 2, Length: 15 * time.Second, FaultEvery: 2 * time.Second,
		OwnQuorums: -1, Tombstones: -1, AntiEntropy: 5 * time.Second, Faults: append([]string{}, faults...),
		Mode: settings.ModeSiblings,
	}
}

// Nothing before the time of a change differs, whatever the change is and the seed draws, and no
// change makes the judge accuse the engine.
func TestNothingBeforeDiffers(t *testing.T) {
	changes := []string{
		"drop n1>n3", "R=1", "W=1", "W=3", "quorum strict", "mode lww", "kill n3", "kill n2 for 3s",
		"no partition", "no crash", "pause n1 for 2s", "partition n1,n2 n3 for 4s", "wipe n2 for 1s",
		"no loss", "no repeat", "no delay",
	}
	differed, refused := map[string]int{}, map[string]int{}
	for seed := uint64(1); seed <= 4; seed++ {
		p := plan.New(short(seed, plan.Crash, plan.Split, plan.Loss, plan.Repeat, plan.LongDelay, plan.Skew,
			plan.Join, plan.Wipe))
		at := p.HealAt / 3
		first := events(p, at)
		for _, text := range changes {
			f, _, err := fork.Play(sim.Player{}, p, at, parse(t, text))
			var bad *fork.BadChange
			if errors.As(err, &bad) {
				refused[text]++
				continue
			}
			if err != nil {
				t.Error(err)
				continue
			}
			if again := events(f.Plan, at); !reflect.DeepEqual(again, first) {
				t.Errorf("seed %d, %s: what happens before %v differs", seed, text, at)
			}
			if !f.Equal() {
				differed[text]++
			}
			for _, v := range f.Changed.Violations {
				t.Errorf("seed %d, %s: %s: %s\n%s", seed, text, v.Property, v.Detail, f.Plan.Script(nil))
			}
		}
	}
	t.Logf("differ: %v, refused: %v", differed, refused)
	for _, text := range changes {
		if differed[text] == 0 {
			t.Errorf("%s never made a difference", text)
		}
	}
}

// A condition that a change ends is over from then on, also after a lull. The other conditions go
// on.
func TestConditionEnds(t *testing.T) {
	kinds := []string{plan.Loss, plan.Repeat, plan.LongDelay}
	p := plan.New(short(3, append(kinds, plan.SlowLinks)...))
	p.Faults = append(p.Faults, plan.Injection{At: p.HealAt / 2, Kind: plan.Lull, For: time.Second})
	at := p.HealAt / 4
	for _, x := range []struct{ change, over string }{
		{"no loss", plan.Loss}, {"no repeat", plan.Repeat}, {"no delay", plan.LongDelay},
	} {
		begin := play(t, p, 0, x.change)
		f := play(t, p, at, x.change)
		for _, k := range kinds {
			if n := begin.Changed.Faults[k]; (n > 0) == (k == x.over) || k == x.over && f.Changed.Faults[k] == 0 {
				t.Errorf("%s: %s happens %d times after it at the beginning, and %d times with it later", x.change, k, n, f.Changed.Faults[k])
			}
		}
		lost := 0 // after the change
		for _, e := range events(f.Plan, p.HealAt) {
			if e.Kind == event.Dropped && e.Message == "lost" && e.Time >= kernel.Origin+at {
				lost++
			}
		}
		if (lost > 0) == (x.over == plan.Loss) {
			t.Errorf("%s: %d messages are lost after it", x.change, lost)
		}
	}
}

// A change without an effect gives an equal future.
func TestNoEffect(t *testing.T) {
	for seed := uint64(1); seed <= 2; seed++ {
		p := plan.New(short(seed, plan.Crash, plan.Split))
		p.Quorum = plan.Strict
		for _, text := range []string{"R=2", "W=2", "quorum strict", "drop #999999 n1>n2"} {
			f := play(t, p, p.HealAt/2, text)
			d := f.Differences
			if !f.Equal() || f.AsItIs.Hash != f.Changed.Hash || f.Same != f.AsItIs.Told || f.Same != f.Changed.Told ||
				len(d.Operations)+d.Otherwise+len(d.Keys)+len(d.Lost) > 0 {
				t.Errorf("seed %d, %s: %d events are the same of %d and %d; %+v", seed, text, f.Same, f.AsItIs.Told,
					f.Changed.Told, d)
			}
		}
	}
}

// cart is a split with a put on each side, between 2 s and 6 s.
const cart = `
seed 1
nodes 5
replicas N=3 R=2 W=2
mode siblings
quorum sloppy

1 client 1 put#1 cart via n3
1.5 client 1 get#2 cart via n3
2 partition n1,n2 n3,n4,n5 for 4s
3 client 1 put#4 cart via n3 context newest
3.5 client 2 get#3 cart via n1
4 client 2 put#5 cart via n1 context newest
9 client 1 get#6 cart via n4
10 peace
`

// The story of the cart, and what becomes of it without the split, in mode lww, and with a lost
// message.
func TestCart(t *testing.T) {
	p := script(t, cart)
	for _, x := range []struct {
		change    string
		at        time.Duration
		read      []uint64 // by the last get, in the changed run
		differ    []uint64
		lost      []uint64
		firstKind event.Kind // of the changed run
	}{
		{"no partition", time.Second, []uint64{5}, []uint64{3, 5, 6}, nil, event.Split},
		{"no 2", 0, []uint64{5}, []uint64{3, 5, 6}, nil, event.Split},
		{"mode lww", 2500 * time.Millisecond, []uint64{5}, []uint64{6}, []uint64{4}, event.Cluster},
		{"kill n3", 3500 * time.Millisecond, []uint64{4, 5}, nil, nil, event.NodeDown},
		{"drop #4 n3>n5", 2500 * time.Millisecond, []uint64{4, 5}, nil, nil, event.Dropped},
	} {
		f := play(t, p, x.at, x.change)
		var differ []uint64
		for _, o := range f.Operations {
			differ = append(differ, o.AsItIs.ID)
		}
		last := f.Changed.History[slices.IndexFunc(f.Changed.History, func(o client.Observation) bool { return o.ID == 6 })]
		slices.Sort(last.Read)
		if !slices.Equal(last.Read, x.read) || !slices.Equal(differ, x.differ) || !slices.Equal(f.Lost, x.lost) {
			t.Errorf("%s: the last get finds %v; operations %v differ, %v are lost", x.change, last.Read, differ, f.Lost)
		}
		first := f.Changed.After[0]
		if x.firstKind == event.Split { // the first difference is a fault of the run as it is
			first = f.AsItIs.After[0]
		}
		if first.Kind != x.firstKind || first.Seq != uint64(f.Same+1) || len(f.Before) != fork.Before {
			t.Errorf("%s: the first difference is %+v, after %d events", x.change, first, f.Same)
		}
	}
}

// A change of one key's message leaves the operations of other keys alone: their messages have the
// delays that they have without the change.
func TestUnrelatedOperationsStay(t *testing.T) {
	same, count := 0, 0
	for seed := uint64(1); seed <= 3; seed++ {
		o := short(seed)
		o.Keys = 4
		p := plan.New(o)
		i := slices.IndexFunc(p.Ops, func(o plan.Op) bool { return o.Kind == plan.Put && o.At > p.HealAt/3 })
		put := p.Ops[i]
		for _, to := range p.Names() {
			if to == put.Via {
				continue
			}
			f := play(t, p, put.At, fmt.Sprintf("drop #%d %s>%s", put.ID, put.Via, to))
			ended := map[uint64]client.Observation{}
			for _, o := range f.Changed.History {
				ended[o.ID] = o
			}
			for _, o := range f.AsItIs.History {
				if o.Key != put.Key && o.ID <= p.Ops[len(p.Ops)-1].ID {
					count++
					if ended[o.ID].Ended == o.Ended && ended[o.ID].Ending() == o.Ending() {
						same++
					}
				}
			}
		}
	}
	if t.Logf("%d of %d operations of other keys end in the same way at the same time", same, count); same < count*9/10 {
		t.Errorf("only %d of %d operations of other keys are the same", same, count)
	}
}

// A run that cannot have a change says why.
func TestRefused(t *testing.T) {
	p := script(t, cart)
	lww := p
	lww.Mode = settings.ModeLWW
	windy := script(t, "weather loss=0 repeat=0 long-delay=0.1 delay=300µs connections=told\n"+cart)
	resting := script(t, strings.Replace(cart, "9 client", "3 lull for 5s\n9 client", 1))
	for _, x := range []struct {
		p      plan.Plan
		change string
		at     time.Duration
		want   string
	}{
		{p, "R=4", 0, "a key has 3 replicas"},
		{p, "W=3", 8 * time.Second, "no request that it is about begins from 8.0000 s on"},
		{p, "no crash", 0, "what happens is: 2.0000 partition n1,n2 n3,n4,n5 for 4s"},
		{p, "no partition", 3 * time.Second, "no other one happens either"},
		{p, "no 2", 3 * time.Second, "before the change"},
		{p, "kill n3", 10 * time.Second, "all faults end at 10.0000 s"},
		{resting, "kill n3", 4 * time.Second, "all faults rest from 3.0000 to 8.0000 s"},
		{p, "kill n9", 0, `no node "n9"`},
		{p, "drop n1>n9", 0, `no node "n9"`},
		{p, "partition n1 n2 n1", 0, "n1"},
		{lww, "mode lww", 0, "already"},
		{p, "no loss", 0, "the network of this run does nothing of the kind"},
		{windy, "no delay", 10 * time.Second, "all faults end at 10.0000 s"},
	} {
		_, _, err := fork.Play(sim.Player{}, x.p, x.at, parse(t, x.change))
		var bad *fork.BadChange
		if !errors.As(err, &bad) || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s at %v: error %v, want %q", x.change, x.at, err, x.want)
		}
	}
}

// A player that gives up gets no fork.
func TestGivesUp(t *testing.T) {
	p := plan.New(plan.Options{Seed: 1, Ops: 300})
	if _, ended, err := fork.Play(sim.Player{GoOn: func() bool { return false }}, p, 0, parse(t, "kill n1")); ended || err != nil {
		t.Errorf("ended %v, error %v", ended, err)
	}
}

// The changed plan is a script like any other.
func TestChangedPlanIsAScript(t *testing.T) {
	for _, text := range []string{"drop #4 n3>n5", "mode lww", "no partition", "kill n3", "R=1", "no delay"} {
		f := play(t, script(t, "weather loss=0 repeat=0 long-delay=0.1 delay=300µs connections=told\n"+cart), time.Second, text)
		q, err := plan.ParseScript(strings.NewReader(f.Plan.Script(nil)))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if r := sim.Play(q); r.Hash != f.Changed.Hash {
			t.Errorf("%s: hash %x from its script, want %x", text, r.Hash, f.Changed.Hash)
		}
	}
}
