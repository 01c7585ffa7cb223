package floor

import (
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var usual = [2]Sizes{{Request: 250, Ask: 300, Answer: 60, Reply: 150}, {Request: 60, Ask: 60, Answer: 300, Reply: 300}}

func start(t testing.TB, o Options) *Floor {
	t.Helper()
	f, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// Every request of every kind of client is answered, whatever N, R and W are, and each node counts
// the operations that it coordinated.
func TestRequestsAreAnswered(t *testing.T) {
	for _, o := range []Options{
		{Nodes: 1, N: 1, R: 1, W: 1},
		{Nodes: 3, N: 3, R: 1, W: 3},
		{Nodes: 3, N: 3, R: 2, W: 2, Sizes: usual},
		{Nodes: 40, N: 3, R: 2, W: 2, Sizes: usual},
		{Nodes: 20, N: 20, R: 20, W: 20, Sizes: usual},
		{Nodes: 7, N: 3, R: 3, W: 1, Sizes: [2]Sizes{{Request: 200 << 10, Ask: 200 << 10}, {Answer: 200 << 10}}},
	} {
		t.Run(fmt.Sprintf("%d nodes N=%d R=%d W=%d", o.Nodes, o.N, o.R, o.W), func(t *testing.T) {
			f := start(t, o)
			const clients, each = 5, 40
			shared, err := f.NewShared(clients)
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			var answered atomic.Int64
			for i := range clients {
				single, err := f.New(i)
				if err != nil {
					t.Fatal(err)
				}
				wg.Go(func() {
					defer single.Close()
					for k := range each {
						for _, err := range []error{single.Do(Op(k % 2)), shared.Do(i, Op(k%2), k)} {
							if err != nil {
								t.Error(err)
								return
							}
							answered.Add(1)
						}
					}
				})
			}
			wg.Wait()
			shared.Close()
			begun := 0
			for _, n := range f.nodes {
				n.mu.Lock()
				begun += n.begun
				n.mu.Unlock()
			}
			if want := 2 * clients * each; int(answered.Load()) != want || o.N > 1 && begun != want {
				t.Errorf("%d answers, %d operations, want %d", answered.Load(), begun, want)
			}
			awaitIdle(t, f)
		})
	}
}

// awaitIdle waits until all answers of replicas have arrived, and checks that no operation is left.
func awaitIdle(t *testing.T, f *Floor) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for _, n := range f.nodes {
		for {
			n.mu.Lock()
			all, free := len(n.ops), len(n.free)
			n.mu.Unlock()
			if all == free {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("node %d: %d of %d operations did not end", n.index, all-free, all)
			}
			runtime.Gosched()
		}
	}
}

// A request and its reply have the sizes of the options on the wire.
func TestMessagesHaveTheirSizes(t *testing.T) {
	f := start(t, Options{Nodes: 2, N: 2, R: 1, W: 2, Sizes: usual})
	for op, want := range usual {
		c, err := net.Dial("tcp", f.nodes[0].listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		frames := appendFrame(nil, header{size: MinSize, kind: hello, sender: clientSender})
		frames = appendFrame(frames, header{size: want.Request, kind: request, op: Op(op), id: 7})
		if len(frames) != MinSize+want.Request {
			t.Errorf("%d bytes for a request of %d", len(frames)-MinSize, want.Request)
		}
		if _, err := c.Write(frames); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, want.Reply)
		if _, err := io.ReadFull(c, b); err != nil {
			t.Fatal(err)
		}
		if h := parse(b); h != (header{size: want.Reply, kind: reply, op: Op(op), id: 7}) {
			t.Errorf("reply %+v, want one of %d bytes", h, want.Reply)
		}
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if n, err := c.Read(b); err == nil {
			t.Errorf("%d bytes after the reply", n)
		}
	}
}

// Close ends all goroutines, also while requests are under way, and then clients get an error.
func TestCloseEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	f, err := Start(Options{Nodes: 3, N: 3, R: 2, W: 2, Sizes: usual})
	if err != nil {
		t.Fatal(err)
	}
	shared, err := f.NewShared(4)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	begun := make(chan struct{}, 8)
	untilError := func(do func() error) {
		wg.Go(func() {
			if err := do(); err != nil {
				t.Error(err)
			}
			begun <- struct{}{}
			for do() == nil {
			}
		})
	}
	for i := range 4 {
		single, err := f.New(i)
		if err != nil {
			t.Fatal(err)
		}
		untilError(func() error { return single.Do(Put) })
		untilError(func() error { return shared.Do(i, Get, i) })
	}
	for range cap(begun) {
		<-begun
	}
	f.Close()
	wg.Wait()
	if _, err := f.New(0); err == nil {
		t.Error("a closed floor takes a client")
	}
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if now := runtime.NumGoroutine(); now > before {
		t.Errorf("%d goroutines before, %d after", before, now)
	}
}

// Garbage on a port ends that connection only.
func TestGarbageIsRefused(t *testing.T) {
	f := start(t, Options{Nodes: 2, N: 2, R: 2, W: 2, Sizes: usual})
	for _, frames := range [][]byte{
		make([]byte, 100),
		appendFrame(nil, header{size: MinSize, kind: request}),
		appendFrame(appendFrame(nil, header{size: MinSize, kind: hello, sender: clientSender}), header{size: 100, kind: 9}),
	} {
		c, err := net.Dial("tcp", f.nodes[0].listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(frames); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
		_ = c.Close()
	}
	c, err := f.New(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Do(Get); err != nil {
		t.Error(err)
	}
}

func TestInvalidOptions(t *testing.T) {
	for _, o := range []Options{{}, {Nodes: 1, N: 2, R: 1, W: 1}, {Nodes: 3, N: 3, R: 4, W: 1}, {Nodes: 3, N: 3, R: 1},
		{Nodes: 1, N: 1, R: 1, W: 1, Sizes: [2]Sizes{{Reply: MaxSize + 1}}}} {
		if f, err := Start(o); err == nil {
			f.Close()
			t.Errorf("%+v is accepted", o)
		}
	}
}

func BenchmarkFloor(b *testing.B) {
	f := start(b, Options{Nodes: 3, N: 3, R: 2, W: 2, Sizes: usual})
	for _, clients := range []int{1, 16, 64} {
		for op, name := range []string{"put", "get"} {
			b.Run(fmt.Sprintf("%s/single/%d", name, clients), func(b *testing.B) {
				b.ReportAllocs()
				var wg sync.WaitGroup
				defer wg.Wait()
				for i := range clients {
					c, err := f.New(i)
					if err != nil {
						b.Fatal(err)
					}
					wg.Go(func() {
						defer c.Close()
						for k := i; k < b.N; k += clients {
							if err := c.Do(Op(op)); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
			})
			b.Run(fmt.Sprintf("%s/shared/%d", name, clients), func(b *testing.B) {
				b.ReportAllocs()
				s, err := f.NewShared(clients)
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				var wg sync.WaitGroup
				defer wg.Wait()
				for i := range clients {
					wg.Go(func() {
						for k := i; k < b.N; k += clients {
							if err := s.Do(i, Op(op), k); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
			})
		}
	}
}
