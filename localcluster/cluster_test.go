package localcluster

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/settings"
	"ringside/engine/usage"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/localcluster/control"
)

// begin starts a cluster that is taken down with the test.
func begin(t *testing.T, o Options) *Cluster {
	t.Helper()
	if o.Home == "" {
		o.Home = t.TempDir()
	}
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func put(t *testing.T, c *Cluster, via, key, value string, token []byte) wire.PutReply {
	t.Helper()
	r, err := c.Do(t.Context(), via, wire.PutRequest{Key: []byte(key), Value: []byte(value), Context: token})
	if err != nil {
		t.Fatal(err)
	}
	p := r.(wire.PutReply)
	if p.Err != wire.OK {
		t.Fatalf("put %s via %q: %v: %s", key, via, p.Err, p.Message)
	}
	return p
}

func get(t *testing.T, c *Cluster, via, key string) wire.GetReply {
	t.Helper()
	r, err := c.Do(t.Context(), via, wire.GetRequest{Key: []byte(key)})
	if err != nil {
		t.Fatal(err)
	}
	g := r.(wire.GetReply)
	if g.Err != wire.OK {
		t.Fatalf("get %s via %q: %v: %s", key, via, g.Err, g.Message)
	}
	return g
}

func values(g wire.GetReply) []string {
	var out []string
	for _, v := range g.Siblings {
		out = append(out, string(v.Value))
	}
	slices.Sort(out)
	return out
}

func want(t *testing.T, g wire.GetReply, vals ...string) {
	t.Helper()
	if got := values(g); !slices.Equal(got, vals) {
		t.Fatalf("got %q, want %q", got, vals)
	}
}

func do(t *testing.T, c *Cluster, f fault.Fault) {
	t.Helper()
	if err := c.Fault(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func viewOf(t *testing.T, c *Cluster, keys ...string) *view.Cluster {
	t.Helper()
	var ks [][]byte
	for _, k := range keys {
		ks = append(ks, []byte(k))
	}
	events, err := c.Snapshot(t.Context(), ks...)
	if err != nil {
		t.Fatal(err)
	}
	v := view.From(events)
	return v
}

// await waits for a change that the cluster makes by itself.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// inBothModes runs a test with data on disk and in memory.
func inBothModes(t *testing.T, test func(t *testing.T, o Options)) {
	t.Run("disk", func(t *testing.T) { test(t, Options{}) })
	t.Run("mem", func(t *testing.T) { test(t, Options{Mem: true}) })
}

func TestPutAndGetThroughEveryNode(t *testing.T) {
	inBothModes(t, func(t *testing.T, o Options) {
		c := begin(t, o)
		for i, via := range append([]string{""}, c.registry.settings().Nodes...) {
			key := fmt.Sprintf("cart-%d", i)
			p := put(t, c, via, key, "milk", nil)
			if p.Request == 0 || len(p.Acks) < c.registry.settings().W {
				t.Fatalf("put reply %+v", p)
			}
			for _, other := range c.registry.settings().Nodes {
				want(t, get(t, c, other, key), "milk")
			}
		}
	})
}

func TestReadyQuickly(t *testing.T) {
	const limit, attempts = 2 * time.Second, 4 // the aim is 0.5 s; a test machine may be slow, but not every time
	for _, mem := range []bool{false, true} {
		took := limit + 1
		for range attempts {
			if took <= limit {
				break
			}
			began := time.Now()
			c := begin(t, Options{Mem: mem})
			took = time.Since(began)
			t.Logf("mem=%v: 5 nodes ready in %v", mem, took)
			if !c.network.AllUp() {
				t.Error("a link is not up")
			}
			_ = c.Close()
		}
		if took > limit {
			t.Errorf("mem=%v: took more than %v %d times in a row", mem, limit, attempts)
		}
	}
}

// After a split with puts on both sides there are siblings and hints. After the heal the hints are
// delivered, and the replicas converge.
func TestSplitAndHeal(t *testing.T) {
	inBothModes(t, func(t *testing.T, o Options) {
		c := begin(t, o)
		first := put(t, c, "n1", "cart", "milk", nil)
		do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}})
		put(t, c, "n1", "cart", "milk eggs", first.Context)
		put(t, c, "n4", "cart", "milk jam", first.Context)
		want(t, get(t, c, "n2", "cart"), "milk eggs")
		want(t, get(t, c, "n5", "cart"), "milk jam")
		v := viewOf(t, c, "cart")
		if len(v.Groups) != 2 || v.Hints() == 0 {
			t.Fatalf("groups %v, hints %d", v.Groups, v.Hints())
		}
		do(t, c, fault.Fault{Kind: fault.Heal})
		await(t, "hints to be delivered", func() bool { return viewOf(t, c).Hints() == 0 })
		g := get(t, c, "n3", "cart") // its read repair also reaches homes without a hint
		want(t, g, "milk eggs", "milk jam")
		await(t, "convergence", func() bool { return viewOf(t, c, "cart").Converged([]byte("cart")) })
		put(t, c, "n3", "cart", "milk eggs jam", g.Context)
		want(t, get(t, c, "n1", "cart"), "milk eggs jam")
	})
}

func TestPutRightAfterFault(t *testing.T) {
	c := begin(t, Options{Mem: true})
	for i := range 20 {
		victim := c.registry.settings().Nodes[i%5]
		do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{victim}})
		for _, n := range viewOf(t, c).Nodes { // a node that does not know would wait for the dead node
			if n.Name != victim && !n.Suspects[victim] {
				t.Errorf("%s does not know that %s is dead", n.Name, victim)
			}
		}
		put(t, c, "", fmt.Sprintf("k%d", i), "v", nil)
		do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{victim}})
		if !c.network.AllUp() {
			t.Errorf("a link is not up after restart %s", victim)
		}
	}
}

func TestKillAndRestart(t *testing.T) {
	inBothModes(t, func(t *testing.T, o Options) {
		c := begin(t, o)
		addr := *c.registry.node("n3").addr.Load()
		put(t, c, "n3", "cart", "milk", nil)
		await(t, "the third replica", func() bool { return viewOf(t, c, "cart").Converged([]byte("cart")) })
		do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n3"}})
		r, err := c.Do(t.Context(), "n3", wire.GetRequest{Key: []byte("cart")})
		if err != nil || r.(wire.GetReply).Err != wire.NodeDown {
			t.Fatalf("get through a dead node: %+v, %v", r, err)
		}
		want(t, get(t, c, "", "cart"), "milk")
		if v := viewOf(t, c); v.Node("n3").Status != view.Down {
			t.Errorf("n3 is %s", v.Node("n3").Status)
		}
		do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n3"}})
		if now := *c.registry.node("n3").addr.Load(); now != addr {
			t.Errorf("n3 moved from %s to %s", addr, now)
		}
		want(t, get(t, c, "n3", "cart"), "milk")
		for _, n := range c.registry.settings().Nodes { // every replica survives the crash of each node
			do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{n}})
		}
		want(t, get(t, c, "n1", "cart"), "milk")
	})
}

func TestWipe(t *testing.T) {
	inBothModes(t, func(t *testing.T, o Options) {
		c := begin(t, o)
		for i := range 20 {
			put(t, c, "", fmt.Sprintf("k%d", i), "v", nil)
		}
		var had int
		await(t, "every replica to arrive", func() bool {
			v, total := viewOf(t, c), 0
			for _, n := range v.Nodes {
				total += n.Keys
			}
			had = v.Node("n2").Keys
			return total == 20*3
		})
		before := c.registry.node("n2").number
		do(t, c, fault.Fault{Kind: fault.Wipe, Nodes: []string{"n2"}})
		if n := viewOf(t, c).Node("n2"); n.Keys >= had || n.Status != view.Up {
			t.Errorf("after the wipe n2 has %d keys and is %s", n.Keys, n.Status)
		}
		if after := c.registry.node("n2").number; after <= before {
			t.Errorf("incarnation %d after %d", after, before)
		}
		for i := range 20 {
			want(t, get(t, c, "n2", fmt.Sprintf("k%d", i)), "v")
		}
	})
}

func TestPauseAndResume(t *testing.T) {
	c := begin(t, Options{Mem: true})
	put(t, c, "", "cart", "milk", nil)
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n2"}})
	if v := viewOf(t, c); v.Node("n2").Status != view.Paused || v.Node("n2").Addr == "" {
		t.Errorf("n2 is %+v", v.Node("n2"))
	}
	put(t, c, "", "cart2", "milk", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Do(ctx, "n2", wire.GetRequest{Key: []byte("cart")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("get through a paused node: %v", err)
	}
	do(t, c, fault.Fault{Kind: fault.Resume, Nodes: []string{"n2"}})
	want(t, get(t, c, "n2", "cart"), "milk")
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n2"}})
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n2"}})
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}})
	want(t, get(t, c, "n2", "cart"), "milk")
	do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n1", "n2"}}) // Close must also end paused nodes
}

func TestSenselessFaults(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n5"}})
	for _, f := range []fault.Fault{
		{Kind: "earthquake"},
		{Kind: fault.Kill},
		{Kind: fault.Kill, Nodes: []string{"n9"}},
		{Kind: fault.Kill, Nodes: []string{"n1", "n5"}},
		{Kind: fault.Pause, Nodes: []string{"n5"}},
		{Kind: fault.Resume, Nodes: []string{"n1"}},
		{Kind: fault.Split, Groups: [][]string{{"n1", "n2", "n3", "n4", "n5"}}},
		{Kind: fault.Slow, Link: "n1>n1"},
		{Kind: fault.Loss, Link: "n1>n2", Percent: 101},
	} {
		var usage *usage.Error
		if err := c.Fault(t.Context(), f); !errors.As(err, &usage) {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if c.registry.node("n1").current.Load() == nil {
		t.Error("a fault that was refused killed n1")
	}
	var usage *usage.Error
	if _, err := c.Do(t.Context(), "n9", wire.GetRequest{Key: []byte("k")}); !errors.As(err, &usage) {
		t.Errorf("unknown node: %v", err)
	}
}

func TestAllDown(t *testing.T) {
	c := begin(t, Options{Mem: true})
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: c.registry.settings().Nodes})
	r, err := c.Do(t.Context(), "", wire.PutRequest{Key: []byte("k"), Value: []byte("v")})
	if err != nil || r.(wire.PutReply).Err != wire.NodeDown {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRestartOfTheWholeCluster(t *testing.T) {
	home := t.TempDir()
	dir := t.TempDir()
	o := Options{Home: home, Dir: dir, Settings: settings.Cluster{Nodes: []string{"a", "b", "c", "d"}, R: 3}}
	c, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	token := put(t, c, "a", "cart", "milk", nil).Context
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = begin(t, Options{Home: home, Dir: dir})
	if c.registry.settings().R != 3 || len(c.registry.settings().Nodes) != 4 {
		t.Fatalf("settings %+v", c.registry.settings())
	}
	want(t, get(t, c, "d", "cart"), "milk")
	put(t, c, "b", "cart", "jam", token) // the context is still accepted
	want(t, get(t, c, "d", "cart"), "jam")
}

func TestTooLarge(t *testing.T) {
	c := begin(t, Options{Mem: true})
	for _, req := range []wire.PutRequest{
		{Key: []byte("k"), Value: make([]byte, wire.MaxValue+1)},
		{Key: make([]byte, wire.MaxKey+1), Value: []byte("v")},
		{Key: []byte("k"), Value: make([]byte, 2*wire.MaxFrame)},
	} {
		r, err := c.Do(t.Context(), "", req)
		if err != nil || r.(wire.PutReply).Err != wire.TooLarge {
			t.Errorf("%d byte value: %v, %v", len(req.Value), r.(wire.PutReply).Err, err)
		}
	}
	big := strings.Repeat("x", wire.MaxValue)
	put(t, c, "", "big", big, nil)
	want(t, get(t, c, "n4", "big"), big)
}

func TestManyClientsAtOnce(t *testing.T) {
	inBothModes(t, func(t *testing.T, o Options) {
		c := begin(t, o)
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				key := fmt.Sprintf("k%d", i)
				var token []byte
				for j := range 20 {
					r, err := c.Do(t.Context(), "",
						wire.PutRequest{Key: []byte(key), Value: fmt.Append(nil, j), Context: token})
					if err != nil || r.(wire.PutReply).Err != wire.OK {
						t.Errorf("put %d of %s: %+v, %v", j, key, r, err)
						return
					}
					token = r.(wire.PutReply).Context
				}
			})
		}
		wg.Wait()
		for i := range 32 {
			want(t, get(t, c, "", fmt.Sprintf("k%d", i)), "19")
		}
	})
}

// A cluster that was closed during faults leaves no goroutine.
func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, mem := range []bool{true, false} {
		c, err := Start(t.Context(), Options{Home: t.TempDir(), Mem: mem})
		if err != nil {
			t.Fatal(err)
		}
		put(t, c, "", "cart", "milk", nil)
		do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1"}}, For: time.Hour})
		do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n4"}})
		do(t, c, fault.Fault{Kind: fault.Pause, Nodes: []string{"n5"}})
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Fatal(err)
		}
		<-c.Done()
		if _, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte("k")}); !errors.Is(err, control.ErrNotRunning) {
			t.Errorf("do after close: %v", err)
		}
	}
	deadline := time.Now().Add(15 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Calls in the same process are checked like requests through the control socket.
func TestSenselessChanges(t *testing.T) {
	c := begin(t, Options{Mem: true})
	for _, r := range []member.Request{{Kind: member.Gone, Node: "n1"}, {Kind: 9, Node: "n1"}, {Kind: member.Leave},
		{Weight: -1}, {Node: "A!"}} {
		var usage *usage.Error
		if _, err := c.Member(t.Context(), r); !errors.As(err, &usage) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}
