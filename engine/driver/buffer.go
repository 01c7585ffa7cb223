package driver

// §6.1: a node with an object buffer goes on while a batch is being written, and only outputs that
// are Durable wait for the disk. A flush brings the whole buffer to disk. It begins when an output
// waits for the disk, when half of the buffer is taken, and when the oldest write has been in
// memory for FlushEvery. A full buffer stops the node.
//
// Under load there is always an output that waits. Flushes without a pause would then keep the disk
// and the processor busy with few writes each, so flushes for outputs begin FlushPause apart. A
// client rarely waits for them: of N replicas one is durable, and W of the others answer at once.

import (
	"slices"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/store"
)

// buffer is the object buffer of a Driver.
type buffer struct {
	opts    Options
	objects *store.Buffer
	held    []engine.Output // the messages and replies of outputs that wait for the disk, in order
	freed   int             // number of outputs in held that leave when the current batch is durable
	oldest  time.Duration   // when the oldest write that is in no batch was noticed; 0: no such write
	began   time.Duration   // when the latest flush began
	metered int             // the count of the latest Buffered event
	meterAt time.Duration   // when the next Buffered event is due; 0: no event is due
}

func newBuffer(base store.Reader, opts Options) *buffer {
	return &buffer{opts: opts, objects: store.NewBuffer(base)}
}

// hold takes the messages and replies out of o that must wait until all writes so far, and those of
// o, are on disk.
func (b *buffer) hold(o *engine.Output) {
	nothingToWaitFor := b.objects.Empty() && len(o.Writes) == 0
	if !o.Durable || nothingToWaitFor || len(o.Messages)+len(o.Replies) == 0 || mutant.Is(mutant.AckBeforePersist) {
		return
	}
	b.held = append(b.held, engine.Output{Messages: slices.Clone(o.Messages), Replies: slices.Clone(o.Replies)})
	o.Messages, o.Replies = nil, nil
}

// full reports whether the node must wait for a flush.
func (b *buffer) full() bool {
	fullBytes := b.opts.Bytes > 0 && b.objects.Bytes() >= b.opts.Bytes
	return b.objects.Objects() >= b.opts.Objects || fullBytes || len(b.held) >= maxHeld
}

// due reports whether a flush should begin.
func (b *buffer) due(now time.Duration) bool {
	halfFull := b.objects.Objects() > b.opts.Objects/2 || b.opts.Bytes > 0 && b.objects.Bytes() > b.opts.Bytes/2
	waited := len(b.held) > 0 && now >= b.began+b.opts.FlushPause
	return waited || halfFull || len(b.held) > maxHeld/2 || b.oldest > 0 && now-b.oldest >= b.opts.FlushEvery
}

// take returns the writes that are in no batch yet.
func (b *buffer) take() []store.Write {
	b.freed, b.oldest = len(b.held), 0
	return b.objects.Take()
}

// free adds to e the outputs that waited for the batch that is durable now.
func (b *buffer) free(e *Effects) {
	if !b.objects.Waiting() {
		b.freed = len(b.held)
	}
	for _, o := range b.held[:b.freed] {
		e.add(o)
	}
	b.held = append([]engine.Output(nil), b.held[b.freed:]...)
	b.freed = 0
}

// noteOldest records when the oldest write that is in no batch was noticed.
func (b *buffer) noteOldest(now time.Duration) {
	if b.objects.Waiting() && b.oldest == 0 {
		b.oldest = now
	}
}

// meter emits a Buffered event if the number of objects that are in memory only has differed from
// the last event for MeterEvery. A flush takes a millisecond, so an event for each change would be
// too many.
func (b *buffer) meter(now time.Duration, e *Effects) {
	n := b.objects.Objects()
	switch {
	case n == b.metered:
		b.meterAt = 0
		return
	case b.meterAt == 0:
		b.meterAt = now + b.opts.MeterEvery
	}
	if now >= b.meterAt {
		b.metered, b.meterAt = n, 0
		e.Events = append(e.Events, event.Event{
			Time: now, Node: b.opts.Node, Kind: event.Buffered, Count: n, Want: b.opts.Objects,
		})
	}
}

// wants returns the time at which the buffer needs a call of EndTurn; 0 for never.
func (b *buffer) wants(writing bool) time.Duration {
	at := b.meterAt
	if b.oldest > 0 && !writing {
		if f := b.oldest + b.opts.FlushEvery; at == 0 || f < at {
			at = f
		}
	}
	if len(b.held) > 0 && !writing {
		if f := b.began + b.opts.FlushPause; at == 0 || f < at {
			at = f
		}
	}
	return at
}
