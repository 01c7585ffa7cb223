package timers

import (
	"slices"
	"time"
)

// A Queue holds the timers that are not yet due. The zero Queue is empty and ready to use.
type Queue struct {
	lists []*list
	seq   uint64 // number of the latest timer
}

// list holds the timers of one delay, earliest first. Stopped timers stay until they are first.
type list struct {
	delay  time.Duration
	timers []*Timer
}

// A Timer is one function that is due at one time.
type Timer struct {
	at  time.Duration
	seq uint64
	run func() // nil if the timer was stopped or has run
}

// Stop keeps the timer from running. It does nothing if the timer has run or was stopped before.
func (t *Timer) Stop() { t.run = nil }

// After adds a timer that runs f once the time is now+delay or later.
func (q *Queue) After(now, delay time.Duration, f func()) *Timer {
	i := slices.IndexFunc(q.lists, func(l *list) bool { return l.delay == delay })
	if i < 0 {
		i = len(q.lists)
		q.lists = append(q.lists, &list{delay: delay})
	}
	q.seq++
	t := &Timer{at: now + delay, seq: q.seq, run: f}
	q.lists[i].timers = append(q.lists[i].timers, t)
	return t
}

// Next returns the time of the timer that is due first. It returns false if there is no timer.
func (q *Queue) Next() (at time.Duration, ok bool) {
	if t := q.first(); t != nil {
		return t.at, true
	}
	return 0, false
}

// Len returns the number of timers that are still to run.
func (q *Queue) Len() int {
	n := 0
	for _, l := range q.lists {
		for _, t := range l.timers {
			if t.run != nil {
				n++
			}
		}
	}
	return n
}

// Run runs all timers that are due at now, in order. It also runs the timers that these add, if
// they are due at now.
func (q *Queue) Run(now time.Duration) {
	for t := q.first(); t != nil && t.at <= now; t = q.first() {
		f := t.run
		t.run = nil
		f()
	}
}

// first returns the timer that is due first, nil if there is none.
func (q *Queue) first() *Timer {
	var first *Timer
	for _, l := range q.lists {
		for len(l.timers) > 0 && l.timers[0].run == nil {
			l.timers[0] = nil
			l.timers = l.timers[1:]
		}
		if len(l.timers) == 0 {
			continue
		}
		if t := l.timers[0]; first == nil || t.at < first.at || t.at == first.at && t.seq < first.seq {
			first = t
		}
	}
	return first
}
