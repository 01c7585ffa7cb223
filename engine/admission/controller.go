package admission

import "time"

const (
	// rate is the bytes a second of a node's background work with the whole slice, in both
	// directions. At this rate a lost node of 100,000 small keys is whole again in seconds.
	rate = 8 << 20
	// burst is the largest budget. It bounds the background work of one step.
	burst = 512 << 10
	// Pause is how long background work waits once its budget is used up.
	Pause = 10 * time.Millisecond

	// MinSlice is the smallest slice.
	MinSlice = 1.0 / 64
	// GrowSlice is what a good interval adds to the slice. A bad interval halves the slice. So
	// background work yields within seconds, and returns carefully while clients are served.
	GrowSlice = 1.0 / 16
	// AdjustEvery is the interval between two adjustments of the slice.
	AdjustEvery = time.Second
	// MinSamples is the number of samples below which a 99th percentile is only the greatest one.
	MinSamples = 100
)

// A Controller is the admission controller of one node.
type Controller struct {
	limit  time.Duration // of the 99th percentile; 0: background work never yields
	recent sketch
	slice  float64
	p99    time.Duration // at the last adjustment
	served int           // answers to clients' requests since the last adjustment

	adjusting bool // the caller has planned the next Adjust

	budget int           // bytes that may be moved now; a negative budget is a debt
	filled time.Duration // time of the last Refill
}

// New returns a controller with the whole slice and the largest budget. Background work yields
// while the 99th percentile of the answer times is above limit, and never if limit is 0.
func New(now, limit time.Duration) *Controller {
	return &Controller{limit: limit, slice: 1, budget: burst, filled: now}
}

// Slice returns the part of the full rate that background work may use, MinSlice to 1.
func (c *Controller) Slice() float64 { return c.slice }

// P99 returns the 99th percentile of the answer times as of the last adjustment.
func (c *Controller) P99() time.Duration { return c.p99 }

// Samples returns the number of answer times that the controller measured in the last minute.
func (c *Controller) Samples(now time.Duration) int {
	_, total := c.recent.percentile(now, 99)
	return total
}

// Part returns the slice's part of most, and at least 1.
func (c *Controller) Part(most int) int { return max(int(c.slice*float64(most)), 1) }

// Refill adds to the budget what the time since the last Refill allows.
func (c *Controller) Refill(now time.Duration) {
	passed := min(now-c.filled, time.Second)
	c.filled = now
	c.budget = min(c.budget+int(passed.Seconds()*c.slice*rate), c.Part(burst))
}

// Granted reports whether background work may move bytes now.
func (c *Controller) Granted() bool { return c.budget > 0 }

// Spend takes bytes from the budget.
func (c *Controller) Spend(bytes int) { c.budget -= bytes }

// Answered notes that a client's request waited this long for the answer of a replica. It says
// whether the caller has to call Adjust after AdjustEvery. A node whose clients are served in time
// needs no timer.
func (c *Controller) Answered(now, waited time.Duration) (adjust bool) {
	c.recent.add(now, waited)
	c.served++
	if c.limit == 0 || waited <= c.limit || c.adjusting {
		return false
	}
	c.adjusting = true
	return true
}

// Adjust changes the slice: it shrinks while clients wait for too long, and grows while they do
// not. The argument idle says that no client's request is waiting. Adjust returns whether the slice
// changed, and whether the caller has to call it again after AdjustEvery.
func (c *Controller) Adjust(now time.Duration, idle bool) (changed, again bool) {
	before := c.slice
	if c.served == 0 && idle {
		c.recent, c.slice = sketch{}, 1
	}
	c.served = 0
	var samples int
	if c.p99, samples = c.recent.percentile(now, 99); c.p99 > c.limit && samples >= MinSamples {
		c.slice = max(c.slice/2, MinSlice)
	} else {
		c.slice = min(c.slice+GrowSlice, 1)
	}
	c.adjusting = c.slice < 1
	return c.slice != before, c.adjusting
}

// Adjusting reports whether the caller has to call Adjust. It is for tests.
func (c *Controller) Adjusting() bool { return c.adjusting }

// Force sets the slice and the budget. It is for tests.
func (c *Controller) Force(slice float64, budget int) { c.slice, c.budget = slice, budget }
