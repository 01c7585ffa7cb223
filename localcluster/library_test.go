package localcluster

import (
	"fmt"
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/wire"
)

func library(t *testing.T, c *Cluster, every time.Duration) *Library {
	t.Helper()
	b, err := c.newLibrary(t.Context(), 0, every)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func (b *Library) counts() (polls, updates int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.polls, b.updates
}

// §6.4: the library goes straight to a home of the key, and no put is passed on; the
// load balancer takes any node.
func TestLibraryGoesToHomes(t *testing.T) {
	c := begin(t, Options{Mem: true})
	b, lb := library(t, c, time.Hour), c.Balancer(0)
	const requests = 60
	for i := range requests {
		key := fmt.Appendf(nil, "k%d", i)
		r, err := b.Do(t.Context(), wire.PutRequest{Key: key, Value: key})
		p, ok := r.(wire.PutReply)
		if home := c.roll.ring().Homes(key)[0]; err != nil || !ok || p.Err != wire.OK || p.Coordinator != home || p.View != 0 {
			t.Fatalf("%+v, %v; want it coordinated by %s", r, err, home)
		}
		if r, err = b.Do(t.Context(), wire.GetRequest{Key: key}); err != nil || len(r.(wire.GetReply).Siblings) != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if n := countEvents(t, c, event.Forwarded); n != 0 {
		t.Errorf("%d puts were passed on", n)
	}
	for i := range requests {
		if r, err := lb.Do(t.Context(), wire.PutRequest{Key: fmt.Appendf(nil, "b%d", i), Value: []byte("v")}); err != nil || r.(wire.PutReply).Err != wire.OK {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if n := countEvents(t, c, event.Forwarded); n == 0 || n == requests { // neither is likelier than once in 10^13
		t.Errorf("of %d puts through the balancer %d were passed on", requests, n)
	}
	if _, updates := b.counts(); updates > 0 {
		t.Errorf("it took itself for stale %d times", updates)
	}
}

// A home that is down is passed over, for the next of the preference list.
func TestLibraryPassesOverTheDead(t *testing.T) {
	c := begin(t, Options{Mem: true})
	b := library(t, c, time.Hour)
	pref := c.roll.ring().Preference([]byte("cart"))
	if err := c.Fault(t.Context(), fault.Fault{Kind: fault.Kill, Nodes: pref[:1]}); err != nil {
		t.Fatal(err)
	}
	r, err := b.Do(t.Context(), wire.PutRequest{Key: []byte("cart"), Value: []byte("milk")})
	if p, ok := r.(wire.PutReply); err != nil || !ok || p.Err != wire.OK || p.Coordinator != pref[1] {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := c.Fault(t.Context(), fault.Fault{Kind: fault.Kill, Nodes: pref[1:]}); err != nil {
		t.Fatal(err)
	}
	if r, err = b.Do(t.Context(), wire.GetRequest{Key: []byte("cart")}); err != nil || r.(wire.GetReply).Err != wire.NodeDown {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := c.Library(t.Context(), 0); err == nil {
		t.Error("it knows a ring that nobody told it")
	}
}

// A library that meets a node which knows another ring is told so, and asks at once;
// one that meets none finds out when it polls.
func TestLibraryFindsOutThatItIsStale(t *testing.T) {
	c := begin(t, Options{Mem: true})
	asked, polled := library(t, c, time.Hour), library(t, c, 10*time.Millisecond)
	before, _ := asked.state()
	if _, err := c.Member(t.Context(), member.Request{Kind: member.Join, Node: "n6"}); err != nil {
		t.Fatal(err)
	}
	await(t, "the poll", func() bool { _, r := polled.state(); return r.Has("n6") })
	if polls, updates := polled.counts(); polls == 0 || updates != 0 {
		t.Errorf("%d polls, %d updates", polls, updates)
	}
	if now, _ := asked.state(); now != before {
		t.Fatal("nobody told it")
	}
	await(t, "the update", func() bool {
		if r, err := asked.Do(t.Context(), wire.PutRequest{Key: []byte("cart"), Value: []byte("milk")}); err != nil || r.(wire.PutReply).Err != wire.OK {
			t.Fatalf("%+v, %v", r, err)
		}
		_, r := asked.state()
		return r.Has("n6")
	})
	if polls, updates := asked.counts(); polls != 0 || updates == 0 {
		t.Errorf("%d polls, %d updates", polls, updates)
	}
}
