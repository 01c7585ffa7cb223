package link

import (
	"context"
	"crypto/rand"
	"net"
	"sync"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/wire"
	"ringside/localcluster/budget"
	"ringside/localcluster/inbox"
	"ringside/localcluster/transport"
)

// A host stands for the incarnation of a node: its port, its inbox and its endpoint.
type host struct {
	*Endpoint
	inbox *inbox.Inbox
	addr  string

	mu      sync.Mutex
	changes []string // of links: "+b" or "-b"
}

// changed notes a change of a link.
func (h *host) changed(peer string, up bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if up {
		h.changes = append(h.changes, "+"+peer)
	} else {
		h.changes = append(h.changes, "-"+peer)
	}
}

// latest returns the latest change of a link, "" if there was none.
func (h *host) latest() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.changes) == 0 {
		return ""
	}
	return h.changes[len(h.changes)-1]
}

// network starts a network with one running host for each of names. They end with the test.
func network(t testing.TB, names ...string) (*Network, map[string]*host) {
	t.Helper()
	return idleNetwork(t, idleTime, names...)
}

// idleNetwork is network with connections that are closed after another idle time.
func idleNetwork(t testing.TB, idle time.Duration, names ...string) (*Network, map[string]*host) {
	t.Helper()
	hosts := map[string]*host{}
	secret := make([]byte, wire.SecretSize)
	ctx, cancel := context.WithCancel(context.Background())
	memory, began := budget.New(budget.Default), time.Now()
	n := NewNetwork(Options{Secret: secret, Memory: memory, Now: func() time.Duration { return 1 + time.Since(began) },
		Publish: func(event.Event) {}, Addr: func(node string) string { return hosts[node].addr }, Done: ctx.Done(),
		Stopped: context.Canceled})
	n.idle = idle
	var wg sync.WaitGroup
	for _, name := range names {
		ln, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		context.AfterFunc(ctx, func() { _ = ln.Close() })
		h := &host{inbox: inbox.New(), addr: ln.Addr().String()}
		hosts[name] = h
		n.Add(name, "")
		wg.Go(func() { h.accept(ctx, &wg, ln, secret, name) })
	}
	for _, name := range names {
		hosts[name].Endpoint = n.Open(ctx, wg.Go, EndpointOptions{Node: name, Inbox: hosts[name].inbox,
			PeerChanged: hosts[name].changed, Unsent: func(wire.Message, int) {}})
	}
	for _, h := range hosts {
		h.Run()
	}
	t.Cleanup(func() {
		cancel()
		for _, h := range hosts {
			h.Detach()
			h.inbox.Close()
		}
		wg.Wait()
		for _, h := range hosts {
			h.Endpoint.Close()
		}
		if u := memory.Use(); u.Used != 0 {
			t.Errorf("%d bytes are held at the end", u.Used)
		}
	})
	return n, hosts
}

// accept delivers the messages of peers to the host's inbox.
func (h *host) accept(ctx context.Context, wg *sync.WaitGroup, ln net.Listener, secret []byte, name string) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		wg.Go(func() {
			defer conn.Close()
			_, peer, err := wire.Accept(conn, secret, name, rand.Reader)
			if err != nil {
				return
			}
			h.Serve(conn, peer)
		})
	}
}

func (h *host) ping(from, to string, op uint64) {
	h.Send([]wire.Message{{From: from, To: to, Op: op, Body: wire.Ping{}}})
}

// next returns the number of the next message.
func (h *host) next(t testing.TB) uint64 {
	t.Helper()
	select {
	case <-h.inbox.Ready():
	case <-time.After(10 * time.Second):
		t.Fatal("no message arrives")
	}
	if batch := h.inbox.Take(nil); len(batch) > 0 {
		inbox.GiveBack(batch)
		return batch[0].Message.Op
	}
	return h.next(t)
}

func apply(t *testing.T, n *Network, f fault.Fault) {
	t.Helper()
	if err := n.Apply(f); err != nil {
		t.Fatal(err)
	}
	if err := n.AwaitLinks(t.Context(), 10*time.Second); err != nil || !n.AllUp() {
		t.Fatalf("the links are not up: %v", err)
	}
}

// A one-way split cuts one direction. A message that is sent during the split does not arrive
// later.
func TestOneWaySplit(t *testing.T) {
	n, hosts := network(t, "a", "b")
	apply(t, n, fault.Fault{Kind: fault.Split, Groups: [][]string{{"a"}, {"b"}}, OneWay: true})
	if hosts["a"].IsUp("b") || !hosts["b"].IsUp("a") || !n.IsSplit() {
		t.Error("the wrong direction is cut")
	}
	hosts["a"].ping("a", "b", 1)
	hosts["b"].ping("b", "a", 2)
	if op := hosts["a"].next(t); op != 2 {
		t.Errorf("message %d arrived", op)
	}
	apply(t, n, fault.Fault{Kind: fault.Heal})
	hosts["a"].ping("a", "b", 3)
	if op := hosts["b"].next(t); op != 3 {
		t.Errorf("message %d arrived", op)
	}
}

// A split that ends by itself leaves slow links slow.
func TestHealSplitKeepsSlowLinks(t *testing.T) {
	n, _ := network(t, "a", "b")
	apply(t, n, fault.Fault{Kind: fault.Slow, Link: "a>b", Delay: time.Millisecond})
	apply(t, n, fault.Fault{Kind: fault.Split, Groups: [][]string{{"a"}, {"b"}}})
	if len(n.Events()) != 2 {
		t.Errorf("faults: %+v", n.Events())
	}
	if err := n.HealSplit(); err != nil {
		t.Fatal(err)
	}
	if e := n.Events(); len(e) != 1 || e[0].Link != "a>b" || e[0].Delay != time.Millisecond {
		t.Errorf("faults: %+v", e)
	}
}

// A link that has no room refuses a message.
func TestFullLinkRefuses(t *testing.T) {
	n, hosts := network(t, "a", "b")
	apply(t, n, fault.Fault{Kind: fault.Slow, Link: "a>b", Delay: time.Minute})
	unsent := 0
	hosts["a"].o.Unsent = func(wire.Message, int) { unsent++ }
	for range transport.MaxQueue + 10 {
		hosts["a"].ping("a", "b", 1)
	}
	if unsent != 10 {
		t.Errorf("%d messages were refused", unsent)
	}
}

// A node that has left is not part of a split.
func TestRemoveEndsASplitWithoutSides(t *testing.T) {
	n, _ := network(t, "a", "b", "c")
	apply(t, n, fault.Fault{Kind: fault.Split, Groups: [][]string{{"a"}, {"b", "c"}}})
	n.Remove("a")
	if n.IsSplit() {
		t.Error("the split goes on")
	}
}
