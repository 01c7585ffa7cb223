package localcluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"ringside/engine"
	"ringside/engine/driver"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/engine/store"
	"ringside/engine/wire"
	"ringside/localcluster/budget"
	"ringside/localcluster/datadir"
	"ringside/localcluster/gate"
	"ringside/localcluster/inbox"
	"ringside/localcluster/transport"
)

const (
	// maxTurn is how many inputs share one flush to disk; more would make the
	// first wait for the last.
	maxTurn = 512
	// maxTurnBytes ends a turn early, so that one batch fits the database's buffers.
	maxTurnBytes = 4 << 20
)

// A node is what of a node outlives its crashes: name, port, disk.
type node struct {
	c    *Cluster
	name string
	life atomic.Pointer[life] // nil while the node is down
	addr atomic.Pointer[string]
	last atomic.Pointer[event.NodeState] // the latest state that the node reported; nil if that is lost
	gone atomic.Bool                     // it left the ring for good, and was taken down
	why  atomic.Pointer[string]          // the reason why the node went down by itself; nil if it did not

	// The rest is guarded by Cluster.faults.
	disk        *datadir.Disk
	incarnation uint64 // the highest that was used
	failures    int    // of the disk, one after another
	full        int    // attempts in a row that found the disk full
	retry       *time.Timer
	remembered  bool // the node is joining, and the data root may list it
}

// A life is one run of a node from its start to its crash.
type life struct {
	node   *node
	number uint64 // the incarnation
	c      *Cluster
	began  time.Time
	ln     net.Listener
	links  map[string]*link
	inbox  *inbox.Inbox
	gate   *gate.Gate      // of clients' requests
	own    *budget.Account // holds the notices of messages that were not sent
	ctx    context.Context // ends with the life
	cancel context.CancelFunc
	wg     sync.WaitGroup

	inRing atomic.Bool // it knows of a ring, and can take requests

	turnMu sync.Mutex // held by the loop while it works, and by a pause
	paused atomic.Bool

	orderly  atomic.Bool   // the end of the life is no crash
	buffered atomic.Int64  // objects that are in memory only
	lost     []event.Event // what a crash took with the buffer; set before wg is done

	connMu      sync.Mutex
	conns       map[net.Conn]bool
	inbound     map[string]*inbound // by peer
	opening     []net.Conn          // connections that have not proved their role, oldest first
	clientConns int                 // connections of clients

	// The rest belongs to the loop.
	engine  *engine.Node
	db      store.Store
	driver  *driver.Driver
	first   driver.Effects // effects of engine.New; they leave the node when the loop begins
	flusher *flusher       // nil without an object buffer: the loop applies each batch itself
	clients map[uint64]func(engine.Reply)
	lastID  uint64
	scratch []byte
}

// open makes the node ready to run: its disk read, its port taken. Nothing
// runs before run is called.
func (n *node) open() (*life, error) {
	n.incarnation = max(n.incarnation+1, n.disk.LastRun()+1, uint64(n.c.now()/time.Millisecond))
	l, report, err := n.boot(nil)
	if !n.disk.InMemory() && errors.Is(err, store.ErrCorrupt) { // opening alone reads no table
		l, report, err = n.boot(err)
	}
	if err != nil {
		return nil, n.disk.BeyondRepair(err)
	}
	if l.ln, err = n.listen(); err != nil {
		_ = l.db.Close()
		return nil, err
	}
	addr := l.ln.Addr().String()
	n.addr.Store(&addr)
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.gate, l.own = gate.New(n.c.memory.Work), n.c.memory.In.Open()
	for _, p := range n.c.others(n) {
		l.links[p.name] = newLink(l, p, n.c.condition(fault.Link{From: n.name, To: p.name}))
	}
	n.c.tell(event.Event{Node: n.name, Kind: event.NodeUp, Addr: addr, Message: report})
	return l, nil
}

// boot makes a life of what the node's disk holds; rebuild is nil, or what made
// that fail before. store.ErrCorrupt: the disk can be read in parts only.
func (n *node) boot(rebuild error) (_ *life, report string, err error) {
	db, found, err := n.openStore(rebuild)
	if err != nil {
		return nil, "", fmt.Errorf("open disk of %s: %w", n.name, err)
	}
	defer func() {
		if err != nil {
			_ = db.Close()
		}
	}()
	l := &life{
		node: n, number: n.incarnation, c: n.c, began: time.Now(), db: db, inbox: inbox.New(),
		links: map[string]*link{}, conns: map[net.Conn]bool{}, inbound: map[string]*inbound{},
		clients: map[uint64]func(engine.Reply){},
	}
	most := n.c.roll.settings().Buffer
	l.driver = driver.New(db, driver.Options{
		Node: n.name, Objects: most, Bytes: maxBufferBytes, FlushEvery: cmp.Or(n.c.opts.Testing.FlushEvery, flushEvery),
		MeterEvery: meterEvery,
	})
	var first engine.Output
	l.engine, first, err = engine.New(l.config(found.Distrust), l.driver.Reader(), n.c.now())
	if err != nil {
		return nil, "", err
	}
	l.driver.Start(l.engine, first)
	l.inRing.Store(len(l.engine.Ring().Members()) > 0)
	if err := l.begin(); err != nil {
		return nil, "", fmt.Errorf("start %s: %w", n.name, err)
	}
	if most > 0 {
		l.flusher = newFlusher(l)
	}
	return l, found.Text, nil
}

// begin makes the first batch of the run durable, which holds the node's incarnation. Only then is
// the run recorded outside the store, and a doubtful disk trusted.
func (l *life) begin() error {
	act, err := l.driver.EndTurn(l.c.now())
	if err != nil {
		return err
	}
	if act.Batch != nil {
		if err := l.db.Apply(act.Batch, l.sync()); err != nil {
			return err
		}
		act = l.driver.Durable(l.c.now())
	}
	if !act.Began {
		return errors.New("the node has no incarnation")
	}
	l.first = act.Effects
	if err := trust(l.db); err != nil {
		return err
	}
	return l.node.disk.RecordRun(l.node.incarnation)
}

// sync reports whether a batch has to be on stable storage before Apply returns.
func (l *life) sync() bool { return !l.node.disk.InMemory() }

// config returns the configuration of the engine. distrust is set if the disk was recovered from
// damage, or may be a copy.
func (l *life) config(distrust bool) engine.Config {
	n, s := l.node, l.c.roll.settings()
	return engine.Config{
		Name: n.name, Ring: s.RingConfig(), Founders: foundersFor(s, n.name), Seeds: s.Seeds, R: s.R, W: s.W, Strict: s.Strict, LWW: s.Mode == settings.ModeLWW,
		Secret: n.c.claim.Secret, Seed: rand.Uint64(), Timings: timings(s),
		Incarnation: n.incarnation, LastRun: n.disk.LastRun(), Distrust: distrust, Buffered: s.Buffer > 0,
		Literal: s.Clocks == settings.ClocksLiteral, Truncate: s.Truncate,
	}
}

func timings(s settings.Cluster) engine.Timings {
	t := engine.DefaultTimings()
	if s.NoAntiEntropy {
		t.AntiEntropy = 0
	}
	if s.Tombstones != 0 {
		t.Tombstones = max(0, s.Tombstones)
	}
	return t
}

// run starts the life's goroutines.
func (l *life) run() {
	l.node.life.Store(l)
	l.release(l.first)
	l.wg.Go(l.loop)
	l.wg.Go(l.accept)
	for _, k := range l.links {
		l.wg.Go(k.run)
	}
}

// crash ends the life as a kill does: what the loop is working on never leaves
// the node. It returns when all that belonged to the life is gone.
func (l *life) crash() {
	l.node.life.Store(nil)
	l.cancel()
	if l.paused.Load() {
		l.turnMu.Unlock()
	}
	_ = l.ln.Close()
	l.inbox.Close()
	for _, k := range l.links {
		k.takeDown(nil)
	}
	l.closeConns()
	l.wg.Wait()
	l.free()
}

// loop is the only owner of the engine.Node and of its store.
func (l *life) loop() {
	defer func() { _ = l.db.Close() }() // writes were flushed one by one
	var flushed <-chan error
	if l.flusher != nil {
		flushed = l.flusher.done
		defer l.flusher.end()
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	var batch []inbox.Arrival
	for {
		l.arm(timer)
		select {
		case <-l.ctx.Done():
			return
		case <-l.inbox.Ready():
		case <-timer.C:
		case err := <-flushed:
			if err := l.flusher.landed(err); err != nil {
				l.c.diskFailed(l, err)
				return
			}
			continue
		}
		l.turnMu.Lock() // a paused node takes nothing in
		batch = l.inbox.Take(batch)
		l.turnMu.Unlock()
		err := l.work(batch)
		inbox.GiveBack(batch)
		if err != nil {
			l.c.diskFailed(l, err)
			return
		}
		clear(batch)
	}
}

// arm sets the timer to the next time at which the node or its driver has work.
func (l *life) arm(t *time.Timer) {
	at := l.driver.Wake()
	if due := l.driver.Due(); due > 0 && (at == 0 || due < at) {
		at = due
	}
	if at == 0 {
		t.Stop()
		return
	}
	t.Reset(max(at-l.c.now(), 0))
}

// work feeds the batch to the node, turn by turn. An empty batch is a turn, too: time has passed.
func (l *life) work(batch []inbox.Arrival) error {
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
func (l *life) turn(batch []inbox.Arrival) (n int, err error) {
	l.turnMu.Lock() // a pause holds it
	defer l.turnMu.Unlock()
	if l.ctx.Err() != nil {
		return len(batch), nil
	}
	now := l.c.now()
	if len(batch) == 0 {
		l.driver.Step(now, nil)
	}
	for bytes := 0; n < len(batch) && n < maxTurn && bytes < maxTurnBytes && !l.driver.Busy(); n++ {
		bytes += batch[n].Size
		l.driver.Step(now, l.admit(batch[n]))
	}
	act, err := l.driver.EndTurn(now)
	if err != nil {
		return n, err
	}
	return n, l.carryOut(act)
}

// carryOut carries out the driver's actions until the driver waits for an input or for the flusher.
func (l *life) carryOut(act driver.Action) error {
	for {
		l.release(act.Effects)
		l.buffered.Store(int64(l.driver.Objects()))
		switch {
		case act.Batch == nil:
			return nil
		case l.flusher != nil:
			l.flusher.begin(act.Batch)
			return nil
		}
		if err := l.db.Apply(act.Batch, l.sync()); err != nil {
			return err
		}
		if l.ctx.Err() != nil { // a node that was killed meanwhile sends nothing
			return nil
		}
		act = l.driver.Durable(l.c.now())
	}
}

// admit gives a request its number within this life.
func (l *life) admit(a inbox.Arrival) engine.Input {
	if a.Answer == nil {
		return a.In
	}
	l.lastID++
	l.clients[l.lastID] = a.Answer
	switch in := a.In.(type) {
	case engine.Request:
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

// release lets effects leave the node.
func (l *life) release(e driver.Effects) {
	l.c.events.Publish(e.Events...)
	l.c.watch(l, e.Events)
	l.send(e.Messages)
	l.reply(e.Replies)
}

func (l *life) reply(replies []engine.Reply) {
	for _, r := range replies {
		if answer := l.clients[r.Client]; answer != nil {
			delete(l.clients, r.Client)
			answer(r)
		}
	}
}

// send hands messages to their links.
func (l *life) send(messages []wire.Message) {
	if len(messages) == 0 {
		return
	}
	l.c.netMu.RLock()
	defer l.c.netMu.RUnlock()
	for _, m := range messages {
		k := l.links[m.To]
		if k == nil {
			l.unsent(m, wire.MaxFrame)
			continue
		}
		payload, err := wire.AppendMessage(l.scratch[:0], m)
		if err != nil {
			k.dropped(m.Request, err.Error())
			l.unsent(m, wire.MaxFrame)
			continue
		}
		if !k.enqueue(m.Request, payload) {
			l.unsent(m, len(payload))
		}
		if l.scratch = payload; cap(payload) > transport.KeepBuffer {
			l.scratch = nil
		}
	}
}

// unsent tells the node that a message of about size bytes never left, so that
// it need not take the receiver for dead. An inbox that is full has no room for it:
// then the receiver's silence has to do.
func (l *life) unsent(m wire.Message, size int) {
	if !l.own.Take(size, 1) {
		return
	}
	if a := (inbox.Arrival{In: engine.Unsent{Message: m}, Size: size, Held: l.own}); !l.inbox.Offer(a, 1) {
		a.GiveBack()
	}
}

// tell asks the node for what it answers with events, without waiting for room in its inbox.
func (l *life) tell(ctx context.Context, in engine.Input) []event.Event {
	got := make(chan []event.Event, 1)
	l.inbox.Force(inbox.Arrival{In: in, Answer: func(r engine.Reply) { got <- r.Events }})
	select {
	case events := <-got:
		for _, e := range events {
			if e.State != nil {
				e.State.Buffered = int(l.buffered.Load())
			}
		}
		return events
	case <-l.ctx.Done():
	case <-ctx.Done():
	}
	return nil
}
