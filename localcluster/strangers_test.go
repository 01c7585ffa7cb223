package localcluster

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"ringside/engine/fault"
	"ringside/engine/wire"
)

// A program without the secret that holds all opening slots of a node, and takes them again when
// they are closed, does not keep out a restarted peer or a client.
func TestStrangersDoNotShutOutNewcomers(t *testing.T) {
	c := begin(t, Options{Mem: true})
	ctx, cancel := context.WithCancel(t.Context())
	var held atomic.Int64
	var strangers sync.WaitGroup
	for range maxOpening {
		strangers.Go(func() {
			for ctx.Err() == nil {
				conn, err := net.Dial("tcp4", *c.registry.node("n1").addr.Load())
				if err != nil {
					continue
				}
				stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
				held.Add(1)
				_, _ = conn.Read(make([]byte, 1)) // until the node closes it
				stop()
				_ = conn.Close()
			}
		})
	}
	defer strangers.Wait()
	defer cancel()
	await(t, "the strangers to hold all slots", func() bool { return held.Load() >= maxOpening })
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}})
	if !c.network.AllUp() {
		t.Error("the restarted node did not reach n1")
	}
	put(t, c, "n1", "k", "v", nil) // the client's first connection to n1
	want(t, get(t, c, "n2", "k"), "v")
}

// Clients cannot take all connections of a node: its peers find room.
func TestClientsLeaveRoomForPeers(t *testing.T) {
	s := &server{conns: map[net.Conn]bool{}}
	enter := func(role wire.Role) (conn net.Conn, ok bool) {
		near, far := net.Pipe()
		t.Cleanup(func() { _ = far.Close() })
		return near, s.admitConn(near) && s.proved(near, role)
	}
	for range maxClientConns {
		if _, ok := enter(wire.RoleClient); !ok {
			t.Fatal("a client was refused")
		}
	}
	conn, ok := enter(wire.RoleClient)
	if ok {
		t.Error("one client more than maxClientConns was admitted")
	}
	s.forgetConn(conn)
	if _, ok := enter(wire.RoleNode); !ok {
		t.Error("a peer was refused")
	}
	if len(s.opening) != 0 {
		t.Errorf("%d connections are still opening", len(s.opening))
	}
}
