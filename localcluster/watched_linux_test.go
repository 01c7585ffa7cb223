package localcluster

import (
	"context"
	"sync"
	"syscall"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/localcluster/control"
)

// BenchmarkWatched puts small values into a cluster in memory that is watched as each command
// watches it. The watcher is in this process, so its work takes from the same cores.
func BenchmarkWatched(b *testing.B) {
	follow := event.Query{Follow: true}
	for _, w := range []struct {
		name  string
		watch func(context.Context, *control.Remote)
	}{
		{"none", nil},
		{"json", func(ctx context.Context, r *control.Remote) { // events --json -f
			_ = r.EventLines(ctx, follow, func([]byte) error { return nil })
		}},
		{"text", func(ctx context.Context, r *control.Remote) { // events -f
			_ = r.Events(ctx, event.Query{Follow: true, Rate: 5000}, func([]event.Event) error { return nil })
		}},
		{"kind", func(ctx context.Context, r *control.Remote) { // events -f --kind node-down
			q := event.Query{Follow: true, Filter: event.Filter{Kinds: []event.Kind{event.NodeDown}}}
			_ = r.Events(ctx, q, func([]event.Event) error { return nil })
		}},
		{"screen", watchScreen},
	} {
		b.Run(w.name, func(b *testing.B) {
			c, err := Start(b.Context(), Options{Home: b.TempDir(), Mem: true})
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			r, err := control.Connect(b.Context(), c.opts.Home, "")
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			ctx, cancel := context.WithCancel(b.Context())
			var wg sync.WaitGroup
			if w.watch != nil {
				wg.Go(func() { w.watch(ctx, r) })
			}
			before := cpuTime(b)
			b.ResetTimer()
			load(b, c, "put", 64)
			b.StopTimer()
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
			cancel()
			wg.Wait()
		})
	}
}

// cpuTime returns the processor time that this process has taken.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// watchScreen does what a screen does, without its frames: it reduces the stream, and a snapshot
// each second.
func watchScreen(ctx context.Context, r *control.Remote) {
	v := view.New()
	next := time.Now()
	_ = r.Events(ctx, event.Query{Follow: true, Screen: true}, func(batch []event.Event) error {
		if now := time.Now(); now.After(next) {
			next = now.Add(time.Second)
			snapshot, err := r.Snapshot(ctx)
			if err != nil {
				return err
			}
			v.ApplyAll(snapshot)
		}
		v.ApplyAll(batch)
		return nil
	})
}
