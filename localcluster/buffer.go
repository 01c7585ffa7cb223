package localcluster

import (
	"cmp"
	"sync"
	"time"

	"ringside/engine"
	"ringside/engine/store"
	"ringside/engine/trace"
	"ringside/engine/wire"
)

// §6.1: a life with an object buffer. Its loop goes on stepping while a writer, one
// goroutine at a time, brings what the buffer holds to disk; only outputs that the engine
// calls durable wait for that. The writer starts when somebody waits for it, when the
// oldest write has waited for long enough, and when half of the buffer is taken. A
// full buffer stops the loop until there is room.

const (
	// flushEvery is how long a write may stay in memory only.
	flushEvery = 100 * time.Millisecond
	// MaxBuffer bounds the size that can be asked for, in objects.
	MaxBuffer = 100_000
	// maxBufferBytes bounds what the objects of one buffer take: MaxBuffer large ones would
	// fill the machine.
	maxBufferBytes = 16 << 20
	// meterEvery is how soon a change of what is in memory only is told: flushes
	// take a millisecond, and nobody could read that many events.
	meterEvery = 50 * time.Millisecond
	// maxTold is how many keys that a crash took are told one by one.
	maxTold = 64
)

// A buffer is what a life has of §6.1. It belongs to the loop.
type buffer struct {
	l        *life
	objects  *store.Buffer
	most     int
	every    time.Duration // how long a write may stay in memory only
	held     []heldBack    // what waits for the disk, in order
	freed    int           // how many of held the present flush lets out
	flushing bool
	flushed  chan error // the end of a flush
	since    time.Time  // of the oldest write that no flush took; zero: there is none
	told     int        // what the meter says
	telling  time.Time  // when it is to say something new; zero: no need
	timer    *time.Timer
}

// heldBack is the part of an Output that must not leave yet.
type heldBack struct {
	messages []wire.Message
	replies  []engine.Reply
}

func newBuffer(l *life, most int) *buffer {
	t := time.NewTimer(0)
	t.Stop()
	return &buffer{l: l, objects: store.NewBuffer(l.reads), most: most, every: cmp.Or(l.c.opts.flushEvery, flushEvery), flushed: make(chan error, 1), timer: t}
}

// take keeps the writes of a step, and what of it has to wait for the disk, and returns
// the rest.
func (b *buffer) take(o engine.Output) engine.Output {
	if len(o.Writes) > 0 {
		b.objects.Add(o.Writes)
		if b.since.IsZero() {
			b.since = time.Now()
		}
	}
	if o.Durable && !b.objects.Empty() && len(o.Messages)+len(o.Replies) > 0 {
		b.held = append(b.held, heldBack{o.Messages, o.Replies})
		o.Messages, o.Replies = nil, nil
	}
	return o
}

func (b *buffer) full() bool {
	return b.objects.Objects() >= b.most || b.objects.Bytes() >= maxBufferBytes || len(b.held) >= maxTurn
}

// turnOver ends a turn: the writer starts if there is a reason, and the timer is set.
func (b *buffer) turnOver() {
	if len(b.held) > 0 || b.objects.Objects() > b.most/2 || b.objects.Bytes() > maxBufferBytes/2 {
		b.flush()
	}
	b.meter()
	b.arm()
}

// flush starts the writer with all there is, unless it runs.
func (b *buffer) flush() {
	if b.flushing || !b.objects.Waiting() {
		return
	}
	batch := b.objects.Take()
	b.flushing, b.freed, b.since = true, len(b.held), time.Time{}
	b.l.wg.Go(func() { b.flushed <- b.l.db.Apply(batch, b.l.node.mem == nil) })
}

// landed ends a flush, and lets out what waited for it.
func (b *buffer) landed(err error) error {
	b.flushing = false
	if err != nil {
		return err
	}
	b.objects.Flushed()
	if !b.objects.Waiting() {
		b.freed = len(b.held)
	}
	free := b.held[:b.freed]
	b.held = append([]heldBack(nil), b.held[b.freed:]...)
	b.freed = 0
	if b.l.ctx.Err() != nil {
		return nil // a node that was killed meanwhile says nothing more
	}
	for _, h := range free {
		b.l.send(h.messages)
		b.l.reply(h.replies)
	}
	b.turnOver()
	return nil
}

// due does what the timer was set for.
func (b *buffer) due() {
	if !b.since.IsZero() && time.Since(b.since) >= b.every {
		b.flush()
	}
	b.meter()
	b.arm()
}

// meter tells how many objects are in memory only, if that is so for a while.
func (b *buffer) meter() {
	n := b.objects.Objects()
	b.l.buffered.Store(int64(n))
	switch {
	case n == b.told:
		b.telling = time.Time{}
	case b.telling.IsZero():
		b.telling = time.Now().Add(meterEvery)
	case time.Now().After(b.telling):
		b.told, b.telling = n, time.Time{}
		b.l.c.tell(trace.Event{Node: b.l.node.name, Kind: trace.Buffered, Count: n, Want: b.most})
	}
}

// arm sets the timer for whatever is due next.
func (b *buffer) arm() {
	at := b.telling
	if !b.since.IsZero() && !b.flushing {
		if f := b.since.Add(b.every); at.IsZero() || f.Before(at) {
			at = f
		}
	}
	if at.IsZero() {
		b.timer.Stop()
		return
	}
	b.timer.Reset(max(time.Until(at), 0) + time.Millisecond) // not a moment too early
}

// makeRoom waits until the buffer is not full.
func (b *buffer) makeRoom() error {
	for b.full() && b.l.ctx.Err() == nil {
		b.flush() // if it runs already, or holds back without anything left to write, its end comes
		select {
		case err := <-b.flushed:
			if err := b.l.landed(err); err != nil {
				return err
			}
		case <-b.l.ctx.Done():
		}
	}
	return nil
}

// landed is buffer.landed for a node that may be paused.
func (l *life) landed(err error) error {
	l.turnMu.Lock()
	defer l.turnMu.Unlock()
	return l.buffer.landed(err)
}

// end is the end of the life. In order, all is brought to disk; in a crash what no flush
// took is lost, and what the disk holds instead is found out.
func (b *buffer) end(orderly bool) {
	b.timer.Stop()
	if b.flushing && <-b.flushed == nil {
		b.objects.Flushed()
	}
	if orderly && !b.objects.Empty() {
		_ = b.l.db.Apply(b.objects.Take(), b.l.node.mem == nil) // nobody was promised anything of it
		return
	}
	if lost := b.objects.Lost(); len(lost) > 0 {
		b.l.lost = b.l.autopsy(lost)
	}
}

// autopsy tells what a crash took with the buffer: what a node would say of the disk now.
func (l *life) autopsy(lost []store.Write) []trace.Event {
	keys := engine.KeysOf(lost)
	out := []trace.Event{{Node: l.node.name, Kind: trace.BufferLost, Count: len(keys)}}
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
			e.Kind = trace.BufferLost
			out = append(out, e)
		}
	}
	return out
}

// A shared store is one that a writer may apply to while the loop reads.
type shared struct {
	store.Store
	mu sync.Mutex
}

func (s *shared) Get(sp store.Space, key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Get(sp, key)
}

func (s *shared) Scan(sp store.Space, from, to []byte, fn func(key, value []byte) bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Scan(sp, from, to, fn)
}

func (s *shared) Apply(batch []store.Write, sync bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Apply(batch, sync)
}
