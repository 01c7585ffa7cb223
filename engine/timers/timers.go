package timers

import (
	"slices"
	"sort"
	"time"
)

// A Task is work for a later time.
type Task interface{ Run() }

// A Func is a function as a Task.
type Func func()

// Run calls f.
func (f Func) Run() { f() }

// A Queue holds the timers that are not yet due. The zero Queue is empty and ready to use.
type Queue struct {
	lists []*list
	seq   uint64 // number of the latest timer
}

// list holds the timers of one delay, earliest first, from head on. Stopped timers stay until they
// are first.
type list struct {
	delay time.Duration
	slots []slot
	head  int
}

// A slot is the state of one timer.
type slot struct {
	at   time.Duration
	seq  uint64 // ascends within a list
	task Task   // nil if the timer was stopped
}

// A Timer names a task that waits in a Queue. The zero Timer names none.
type Timer struct {
	list *list
	seq  uint64
}

// Stop keeps the timer from running. It does nothing if the timer has run or was stopped before.
func (t Timer) Stop() {
	if t.list == nil {
		return
	}
	waiting := t.list.slots[t.list.head:]
	i := sort.Search(len(waiting), func(i int) bool { return waiting[i].seq >= t.seq })
	if i < len(waiting) && waiting[i].seq == t.seq {
		waiting[i].task = nil
	}
}

// After adds a timer that runs task once the time is now+delay or later.
func (q *Queue) After(now, delay time.Duration, task Task) Timer {
	i := slices.IndexFunc(q.lists, func(l *list) bool { return l.delay == delay })
	if i < 0 {
		i = len(q.lists)
		q.lists = append(q.lists, &list{delay: delay})
	}
	q.seq++
	q.lists[i].add(slot{at: now + delay, seq: q.seq, task: task})
	return Timer{q.lists[i], q.seq}
}

// add appends a slot. It moves the slots to the front of their memory when half of it is free.
func (l *list) add(s slot) {
	if len(l.slots) == cap(l.slots) && l.head > len(l.slots)/2 {
		n := copy(l.slots, l.slots[l.head:])
		clear(l.slots[n:])
		l.slots, l.head = l.slots[:n], 0
	}
	l.slots = append(l.slots, s)
}

// first returns the first slot that was not stopped, and drops those before it. It returns nil if
// there is none.
func (l *list) first() *slot {
	for l.head < len(l.slots) && l.slots[l.head].task == nil {
		l.head++
	}
	if l.head < len(l.slots) {
		return &l.slots[l.head]
	}
	l.slots, l.head = l.slots[:0], 0
	return nil
}

// Next returns the time of the timer that is due first. It returns false if there is no timer.
func (q *Queue) Next() (at time.Duration, ok bool) {
	if s := q.first(); s != nil {
		return s.at, true
	}
	return 0, false
}

// Len returns the number of timers that are still to run.
func (q *Queue) Len() int {
	n := 0
	for _, l := range q.lists {
		for _, s := range l.slots[l.head:] {
			if s.task != nil {
				n++
			}
		}
	}
	return n
}

// Run runs all timers that are due at now, in order. It also runs the timers that these add, if
// they are due at now.
func (q *Queue) Run(now time.Duration) {
	for s := q.first(); s != nil && s.at <= now; s = q.first() {
		task := s.task
		s.task = nil
		task.Run()
	}
}

// first returns the timer that is due first, nil if there is none.
func (q *Queue) first() *slot {
	var first *slot
	for _, l := range q.lists {
		s := l.first()
		if s != nil && (first == nil || s.at < first.at || s.at == first.at && s.seq < first.seq) {
			first = s
		}
	}
	return first
}
