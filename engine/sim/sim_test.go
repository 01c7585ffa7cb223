package sim

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ringside/engine/trace"
)

var (
	seeds  = flag.Uint64("seeds", defaultSeeds, "how many seeds to run")
	first  = flag.Uint64("seed", 1, "the first seed")
	hashes = flag.String("hashes", "", "a file of trace hashes: written if it is not there, compared with if it is")
)

// each plays seeds from first on, two at a time, and hands over the results one by one.
func each(first, count uint64, options func(uint64) Options, got func(Result)) {
	var next atomic.Uint64
	next.Store(first)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for s := next.Add(1) - 1; s < first+count; s = next.Add(1) - 1 {
				r := Run(options(s))
				mu.Lock()
				got(r)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func drawn(seed uint64) Options { return Options{Seed: seed} }

// enough is from how many seeds on each kind of fault must have fired.
const enough = 100

// Every property holds for whatever the seeds draw, and every kind of fault fires.
func TestSeeds(t *testing.T) {
	faults := map[string]int{}
	var total Result
	var modes [4]int // runs that are lww, strict, healthy, with a core
	count := func(i int, b bool) {
		if b {
			modes[i]++
		}
	}
	each(*first, *seeds, drawn, func(r Result) {
		for k, n := range r.Faults {
			faults[k] += n
		}
		total.Steps += r.Steps
		total.Virtual += r.Virtual
		total.LWWLost += r.LWWLost
		for i := range r.Outcomes {
			total.Outcomes[i] += r.Outcomes[i]
		}
		count(0, r.Plan.lww())
		count(1, r.Plan.Quorum == StrictQuorum)
		count(2, r.Plan.healthy())
		count(3, len(r.Plan.Core) > 0)
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s: %s", v.Seed, v.Property, v.Detail)
		}
	})
	t.Logf("%d steps, %v of virtual time, outcomes %v (unknown, ok, failed), runs %v (lww, strict, healthy, core), %d lost to lww",
		total.Steps, total.Virtual, total.Outcomes, modes, total.LWWLost)
	for _, k := range slices.Sorted(maps.Keys(faults)) {
		t.Logf("%-18s %d", k, faults[k])
	}
	if *seeds < enough {
		return
	}
	for _, k := range append(FaultKinds(), cutMessage, lostBuffer) {
		if faults[k] == 0 {
			t.Errorf("fault %s never fired", k)
		}
	}
	for i, n := range modes {
		if n == 0 {
			t.Errorf("no run was of kind %d of lww, strict, healthy, core", i)
		}
	}
	if total.LWWLost == 0 {
		t.Error("last write wins lost nothing (P14)")
	}
}

// Equal seeds give equal runs, on one processor and on two, and watched or not.
func TestDeterminism(t *testing.T) {
	const count = 24
	short := func(seed uint64) Options { return Options{Seed: seed, Ops: 120} }
	play := func(processors int) map[uint64]string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		out := map[uint64]string{}
		each(1, count, short, func(r Result) { out[r.Plan.Seed] = fingerprint(r) })
		return out
	}
	one, two := play(1), play(2)
	for s := uint64(1); s <= count; s++ {
		if one[s] != two[s] {
			t.Errorf("seed %d: %s on one processor, %s on two", s, one[s], two[s])
		}
	}
	events := 0
	if r := Play(NewPlan(short(1)), func(trace.Event) { events++ }); fingerprint(r) != one[1] || events < r.Events {
		t.Errorf("watched, seed 1 is %s with %d events, want %s and %d", fingerprint(r), events, one[1], r.Events)
	}
}

func fingerprint(r Result) string {
	return fmt.Sprintf("%016x %v %v %v", r.Hash, r.Outcomes, r.Faults, r.Virtual)
}

// The same with the race detector and without: run it twice with one file.
func TestHashes(t *testing.T) {
	if *hashes == "" {
		t.Skip("no -hashes FILE")
	}
	lines := make([]string, *seeds)
	each(*first, *seeds, drawn, func(r Result) { lines[r.Plan.Seed-*first] = fmt.Sprintf("%d %s\n", r.Plan.Seed, fingerprint(r)) })
	got := strings.Join(lines, "")
	want, err := os.ReadFile(*hashes)
	switch {
	case os.IsNotExist(err):
		err = os.WriteFile(*hashes, []byte(got), 0o600)
	case err == nil && string(want) != got:
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// P7: without faults, and R+W>N, a read sees every write acked before it, and nothing is refused.
func TestHealthy(t *testing.T) {
	for s := uint64(1); s <= 20; s++ {
		r := Run(Options{Seed: s, Faults: []string{}, Nodes: 5, N: 3, R: 2, W: 2, Blind: .2})
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s: %s", v.Seed, v.Property, v.Detail)
		}
		if !r.Plan.quiet() || r.Outcomes[failed]+r.Outcomes[unknown] > 0 {
			t.Errorf("seed %d: quiet %v, outcomes %v of a healthy run", s, r.Plan.quiet(), r.Outcomes)
		}
	}
}

// What Draw made, it leaves alone; so the options that a failing seed prints are the run.
func TestOptionsAreWhole(t *testing.T) {
	for s := uint64(1); s <= 200; s++ {
		o := drawn(s).Draw()
		if again := o.Draw(); again.String() != o.String() {
			t.Errorf("seed %d draws %s, then %s", s, o, again)
		}
		if err := o.Check(); err != nil {
			t.Errorf("seed %d: %v", s, err)
		}
	}
}

// Items that are left out of a plan do not change the dice of the rest: as long as
// nothing else happens on a link or a disk, a message takes as long as it did.
func TestDiceAreIndependent(t *testing.T) {
	o := Options{Seed: 3, Faults: []string{}, Nodes: 5, N: 3, R: 2, W: 2, Mode: trace.ModeSiblings, Quorum: Sloppy}
	p := NewPlan(o)
	all := Play(p, nil)
	var kept []Op
	for _, op := range p.Ops {
		if op.Key == p.Ops[0].Key {
			kept = append(kept, op)
		}
	}
	p.Ops = kept
	took := map[uint64]Observation{}
	if len(kept) == len(all.Plan.Ops) {
		t.Fatal("the seed has one key only: nothing is left out")
	}
	for _, ob := range Play(p, nil).History {
		took[ob.ID] = ob
	}
	same, count := 0, 0
	for _, ob := range all.History {
		if ob.Key == kept[0].Key && ob.ID <= kept[len(kept)-1].ID { // later ones are the checker's own
			count++
			if took[ob.ID].Ended == ob.Ended {
				same++
			}
		}
	}
	if count != len(p.Ops) || same*2 < count {
		t.Errorf("only %d of %d operations of %d end when they did with the other keys' operations there", same, count, len(p.Ops))
	}
}

// A long walk shows how much one run costs: go test -bench . -cpuprofile.
func BenchmarkRun(b *testing.B) {
	for i := range b.N {
		Run(Options{Seed: uint64(i + 1), Nodes: 5})
	}
}
