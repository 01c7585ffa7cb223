package httpdoor

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// A local is a listener that takes no ports, of which a million connections would use up all.
type local struct{ net.Listener }

func (local) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8098} }

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

// end is what a request of the seeds needs after its target.
const end = " HTTP/1.1\r\nHost: 127.0.0.1\r\n"

// requests are requests of all resources, from which malformed ones are made.
var requests = []string{
	"GET /buckets/b/keys/k?r=1&timeout=5" + end + "Accept: multipart/mixed, */*;q=0.1\r\nAccept-Encoding: gzip\r\n\r\n",
	"PUT /types/plain/buckets/b/keys/k?returnbody=true" + end + "Content-Type: text/plain; charset=x\r\n" +
		"Content-Length: 1\r\nLink: </buckets/b/keys/k>; riaktag=\"t\"\r\nX-Riak-Meta-A: b\r\n" +
		"X-Riak-Index-f_int: 1, 2\r\nX-Riak-Vclock: AAAA\r\n\r\nv",
	"POST /riak/b" + end + "Content-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
	"DELETE /riak/b/k?rw=all" + end + "If-Match: \"a\", \"b\\\"\"\r\nIf-Unmodified-Since: Thu, 01 Jan 2015 00:00:00 GMT\r\n\r\n",
	"HEAD /riak/b/k?vtag=x" + end + "If-None-Match: *\r\nContent-MD5: AAAA\r\n\r\n",
	"GET /buckets?buckets=stream" + end + "\r\nGET /buckets/b/keys?keys=true" + end + "\r\nGET /riak/b?keys=stream" + end + "\r\n",
	"PUT /buckets/b/props" + end + "Content-Type: application/json\r\nContent-Length: 21\r\n\r\n{\"props\":{\"n_val\":2}}",
	"GET /buckets/b/keys/k/_,_,1/b,t,0" + end + "\r\n", "GET /stats" + end + "Accept: text/plain\r\n\r\n",
	"GET /%zz/%" + end + "\r\n", "OPTIONS *" + end + "\r\n", "GET http://127.0.0.1/ping HTTP/1.0\r\n\r\n", "\x16\x03\x01",
}

// A target is a door without a cluster.
type target struct {
	s      *Server
	store  *kv.Store
	path   string // of its socket
	panics panicLog
}

func newTarget(t testing.TB) *target {
	set, err := config.NewSettings("c", settings.Cluster{})
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "door") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &target{store: kv.NewStore(stub{set}, "n1"), path: filepath.Join(dir, "s")}
	ln, err := net.Listen("unix", d.path)
	if err != nil {
		t.Fatal(err)
	}
	d.s = Serve(local{ln}, Options{Store: d.store})
	d.s.http.ErrorLog = log.New(&d.panics, "", 0)
	return d
}

// close waits until no request runs.
func (d *target) close() {
	_ = d.s.Close()
	d.store.Close()
}

// send sends a request on a connection of its own, and reads answers for a while.
func (d *target) send(t testing.TB, request []byte) {
	client, err := net.Dial("unix", d.path)
	if err != nil {
		t.Error(err)
		return
	}
	go func() {
		_, _ = client.Write(request)
		// What cannot be a request ends a connection that would wait for another one.
		_, _ = io.WriteString(client, "\r\n\r\n\x00\r\n\r\n")
	}()
	r := bufio.NewReader(client)
	for {
		// A server that waits for the rest of a body sends nothing.
		_ = client.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		a, err := http.ReadResponse(r, nil)
		if err != nil {
			break
		}
		_, _ = io.Copy(io.Discard, a.Body)
	}
	_ = client.Close()
}

// FuzzRequest sends bytes to the door. Whatever they are, the door does not panic, and Close finds
// no request that still runs.
func FuzzRequest(f *testing.F) {
	for _, r := range requests {
		f.Add([]byte(r))
	}
	d := newTarget(f)
	f.Cleanup(d.close)
	f.Fuzz(func(t *testing.T, request []byte) {
		d.send(t, request)
		if d.panics.count.Load() > 0 {
			t.Fatal(d.panics.last.Load())
		}
	})
}

// Many malformed requests at once neither make the door panic nor stay in its memory.
func TestMalformedRequests(t *testing.T) {
	rounds := 2000
	if s := os.Getenv("RINGSIDE_TEST_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	const workers, most = 64, 64 << 20
	goroutines := runtime.NumGoroutine()
	d := newTarget(t)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(w)))
			for range rounds / workers {
				d.send(t, malformed(r))
			}
		})
	}
	wg.Wait()
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	if mem.HeapAlloc > most {
		t.Errorf("the heap has %d bytes after %d requests", mem.HeapAlloc, rounds)
	}
	d.close()
	if d.panics.count.Load() > 0 {
		t.Error(d.panics.last.Load())
	}
	for range 1000 { // connections that were closed end soon
		if runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), goroutines)
}

// malformed returns a request with some bytes changed, removed, added, or taken from another one.
func malformed(r *rand.Rand) []byte {
	b := []byte(requests[r.IntN(len(requests))])
	for range 1 + r.IntN(6) {
		at := r.IntN(len(b) + 1)
		switch r.IntN(4) {
		case 0:
			if at < len(b) {
				b[at] = byte(r.IntN(256))
			}
		case 1:
			b = slices.Delete(b, at, min(len(b), at+1+r.IntN(8)))
		case 2:
			b = slices.Insert(b, at, bytes.Repeat([]byte{"%/,;=\" \r\n"[r.IntN(9)]}, 1+r.IntN(300))...)
		default:
			other := requests[r.IntN(len(requests))]
			b = append(b[:at], other[r.IntN(len(other)):]...)
		}
	}
	return b
}
