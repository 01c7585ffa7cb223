package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/timers"
	"ringside/engine/wire"
)

// Config is what a node is made with. It never changes.
type Config struct {
	Name    string
	Ring    ring.Config
	R, W    int    // defaults where a request names none (§4.5)
	Strict  bool   // no stand-ins, for every request (see wire.Quorum)
	LWW     bool   // last write wins, for every put
	Secret  []byte // seals contexts; the same on all nodes of a cluster
	Seed    uint64 // of the node's random choices
	Timings Timings

	Founders []ring.Member // whom the cluster was born with; none for a node that is to join one
	Seeds    []string      // whom the node gossips with besides the members that it knows of (§4.8.2)
	Rings    *member.Rings // shared by nodes that one goroutine steps; nil: the node has its own

	// Incarnation is the number of this run of the node, of incarnationBits bits. It is above that of all earlier
	// runs. It becomes the disk's incarnation if the store is new or its counters prove nothing.
	Incarnation uint64
	// LastRun is the Incarnation of the latest run that got as far as its first durable batch, as the driver
	// remembers it outside the store; 0 if the driver does not know. A store without that run is an old copy.
	LastRun uint64
	// Distrust says that the store may lack writes that were once durable (it was
	// recovered from damage), so that the counters in it prove nothing.
	Distrust bool
	// Buffered says that the driver has an object buffer (§6.1): Outputs need not be
	// Durable, and a crash may lose the latest writes. The same on all nodes of a cluster.
	Buffered bool

	// Buggify, if not nil, is asked where the node could do what is rare (see BuggifyPoint).
	Buggify  func(BuggifyPoint) bool
	Literal  bool // the paper's plain vector clocks, for every put (§4.4; see clocks.go)
	Truncate int  // pairs that the clock of a new version may have (§4.4); 0: any number
	MaxHints int  // that the node keeps; 0: the constant of that name

	MaxSiblings int // of a key that the node adds to; 0: wire.MaxSiblings
}

// An Input is one of Receive, Request, PeerUp, PeerDown, Unsent, Describe, Compare,
// ChangeMembership, or nil when only time has passed.
type Input interface{ isInput() }

// Receive is a message from another node.
type Receive struct{ Message wire.Message }

// Request is a request of a client that the driver knows as Client. The Reply
// to it carries the same Client.
type Request struct {
	Client uint64
	Body   wire.ClientRequest
}

// PeerUp says that the driver has a connection to Peer again.
type PeerUp struct{ Peer string }

// PeerDown says that the driver cannot reach Peer: its connection broke, or is refused.
// A driver need not know; silence is noticed too.
type PeerDown struct{ Peer string }

// Unsent says that a Message of an earlier Output never left: it could not be
// encoded, or too much was waiting for its receiver already.
type Unsent struct{ Message wire.Message }

// Describe asks for State and Replicas events of the node, the latter for each
// key of Keys. They come as Reply.Events, not as Output.Events.
type Describe struct {
	Client uint64
	Keys   [][]byte
}

// Compare asks for a round of anti-entropy now (§4.7), of each of Ranges that the
// node is a home of with each home ranked after it: told to all homes, each two of
// them compare once. The Reply comes when the last round is over, with a SyncDone event.
type Compare struct {
	Client uint64
	Ranges []event.Span // none: all
	Look   bool         // find out what differs, and mend nothing
}

// ChangeMembership asks for a change of the membership (§4.8.1); its Node, Kind, Weight and Zone count. The
// Reply has a Membership event, with the change as it was written down or with Err and Message.
type ChangeMembership struct {
	Client uint64
	Change member.Change
	DryRun bool // check the change, and write nothing down
}

func (ChangeMembership) isInput() {}
func (Receive) isInput()          {}
func (Request) isInput()          {}
func (PeerUp) isInput()           {}
func (PeerDown) isInput()         {}
func (Unsent) isInput()           {}
func (Describe) isInput()         {}
func (Compare) isInput()          {}

// Output is what the world must do after a Step, in this order.
type Output struct {
	Writes   []store.Write  // 1. applied in order
	Durable  bool           //    all that was written so far is durable before anything below leaves the node
	Messages []wire.Message // 2. may be lost, delayed, repeated, reordered
	Replies  []Reply        // 3. answers to local clients
	Events   []event.Event  // 4. for watching only; never change behaviour
	Wake     time.Duration  // step again by then; 0: no need
}

// A Reply answers the Request, Describe or Compare of Client.
type Reply struct {
	Client uint64
	Body   wire.ClientReply // nil for Describe and Compare
	Events []event.Event    // for Describe and Compare
}

// A Node is one Dynamo node as a pure state machine. It is for one goroutine.
type Node struct {
	cfg    Config
	rng    *rand.Rand
	timers timers.Queue
	step

	coordinator *coordinator
	handoff     *handoff
	counters    *counters
	records     *records
	trees       *trees
	syncer      *syncer
	moves       *moves
	arrivals    *arrivals
	transfers   *transfers
	departure   *departure
	background  *background

	members  *members
	gossip   *gossiper
	calls    *calls
	detector *detector

	collector *collector
}

// step is the state of the current step.
type step struct {
	now  time.Duration
	db   *store.Overlay // the store, under the writes of this step
	out  Output
	lazy bool // writes may stay in the object buffer for a while
}

// New makes a node from what its store holds. The Output is to be carried out like a
// Step's. An error means that the store could not be read.
func New(cfg Config, db store.Reader, now time.Duration) (*Node, Output, error) {
	n := &Node{
		cfg:  cfg,
		rng:  rand.New(rand.NewPCG(cfg.Seed, uint64(now))),
		step: step{now: now, db: store.NewOverlay(db)},
	}
	n.coordinator = newCoordinator(n)
	n.records = newRecords(n)
	n.counters = newCounters(n)
	n.handoff = newHandoff(n)
	n.background = newBackground(n)
	n.members = newMembers(n)
	n.trees = newTrees(n)
	n.syncer = newSyncer(n)
	n.collector = newCollector(n)
	n.moves = newMoves(n)
	n.arrivals = newArrivals(n)
	n.transfers = newTransfers(n)
	n.departure = newDeparture(n)
	n.gossip = newGossiper(n)
	n.calls = newCalls(n)
	n.detector = newDetector(n)
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

// load reads what the node keeps in memory of its store.
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
	var strange [][]byte
	err := n.db.Scan(store.Data, nil, nil, func(k, v []byte) bool {
		if !record.IsDataKey(k) {
			strange = append(strange, slices.Clone(k))
			return true
		}
		rec, err := record.Decode(v)
		if err != nil { // what is damaged was a key, and will be one again
			n.records.keys++
			return true
		}
		n.records.keys += live(rec.Siblings)
		if !mutant.Is(mutant.TreeNotPlanted) {
			n.trees.update(k, record.Record{}, rec)
		}
		return true
	})
	n.records.discard(store.Data, strange)
	return err
}

// Ring is the ring as the node knows it now.
func (n *Node) Ring() *ring.Ring { return n.members.ring }

// View is the digest of the membership history that the node knows.
func (n *Node) View() uint64 { return n.members.digest }

// History is the membership history that the node knows.
func (n *Node) History() member.History { return n.members.history }

// Step feeds one input to the node at time now and returns what the world must
// do. It reads no clock and does no I/O but reads through store.Reader; equal
// inputs and seed give equal outputs. now is since 1970 and never goes back, not even
// from one life of the node to the next.
func (n *Node) Step(now time.Duration, in Input) Output {
	n.now = max(n.now, now)
	n.collector.noticeStall()
	n.timers.Run(n.now)
	switch in := in.(type) {
	case nil:
	case Receive:
		n.receive(in.Message)
	case Request:
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

func (n *Node) finish() Output {
	n.members.save()
	n.moves.save()
	if at, ok := n.timers.Next(); ok {
		n.out.Wake = at
	}
	out := n.out
	n.out = Output{}
	n.db.Reset()
	return out
}

func (n *Node) receive(m wire.Message) {
	n.gossip.received(m)
	if !n.members.ringKnown() {
		return // the sender already has a newer ring, which includes this node
	}
	switch b := m.Body.(type) {
	case wire.Gossip: // received has dealt with it
	case wire.Ping:
		n.answer(m, wire.Pong{})
	case wire.Offer:
		n.transfers.onOffer(m, b)
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
	default:
		n.calls.answered(m)
	}
}

func (n *Node) request(in Request) {
	if !n.members.ringKnown() {
		n.refuseOutside(in)
		return
	}
	switch b := in.Body.(type) {
	case wire.GetRequest:
		n.coordinator.onGet(in.Client, b)
	case wire.PutRequest:
		n.coordinator.onPut(in.Client, b)
	case wire.MembershipRequest:
		n.coordinator.membership(in.Client, b)
	default:
		panic(fmt.Sprintf("engine: unknown request %T", b))
	}
}

// refuseOutside answers the client of a node that is in no ring.
func (n *Node) refuseOutside(in Request) {
	why := n.cfg.Name + " knows of no ring yet: it has to join, and to hear of it"
	switch b := in.Body.(type) {
	case wire.GetRequest:
		n.reply(in.Client, wire.GetReply{Request: b.Request, Err: wire.QuorumNotReached, Message: why, Coordinator: n.cfg.Name})
	case wire.PutRequest:
		n.reply(in.Client, wire.PutReply{Request: b.Request, Err: wire.QuorumNotReached, Message: why, Coordinator: n.cfg.Name})
	}
}

func (n *Node) after(d time.Duration, f func()) *timers.Timer { return n.timers.After(n.now, d, f) }

// write adds to the step's batch; later reads of the same step see it (one
// broken connection can set off many puts of one key at once).
func (n *Node) write(s store.Space, key, value []byte) {
	if !n.lazy {
		n.requireDurable()
	}
	n.out.Writes = append(n.out.Writes, store.Write{Space: s, Key: key, Value: value})
	n.db.Add(n.out.Writes[len(n.out.Writes)-1:])
}

func (n *Node) send(m wire.Message) {
	m.From, m.Digest = n.cfg.Name, n.members.digest
	n.out.Messages = append(n.out.Messages, m)
}

func (n *Node) answer(m wire.Message, body wire.Body) {
	n.send(wire.Message{To: m.From, Request: m.Request, Op: m.Op, Body: body})
}

func (n *Node) reply(client uint64, body wire.ClientReply) {
	n.out.Replies = append(n.out.Replies, Reply{Client: client, Body: body})
}

func (n *Node) emit(e event.Event) {
	e.Node, e.Time = n.cfg.Name, n.now
	n.out.Events = append(n.out.Events, e)
}

// State is the node's account of itself. It changes nothing.
func (n *Node) State() *event.NodeState {
	s := &event.NodeState{
		Keys: n.records.keys, Hints: n.handoff.counts(), Roots: n.trees.roots(), Digest: n.members.digest, Member: n.members.has(n.cfg.Name),
		Pending: n.arrivals.ranges.Len(), Foreign: n.departure.foreign(), Changes: n.members.history,
		Slice: n.background.ctl.Slice(), P99: n.background.ctl.P99(), Suspects: n.detector.suspects(), Lost: n.records.lastWrites.reported, TooLarge: n.records.tooLarge.List(),
	}
	for _, r := range s.Roots {
		s.Tombstones += r.Keys
	}
	if s.Tombstones = max(0, s.Tombstones-n.records.keys); s.Tombstones > 0 {
		s.Kept = n.collector.kept
	}
	return s
}

func (n *Node) describe(in Describe) {
	events := []event.Event{{Time: n.now, Node: n.cfg.Name, Kind: event.State, State: n.State()}}
	for _, k := range in.Keys {
		e := event.Event{Time: n.now, Node: n.cfg.Name, Kind: event.Replicas, Key: k, Versions: n.records.lastWrites.lostOf(k)}
		if rec, err := n.records.read(store.Data, record.DataKey(k)); err == nil && len(rec.Siblings) > 0 {
			e.Replicas = append(e.Replicas, event.Replica{Versions: rec.Siblings})
		}
		for _, home := range n.handoff.index.HomesOf(k) {
			if rec, err := n.records.read(store.Hints, record.HintKey(home, k)); err == nil {
				e.Replicas = append(e.Replicas, event.Replica{For: home, Versions: rec.Siblings})
			}
		}
		events = append(events, e)
	}
	n.out.Replies = append(n.out.Replies, Reply{Client: in.Client, Events: events})
}
