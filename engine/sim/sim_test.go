package sim

import (
	"cmp"
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
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
)

var (
	seeds  = flag.Uint64("seeds", defaultSeeds, "how many seeds to run")
	first  = flag.Uint64("seed", 1, "the first seed")
	hashes = flag.String("hashes", "", "a file of trace hashes: written if it is not there, compared with if it is")
)

// each plays seeds from first on, two at a time, and passes the results on one by one.
func each(first, count uint64, options func(uint64) plan.Options, result func(Result)) {
	var next atomic.Uint64
	next.Store(first)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for s := next.Add(1) - 1; s < first+count; s = next.Add(1) - 1 {
				r := Run(options(s))
				mu.Lock()
				result(r)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func drawn(seed uint64) plan.Options { return plan.Options{Seed: seed} }

// coverageSeeds is the number of seeds from which on each kind of fault must have happened.
const coverageSeeds = 100

// Every property holds in all runs that seeds draw, and every kind of fault happens.
func TestSeeds(t *testing.T) {
	faults := map[string]int{}
	var total Result
	kinds := map[string]int{"lww": 0, "strict": 0, "healthy": 0, "core": 0, "truncated": 0} // kind of run → number
	each(*first, *seeds, drawn, func(r Result) {
		for k, n := range r.Faults {
			faults[k] += n
		}
		total.Steps += r.Steps
		total.Virtual += r.Virtual
		total.LWWLost += r.LWWLost
		total.FalseSiblings += r.FalseSiblings
		total.Collected += r.Collected
		total.CollectedEarly += r.CollectedEarly
		for i := range r.Outcomes {
			total.Outcomes[i] += r.Outcomes[i]
		}
		for kind, is := range map[string]bool{
			"lww": r.Plan.LWW(), "strict": r.Plan.Quorum == plan.Strict, "healthy": r.Plan.Healthy(),
			"core": len(r.Plan.Core) > 0, "truncated": r.Plan.Clocks.Truncate > 0,
		} {
			if is {
				kinds[kind]++
			}
		}
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s: %s", v.Seed, v.Property, v.Detail)
		}
	})
	t.Logf("%d steps, %v of virtual time, outcomes %v (unknown, ok, failed), runs %v",
		total.Steps, total.Virtual, total.Outcomes, kinds)
	t.Logf("%d lost to lww, %d false siblings, %d tombstones dropped, %d of them under faults",
		total.LWWLost, total.FalseSiblings, total.Collected, total.CollectedEarly)
	for _, k := range slices.Sorted(maps.Keys(faults)) {
		t.Logf("%-18s %d", k, faults[k])
	}
	if *seeds < coverageSeeds {
		return
	}
	for _, k := range append(plan.FaultNames(), plan.CutMessage, plan.LostBuffer) {
		if faults[k] == 0 {
			t.Errorf("fault %s never happened", k)
		}
	}
	for kind, n := range kinds {
		if n == 0 {
			t.Errorf("no run was %s", kind)
		}
	}
	if total.CollectedEarly == 0 {
		t.Error("no tombstone was collected under faults")
	}
	if total.LWWLost == 0 {
		t.Error("last write wins lost nothing (P14)")
	}
	if total.FalseSiblings == 0 {
		t.Error("truncation made no false sibling (§4.4)")
	}
}

// Equal seeds give equal runs, on one processor and on two, watched or not.
func TestDeterminism(t *testing.T) {
	const count = 24
	short := func(seed uint64) plan.Options { return plan.Options{Seed: seed, Ops: 120} }
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
	r, _ := Player{Watch: func(event.Event) { events++ }}.Play(plan.New(short(1)))
	if fingerprint(r) != one[1] || events < r.Events {
		t.Errorf("watched, seed 1 is %s with %d events, want %s and %d", fingerprint(r), events, one[1], r.Events)
	}
}

func fingerprint(r Result) string {
	return fmt.Sprintf("%016x %v %v %v", r.Hash, r.Outcomes, r.Faults, r.Virtual)
}

// Runs are the same with the race detector and without it. Run this test twice with one file.
func TestHashes(t *testing.T) {
	if *hashes == "" {
		t.Skip("no -hashes FILE")
	}
	lines := make([]string, *seeds)
	each(*first, *seeds, drawn, func(r Result) {
		lines[r.Plan.Seed-*first] = fmt.Sprintf("%d %s\n", r.Plan.Seed, fingerprint(r))
	})
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

// P7: without faults, and with R+W>N, a read sees every write that was acknowledged before, and no
// operation is refused.
func TestHealthy(t *testing.T) {
	for s := uint64(1); s <= 20; s++ {
		r := Run(plan.Options{Seed: s, Faults: []string{}, Nodes: 5, N: 3, R: 2, W: 2, Blind: .2})
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s: %s", v.Seed, v.Property, v.Detail)
		}
		if !r.Plan.Fresh() || r.Outcomes[client.Failed]+r.Outcomes[client.Unknown] > 0 {
			t.Errorf("seed %d: fresh %v, outcomes %v of a healthy run", s, r.Plan.Fresh(), r.Outcomes)
		}
	}
}

// §4.5: with R+W≤N the quorums of a read and a write need not overlap, and gets are stale where
// messages take long. With R+W>N no get is stale.
func TestStaleReads(t *testing.T) {
	stale := func(r, w int) (n int) {
		each(1, 10, func(s uint64) plan.Options {
			o := siblings(plan.SlowLinks)
			o.Seed, o.Quorum, o.Nodes, o.N, o.R, o.W, o.OwnQuorums = s, plan.Strict, 5, 3, r, w, -1
			return o
		}, func(r Result) { n += r.Stale })
		return n
	}
	if small, overlapping := stale(1, 1), stale(2, 2); small == 0 || overlapping > 0 {
		t.Errorf("%d stale gets with R=W=1, %d with R=W=2", small, overlapping)
	}
}

// §4.4: with the clocks of the paper an acknowledged write is lost without any fault, and the judge
// finds that within a few seeds.
func TestLiteralClocksAreGuilty(t *testing.T) {
	const most = 3
	for s := uint64(1); s <= most; s++ {
		o := siblings()
		o.Seed, o.Clocks.Kind = s, settings.ClocksLiteral
		if r := Run(o); r.Broke("P1") {
			o.Clocks.Kind = settings.ClocksDotted
			if r := Run(o); len(r.Violations) > 0 {
				t.Errorf("seed %d also fails with dotted clocks: %v", s, r.Violations)
			}
			return
		}
	}
	t.Errorf("no write was lost in %d seeds", most)
}

// §4.4: truncated clocks cost false siblings, more of them the shorter the clocks are, and nothing
// else.
func TestTruncationCosts(t *testing.T) {
	count := func(truncate int) (n int) {
		each(1, 15, func(s uint64) plan.Options {
			o := siblings(plan.Split, plan.Crash, plan.Wipe)
			o.Seed, o.Clocks.Truncate = s, truncate
			return o
		}, func(r Result) {
			n += r.FalseSiblings
			for _, v := range r.Violations {
				t.Errorf("truncate %d, seed %d: %s: %s", truncate, v.Seed, v.Property, v.Detail)
			}
		})
		return n
	}
	never, four, one := count(-1), count(4), count(1)
	if never != 0 || four == 0 || one < 2*four {
		t.Errorf("%d false siblings with whole clocks, %d with four pairs, %d with one", never, four, one)
	}
}

// §4.4, P14: under last write wins, a clock that runs ahead beats every later write through other
// nodes.
func TestLWWWithClockSkew(t *testing.T) {
	p, err := plan.ParseScript(strings.NewReader(plan.ScriptHead + `
seed 1
nodes 3
replicas N=3 R=2 W=2
mode lww
quorum sloppy
clock n1 skew=10s drift=0
clock n2 skew=0s drift=0
clock n3 skew=-10s drift=0

1 client 1 put#1 session via n1
2 client 2 put#2 session via n2
3 client 3 put#3 session via n3
4 client 4 get#4 session via n3
5 client 5 get#5 session via n2
6 client 5 put#6 session via n3 context newest
7 client 4 get#7 session via n2
8 peace
`))
	if err != nil {
		t.Fatal(err)
	}
	r := Play(p)
	read := map[uint64][]uint64{}
	for _, o := range r.History {
		if o.Kind == plan.Put && o.Outcome != client.OK.String() {
			t.Errorf("put #%d is not acknowledged", o.ID)
		}
		read[o.ID] = o.Read
	}
	// The first of three writes has won, and two that were acknowledged later are lost. A client
	// that has read the winner writes after it, even if the clock of its node is behind.
	firstWins, laterWins := slices.Equal(read[4], []uint64{1}), slices.Equal(read[7], []uint64{6})
	if !firstWins || !laterWins || r.LWWLost != 2 || len(r.Violations) > 0 {
		t.Errorf("read #%v, then #%v; %d lost; %v", read[4], read[7], r.LWWLost, r.Violations)
	}
}

// §6, P14: without faults, last write wins loses only writes that another write overlaps in real
// time. A write that a client begins after an acknowledgement is an ordinary overwrite, whichever
// node it goes through.
func TestLWWLosesOnlyConcurrentWrites(t *testing.T) {
	lost, writes := 0, 0
	for seed := range uint64(40) {
		p := plan.New(plan.Options{
			Seed: seed + 1, Mode: settings.ModeLWW, Faults: []string{}, OwnQuorums: -1, Blind: .8,
		})
		reported := map[uint64]bool{}
		r, _ := Player{Watch: func(e event.Event) {
			if e.Kind == event.LWWLost {
				reported[e.Request] = true
			}
		}}.Play(p)
		for _, v := range r.History {
			if v.Kind == plan.Get {
				continue
			}
			if writes++; !reported[v.ID] {
				continue
			}
			lost++
			if !slices.ContainsFunc(r.History, func(w client.Observation) bool {
				return w.ID != v.ID && w.Key == v.Key && w.Kind != plan.Get && w.Began < v.Ended && v.Began < w.Ended
			}) {
				t.Errorf("seed %d: #%d of %s, from %v to %v, is reported as lost, though no other write overlaps it",
					p.Seed, v.ID, v.Key, v.Began, v.Ended)
			}
		}
	}
	if t.Logf("%d of %d writes are lost", lost, writes); lost == 0 {
		t.Error("no write is lost, so this test proves nothing")
	}
}

// §5: the next get of a client is likelier to see a put that went to the node which answered the
// get before first. R+W≤N promises nothing.
func TestReadYourWrites(t *testing.T) {
	missed := func(balanced bool) (n, of int) {
		for s := uint64(1); s <= 60; s++ {
			o := quorums(siblings(plan.SlowLinks))
			o.Seed, o.R, o.W, o.OwnQuorums, o.Keys, o.Clients = s, 1, 1, -1, 1, 1
			o.Clocks.Truncate, o.AntiEntropy, o.Ops, o.Length = -1, -1, 90, 10*time.Second
			p := plan.New(o)
			p.Conditions.Delay = 20 * time.Millisecond
			for i := range p.Ops { // reads, writes with that context, and reads again at once
				op := &p.Ops[i]
				op.Kind, op.Context, op.Balanced, op.At = plan.Get, 0, balanced, 0
				switch i % 3 {
				case 0:
					op.At = time.Duration(i) * time.Second
				case 1:
					op.Kind = plan.Put
				}
			}
			slices.SortStableFunc(p.Ops, func(a, b plan.Op) int { return cmp.Compare(a.ID, b.ID) })
			wrote := uint64(0)
			for _, o := range Play(p).History {
				switch {
				case o.ID > uint64(len(p.Ops)): // an operation of the run itself
				case o.Kind == plan.Put:
					wrote = o.ID
				case o.ID == wrote+1:
					of++
					if !slices.Contains(o.Read, wrote) {
						n++
					}
				}
			}
		}
		return n, of
	}
	anyNode, all := missed(false)
	fastest, _ := missed(true)
	t.Logf("of %d gets right after a put of the same client, %d missed it, %d with the fastest node as its coordinator",
		all, anyNode, fastest)
	if all < 1000 || fastest >= anyNode {
		t.Errorf("of %d gets %d missed their put, %d with the fastest node", all, anyNode, fastest)
	}
}

// Leaving operations out of a plan does not change the random decisions about the others. As long
// as nothing else happens on a link or a disk, a message takes as long as before.
func TestDecisionsAreIndependent(t *testing.T) {
	o := quorums(siblings())
	o.Seed = 3
	p := plan.New(o)
	all := Play(p)
	var kept []plan.Op
	for _, op := range p.Ops {
		if op.Key == p.Ops[0].Key {
			kept = append(kept, op)
		}
	}
	p.Ops = kept
	ended := map[uint64]time.Duration{}
	if len(kept) == len(all.Plan.Ops) {
		t.Fatal("the seed has one key only, so nothing is left out")
	}
	for _, o := range Play(p).History {
		ended[o.ID] = o.Ended
	}
	same, count := 0, 0
	for _, o := range all.History {
		if o.Key == kept[0].Key && o.ID <= kept[len(kept)-1].ID { // later ones are operations of the run itself
			count++
			if ended[o.ID] == o.Ended {
				same++
			}
		}
	}
	if count != len(p.Ops) || same*2 < count {
		t.Errorf("only %d of %d operations of %d end when they did with the operations of other keys",
			same, count, len(p.Ops))
	}
}

// BenchmarkRun shows the cost of a run: go test -bench . -cpuprofile FILE.
func BenchmarkRun(b *testing.B) {
	for i := range b.N {
		Run(plan.Options{Seed: uint64(i + 1), Nodes: 5})
	}
}
