package lab

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"ringside/cli/shard"
	"ringside/engine/usage"
)

// A Job is an experiment with values and seeds.
type Job struct {
	Experiment *Experiment
	Values     Values
	Seeds      []uint64
	Shard      shard.Shard
	// Progress is called from several goroutines, one at a time, whenever a unit ends. It may be
	// nil.
	Progress func(Progress)
}

// Progress is how far a job is.
type Progress struct {
	Done, Units int
	Left        time.Duration // estimated; 0 if it is not known yet
}

// FirstSeed is the first seed of a job whose caller does not choose one.
const FirstSeed = 1

// SeedsFrom returns count seeds, from first on.
func SeedsFrom(first uint64, count int) []uint64 {
	out := make([]uint64, count)
	for i := range out {
		out[i] = first + uint64(i)
	}
	return out
}

// manySeeds is the number of seeds up to which a job has few enough units: no experiment has more
// than maxUnits ÷ manySeeds units for each seed.
const manySeeds = 1000

// Check returns a usage error if the values cannot be played, or if the job has more than maxUnits
// units. Then their list alone would fill the memory.
func (j Job) Check() error {
	units, err := j.Experiment.Units(j.Values, j.Seeds[:min(1, len(j.Seeds))])
	if err != nil {
		return err
	}
	if n := len(j.Seeds); n > manySeeds && len(units) > maxUnits/n {
		return usage.Errorf("lab %s: %d seeds with about %d runs for each are more than %d runs; lower --seeds, or "+
			"give fewer values", j.Experiment.Name, n, len(units), maxUnits)
	}
	return nil
}

// Run does the work of a job and returns what its units said. If ctx ends, the Outcome has the
// units that ended, and is not Complete. An error is about the values, or comes from a unit.
func (j Job) Run(ctx context.Context) (*Outcome, error) {
	if len(j.Seeds) > manySeeds {
		if err := j.Check(); err != nil {
			return nil, err
		}
	}
	units, err := j.Experiment.Units(j.Values, j.Seeds)
	if err != nil {
		return nil, err
	}
	out := j.outcome(len(units))
	r := runner{job: j, units: units, out: out, began: time.Now()}
	for i := range units {
		if j.Shard.Has(i) {
			r.todo = append(r.todo, i)
		}
	}
	workers := runtime.GOMAXPROCS(0)
	if j.Experiment.Clock == Wall { // units would disturb each other
		workers = 1
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() { r.work(ctx, cancel) })
	}
	wg.Wait()
	if r.err != nil {
		return nil, r.err
	}
	return out, nil
}

// A runner does units, in order, on several goroutines.
type runner struct {
	job   Job
	units []Unit
	began time.Time

	mu   sync.Mutex
	todo []int // units that have not begun
	done int
	out  *Outcome
	err  error // the first one
}

// take returns the next unit; false if there is none.
func (r *runner) take(ctx context.Context) (int, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.todo) == 0 || ctx.Err() != nil {
		return 0, false
	}
	i := r.todo[0]
	r.todo = r.todo[1:]
	return i, true
}

func (r *runner) work(ctx context.Context, cancel func()) {
	for i, ok := r.take(ctx); ok; i, ok = r.take(ctx) {
		samples, err := r.units[i].Run(ctx)
		if ctx.Err() != nil {
			return // the unit may have ended early
		}
		if r.end(i, samples, err) != nil {
			cancel()
			return
		}
	}
}

// end notes the result of a unit.
func (r *runner) end(i int, samples []Sample, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if r.err == nil {
			r.err = fmt.Errorf("lab %s: %w", r.job.Experiment.Name, err)
		}
		return err
	}
	r.out.Units[i] = UnitResult{Number: i, Seed: r.units[i].Seed, Done: true, Samples: samples}
	r.done++
	if r.job.Progress != nil {
		p := Progress{Done: r.done, Units: len(r.todo) + r.done}
		if passed := time.Since(r.began); passed > 0 {
			p.Left = passed / time.Duration(r.done) * time.Duration(len(r.todo))
		}
		r.job.Progress(p)
	}
	return nil
}
