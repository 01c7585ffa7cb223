package localcluster

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/engine/wire"
	"ringside/localcluster/budget"
	"ringside/localcluster/config"
	"ringside/localcluster/transport"
)

// crowd starts a cluster of many nodes with a small budget. Its mode is last write wins, so that
// the data stays small.
func crowd(t *testing.T, nodes, memory int) *Cluster {
	var names []string
	for i := range nodes {
		names = append(names, fmt.Sprintf("n%d", i+1))
	}
	return begin(t, Options{Mem: true, Testing: config.Testing{Memory: memory},
		Settings: settings.Cluster{Nodes: names, Mode: settings.ModeLWW, NoAntiEntropy: true}})
}

// queued returns the bytes that wait in the cluster's links and inboxes, counted one by one.
func queued(c *Cluster) (bytes int) {
	for _, n := range c.registry.nodes() {
		l := n.current.Load()
		if l == nil {
			continue
		}
		bytes += l.links.Queued()
		_, waiting := l.inbox.Waiting()
		bytes += waiting
	}
	return bytes
}

// besiege sends requests with values of size bytes from many clients at once, through all nodes
// except those that are left out. It returns how many requests ended with each code.
func besiege(t *testing.T, c *Cluster, clients, requests, size int, leftOut ...string) map[wire.Code]int {
	var via []string
	for _, n := range c.registry.nodes() {
		if !bytes.Contains([]byte(fmt.Sprint(leftOut)), []byte(n.name)) {
			via = append(via, n.name)
		}
	}
	value := bytes.Repeat([]byte("v"), size)
	var mu sync.Mutex
	codes := map[wire.Code]int{}
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for j := range requests {
				key := fmt.Appendf(nil, "k%d", (i+j)%40)
				code, err := ask(t, c, via[(i+j)%len(via)], key, value, j%2 == 0)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				codes[code]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return codes
}

// ask does one put or one get.
func ask(t *testing.T, c *Cluster, via string, key, value []byte, put bool) (wire.Code, error) {
	if put {
		r, err := c.Do(t.Context(), via, wire.PutRequest{Key: key, Value: value})
		if err != nil {
			return 0, err
		}
		return r.(wire.PutReply).Err, nil
	}
	r, err := c.Do(t.Context(), via, wire.GetRequest{Key: key})
	if err != nil {
		return 0, err
	}
	return r.(wire.GetReply).Err, nil
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // a sync.Pool keeps its content during the first collection
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Many nodes under load stay within the budget of their process, although links are slow and one
// node is paused. The nodes refuse requests beyond the budget, and give all memory back.
func TestQueuesStayWithinTheBudget(t *testing.T) {
	const memory, nodes = 24 << 20, 16
	c := crowd(t, nodes, memory)
	before := heap()
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n1", Delay: 300_000_000})
	do(t, c, fault.Fault{Kind: fault.Slow, Link: "n2", Delay: 300_000_000})
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n3"}})
	var over atomic.Int64
	done, watching := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watching)
		for {
			if n := queued(c); n > memory {
				over.Store(int64(n))
			}
			if u := c.memory.Use(); u.Used > u.Limit {
				over.Store(int64(u.Used))
			}
			select {
			case <-done:
				return
			default:
				runtime.Gosched()
			}
		}
	}()
	codes := besiege(t, c, 128, 2, 200_000, "n3")
	close(done)
	<-watching
	u := c.memory.Use()
	t.Logf("%v, %+v", codes, u)
	if n := over.Load(); n > 0 || u.Peak > u.Limit || u.Limit > memory {
		t.Errorf("%d bytes were held of %d", n, memory)
	}
	if u.Refused == 0 || u.Peak < memory/4 {
		t.Errorf("the load was no load: %+v", u)
	}
	if codes[wire.OK] == 0 || codes[wire.TooLarge] > 0 || codes[wire.BadRequest] > 0 {
		t.Errorf("%v", codes)
	}
	do(t, c, fault.Fault{Kind: fault.Resume, Nodes: []string{"n3"}})
	do(t, c, fault.Fault{Kind: fault.Heal})
	await(t, "all memory to be given back", func() bool { return c.memory.Use().Used == 0 })
	const data = 40 * 200_000 * (nodes + 3) // all values and hints
	if after := heap(); after > before+data {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}

// A paused node stops only the links to itself. The other nodes have memory for all their
// work.
func TestPausedNodeLeavesMemoryToOthers(t *testing.T) {
	c := crowd(t, 8, 128<<20)
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1"}})
	for range 3 {
		besiege(t, c, 16, 20, 20_000, "n1")
	}
	stuck := c.memory.Use().Used
	if stuck == 0 {
		t.Error("nothing waits for the node that stands still")
	}
	codes := besiege(t, c, 8, 20, 20_000, "n1")
	if len(codes) != 1 || codes[wire.OK] != 8*20 {
		t.Errorf("beside a node that stands still: %v", codes)
	}
}

// A node, a connection and a cluster give back all their memory and close their accounts when they
// end.
func TestNoMemoryIsLeftBehind(t *testing.T) {
	c := crowd(t, 5, 32<<20)
	start := c.memory.Use().Queues
	stop := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				besiege(t, c, 16, 4, 100_000)
			}
		}
	})
	for range 5 {
		do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n1", "n2"}})
		do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}, {"n2"}}})
		do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
		do(t, c, fault.Fault{Kind: fault.Heal})
		do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n3"}})
	}
	close(stop)
	load.Wait()
	await(t, "all memory to be given back", func() bool { return c.memory.Use().Used == 0 })
	const clients, links = 3 * 5, 2 * 5 * 4 // a connection has two ends, each of which sends and receives
	if u := c.memory.Use(); u.Queues > start+clients+links+5 {
		t.Errorf("%d queues at the start, %d now", start, u.Queues)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if u := c.memory.Use(); u.Used != 0 || u.Queues != 0 {
		t.Errorf("after the end: %+v", u)
	}
}

// A request for which there is no memory is read and refused, and the connection stays open.
func TestRequestWithoutMemoryIsRefused(t *testing.T) {
	c := begin(t, Options{Mem: true, Testing: config.Testing{Memory: 64 << 20}})
	var greedy []*budget.Account
	for range 200 { // takes all memory that others could use
		a := c.memory.In.Open()
		for a.Take(10_000, transport.ClientShare) {
		}
		greedy = append(greedy, a)
	}
	code, err := ask(t, c, "n1", []byte("k"), make([]byte, 500_000), true)
	if err != nil || code != wire.Overloaded {
		t.Errorf("%v %v", code, err)
	}
	for _, a := range greedy {
		a.Give(a.Used())
	}
	if code, err := ask(t, c, "n1", []byte("k"), make([]byte, 500_000), true); err != nil || code != wire.OK {
		t.Errorf("%v %v", code, err)
	}
}

// The status of a cluster shows the memory that its queues hold, and the limit.
func TestSnapshotHasMemory(t *testing.T) {
	c := begin(t, Options{Mem: true})
	if q := viewOf(t, c).Queues; q.Limit < budget.Default-10 || q.Limit > budget.Default || q.Used > q.Limit {
		t.Errorf("%+v", q)
	}
}
