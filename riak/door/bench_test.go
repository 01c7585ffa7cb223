package door_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"ringside/engine/wire"
	"ringside/localcluster"
	"ringside/localcluster/config"
	"ringside/localcluster/control"
	"ringside/riak/door"
	"ringside/riak/rpb"
)

const (
	benchKeys   = 4096
	benchWindow = time.Second
	benchRounds = 3 // a figure is the median of the rounds
)

// BenchmarkDoor compares the door with ringside's own clients, one window after the other, so that
// a slow moment of the machine hits all of them. Each client asks one node and has one request at a
// time. The metrics are operations a second through the door, and their ratio to those of
//
//	native   as many clients, each with a connection of its own, as from other processes
//	shared   as many clients in the cluster's process, which share one connection to each node
//
// A client of Riak always has a connection of its own, so native is the comparison at an equal
// number of connections. Shared connections take fewer system calls.
func BenchmarkDoor(b *testing.B) {
	for _, store := range []string{"mem", "sync"} {
		w := newBenchWorld(b, store)
		for _, op := range []string{"get", "put"} {
			for _, clients := range []int{16, 64} {
				b.Run(fmt.Sprintf("%s/%s/%d", store, op, clients), func(b *testing.B) {
					for range b.N {
						w.compare(b, op, clients)
					}
				})
			}
		}
	}
}

// A benchWorld is a cluster with doors, and with all keys of the benchmark.
type benchWorld struct {
	c     *localcluster.Cluster
	doors *door.Doors
	home  string
	nodes []string
}

func newBenchWorld(b *testing.B, store string) *benchWorld {
	w := &benchWorld{home: b.TempDir()}
	var err error
	if w.c, err = localcluster.Start(b.Context(), localcluster.Options{Home: w.home, Mem: store == "mem"}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = w.c.Close() })
	if w.doors, err = door.Open(b.Context(), door.Options{Cluster: w.c, Services: []door.Service{pb(0)}}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.doors.Close)
	w.nodes = w.c.Running()
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for k := i; k < benchKeys; k += 16 {
				if err := native(b.Context(), w.c, "", "put", k); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return w
}

func benchKey(k int) []byte { return fmt.Appendf(nil, "riak:default/b/key-%d", k%benchKeys) }

// A benchClient has one request at a time.
type benchClient struct {
	do  func(k int) error // for the key of number k
	end func()
}

// compare measures the door and the other clients in turn.
func (w *benchWorld) compare(b *testing.B, op string, clients int) {
	via := func(i int) string { return w.nodes[i%len(w.nodes)] }
	through := func(i int) benchClient {
		conn, err := net.Dial("tcp4", w.doors.Addr(via(i), "riak"))
		if err != nil {
			b.Fatal(err)
		}
		return benchClient{func(k int) error { return overDoor(conn, op, k) }, func() { _ = conn.Close() }}
	}
	own := func(i int) benchClient {
		r, err := control.Connect(b.Context(), w.home, config.DefaultName)
		if err != nil {
			b.Fatal(err)
		}
		return benchClient{func(k int) error { return native(b.Context(), r, via(i), op, k) }, func() { _ = r.Close() }}
	}
	shared := func(i int) benchClient {
		return benchClient{func(k int) error { return native(b.Context(), w.c, via(i), op, k) }, func() {}}
	}
	var perSecond, ofOwn, ofShared []float64
	for range benchRounds {
		d, o, s := window(b, clients, through), window(b, clients, own), window(b, clients, shared)
		perSecond, ofOwn, ofShared = append(perSecond, d), append(ofOwn, d/o), append(ofShared, d/s)
	}
	for unit, list := range map[string][]float64{"door-ops/s": perSecond, "of-native": ofOwn, "of-shared": ofShared} {
		slices.Sort(list)
		b.ReportMetric(list[len(list)/2], unit)
	}
}

// window returns the operations a second of so many clients.
func window(b *testing.B, n int, connect func(i int) benchClient) float64 {
	clients := make([]benchClient, n)
	for i := range clients {
		clients[i] = connect(i)
		defer clients[i].end()
	}
	var wg sync.WaitGroup
	var done atomic.Int64
	start := time.Now()
	for i, c := range clients {
		wg.Go(func() {
			for k := i; time.Since(start) < benchWindow; k += n {
				if err := c.do(k); err != nil {
					b.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}

// A doer is a client of ringside.
type doer interface {
	Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error)
}

// native does an operation that has the same effect as that of overDoor.
func native(ctx context.Context, c doer, via, op string, k int) error {
	if op == "get" {
		r, err := c.Do(ctx, via, wire.GetRequest{Key: benchKey(k)})
		if g, ok := r.(wire.GetReply); err != nil || !ok || g.Err != wire.OK || len(g.Siblings) != 1 {
			return fmt.Errorf("get: %v, %v", r, err)
		}
		return nil
	}
	r, err := c.Do(ctx, via, wire.PutRequest{Key: benchKey(k), Value: make([]byte, 100), Overwrite: true})
	if p, ok := r.(wire.PutReply); err != nil || !ok || p.Err != wire.OK {
		return fmt.Errorf("put: %v, %v", r, err)
	}
	return nil
}

// overDoor sends a request and checks the code of the reply.
func overDoor(conn net.Conn, op string, k int) error {
	bucket, key := []byte("b"), benchKey(k)[len("riak:default/b/"):]
	code, want := rpb.CodeGetReq, rpb.CodeGetResp
	var req proto.Message = &rpb.GetReq{Bucket: bucket, Key: key}
	if op == "put" {
		code, want = rpb.CodePutReq, rpb.CodePutResp
		req = &rpb.PutReq{Bucket: bucket, Key: key, Content: &rpb.Content{Value: make([]byte, 100)}}
	}
	frame, err := rpb.AppendFrame(nil, code, req)
	if err != nil {
		return err
	}
	if _, err := conn.Write(frame); err != nil {
		return err
	}
	got, body, err := rpb.ReadFrame(conn, rpb.MaxReply)
	if err != nil || got != want {
		return fmt.Errorf("reply %d %q, %v", got, body, err)
	}
	return nil
}
