package engine

// §6.5 Balancing background vs. foreground tasks: "background tasks were integrated with an
// admission control mechanism. Each of the background tasks uses this controller to reserve
// runtime slices of the resource", "a feedback mechanism based on the monitored performance
// of the foreground tasks is employed to change the number of slices"; the paper's example is how
// close the 99th percentile of database reads, over the last 60 seconds, is to 50 ms.
//
// Here the resource is bytes a second, which handoff, anti-entropy and whatever else has no client
// waiting share in the order in which they ask. What is monitored is how long replicas take to
// answer what clients' requests ask of them: that holds both nodes' disks and queues.
// What deviates: a second in which no client waited gives all slices back and forgets the last
// minute. Otherwise a rush would hold up the handoff of hints for a minute in which no client gains
// by the delay.

import (
	"math/bits"
	"time"

	"ringside/engine/event"
	"ringside/engine/wire"
)

const (
	// backgroundRate is the bytes a second of a node's background work, both ways, with all
	// slices: a lost node of 100,000 small keys is whole again in seconds.
	backgroundRate = 8 << 20
	// backgroundBurst is what it may move at once after a rest. It bounds what one
	// step adds to a node's turn.
	backgroundBurst = 512 << 10
	// backgroundPause is how long it waits once its bytes are used up.
	backgroundPause = 10 * time.Millisecond

	// minSlice is the part of all that that is left whatever clients suffer: what never
	// gets a turn never converges.
	minSlice = 1.0 / 64
	// growSlice is what a good second adds; a bad one takes half. So it gives way within
	// seconds, and feels its way back while clients are served.
	growSlice = 1.0 / 16
	// adjustEvery is how often the slice is thought about.
	adjustEvery = time.Second
	// minSamples are fewer than have a 99th percentile other than their greatest.
	minSamples = 100
)

// admission is a node's admission controller.
type admission struct {
	recent   sketch
	slice    float64 // minSlice to 1
	p99      time.Duration
	watching bool // a timer thinks about the slice
	answers  int  // of replicas, for clients' requests, since the slice was last thought about

	waiting []func() // for bytes, in order
	bytes   int      // that may be moved now; below 0 is a debt
	filled  time.Duration
	running bool // waiting is being worked off
	pausing bool // a timer goes on with waiting
}

func newAdmission(now time.Duration) *admission {
	return &admission{slice: 1, bytes: backgroundBurst, filled: now}
}

// pace runs f, a bit of background work, as soon as there are bytes for it. f charges
// what it moves, and checks first whether it is still wanted.
func (n *Node) pace(f func()) {
	n.admit.waiting = append(n.admit.waiting, f)
	n.runPaced()
}

func (n *Node) runPaced() {
	a := n.admit
	if a.running {
		return // f paced something itself
	}
	a.running = true
	a.refill(n.now)
	for len(a.waiting) > 0 && a.bytes > 0 && !n.odd(LittleSync) {
		f := a.waiting[0]
		a.waiting = a.waiting[1:]
		f()
	}
	a.running = false
	if len(a.waiting) > 0 && !a.pausing {
		a.pausing = true
		n.after(backgroundPause, func() {
			a.pausing = false
			n.runPaced()
		})
	}
}

// refill adds what the time since the last refill allows.
func (a *admission) refill(now time.Duration) {
	passed := min(now-a.filled, time.Second)
	a.filled = now
	a.bytes = min(a.bytes+int(passed.Seconds()*a.slice*backgroundRate), a.part(backgroundBurst))
}

// part is the slice's part of what there is at most, and at least one.
func (a *admission) part(most int) int { return max(int(a.slice*float64(most)), 1) }

// charge takes a message's bytes from the budget and returns them.
func (n *Node) charge(body wire.Body, peer string) int {
	size := wire.MessageSize(wire.Message{From: n.cfg.Name, To: peer, Op: n.calls.last, View: n.members.digest, Body: body})
	n.admit.bytes -= size
	return size
}

// waited notes how long a client's request waited for a replica. As long as all is well
// nothing else is done: there is no timer, and an idle node has nothing to do.
func (n *Node) waited(d time.Duration) {
	a, limit := n.admit, n.cfg.Timings.Foreground
	a.recent.add(n.now, d)
	a.answers++
	if limit > 0 && d > limit && !a.watching {
		a.watching = true
		n.after(adjustEvery, n.adjust)
	}
}

// adjust is the feedback: the slice shrinks while clients wait too long, grows back when they no
// longer do, and is whole at once when none waits.
func (n *Node) adjust() {
	a, before := n.admit, n.admit.slice
	if a.answers == 0 && n.requests == 0 {
		a.recent, a.slice = sketch{}, 1
	}
	a.answers = 0
	var samples int
	switch a.p99, samples = a.recent.percentile(n.now, 99); {
	case a.p99 > n.cfg.Timings.Foreground && samples >= minSamples:
		a.slice = max(a.slice/2, minSlice)
	default:
		a.slice = min(a.slice+growSlice, 1)
	}
	if a.slice != before {
		n.emit(event.Event{Kind: event.Slice, Percent: 100 * a.slice, Delay: a.p99})
	}
	if a.watching = a.slice < 1; a.watching {
		n.after(adjustEvery, n.adjust)
	}
}

// A sketch counts latencies of the last minute by size, in a few kilobytes however many there
// are. A size is off by a quarter at most.
type sketch struct {
	slots [sketchSlots]sketchSlot
}

type sketchSlot struct {
	number int64 // of the slot of time that it holds
	counts [sketchSizes]uint32
	total  int
}

const (
	sketchSlots = 12
	sketchSpan  = time.Minute / sketchSlots
	// sketchSizes reach to a thousand seconds, four to each power of two of microseconds.
	sketchSizes = 4 * 30
)

func (s *sketch) add(now, d time.Duration) {
	number := int64(now / sketchSpan)
	slot := &s.slots[number%sketchSlots]
	if slot.number != number {
		*slot = sketchSlot{number: number}
	}
	slot.counts[sketchSize(d)]++
	slot.total++
}

// sketchSize is the size of a latency: its power of two, and the two bits below that.
func sketchSize(d time.Duration) int {
	us := uint64(max(d, 0) / time.Microsecond)
	if us < 4 {
		return int(us)
	}
	below := bits.Len64(us) - 3
	return min(4*(below+1)+int(us>>below&3), sketchSizes-1)
}

// sketchTop is the latency that all of a size are below.
func sketchTop(size int) time.Duration {
	if size < 4 {
		return time.Duration(size+1) * time.Microsecond
	}
	return time.Duration(uint64(4+size%4+1)<<(size/4-1)) * time.Microsecond
}

// percentile is what p of a hundred latencies of the last minute are below, and how many there are.
func (s *sketch) percentile(now time.Duration, p int) (top time.Duration, total int) {
	var counts [sketchSizes]int
	for i := range s.slots {
		slot := &s.slots[i]
		if int64(now/sketchSpan)-slot.number >= sketchSlots {
			continue
		}
		total += slot.total
		for size, k := range slot.counts {
			counts[size] += int(k)
		}
	}
	left := (total*p + 99) / 100
	for size, k := range counts {
		if left -= k; left <= 0 && total > 0 {
			return sketchTop(size), total
		}
	}
	return 0, total
}
