package driver

import (
	"errors"
	"math"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// A Node is the node that a Driver steps and tells of stalls. Outside of tests a Node is an
// *engine.Node.
type Node interface {
	Step(now time.Duration, in engine.Input) engine.Output
	Stalled(d time.Duration)
}

// Options are the choices of a Driver. The zero Options have no object buffer.
type Options struct {
	Node       string        // the node's name, for Buffered events
	Objects    int           // bound of the object buffer (§6.1); 0: there is no buffer
	Bytes      int           // bound of the bytes of the buffer's objects; 0: any number
	FlushEvery time.Duration // the longest time for which a write stays in the buffer only
	FlushPause time.Duration // the shortest time between the beginnings of two flushes that outputs wait for
	MeterEvery time.Duration // the shortest time between two Buffered events
	Poison     bool          // for simulators and tests: overwrite memory that the owner must not read any longer
}

// maxHeld bounds the outputs that wait for a flush of the object buffer.
const maxHeld = 512

// Effects are the events, messages and replies that leave the node, in this order. The slices
// belong to the Driver and are valid until the next call of the Driver.
type Effects struct {
	Events   []event.Event
	Messages []wire.Message
	Replies  []engine.Reply
}

func (e *Effects) add(o engine.Output) {
	e.Events = append(e.Events, o.Events...)
	e.Messages = append(e.Messages, o.Messages...)
	e.Replies = append(e.Replies, o.Replies...)
}

// reset empties e and keeps its memory. poison is Options.Poison.
func (e *Effects) reset(poison bool) {
	e.Events = engine.Reuse(e.Events, poison, event.Event{Node: engine.Released})
	e.Messages = engine.Reuse(e.Messages, poison, wire.Message{From: engine.Released, To: engine.Released})
	e.Replies = engine.Reuse(e.Replies, poison, engine.Reply{Client: math.MaxUint64})
}

// An Action lists the tasks of the owner of a Driver, in the order of the fields.
type Action struct {
	Began bool // the first batch of the run is durable; nothing has left the node yet
	Effects
	// Batch is to be applied as a whole; nil: nothing. It is valid until Durable or Crash returns.
	Batch []store.Write
}

// A Driver runs one node. The zero Driver is not usable.
type Driver struct {
	opts    Options
	base    *watchedReader
	overlay *store.Overlay // the writes of the turn and of the batch, over the store; nil with a buffer
	buffer  *buffer        // nil without a buffer

	node    Node
	wake    time.Duration
	writes  []store.Write // of the turn, without a buffer
	spare   []store.Write // the memory of the batch before
	written []store.Write // the batch with the owner, without a buffer
	turn    Effects
	leaving bool          // turn was handed to the owner, so the next call empties it
	writing bool          // a batch is with the owner
	since   time.Duration // when that batch was handed to the owner
	began   bool          // the first batch is durable
	crashed bool
}

// New returns a driver over db. The node must read through Reader.
func New(db store.Reader, opts Options) *Driver {
	d := &Driver{opts: opts, base: &watchedReader{Reader: db}}
	if opts.Objects > 0 {
		d.buffer = newBuffer(d.base, opts)
	} else {
		d.overlay = store.NewOverlay(d.base)
	}
	return d
}

// Reader shows the store as the node has written it, batches and buffered writes included.
func (d *Driver) Reader() store.Reader {
	if d.buffer != nil {
		return d.buffer.objects
	}
	return d.overlay
}

// Start takes the node, and the Output with which engine.New returned it, as the first step of the
// run.
func (d *Driver) Start(n Node, first engine.Output) {
	d.node = n
	d.take(first)
}

// Step feeds one input to the node. It panics while the driver is Busy.
func (d *Driver) Step(now time.Duration, in engine.Input) {
	if d.Busy() {
		panic("driver: step while a batch is being written")
	}
	d.take(d.node.Step(now, in))
}

// Busy reports whether the node must not be stepped, because its batch is not durable or its buffer
// is full.
func (d *Driver) Busy() bool {
	switch {
	case d.crashed:
		return true
	case d.buffer != nil && d.began:
		return d.buffer.full()
	}
	return d.writing
}

// Stalled tells the node that it could not be stepped for that long, for a reason that the driver
// does not know, such as a pause. The driver itself tells the node of slow batches.
func (d *Driver) Stalled(long time.Duration) { d.node.Stalled(long) }

// Wake returns the latest time at which the node must be stepped again; 0 for never.
func (d *Driver) Wake() time.Duration { return d.wake }

func (d *Driver) take(o engine.Output) {
	d.clearSent()
	d.wake = o.Wake
	switch {
	case d.buffer != nil && d.began:
		d.buffer.hold(&o)
		fallthrough
	case d.buffer != nil:
		d.buffer.objects.Add(o.Writes)
	default:
		if !mutant.Is(mutant.PendingUnread) {
			d.overlay.Add(o.Writes)
		}
		d.writes = append(d.writes, o.Writes...)
	}
	d.turn.add(o)
}

// clearSent empties the turn if its effects have left.
func (d *Driver) clearSent() {
	if d.leaving {
		d.turn.reset(d.opts.Poison)
		d.leaving = false
	}
}

// release hands the effects of the turn to the owner.
func (d *Driver) release(a Action) Action {
	a.Effects = d.turn
	d.leaving = true
	return a
}

// EndTurn ends the turn. The owner also calls EndTurn at the time of Due. An error means that the
// store failed a read. The node has then crashed, and the turn has no effect.
func (d *Driver) EndTurn(now time.Duration) (Action, error) {
	d.clearSent()
	switch {
	case d.base.err != nil:
		return Action{}, d.base.err
	case d.buffer != nil && d.began:
		return d.release(Action{Batch: d.flush(now)}), nil
	case d.writing: // the turn waits for the batch
		return Action{}, nil
	case !d.pending():
		a := Action{Began: !d.began}
		d.began = true
		return d.release(a), nil
	}
	a := Action{Batch: d.batch()}
	d.since = now
	if mutant.Is(mutant.AckBeforePersist) {
		return d.release(a), nil
	}
	return a, nil
}

// pending reports whether there are writes that are in no batch.
func (d *Driver) pending() bool {
	if d.buffer != nil {
		return d.buffer.objects.Waiting()
	}
	return len(d.writes) > 0
}

// batch returns the writes that are in no batch yet.
func (d *Driver) batch() []store.Write {
	d.writing = true
	if d.buffer != nil {
		return d.buffer.take()
	}
	d.written, d.writes, d.spare = d.writes, d.spare, nil
	return d.written
}

// flush begins to bring the object buffer to disk if that is due and no batch is being written.
func (d *Driver) flush(now time.Duration) (batch []store.Write) {
	if !d.writing && d.pending() && d.buffer.due(now) {
		batch = d.batch()
		d.buffer.began = now
	}
	d.buffer.noteOldest(now)
	d.buffer.meter(now, &d.turn)
	return batch
}

// Durable tells the driver that the Batch of the latest Action is on stable storage. Durable
// returns the effects that waited for that batch. It panics if no batch is being written.
func (d *Driver) Durable(now time.Duration) Action {
	if !d.writing || d.crashed {
		panic("driver: no batch is being written")
	}
	d.clearSent()
	d.writing = false
	if d.buffer != nil {
		d.buffer.objects.Flushed()
	} else {
		d.overlay.Reset()
		released := store.Write{Space: 'x', Key: []byte(engine.Released)}
		d.spare, d.written = engine.Reuse(d.written, d.opts.Poison, released), nil
	}
	if d.buffer != nil && d.began {
		d.buffer.free(&d.turn)
		return d.release(Action{Batch: d.flush(now)})
	}
	a := Action{Began: !d.began}
	d.began = true
	d.Stalled(now - d.since)
	d.timeWrites(now)
	return d.release(a)
}

// timeWrites notes in the events of the turn how long their replicas took to become durable.
func (d *Driver) timeWrites(now time.Duration) {
	for i := range d.turn.Events {
		if e := &d.turn.Events[i]; e.Kind == event.Stored || e.Kind == event.HintStored {
			e.Elapsed = max(now-e.Time, 0)
		}
	}
}

// Due returns the latest time for the next call of EndTurn if no input comes; 0 for never. At that
// time a write has been in the object buffer for FlushEvery, an output has waited for FlushPause,
// or a Buffered event is due.
func (d *Driver) Due() time.Duration {
	if d.buffer == nil || !d.began || d.crashed {
		return 0
	}
	return d.buffer.wants(d.writing)
}

// Waiting returns the effects that wait for the batch being written. It is for drivers without an
// object buffer.
func (d *Driver) Waiting() Effects {
	if d.leaving {
		return Effects{}
	}
	return d.turn
}

// Crash ends the run. landed means that the batch being written is on the disk, although Durable
// was not called for that batch.
func (d *Driver) Crash(landed bool) {
	if d.buffer != nil && d.writing && landed {
		d.buffer.objects.Flushed()
	}
	d.crashed = true
}

// Objects returns the number of objects in the object buffer that are not on disk; 0 without a
// buffer.
func (d *Driver) Objects() int {
	if d.buffer == nil {
		return 0
	}
	return d.buffer.objects.Objects()
}

// Lost lists the writes of an object buffer that a crash loses, which are all that are not on disk.
func (d *Driver) Lost() []store.Write {
	if d.buffer == nil {
		return nil
	}
	return d.buffer.objects.Lost()
}

// Drain returns the writes in the object buffer, for an owner that ends the run in order; nil if
// there are none. No batch may be with the owner.
func (d *Driver) Drain() []store.Write {
	if d.buffer == nil || d.buffer.objects.Empty() {
		return nil
	}
	return d.buffer.objects.Take()
}

// watchedReader remembers that the store failed a read. A turn with such a read must have
// no effect. A damaged value is not a failure of the store, because the engine mends damaged
// values.
type watchedReader struct {
	store.Reader
	err error
}

func (r *watchedReader) Get(s store.Space, key []byte) ([]byte, error) {
	v, err := r.Reader.Get(s, key)
	r.watch(err)
	return v, err
}

func (r *watchedReader) Scan(s store.Space, from, to []byte, fn func(key, value []byte) bool) error {
	err := r.Reader.Scan(s, from, to, fn)
	r.watch(err)
	return err
}

func (r *watchedReader) watch(err error) {
	if err != nil && !errors.Is(err, store.ErrCorrupt) && r.err == nil {
		r.err = err
	}
}
