package client

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"testing"
	"time"

	"ringside/engine/wire"
	"ringside/localcluster/budget"
	"ringside/localcluster/transport"
)

// A muteNode takes connections on a port of its own and answers nothing.
type muteNode struct {
	ln        net.Listener
	handshake bool // it proves that it knows the secret
	dialed    chan net.Conn
}

func newMuteNode(t *testing.T, secret []byte, handshake bool) *muteNode {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &muteNode{ln: ln, handshake: handshake, dialed: make(chan net.Conn, 10)}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			if handshake {
				if _, _, err := wire.Accept(conn, secret, "n1", rand.Reader); err != nil {
					t.Error(err)
				}
			}
			n.dialed <- conn
		}
	}()
	return n
}

func newClient(t *testing.T, n *muteNode, secret []byte) *Client {
	t.Helper()
	c := New(Options{Secret: secret, Memory: budget.New(budget.Default), Lookup: func(node string) (Target, bool) {
		return Target{Addr: n.ln.Addr().String(), Incarnation: 1}, node == "n1"
	}})
	t.Cleanup(c.Close)
	return c
}

// do sends a get in the background.
func do(ctx context.Context, c *Client) <-chan error {
	done := make(chan error, 1)
	go func() {
		r, err := c.Do(ctx, "n1", wire.GetRequest{Key: []byte("k")})
		if g, ok := r.(wire.GetReply); err == nil && (!ok || g.Err != wire.NodeDown) {
			err = errors.New("the node answered")
		}
		done <- err
	}()
	return done
}

// A request that waits for a connection gives up with its own context. Other requests that wait for
// the same connection go on.
func TestWaitersForADialGiveUpAlone(t *testing.T) {
	secret := make([]byte, wire.SecretSize)
	node := newMuteNode(t, secret, false)
	c := newClient(t, node, secret)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := do(ctx, c), do(t.Context(), c)
	conn := <-node.dialed
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the request that gave up: %v", err)
	}
	select {
	case err := <-second:
		t.Errorf("the other request also gave up: %v", err)
	default:
	}
	_ = conn.Close() // ends the handshake, as do the next lines
	for range transport.DialAttempts - 1 {
		_ = (<-node.dialed).Close()
	}
	if err := <-second; err != nil {
		t.Error(err)
	}
	if n := len(node.dialed); n > 0 {
		t.Errorf("%d more dials", n)
	}
}

// The connection forgets a request whose context has ended.
func TestRequestIsForgotten(t *testing.T) {
	secret := make([]byte, wire.SecretSize)
	node := newMuteNode(t, secret, true)
	c := newClient(t, node, secret)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := do(ctx, c)
	conn := <-node.dialed
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := wire.NewFrameReader(conn, wire.MaxFrame).Next(); err != nil { // the request was sent
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	c.mu.Lock()
	k := c.conns["n1"]
	c.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.calls) != 0 {
		t.Errorf("%d requests are remembered", len(k.calls))
	}
}

func TestNodeThatIsDown(t *testing.T) {
	secret := make([]byte, wire.SecretSize)
	c := newClient(t, newMuteNode(t, secret, true), secret)
	r, err := c.Do(t.Context(), "n2", wire.PutRequest{Key: []byte("k")})
	if p, ok := r.(wire.PutReply); err != nil || !ok || p.Err != wire.NodeDown || p.Unknown {
		t.Errorf("%+v, %v", r, err)
	}
}

// A dial that finds a connection to the node, because another dial was faster, leaves no account
// open.
func TestNeedlessConnectionClosesItsAccounts(t *testing.T) {
	secret := make([]byte, wire.SecretSize)
	node := newMuteNode(t, secret, true)
	c := newClient(t, node, secret)
	for range 3 {
		if _, err := c.dial("n1", node.ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
		if n := c.o.Memory.Use().Queues; n != 2 { // of the reader and of the sender
			t.Errorf("%d accounts are open", n)
		}
	}
}
