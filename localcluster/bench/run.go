package bench

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"ringside/localcluster/bench/floor"
	"ringside/localcluster/buildinfo"
)

// progressEvery is the time between two reports of progress.
const progressEvery = 200 * time.Millisecond

const (
	// restLoad is the processor time at rest, in parts of one core. restTime bounds the wait for
	// that: a cluster of many nodes may need more also at rest.
	restLoad = 0.05
	restTime = 5 * time.Second
)

// A run measures systems in rounds.
type run struct {
	o        Options
	clusters []*cluster
	floor    *floor.Floor // nil without floors
	report   *Report
	done     int    // windows
	current  string // the window that is measured
	results  map[measured][]result
}

// measured names a system under a load.
type measured struct {
	system string // "floor", "floor_mux" or a store
	load   load
}

const (
	floorName    = "floor"
	floorMuxName = "floor_mux"
)

// floors are the names of the floors.
var floors = []string{floorName, floorMuxName}

// Run measures as the options say. If ctx ends early, Run returns ctx's error and the report of
// what was measured until then, or a nil report if there is nothing. When Run returns, all that it
// started and wrote is gone.
func Run(ctx context.Context, o Options) (_ *Report, err error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	r := &run{o: o, results: map[measured][]result{}, report: &Report{Machine: machine()}}
	dir := ""
	if o.Client == nil {
		home, err := makeHome(o)
		if err != nil {
			return nil, err
		}
		defer func() {
			if rerr := home.remove(); err == nil && rerr != nil {
				err = fmt.Errorf("bench: delete the data: %w", rerr)
			}
		}()
		dir = home.dir
		r.report.Machine.NoDisk = inMemory(dir)
	}
	defer r.close()
	if err := r.prepare(ctx, dir); err != nil {
		return nil, canceled(ctx, err)
	}
	if err := r.rest(ctx); err != nil {
		return nil, canceled(ctx, err)
	}
	for range o.Rounds {
		if err = r.round(ctx); err != nil {
			break
		}
	}
	if err != nil && ctx.Err() == nil || len(r.results) == 0 {
		return nil, canceled(ctx, err)
	}
	r.finish()
	if err != nil {
		r.report.Interrupted, r.report.InterruptedAt = true, r.current
	}
	return r.report, canceled(ctx, err)
}

// canceled returns the error of ctx if it ended, err otherwise.
func canceled(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (r *run) close() {
	for _, c := range r.clusters {
		c.close()
	}
	if r.floor != nil {
		r.floor.Close()
	}
}

// prepare starts the clusters, writes the keys, and starts the floor.
func (r *run) prepare(ctx context.Context, home string) error {
	for i, s := range r.o.Stores {
		c, err := startCluster(ctx, r.o, s, home)
		if err != nil {
			return err
		}
		r.clusters = append(r.clusters, c)
		if i == 0 {
			r.report.Ready, r.report.RSSReady = round(micros(c.ready)/1000), round(residentMB())
		}
	}
	for i, c := range r.clusters {
		err := c.load(ctx, func(done int) {
			part := (float64(i) + float64(done)/float64(r.o.Keys)) / float64(len(r.clusters))
			r.progress(Progress{What: fmt.Sprintf("writing %d of %d keys, store %s", done, r.o.Keys, c.store), Part: part})
		})
		if err != nil {
			return err
		}
	}
	if r.o.Client != nil {
		r.report.Sizes = map[string]floor.Sizes{}
		r.report.Settings = Settings{Target: r.o.Target, Nodes: r.o.Nodes, R: r.o.R, W: r.o.W, ForS: r.o.For.Seconds(),
			Rounds: r.o.Rounds, Keys: r.o.Keys, Size: r.o.Size, Zipf: r.o.Zipf, Gets: r.o.Gets}
		return nil
	}
	sizes, err := r.clusters[0].sizes(ctx)
	if err != nil {
		return fmt.Errorf("bench: measure the messages: %w", err)
	}
	r.report.Sizes = map[string]floor.Sizes{string(Put): sizes[floor.Put], string(Get): sizes[floor.Get]}
	s := r.clusters[0].c.Settings()
	r.report.Settings = Settings{Nodes: r.o.Nodes, N: s.N, R: s.R, W: s.W, ForS: r.o.For.Seconds(), Rounds: r.o.Rounds,
		Keys: r.o.Keys, Size: r.o.Size, Zipf: r.o.Zipf, Gets: r.o.Gets, ClientDriven: r.o.ClientDriven}
	if !r.o.Floor {
		return nil
	}
	r.floor, err = floor.Start(floor.Options{Nodes: r.o.Nodes, N: s.N, R: s.R, W: s.W, Sizes: sizes})
	return err
}

// rest waits until the process is at rest after the start and the writes: nodes exchange what they
// know of each other, and databases merge files. Without that, the first windows would pay for it.
func (r *run) rest(ctx context.Context) error {
	for deadline := time.Now().Add(restTime); time.Now().Before(deadline); {
		r.progress(Progress{What: "waiting until the clusters are at rest"})
		before, from := cpuTime(), time.Now()
		if err := sleepUntil(ctx, from.Add(progressEvery)); err != nil {
			return err
		}
		if float64(cpuTime()-before) < restLoad*float64(time.Since(from)) {
			return nil
		}
	}
	return nil
}

// round measures every system under every load once.
func (r *run) round(ctx context.Context) error {
	for _, l := range r.o.loads() {
		for _, name := range r.systems() {
			p := r.where(name, l)
			r.current = fmt.Sprintf("window %d of %d (%s)", r.done+1, r.o.windows(), p.What)
			r.progress(p)
			got, err := measure(ctx, r.o, r.system(name), l)
			if err != nil {
				return err
			}
			r.done++
			m := measured{name, l}
			r.results[m] = append(r.results[m], got)
		}
	}
	return nil
}

// systems returns the names of the systems in the order in which they are measured.
func (r *run) systems() []string {
	var out []string
	if r.floor != nil {
		out = append(out, floors...)
	}
	for _, c := range r.clusters {
		out = append(out, string(c.store))
	}
	return out
}

func (r *run) system(name string) system {
	switch name {
	case floorName, floorMuxName:
		return floorSystem{r.floor, name == floorMuxName}
	}
	for _, c := range r.clusters {
		if string(c.store) == name {
			return c
		}
	}
	panic("bench: no system " + name)
}

// where returns the progress before a window.
func (r *run) where(name string, l load) Progress {
	all := r.o.windows()
	what := fmt.Sprintf("%s %s, clients: %d", strings.ReplaceAll(name, "_", " "), l.op, l.concurrency)
	if l.rate > 0 {
		what += fmt.Sprintf(", %d a second", l.rate)
	}
	return Progress{What: what, Part: float64(r.done) / float64(all), Left: time.Duration(all-r.done) * r.o.windowTime()}
}

func (r *run) progress(p Progress) {
	if r.o.Progress != nil {
		r.o.Progress(p)
	}
}

// finish computes the report from the results.
func (r *run) finish() {
	rep := r.report
	rep.RSS = round(residentMB())
	rep.Ratio, rep.RatioMux = map[string]float64{}, map[string]float64{}
	rep.RatioP99, rep.RatioP999, rep.RatioCPU = map[string]float64{}, map[string]float64{}, map[string]float64{}
	rep.Rows, rep.Floor, rep.FloorMux = []Row{}, []Row{}, []Row{}
	var stores []string
	for _, s := range r.o.Stores {
		stores = append(stores, string(s))
	}
	rep.Store = strings.Join(stores, ",")
	for _, l := range r.o.loads() {
		own, shared := r.results[measured{floorName, l}], r.results[measured{floorMuxName, l}]
		if len(own) > 0 {
			rep.Floor = append(rep.Floor, newRow("", l, own))
		}
		if len(shared) > 0 {
			rep.FloorMux = append(rep.FloorMux, newRow("", l, shared))
		}
		for _, c := range r.clusters {
			got := r.results[measured{string(c.store), l}]
			if len(got) == 0 {
				continue
			}
			row := newRow(c.store, l, got)
			rep.Rows = append(rep.Rows, row)
			r.compare(rep.RatioKey(row), got, own, shared)
		}
	}
}

// compare adds the ratios of a cluster to the floors.
func (r *run) compare(key string, got, own, shared []result) {
	percentile := func(p float64) func(result) float64 {
		return func(r result) float64 { return float64(r.latency.ValueAtPercentile(p)) }
	}
	for _, to := range []struct {
		m    map[string]float64
		base []result
		of   func(result) float64
	}{
		{r.report.Ratio, own, result.opsPerSecond},
		{r.report.RatioMux, shared, result.opsPerSecond},
		{r.report.RatioP99, own, percentile(99)},
		{r.report.RatioP999, own, percentile(99.9)},
		{r.report.RatioCPU, own, func(r result) float64 {
			if r.done == 0 {
				return -1 // without an answer, no request has a cost
			}
			return r.each(resources.cpuMicros)
		}},
	} {
		if x, ok := ratio(got, to.base, to.of); ok {
			to.m[key] = x
		}
	}
}

// cores is GOMAXPROCS at the start of the process. A cluster whose nodes flush raises GOMAXPROCS
// above that (localcluster/processors.go). Each system is measured with the GOMAXPROCS that it has
// alone, so that a figure does not depend on the other systems of the run.
var cores = runtime.GOMAXPROCS(0)

// machine describes the machine and the program.
func machine() Machine {
	info := buildinfo.Read()
	return Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: cores, CPU: cpuName(),
		Go: runtime.Version(), Version: buildinfo.Version(), Commit: info.Commit, Changed: info.Modified,
		Date: time.Now().UTC().Format(time.DateOnly)}
}
