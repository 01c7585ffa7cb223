package eventlog

import (
	"context"
	"fmt"
	"math"
	"time"

	"ringside/engine/event"
)

const (
	// maxBatch is the number of events that a reader receives at once.
	maxBatch = 512
	// maxScan is the number of events that a reader looks at while it holds the Log's mutex.
	// Publishers wait meanwhile, for some tens of microseconds.
	maxScan = 1024
	// FollowRate is the number of events a second that a follower receives at most, if its query
	// does not ask for less. Without a bound, a follower in another process would take a core from
	// the nodes. A follower that is too slow for the stream receives gaps.
	FollowRate = 20_000
	// followPause is the least time between two batches to a follower, so that a stream of small
	// turns does not wake the follower for each of them.
	followPause = 2 * time.Millisecond
	// framePause and summaryPause are the least times between two batches to a screen: without a
	// Summary, and with one. A person cannot read so many events, and each batch costs a frame.
	framePause   = time.Second / 30
	summaryPause = time.Second / 10
	// scanPause is the time between two looks of a screen's reader, and of Count, at the log. At full
	// load the log must not turn over meanwhile.
	scanPause = 5 * time.Millisecond
)

// Read calls fn with batches of the events that q selects. Without Follow, Read returns after the
// event that was the newest when Read began. With Follow, it returns when ctx ends or the log is
// closed. fn must not keep the slice. An error of fn ends Read and is returned.
func (l *Log) Read(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	return newReader(l, q).run(ctx, fn)
}

// Count calls fn with batches of the events that f selects, from the oldest that l remembers on,
// until ctx ends or the log is closed. Its rate has no bound, unlike that of a follower, so it is
// for readers in this process whose work on an event is small. fn must not keep the slice.
func (l *Log) Count(ctx context.Context, f event.Filter, fn func([]event.Event) error) error {
	r := newReader(l, event.Query{Follow: true, Filter: f})
	r.unpaced = true
	return r.run(ctx, fn)
}

// run delivers batches.
func (r *reader) run(ctx context.Context, fn func([]event.Event) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		changed := r.log.changed.Wait()
		closed := r.gather()
		over := closed || !r.query.Follow
		if r.empty() {
			if over {
				return nil
			}
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		if wait := time.Until(r.due); wait > 0 && r.sampler != nil && !over {
			pause(ctx, min(wait, scanPause)) // the batch of a screen grows until it is due
			continue
		}
		batch := r.take()
		if err := fn(batch); err != nil {
			return err
		}
		if r.query.Follow {
			r.pace(len(batch))
			if r.sampler == nil {
				pause(ctx, time.Until(r.due))
			}
		}
	}
}

// pause waits for d or for the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// A reader is one call of Read.
type reader struct {
	log   *Log
	query event.Query

	after   uint64 // number of the newest event that the reader has passed
	upTo    uint64 // number of the last event that the reader wants
	newest  uint64 // number of the newest event when Read began
	begun   bool   // the reader has passed events that the log remembered
	closing bool   // the log is closed
	unpaced bool   // the rate has no bound
	batch   []event.Event
	sampler *sampler  // nil unless the reader is a screen
	due     time.Time // when the next batch may be delivered
}

func newReader(l *Log, q event.Query) *reader {
	r := &reader{log: l, query: q, after: q.After, upTo: math.MaxUint64}
	r.newest = l.Last()
	if !q.Follow {
		r.upTo = r.newest
	}
	if q.Screen {
		r.sampler = newSampler()
		if !q.Follow {
			r.sampler.past(r.newest)
		}
	}
	return r
}

// gather adds events to the batch until the batch is full or the reader has passed all events. It
// reports whether the log is closed and the reader has passed all events.
func (r *reader) gather() (closed bool) {
	for {
		before := r.after
		closed = r.scan()
		if r.after == before {
			return closed
		}
		if r.sampler == nil && len(r.batch) >= maxBatch {
			return false
		}
	}
}

// scan passes up to maxScan events, and adds those to the batch that the reader wants.
func (r *reader) scan() (closed bool) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	r.skip()
	r.closing = l.closed
	last := min(l.last, r.upTo, r.after+maxScan)
	for s := r.after + 1; s <= last; s++ {
		e := l.at(s)
		r.after = s
		if !r.query.Selects(e) {
			continue
		}
		switch {
		case r.sampler == nil:
			if r.batch = append(r.batch, *e); len(r.batch) >= maxBatch {
				return false
			}
		case !e.Kind.Frequent(): // it may reset what the Summary counts
			r.batch = append(r.sampler.summarise(r.batch), *e)
		case r.sampler.keeps(e, len(r.batch)):
			r.batch = append(r.batch, *e)
		}
	}
	return l.closed && r.after >= l.last
}

// skip passes the events that the log no longer remembers. A Gap event then counts all of them,
// also those that the query does not select, and carries the number of the last one. A follower
// that was overtaken goes on in the middle of what the log remembers, so that the next gap is far
// away. The caller holds the log's mutex.
func (r *reader) skip() {
	l := r.log
	if r.after > l.last && !r.begun {
		// The number is from an earlier run of the cluster.
		r.after = 0
		r.batch = append(r.batch, event.Event{
			Kind: event.Gap, Message: "the cluster was restarted; its events begin anew",
		})
	}
	oldest := l.oldest()
	if r.after+1 < oldest {
		if r.begun && r.query.Follow {
			oldest += MaxEvents / 2
		}
		gap := event.Event{Seq: oldest - 1, Kind: event.Gap, Count: int(oldest - 1 - r.after)}
		gap.Time = l.at(oldest).Time
		gap.Message = fmt.Sprintf("%d events were not delivered", gap.Count)
		switch {
		case r.after == 0 && !r.begun: // the reader has lost nothing
			gap.Message = fmt.Sprintf("%d earlier events are no longer remembered", gap.Count)
		case !r.query.All(): // the log does not know which of the events the reader wanted
			gap.Message = "up to " + gap.Message
		}
		r.batch = append(r.batch, gap)
		r.after = oldest - 1
	}
	r.begun = true
}

// empty reports whether the reader has nothing to deliver.
func (r *reader) empty() bool {
	return len(r.batch) == 0 && (r.sampler == nil || r.sampler.count == 0)
}

// take returns the batch and begins the next one, which shares its memory.
func (r *reader) take() []event.Event {
	if r.sampler != nil {
		r.batch = r.sampler.summarise(r.batch)
	}
	batch := r.batch
	r.batch = r.batch[:0]
	return batch
}

// pace sets the time of the next batch after one of n events. A follower receives at once what
// happened before it began, and what is left when the log is closed.
func (r *reader) pace(n int) {
	now := time.Now()
	switch {
	case r.after <= r.newest || r.closing:
		r.due = now
	case r.unpaced && n >= maxBatch: // there may be more
		r.due = now
	case r.unpaced:
		r.due = now.Add(scanPause)
	case r.sampler == nil:
		rate := FollowRate
		if r.query.Rate > 0 {
			rate = min(rate, r.query.Rate)
		}
		r.due = now.Add(max(followPause, time.Duration(n)*time.Second/time.Duration(rate)))
	case r.sampler.short:
		r.due = now.Add(summaryPause)
	default:
		r.due = now.Add(framePause)
	}
}
