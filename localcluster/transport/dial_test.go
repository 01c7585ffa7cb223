package transport

import (
	"crypto/rand"
	"net"
	"testing"

	"ringside/engine/wire"
)

// A peer that closes the connection before it has answered is tried again.
func TestDialTriesAgain(t *testing.T) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	secret := []byte("0123456789abcdef0123456789abcdef")
	go func() {
		for i := range DialAttempts {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			if i == DialAttempts-1 {
				_, _, _ = wire.Accept(conn, secret, "n1", rand.Reader)
				continue // the test closes its end
			}
			_ = conn.Close()
		}
	}()
	conn, err := Dial(t.Context(), secret, Peer{Addr: ln.Addr().String(), Name: "n1", Role: wire.RoleClient, Self: "client"})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}
