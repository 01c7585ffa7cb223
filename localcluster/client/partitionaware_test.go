package client_test

import (
	"fmt"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/wire"
	"ringside/localcluster"
	"ringside/localcluster/client"
)

// begin starts a cluster in memory that is taken down with the test.
func begin(t *testing.T) *localcluster.Cluster {
	t.Helper()
	c, err := localcluster.Start(t.Context(), localcluster.Options{Home: t.TempDir(), Mem: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func ringOf(c *localcluster.Cluster) *ring.Ring {
	s := c.Settings()
	return s.History().Ring(s.RingConfig())
}

func forwarded(t *testing.T, c *localcluster.Cluster) (count int) {
	t.Helper()
	if err := c.Events(t.Context(), event.Query{}, func(batch []event.Event) error {
		for _, e := range batch {
			if e.Kind == event.Forwarded {
				count++
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return count
}

// await waits for a change that the client makes by itself.
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

func newClient(t *testing.T, c *localcluster.Cluster, every time.Duration) *client.PartitionAwareClient {
	t.Helper()
	p, err := client.NewPartitionAwareEvery(t.Context(), c, 0, every)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// §6.4: a partition-aware client sends requests to a home of the key, so that no put is forwarded.
// A load balancer sends them to any node.
func TestRequestsGoToHomes(t *testing.T) {
	c := begin(t)
	p, lb := newClient(t, c, time.Hour), client.NewBalancer(c, 0)
	const requests = 60
	for i := range requests {
		key := fmt.Appendf(nil, "k%d", i)
		r, err := p.Do(t.Context(), wire.PutRequest{Key: key, Value: key})
		put, ok := r.(wire.PutReply)
		if home := ringOf(c).Homes(key)[0]; err != nil || !ok || put.Err != wire.OK || put.Coordinator != home ||
			put.Digest != 0 {
			t.Fatalf("%+v, %v; want it coordinated by %s", r, err, home)
		}
		if r, err = p.Do(t.Context(), wire.GetRequest{Key: key}); err != nil || len(r.(wire.GetReply).Siblings) != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if n := forwarded(t, c); n != 0 {
		t.Errorf("%d puts were forwarded", n)
	}
	for i := range requests {
		r, err := lb.Do(t.Context(), wire.PutRequest{Key: fmt.Appendf(nil, "b%d", i), Value: []byte("v")})
		if err != nil || r.(wire.PutReply).Err != wire.OK {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if n := forwarded(t, c); n == 0 || n == requests { // each has a probability below 1e-13
		t.Errorf("of %d puts through the balancer %d were forwarded", requests, n)
	}
	if _, refreshes := p.Counts(); refreshes > 0 {
		t.Errorf("%d refreshes of a client that is not stale", refreshes)
	}
}

// The client passes over a home that is down, for the next node of the preference list.
func TestNodesThatAreDownArePassedOver(t *testing.T) {
	c := begin(t)
	p := newClient(t, c, time.Hour)
	pref := ringOf(c).Preference([]byte("cart"))
	if err := c.Fault(t.Context(), fault.Fault{Kind: fault.Kill, Nodes: pref[:1]}); err != nil {
		t.Fatal(err)
	}
	r, err := p.Do(t.Context(), wire.PutRequest{Key: []byte("cart"), Value: []byte("milk")})
	if put, ok := r.(wire.PutReply); err != nil || !ok || put.Err != wire.OK || put.Coordinator != pref[1] {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := c.Fault(t.Context(), fault.Fault{Kind: fault.Kill, Nodes: pref[1:]}); err != nil {
		t.Fatal(err)
	}
	if r, err = p.Do(t.Context(), wire.GetRequest{Key: []byte("cart")}); err != nil ||
		r.(wire.GetReply).Err != wire.NodeDown {
		t.Fatalf("%+v, %v", r, err)
	}
	if p, err := client.NewPartitionAware(t.Context(), c, 0); err == nil {
		p.Close()
		t.Error("a client knows the ring although no node runs")
	}
}

// A stale client learns of a newer ring from the reply of a node that knows it, and downloads the
// membership at once. A client that sends no request learns of the newer ring when it polls.
func TestStaleClientLearnsTheRing(t *testing.T) {
	c := begin(t)
	asking, polling := newClient(t, c, time.Hour), newClient(t, c, 10*time.Millisecond)
	before, _ := asking.State()
	if _, err := c.Member(t.Context(), member.Request{Kind: member.Join, Node: "n6"}); err != nil {
		t.Fatal(err)
	}
	await(t, "the poll", func() bool { _, r := polling.State(); return r.Has("n6") })
	if polls, refreshes := polling.Counts(); polls == 0 || refreshes != 0 {
		t.Errorf("%d polls, %d refreshes", polls, refreshes)
	}
	if now, _ := asking.State(); now != before {
		t.Fatal("the ring changed without a request or a poll")
	}
	await(t, "the refresh", func() bool {
		r, err := asking.Do(t.Context(), wire.PutRequest{Key: []byte("cart"), Value: []byte("milk")})
		if err != nil || r.(wire.PutReply).Err != wire.OK {
			t.Fatalf("%+v, %v", r, err)
		}
		_, known := asking.State()
		return known.Has("n6")
	})
	if polls, refreshes := asking.Counts(); polls != 0 || refreshes == 0 {
		t.Errorf("%d polls, %d refreshes", polls, refreshes)
	}
}
