package timers

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Timers run in the order of their times, then in the order in which they were added.
func TestOrder(t *testing.T) {
	var q Queue
	var ran []string
	for _, x := range []struct {
		name       string
		now, delay time.Duration
	}{
		{"late", 0, 9}, {"early", 0, 1}, {"same time, first", 2, 3}, {"same time, second", 4, 1}, {"due at once", 4, 0},
	} {
		q.After(x.now, x.delay, Func(func() { ran = append(ran, x.name) }))
	}
	if at, ok := q.Next(); !ok || at != 1 {
		t.Errorf("the first timer is due at %v, %v", at, ok)
	}
	q.Run(8)
	if want := []string{"early", "due at once", "same time, first", "same time, second"}; !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
	if at, ok := q.Next(); !ok || at != 9 {
		t.Errorf("the last timer is due at %v, %v", at, ok)
	}
}

// A timer that another one adds runs in the same Run if it is due.
func TestTimerAddsTimers(t *testing.T) {
	var q Queue
	runs := 0
	q.After(0, 1, Func(func() {
		q.After(1, 0, Func(func() { runs++ }))
		q.After(1, 1, Func(func() { runs += 10 }))
	}))
	if q.Run(1); runs != 1 {
		t.Errorf("%d after the first run, want 1", runs)
	}
	if q.Run(2); runs != 11 {
		t.Errorf("%d after the second run, want 11", runs)
	}
}

func TestStop(t *testing.T) {
	var q Queue
	timer := q.After(0, 1, Func(func() { t.Error("a stopped timer ran") }))
	timer.Stop()
	timer.Stop()
	if at, ok := q.Next(); ok {
		t.Errorf("a stopped timer is due at %v", at)
	}
	q.Run(2)
}

// For any sequence of calls, the queue behaves as a sorted list does.
func TestQueueIsASortedList(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type entry struct {
			at    time.Duration
			id    int
			timer Timer
		}
		var (
			q     Queue
			now   time.Duration
			model []entry
			ran   []int
		)
		for id := range rapid.IntRange(1, 40).Draw(rt, "calls") {
			switch rapid.IntRange(0, 3).Draw(rt, "call") {
			case 0, 1:
				delay := time.Duration(rapid.IntRange(0, 5).Draw(rt, "delay"))
				e := entry{at: now + delay, id: id}
				e.timer = q.After(now, delay, Func(func() { ran = append(ran, id) }))
				model = append(model, e)
				slices.SortStableFunc(model, func(a, b entry) int { return int(a.at - b.at) })
			case 2:
				if len(model) > 0 {
					i := rapid.IntRange(0, len(model)-1).Draw(rt, "stopped")
					model[i].timer.Stop()
					model = slices.Delete(model, i, i+1)
				}
			case 3:
				now += time.Duration(rapid.IntRange(0, 4).Draw(rt, "passed"))
				var want []int
				for len(model) > 0 && model[0].at <= now {
					want, model = append(want, model[0].id), model[1:]
				}
				ran = nil
				if q.Run(now); !slices.Equal(ran, want) {
					rt.Fatalf("ran %v, want %v", ran, want)
				}
			}
			at, ok := q.Next()
			if ok != (len(model) > 0) || ok && at != model[0].at {
				rt.Fatalf("next is %v, %v with %d timers left", at, ok, len(model))
			}
			if q.Len() != len(model) {
				rt.Fatalf("%d timers, want %d", q.Len(), len(model))
			}
		}
	})
}
