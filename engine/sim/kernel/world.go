package kernel

import (
	"math/rand/v2"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/ring"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
	"ringside/engine/splitmix"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// Secret seals the contexts of simulated clusters.
const Secret = "sim"

// Config configures a World. Only Plan is required.
type Config struct {
	Plan  *plan.Plan
	Watch func(event.Event) // receives what a subscriber of a real cluster would
	GoOn  func() bool       // false: RunUntil panics with Interrupted
	Bug   *Bug
	Meter Meter // may be nil
	// Stock returns what the disk of a node holds before its first start. It may be nil.
	Stock func(node string) []store.Write
	// Steady disks never stall, so that requests wait for nothing but bytes and other flushes.
	Steady bool
}

// A World is one simulated cluster.
type World struct {
	timeline
	plan    *plan.Plan
	streams *rng.Streams
	names   []string // of all hosts; the founders come first
	hosts   map[string]*Host
	net     *network
	members *Members
	judge   Judge
	bug     *Bug
	watch   func(event.Event) // may be nil
	meter   Meter             // may be nil
	stock   func(node string) []store.Write
	steady  bool
	calls   map[uint64]func(wire.ClientReply)

	healed bool // faults have ended, or pause in a lull
	ending bool // faults have ended for good

	faults map[string]int // kind → how often it happened
	hash   uint64
	steps  int
	events int
}

// Kinds of random decisions. The numbers are part of the trace hash.
const (
	decideMessage uint64 = 1
	decideDisk    uint64 = 2
	decideClient  uint64 = 3
	decideCrash   uint64 = 4
	decideReboot  uint64 = 5
	DecideAudit   uint64 = 7 // when the judge looks at which node
	decideBuggify uint64 = 8
)

// New returns a world without hosts. Start must be called next.
func New(c Config) *World {
	w := &World{
		plan: c.Plan, bug: c.Bug, watch: c.Watch, meter: c.Meter, stock: c.Stock, steady: c.Steady, names: c.Plan.Names(),
		timeline: timeline{now: Origin, goOn: c.GoOn},
		streams:  rng.NewStreams(c.Plan.Seed), hash: splitmix.Next(c.Plan.Seed),
		hosts: map[string]*Host{}, calls: map[uint64]func(wire.ClientReply){}, faults: map[string]int{},
		members: newMembers(c.Plan),
	}
	if w.goOn == nil {
		w.goOn = func() bool { return true }
	}
	w.net = newNetwork(w)
	return w
}

// Start boots the founders. The judge is told of everything from here on.
func (w *World) Start(j Judge) {
	w.judge = j
	s := w.plan.Settings()
	w.Tell(event.Event{Kind: event.Cluster, Settings: &s})
	for i, n := range w.names {
		w.hosts[n] = newHost(w, n, i)
	}
	for _, n := range w.names {
		w.hosts[n].boot()
	}
}

// Plan returns the plan that is played. It must not be changed.
func (w *World) Plan() *plan.Plan { return w.plan }

// Names returns the names of all hosts, in the order of their IDs.
func (w *World) Names() []string { return w.names }

// Host returns a host; nil if there is no such host.
func (w *World) Host(name string) *Host { return w.hosts[name] }

// Members returns the account of the membership.
func (w *World) Members() *Members { return w.members }

// Healed reports whether no faults happen now.
func (w *World) Healed() bool { return w.healed }

// LinkDown reports whether the driver of one node knows that its connection to another is broken.
func (w *World) LinkDown(from, to string) bool { return w.net.down[fault.Link{From: from, To: to}] }

// Rand returns the random stream of the next decision of one kind about one subject, as in
// w.Rand(DecideAudit).
func (w *World) Rand(decision ...uint64) *rand.Rand { return w.streams.Next(decision...) }

// Note folds something that happened into the trace hash.
func (w *World) Note(parts ...uint64) {
	for _, p := range parts {
		w.hash = splitmix.Next(w.hash ^ p)
	}
}

// CountFault counts a fault that happened.
func (w *World) CountFault(kind string) {
	w.faults[kind]++
	w.Note(rng.Hash(kind))
}

// Stats are counts of a run.
type Stats struct {
	Steps  int            // inputs with which nodes were stepped
	Events int            // events of nodes
	Faults map[string]int // kind → how often it happened
	Hash   uint64         // of everything that happened, in order
}

// Stats returns the counts so far.
func (w *World) Stats() Stats {
	return Stats{Steps: w.steps, Events: w.events, Faults: w.faults, Hash: w.hash}
}

// observe takes in the events of a node.
func (w *World) observe(events []event.Event) {
	w.events += len(events)
	for _, e := range events {
		w.Note(uint64(e.Time), rng.Hash(e.Kind), rng.Hash(e.Node), rng.Hash(e.Peer), e.Request, uint64(len(e.Versions)))
		w.judge.Event(e)
		switch e.Kind {
		case event.Membership:
			w.members.learn(e.Changes)
		case event.HintRefused:
			if w.plan.MaxHints() > 0 {
				w.CountFault(string(plan.FewHints))
			}
		}
		w.Tell(e)
	}
}

// Tell hands an event to the watcher, at the time of the world.
func (w *World) Tell(e event.Event) {
	if w.watch != nil {
		e.Time = w.now
		w.watch(e)
	}
}

// tellBoot tells the watcher that a node is up and what its disk holds, since damage may have taken
// data without an event.
func (w *World) tellBoot(h *Host) {
	if w.watch == nil {
		return
	}
	w.Tell(event.Event{Kind: event.NodeUp, Node: h.name})
	state := &event.NodeState{}
	hints := map[string]*event.HintCount{}
	for _, key := range w.plan.Keys() {
		e := event.Event{Kind: event.Replicas, Node: h.name, Key: []byte(key)}
		for _, r := range Stored(h.Reader(), key) {
			e.Replicas = append(e.Replicas, r)
			switch {
			case r.For == "":
				state.Keys += min(1, len(r.Versions.Live()))
			case hints[r.For] == nil:
				hints[r.For] = &event.HintCount{For: r.For, Keys: 1, Oldest: w.now}
			default:
				hints[r.For].Keys++
			}
		}
		w.Tell(e)
	}
	for _, name := range w.names {
		if c := hints[name]; c != nil {
			state.Hints = append(state.Hints, *c)
		}
	}
	w.Tell(event.Event{Kind: event.State, Node: h.name, State: state})
}

// Request sends a request of a client to a node. The link of the client has no faults. answer
// receives the reply; if the node never replies, answer is not called.
func (w *World) Request(id uint64, via string, body wire.ClientRequest, answer func(wire.ClientReply)) {
	w.calls[id] = answer
	if w.meter != nil {
		w.meter.Asked(body)
	}
	link := rng.Exp(w.Rand(decideClient, id), 100*time.Microsecond)
	if w.plan.Legs.Given() {
		link = 0
	}
	w.After(link, func() {
		h := w.hosts[via]
		if h == nil { // the node has not joined
			h = w.hosts[w.names[0]]
		}
		h.input(&engine.Request{Client: id, Body: body})
	})
}

// Cancel gives up waiting for the reply to a request. It reports whether the request was waiting.
func (w *World) Cancel(id uint64) bool {
	_, waiting := w.calls[id]
	delete(w.calls, id)
	return waiting
}

// replied takes in a reply of a node, to a client or to a fault that changes the membership.
func (w *World) replied(r engine.Reply) {
	for _, e := range r.Events {
		if e.Kind != event.Membership {
			continue
		}
		for _, c := range e.Changes {
			w.CountFault(memberFaults[c.Kind])
			w.judge.Changed(c)
		}
	}
	if answer := w.calls[r.Client]; answer != nil && r.Body != nil {
		delete(w.calls, r.Client)
		if w.meter != nil {
			w.meter.Answered(r.Body)
		}
		answer(w.bug.reply(r.Body))
	}
}

// foundersKnownTo returns the members that a node knows from the beginning. A node that joins later
// knows only the seeds.
func (w *World) foundersKnownTo(h *Host) []ring.Member {
	if int(h.id) < len(w.members.founders) {
		return w.members.founders
	}
	return nil
}
