package localcluster

import (
	"fmt"
	"runtime"
	"time"

	"ringside/engine"
	"ringside/engine/driver"
	"ringside/engine/event"
	"ringside/engine/store"
	"ringside/engine/wire"
	"ringside/localcluster/budget"
	"ringside/localcluster/inbox"
)

const (
	// maxTurn is how many inputs share one flush to disk. With more inputs, the first one would
	// wait for the last one.
	maxTurn = 512
	// maxTurnBytes ends a turn early, so that one batch fits the database's buffers.
	maxTurnBytes = 4 << 20
)

// A loop steps the engine of one incarnation. Its goroutine is the only one that uses the engine,
// the driver and the store, except that a flusher applies batches and that a crash reads the state
// after the loop has ended.
type loop struct {
	i       *incarnation
	engine  *engine.Node
	db      store.Store
	driver  *driver.Driver
	first   driver.Effects // effects of engine.New; they leave the node when the loop begins
	flusher *flusher       // nil without an object buffer: the loop applies each batch itself
	sync    bool           // apply waits for the disk

	askers  map[uint64]inbox.Asker // by request number
	lastID  uint64                 // the latest request number
	receive engine.Receive         // the message of the current step
	replied []inbox.Asker          // of the current turn
	scratch []byte                 // for encoding a reply
	notices *budget.Account        // holds the notices of messages that were not sent
}

func newLoop(i *incarnation, db store.Store) *loop {
	return &loop{i: i, db: db, sync: !i.node.disk.InMemory() && !i.c.registry.settings().NoSync,
		askers: map[uint64]inbox.Asker{}}
}

// run takes all arrivals that wait in the inbox, works on them, and waits for the next ones.
func (l *loop) run() {
	defer func() { _ = l.db.Close() }() // every write was flushed already
	var flushed <-chan error
	if l.flusher != nil {
		flushed = l.flusher.done
		defer l.flusher.end()
	} else {
		defer l.driver.Crash(false)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	var batch []inbox.Arrival
	for {
		l.arm(timer)
		select {
		case <-l.i.ctx.Done():
			return
		case <-l.i.inbox.Ready():
		case <-timer.C:
		case err := <-flushed:
			if err := l.flusher.landed(err); err != nil {
				l.i.diskFailed(err)
				return
			}
			continue
		}
		l.gather()
		l.lock() // a paused node takes no arrivals
		batch = l.i.inbox.Take(batch)
		l.i.turnMu.Unlock()
		err := l.work(batch)
		inbox.GiveBack(batch)
		if err != nil {
			l.i.diskFailed(err)
			return
		}
		clear(batch)
	}
}

// gather lets goroutines run that wait for a processor, so that their arrivals share the next
// flush. That costs nothing while processors are idle. Without flushes, larger groups save less
// than gather costs.
func (l *loop) gather() {
	if l.sync && l.flusher == nil {
		runtime.Gosched()
	}
}

// lock locks the incarnation's turnMu. If that waits for the end of a pause, the driver is told.
func (l *loop) lock() {
	if l.i.turnMu.TryLock() {
		return
	}
	began := l.i.node.now()
	l.i.turnMu.Lock()
	l.driver.Stalled(l.i.node.now() - began)
}

// arm sets the timer to the next time at which the engine or its driver has work.
func (l *loop) arm(t *time.Timer) {
	at := l.driver.Wake()
	if due := l.driver.Due(); due > 0 && (at == 0 || due < at) {
		at = due
	}
	if at == 0 {
		t.Stop()
		return
	}
	t.Reset(max(at-l.i.node.now(), 0))
}

// work steps the engine with a batch of arrivals, turn by turn. An empty batch is also a turn: time
// has passed.
func (l *loop) work(batch []inbox.Arrival) error {
	for {
		if l.flusher != nil {
			if err := l.flusher.makeRoom(); err != nil {
				return err
			}
		}
		n, err := l.turn(batch)
		if err != nil || n == len(batch) {
			return err
		}
		batch = batch[n:]
	}
}

// turn steps as many inputs of the batch as may share a flush, and carries out the driver's action.
// It returns the number of inputs that it took.
func (l *loop) turn(batch []inbox.Arrival) (n int, err error) {
	l.lock()
	defer l.i.turnMu.Unlock()
	if l.i.ctx.Err() != nil {
		return len(batch), nil
	}
	now := l.i.node.now()
	if len(batch) == 0 {
		l.driver.Step(now, nil)
	}
	for bytes := 0; n < len(batch) && n < maxTurn && bytes < maxTurnBytes && !l.driver.Busy(); n++ {
		bytes += batch[n].Size
		l.driver.Step(now, l.input(&batch[n]))
	}
	act, err := l.driver.EndTurn(now)
	if err != nil {
		return n, err
	}
	return n, l.carryOut(act)
}

// carryOut carries out the driver's actions until the driver waits for an input or for the flusher.
func (l *loop) carryOut(act driver.Action) error {
	for {
		l.release(act.Effects)
		l.i.buffered.Store(int64(l.driver.Objects()))
		switch {
		case act.Batch == nil:
			return nil
		case l.flusher != nil:
			l.flusher.begin(act.Batch)
			return nil
		}
		if err := l.apply(act.Batch); err != nil {
			return err
		}
		if l.i.ctx.Err() != nil { // a node that was killed meanwhile sends nothing
			return nil
		}
		act = l.driver.Durable(l.i.node.now())
	}
}

// apply writes a batch to the store. On disk the batch is durable when apply returns, unless the
// cluster's settings say NoSync.
func (l *loop) apply(batch []store.Write) error { return l.db.Apply(batch, l.sync) }

// input returns the input of an arrival. An input that has a reply gets its number within this
// incarnation.
func (l *loop) input(a *inbox.Arrival) engine.Input {
	if a.In == nil {
		l.receive.Message = a.Message
		return &l.receive
	}
	if a.Asker == nil {
		return a.In
	}
	l.lastID++
	l.askers[l.lastID] = a.Asker
	switch in := a.In.(type) {
	case *engine.Request:
		in.Client = l.lastID
		return in
	case engine.Describe:
		in.Client = l.lastID
		return in
	case engine.Compare:
		in.Client = l.lastID
		return in
	case engine.ChangeMembership:
		in.Client = l.lastID
		return in
	}
	panic(fmt.Sprintf("localcluster: %T has no answer", a.In))
}

// release lets effects leave the node: events first, then messages, then replies.
func (l *loop) release(e driver.Effects) {
	l.i.node.unskew(e.Events)
	l.i.c.events.Publish(e.Events...)
	l.watch(e.Events)
	l.i.links.Send(e.Messages)
	for _, r := range e.Replies {
		if asker := l.askers[r.Client]; asker != nil {
			delete(l.askers, r.Client)
			asker.Answer(r)
			l.replied = append(l.replied, asker)
		}
	}
	for _, asker := range l.replied {
		asker.Flush()
	}
	clear(l.replied)
	l.replied = l.replied[:0]
}

// watch acts on the node's events that concern its host.
func (l *loop) watch(events []event.Event) {
	for _, e := range events {
		switch e.Kind {
		case event.Membership:
			l.i.knowsRing.Store(true)
			l.i.c.registry.learn(e.Changes)
		case event.Departed:
			l.i.c.wg.Go(func() { l.i.retire() })
		}
	}
}

// unsent reports to the node that a message of about size bytes did not leave, so that the node
// does not suspect the receiver. If the inbox has no room for the report, the receiver's silence
// has the same effect later.
func (l *loop) unsent(m wire.Message, size int) {
	if !l.notices.Take(size, 1) {
		return
	}
	a := inbox.Arrival{In: engine.Unsent{Message: m}, Size: size, Held: l.notices}
	if !l.i.inbox.Offer(a, 1) {
		a.GiveBack()
	}
}
