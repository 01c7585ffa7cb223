package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/store"
	"ringside/engine/timers"
	"ringside/engine/wire"
)

// A Node is one Dynamo node as a pure state machine. It belongs to one goroutine.
//
// The node's parts are types of this package, each in the file of its mechanism. A part owns its
// state and reaches the other parts through the node.
type Node struct {
	cfg    Config
	rng    *rand.Rand
	timers timers.Queue
	step

	coordinator *coordinator // gets and puts of clients (§4.5)
	records     *records     // the node's own replicas (§4.3)
	counters    *counters    // the counters of its dots (§4.4)
	collector   *collector   // tombstones (§4.4)
	handoff     *handoff     // hints (§4.6)
	trees       *trees       // Merkle trees of its records (§4.7)
	syncer      *syncer      // anti-entropy (§4.7)
	members     *members     // the ring (§4.8.1)
	gossip      *gossiper    // news of the ring (§4.8.1)
	calls       *calls       // questions to peers that are not answered yet
	detector    *detector    // failed peers (§4.8.3)
	moves       *moves       // which ranges change homes (§4.9)
	arrivals    *arrivals    // ranges that come to the node (§4.9)
	transfers   *transfers   // ranges that leave the node (§4.9)
	departure   *departure   // the end of a leave or a removal (§4.9)
	background  *background  // the budget of background work (§6.5)
}

// step is the state of the current step.
type step struct {
	now  time.Duration  // since 1970
	db   *store.Overlay // the store, with what this step has written
	out  Output
	lazy bool // writes may stay in the object buffer (§6.1)
}

// New returns the node that a store holds, and its first Output. now is as in Step. An error means
// that the store cannot be read.
func New(cfg Config, db store.Reader, now time.Duration) (*Node, Output, error) {
	n := &Node{
		cfg:  cfg,
		rng:  rand.New(rand.NewPCG(cfg.Seed, uint64(now))),
		step: step{now: now, db: store.NewOverlay(db)},
	}
	n.coordinator = newCoordinator(n)
	n.records = newRecords(n)
	n.counters = newCounters(n)
	n.collector = newCollector(n)
	n.handoff = newHandoff(n)
	n.trees = newTrees(n)
	n.syncer = newSyncer(n)
	n.members = newMembers(n)
	n.gossip = newGossiper(n)
	n.calls = newCalls(n)
	n.detector = newDetector(n)
	n.background = newBackground(n)
	n.moves = newMoves(n)
	n.arrivals = newArrivals(n)
	n.transfers = newTransfers(n)
	n.departure = newDeparture(n)
	if err := n.load(); err != nil {
		return nil, Output{}, fmt.Errorf("engine: %s: %w", cfg.Name, err)
	}
	n.after(cfg.Timings.Handoff, n.handoff.scan)
	n.syncer.begin()
	n.gossip.begin()
	n.transfers.resumeSoon()
	n.handoff.rehomeSoon()
	n.collector.begin()
	return n, n.finish(), nil
}

// load reads the state that the node keeps in memory.
func (n *Node) load() error {
	if err := n.counters.load(); err != nil {
		return err
	}
	if err := n.members.load(); err != nil {
		return err
	}
	if err := n.handoff.load(); err != nil {
		return err
	}
	n.trees.Init(n.members.ring)
	var strange [][]byte // keys that no client can have put
	err := n.db.Scan(store.Data, nil, nil, func(k, v []byte) bool {
		if !record.IsDataKey(k) {
			strange = append(strange, slices.Clone(k))
			return true
		}
		rec, err := n.records.decoder.Decode(v)
		if err != nil { // a damaged record counts as a key until it is repaired
			n.records.count(1)
			return true
		}
		n.records.count(live(rec.Siblings))
		if !mutant.Is(mutant.TreeNotBuilt) {
			n.trees.update(k, record.Record{}, rec)
		}
		return true
	})
	n.records.discard(store.Data, strange)
	return err
}

// Step feeds one input to the node at time now, and returns what the driver must do. It reads no
// clock and does no I/O except reads through store.Reader. Equal inputs and seed give equal
// outputs. now is the time since 1970; it never goes back, not even from one run of the node to the
// next.
func (n *Node) Step(now time.Duration, in Input) Output {
	n.now = max(n.now, now)
	n.records.forgetLatest()
	n.out.reset(n.cfg.Poison)
	n.collector.noticeStall()
	n.timers.Run(n.now)
	switch in := in.(type) {
	case nil:
	case *Receive:
		n.receive(in.Message)
	case *Request:
		n.request(in)
	case PeerUp:
		n.detector.reconnected(in.Peer)
	case PeerDown:
		n.detector.disconnected(in.Peer)
	case Unsent:
		n.calls.unsent(in.Message)
	case Describe:
		n.describe(in)
	case Compare:
		n.syncer.compare(in)
	case ChangeMembership:
		n.members.changeMembership(in)
	default:
		panic(fmt.Sprintf("engine: unknown input %T", in))
	}
	return n.finish()
}

// finish returns the Output of the step.
func (n *Node) finish() Output {
	n.members.save()
	n.moves.save()
	if at, ok := n.timers.Next(); ok {
		n.out.Wake = at
	}
	n.db.Reset()
	return n.out
}

// receive deals with a message from another node. A node that knows of no ring takes only gossip:
// the sender of anything else has a newer ring, which includes this node.
func (n *Node) receive(m wire.Message) {
	n.gossip.received(m)
	if !n.members.ringKnown() {
		return
	}
	switch b := m.Body.(type) {
	case wire.Gossip: // gossip.received has dealt with it
	case wire.Ping:
		n.answer(m, wire.Pong{})
	case wire.Offer:
		n.arrivals.onOffer(m, b)
	case wire.Read:
		n.records.onRead(m, b)
	case wire.Write:
		n.records.onWrite(m, b)
	case wire.Forward:
		n.coordinator.onForward(m, b)
	case wire.Sync:
		n.syncer.onSync(m, b)
	case wire.Collect:
		n.collector.onCollect(m, b)
	case wire.Keys:
		n.records.onKeys(m, b)
	default:
		n.calls.answered(m)
	}
}

// request deals with a request of a client.
func (n *Node) request(in *Request) {
	if !n.members.ringKnown() {
		n.refuseOutside(in)
		return
	}
	switch b := in.Body.(type) {
	case wire.GetRequest:
		n.coordinator.onGet(in.Client, b)
	case wire.PutRequest:
		n.coordinator.onPut(in.Client, b)
	case wire.ListRequest:
		n.coordinator.onList(in.Client, b)
	case wire.ForgetRequest:
		n.collector.onForget(in.Client, b)
	case wire.MembershipRequest:
		n.coordinator.membership(in.Client, b)
	default:
		panic(fmt.Sprintf("engine: unknown request %T", b))
	}
}

// refuseOutside answers a client if the node knows of no ring.
func (n *Node) refuseOutside(in *Request) {
	self, code := n.cfg.Name, wire.QuorumNotReached
	why := self + " knows of no ring yet: it has to join, and to hear of it"
	switch b := in.Body.(type) {
	case wire.GetRequest:
		n.reply(in.Client, wire.GetReply{Request: b.Request, Err: code, Message: why, Coordinator: self})
	case wire.PutRequest:
		n.reply(in.Client, wire.PutReply{Request: b.Request, Err: code, Message: why, Coordinator: self})
	case wire.ListRequest:
		n.reply(in.Client, wire.ListReply{Request: b.Request, Err: code, Message: why})
	case wire.ForgetRequest:
		n.reply(in.Client, wire.ForgetReply{Request: b.Request, Err: code, Message: why})
	case wire.MembershipRequest:
		n.reply(in.Client, wire.MembershipReply{Request: b.Request, Err: code, Message: why})
	}
}

// after runs f in a later step, once d has passed.
func (n *Node) after(d time.Duration, f func()) timers.Timer { return n.later(d, timers.Func(f)) }

// later runs task in a later step, once d has passed.
func (n *Node) later(d time.Duration, task timers.Task) timers.Timer {
	return n.timers.After(n.now, d, task)
}

// write adds a write to the step. Later reads in the same step see it. A nil value deletes the key.
func (n *Node) write(s store.Space, key, value []byte) {
	if !n.lazy {
		n.requireDurable()
	}
	if s == store.Data {
		n.records.latest.forget(key)
	}
	n.out.Writes = append(n.out.Writes, store.Write{Space: s, Key: key, Value: value})
	n.db.Add(n.out.Writes[len(n.out.Writes)-1:])
}

// send sends a message to m.To.
func (n *Node) send(m wire.Message) {
	m.From, m.Digest = n.cfg.Name, n.members.digest
	n.out.Messages = append(n.out.Messages, m)
}

// answer sends body as the answer to m.
func (n *Node) answer(m wire.Message, body wire.Body) {
	n.send(wire.Message{To: m.From, Request: m.Request, Op: m.Op, Body: body})
}

// reply gives a local client the reply to its request.
func (n *Node) reply(client uint64, body wire.ClientReply) {
	n.out.Replies = append(n.out.Replies, Reply{Client: client, Body: body})
}

// emit adds an event of this node to the step.
func (n *Node) emit(e event.Event) {
	e.Node, e.Time = n.cfg.Name, n.now
	n.out.Events = append(n.out.Events, e)
}
