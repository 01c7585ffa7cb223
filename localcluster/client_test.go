package localcluster

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"ringside/engine/fault"
	"ringside/engine/wire"
)

// However many requests are the first to a node, they share one connection.
func TestFirstRequestsShareADial(t *testing.T) {
	c := begin(t, Options{Mem: true})
	put(t, c, "n2", "k", "v", nil)
	for range 3 {
		var wg sync.WaitGroup
		for range 512 {
			wg.Go(func() {
				r, err := c.Do(t.Context(), "n1", wire.GetRequest{Key: []byte("k")})
				if err != nil {
					t.Error(err)
				} else if g := r.(wire.GetReply); g.Err != wire.OK || len(g.Siblings) != 1 {
					t.Errorf("%v: %s", g.Err, g.Message)
				}
			})
		}
		wg.Wait()
		l := c.node("n1").life.Load()
		l.connMu.Lock()
		clients := len(l.conns) - len(l.inbound)
		l.connMu.Unlock()
		if clients != 1 {
			t.Errorf("%d connections of clients", clients)
		}
		do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n1"}})
	}
}

// Each who waits for a connection waits as long as its own context lets it.
func TestWaitersForADialGiveUpAlone(t *testing.T) {
	c := begin(t, Options{Mem: true})
	mute, err := net.Listen("tcp4", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	n, addr := c.node("n1"), mute.Addr().String()
	n.addr.Store(&addr)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	var reply wire.ClientReply
	go func() {
		_, err := c.Do(ctx, "n1", wire.GetRequest{Key: []byte("k")})
		first <- err
	}()
	await(t, "the dial", func() bool { c.client.mu.Lock(); defer c.client.mu.Unlock(); return len(c.client.dials) == 1 })
	go func() {
		r, err := c.Do(t.Context(), "n1", wire.GetRequest{Key: []byte("k")})
		reply = r
		second <- err
	}()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who gave up got %v", err)
	}
	select {
	case err := <-second:
		t.Errorf("the other one gave up, too: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	_ = mute.Close() // ends the handshake
	if err := <-second; err != nil || reply.(wire.GetReply).Err != wire.NodeDown {
		t.Errorf("%+v %v", reply, err)
	}
}
