package client

import (
	"cmp"
	"time"

	"ringside/engine/sim/kernel"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
)

// Timeout is how long a client waits before it calls an outcome unknown.
const Timeout = 5 * time.Second

// Clients are the clients of one world.
type Clients struct {
	world    *kernel.World
	observer Observer
	busy     int
	// named has the contexts of the operations that later operations name, by operation; the zero
	// value before the operation has ended.
	named map[uint64]seen
	// ends has the operations that others wait for (plan.Op.After).
	ends map[uint64]*end
}

// An end is when an operation ended; 0: not yet.
type end struct {
	at      time.Duration
	waiting []func() // begins the operations that wait, in order
}

// New returns clients that report to an observer. They do nothing before Start.
func New(w *kernel.World, o Observer) *Clients {
	return &Clients{world: w, observer: o, named: map[uint64]seen{}, ends: map[uint64]*end{}}
}

// Start schedules the operations of the plan.
func (c *Clients) Start() {
	clients := map[int]*client{}
	var order []*client
	c.findAwaited()
	for _, op := range c.world.Plan().Ops {
		one := clients[op.Client]
		if one == nil {
			one = &client{Clients: c, contexts: map[string][]seen{}}
			clients[op.Client] = one
			order = append(order, one)
		}
		one.ops = append(one.ops, op)
		if op.From > 0 {
			c.named[op.From] = seen{}
		}
	}
	c.busy = len(order)
	for _, one := range order {
		one.next()
	}
}

// findAwaited fills ends with the operations of the plan that others wait for.
func (c *Clients) findAwaited() {
	awaited := map[uint64]bool{}
	for _, op := range c.world.Plan().Ops {
		if op.After > 0 {
			awaited[op.After] = true
		}
	}
	for _, op := range c.world.Plan().Ops {
		if awaited[op.ID] {
			c.ends[op.ID] = &end{}
		}
	}
}

// Done reports whether all clients have ended their last operations.
func (c *Clients) Done() bool { return c.busy == 0 }

// seen is a context that a client keeps, and the writes that the context covers.
type seen struct {
	key    string
	token  []byte
	writes map[uint64]bool
}

// client carries out one operation after the other.
type client struct {
	*Clients
	ops      []plan.Op         // those that remain
	contexts map[string][]seen // per key, newest last
}

// next schedules the next operation.
func (c *client) next() {
	if len(c.ops) == 0 {
		c.busy--
		return
	}
	op := c.ops[0]
	c.ops = c.ops[1:]
	at := max(c.world.Now(), kernel.Origin+op.At)
	before := c.ends[op.After]
	switch {
	case before == nil:
		c.world.At(at, func() { c.begin(op) })
	case before.at == 0:
		before.waiting = append(before.waiting, func() { c.world.At(max(at, before.at+op.Pause), func() { c.begin(op) }) })
	default:
		c.world.At(max(at, before.at+op.Pause), func() { c.begin(op) })
	}
}

func (c *client) begin(o plan.Op) {
	if o.Of != "" && len(c.contexts[o.Of]) == 0 {
		o.Of = "" // the client has no context to confuse
	}
	kept := c.contexts[cmp.Or(o.Of, o.Key)]
	if o.From > 0 {
		o.Context, kept = 0, nil
		if s := c.named[o.From]; s.key == o.Key {
			kept = []seen{s}
		}
	}
	if o.Kind == plan.Del && len(kept) == 0 {
		o.Kind = plan.Get // a delete needs a context, which a get provides
	}
	op := &Operation{Op: o}
	op.whenDone = func(r wire.ClientReply) {
		c.learn(op, r)
		c.next()
	}
	if op.Kind == plan.Get {
		c.send(op, wire.GetRequest{Request: op.ID, Key: []byte(op.Key), Quorum: op.quorum()})
		return
	}
	put := wire.PutRequest{
		Request: op.ID, Key: []byte(op.Key), Delete: op.Kind == plan.Del, Quorum: op.quorum(), Balanced: op.Balanced,
	}
	if op.Kind == plan.Put {
		put.Value = Value(op.ID, c.world.Plan().ValueBytes)
	}
	if len(kept) > 0 && op.Context != plan.Blind {
		s := kept[max(0, len(kept)-1-op.Context)]
		put.Context, op.Parents = s.token, s.writes
	}
	if op.Of != "" {
		op.Parents = nil
		c.world.CountFault(plan.ForeignContext)
	}
	c.send(op, put)
}

// send begins an operation.
func (c *Clients) send(op *Operation, body wire.ClientRequest) {
	op.Began = c.world.Now()
	c.observer.Began(op)
	c.world.Request(op.ID, op.Via, body, func(r wire.ClientReply) { c.finish(op, r) })
	c.world.After(Timeout, func() {
		if c.world.Cancel(op.ID) {
			c.finish(op, nil)
		}
	})
}

// finish records how an operation ended. r is nil after Timeout.
func (c *Clients) finish(op *Operation, r wire.ClientReply) {
	op.Ended = c.world.Now()
	switch r := r.(type) {
	case wire.GetReply:
		op.Outcome, op.Code = Failed, r.Err
		if r.Err == wire.OK {
			op.Outcome = OK
		}
	case wire.PutReply:
		switch {
		case r.Err == wire.OK:
			op.Outcome, op.Acks = OK, r.Acks
		case !r.Unknown:
			op.Outcome, op.Code = Failed, r.Err
		}
		if r.Err == wire.TooLarge && c.world.Plan().MaxSiblings() > 0 {
			c.world.CountFault(string(plan.FewSiblings))
		}
	}
	c.observer.Ended(op, r)
	c.world.Note(uint64(op.Ended), op.ID, uint64(op.Outcome))
	if e := c.ends[op.ID]; e != nil {
		e.at = op.Ended
		for _, begin := range e.waiting {
			begin()
		}
		e.waiting = nil
	}
	if op.whenDone != nil {
		op.whenDone(r)
	}
}

// learn keeps the context of a reply.
func (c *client) learn(op *Operation, r wire.ClientReply) {
	if op.Outcome != OK {
		return
	}
	var s seen
	switch r := r.(type) {
	case wire.GetReply:
		s = seen{token: r.Context, writes: map[uint64]bool{}}
		for _, v := range r.Siblings {
			if id, ok := ValueID(v.Value); ok {
				s.writes[id] = true
			}
		}
		for _, v := range r.Tombstones {
			s.writes[v.Request] = true
		}
	case wire.PutReply:
		s = seen{token: r.Context, writes: map[uint64]bool{op.ID: true}}
	}
	if s.key = op.Key; c.isNamed(op.ID) {
		c.named[op.ID] = s
	}
	kept := append(c.contexts[op.Key], s)
	if len(kept) > plan.KeptContexts {
		kept = kept[1:]
	}
	c.contexts[op.Key] = kept
}

func (c *Clients) isNamed(id uint64) bool {
	_, named := c.named[id]
	return named
}

// Get reads a key outside of the plan, from r nodes, and waits for the end of the operation.
func (c *Clients) Get(id uint64, key, via string, r int) Outcome {
	op := &Operation{Op: plan.Op{Kind: plan.Get, ID: id, Key: key, Via: via, R: r}}
	c.send(op, wire.GetRequest{Request: id, Key: []byte(key), Quorum: wire.Quorum{R: r}})
	c.await(op)
	return op.Outcome
}

// Put writes a key outside of the plan, without a context, and waits for the end of the operation.
// The reply is nil if no reply came.
func (c *Clients) Put(id uint64, key, via string) (o Outcome, reply wire.ClientReply) {
	op := &Operation{Op: plan.Op{Kind: plan.Put, ID: id, Key: key, Via: via, Context: plan.Blind}}
	op.whenDone = func(r wire.ClientReply) { reply = r }
	c.send(op, wire.PutRequest{Request: id, Key: []byte(key), Value: Value(id, 0)})
	c.await(op)
	return op.Outcome, reply
}

func (c *Clients) await(op *Operation) {
	c.world.RunUntil(c.world.Now()+Timeout+time.Millisecond, func() bool { return op.Ended > 0 })
}
