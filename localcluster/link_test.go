package localcluster

import (
	"context"
	"crypto/rand"
	"net"
	"slices"
	"testing"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/vclock"
	"ringside/engine/wire"
	"ringside/localcluster/inbox"
	"ringside/localcluster/transport"
)

// arrived returns the arrivals that wait in the inbox of a paused node: the numbers of the messages
// of a peer, and the changes of links.
func arrived(c *Cluster, name, peer string) (ops []uint64, changes []engine.Input) {
	waiting, _ := c.registry.node(name).current.Load().inbox.Waiting()
	for _, a := range waiting {
		switch in := a.In.(type) {
		case nil:
			if a.Message.From == peer {
				ops = append(ops, a.Message.Op)
			}
		case engine.PeerUp, engine.PeerDown:
			changes = append(changes, in)
		}
	}
	return ops, changes
}

// ping sends a message from n1 to n2. The test stands for the loop of n1, which is paused.
func ping(c *Cluster, op uint64) {
	c.registry.node("n1").current.Load().links.Send([]wire.Message{{From: "n1", To: "n2", Op: op, Body: wire.Ping{}}})
}

// When a split is on, the nodes know of it before any other input, and no message crosses the
// split: not from sockets, from readers or from queues.
func TestNothingCrossesASplit(t *testing.T) {
	const before, after = 1e9, 2e9 // numbers of messages
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1", "n2"}})
	ctx, stop := context.WithCancel(t.Context())
	sending := make(chan struct{})
	go func() { // far more than the inbox takes: readers wait for room
		defer close(sending)
		for ctx.Err() == nil {
			ping(c, before)
		}
	}()
	n2 := c.registry.node("n2").current.Load()
	await(t, "the inbox to fill", func() bool {
		ops,
			_ := arrived(c, "n2", "n1")
		return len(ops) >= inbox.MaxInputs-5
	})
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}}})
	if _, changes := arrived(c, "n2", "n1"); len(changes) == 0 ||
		changes[len(changes)-1] != engine.Input(engine.PeerDown{Peer: "n1"}) {
		t.Errorf("the links of n2 changed: %v", changes)
	}
	inbox.GiveBack(n2.inbox.Take(nil)) // room for readers
	await(t, "the reader of n1's messages to end", func() bool { return !n2.links.IsConnected("n1") })
	if ops, _ := arrived(c, "n2", "n1"); len(ops) != 0 {
		t.Errorf("%d messages crossed the split", len(ops))
	}
	stop()
	<-sending
	do(t, c, fault.Fault{Kind: fault.Heal})
	ping(c, after)
	await(t, "a message of after the split", func() bool { ops, _ := arrived(c, "n2", "n1"); return len(ops) > 0 })
	if ops, _ := arrived(c, "n2", "n1"); ops[0] != after {
		t.Errorf("messages of before the split arrived after it: %v", ops)
	}
}

// A delayed message is lost with its link.
func TestSplitLosesDelayedMessages(t *testing.T) {
	const delay = 100 * time.Millisecond
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1", "n2"}})
	inbox.GiveBack(c.registry.node("n2").current.Load().inbox.Take(nil))
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1>n2", Delay: delay})
	has := func(op uint64) func() bool {
		return func() bool { ops, _ := arrived(c, "n2", "n1"); return slices.Contains(ops, op) }
	}
	began := time.Now()
	ping(c, 1e9)
	await(t, "the delayed message", has(1e9))
	if took := time.Since(began); took < delay {
		t.Errorf("a message delayed by %v took %v", delay, took)
	}
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1>n2", Delay: time.Minute})
	ping(c, 1e9+1)
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}}})
	if n1 := c.registry.node("n1").current.Load(); n1.links.IsUp("n2") || n1.links.Queued() != 0 {
		t.Error("the link kept its messages")
	}
	do(t, c, fault.Fault{Kind: fault.Heal})
	ping(c, 1e9+2) // behind every message that the link may have kept
	await(t, "a message of after the split", has(1e9+2))
	if has(1e9 + 1)() {
		t.Error("the delayed message arrived after the split")
	}
}

// Messages that were delayed by different times arrive in their order.
func TestSlowLinkKeepsOrder(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1", "n2"}})
	n2 := c.registry.node("n2").current.Load()
	inbox.GiveBack(n2.inbox.Take(nil))
	const first = uint64(1e9)
	op := first
	send := func(n int) {
		for range n {
			ping(c, op)
			op++
		}
	}
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1-n2", Delay: time.Minute})
	send(10)
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1-n2", Delay: 30 * time.Millisecond})
	send(10)
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1-n2"})
	send(10)
	sent := func() (ops []uint64) { // without messages of n1 itself
		all, _ := arrived(c, "n2", "n1")
		return slices.DeleteFunc(all, func(op uint64) bool { return op < first || op >= first+30 })
	}
	await(t, "all messages", func() bool { return len(sent()) >= 30 })
	if ops := sent(); len(ops) != 30 || !slices.IsSorted(ops) {
		t.Errorf("arrived: %v", ops)
	}
}

// Lost messages cause events, but not one for each of them.
func TestLossIsReported(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Loss, Link: "n1>n2", Percent: 100})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1"}})
	l := c.registry.node("n1").current.Load()
	for range 1000 {
		l.links.Send([]wire.Message{{From: "n1", To: "n2", Request: 7, Op: 1, Body: wire.Ping{}}})
	}
	n := 0
	_ = c.Events(t.Context(), event.Query{}, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == event.Dropped && e.Node == "n1" && e.Peer == "n2" && e.Request == 7 {
				n++
			}
		}
		return nil
	})
	if n == 0 || n > 32+10 {
		t.Errorf("%d events of 1000 lost messages", n)
	}
}

func TestOneWaySplit(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}, {"n2", "n3", "n4", "n5"}}, OneWay: true})
	if c.registry.node("n1").current.Load().links.IsUp("n2") || !c.registry.node("n2").current.Load().links.IsUp("n1") {
		t.Error("the wrong way is cut")
	}
	if v := viewOf(t, c); !v.OneWay || !v.Node("n1").Suspects["n2"] {
		t.Errorf("one way %v, n1 suspects %v", v.OneWay, v.Node("n1").Suspects)
	}
	do(t, c, fault.Fault{Kind: fault.Heal})
	if !c.network.AllUp() {
		t.Error("a link is not up")
	}
}

func TestSplitHealsByItself(t *testing.T) {
	c := begin(t, Options{Mem: true})
	split := fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}}, For: 50 * time.Millisecond}
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1", Delay: time.Millisecond})
	do(t, c, split)
	await(t, "the split to heal", func() bool { return viewOf(t, c).Groups == nil && c.network.AllUp() })
	if v := viewOf(t, c); v.Slow["n1"] != time.Millisecond {
		t.Errorf("slow links: %v", v.Slow)
	}
	do(t, c, split)
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n2"}}}) // cancels the timer
	c.faults.Lock()
	if c.splitEnd != nil {
		t.Error("the end of the first split is still to come")
	}
	c.faults.Unlock()
	if v := viewOf(t, c); v.Groups == nil || v.Groups[0][0] != "n2" {
		t.Errorf("groups: %v", v.Groups)
	}
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}}) // within the split
	if v := viewOf(t, c); len(v.Node("n2").Suspects) != 4 {
		t.Errorf("n2 was started in a split and suspects %v", v.Node("n2").Suspects)
	}
}

// A paused node fills its own inbox, and then only the links to it suffer.
func TestPausedNodeDelaysNoOther(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n2"}})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1"}})
	l := c.registry.node("n1").current.Load()
	value := make([]byte, wire.MaxValue)
	for range 200 {
		l.links.Send([]wire.Message{{From: "n1", To: "n2", Op: 1,
			Body: wire.Write{Key: []byte("k"), Siblings: sibling(value)}}})
	}
	if size := l.links.Queued(); size > transport.MaxQueueBytes+wire.MaxValue+1024 {
		t.Errorf("the links queue %d bytes", size)
	}
	b := c.registry.node("n2").current.Load().inbox
	if _, bytes := b.Waiting(); bytes > inbox.MaxBytes+wire.MaxValue+1024 {
		t.Errorf("the inbox holds %d bytes", bytes)
	}
	// A client of the node is refused at once.
	conn, err := transport.Dial(t.Context(), c.claim.Secret,
		transport.Peer{Addr: *c.registry.node("n2").addr.Load(), Name: "n2", Role: wire.RoleClient, Self: "client"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	await(t, "the inbox to fill", func() bool {
		_, bytes := b.Waiting()
		return bytes > inbox.MaxBytes/transport.ClientShare
	})
	req, _ := wire.AppendClientRequest(nil, 9, wire.GetRequest{Key: []byte("k")})
	if _, err := conn.Write(wire.AppendFrame(nil, req)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	frame, err := wire.NewFrameReader(conn, wire.MaxFrame).Next()
	if err != nil {
		t.Fatal(err)
	}
	id, r, err := wire.ParseClientReply(frame)
	if err != nil || id != 9 || r.(wire.GetReply).Err != wire.Overloaded {
		t.Errorf("%d %+v %v", id, r, err)
	}
}

// A connection of a program that is not a node of this cluster is closed, and does no harm.
func TestStrangersAtThePorts(t *testing.T) {
	c := begin(t, Options{Mem: true})
	other := make([]byte, wire.SecretSize)
	hello := func(secret []byte, role wire.Role, self string) func(net.Conn) {
		return func(conn net.Conn) {
			_ = wire.Dial(conn, wire.Opening{Secret: secret, Role: role, Self: self, Peer: "n1"}, rand.Reader)
		}
	}
	garbage := func(role wire.Role, self string, b []byte) func(net.Conn) {
		return func(conn net.Conn) {
			if err := wire.Dial(conn, wire.Opening{Secret: c.claim.Secret, Role: role, Self: self, Peer: "n1"}, rand.Reader); err != nil {
				t.Errorf("%s %s: %v", role, self, err)
			}
			_, _ = conn.Write(b)
		}
	}
	noise := make([]byte, 4096)
	_, _ = rand.Read(noise)
	for name, talk := range map[string]func(net.Conn){
		"http":           func(conn net.Conn) { _, _ = conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")) },
		"noise":          func(conn net.Conn) { _, _ = conn.Write(noise) },
		"other secret":   hello(other, wire.RoleNode, "n2"),
		"other client":   hello(other, wire.RoleClient, "client"),
		"not of the net": hello(c.claim.Secret, wire.RoleNode, "n9"),
		"itself":         hello(c.claim.Secret, wire.RoleNode, "n1"),
		"bad frame":      garbage(wire.RoleNode, "n2", noise),
		"huge frame":     garbage(wire.RoleNode, "n2", []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}),
		"bad message":    garbage(wire.RoleNode, "n2", wire.AppendFrame(nil, noise)),
		"forged sender":  garbage(wire.RoleNode, "n2", forged("n3", "n1")),
		"bad request":    garbage(wire.RoleClient, "client", wire.AppendFrame(nil, noise)),
		"huge request":   garbage(wire.RoleClient, "client", []byte{3, 0, 0, 0, 0, 0, 0, 0}),
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp4", *c.registry.node("n1").addr.Load())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			talk(conn)
			for b := make([]byte, 1024); ; { // until it is closed
				if _, err := conn.Read(b); err != nil {
					if ne, ok := err.(net.Error); ok && ne.Timeout() {
						t.Error("the connection stays open")
					}
					return
				}
			}
		})
	}
	// Connections that send nothing are bounded in number, and are closed.
	var idle []net.Conn
	for range maxOpening + 20 {
		if conn, err := net.Dial("tcp4", *c.registry.node("n1").addr.Load()); err == nil {
			idle = append(idle, conn)
		}
	}
	if len(idle) <= maxOpening {
		t.Errorf("only %d silent connections were accepted", len(idle))
	}
	for _, conn := range idle {
		_ = conn.SetReadDeadline(time.Now().Add(transport.OpeningTime + 3*time.Second))
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("a node wrote to a stranger")
		} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Error("a silent connection stays open")
		}
		_ = conn.Close()
	}
	await(t, "links to be whole", c.network.AllUp)
	put(t, c, "n1", "k", "v", nil)
	want(t, get(t, c, "n2", "k"), "v")
}

func forged(from, to string) []byte {
	b, err := wire.AppendMessage(nil, wire.Message{From: from, To: to, Op: 1, Body: wire.Ping{}})
	if err != nil {
		panic(err)
	}
	return wire.AppendFrame(nil, b)
}

func sibling(value []byte) vclock.Siblings {
	return vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 1}, Counter: 1}, Value: value,
		Time: 1}}
}
