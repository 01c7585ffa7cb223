package sim

import (
	"cmp"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/settings"
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
	var modes [5]int // runs that are lww, strict, healthy, with a core, with clocks that are cut
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
		total.FalseOnes += r.FalseOnes
		total.Collected += r.Collected
		total.Early += r.Early
		for i := range r.Outcomes {
			total.Outcomes[i] += r.Outcomes[i]
		}
		count(0, r.Plan.lww())
		count(1, r.Plan.Quorum == StrictQuorum)
		count(2, r.Plan.healthy())
		count(3, len(r.Plan.Core) > 0)
		count(4, r.Plan.Truncate > 0)
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s: %s", v.Seed, v.Property, v.Detail)
		}
	})
	t.Logf("%d steps, %v of virtual time, outcomes %v (unknown, ok, failed), runs %v (lww, strict, healthy, core, truncated), %d lost to lww, %d false siblings, %d tombstones dropped, %d of them under faults",
		total.Steps, total.Virtual, total.Outcomes, modes, total.LWWLost, total.FalseOnes, total.Collected, total.Early)
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
			t.Errorf("no run was of kind %d of lww, strict, healthy, core, truncated", i)
		}
	}
	if total.Early == 0 {
		t.Error("no tombstone was collected under faults")
	}
	if total.LWWLost == 0 {
		t.Error("last write wins lost nothing (P14)")
	}
	if total.FalseOnes == 0 {
		t.Error("truncation made no false sibling (§4.4)")
	}
}

// Each kind of fault that the source names can be drawn: TestSeeds asks for no other.
func TestEveryFaultKindIsDrawn(t *testing.T) {
	named := 0
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.ValueSpec)
			if !ok || !strings.HasSuffix(c.Names[0].Name, "Kind") || len(c.Values) != 1 {
				return true
			}
			lit, ok := c.Values[0].(*ast.BasicLit)
			if !ok {
				return true
			}
			named++
			if kind, err := strconv.Unquote(lit.Value); err != nil || !slices.Contains(FaultKinds(), kind) {
				t.Errorf("%s: %s, %s, is in no table", file, c.Names[0].Name, lit.Value)
			}
			return true
		})
	}
	if named < 20 {
		t.Errorf("the source names %d kinds of faults", named)
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
	if r := Play(NewPlan(short(1)), func(event.Event) { events++ }); fingerprint(r) != one[1] || events < r.Events {
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

// §4.5: with R+W≤N a quorum to read need not meet the one to write, and where messages take their time
// gets are stale; with R+W>N none is.
func TestStaleReads(t *testing.T) {
	stale := func(r, w int) (n int) {
		each(1, 10, func(s uint64) Options {
			return Options{Seed: s, Faults: []string{slowLinksKind}, Quorum: StrictQuorum, Nodes: 5, N: 3, R: r, W: w, Mode: settings.ModeSiblings, Odd: -1}
		}, func(r Result) { n += r.Stale })
		return n
	}
	if loose, met := stale(1, 1), stale(2, 2); loose == 0 || met > 0 {
		t.Errorf("%d stale gets with R=W=1, %d with R=W=2", loose, met)
	}
}

// §4.4: with the paper's own clocks an acknowledged write is lost, and the checker finds that
// within a few seeds, without any fault.
func TestLiteralClocksAreGuilty(t *testing.T) {
	const most = 3
	for s := uint64(1); s <= most; s++ {
		o := Options{Seed: s, Faults: []string{}, Mode: settings.ModeSiblings, Clocks: settings.ClocksLiteral}
		if r := Run(o); r.Broke("P1") {
			o.Clocks = settings.ClocksDotted
			if r := Run(o); len(r.Violations) > 0 {
				t.Errorf("seed %d fails with dotted clocks too: %v", s, r.Violations)
			}
			return
		}
	}
	t.Errorf("no write was lost in %d seeds", most)
}

// §4.4: clocks that are cut cost false siblings, the more the shorter they are, and nothing else.
func TestTruncationCosts(t *testing.T) {
	count := func(cut int) (n int) {
		each(1, 15, func(s uint64) Options {
			return Options{Seed: s, Mode: settings.ModeSiblings, Truncate: cut, Faults: []string{partitionKind, crashKind, wipeKind}}
		}, func(r Result) {
			n += r.FalseOnes
			for _, v := range r.Violations {
				t.Errorf("cut at %d, seed %d: %s: %s", cut, v.Seed, v.Property, v.Detail)
			}
		})
		return n
	}
	never, four, one := count(-1), count(4), count(1)
	if never != 0 || four == 0 || one < 2*four {
		t.Errorf("%d false siblings with whole clocks, %d with four pairs, %d with one", never, four, one)
	}
}

// §4.4, P14: under last write wins a clock that runs ahead beats every later write through the others.
func TestLWWWithClockSkew(t *testing.T) {
	p, err := ParseScript(strings.NewReader(scriptHead + `
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
	r := Play(p, nil)
	read := map[uint64][]uint64{}
	for _, o := range r.History {
		if o.Kind == "put" && o.Outcome != ok.String() {
			t.Errorf("put #%d is not acknowledged", o.ID)
		}
		read[o.ID] = o.Read
	}
	// the first of three writes has won, and two that were acknowledged later are lost; but
	// who has read it writes after it, whatever his node's clock says
	if !slices.Equal(read[4], []uint64{1}) || r.LWWLost != 2 || !slices.Equal(read[7], []uint64{6}) || len(r.Violations) > 0 {
		t.Errorf("read #%v, then #%v; %d lost; %v", read[4], read[7], r.LWWLost, r.Violations)
	}
}

// §5: a put that goes to the node which answered the get first is likelier to be seen by the client's
// next get, where R+W≤N promises nothing.
func TestReadYourWrites(t *testing.T) {
	missed := func(balanced bool) (n, of int) {
		for s := uint64(1); s <= 60; s++ {
			p := NewPlan(Options{Seed: s, Nodes: 5, N: 3, R: 1, W: 1, Keys: 1, Clients: 1, Mode: settings.ModeSiblings, Quorum: Sloppy,
				Truncate: -1, AntiEntropy: -1, Faults: []string{slowLinksKind}, Odd: -1, Ops: 90, Length: 10 * time.Second})
			p.Weather.Delay = 20 * time.Millisecond
			for i := range p.Ops { // reads, writes with that context, and reads again at once
				p.Ops[i].Kind, p.Ops[i].Context, p.Ops[i].Balanced = []string{"get", "put", "get"}[i%3], 0, balanced
				if i%3 == 0 {
					p.Ops[i].At = time.Duration(i) * time.Second
				} else {
					p.Ops[i].At = 0
				}
			}
			slices.SortStableFunc(p.Ops, func(a, b Op) int { return cmp.Compare(a.ID, b.ID) })
			wrote := uint64(0)
			for _, o := range Play(p, nil).History {
				switch {
				case o.ID > uint64(len(p.Ops)): // the checker's own
				case o.Kind == "put":
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
	here, all := missed(false)
	fastest, _ := missed(true)
	t.Logf("of %d gets right after a put of the same client, %d missed it, %d with the fastest node as its coordinator", all, here, fastest)
	if all < 1000 || fastest >= here {
		t.Errorf("of %d gets %d missed their put, %d with the fastest node", all, here, fastest)
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
	o := Options{Seed: 3, Faults: []string{}, Nodes: 5, N: 3, R: 2, W: 2, Mode: settings.ModeSiblings, Quorum: Sloppy}
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

// §6, P14: without faults last write wins loses only writes that another one overlaps in real time. What a client
// writes after an acknowledgement is an ordinary overwrite, whichever nodes it goes through.
func TestLWWLosesOnlyConcurrentWrites(t *testing.T) {
	lost, writes := 0, 0
	for seed := range uint64(40) {
		p := NewPlan(Options{Seed: seed + 1, Mode: settings.ModeLWW, Faults: []string{}, Odd: -1, Blind: .8})
		told := map[uint64]bool{}
		r := Play(p, func(e event.Event) {
			if e.Kind == event.LWWLost {
				told[e.Request] = true
			}
		})
		for _, v := range r.History {
			if v.Kind == "get" {
				continue
			}
			if writes++; !told[v.ID] {
				continue
			}
			lost++
			if !slices.ContainsFunc(r.History, func(w Observation) bool {
				return w.ID != v.ID && w.Key == v.Key && w.Kind != "get" && w.Began < v.Ended && v.Began < w.Ended
			}) {
				t.Errorf("seed %d: #%d of %s, from %v to %v, is told to be lost, though no other write overlaps it", p.Seed, v.ID, v.Key, v.Began, v.Ended)
			}
		}
	}
	if t.Logf("%d of %d writes are lost", lost, writes); lost == 0 {
		t.Error("no write is lost: this test tests nothing")
	}
}
