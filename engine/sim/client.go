package sim

import (
	"fmt"
	"time"

	"ringside/engine/wire"
)

// Clients get, put and delete a few keys through whichever node is up, each
// with its own memory of contexts, some of them old.

// An outcome of an operation as its client saw it.
type outcome int

const (
	unknown outcome = iota // no answer, or an answer that says so
	ok
	failed // certainly not carried out
)

// An operation is one request of a client. Its id is the number of the request
// and, for a put, stands in the value.
type operation struct {
	w       *world
	id      uint64
	key     string
	kind    string // get, put, del
	via     string
	parents map[uint64]bool // writes that the context of the put covers, by what its client read
	began   time.Duration
	ended   time.Duration
	outcome outcome
	acks    []string
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
	left     int
	contexts map[string][]seen // per key, newest last
}

// keptContexts is how many old contexts a client may come back with.
const keptContexts = 3

func value(id uint64) []byte { return fmt.Appendf(nil, "op%d", id) }

func valueID(b []byte) (id uint64, ok bool) {
	_, err := fmt.Sscanf(string(b), "op%d", &id)
	return id, err == nil
}

func (c *client) next() {
	w := c.w
	if c.left == 0 {
		return
	}
	c.left--
	key := fmt.Sprintf("key%d", w.rng.IntN(w.opt.Keys))
	op := &operation{w: w, key: key, began: w.now, via: w.pick(w.names)}
	w.check.ops = append(w.check.ops, op)
	op.id = uint64(len(w.check.ops))
	op.done = func(r wire.ClientReply) {
		c.learn(op, r)
		w.after(w.exp(w.opt.Think), c.next)
	}
	w.after(clientTimeout, func() {
		if w.calls[op.id] != nil {
			delete(w.calls, op.id)
			op.finish(nil)
		}
	})
	q := w.drawQuorum()
	kept := c.contexts[key]
	switch x := w.rng.Float64(); {
	case x < .4:
		op.kind = "get"
		w.request(op, op.via, wire.GetRequest{Request: op.id, Key: []byte(key), Quorum: q})
		return
	case x < .5 && len(kept) > 0:
		op.kind = "del"
	default:
		op.kind = "put"
	}
	put := wire.PutRequest{Request: op.id, Key: []byte(key), Delete: op.kind == "del", Quorum: q}
	if op.kind == "put" {
		put.Value = value(op.id)
	}
	if len(kept) > 0 && (op.kind == "del" || w.chance(.8)) {
		s := kept[len(kept)-1]
		if w.chance(.15) {
			s = kept[w.rng.IntN(len(kept))]
		}
		put.Context, op.parents = s.token, s.writes
	}
	w.request(op, op.via, put)
}

// drawQuorum mostly takes the defaults.
func (w *world) drawQuorum() wire.Quorum {
	var q wire.Quorum
	if !w.opt.quiet() && w.chance(.2) {
		most := min(w.opt.N, w.opt.Nodes)
		q = wire.Quorum{R: 1 + w.rng.IntN(most), W: 1 + w.rng.IntN(most), Strict: w.chance(.2)}
	}
	return q
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
		s = seen{token: r.Context, writes: map[uint64]bool{op.id: true}}
	default:
		return
	}
	kept := append(c.contexts[op.key], s)
	if len(kept) > keptContexts {
		kept = kept[1:]
	}
	c.contexts[op.key] = kept
}

// finish notes how an operation ended; no reply is a time-out.
func (op *operation) finish(r wire.ClientReply) {
	op.ended = op.w.now
	switch r := r.(type) {
	case wire.GetReply:
		op.outcome = failed
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
			op.outcome = failed
		}
	}
	op.w.note(uint64(op.ended), op.id, uint64(op.outcome))
	op.done(r)
}
