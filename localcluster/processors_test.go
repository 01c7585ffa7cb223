package localcluster

import (
	"runtime"
	"testing"

	"ringside/engine/settings"
)

func TestProcessorsFor(t *testing.T) {
	for _, x := range []struct{ cores, nodes, want int }{
		{1, 1, 2}, {2, 3, 4}, {2, 100, 4}, {16, 3, 19},
	} {
		if got := processorsFor(x.cores, x.nodes); got != x.want {
			t.Errorf("%d cores and %d nodes: %d processors, want %d", x.cores, x.nodes, got, x.want)
		}
	}
}

// addProcessors never takes processors away, and the environment has the last word.
func TestAddProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	cores := processors.cores
	runtime.GOMAXPROCS(cores)
	t.Setenv("GOMAXPROCS", "1")
	if addProcessors(1); runtime.GOMAXPROCS(0) != cores {
		t.Errorf("%d processors although the environment says how many", runtime.GOMAXPROCS(0))
	}
	t.Setenv("GOMAXPROCS", "")
	for range 2 {
		if addProcessors(1); runtime.GOMAXPROCS(0) != cores+1 {
			t.Errorf("%d processors on %d cores with one node", runtime.GOMAXPROCS(0), cores)
		}
	}
	runtime.GOMAXPROCS(3 * cores)
	if addProcessors(1); runtime.GOMAXPROCS(0) != 3*cores {
		t.Errorf("%d of %d processors are left", runtime.GOMAXPROCS(0), 3*cores)
	}
}

func TestWaitsForFlushes(t *testing.T) {
	for _, x := range []struct {
		s          settings.Cluster
		mem, waits bool
	}{
		{settings.Cluster{}, false, true},
		{settings.Cluster{}, true, false},
		{settings.Cluster{NoSync: true}, false, false},
		{settings.Cluster{Buffer: 1000}, false, false},
	} {
		if got := waitsForFlushes(x.s, x.mem); got != x.waits {
			t.Errorf("%+v, in memory %v: %v", x.s, x.mem, got)
		}
	}
}
