package localcluster

import (
	"runtime/debug"
	"time"

	"ringside/engine/event"
	"ringside/localcluster/budget"
)

// noMemory is the message of a request that is refused for lack of memory.
const noMemory = "the queues of all nodes have used up their memory; try again"

// memoryEvent returns an event with the memory that the queues hold.
func memoryEvent(queues *budget.Budget) event.Event {
	u := queues.Use()
	return event.Event{Kind: event.Memory, Count: u.Used, Want: u.Limit}
}

const (
	// trimEvery is the time between two checks whether a load is over.
	trimEvery = 2 * time.Second
	// busyRequests and calmRequests also say when a load is over: between two checks there were no
	// more than calmRequests requests, after there were at least busyRequests.
	busyRequests = 1000
	calmRequests = 10
	// busyPart and calmPart say when a load is over: the queues hold less than 1/calmPart of the
	// budget, after they held more than 1/busyPart.
	busyPart = 16
	calmPart = 256
)

// trim gives memory back to the operating system after a load. The garbage collector alone would
// keep the memory for minutes.
func (c *Cluster) trim() {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	busy, peak, last := false, 0, c.requests.Load()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		u := c.memory.Use()
		requests := c.requests.Load()
		some := requests - last
		busy = busy || u.Used > u.Limit/busyPart || u.Peak > peak+u.Limit/busyPart || some >= busyRequests
		peak, last = u.Peak, requests
		if busy && u.Used < u.Limit/calmPart && some <= calmRequests {
			busy = false
			debug.FreeOSMemory()
		}
	}
}
