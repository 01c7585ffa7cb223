package localcluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/settings"
	"ringside/engine/view"
	"ringside/engine/wire"
)

// A writer increments the number in a key of its own, through nodes that the cluster chooses.
type writer struct {
	key   string
	acked int            // the last number that was acknowledged
	tried int            // the last that was sent
	fails map[string]int // by message
	stale int            // reads that lacked an acknowledged number
}

func (w *writer) run(ctx context.Context, t *testing.T, c *Cluster) {
	for ctx.Err() == nil {
		r, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte(w.key)})
		if err != nil {
			t.Error(err)
			return
		}
		g := r.(wire.GetReply)
		if g.Err != wire.OK {
			w.fails[g.Message]++
			continue
		}
		if w.acked > 0 && !w.sees(g) {
			w.stale++
		}
		w.tried++
		r, err = c.Do(t.Context(), "", wire.PutRequest{Key: []byte(w.key), Value: []byte(strconv.Itoa(w.tried)),
			Context: g.Context})
		if err != nil {
			t.Error(err)
			return
		}
		if p := r.(wire.PutReply); p.Err == wire.OK {
			w.acked = w.tried
		} else {
			w.fails[p.Message]++
		}
	}
}

// sees reports whether a read returned the last acknowledged number or a later one.
func (w *writer) sees(g wire.GetReply) bool {
	for _, v := range g.Siblings {
		if n, _ := strconv.Atoi(string(v.Value)); n >= w.acked {
			return true
		}
	}
	return false
}

// settled waits until no range and no hint is moving, and returns the view of the cluster then.
func settled(t *testing.T, c *Cluster, limit time.Duration, keys ...[]byte) *view.Cluster {
	t.Helper()
	var blocks string
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		events, err := c.Snapshot(t.Context(), keys...)
		if err != nil {
			t.Fatal(err)
		}
		cluster := view.From(events)
		if blocks = moving(cluster); blocks == "" {
			return cluster
		}
	}
	t.Fatalf("not settled after %v: %s", limit, blocks)
	return nil
}

func moving(cluster *view.Cluster) string {
	for _, n := range cluster.Nodes {
		switch {
		case n.Status != view.Up:
		case cluster.Behind(n) > 0:
			return n.Name + " does not know the ring"
		case n.Pending > 0 || n.Foreign > 0:
			return fmt.Sprintf("%s waits for %d ranges and has %d keys to hand over", n.Name, n.Pending, n.Foreign)
		case !cluster.Ring.Has(n.Name):
			return n.Name + " is still there"
		}
	}
	return cluster.Unconverged()
}

// §4.9 under load: three nodes join, one leaves and one that is dead is removed, while clients read
// and write. No acknowledged write is lost, and every key is at its N homes and nowhere
// else.
func TestJoinsAndLeavesUnderLoad(t *testing.T) {
	c := begin(t, Options{})
	defer c.Close()
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	writers := make([]*writer, 24)
	var keys [][]byte
	for i := range writers {
		writers[i] = &writer{key: fmt.Sprintf("counter%d", i), fails: map[string]int{}}
		keys = append(keys, []byte(writers[i].key))
		work.Go(func() { writers[i].run(ctx, t, c) })
	}
	change := func(r member.Request) {
		t.Helper()
		if _, err := c.Member(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	change(member.Request{Kind: member.Join})
	change(member.Request{Kind: member.Leave, Node: "n2"})
	change(member.Request{Kind: member.Join})
	if err := c.Fault(t.Context(), fault.Fault{Kind: fault.Kill, Nodes: []string{"n4"}}); err != nil {
		t.Fatal(err)
	}
	change(member.Request{Kind: member.Remove, Node: "n4"})
	change(member.Request{Kind: member.Join})
	moved := func() bool { // the removed node stays down
		events, err := c.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		cluster := view.From(events)
		for _, n := range cluster.Nodes {
			if n.Status == view.Up && (n.Pending > 0 || cluster.Behind(n) > 0) || n.Name == "n2" {
				return false
			}
		}
		return true
	}
	for end := time.Now().Add(30 * time.Second); !moved() && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	work.Wait()
	began := time.Now()
	cluster := settled(t, c, 30*time.Second, keys...)
	var total, stale, replicas int
	fails := map[string]int{}
	for _, w := range writers {
		total, stale = total+w.acked, stale+w.stale
		for why, n := range w.fails {
			fails[why] += n
			if !strings.Contains(why, "n4") && !strings.Contains(why,
				"in time") { // a node was killed, and the machine may be slow
				t.Errorf("%d requests failed: %s", n, why)
			}
		}
		r, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte(w.key), Quorum: wire.Quorum{R: 3}})
		if err != nil {
			t.Fatal(err)
		}
		if !w.sees(r.(wire.GetReply)) {
			t.Errorf("%s: %d was acknowledged; there is %v", w.key, w.acked, r.(wire.GetReply).Siblings)
		}
		homes := cluster.Ring.Homes([]byte(w.key))
		for node, held := range cluster.Key([]byte(w.key)).Held {
			holds := len(held[""]) > 0
			if holds {
				replicas++
			}
			if holds != slices.Contains(homes, node) && cluster.Node(node).Status == view.Up {
				t.Errorf("%s is at %s: %v; its homes are %v", w.key, node, holds, homes)
			}
		}
	}
	if total == 0 || replicas < 3*len(writers) {
		t.Errorf("%d puts were acknowledged, and %d replicas seen", total, replicas)
	}
	var members []string
	for _, m := range cluster.Ring.Members() {
		members = append(members, m.Name)
	}
	slices.Sort(members)
	if want := []string{"n1", "n3", "n5", "n6", "n7", "n8"}; !slices.Equal(members, want) {
		t.Errorf("members are %v, want %v", members, want)
	}
	t.Logf("%d puts acknowledged, %d reads were stale, failed: %v; settled %v after the load", total, stale, fails,
		time.Since(began).Round(time.Millisecond))
}

// The nodes and the members of a cluster outlive its process.
func TestMembershipOutlivesTheProcess(t *testing.T) {
	home := t.TempDir()
	c := begin(t, Options{Home: home})
	put(t, c, "n1", "cart", "milk", nil)
	for _, r := range []member.Request{{Kind: member.Join, Zone: "east", Weight: 2}, {Kind: member.Leave, Node: "n3"}} {
		if _, err := c.Member(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	before := settled(t, c, 10*time.Second)
	_ = c.Close()
	c = begin(t, Options{Home: home})
	defer c.Close()
	after := settled(t, c, 10*time.Second, []byte("cart"))
	if !slices.Equal(before.Ring.Members(), after.Ring.Members()) || len(after.Nodes) != 5 ||
		!after.Converged([]byte("cart")) {
		t.Errorf("members were %v, are %v; %d nodes; %s", before.Ring.Members(), after.Ring.Members(),
			len(after.Nodes), after.Blocking([]byte("cart")))
	}
}

// A founder that left and joins again begins without data, and does not report a key as absent.
func TestFounderJoinsAgain(t *testing.T) {
	c := begin(t, Options{Mem: true, Settings: settings.Cluster{N: 3, R: 1, W: 3}})
	const keys = 400
	for i := range keys {
		put(t, c, "", fmt.Sprintf("k%d", i), strings.Repeat("v", 2000), nil)
	}
	for _, kind := range []member.Kind{member.Leave, member.Join} {
		if _, err := c.Member(t.Context(), member.Request{Kind: kind, Node: "n5"}); err != nil {
			t.Fatal(err)
		}
		if kind == member.Leave {
			settled(t, c, 20*time.Second)
		}
	}
	found := 0
	for i := range 3 * keys {
		r, err := c.Do(t.Context(), "n5", wire.GetRequest{Key: fmt.Appendf(nil, "k%d", i%keys)})
		if err != nil {
			t.Fatal(err)
		}
		g := r.(wire.GetReply)
		if g.Err == wire.OK && len(g.Siblings) == 0 {
			t.Fatalf("k%d is not found through n5", i%keys)
		}
		found += len(g.Siblings)
	}
	if found == 0 {
		t.Error("n5 answered no get")
	}
}

// The process ends after a node wrote a change and before the data root has it. The next start has
// the new member, with its disk.
func TestMemberThatWasNotRemembered(t *testing.T) {
	dir, home := t.TempDir(), t.TempDir()
	c := begin(t, Options{Home: home, Dir: dir})
	before, err := os.ReadFile(filepath.Join(dir, "cluster.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Member(t.Context(), member.Request{Kind: member.Join, Node: "n6"}); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		put(t, c, "", fmt.Sprintf("k%d", i), "v", nil)
	}
	settled(t, c, 20*time.Second)
	_ = c.Close()
	if err := os.WriteFile(filepath.Join(dir, "cluster.json"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	c = begin(t, Options{Home: home, Dir: dir})
	cluster := settled(t, c, 20*time.Second)
	if n := cluster.Node("n6"); n == nil || n.Status != view.Up || n.Keys == 0 {
		t.Fatalf("n6 is %+v", n)
	}
	if _, err := c.Member(t.Context(), member.Request{Kind: member.Join, Node: "n6"}); err == nil {
		t.Error("a member joins")
	}
	if n := settled(t, c, 20*time.Second).Node("n6"); n == nil || n.Keys == 0 {
		t.Error("the refused join took what n6 has")
	}
}
