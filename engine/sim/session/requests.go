package session

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ringside/engine/event"
	"ringside/engine/settings"
	"ringside/engine/sim/plan"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// requests finds the requests of clients and the contexts that they came with.
type requests struct {
	x     *export
	held  map[holding]vclock.Siblings // what each node holds, by the latest event
	order []*request
	byID  map[uint64]*request
	byDot map[string]bool // key and dot of each version that a coordinator stamped
}

// holding is a place for versions: a node's own replica of a key, or its hint for a home.
type holding struct{ key, node, home string }

// request is one request of the session.
type request struct {
	plan.Op
	Request
	began, ended time.Duration // since the session began; ended 0: not answered
	context      vclock.Clock  // that the reply came with, as far as events tell
	past, known  vclock.Clock  // of a put: the past of its version, and what its coordinator adds to a context
	stamped      bool
	from         *request // whose context the put presented; nil: none
	left         string   // why a script cannot have the request; "" if it can
}

func newRequests(x *export) requests {
	return requests{
		x: x, held: map[holding]vclock.Siblings{}, byID: map[uint64]*request{}, byDot: map[string]bool{},
	}
}

// errBefore is the error of a session that did not begin with an empty cluster.
var errBefore = errors.New("the cluster held versions before the first recorded event; " +
	"export needs a cluster that began empty, as after up --fresh")

func (r *requests) take(e event.Event) error {
	switch e.Kind {
	case event.Requested:
		r.begin(e)
	case event.Coordinate:
		r.stamp(e)
	case event.Replied:
		r.end(e)
		return r.checkStamped(e)
	case event.Stored, event.HintStored:
		if err := r.checkStamped(e); err != nil {
			return err
		}
		r.held[holding{string(e.Key), e.Node, e.For}] = e.Versions
	case event.HintDelivered, event.HintLost, event.HintRehomed:
		delete(r.held, holding{string(e.Key), e.Node, e.For})
	case event.NodeWiped:
		maps.DeleteFunc(r.held, func(h holding, _ vclock.Siblings) bool { return h.node == e.Node })
	}
	return nil
}

// checkStamped returns an error if no recorded put made one of the versions of an event.
func (r *requests) checkStamped(e event.Event) error {
	for _, v := range e.Versions {
		if !r.byDot[dotOf(e.Key, v)] {
			return errBefore
		}
	}
	return nil
}

func dotOf(key []byte, v vclock.Version) string { return string(key) + "\x00" + v.Dot.String() }

// maxKey is the number of bytes of a key that a script can have.
const maxKey = 64

// sayable reports whether a script can have the key: one word that is no remark.
func sayable(key []byte) bool {
	plain := func(c rune) bool { return unicode.IsGraphic(c) && !unicode.IsSpace(c) }
	return len(key) <= maxKey && utf8.Valid(key) && key[0] != '#' &&
		!strings.ContainsFunc(string(key), func(c rune) bool { return !plain(c) })
}

func (r *requests) begin(e event.Event) {
	q := &request{
		Op:      plan.Op{At: r.x.at(e), Kind: e.Op, Key: string(e.Key), Via: e.Node, Context: plan.Blind},
		Request: Request{ID: e.Request}, began: r.x.at(e),
	}
	switch {
	case r.byID[e.Request] != nil: // handed on by a node that knew no ring
		return
	case len(e.Key) == 0 || !sayable(e.Key):
		q.left = "its key is not one word of at most 64 bytes"
	case q.Kind != plan.Get && q.Kind != plan.Put && q.Kind != plan.Del:
		q.left = "a script has no such request"
	}
	r.byID[e.Request] = q
	r.order = append(r.order, q)
}

// stamp takes in the version that a coordinator made.
func (r *requests) stamp(e event.Event) {
	q := r.byID[e.Request]
	if q == nil || len(e.Versions) == 0 {
		return
	}
	v := e.Versions[0]
	r.byDot[dotOf(e.Key, v)] = true
	q.Via, q.Notation, q.stamped = e.Node, v.Notation(), true
	q.past, q.known = v.Past.Timeless(), r.known(e, v).Timeless()
	if len(v.Value) > 0 {
		r.x.note("the values: a put of a script writes its own number, so sizes and merged values are not kept")
	}
	if q.Kind == plan.Put && q.past.Equal(q.known) { // blind, or with a context that made no difference
		q.context = v.Clock().Timeless()
		return
	}
	q.from = r.origin(q)
	if q.from == nil {
		r.x.note("the exact context of %s: it covers what no single reply covered", event.RequestName(q.Request.ID))
		q.from = r.nearest(q)
	}
	q.context = v.Clock().Timeless()
}

// known returns what the coordinator of a put joins with the context (clocks.go of package engine).
func (r *requests) known(e event.Event, v vclock.Version) vclock.Clock {
	held := r.held[holding{string(e.Key), e.Node, ""}]
	for _, home := range e.Homes {
		held = held.Merge(r.held[holding{string(e.Key), e.Node, home}])
	}
	var before vclock.Clock
	if c := v.Dot.Counter; c > 1 {
		before = vclock.Clock{{Actor: v.Dot.Actor, Counter: c - 1}}
	}
	s := r.x.settings
	switch literal, lww := s.Clocks == settings.ClocksLiteral, s.Mode == settings.ModeLWW; {
	case literal && lww:
		return before.Merge(held.Context())
	case literal:
		return before
	case lww:
		return held.Context()
	}
	return held.Superseded()
}

// origin returns the latest request whose reply brought the context of a put, nil if there is none
// or if the put had no context.
func (r *requests) origin(q *request) *request {
	return r.latest(q, func(o *request) bool {
		return o.context.Merge(q.known).Equal(q.past)
	})
}

// nearest returns the latest request whose reply brought a part of the context of a put.
func (r *requests) nearest(q *request) *request {
	return r.latest(q, func(o *request) bool { return q.past.Descends(o.context) })
}

// latest returns the latest request of the key that was answered with a context before the put
// began, and that fits.
func (r *requests) latest(q *request, fits func(*request) bool) *request {
	for _, o := range slices.Backward(r.order) {
		answered := o.ended > 0 && o.ended <= q.began && o.Outcome == wire.OK
		if o != q && o.Op.Key == q.Op.Key && answered && o.left == "" && len(o.context) > 0 && fits(o) {
			return o
		}
	}
	return nil
}

// end takes in the reply to a request.
func (r *requests) end(e event.Event) {
	q := r.byID[e.Request]
	if q == nil || q.ended > 0 {
		return
	}
	q.ended, q.Answered, q.Outcome = r.x.at(e), true, e.Err
	s := r.x.settings
	switch {
	case q.Kind == plan.Get:
		q.context = e.Versions.Context().Timeless()
		if e.Want > 0 && e.Want != s.R {
			q.R = e.Want
		}
	case e.Want > 0 && e.Want != s.W:
		q.W = e.Want
	}
	switch e.Err {
	case wire.BadRequest, wire.ContextRefused:
		q.left = "it was refused as invalid"
	case wire.QuorumNotReached:
		if !s.Strict {
			r.x.note("whether a request asked for a strict quorum: events do not tell")
		}
	}
}

// operations returns the requests as operations of a plan, and adds them to found.
func (r *requests) operations(found map[uint64]Request) []plan.Op {
	var out []plan.Op
	numbers := map[*request]uint64{}
	var free []time.Duration // by client, when its latest request had ended in the session
	for _, q := range r.order {
		if q.Kind == plan.Del && q.from == nil && q.left == "" {
			q.left = "the context of a delete is not known"
		}
		if q.left != "" {
			r.x.note("the request %s: %s", event.RequestName(q.Request.ID), q.left)
			continue
		}
		q.Op.ID = uint64(len(out) + 1)
		numbers[q] = q.Op.ID
		q.From = numbers[q.from]
		i := slices.IndexFunc(free, func(at time.Duration) bool { return at <= q.began })
		if i < 0 {
			i, free = len(free), append(free, 0)
		}
		q.Client = i + 1
		if free[i] = q.ended; q.ended == 0 {
			free[i] = plan.MaxTime
		}
		found[q.Op.ID] = q.Request
		out = append(out, q.Op)
	}
	return out
}
