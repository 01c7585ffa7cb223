package sim

import (
	"cmp"
	"fmt"
	"time"

	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// Clients get, put and delete a few keys through whichever node the plan says, each
// with its own memory of contexts, some of them old.

// An outcome of an operation as its client saw it.
type outcome int

const (
	unknown outcome = iota // no answer, or an answer that says so
	ok
	failed // certainly not carried out
)

func (o outcome) String() string { return [...]string{"unknown", "ok", "failed"}[o] }

// An operation is one request of a client. Its ID is the number of the request
// and, for a put, stands in the value.
type operation struct {
	Op
	w       *world
	began   time.Duration
	ended   time.Duration // 0: it has not
	outcome outcome
	parents map[uint64]bool // writes that the context of the put covers, by what its client read
	place   int             // among the operations of its key
	past    bits            // places of its ancestors
	acks    []string
	homes   []string       // of a put that was acked: those that acknowledged it as homes, in the ring of known
	why     wire.Code      // it failed
	version vclock.Version // that the coordinator made of a put, once it did
	copies  int            // of a put: how many nodes keep it at least, from its ack on
	read    []uint64       // writes that a get found, tombstones left out
	glances []glance       // of all nodes when it began; nil once it ended
	known   *view          // of a put that was acked: the view of all nodes that acked it; nil: they had different ones
	view    *view          // of a put that was acked; nil: a change of the ring was spreading
	done    func(wire.ClientReply)
}

// clientTimeout is how long a client waits before it calls the outcome unknown.
const clientTimeout = 5 * time.Second

// seen is a context that a client keeps, and the writes it covers.
type seen struct {
	token  []byte
	writes map[uint64]bool
}

// A client issues one operation after the other.
type client struct {
	w        *world
	ops      []Op
	contexts map[string][]seen // per key, newest last
}

// keptContexts is how many old contexts a client may come back with.
const keptContexts = 3

func value(id uint64) []byte { return fmt.Appendf(nil, "op%d", id) }

// valueID reads what value wrote.
func valueID(b []byte) (id uint64, ok bool) {
	if len(b) < 3 || string(b[:2]) != "op" {
		return 0, false
	}
	for _, c := range b[2:] {
		if c < '0' || c > '9' {
			return 0, false
		}
		id = 10*id + uint64(c-'0')
	}
	return id, true
}

// employ sets the plan's clients to work.
func (w *world) employ() {
	clients := map[int]*client{}
	var order []*client
	for _, op := range w.plan.Ops {
		c := clients[op.Client]
		if c == nil {
			c = &client{w: w, contexts: map[string][]seen{}}
			clients[op.Client] = c
			order = append(order, c)
		}
		c.ops = append(c.ops, op)
	}
	w.busy = len(order)
	for _, c := range order {
		c.next()
	}
}

// next plans the client's next operation.
func (c *client) next() {
	if len(c.ops) == 0 {
		c.w.busy--
		return
	}
	op := c.ops[0]
	c.ops = c.ops[1:]
	c.w.at(max(c.w.now, start+op.At), func() { c.begin(op) })
}

func (c *client) begin(o Op) {
	w := c.w
	op := &operation{Op: o, w: w}
	op.done = func(r wire.ClientReply) {
		c.learn(op, r)
		c.next()
	}
	if op.Of != "" && len(c.contexts[op.Of]) == 0 {
		op.Of = "" // there is none to take for another
	}
	kept := c.contexts[cmp.Or(op.Of, op.Key)]
	if op.Kind == "del" && len(kept) == 0 {
		op.Kind = "get" // a delete needs a context, and this is how to come by one
	}
	q := wire.Quorum{R: op.R, W: op.W, Strict: op.Strict}
	if op.Kind == "get" {
		op.send(wire.GetRequest{Request: op.ID, Key: []byte(op.Key), Quorum: q})
		return
	}
	put := wire.PutRequest{Request: op.ID, Key: []byte(op.Key), Delete: op.Kind == "del", Quorum: q, Balanced: op.Balanced}
	if op.Kind == "put" {
		put.Value = value(op.ID)
	}
	if len(kept) > 0 && op.Context != Blind {
		s := kept[max(0, len(kept)-1-op.Context)]
		put.Context, op.parents = s.token, s.writes
	}
	if op.Of != "" {
		op.parents = nil
		w.fault(foreignKind)
	}
	op.send(put)
}

// send begins the operation.
func (op *operation) send(body wire.ClientRequest) {
	w := op.w
	op.began = w.now
	w.check.begin(op)
	op.glances = w.check.glances(op)
	w.request(op, body)
	w.after(clientTimeout, func() {
		if w.calls[op.ID] == op {
			delete(w.calls, op.ID)
			op.finish(nil)
		}
	})
}

// learn keeps the context of an answer.
func (c *client) learn(op *operation, r wire.ClientReply) {
	var s seen
	switch r := r.(type) {
	case wire.GetReply:
		if r.Err != wire.OK {
			return
		}
		s = seen{token: r.Context, writes: map[uint64]bool{}}
		for _, v := range r.Siblings {
			if id, ok := valueID(v.Value); ok {
				s.writes[id] = true
			}
		}
		for _, v := range r.Tombstones {
			s.writes[v.Request] = true
		}
	case wire.PutReply:
		if r.Err != wire.OK {
			return
		}
		s = seen{token: r.Context, writes: map[uint64]bool{op.ID: true}}
	default:
		return
	}
	kept := append(c.contexts[op.Key], s)
	if len(kept) > keptContexts {
		kept = kept[1:]
	}
	c.contexts[op.Key] = kept
}

// finish notes how an operation ended; no reply is a time-out.
func (op *operation) finish(r wire.ClientReply) {
	op.ended = op.w.now
	switch r := r.(type) {
	case wire.GetReply:
		op.outcome, op.why = failed, r.Err
		if r.Err == wire.OK {
			op.outcome = ok
			op.w.check.read(op, r)
		}
	case wire.PutReply:
		switch {
		case r.Err == wire.OK:
			op.outcome, op.acks = ok, r.Acks
			op.w.check.acked(op, r)
		case !r.Unknown:
			op.outcome, op.why = failed, r.Err
		}
		op.w.check.refused(op, r)
	}
	op.glances = nil
	op.w.note(uint64(op.ended), op.ID, uint64(op.outcome))
	op.done(r)
}
