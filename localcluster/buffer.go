package localcluster

import (
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/store"
)

// §6.1: a node with an object buffer. Its loop goes on stepping while a writer, one goroutine at a
// time, writes a batch to disk. Package driver decides when a flush begins and which effects wait
// for a batch.

const (
	// flushEvery is how long a write may stay in memory only.
	flushEvery = 100 * time.Millisecond
	// maxBufferBytes bounds the bytes of the objects in one buffer: settings.MaxBuffer large objects
	// would fill the machine.
	maxBufferBytes = 16 << 20
	// meterEvery is how soon a change of what is in memory only is told: flushes
	// take a millisecond, and nobody could read that many events.
	meterEvery = 50 * time.Millisecond
	// maxTold is how many keys that a crash took are told one by one.
	maxTold = 64
)

// A flusher applies the batches of a node with an object buffer. Its methods are for the node's
// loop.
type flusher struct {
	l       *life
	running bool
	done    chan error // receives the result of Apply; buffered for one
	unsaid  bool       // the latest batch is durable, and the driver was not told because the node was killed
}

func newFlusher(l *life) *flusher { return &flusher{l: l, done: make(chan error, 1)} }

// begin starts to apply a batch. The driver hands out one batch at a time.
func (f *flusher) begin(batch []store.Write) {
	f.running = true
	f.l.wg.Go(func() { f.done <- f.l.db.Apply(batch, f.l.sync()) })
}

// landed ends a batch and releases the effects that waited for it. During a pause, landed blocks.
func (f *flusher) landed(err error) error {
	f.l.turnMu.Lock()
	defer f.l.turnMu.Unlock()
	f.running = false
	if err != nil {
		return err
	}
	if f.l.ctx.Err() != nil { // a node that was killed meanwhile sends nothing
		f.unsaid = true
		return nil
	}
	return f.l.carryOut(f.l.driver.Durable(f.l.c.now()))
}

// makeRoom waits until the driver is no longer busy, so that the node may be stepped.
func (f *flusher) makeRoom() error {
	for f.l.driver.Busy() && f.l.ctx.Err() == nil {
		select {
		case err := <-f.done:
			if err := f.landed(err); err != nil {
				return err
			}
		case <-f.l.ctx.Done():
		}
	}
	return nil
}

// end ends the run. An orderly end writes the buffer to disk. After a crash, end records which
// objects were lost with the buffer, and what the disk holds instead.
func (f *flusher) end() {
	l := f.l
	l.driver.Crash(f.unsaid || f.running && <-f.done == nil)
	if l.orderly.Load() {
		if rest := l.driver.Drain(); rest != nil {
			_ = l.db.Apply(rest, l.sync()) // no acknowledgement depends on it
		}
		return
	}
	if lost := l.driver.Lost(); len(lost) > 0 {
		l.lost = l.autopsy(lost)
	}
}

// autopsy tells what a crash took with the buffer: what a node would say of the disk now.
func (l *life) autopsy(lost []store.Write) []event.Event {
	keys := engine.KeysOf(lost)
	out := []event.Event{{Node: l.node.name, Kind: event.BufferLost, Count: len(keys)}}
	n, _, err := engine.New(l.config(false), l.db, l.c.now())
	if err != nil {
		return out
	}
	told := n.Step(l.c.now(), engine.Describe{Keys: keys[:min(len(keys), maxTold)]})
	for _, r := range told.Replies {
		for _, e := range r.Events {
			if e.State != nil {
				out[0].State = e.State
				continue
			}
			e.Kind = event.BufferLost
			out = append(out, e)
		}
	}
	return out
}
