package engine

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/wire"
)

// A world steps nodes by hand. It delivers messages at once and in order, unless their link is cut.
// Time passes only when no message is left.
type world struct {
	t           testing.TB
	now         time.Duration
	names       []string
	ring        *ring.Ring // of the founders
	config      ring.Config
	founders    []ring.Member
	seeds       []string
	nodes       map[string]*Node
	stores      map[string]*store.Mem
	wake        map[string]time.Duration
	down        map[string]bool
	cut         func(from, to string) bool
	queue       []wire.Message
	replies     map[uint64]wire.ClientReply
	replyEvents map[uint64][]event.Event
	events      []event.Event
	next        uint64
	runs        uint64
	lww         bool
	buffered    bool          // the nodes believe that their drivers have an object buffer
	configure   func(*Config) // changes each node's configuration; may be nil
	timings     Timings
	sent        int                     // bytes of all messages
	logged      bool                    // write log, which slows a test down
	refuse      func(wire.Message) bool // messages that the driver cannot send
	log         bytes.Buffer            // every output, for comparison
}

const (
	testQ     = 60
	testStart = 1_700_000_000 * time.Second
)

// newWorld returns a world of nodes with N=3 and equal partitions.
func newWorld(t testing.TB, names ...string) *world {
	t.Helper()
	return newWorldOf(t, ring.Config{Strategy: ring.EqualPartitions, N: 3, Q: testQ}, names...)
}

// newWorldOf returns a world of nodes with a ring of this configuration.
func newWorldOf(t testing.TB, cfg ring.Config, names ...string) *world {
	t.Helper()
	var members []ring.Member
	for _, n := range names {
		members = append(members, ring.Member{Name: n, Weight: 1})
	}
	r, err := ring.New(cfg, members)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, now: testStart, names: names, ring: r, config: cfg, founders: members,
		nodes: map[string]*Node{}, stores: map[string]*store.Mem{}, wake: map[string]time.Duration{},
		timings: quietTimings(), replyEvents: map[uint64][]event.Event{},
		down: map[string]bool{}, replies: map[uint64]wire.ClientReply{}, cut: func(_, _ string) bool { return false },
	}
	for _, n := range names {
		w.stores[n] = store.NewMem()
		w.start(n)
	}
	return w
}

// quietTimings returns timings without anti-entropy, which would repair what a test looks at.
func quietTimings() Timings {
	t := DefaultTimings()
	t.AntiEntropy, t.Gossip, t.Tombstones = 0, 0, 0
	return t
}

// start starts a node from its store.
func (w *world) start(name string) {
	w.runs++
	cfg := Config{
		Name: name, Ring: w.config, Founders: w.founders, Seeds: w.seeds, Quorum: wire.Quorum{R: 2, W: 2},
		Secret: []byte("secret"), Seed: 1, Timings: w.timings, LWW: w.lww,
		Incarnation: w.runs, Buffered: w.buffered, Poison: true,
	}
	if w.configure != nil {
		w.configure(&cfg)
	}
	n, out, err := New(cfg, w.stores[name], w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes[name], w.down[name] = n, false
	w.carryOut(name, out)
}

// restart starts all nodes again, with a changed configuration.
func (w *world) restart(configure func(*Config)) {
	w.configure = configure
	for _, n := range w.names {
		w.start(n)
	}
}

// kill stops a node without notice to the others.
func (w *world) kill(name string) { w.down[name] = true }

// wipe starts a node with an empty store.
func (w *world) wipe(name string) {
	w.stores[name] = store.NewMem()
	w.start(name)
}

// step feeds one input to a node, unless the node is down.
func (w *world) step(name string, in Input) {
	if !w.down[name] {
		w.carryOut(name, w.nodes[name].Step(w.now, in))
	}
}

// receive gives a message to its receiver. The sender knows the same history as the receiver.
func (w *world) receive(from, to string, body wire.Body) {
	w.step(to, &Receive{wire.Message{From: from, To: to, Op: 1 << 60, Digest: w.nodes[to].members.digest, Body: body}})
}

// ownRecord returns a node's own record of a key.
func (w *world) ownRecord(node, key string) record.Record {
	w.t.Helper()
	rec, err := w.nodes[node].records.read(store.Data, record.DataKey([]byte(key)))
	if err != nil {
		w.t.Fatal(err)
	}
	return rec
}

// carryOut does what a driver does with an Output.
func (w *world) carryOut(name string, out Output) {
	if w.logged {
		fmt.Fprintf(&w.log, "%v %s %#v\n", w.now, name, out)
	}
	if err := w.stores[name].Apply(out.Writes, true); err != nil {
		w.t.Fatal(err)
	}
	var refused []wire.Message
	for _, m := range out.Messages {
		if w.refuse != nil && w.refuse(m) {
			refused = append(refused, m)
			continue
		}
		w.queue = append(w.queue, m)
	}
	for _, r := range out.Replies {
		w.replies[r.Client], w.replyEvents[r.Client] = r.Body, r.Events
	}
	w.events = append(w.events, out.Events...)
	w.wake[name] = out.Wake
	for _, m := range refused {
		w.step(name, Unsent{m})
	}
}

// deliver delivers messages until none is left.
func (w *world) deliver() {
	for len(w.queue) > 0 {
		m := w.queue[0]
		w.queue = w.queue[1:]
		w.sent += wire.MessageSize(m)
		if !w.cut(m.From, m.To) {
			w.step(m.To, &Receive{m})
		}
	}
}

// pass lets time pass, and steps each node when it asked to be.
func (w *world) pass(d time.Duration) {
	end := w.now + d
	for w.deliver(); ; w.deliver() {
		first := ""
		for _, n := range w.names {
			if w.down[n] || w.wake[n] == 0 || w.wake[n] > end {
				continue
			}
			if first == "" || w.wake[n] < w.wake[first] {
				first = n
			}
		}
		if first == "" {
			break
		}
		w.now = max(w.now, w.wake[first])
		w.step(first, nil)
	}
	w.now = end
}

// split cuts the links between groups. announced says whether the drivers report that to the nodes.
func (w *world) split(announced bool, groups ...[]string) {
	side := func(n string) int {
		return slices.IndexFunc(groups, func(g []string) bool { return slices.Contains(g, n) })
	}
	w.cut = func(from, to string) bool { return side(from) != side(to) }
	if announced {
		w.announce(func(peer string) Input { return PeerDown{peer} }, w.cut)
	}
}

// heal restores all links. announced is as in split.
func (w *world) heal(announced bool) {
	was := w.cut
	w.cut = func(_, _ string) bool { return false }
	if announced {
		w.announce(func(peer string) Input { return PeerUp{peer} }, was)
	}
}

// announce gives each node an input about each peer to which its link is cut.
func (w *world) announce(in func(peer string) Input, cut func(from, to string) bool) {
	for _, a := range w.names {
		for _, b := range w.names {
			if a != b && cut(a, b) {
				w.step(a, in(b))
			}
		}
	}
	w.deliver()
}

// do sends a request to a node and returns the reply.
func (w *world) do(via string, req wire.ClientRequest) wire.ClientReply {
	w.t.Helper()
	w.next++
	id := w.next
	w.step(via, &Request{Client: id, Body: req})
	for w.deliver(); w.replies[id] == nil; {
		if w.now > testStart+time.Hour {
			w.t.Fatalf("%T through %s was never answered", req, via)
		}
		w.pass(10 * time.Millisecond)
	}
	return w.replies[id]
}

// put puts a value and returns the reply. via is the node that gets the request.
func (w *world) put(via, key, value string, ctx []byte) wire.PutReply {
	w.t.Helper()
	return w.do(via, wire.PutRequest{Key: []byte(key), Value: []byte(value), Context: ctx}).(wire.PutReply)
}

// mustPut is put for a put that must succeed.
func (w *world) mustPut(via, key, value string, ctx []byte) wire.PutReply {
	w.t.Helper()
	r := w.put(via, key, value, ctx)
	if r.Err != wire.OK {
		w.t.Fatalf("put %s=%s through %s: %v: %s", key, value, via, r.Err, r.Message)
	}
	return r
}

// get gets a key with the default R.
func (w *world) get(via, key string) wire.GetReply {
	w.t.Helper()
	return w.do(via, wire.GetRequest{Key: []byte(key)}).(wire.GetReply)
}

// values gets key with R=N and returns the values, sorted.
func (w *world) values(via, key string) []string {
	w.t.Helper()
	r := w.do(via, wire.GetRequest{Key: []byte(key), Quorum: wire.Quorum{R: min(3, len(w.names))}}).(wire.GetReply)
	if r.Err != wire.OK {
		w.t.Fatalf("get %s through %s: %v: %s", key, via, r.Err, r.Message)
	}
	var out []string
	for _, v := range r.Siblings {
		out = append(out, string(v.Value))
	}
	slices.Sort(out)
	return out
}

// wantValues fails the test unless values returns these.
func (w *world) wantValues(via, key string, want ...string) {
	w.t.Helper()
	if got := w.values(via, key); !slices.Equal(got, want) {
		w.t.Fatalf("%s through %s holds %q, want %q", key, via, got, want)
	}
}

// hints returns the number of hints at all nodes.
func (w *world) hints() int {
	total := 0
	for _, n := range w.nodes {
		total += n.handoff.index.Len()
	}
	return total
}

// saw returns the events of a kind.
func (w *world) saw(kind event.Kind) []event.Event {
	var out []event.Event
	for _, e := range w.events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// keyAt returns a key whose preference list begins with nodes.
func (w *world) keyAt(nodes ...string) string {
	w.t.Helper()
	for i := range 100_000 {
		k := fmt.Sprintf("cart%d", i)
		if slices.Equal(w.ring.Preference([]byte(k))[:len(nodes)], nodes) {
			return k
		}
	}
	w.t.Fatalf("no key has the preference list %v", nodes)
	return ""
}

// keyOf returns a key whose homes are nodes, in any order.
func (w *world) keyOf(nodes ...string) string {
	w.t.Helper()
	want := slices.Sorted(slices.Values(nodes))
	for i := range 100_000 {
		k := fmt.Sprintf("cart%d", i)
		if slices.Equal(slices.Sorted(slices.Values(w.ring.Homes([]byte(k)))), want) {
			return k
		}
	}
	w.t.Fatalf("no key has the homes %v", nodes)
	return ""
}
