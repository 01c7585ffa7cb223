package target

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ringside/engine/wire"
	"ringside/riak/rpb"
)

// A port that speaks another protocol is told from one of Riak before a request is sent, and the
// error says what the port is.
func TestOtherProtocols(t *testing.T) {
	var served atomic.Int64
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	defer web.Close()
	for _, tt := range []struct{ name, addr, want string }{
		{"HTTP", web.Listener.Addr().String(), "this is an HTTP port"},
		{"a banner", banner(t, "SSH-2.0-OpenSSH_9\r\n"), "its answer begins with 'SSH-2.0-OpenSSH_9"},
		{"another code", banner(t, "\x00\x00\x00\x01\x07"), "does not speak Riak's protocol buffers"},
		{"a close", banner(t, ""), "closes connections without an answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Open(Address{Hosts: []string{tt.addr}, Type: "plain", Bucket: "carts", Timeout: time.Second})
			defer c.Close()
			for _, req := range []wire.ClientRequest{wire.GetRequest{Key: []byte("k")},
				wire.PutRequest{Key: []byte("k"), Value: []byte("v")}} {
				_, err := c.Do(t.Context(), "", req)
				var none *Unreachable
				if !errors.As(err, &none) || !strings.Contains(err.Error(), tt.want) ||
					!strings.Contains(err.Error(), "speaks Riak's protocol buffers") || !strings.Contains(err.Error(), "status") {
					t.Errorf("%T: %v", req, err)
				}
			}
		})
	}
	if n := served.Load(); n > 0 {
		t.Errorf("%d requests reached the server of HTTP", n)
	}
}

// A host of another protocol does not keep the other hosts from a request.
func TestOtherProtocolAmongHosts(t *testing.T) {
	s := play(t, []byte{0, 0, 0, 1, byte(rpb.CodeGetResp)})
	c := Open(Address{Hosts: []string{banner(t, "220 ready\r\n"), s.Addr().String()}, Type: "plain", Bucket: "carts",
		Timeout: long})
	defer c.Close()
	if _, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte("k")}); err != nil || len(s.asked()) != 1 {
		t.Errorf("%v, %d requests", err, len(s.asked()))
	}
}

// banner returns the address of a server that sends text on each connection, and closes the
// connection when the client has sent something.
func banner(t *testing.T, text string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, text)
			_, _ = c.Read(make([]byte, pingSize))
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-over })
	return l.Addr().String()
}
