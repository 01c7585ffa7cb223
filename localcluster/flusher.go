package localcluster

import (
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/store"
)

// §6.1 Balancing Performance and Durability: a node with an object buffer. The loop continues to
// step the engine while one goroutine writes a batch to disk. Package driver decides when a flush
// begins and which effects wait for a batch.

const (
	// flushEvery is how long a write may stay in memory only.
	flushEvery = 100 * time.Millisecond
	// flushPause is the time between the beginnings of two flushes that outputs wait for.
	flushPause = 5 * time.Millisecond
	// maxBufferBytes bounds the bytes of the objects in one buffer: settings.MaxBuffer large
	// objects would fill the machine.
	maxBufferBytes = 16 << 20
	// meterEvery is the least time between two events about the size of the buffer. A flush takes a
	// millisecond, and a person could not read that many events.
	meterEvery = 50 * time.Millisecond
	// maxLossEvents bounds the lost keys that have an event of their own.
	maxLossEvents = 64
)

// A flusher applies the batches of a node with an object buffer. Only the node's loop calls its
// methods.
type flusher struct {
	l          *loop
	running    bool
	done       chan error // receives the result of apply; has room for one
	unreported bool       // the latest batch is durable, and the driver does not know because the node was killed
}

func newFlusher(l *loop) *flusher { return &flusher{l: l, done: make(chan error, 1)} }

// begin starts to apply a batch. The driver hands out one batch at a time.
func (f *flusher) begin(batch []store.Write) {
	f.running = true
	f.l.i.wg.Go(func() { f.done <- f.l.apply(batch) })
}

// landed ends a batch and releases the effects that waited for it. During a pause, landed blocks.
func (f *flusher) landed(err error) error {
	f.l.lock()
	defer f.l.i.turnMu.Unlock()
	f.running = false
	if err != nil {
		return err
	}
	if f.l.i.ctx.Err() != nil { // a node that was killed meanwhile sends nothing
		f.unreported = true
		return nil
	}
	return f.l.carryOut(f.l.driver.Durable(f.l.i.node.now()))
}

// makeRoom waits until the driver is no longer busy, so that the node may be stepped.
func (f *flusher) makeRoom() error {
	for f.l.driver.Busy() && f.l.i.ctx.Err() == nil {
		select {
		case err := <-f.done:
			if err := f.landed(err); err != nil {
				return err
			}
		case <-f.l.i.ctx.Done():
		}
	}
	return nil
}

// end ends the run. An orderly end writes the buffer to disk. After a crash, end records which
// objects were lost with the buffer, and what the disk holds instead.
func (f *flusher) end() {
	l := f.l
	l.driver.Crash(f.unreported || f.running && <-f.done == nil)
	if l.i.orderly.Load() {
		if rest := l.driver.Drain(); rest != nil {
			_ = l.apply(rest) // no acknowledgement depends on it
		}
		return
	}
	if lost := l.driver.Lost(); len(lost) > 0 {
		l.i.lost = l.reportBufferLoss(lost)
	}
}

// reportBufferLoss returns the events of a crash that lost the buffer: the number of lost objects,
// and what the disk holds now in their place.
func (l *loop) reportBufferLoss(lost []store.Write) []event.Event {
	keys := engine.KeysOf(lost)
	out := []event.Event{{Node: l.i.node.name, Kind: event.BufferLost, Count: len(keys)}}
	n, _, err := engine.New(l.i.config(false), l.db, l.i.node.now())
	if err != nil {
		return out
	}
	described := n.Step(l.i.node.now(), engine.Describe{Keys: keys[:min(len(keys), maxLossEvents)]})
	for _, r := range described.Replies {
		for _, e := range r.Events {
			if e.State != nil {
				out[0].State = e.State
				continue
			}
			e.Kind = event.BufferLost
			out = append(out, e)
		}
	}
	l.i.node.unskew(out)
	return out
}
