package localcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/view"
	"ringside/engine/wire"
	"ringside/localcluster/eventlog"
)

// putMany puts n keys with several clients at once, as fast as the cluster can. It accepts
// refusals.
func putMany(t *testing.T, c *Cluster, n int, prefix string) {
	t.Helper()
	const clients = 32
	var wg sync.WaitGroup
	for w := range clients {
		wg.Go(func() {
			for i := w; i < n; i += clients {
				r := wire.PutRequest{Key: fmt.Appendf(nil, "%s%d", prefix, i), Value: []byte("milk")}
				if _, err := c.Do(t.Context(), "", r); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// A follower in another process that does not read slows no publisher. When the follower reads
// again, the stream goes on with a gap that counts exactly what is missing.
func TestFollowerThatDoesNotRead(t *testing.T) {
	c := begin(t, Options{Mem: true})
	putMany(t, c, 10, "before-")
	conn, err := net.Dial("unix", c.claim.Folder.Sock)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(`{"method":"events","follow":true,"lines":true}` + "\n")); err != nil {
		t.Fatal(err)
	}
	// The connection holds some hundred kilobytes, which are far fewer events than these.
	const rounds = 3
	for i := range rounds {
		from := c.events.Last()
		for c.events.Last() < from+eventlog.MaxEvents {
			putMany(t, c, 200, fmt.Sprintf("round-%d-", i))
		}
	}
	last := c.events.Last()
	in := json.NewDecoder(conn)
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	var seq uint64
	missing := 0
	for seq < last {
		var raw json.RawMessage
		if err := in.Decode(&raw); err != nil {
			t.Fatalf("after event %d of %d: %v", seq, last, err)
		}
		if bytes.Equal(raw, []byte("{}")) { // the end of a batch
			continue
		}
		var e event.Event
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Kind == event.Gap:
			missing += e.Count
			seq += uint64(e.Count)
		default:
			seq++
		}
		if e.Seq != seq {
			t.Fatalf("event %d where number %d is due: %+v", e.Seq, seq, e)
		}
	}
	if missing < eventlog.MaxEvents {
		t.Errorf("the gaps have %d events", missing)
	}
}

// A screen that watches more events than a person can read, while nodes fail and return, ends with
// the state that a snapshot has.
func TestScreenEndsWithTheStateOfASnapshot(t *testing.T) {
	nodes := []string{"n1", "n2", "n3", "n4", "n5"}
	c := begin(t, Options{Mem: true, Settings: settings.Cluster{Nodes: nodes}})
	r := connect(t, c)
	v := viewOf(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	leftOut := 0
	var wg sync.WaitGroup
	var mu sync.Mutex // guards v and leftOut
	wg.Go(func() {
		_ = r.Events(ctx, event.Query{After: c.events.Last(), Follow: true, Screen: true}, func(batch []event.Event) error {
			mu.Lock()
			defer mu.Unlock()
			for _, e := range batch {
				if e.Kind == event.Summary {
					leftOut += e.Count
				}
			}
			v.ApplyAll(batch)
			return nil
		})
	})
	putMany(t, c, 1000, "a-")
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n2"}})
	putMany(t, c, 1000, "b-")
	do(t, c, fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1", "n3"}, {"n4", "n5"}}})
	putMany(t, c, 500, "c-")
	diff := ""
	defer func() { t.Log(diff) }()
	await(t, "the screen to have the state of a snapshot", func() bool {
		mu.Lock()
		defer mu.Unlock()
		s := viewOf(t, c)
		if v.Missed > 0 { // after a gap a screen begins with a new snapshot
			v = s
		}
		diff = difference(v, s)
		return diff == ""
	})
	cancel()
	wg.Wait()
	if leftOut < 10_000 {
		t.Errorf("only %d events were left out", leftOut)
	}
}

// The stream of a screen gives a view the same counts as the whole stream, whatever is left out.
func TestScreenCountsWhatTheWholeStreamCounts(t *testing.T) {
	nodes := []string{"n1", "n2", "n3"}
	rapid.Check(t, func(t *rapid.T) {
		var log eventlog.Log
		begin := event.Event{Kind: event.Cluster, Settings: &settings.Cluster{
			Nodes: nodes, N: 3, R: 2, W: 2, Strategy: int(ring.EqualPartitions), Q: 60, T: 12,
		}}
		log.Publish(begin)
		node := rapid.SampledFrom(nodes)
		step := time.Duration(rapid.IntRange(1, 3000).Draw(t, "µs between events")) * time.Microsecond
		hints := map[string]int{} // by the holder; all for n9
		for i := range rapid.IntRange(0, 2000).Draw(t, "events") {
			e := event.Event{Time: time.Hour + time.Duration(i)*step, Node: node.Draw(t, "node"), Peer: "n2", Key: []byte("k"),
				Request: rapid.Uint64Range(0, 50).Draw(t, "request")}
			e.Kind = rapid.SampledFrom([]event.Kind{event.Requested, event.Stored, event.HintStored, event.HintDelivered,
				event.ReadReply, event.ReadRepair, event.Replied, event.NodeWiped}).Draw(t, "kind")
			switch e.Kind {
			case event.Stored:
				e.Op = rapid.SampledFrom([]string{wire.AntiEntropy.String(), "put"}).Draw(t, "op")
				e.Count = rapid.IntRange(-1, 1).Draw(t, "keys")
			case event.HintStored:
				e.For, e.Count = "n9", rapid.IntRange(0, 1).Draw(t, "new")
				hints[e.Node] += e.Count
			case event.NodeWiped:
				if i%10 > 0 {
					e.Kind = event.Ack
				} else {
					hints[e.Node] = 0
				}
			case event.HintDelivered:
				if e.For = "n9"; hints[e.Node] == 0 {
					e.Kind = event.Ack
				} else {
					hints[e.Node]--
				}
			}
			log.Publish(e)
		}
		log.Close()
		whole, screen := view.New(), view.New()
		for v, q := range map[*view.Cluster]event.Query{whole: {}, screen: {Follow: true, Screen: true}} {
			if err := log.Read(context.Background(), q, func(batch []event.Event) error {
				v.ApplyAll(batch)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := counts(whole), counts(screen); a != b {
			t.Fatalf("the whole stream: %s\nthe screen:       %s", a, b)
		}
	})
}

// counts describes what a view counts.
func counts(v *view.Cluster) string {
	out := fmt.Sprint("ops ", v.Ops.Total, ", repairs ", v.Repairs, ", synced ", v.Sync.Keys)
	for _, n := range v.Nodes {
		out += fmt.Sprint("; ", describe(n), ", load ", n.Load.Total)
	}
	return out
}

// difference says how two views differ about the network and the nodes, "" if they agree.
func difference(a, b *view.Cluster) string {
	if x, y := fmt.Sprint(a.Groups), fmt.Sprint(b.Groups); x != y || len(a.Nodes) != len(b.Nodes) {
		return fmt.Sprintf("%d nodes, split %s; %d nodes, split %s", len(a.Nodes), x, len(b.Nodes), y)
	}
	for i := range a.Nodes {
		if x, y := describe(a.Nodes[i]), describe(b.Nodes[i]); x != y {
			return x + "; " + y
		}
	}
	return ""
}

func describe(n *view.Node) string {
	hints := map[string]int{}
	for home, h := range n.Hints {
		hints[home] = h.Keys
	}
	out := fmt.Sprint(n.Name, " ", n.Status, ", keys ", n.Keys, ", hints ", hints)
	if n.Status == view.Up {
		out += fmt.Sprint(", suspects ", slices.Sorted(maps.Keys(n.Suspects)))
	}
	return out
}
