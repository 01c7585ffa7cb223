package localcluster

import (
	"context"
	"crypto/rand"
	"net"
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

// arrived is what waits in the inbox of a paused node.
func arrived(c *Cluster, name string) (from map[string]int, news []engine.Input) {
	waiting, _ := c.node(name).life.Load().inbox.Waiting()
	from = map[string]int{}
	for _, a := range waiting {
		switch in := a.In.(type) {
		case engine.Receive:
			from[in.Message.From]++
		case engine.PeerUp, engine.PeerDown:
			news = append(news, in)
		}
	}
	return from, news
}

// When a split is on, the nodes know of it before anything else, and nothing
// crosses it: not what is in sockets, in readers, or queued.
func TestNothingCrossesASplit(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1", "n2"}})
	l := c.node("n1").life.Load() // its loop stands still: we are it
	ctx, stop := context.WithCancel(t.Context())
	sending := make(chan struct{})
	go func() { // far more than the inbox takes: readers wait for room
		defer close(sending)
		for ctx.Err() == nil {
			l.send([]wire.Message{{From: "n1", To: "n2", Op: 1, Body: wire.Ping{}}})
		}
	}()
	await(t, "the inbox to fill", func() bool { from, _ := arrived(c, "n2"); return from["n1"] >= inbox.MaxInputs-5 })
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}}})
	before, news := arrived(c, "n2")
	if len(news) == 0 || news[len(news)-1] != engine.Input(engine.PeerDown{Peer: "n1"}) {
		t.Errorf("n2 was told %v", news)
	}
	c.node("n2").life.Load().inbox.Take(nil) // room for readers
	time.Sleep(50 * time.Millisecond)
	if after, _ := arrived(c, "n2"); after["n1"] != 0 {
		t.Errorf("%d messages crossed the split, %d had before", after["n1"], before["n1"])
	}
	stop()
	<-sending
	do(t, c, fault.Fault{Kind: fault.Heal})
	time.Sleep(50 * time.Millisecond)
	if after, _ := arrived(c, "n2"); after["n1"] != 0 {
		t.Errorf("%d messages of before the split arrived after it", after["n1"])
	}
}

// A message that a slow link still holds is lost with the link.
func TestSplitLosesWhatIsUnderWay(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n2"}})
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1>n2", Delay: 100 * time.Millisecond})
	k := c.node("n1").life.Load().links["n2"]
	send := func() {
		c.node("n1").life.Load().send([]wire.Message{{From: "n1", To: "n2", Op: 1, Body: wire.Ping{}}})
	}
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1"}}) // its loop stands still: we are it
	base, _ := arrived(c, "n2")
	began := time.Now()
	send()
	await(t, "the slow message", func() bool { from, _ := arrived(c, "n2"); return from["n1"] > base["n1"] })
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("a message slowed by 100ms took %v", took)
	}
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1>n2", Delay: time.Second}) // longer than the split takes to begin
	send()
	sent := time.Now()
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}}})
	k.mu.Lock()
	if k.conn != nil || len(k.late) != 0 {
		t.Error("the link kept its messages")
	}
	k.mu.Unlock()
	do(t, c, fault.Fault{Kind: fault.Heal})
	time.Sleep(time.Until(sent.Add(1100 * time.Millisecond))) // it would have arrived by now
	if from, _ := arrived(c, "n2"); from["n1"] != base["n1"]+1 {
		t.Errorf("%d messages arrived, want %d", from["n1"], base["n1"]+1)
	}
}

func TestSlowLinkKeepsOrder(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1", "n2"}})
	l := c.node("n1").life.Load()
	c.node("n2").life.Load().inbox.Take(nil)
	op := uint64(1e9)
	send := func(n int) {
		for range n {
			op++
			l.send([]wire.Message{{From: "n1", To: "n2", Op: op, Body: wire.Ping{}}})
		}
	}
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1-n2", Delay: time.Minute})
	send(10)
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1-n2", Delay: 30 * time.Millisecond})
	send(10)
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1-n2"})
	send(10)
	await(t, "all messages", func() bool { from, _ := arrived(c, "n2"); return from["n1"] >= 30 })
	last, seen := uint64(0), 0
	for _, a := range c.node("n2").life.Load().inbox.Take(nil) {
		if in, ok := a.In.(engine.Receive); ok && in.Message.From == "n1" && in.Message.Op > 1e9 && in.Message.Op < 1e9+100 {
			if in.Message.Op <= last {
				t.Fatalf("%d after %d", in.Message.Op, last)
			}
			last = in.Message.Op
			seen++
		}
	}
	if seen != 30 {
		t.Errorf("%d of 30 messages arrived", seen)
	}
}

func TestLossIsTold(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Loss, Link: "n1>n2", Percent: 100})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1"}})
	l := c.node("n1").life.Load()
	for range 1000 {
		l.send([]wire.Message{{From: "n1", To: "n2", Request: 7, Op: 1, Body: wire.Ping{}}})
	}
	n := 0
	_ = c.Events(t.Context(), 0, false, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == event.Dropped && e.Node == "n1" && e.Peer == "n2" && e.Request == 7 {
				n++
			}
		}
		return nil
	})
	if n == 0 || n > dropBurst+10 {
		t.Errorf("%d events of 1000 lost messages", n)
	}
}

func TestOneWaySplit(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}, {"n2", "n3", "n4", "n5"}}, OneWay: true})
	if c.node("n1").life.Load().links["n2"].isUp() || !c.node("n2").life.Load().links["n1"].isUp() {
		t.Error("the wrong way is cut")
	}
	if v := viewOf(t, c); !v.OneWay || !v.Node("n1").Suspects["n2"] {
		t.Errorf("one way %v, n1 suspects %v", v.OneWay, v.Node("n1").Suspects)
	}
	do(t, c, fault.Fault{Kind: fault.Heal})
	if !c.allLinked() {
		t.Error("a link is not up")
	}
}

func TestSplitHealsByItself(t *testing.T) {
	c := begin(t, Options{Mem: true})
	split := fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}}, For: 50 * time.Millisecond}
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1", Delay: time.Millisecond})
	do(t, c, split)
	await(t, "the split to heal", func() bool { return viewOf(t, c).Groups == nil && c.allLinked() })
	if v := viewOf(t, c); v.Slow["n1"] != time.Millisecond {
		t.Errorf("slow links: %v", v.Slow)
	}
	do(t, c, split)
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n2"}}}) // cancels the timer
	time.Sleep(150 * time.Millisecond)
	if v := viewOf(t, c); v.Groups == nil || v.Groups[0][0] != "n2" {
		t.Errorf("groups: %v", v.Groups)
	}
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}}) // within the split
	if v := viewOf(t, c); len(v.Node("n2").Suspects) != 4 {
		t.Errorf("n2 was started in a split and suspects %v", v.Node("n2").Suspects)
	}
}

// A node that stands still fills one inbox, and then only links to it suffer.
func TestPausedNodeHoldsUpNobody(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n2"}})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1"}})
	l := c.node("n1").life.Load()
	value := make([]byte, wire.MaxValue)
	for range 200 {
		l.send([]wire.Message{{From: "n1", To: "n2", Op: 1, Body: wire.Write{Key: []byte("k"), Siblings: sibling(value)}}})
	}
	k := l.links["n2"]
	k.mu.Lock()
	size := k.out.Bytes()
	k.mu.Unlock()
	if size > transport.MaxQueueBytes+wire.MaxValue+1024 {
		t.Errorf("the link queues %d bytes", size)
	}
	b := c.node("n2").life.Load().inbox
	if _, bytes := b.Waiting(); bytes > inbox.MaxBytes+wire.MaxValue+1024 {
		t.Errorf("the inbox holds %d bytes", bytes)
	}
	// A client of the node is refused, and not kept waiting.
	conn, err := transport.Dial(t.Context(), c.claim.Secret, transport.Peer{Addr: *c.node("n2").addr.Load(), Name: "n2", Role: wire.RoleClient, Self: "client"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	await(t, "the inbox to fill", func() bool { _, bytes := b.Waiting(); return bytes > inbox.MaxBytes/transport.ClientShare })
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

// Whatever is no node of this cluster gets a closed connection, and does no harm.
func TestStrangersAtThePorts(t *testing.T) {
	c := begin(t, Options{Mem: true})
	other := make([]byte, wire.SecretSize)
	hello := func(secret []byte, role wire.Role, self string) func(net.Conn) {
		return func(conn net.Conn) { _ = wire.Dial(conn, secret, role, self, "n1", rand.Reader) }
	}
	garbage := func(role wire.Role, self string, b []byte) func(net.Conn) {
		return func(conn net.Conn) {
			if err := wire.Dial(conn, c.claim.Secret, role, self, "n1", rand.Reader); err != nil {
				t.Errorf("%s %s: %v", role, self, err)
			}
			_, _ = conn.Write(b)
		}
	}
	noise := make([]byte, 4096)
	_, _ = rand.Read(noise)
	for name, talk := range map[string]func(net.Conn){
		"http":           func(conn net.Conn) { _, _ = conn.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")) },
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
			conn, err := net.Dial("tcp4", *c.node("n1").addr.Load())
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
	// Those who say nothing are bounded, and in nobody's way for long.
	var idle []net.Conn
	for range maxOpening + 20 {
		if conn, err := net.Dial("tcp4", *c.node("n1").addr.Load()); err == nil {
			idle = append(idle, conn)
		}
	}
	if len(idle) <= maxOpening {
		t.Errorf("only %d silent strangers got a connection", len(idle))
	}
	for _, conn := range idle {
		_ = conn.SetReadDeadline(time.Now().Add(transport.OpeningTime + 3*time.Second))
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("a stranger was spoken to")
		} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Error("a silent connection stays open")
		}
		_ = conn.Close()
	}
	await(t, "links to be whole", c.allLinked)
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
	return vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 1}, Counter: 1}, Value: value, Time: 1}}
}
