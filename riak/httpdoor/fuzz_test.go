package httpdoor

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/riak/kv"
)

// A stub is a cluster of which each object has two siblings, and that takes each write.
type stub struct{ set settings.Cluster }

func (s stub) Settings() settings.Cluster { return s.set }

func (s stub) Do(_ context.Context, _ string, req wire.ClientRequest) (wire.ClientReply, error) {
	one := vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 1}, Counter: 1}, Value: []byte("one")}
	two := vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n2", Epoch: 1}, Counter: 1}, Value: []byte("two"), Deleted: true}
	switch req := req.(type) {
	case wire.GetRequest:
		if strings.HasPrefix(string(req.Key), "riak-props:") {
			return wire.GetReply{}, nil
		}
		return wire.GetReply{Siblings: vclock.Siblings{one}, Tombstones: vclock.Siblings{two}, Context: []byte("context")}, nil
	case wire.PutRequest:
		return wire.PutReply{Version: one, Siblings: 1, Context: []byte("context")}, nil
	case wire.ListRequest:
		return wire.ListReply{Keys: []wire.ListedKey{{Key: append(req.Prefix, "b/k"...)}}}, nil
	}
	return wire.ForgetReply{}, nil
}

// A pipes is a listener whose connections are made in memory.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error { return nil }

func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8098} }

// A panicLog counts the panics that net/http logs.
type panicLog struct {
	count atomic.Int64
	last  atomic.Value
}

func (p *panicLog) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("panic")) {
		p.count.Add(1)
		p.last.Store(string(b))
	}
	return len(b), nil
}

// FuzzRequest sends bytes to the door. Whatever they are, the door does not panic, each answer can
// be read, and the connection ends.
func FuzzRequest(f *testing.F) {
	const end = " HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	for _, seed := range []string{
		"GET /buckets/b/keys/k?r=1&timeout=5" + end + "Accept: multipart/mixed, */*;q=0.1\r\nAccept-Encoding: gzip\r\n\r\n",
		"PUT /types/plain/buckets/b/keys/k?returnbody=true" + end + "Content-Type: text/plain; charset=x\r\nContent-Length: 1\r\n" +
			"Link: </buckets/b/keys/k>; riaktag=\"t\"\r\nX-Riak-Meta-A: b\r\nX-Riak-Index-f_int: 1, 2\r\nX-Riak-Vclock: AAAA\r\n\r\nv",
		"POST /riak/b" + end + "Content-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
		"DELETE /riak/b/k?rw=all" + end + "If-Match: \"a\", \"b\\\"\"\r\nIf-Unmodified-Since: Thu, 01 Jan 2015 00:00:00 GMT\r\n\r\n",
		"HEAD /riak/b/k?vtag=x" + end + "If-None-Match: *\r\nContent-MD5: AAAA\r\n\r\n",
		"GET /buckets?buckets=stream" + end + "\r\nGET /buckets/b/keys?keys=true" + end + "\r\nGET /riak/b?keys=stream" + end + "\r\n",
		"PUT /buckets/b/props" + end + "Content-Type: application/json\r\nContent-Length: 21\r\n\r\n{\"props\":{\"n_val\":2}}",
		"GET /buckets/b/keys/k/_,_,1/b,t,0" + end + "\r\n", "GET /stats" + end + "Accept: text/plain\r\n\r\n",
		"GET /%zz/%" + end + "\r\n", "OPTIONS *" + end + "\r\n", "GET http://127.0.0.1/ping HTTP/1.0\r\n\r\n", "\x16\x03\x01",
	} {
		f.Add([]byte(seed))
	}
	set, err := config.NewSettings("c", settings.Cluster{})
	if err != nil {
		f.Fatal(err)
	}
	store := kv.NewStore(stub{set}, "n1")
	conns := make(pipes)
	s := Serve(conns, Options{Store: store})
	var panics panicLog
	s.http.ErrorLog = log.New(&panics, "", 0)
	f.Cleanup(func() {
		close(conns)
		_ = s.Close()
		store.Close()
	})
	f.Fuzz(func(t *testing.T, request []byte) {
		client, server := net.Pipe()
		conns <- server
		_ = client.SetDeadline(time.Now().Add(10 * time.Second))
		go func() {
			_, _ = client.Write(request)
			// A request that cannot be read ends a connection that would wait for another one.
			_, _ = io.WriteString(client, "\r\n\r\n\x00\r\n\r\n")
		}()
		r := bufio.NewReader(client)
		for {
			if _, err := r.Peek(1); err != nil {
				break
			}
			a, err := http.ReadResponse(r, nil)
			if err != nil {
				break // an answer to HEAD looks cut
			}
			_, _ = io.Copy(io.Discard, a.Body)
		}
		_ = client.Close()
		if panics.count.Load() > 0 {
			t.Fatal(panics.last.Load())
		}
	})
}
