package admission

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

const limit = 50 * time.Millisecond

// serve notes enough answers to count.
func serve(c *Controller, now, waited time.Duration) (adjust bool) {
	for range MinSamples {
		adjust = c.Answered(now, waited) || adjust
	}
	return adjust
}

// §6.5: the slice shrinks while the 99th percentile is above the limit, and grows while it is not.
func TestSliceFollowsTheLatency(t *testing.T) {
	c := New(0, limit)
	if serve(c, 0, limit) {
		t.Fatal("answers in time ask for an adjustment")
	}
	now := time.Duration(0)
	for want := 0.5; want >= MinSlice; want /= 2 {
		serve(c, now, 8*limit)
		now += AdjustEvery
		if changed, again := c.Adjust(now, false); !changed || !again || c.Slice() != want {
			t.Fatalf("a slice of %v, want %v", c.Slice(), want)
		}
	}
	serve(c, now, 8*limit)
	if changed, again := c.Adjust(now, false); changed || !again || c.Slice() != MinSlice {
		t.Fatalf("a slice of %v, want the least", c.Slice())
	}
	now += time.Minute
	serve(c, now, time.Millisecond)
	if c.Adjust(now, false); c.Slice() != MinSlice+GrowSlice {
		t.Fatalf("a slice of %v after a good minute", c.Slice())
	}
	if changed, again := c.Adjust(now, true); !changed || again || c.Slice() != 1 {
		t.Fatalf("a slice of %v for a node without clients", c.Slice())
	}
}

// A few slow answers are no percentile. Without a limit nothing yields.
func TestSamplesAndLimit(t *testing.T) {
	c := New(0, limit)
	for range MinSamples - 1 {
		c.Answered(0, time.Second)
	}
	if c.Adjust(AdjustEvery, false); c.Slice() != 1 {
		t.Errorf("a slice of %v after %d answers", c.Slice(), c.Samples(0))
	}
	if c := New(0, 0); serve(c, 0, time.Second) {
		t.Error("an adjustment without a limit")
	}
}

// The budget grows by the slice's part of the rate, and not beyond the slice's part of a burst. The
// slice stays within its bounds.
func TestBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New(0, limit)
		now, spent, granted := time.Duration(0), 0, burst
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			passed := time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond
			now += passed
			c.Refill(now)
			granted += int(passed.Seconds() * c.Slice() * rate)
			if c.budget > c.Part(burst) || c.budget > granted-spent {
				t.Fatalf("a budget of %d bytes with a slice of %v after %d of %d", c.budget, c.Slice(), spent, granted)
			}
			if c.Granted() {
				bytes := rapid.IntRange(0, burst).Draw(t, "bytes")
				c.Spend(bytes)
				spent += bytes
			}
			if rapid.Bool().Draw(t, "slow") {
				serve(c, now, time.Second)
			}
			c.Adjust(now, rapid.Bool().Draw(t, "idle"))
			if c.Slice() < MinSlice || c.Slice() > 1 || c.Part(1) != 1 {
				t.Fatalf("a slice of %v", c.Slice())
			}
		}
	})
}
