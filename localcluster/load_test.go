package localcluster

import (
	"bytes"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/wire"
	"ringside/localcluster/budget"
	"ringside/localcluster/inbox"
	"ringside/localcluster/traffic"
	"ringside/localcluster/transport"
)

// countEvents counts the events of a kind so far.
func countEvents(t *testing.T, c *Cluster, kind event.Kind) (n int) {
	t.Helper()
	_ = c.Events(t.Context(), event.Query{}, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == kind {
				n++
			}
		}
		return nil
	})
	return n
}

// A healthy cluster carries many large reads at once. No read is refused, no message is lost, and
// no node suspects another one.
func TestManyLargeReads(t *testing.T) {
	readers, size := 192, wire.MaxValue
	if raceDetector { // it checks every byte of every copy, which takes longer than the nodes' time-outs
		readers, size = 64, wire.MaxValue/32
	}
	for name, rank := range map[string]int{"home": 0, "no home": 4} {
		t.Run(name, func(t *testing.T) {
			// A busy machine can be slower than the nodes' time-outs. Later attempts have fewer
			// readers.
			var bad map[string]int
			for _, part := range []int{1, 1, 2, 4, 8} {
				if bad = readAtOnce(t, rank, readers/part, size); len(bad) == 0 {
					return
				}
				t.Logf("%d readers: %v", readers/part, bad)
			}
			t.Errorf("even %d readers get %v", readers/8, bad)
		})
	}
}

// readAtOnce has many clients read one value through the node of that rank in its preference list.
// It returns how often each failure happened. A lost message fails the test.
func readAtOnce(t *testing.T, rank, readers, size int) (bad map[string]int) {
	t.Helper()
	c := begin(t, Options{Mem: true})
	defer c.Close()
	pref := c.registry.ring().Preference([]byte("big"))
	value := bytes.Repeat([]byte("x"), size)
	put(t, c, pref[0], "big", string(value), nil)
	var mu sync.Mutex
	bad = map[string]int{}
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			r, err := c.Do(t.Context(), pref[rank], wire.GetRequest{Key: []byte("big")})
			if err != nil {
				t.Error(err)
				return
			}
			if g := r.(wire.GetReply); g.Err != wire.OK || len(g.Siblings) != 1 ||
				!bytes.Equal(g.Siblings[0].Value, value) {
				mu.Lock()
				defer mu.Unlock()
				bad[fmt.Sprintf("%v: %s: %d siblings", g.Err, g.Message, len(g.Siblings))]++
			}
		})
	}
	wg.Wait()
	if n := countEvents(t, c, event.Suspect); n > 0 {
		bad["suspicions"] = n
	}
	if n := countEvents(t, c, event.Dropped); n > 0 {
		t.Errorf("%d events of lost messages", n)
	}
	return bad
}

// A client that asks for more than it reads gets a refusal for each request whose reply does not
// fit. It keeps its connection as long as it reads at all.
func TestSlowReaderIsRefused(t *testing.T) {
	near, far := net.Pipe() // a write waits for its reader
	defer far.Close()
	out := transport.NewSender(near, budget.New(budget.Default).Out, transport.StallTime)
	conn := &clientConn{out: out, traffic: new(traffic.Counter)}
	value := bytes.Repeat([]byte("x"), wire.MaxValue)
	const asked = 100
	for id := range uint64(asked) {
		req := wire.GetRequest{Request: id, Key: []byte("k")}
		conn.answer(nil, id, req, wire.GetReply{Request: id, Siblings: sibling(value)})
	}
	put := wire.PutRequest{Request: asked, Key: []byte("k")}
	conn.answer(nil, asked, put, wire.PutReply{Request: asked, Acks: []string{"n1", "n2"}})
	done := make(chan struct{})
	defer close(done)
	go func() { _ = out.Run(done) }()
	out.Flush()
	frames, got := wire.NewFrameReader(far, wire.MaxFrame), map[wire.Code]int{}
	for id := range uint64(asked + 1) {
		b, err := frames.Next()
		if err != nil {
			t.Fatal(err)
		}
		seen, r, err := wire.ParseClientReply(b)
		if err != nil || seen != id {
			t.Fatalf("reply %d in place of %d: %v", seen, id, err)
		}
		switch r := r.(type) {
		case wire.GetReply:
			got[r.Err]++
		case wire.PutReply:
			if r.Err != wire.OK || len(r.Acks) != 2 {
				t.Errorf("the put: %+v", r)
			}
		}
	}
	if fit := transport.MaxQueueBytes / wire.MaxValue; got[wire.OK] < fit-1 ||
		got[wire.OK]+got[wire.Overloaded] != asked {
		t.Errorf("%v of %d gets, %d fit", got, asked, fit)
	}
}

// A node learns of a message that found no room. It does not learn of a message that the network
// lost.
func TestUnsentIsReported(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1"}}) // the test stands for its loop
	l := c.registry.node("n1").current.Load()
	unsent := func(m wire.Message) (n int) {
		inbox.GiveBack(l.inbox.Take(nil))
		l.links.Send([]wire.Message{m})
		for _, a := range l.inbox.Take(nil) {
			a.GiveBack()
			if in, ok := a.In.(engine.Unsent); ok && in.Message.Op == m.Op && in.Message.To == m.To {
				n++
			}
		}
		return n
	}
	ping := wire.Message{From: "n1", To: "n2", Op: 1e9, Body: wire.Ping{}}
	if n := unsent(ping); n != 0 {
		t.Errorf("%d reports of a message that was sent", n)
	}
	huge := ping
	huge.Body = wire.Write{Key: []byte("k"), Siblings: sibling(make([]byte, wire.MaxFrame))}
	if n := unsent(huge); n != 1 {
		t.Errorf("%d reports of a message that is too large", n)
	}
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1>n2", Delay: time.Minute})
	for range transport.MaxQueue { // no message leaves
		l.links.Send([]wire.Message{ping})
	}
	if n := unsent(ping); n != 1 {
		t.Errorf("%d reports of a message that found no room", n)
	}
	do(t, c, fault.Fault{Kind: fault.Loss, Link: "n1>n2", Percent: 100})
	if n := unsent(ping); n != 0 {
		t.Errorf("%d reports of an injected loss", n)
	}
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}}})
	if n := unsent(ping); n != 0 {
		t.Errorf("%d reports of a message to a node that is cut off", n)
	}
}
