package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ringside/engine/event"
)

const (
	// maxWaiting is how many events the buffer holds: seconds of a busy cluster, tens of megabytes.
	maxWaiting = 20_000
	// retryFirst and retryLast bound the pause before a broken stream is opened again.
	retryFirst = 100 * time.Millisecond
	retryLast  = 2 * time.Second
)

var errEnded = errors.New("the event stream ended")

// A Feed buffers the events of a Source.
type Feed struct {
	src    Source
	notify chan struct{} // holds one token while something waits

	mu      sync.Mutex
	waiting Batch
	after   uint64 // sequence number of the newest event read
}

// A Batch is what a Feed gathered since the last Take.
type Batch struct {
	Events  []event.Event
	Dropped int  // events that did not fit into the buffer
	Reset   bool // another cluster answers, or an earlier state: start with a new view
	Link    Link
	Err     error // why the link is lost
}

// New returns a Feed of src. Run fills it.
func New(src Source) *Feed {
	return &Feed{src: src, notify: make(chan struct{}, 1)}
}

// Notify returns a channel that delivers a token when something waits for Take.
func (f *Feed) Notify() <-chan struct{} { return f.notify }

// Take returns what gathered since the last Take.
func (f *Feed) Take() Batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.waiting
	f.waiting = Batch{Link: b.Link, Err: b.Err}
	return b
}

// Pending returns how many events wait, including dropped ones.
func (f *Feed) Pending() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiting.Events) + f.waiting.Dropped
}

// Add appends events to the buffer. Its error is always nil, so that it can be the callback of
// Source.Events.
func (f *Feed) Add(events []event.Event) error {
	f.mu.Lock()
	w := &f.waiting
	w.Events = append(w.Events, events...)
	if over := len(w.Events) - maxWaiting; over > 0 {
		w.Events = append([]event.Event(nil), w.Events[over:]...)
		w.Dropped += over
	}
	for _, e := range events {
		f.after = max(f.after, e.Seq)
	}
	f.mu.Unlock()
	f.wake()
	return nil
}

func (f *Feed) wake() {
	select {
	case f.notify <- struct{}{}:
	default:
	}
}

// SetLink records the state of the link, with the reason if it is Lost.
func (f *Feed) SetLink(l Link, err error) {
	f.mu.Lock()
	f.waiting.Link, f.waiting.Err = l, err
	f.mu.Unlock()
	f.wake()
}

// Run follows the source until ctx ends. When the stream breaks, Run opens it again after a pause.
func (f *Feed) Run(ctx context.Context) {
	pause := retryFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, ErrRewound) {
			f.forget()
			continue
		}
		if err == nil {
			err = errEnded
		}
		f.SetLink(Lost, err)
		if time.Since(began) > retryLast { // the stream had worked for a while
			pause = retryFirst
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, retryLast)
	}
}

// follow reads the events that the cluster remembers, then a snapshot, then new events. The
// snapshot comes after the history, because events tell of changes and the snapshot of the whole
// state.
func (f *Feed) follow(ctx context.Context) error {
	if err := f.history(ctx); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	snapshot, err := f.src.Snapshot(ctx)
	if err != nil {
		return fmt.Errorf("read snapshot: %w", err)
	}
	if err := f.Add(snapshot); err != nil {
		return err
	}
	f.SetLink(Live, nil)
	return f.src.Events(ctx, event.Query{After: f.position(), Follow: true, Screen: true}, f.Add)
}

// forget starts the buffer again.
func (f *Feed) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting.Events, f.waiting.Reset, f.after = nil, true, 0
}

// position returns the sequence number of the newest event that was read.
func (f *Feed) position() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.after
}

// history adds the remembered events that are new. A gap counts what the feed has missed since it
// began. What the cluster has forgotten before that is not missed. If the newest remembered event
// is older than the position, another cluster answers, or a recording was taken back: the buffer
// then starts again.
func (f *Feed) history(ctx context.Context) error {
	after := f.position()
	var newest uint64
	var all []event.Event
	err := f.src.Events(ctx, event.Query{Screen: true}, func(events []event.Event) error {
		for _, e := range events {
			newest = max(newest, e.Seq)
		}
		all = append(all, events...)
		return nil
	})
	if err != nil {
		return err
	}
	if newest < after {
		f.forget()
		after = 0
	}
	for len(all) > 0 && all[0].Seq <= after {
		all = all[1:]
	}
	if len(all) == 0 || all[0].Kind != event.Gap {
		return f.Add(all)
	}
	gap := all[0]
	if after > 0 { // the feed missed what came after the events that it has read
		gap.Count = int(gap.Seq - after)
		all[0] = gap
		return f.Add(all)
	}
	f.mu.Lock()
	f.after = max(f.after, gap.Seq)
	f.mu.Unlock()
	return f.Add(all[1:])
}
