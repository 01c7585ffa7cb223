package bench

import (
	"runtime"
	"time"
)

// The resources that the process has used since its start. Clients, nodes and floors share the
// process.
type resources struct {
	cpu            time.Duration // of all threads, in user code and in the system; 0 if unknown
	mallocs, bytes uint64        // allocations on the heap, and their bytes
}

// readUsage returns what was used until now.
func readUsage() resources {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return resources{cpu: cpuTime(), mallocs: m.Mallocs, bytes: m.TotalAlloc}
}

// cpuMicros returns the processor time in microseconds.
func (u resources) cpuMicros() float64 { return micros(u.cpu) }

// since returns what was used after before.
func (u resources) since(before resources) resources {
	return resources{u.cpu - before.cpu, u.mallocs - before.mallocs, u.bytes - before.bytes}
}
