package kernel

import (
	"container/heap"
	"time"
)

// Origin is the virtual time at which worlds begin, since 1970.
const Origin = 1_700_000_000 * time.Second

// timeline is the virtual time of a world, and the functions that wait for their time.
type timeline struct {
	now     time.Duration
	waiting waitQueue
	seq     uint64
	run     int         // number of functions that have run
	goOn    func() bool // false: the caller of the world has lost interest
}

// waiter is a function that runs at a time. Functions of one time run in the order in which they
// were scheduled.
type waiter struct {
	at  time.Duration
	seq uint64
	run func()
}

type waitQueue []waiter

func (q waitQueue) Len() int { return len(q) }
func (q waitQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q waitQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *waitQueue) Push(x any)   { *q = append(*q, x.(waiter)) }
func (q *waitQueue) Pop() any {
	old := *q
	x := old[len(old)-1]
	old[len(old)-1] = waiter{}
	*q = old[:len(old)-1]
	return x
}

// Now returns the virtual time.
func (t *timeline) Now() time.Duration { return t.now }

// Age returns the virtual time since Origin.
func (t *timeline) Age() time.Duration { return t.now - Origin }

// After schedules run in d of virtual time.
func (t *timeline) After(d time.Duration, run func()) { t.At(t.now+d, run) }

// At schedules run at a virtual time.
func (t *timeline) At(at time.Duration, run func()) {
	t.seq++
	heap.Push(&t.waiting, waiter{at: at, seq: t.seq, run: run})
}

// askEvery is the number of functions between two calls of goOn.
const askEvery = 256

// Interrupted is the value with which RunUntil panics once goOn returns false. It panics because
// the caller of RunUntil may be many calls deep in a run that has no result.
type Interrupted struct{}

// RunUntil runs functions in the order of their times, until end or until done returns true. done
// may be nil.
func (t *timeline) RunUntil(end time.Duration, done func() bool) {
	for len(t.waiting) > 0 && t.waiting[0].at <= end {
		if done != nil && done() {
			return
		}
		if t.run++; t.run%askEvery == 0 && !t.goOn() {
			panic(Interrupted{})
		}
		x := heap.Pop(&t.waiting).(waiter)
		t.now = x.at
		x.run()
	}
	if done == nil || !done() {
		t.now = max(t.now, end)
	}
}

// RunFor runs functions for d of virtual time.
func (t *timeline) RunFor(d time.Duration) { t.RunUntil(t.now+d, nil) }

// RunWhile runs functions as long as busy returns true, at most until end. It looks every 100
// milliseconds of virtual time.
func (t *timeline) RunWhile(busy func() bool, end time.Duration) {
	const look = 100 * time.Millisecond
	for t.now < end && busy() {
		t.RunUntil(min(end, t.now+look), nil)
	}
}
