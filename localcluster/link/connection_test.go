package link

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"ringside/engine/fault"
	"ringside/localcluster/inbox"
	"ringside/localcluster/transport"
)

// await waits until a condition holds.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// take returns the numbers of all messages that wait.
func (h *host) take() (ops []uint64) {
	batch := h.inbox.Take(nil)
	defer inbox.GiveBack(batch)
	for _, a := range batch {
		ops = append(ops, a.Message.Op)
	}
	return ops
}

// sendsOn returns the connection that carries the messages to a peer, nil if there is none.
func (h *host) sendsOn(peer string) *connection { return h.linkTo(peer).carrier() }

// only returns the one connection of a link, nil if there are none or more, or may soon be more.
func (h *host) only(peer string) *connection {
	h.net.mu.RLock()
	defer h.net.mu.RUnlock()
	k := h.links[peer]
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dialing || len(k.conns) != 1 || k.sending != k.conns[0] {
		return nil
	}
	return k.conns[0]
}

// Both directions share a connection, which the first message makes.
func TestOneConnectionForBothDirections(t *testing.T) {
	n, hosts := network(t, "a", "b", "c")
	if ends := n.Connections(); ends != 0 {
		t.Errorf("%d ends before the first message", ends)
	}
	hosts["b"].ping("b", "a", 1)
	hosts["a"].next(t)
	hosts["a"].ping("a", "b", 2)
	hosts["b"].next(t)
	if ends := n.Connections(); ends != 2 {
		t.Errorf("%d ends of one connection", ends)
	}
}

// Two nodes that dial each other at the same time use one connection in the end, the one of the
// lower name, and no message is lost.
func TestSimultaneousDials(t *testing.T) {
	const rounds = 50
	n, hosts := network(t, "a", "b")
	got := map[string][]uint64{}
	for round := range uint64(rounds) {
		var both sync.WaitGroup
		for _, way := range [][2]string{{"a", "b"}, {"b", "a"}} {
			both.Go(func() { hosts[way[0]].ping(way[0], way[1], round) })
		}
		both.Wait()
		await(t, "the messages", func() bool {
			for name, h := range hosts {
				got[name] = append(got[name], h.take()...)
			}
			return len(got["a"]) > int(round) && len(got["b"]) > int(round)
		})
		var a, b *connection
		await(t, "one connection", func() bool {
			a, b = hosts["a"].only("b"), hosts["b"].only("a")
			return a != nil && b != nil
		})
		if a.conn.LocalAddr().String() != b.conn.RemoteAddr().String() {
			t.Fatalf("a uses %v, b uses %v", a.conn.LocalAddr(), b.conn.RemoteAddr())
		}
		a.k.closeIdle(a)
		await(t, "the connection to be closed", func() bool { return n.Connections() == 0 })
	}
	for name, ops := range got {
		slices.Sort(ops)
		if len(ops) != rounds || len(slices.Compact(ops)) != rounds {
			t.Errorf("%s got %v", name, ops)
		}
	}
}

// A node that has closed a connection dials again before the other node, whose inbox is full, reads
// the farewell. Then the new connection stays, whichever node made the old one.
func TestDialBeforeTheFarewellIsRead(t *testing.T) {
	const more = 50
	for dialer, peer := range map[string]string{"a": "b", "b": "a"} {
		t.Run(dialer+" dialed", func(t *testing.T) {
			n, hosts := network(t, "a", "b")
			a, b := hosts["a"], hosts["b"]
			hosts[dialer].ping(dialer, peer, 0)
			hosts[peer].next(t)
			for range inbox.MaxInputs {
				a.inbox.Force(inbox.Arrival{})
			}
			b.ping("b", "a", 1) // a's reader waits with this message
			old := b.sendsOn("a")
			await(t, "the message to leave", func() bool { return old.k.closeIdle(old) })
			var next *connection
			for op := range uint64(more) {
				b.ping("b", "a", 2+op)
				await(t, "the message to leave", func() bool { return b.Queued() == 0 })
				c := b.sendsOn("a")
				if next == nil {
					next = c
				}
				if ends := n.Connections(); c != next || c == old || ends > 4 {
					t.Fatalf("message %d leaves on another connection, of %d ends", op, ends)
				}
			}
			a.ping("a", "b", 1)
			var got []uint64
			await(t, "all messages", func() bool {
				got = append(got, slices.DeleteFunc(a.take(), func(op uint64) bool { return op == 0 })...)
				return len(got) > more
			})
			if slices.Sort(got); got[0] != 1 || got[more] != more+1 || len(slices.Compact(got)) != more+1 {
				t.Errorf("a got %v", got)
			}
			if op := b.next(t); op != 1 {
				t.Errorf("b got message %d", op)
			}
			await(t, "one connection", func() bool { return b.only("a") == next && a.only("b") != nil })
			for name, h := range hosts {
				if len(h.changes) != 1 {
					t.Errorf("%s saw %v", name, h.changes)
				}
			}
		})
	}
}

// A connection that is not used is closed, which is no change for the nodes. The next message makes
// another one.
func TestIdleConnectionIsClosed(t *testing.T) {
	n, hosts := idleNetwork(t, 10*time.Millisecond, "a", "b")
	for op := range uint64(3) {
		hosts["a"].ping("a", "b", op)
		if got := hosts["b"].next(t); got != op {
			t.Errorf("message %d arrived", got)
		}
		await(t, "the connection to be closed", func() bool { return n.Connections() == 0 })
	}
	for name, h := range hosts {
		if len(h.changes) != 1 || h.changes[0][0] != '+' {
			t.Errorf("%s saw %v", name, h.changes)
		}
	}
}

// Connections are closed all the time while messages travel both ways. None is lost or repeated.
func TestIdleCloseLosesNothing(t *testing.T) {
	const messages, idle = 2000, 200 * time.Microsecond
	_, hosts := idleNetwork(t, idle, "a", "b")
	var senders sync.WaitGroup
	for _, way := range [][2]string{{"a", "b"}, {"b", "a"}} {
		senders.Go(func() {
			for op := range uint64(messages) {
				hosts[way[0]].ping(way[0], way[1], op)
				if op%8 == 0 {
					time.Sleep(time.Duration(op%5) * idle)
				}
			}
		})
	}
	for name, h := range hosts {
		var got []uint64
		await(t, "all messages to "+name, func() bool { got = append(got, h.take()...); return len(got) >= messages })
		if slices.Sort(got); len(slices.Compact(got)) != messages {
			t.Errorf("%s got %d messages, some of them twice", name, len(got))
		}
	}
	senders.Wait()
	for name, h := range hosts {
		if h.latest()[0] != '+' {
			t.Errorf("%s saw %v", name, h.changes)
		}
	}
}

// A cut of one direction loses what was under way in that direction, for good, and leaves the
// connection and the other direction alone.
func TestOneWayCutOnASharedConnection(t *testing.T) {
	const rounds, burst = 100, 20
	n, hosts := network(t, "a", "b")
	a, b := hosts["a"], hosts["b"]
	b.ping("b", "a", 0)
	if a.next(t) != 0 {
		t.Fatal("the first message does not arrive")
	}
	shared, sent := b.only("a"), uint64(1)
	for round := range uint64(rounds) {
		for i := range uint64(burst) {
			a.ping("a", "b", round*burst+i)
			b.ping("b", "a", sent)
			sent++
		}
		if err := n.Apply(fault.Fault{Kind: fault.Split, Groups: [][]string{{"a"}, {"b"}}, OneWay: true}); err != nil {
			t.Fatal(err)
		}
		before := b.take()
		if slices.ContainsFunc(before, func(op uint64) bool { return op < round*burst }) {
			t.Fatalf("round %d: %v arrived", round, before)
		}
		a.ping("a", "b", round*burst) // lost
		b.ping("b", "a", sent)
		sent++
		apply(t, n, fault.Fault{Kind: fault.Heal})
	}
	a.ping("a", "b", rounds*burst)
	if op := b.next(t); op != rounds*burst {
		t.Errorf("message %d of before the last split arrived", op)
	}
	var got []uint64
	await(t, "all messages of b", func() bool { got = append(got, a.take()...); return len(got) >= int(sent-1) })
	if len(got) != int(sent-1) || !slices.IsSorted(got) {
		t.Errorf("%d of %d messages of b arrived, sorted %v", len(got), sent-1, slices.IsSorted(got))
	}
	if b.only("a") != shared {
		t.Error("the connection did not last")
	}
	if len(b.changes) != 1 {
		t.Errorf("b saw %v", b.changes)
	}
}

// A node keeps no more connections than it may, and all messages arrive.
func TestConnectionsAreBounded(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	n, hosts := idleNetwork(t, time.Hour, names...)
	const most, rounds = 2, 20
	n.o.MaxEnds = func(int) int { return most }
	for round := range uint64(rounds) {
		for _, name := range names[1:] {
			hosts["a"].ping("a", name, round)
			if op := hosts[name].next(t); op != round {
				t.Fatalf("round %d: message %d arrived at %s", round, op, name)
			}
		}
		await(t, "connections to be closed", func() bool { return hosts["a"].ends.Load() <= most })
	}
	for _, name := range names {
		await(t, "the count of "+name, func() bool {
			n.mu.RLock()
			defer n.mu.RUnlock()
			open := 0
			for _, k := range hosts[name].links {
				open += k.connections()
			}
			return hosts[name].ends.Load() == int64(open)
		})
	}
}

// A node that has no connection learns that a peer has crashed, and that it was started again.
func TestCrashIsKnownWithoutAConnection(t *testing.T) {
	n, hosts := network(t, "a", "b")
	for _, want := range []string{"-b", "+b"} {
		if want == "-b" {
			n.mu.Lock()
			delete(n.endpoints, "b")
			n.mu.Unlock()
			n.BreakTo("b")
		} else {
			hosts["b"].Run()
			n.BringUp("b")
		}
		if got := hosts["a"].latest(); got != want {
			t.Errorf("a saw %q, want %q", got, want)
		}
	}
	hosts["a"].ping("a", "b", 1)
	if op := hosts["b"].next(t); op != 1 {
		t.Errorf("message %d arrived", op)
	}
}

// A link whose peer runs but refuses connections is down, loses its messages, and dials until the
// peer accepts.
func TestRefusedDialIsTriedAgain(t *testing.T) {
	n, hosts := network(t, "a", "b")
	n.mu.Lock()
	addr := n.o.Addr
	refusing := true
	n.o.Addr = func(node string) string {
		n.rngMu.Lock()
		defer n.rngMu.Unlock()
		if refusing {
			return "127.0.0.1:1" // no service of this machine
		}
		return addr(node)
	}
	n.mu.Unlock()
	hosts["a"].ping("a", "b", 1)
	await(t, "the refusal", func() bool { return hosts["a"].latest() == "-b" })
	if n.AllUp() || hosts["a"].IsUp("b") || hosts["a"].Queued() != 0 {
		t.Error("the link is up, or kept its message")
	}
	n.rngMu.Lock()
	refusing = false
	n.rngMu.Unlock()
	if err := n.AwaitLinks(t.Context(), 10*time.Second); err != nil || !n.AllUp() || hosts["a"].latest() != "+b" {
		t.Errorf("the link is not up: %v, a saw %v", err, hosts["a"].changes)
	}
}

// Any payload that begins with the mark of a signal is a valid signal or refused.
func TestSignals(t *testing.T) {
	for _, s := range []signal{{farewell: true}, {}, {cuts: 1}, {cuts: 1 << 60}} {
		payload := s.frame()[8:]
		if got, ok := parseSignal(payload); !isSignal(payload) || !ok || got != s {
			t.Errorf("%+v became %+v %v", s, got, ok)
		}
	}
	for _, bad := range [][]byte{{0}, {0, 0}, {0, 1, 1}, {0, 2}, {0, 2, 0x80}, {0, 2, 1, 1}, {0, 3}} {
		if s, ok := parseSignal(bad); ok {
			t.Errorf("%v is %+v", bad, s)
		}
	}
}

// A lateFarewell is a connection that ends with a farewell once this end has closed it, as if the
// farewell was read before.
type lateFarewell struct {
	net.Conn
	closed chan struct{}
	once   sync.Once
	rest   []byte
}

func (c *lateFarewell) Read(b []byte) (int, error) {
	<-c.closed
	n := copy(b, c.rest)
	if c.rest = c.rest[n:]; n == 0 {
		return 0, net.ErrClosed
	}
	return n, nil
}

func (c *lateFarewell) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// A cut ends a connection at once, also if a farewell waits to be read.
func TestCutBeforeTheFarewellIsRead(t *testing.T) {
	n, hosts := idleNetwork(t, time.Hour, "a", "b")
	conn, other := net.Pipe()
	defer other.Close()
	over := make(chan struct{})
	go func() {
		defer close(over)
		hosts["a"].Serve(&lateFarewell{Conn: conn, closed: make(chan struct{}), rest: signal{farewell: true}.frame()}, "b")
	}()
	await(t, "the connection", func() bool { return hosts["a"].IsConnected("b") })
	if err := n.Apply(fault.Fault{Kind: fault.Split, Groups: [][]string{{"a"}, {"b"}}}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-over:
	case <-time.After(10 * time.Second):
		t.Error("the connection goes on")
	}
}

// The loop writes nothing to a connection whose writer has ended, perhaps in the middle of a frame.
func TestNoWriteAfterTheWriter(t *testing.T) {
	_, hosts := network(t, "a", "b")
	conn, err := net.Dial("tcp4", hosts["b"].addr)
	if err != nil {
		t.Fatal(err)
	}
	k := hosts["a"].linkTo("b")
	c := &connection{k: k, conn: conn, wake: make(chan struct{}, 1), direct: transport.NewDirect(conn), over: true}
	if !k.enter(c, false) {
		t.Fatal("the link takes no connection")
	}
	hosts["a"].ping("a", "b", 1)
	if k.queued() == 0 {
		t.Error("the message was written")
	}
}

// A message from one inbox to another one on an open connection.
func BenchmarkMessage(b *testing.B) {
	_, hosts := network(b, "a", "b")
	hosts["a"].ping("a", "b", 0)
	hosts["b"].next(b)
	b.ReportAllocs()
	for b.Loop() {
		hosts["a"].ping("a", "b", 1)
		hosts["b"].next(b)
	}
}

// The first message between two nodes: it makes the connection, which is closed afterwards.
func BenchmarkConnect(b *testing.B) {
	n, hosts := network(b, "a", "b")
	b.ReportAllocs()
	for b.Loop() {
		hosts["a"].ping("a", "b", 1)
		hosts["b"].next(b)
		c := hosts["a"].only("b")
		c.k.closeIdle(c)
		for n.Connections() > 0 {
			time.Sleep(10 * time.Microsecond)
		}
	}
}
