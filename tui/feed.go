package tui

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ringside/engine/event"
)

// A Source feeds the screens.
type Source interface {
	// Snapshot returns events of sequence number 0 that tell a new View all
	// there is to know now, with the replicas of each key of keys.
	Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error)
	// Events calls fn with batches of events of sequence number > after; with
	// follow it goes on until ctx ends. fn must not keep the slice.
	Events(ctx context.Context, after uint64, follow bool, fn func([]event.Event) error) error
}

// Bounds of the feed.
const (
	// maxWaiting is how many events wait for the screen: seconds of a busy
	// cluster, tens of megabytes. Beyond it the oldest are dropped and counted.
	maxWaiting = 20_000
	// retryFirst and retryLast are the pauses before the stream is opened again.
	retryFirst = 100 * time.Millisecond
	retryLast  = 2 * time.Second
)

// A link is how the feed stands with the cluster.
type link int

const (
	connecting link = iota
	live
	lost
)

// errEnded is why a stream that ended without an error was left.
var errEnded = errors.New("the event stream ended")

// A feed reads the cluster's events in its own goroutine and keeps them until
// the model takes them: sending the program a message for each would draw a
// frame for each.
type feed struct {
	src    Source
	notify chan struct{} // holds one token while something waits

	mu      sync.Mutex
	waiting []event.Event
	dropped int  // since the last take
	reset   bool // another cluster answers, or an earlier state: what the view knew is void
	link    link
	err     error
	after   uint64 // sequence number of the newest event read
}

func newFeed(src Source) *feed {
	return &feed{src: src, notify: make(chan struct{}, 1)}
}

// A batch is what gathered since the last take.
type batch struct {
	events  []event.Event
	dropped int
	reset   bool
	link    link
	err     error
}

// take hands over what gathered.
func (f *feed) take() batch {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := batch{f.waiting, f.dropped, f.reset, f.link, f.err}
	f.waiting, f.dropped, f.reset = nil, 0, false
	return b
}

// pending is how many events wait.
func (f *feed) pending() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiting) + f.dropped
}

// add is the callback of Events.
func (f *feed) add(events []event.Event) error {
	f.mu.Lock()
	f.waiting = append(f.waiting, events...)
	if over := len(f.waiting) - maxWaiting; over > 0 {
		f.waiting = append([]event.Event(nil), f.waiting[over:]...)
		f.dropped += over
	}
	for _, e := range events {
		f.after = max(f.after, e.Seq)
	}
	f.mu.Unlock()
	f.wake()
	return nil
}

func (f *feed) wake() {
	select {
	case f.notify <- struct{}{}:
	default:
	}
}

func (f *feed) setLink(l link, err error) {
	f.mu.Lock()
	f.link, f.err = l, err
	f.mu.Unlock()
	f.wake()
}

// run follows the cluster until ctx ends, and comes back to it when the stream breaks.
func (f *feed) run(ctx context.Context) {
	pause := retryFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, ErrRewound) {
			continue
		}
		if err == nil {
			err = errEnded
		}
		f.setLink(lost, err)
		if time.Since(began) > retryLast { // it had worked for a while
			pause = retryFirst
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, retryLast)
	}
}

// follow reads what the cluster remembers, then how it stands, then what
// happens. The snapshot comes after the history, because events tell of
// changes and a snapshot of all there is.
func (f *feed) follow(ctx context.Context) error {
	if err := f.history(ctx); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	snapshot, err := f.src.Snapshot(ctx)
	if err != nil {
		return fmt.Errorf("read snapshot: %w", err)
	}
	if err := f.add(snapshot); err != nil {
		return err
	}
	f.setLink(live, nil)
	return f.src.Events(ctx, f.position(), true, f.add)
}

func (f *feed) position() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.after
}

// history takes the remembered events that are new. A cluster whose newest
// event is older than what was read already is another cluster, or a recording
// that was taken back.
func (f *feed) history(ctx context.Context) error {
	after := f.position()
	var newest uint64
	var all []event.Event
	err := f.src.Events(ctx, 0, false, func(events []event.Event) error {
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
		f.mu.Lock()
		f.waiting, f.after, f.reset = nil, 0, true
		f.mu.Unlock()
		after = 0
	}
	for len(all) > 0 && all[0].Seq <= after {
		all = all[1:]
	}
	return f.add(all)
}
