package localcluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"ringside/engine"
	"ringside/engine/driver"
	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/store"
	"ringside/engine/wire"
	"ringside/localcluster/inbox"
	"ringside/localcluster/link"
)

// An incarnation is one run of a node, from its start to its crash.
type incarnation struct {
	node   *node
	c      *Cluster
	number uint64 // higher than that of every earlier incarnation of the node
	began  time.Time
	ctx    context.Context // ends with the incarnation
	cancel context.CancelFunc
	wg     sync.WaitGroup // of all goroutines of the incarnation

	inbox  *inbox.Inbox
	links  *link.Endpoint
	server *server
	loop   *loop

	knowsRing atomic.Bool // the node belongs to a ring, and can take requests
	orderly   atomic.Bool // the incarnation ends without a crash: the buffer is written to disk
	buffered  atomic.Int64

	turnMu sync.Mutex  // held by the loop during a turn, and by a pause
	paused atomic.Bool // set with turnMu held

	lost []event.Event // the objects that a crash took with the buffer; set before wg is done
}

// open makes the node ready to run: it reads the disk and takes the port. No goroutine of the
// incarnation runs before run is called. The caller holds faults.
func (n *node) open() (*incarnation, error) {
	now := uint64(n.now() / time.Millisecond)
	n.number = max(n.number+1, n.disk.LastRun()+1, now)
	i, report, err := n.boot(nil)
	if !n.disk.InMemory() && errors.Is(err, store.ErrCorrupt) { // the database reads no table when it is opened
		i, report, err = n.boot(err)
	}
	if err != nil {
		return nil, n.disk.BeyondRepair(err)
	}
	if err := i.listen(); err != nil {
		_ = i.loop.db.Close()
		return nil, err
	}
	i.loop.notices = n.c.memory.In.Open()
	i.ctx, i.cancel = context.WithCancel(context.Background())
	i.links = n.c.network.Open(i.ctx, i.wg.Go, link.EndpointOptions{
		Node: n.name, Inbox: i.inbox, PeerChanged: i.peerChanged, Unsent: i.loop.unsent,
	})
	n.c.publish(event.Event{Node: n.name, Kind: event.NodeUp, Addr: *n.addr.Load(), Message: report})
	return i, nil
}

// boot makes an incarnation from the node's disk. damage is nil, or the reason why the disk could
// not be read before. The error wraps store.ErrCorrupt if the disk can be read in parts only.
// report says what is unusual about the disk.
func (n *node) boot(damage error) (_ *incarnation, report string, err error) {
	db, found, err := n.openStore(damage)
	if err != nil {
		return nil, "", fmt.Errorf("open disk of %s: %w", n.name, err)
	}
	defer func() {
		if err != nil {
			_ = db.Close()
		}
	}()
	i := &incarnation{node: n, c: n.c, number: n.number, began: time.Now(), inbox: inbox.New()}
	i.loop = newLoop(i, db)
	// Only a power cut loses unsynced writes, and it was before the first run in this process.
	unsynced := n.c.registry.settings().NoSync && !n.ran
	if err := i.loop.boot(found.Distrust || unsynced); err != nil {
		return nil, "", err
	}
	i.knowsRing.Store(len(i.loop.engine.Ring().Members()) > 0)
	if err := i.record(); err != nil {
		return nil, "", fmt.Errorf("start %s: %w", n.name, err)
	}
	return i, found.Text, nil
}

// boot makes the engine and the driver.
func (l *loop) boot(distrust bool) error {
	n := l.i.node
	objects := n.c.registry.settings().Buffer
	l.driver = driver.New(l.db, driver.Options{
		Node: n.name, Objects: objects, Bytes: maxBufferBytes,
		FlushEvery: cmp.Or(n.c.opts.Testing.FlushEvery, flushEvery), FlushPause: flushPause, MeterEvery: meterEvery,
	})
	var first engine.Output
	var err error
	l.engine, first, err = engine.New(l.i.config(distrust), l.driver.Reader(), n.now())
	if err != nil {
		return err
	}
	l.driver.Start(l.engine, first)
	if objects > 0 {
		l.flusher = newFlusher(l)
	}
	return nil
}

// record makes the first batch of the incarnation durable, which holds its number. Only then is the
// run recorded outside the store, and a store that was recovered from damage trusted.
func (i *incarnation) record() error {
	l := i.loop
	act, err := l.driver.EndTurn(i.node.now())
	if err != nil {
		return err
	}
	if act.Batch != nil {
		if err := l.db.Apply(act.Batch, !i.node.disk.InMemory()); err != nil { // durable also without sync
			return err
		}
		act = l.driver.Durable(i.node.now())
	}
	if !act.Began {
		return errors.New("the node has no incarnation")
	}
	l.first = act.Effects
	if err := trust(l.db); err != nil {
		return err
	}
	if err := i.node.disk.RecordRun(i.number); err != nil {
		return err
	}
	i.node.ran = true
	return nil
}

// config returns the configuration of the engine. distrust is set if the disk may lack writes that
// were once durable.
func (i *incarnation) config(distrust bool) engine.Config {
	n, s := i.node, i.c.registry.settings()
	return engine.Config{
		Name: n.name, Ring: s.RingConfig(), Rings: &n.c.registry.rings, Founders: foundersFor(s, n.name), Seeds: s.Seeds,
		Quorum: wire.Quorum{R: s.R, W: s.W, Strict: s.Strict}, LWW: s.Mode == settings.ModeLWW,
		Secret: n.c.claim.Secret, Seed: rand.Uint64(), Timings: timings(s),
		Incarnation: i.number, LastRun: n.disk.LastRun(), Distrust: distrust, Buffered: s.Buffer > 0,
		Literal: s.Clocks == settings.ClocksLiteral, Truncate: s.Truncate,
	}
}

// timings returns the engine's timings in a cluster with the settings s.
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

// run starts the goroutines of the incarnation.
func (i *incarnation) run() {
	i.node.current.Store(i)
	i.loop.release(i.loop.first)
	i.wg.Go(i.loop.run)
	i.wg.Go(i.server.accept)
	i.links.Run()
}

// crash ends the incarnation as a kill does: no effect of the turn that is under way leaves the
// node. When crash returns, all goroutines of the incarnation have ended and all its memory is
// given back.
func (i *incarnation) crash() {
	i.node.current.Store(nil)
	i.cancel()
	if i.paused.Load() {
		i.turnMu.Unlock()
	}
	_ = i.server.ln.Close()
	i.inbox.Close()
	i.links.Detach()
	i.server.closeConns()
	i.wg.Wait()
	i.links.Close()
	i.server.gate.Close()
	i.loop.notices.Close()
}

// peerChanged reports a change of a link to the node.
func (i *incarnation) peerChanged(peer string, up bool) {
	in := engine.Input(engine.PeerDown{Peer: peer})
	if up {
		in = engine.PeerUp{Peer: peer}
	}
	i.inbox.Force(inbox.Arrival{In: in})
}

// An asker takes the events of a reply. It has room for one reply.
type asker chan []event.Event

// Answer implements inbox.Asker.
func (a asker) Answer(r engine.Reply) { a <- r.Events }

// Flush implements inbox.Asker: nothing waits.
func (a asker) Flush() {}

// ask steps the node with an input that has a reply, and returns the events of the reply. It
// returns nil if ctx or the incarnation ends first. The input does not wait for room in the inbox.
func (i *incarnation) ask(ctx context.Context, in engine.Input) []event.Event {
	reply := make(asker, 1)
	i.inbox.Force(inbox.Arrival{In: in, Asker: reply})
	select {
	case events := <-reply:
		i.node.unskew(events)
		for _, e := range events {
			if e.State != nil {
				e.State.Buffered = int(i.buffered.Load())
			}
		}
		return events
	case <-i.ctx.Done():
	case <-ctx.Done():
	}
	return nil
}

// knows reports whether the node knows another one as a member. It is false if the node does not
// answer.
func (i *incarnation) knows(ctx context.Context, member string) bool {
	ctx, cancel := context.WithTimeout(ctx, changeTime)
	defer cancel()
	for _, e := range i.ask(ctx, engine.Describe{}) {
		if e.State != nil && e.State.Changes.Ring(i.c.registry.settings().RingConfig()).Has(member) {
			return true
		}
	}
	return false
}
