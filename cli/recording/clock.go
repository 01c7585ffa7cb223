package recording

import (
	"slices"
	"sort"
	"sync"
	"time"

	"ringside/engine/event"
)

// A clock is the time of a recording, or of two recordings that are shown in step. Its time can be
// stopped, moved and run at another speed. Its methods may be called by any goroutine.
type clock struct {
	tracks  [2][]event.Event // of the recordings; the second one is empty for a single recording
	moments []moment
	faults  []time.Duration // times since the first event, of the events that are faults, sorted

	mu     sync.Mutex    // guards the rest
	turned chan struct{} // closed and replaced when the speed, the pause or the place changes
	shown  int           // moments that have passed, while paused
	at     time.Duration // the time of the recording at anchor
	anchor time.Time
	speed  float64
	paused bool
}

// A moment is the smallest step of a clock: the next event of one recording, or the next ones of
// both if they happen at the same time.
type moment struct {
	time time.Duration // since 1970; an event that came late has the time of the one before
	upTo [2]int        // number of events of each recording up to this moment
}

// slowest and fastest bound the speed: one message a second, and an hour a second.
const slowest, fastest = 1.0 / 4096, 4096.0

// newClock returns the clock of one recording or two. Both have their first events in common, same
// of them.
func newClock(tracks [2][]event.Event, same int) *clock {
	c := &clock{tracks: tracks, turned: make(chan struct{}), anchor: time.Now(), speed: 1}
	c.moments = make([]moment, 0, max(len(tracks[0]), len(tracks[1])))
	var n [2]int
	for now := time.Duration(0); ; {
		next, some := now, false // the time of the earliest event that is left
		for side, events := range tracks {
			if n[side] < len(events) {
				if t := max(events[n[side]].Time, now); !some || t < next {
					next, some = t, true
				}
			}
		}
		if !some {
			break
		}
		var fault bool
		for side, events := range tracks {
			if i := n[side]; i < len(events) && (i < same || max(events[i].Time, now) == next) {
				n[side]++
				fault = fault || events[i].Fault()
			}
		}
		now = next
		c.moments = append(c.moments, moment{now, n})
		if fault {
			c.faults = append(c.faults, now-c.start())
		}
	}
	c.at = c.start()
	return c
}

// position returns the time of the recording. The caller holds mu.
func (c *clock) position() time.Duration {
	if c.paused {
		return c.at
	}
	return min(c.at+time.Duration(float64(time.Since(c.anchor))*c.speed), c.end())
}

// start and end return the times of the first and the last moment.
func (c *clock) start() time.Duration { return c.moments[0].time }
func (c *clock) end() time.Duration   { return c.moments[len(c.moments)-1].time }

// passed returns the number of moments that have passed. The caller holds mu.
func (c *clock) passed() int {
	if c.paused {
		return c.shown
	}
	return c.until(c.position())
}

// until returns the number of moments up to t.
func (c *clock) until(t time.Duration) int {
	return sort.Search(len(c.moments), func(i int) bool { return c.moments[i].time > t })
}

// upTo returns the number of events of a recording in the first moments.
func (c *clock) upTo(moments, side int) int {
	if moments == 0 {
		return 0
	}
	return c.moments[moments-1].upTo[side]
}

// has reports whether any event of a moment satisfies shows.
func (c *clock) has(i int, shows func(event.Event) bool) bool {
	for side, events := range c.tracks {
		if slices.ContainsFunc(events[c.upTo(i, side):c.upTo(i+1, side)], shows) {
			return true
		}
	}
	return false
}

// turn changes the speed, the pause or the place, from the present one.
func (c *clock) turn(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown, c.at, c.anchor = c.passed(), c.position(), time.Now()
	change()
	close(c.turned)
	c.turned = make(chan struct{})
}

// TogglePause implements tui.Playback. A recording that has ended begins again.
func (c *clock) TogglePause() {
	c.turn(func() {
		if c.shown == len(c.moments) {
			c.at, c.paused = c.start(), false
			return
		}
		c.paused = !c.paused
	})
}

// Step implements tui.Playback.
func (c *clock) Step(by int, shows func(event.Event) bool) {
	c.mu.Lock()
	n := c.passed()
	c.mu.Unlock()
	for ; by > 0; by-- {
		for n < len(c.moments) && !c.has(n, shows) {
			n++
		}
		n = min(n+1, len(c.moments))
	}
	for ; by < 0 && n > 1; by++ {
		for n--; n > 1 && !c.has(n, shows); n-- {
		}
	}
	c.stop(n)
}

// stop stops time after a number of moments, at least 1.
func (c *clock) stop(n int) {
	c.turn(func() { c.paused, c.shown, c.at = true, n, c.moments[n-1].time })
}

// Skip implements tui.Playback.
func (c *clock) Skip(by time.Duration) {
	c.turn(func() {
		c.at = min(max(c.at+by, c.start()), c.end())
		c.shown = c.until(c.at)
	})
}

// Speed implements tui.Playback.
func (c *clock) Speed(by int) {
	c.turn(func() {
		for ; by > 0; by-- {
			c.speed = min(2*c.speed, fastest)
		}
		for ; by < 0; by++ {
			c.speed = max(c.speed/2, slowest)
		}
	})
}
