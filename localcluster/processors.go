package localcluster

import (
	"os"
	"runtime"
	"sync"

	"ringside/engine/settings"
)

// A flush to disk is a system call. The goroutine that waits for it keeps its processor
// (GOMAXPROCS) until the runtime's monitor takes the processor back. That can take as long as the
// flush, a fraction of a millisecond. With as many processors as cores, cores are then idle while
// goroutines wait to run. So a process whose nodes wait for flushes gets more processors. (A node
// with an object buffer goes on meanwhile.) The runtime then no longer follows changes of the
// process's limits by itself.

// processors is GOMAXPROCS of the process.
var processors = struct {
	sync.Mutex
	cores int // GOMAXPROCS at the start of the process
}{cores: runtime.GOMAXPROCS(0)}

// waitsForFlushes reports whether a node of a cluster waits for its flushes.
func waitsForFlushes(s settings.Cluster, inMemory bool) bool {
	return !inMemory && !s.NoSync && s.Buffer == 0
}

// processorsFor returns the number of processors for some cores and nodes that wait for one flush
// each. The number is at most twice that of the cores, because the runtime spends time on idle
// processors.
func processorsFor(cores, nodes int) int { return cores + min(cores, nodes) }

// addProcessors gives the process the processors for the given number of nodes that wait for
// flushes, unless it has more already or the environment says how many it should have. A cluster
// that ends leaves them, because other clusters of the process may need them.
func addProcessors(nodes int) {
	if os.Getenv("GOMAXPROCS") != "" {
		return
	}
	processors.Lock()
	defer processors.Unlock()
	if want := processorsFor(processors.cores, nodes); want > runtime.GOMAXPROCS(0) {
		runtime.GOMAXPROCS(want)
	}
}
