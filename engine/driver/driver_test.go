package driver_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/engine"
	"ringside/engine/driver"
	"ringside/engine/event"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// A scriptedNode returns the outputs that it was given, one a step. Step i writes values that begin
// with i, sends a message with Op i and tells an event with Request i.
type scriptedNode struct {
	reads store.Reader
	next  engine.Output
	bad   error // the first wrong read
	last  map[string][]byte

	stalls []time.Duration // what the driver said
}

func (n *scriptedNode) Stalled(d time.Duration) { n.stalls = append(n.stalls, d) }

func (n *scriptedNode) Step(time.Duration, engine.Input) engine.Output {
	for k, want := range n.last { // the node reads what it has written
		got, err := n.reads.Get(store.Data, []byte(k))
		if err != nil || string(got) != string(want) {
			n.bad = fmt.Errorf("read %q of %s: %v, want %q", got, k, err, want)
		}
	}
	for _, w := range n.next.Writes {
		n.last[string(w.Key)] = w.Value
	}
	return n.next
}

// output returns the output of step i.
func output(i, writes int, durable, speaks bool) engine.Output {
	o := engine.Output{Durable: durable}
	for w := range writes {
		o.Writes = append(o.Writes, store.Write{
			Space: store.Data, Key: fmt.Appendf(nil, "k%d", w), Value: binary.BigEndian.AppendUint64(nil, uint64(i)),
		})
	}
	o.Events = []event.Event{{Request: uint64(i)}}
	if speaks {
		o.Messages = []wire.Message{{Op: uint64(i)}}
		o.Replies = []engine.Reply{{Client: uint64(i)}}
	}
	return o
}

// An owner carries out the actions of a driver on a store in memory.
type owner struct {
	t        *rapid.T
	d        *driver.Driver
	node     *scriptedNode
	disk     *store.Mem
	now      time.Duration
	steps    int
	wrote    int // the latest step that wrote anything
	began    bool
	durable  int         // the highest step such that the writes of all steps up to it are on disk
	waits    map[int]int // step → the step whose writes have to be on disk before it speaks; 0 for none
	told     map[int]bool
	spoke    []int // steps whose messages have left, in order
	speakers []int // steps that have messages
	batch    []store.Write
	inBatch  int // the last step of which batch has the writes
	buffered bool
}

func newOwner(t *rapid.T, opts driver.Options) *owner {
	o := &owner{
		t: t, disk: store.NewMem(), now: time.Hour, waits: map[int]int{}, told: map[int]bool{},
		buffered: opts.Objects > 0,
		node:     &scriptedNode{last: map[string][]byte{}},
	}
	o.d = driver.New(o.disk, opts)
	o.node.reads = o.d.Reader()
	o.node.next = o.draw(1) // the incarnation
	o.d.Start(o.node, o.node.next)
	for _, w := range o.node.next.Writes {
		o.node.last[string(w.Key)] = w.Value
	}
	o.endTurn()
	return o
}

// draw draws the output of the next step.
func (o *owner) draw(least int) engine.Output {
	o.steps++
	writes := rapid.IntRange(least, 3).Draw(o.t, "writes")
	durable := rapid.Bool().Draw(o.t, "durable")
	speaks := rapid.Bool().Draw(o.t, "speaks")
	if writes > 0 {
		o.wrote = o.steps
	}
	if !o.buffered || durable || o.steps == 1 {
		o.waits[o.steps] = o.wrote
	}
	if speaks {
		o.speakers = append(o.speakers, o.steps)
	}
	return output(o.steps, writes, durable, speaks)
}

func (o *owner) step() {
	o.node.next = o.draw(0)
	o.d.Step(o.now, engine.PeerUp{})
	if o.node.bad != nil {
		o.t.Fatal(o.node.bad)
	}
}

func (o *owner) endTurn() {
	act, err := o.d.EndTurn(o.now)
	if err != nil {
		o.t.Fatal(err)
	}
	o.carryOut(act)
}

func (o *owner) carryOut(act driver.Action) {
	if !o.pending() {
		o.durable = o.steps // the node has written nothing that the disk does not have
	}
	if act.Began {
		if o.began || o.durable == 0 {
			o.t.Fatalf("the run began again %v, or before its first batch was durable", o.began)
		}
		o.began = true
	}
	if k := len(act.Messages) + len(act.Replies) + len(act.Events); k > 0 && !o.began {
		o.t.Fatalf("%d effects left before the run began", k)
	}
	if len(act.Messages) != len(act.Replies) {
		o.t.Fatalf("%d messages and %d replies", len(act.Messages), len(act.Replies))
	}
	for i, m := range act.Messages {
		s := int(m.Op)
		if act.Replies[i].Client != m.Op || slices.Contains(o.spoke, s) {
			o.t.Fatalf("step %d spoke twice, or half", s)
		}
		if o.waits[s] > o.durable {
			o.t.Fatalf("step %d spoke when the disk had no more than step %d", s, o.durable)
		}
		o.spoke = append(o.spoke, s)
	}
	for _, e := range act.Events {
		if e.Kind == event.Buffered {
			continue
		}
		s := int(e.Request)
		if o.told[s] || !o.buffered && o.waits[s] > o.durable {
			o.t.Fatalf("step %d was told twice, or before its writes were durable", s)
		}
		o.told[s] = true
	}
	if act.Batch == nil {
		return
	}
	if o.batch != nil {
		o.t.Fatal("two batches at once")
	}
	o.batch, o.inBatch = act.Batch, o.steps
}

// pending reports whether the node reads anything that the disk does not hold.
func (o *owner) pending() bool {
	for k, want := range o.node.last {
		if got, _ := o.disk.Get(store.Data, []byte(k)); string(got) != string(want) {
			return true
		}
	}
	return o.batch != nil
}

// land applies the batch and tells the driver.
func (o *owner) land() {
	if err := o.disk.Apply(o.batch, true); err != nil {
		o.t.Fatal(err)
	}
	o.batch, o.durable = nil, max(o.durable, o.inBatch)
	o.carryOut(o.d.Durable(o.now))
}

// With an object buffer and without one, nothing leaves a node before the writes that it depends on
// are durable, a batch holds all writes of its steps in their order, and every effect leaves in the
// end.
func TestPersistBeforeSend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		opts := driver.Options{FlushEvery: time.Second, FlushPause: 5 * time.Millisecond, MeterEvery: time.Second}
		if rapid.Bool().Draw(t, "buffered") {
			opts.Objects = rapid.IntRange(1, 8).Draw(t, "objects")
		}
		o := newOwner(t, opts)
		for range rapid.IntRange(1, 60).Draw(t, "actions") {
			switch rapid.SampledFrom([]string{"step", "step", "step", "end", "land", "wait"}).Draw(t, "action") {
			case "step":
				if !o.d.Busy() {
					o.step()
				}
			case "end":
				o.endTurn()
			case "land":
				if o.batch != nil {
					o.land()
				}
			case "wait":
				o.now += time.Duration(rapid.IntRange(1, 2000).Draw(t, "ms")) * time.Millisecond
				if due := o.d.Due(); due > 0 && due <= o.now {
					o.endTurn()
				}
			}
		}
		for range 4 {
			o.now += time.Hour
			if o.batch != nil {
				o.land()
			} else {
				o.endTurn()
			}
		}
		if o.batch != nil || o.pending() {
			t.Fatal("writes are left that are in no batch")
		}
		if left := slices.Sorted(slices.Values(o.spoke)); !slices.Equal(left, o.speakers) || len(o.told) != o.steps {
			t.Fatalf("of the steps %v only %v spoke; %d of %d were told", o.speakers, left, len(o.told), o.steps)
		}
	})
}

// After a crash nothing leaves the node. The crash loses the writes of a buffer that are not on
// disk.
func TestCrash(t *testing.T) {
	for _, landed := range []bool{false, true} {
		disk := store.NewMem()
		d := driver.New(disk, driver.Options{Objects: 8, FlushEvery: time.Second})
		n := &scriptedNode{reads: d.Reader(), last: map[string][]byte{}}
		d.Start(n, output(1, 1, true, false))
		act, _ := d.EndTurn(1)
		d.Durable(1)
		n.next = output(2, 2, true, true)
		d.Step(2, nil)
		if act, _ = d.EndTurn(2); len(act.Batch) != 2 || len(act.Messages) != 0 {
			t.Fatalf("%+v", act)
		}
		n.next = output(3, 3, false, true)
		d.Step(3, nil)
		if act, _ = d.EndTurn(3); act.Batch != nil || len(act.Messages) != 1 {
			t.Fatalf("%+v", act)
		}
		d.Crash(landed)
		want := 5 // k0 and k1 twice, and k2
		if landed {
			want = 3
		}
		if lost := d.Lost(); len(lost) != want || !d.Busy() {
			t.Errorf("landed %v: %d writes are lost, want %d; busy %v", landed, len(lost), want, d.Busy())
		}
	}
}

// failingReader fails its reads.
type failingReader struct {
	*store.Mem
	err error
}

func (r failingReader) Get(store.Space, []byte) ([]byte, error) { return nil, r.err }

// A turn in which the store failed a read has no effect. A damaged value is not a failure of the
// store.
func TestFailedRead(t *testing.T) {
	for _, fails := range []error{errors.New("input/output error"), fmt.Errorf("block 7: %w", store.ErrCorrupt)} {
		d := driver.New(failingReader{store.NewMem(), fails}, driver.Options{})
		_, _ = d.Reader().Get(store.Data, []byte("k"))
		d.Start(&scriptedNode{}, output(1, 1, true, true))
		act, err := d.EndTurn(1)
		damaged := errors.Is(fails, store.ErrCorrupt)
		if damaged != (err == nil) || damaged != (len(act.Batch) > 0) || len(act.Messages) > 0 {
			t.Errorf("%v: %v %+v", fails, err, act)
		}
	}
}

// An owner that reads a batch or effects after their time reads what nothing expects.
func TestReleasedMemoryIsPoisoned(t *testing.T) {
	n := &scriptedNode{last: map[string][]byte{}}
	db := store.NewMem()
	d := driver.New(db, driver.Options{Poison: true})
	n.reads = d.Reader()
	n.next = output(1, 1, true, true)
	d.Start(n, n.next)
	act, err := d.EndTurn(time.Hour)
	if err != nil || len(act.Batch) != 1 {
		t.Fatalf("%d writes: %v", len(act.Batch), err)
	}
	batch := act.Batch
	effects := d.Durable(time.Hour).Effects
	if len(effects.Messages) != 1 {
		t.Fatal("no message left")
	}
	n.next = engine.Output{}
	d.Step(time.Hour, nil)
	if string(batch[0].Key) != engine.Released || effects.Messages[0].From != engine.Released {
		t.Errorf("the batch has the key %q, the message is from %q", batch[0].Key, effects.Messages[0].From)
	}
}

// The node is told how long a batch kept it from running, before its next step. A node with an
// object buffer runs during a flush.
func TestStalls(t *testing.T) {
	for _, objects := range []int{0, 8} {
		n := &scriptedNode{last: map[string][]byte{}}
		d := driver.New(store.NewMem(), driver.Options{Objects: objects, FlushEvery: time.Second})
		n.reads = d.Reader()
		d.Start(n, output(1, 1, true, true))
		_, _ = d.EndTurn(10)
		d.Durable(17)
		n.next = output(2, 1, true, true)
		d.Step(20, nil)
		if act, _ := d.EndTurn(20); len(act.Batch) == 0 {
			t.Fatal("nothing to flush")
		}
		d.Durable(25)
		d.Stalled(3) // the owner's pause
		want := []time.Duration{7, 5, 3}
		if objects > 0 {
			want = []time.Duration{7, 3}
		}
		if !slices.Equal(n.stalls, want) {
			t.Errorf("%d objects: stalls of %v, want %v", objects, n.stalls, want)
		}
	}
}

// The event of a replica says how long the disk took, because its node sends nothing before.
func TestWritesAreTimed(t *testing.T) {
	n := &scriptedNode{last: map[string][]byte{}}
	d := driver.New(store.NewMem(), driver.Options{})
	n.reads = d.Reader()
	n.next = output(1, 1, true, true)
	n.next.Events = []event.Event{
		{Time: time.Hour, Kind: event.Stored}, {Time: time.Hour, Kind: event.HintStored}, {Time: time.Hour, Kind: event.Ack},
	}
	d.Start(n, n.next)
	if _, err := d.EndTurn(time.Hour); err != nil {
		t.Fatal(err)
	}
	const took = 2 * time.Millisecond
	for i, e := range d.Durable(time.Hour + took).Events {
		if want := []time.Duration{took, took, 0}[i]; e.Elapsed != want {
			t.Errorf("%s took %v, want %v", e.Kind, e.Elapsed, want)
		}
	}
}

// Flushes that outputs wait for begin FlushPause apart, the first one at once.
func TestFlushesPause(t *testing.T) {
	const pause = 5 * time.Millisecond
	d := driver.New(store.NewMem(), driver.Options{Objects: 8, FlushEvery: time.Second, FlushPause: pause})
	n := &scriptedNode{reads: d.Reader(), last: map[string][]byte{}}
	d.Start(n, output(1, 1, true, false))
	begin := time.Hour
	if _, err := d.EndTurn(begin); err != nil {
		t.Fatal(err)
	}
	d.Durable(begin)
	waits := func(i int, at time.Duration) driver.Action {
		t.Helper()
		n.next = output(i, 1, true, true)
		d.Step(at, nil)
		act, err := d.EndTurn(at)
		if err != nil || len(act.Messages) > 0 {
			t.Fatalf("step %d: %d messages leave before their write is durable: %v", i, len(act.Messages), err)
		}
		return act
	}
	if act := waits(2, begin); act.Batch == nil {
		t.Fatal("the first flush waits")
	}
	d.Durable(begin + 1)
	if act := waits(3, begin+2); act.Batch != nil || d.Due() != begin+pause {
		t.Fatalf("a batch of %d writes, and the next flush is due at %v, want %v", len(act.Batch), d.Due(), begin+pause)
	}
	act, err := d.EndTurn(begin + pause)
	if err != nil || len(act.Batch) != 1 {
		t.Fatalf("a batch of %d writes is flushed in time: %v", len(act.Batch), err)
	}
	if act := d.Durable(begin + pause + 1); len(act.Messages) != 1 {
		t.Fatalf("%d messages leave after the flush", len(act.Messages))
	}
}
