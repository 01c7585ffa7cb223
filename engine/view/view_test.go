package view

import (
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/settings"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

func version(node string, counter uint64, value string) vclock.Version {
	return vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: node, Epoch: 1 << 63}, Counter: counter}, Value: []byte(value), Time: 1, Request: 7}
}

// The view keeps the latest round of each pair, whichever of the two began it, and sums up all
// rounds.
func TestViewOfAntiEntropy(t *testing.T) {
	v := New()
	end := ring.Of([]byte("cart"))
	v.Apply(event.Event{Kind: event.Cluster, Settings: &settings.Cluster{Nodes: []string{"n1", "n2"}, N: 2, Strategy: 3, Q: 4}})
	v.Apply(event.Event{Seq: 1, Time: 1, Node: "n1", Kind: event.SyncDone, Rounds: []event.SyncRound{{End: end, Left: "n1", Right: "n2", Bytes: 400, FullCopy: 9000, Count: 1}, {End: ring.Of([]byte("x")), Left: "n1", Right: "n2", Bytes: 90}}})
	v.Apply(event.Event{Seq: 2, Time: 2, Node: "n2", Kind: event.SyncDone, Rounds: []event.SyncRound{{End: end, Left: "n2", Right: "n1", Bytes: 92}}})
	v.Apply(event.Event{Seq: 3, Time: 2, Node: "n2", Kind: event.Stored, Op: wire.AntiEntropy.String(), Key: []byte("cart"), Count: 1})
	v.Apply(event.Event{Seq: 4, Time: 2, Node: "n2", Kind: event.Stored, Op: wire.Handoff.String(), Key: []byte("cart")})
	if want := (SyncTotals{Rounds: 3, Bytes: 582, FullCopy: 9000, Keys: 1}); v.Sync != want {
		t.Errorf("totals %+v, want %+v", v.Sync, want)
	}
	if last := v.Synced[event.SyncPair{End: end, A: "n1", B: "n2"}]; len(v.Synced) != 2 || last.At != 2 || last.Left != "n2" || last.Count != 0 {
		t.Errorf("%d pairs, the last round is %+v", len(v.Synced), last)
	}
}

// FuzzApply applies any event that JSON can carry. A forged recording must not cause a panic.
func FuzzApply(f *testing.F) {
	b, _ := json.Marshal(event.Event{
		Kind: event.Stored, Node: "n1", Key: []byte("k"), Request: 7, Seq: 1, Versions: vclock.Siblings{version("n1", 1, "v")},
	})
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var e event.Event
		if json.Unmarshal(b, &e) == nil {
			New().Apply(e)
		}
	})
}

// view returns the state of three running nodes after events.
func view(events ...event.Event) *Cluster {
	v := New()
	v.Apply(event.Event{Kind: event.Cluster, Settings: &settings.Cluster{Name: "c", Nodes: []string{"n1", "n2", "n3"}, N: 3, R: 2, W: 2, Strategy: 3, Q: 60}})
	for _, n := range v.Nodes {
		v.Apply(event.Event{Kind: event.NodeUp, Node: n.Name, Addr: "127.0.0.1:1"})
	}
	for i, e := range events {
		e.Seq = uint64(i + 1)
		v.Apply(e)
	}
	return v
}

func TestViewFollowsHints(t *testing.T) {
	s := vclock.Siblings{version("n1", 1, "v")}
	key := []byte("cart")
	stored := event.Event{Kind: event.HintStored, Node: "n1", For: "n2", Key: key, Versions: s, Count: 1, Time: time.Second}
	v := view(stored, event.Event{Kind: event.HintStored, Node: "n1", For: "n2", Key: key, Versions: s})
	if v.Hints() != 1 || v.Node("n1").Hints["n2"].Oldest != time.Second {
		t.Errorf("hints %+v", v.Node("n1").Hints)
	}
	if b := v.Blocking(key); b != "n1 keeps a hint for n2" {
		t.Errorf("blocked by %q", b)
	}
	for _, n := range []string{"n1", "n2", "n3"} {
		v.Apply(event.Event{Kind: event.Stored, Node: n, Key: key, Versions: s, Count: 1})
	}
	v.Apply(event.Event{Kind: event.HintDelivered, Node: "n1", For: "n2", Key: key})
	if v.Hints() != 0 || !v.Converged(key) || v.Node("n2").Keys != 1 {
		t.Errorf("%d hints, blocked by %q", v.Hints(), v.Blocking(key))
	}
	v.Apply(event.Event{Kind: event.NodeDown, Node: "n3"})
	if b := v.Blocking(key); b != "home n3 is not up" {
		t.Errorf("blocked by %q", b)
	}
}

// Hints of a pair are counted until the holder has none, and from the next one on anew, in whatever
// way the stream counts them.
func TestViewCountsHandoffs(t *testing.T) {
	s := vclock.Siblings{version("n1", 1, "v")}
	key, pair := []byte("cart"), HintPair{"n1", "n2"}
	hint := func(kind event.Kind) event.Event {
		e := event.Event{Kind: kind, Node: "n1", For: "n2", Key: key, Time: time.Second}
		if kind == event.HintStored {
			e.Versions, e.Count = s, 1
		}
		return e
	}
	v := view(hint(event.HintStored), hint(event.HintStored), hint(event.HintDelivered), hint(event.HintRefused),
		event.Event{Kind: event.Summary, Time: 2 * time.Second, Count: 5, LeftOut: []event.Tally{
			{Node: "n1", Kind: event.HintStored, For: "n2", Count: 3, Sum: 2}, {Node: "n1", Kind: event.HintDelivered, For: "n2", Count: 2},
		}}, hint(event.HintLost))
	if got, want := v.Handoffs[pair], (Handoff{Stored: 4, Delivered: 3, Dropped: 1, Refused: 1, At: time.Second}); got != want || v.Hints() != 0 {
		t.Errorf("%+v, want %+v; %d hints", got, want, v.Hints())
	}
	v.Apply(hint(event.HintStored))
	if got := v.Handoffs[pair]; got != (Handoff{Stored: 1, At: time.Second}) {
		t.Errorf("the next handoff is %+v", got)
	}
	if want := (Handoff{Stored: 5, Delivered: 3, Dropped: 1, Refused: 1, At: time.Second}); v.Handed != want {
		t.Errorf("all together %+v, want %+v", v.Handed, want)
	}
	for i := range 2 * MaxHandoffs {
		v.Apply(event.Event{Kind: event.HintRefused, Node: "n1", For: string(rune('a' + i)), Time: time.Hour + time.Duration(i)})
	}
	if _, ok := v.Handoffs[pair]; ok || len(v.Handoffs) != MaxHandoffs {
		t.Errorf("%d handoffs", len(v.Handoffs))
	}
}

// Only the latest rounds that found a difference are kept.
func TestViewOfDifferences(t *testing.T) {
	v := view()
	for i := range 3 * MaxDiffered {
		v.Apply(event.Event{Seq: uint64(i + 1), Node: "n1", Kind: event.SyncDone, Time: time.Duration(i), Rounds: []event.SyncRound{
			{Left: "n1", Right: "n2", Count: i % 2, Buckets: i % 2}}})
	}
	if n := len(v.Differed); n != MaxDiffered || v.Differed[n-1].At != 3*MaxDiffered-1 || v.Differed[0].Count != 1 {
		t.Errorf("%d rounds, the last %+v", n, v.Differed[n-1])
	}
}

// A node that drops a tombstone no longer holds anything of the key.
func TestViewOfTombstones(t *testing.T) {
	v := New()
	v.Apply(event.Event{Kind: event.Cluster, Settings: &settings.Cluster{Nodes: []string{"n1"}, N: 1, R: 1, W: 1, Strategy: 3, Q: 8}})
	dead := vclock.Siblings{{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1", Epoch: 1}, Counter: 2}, Deleted: true}}
	v.Apply(event.Event{Kind: event.Stored, Node: "n1", Key: []byte("cart"), Versions: dead})
	v.Apply(event.Event{Kind: event.State, Node: "n1", State: &event.NodeState{Tombstones: 1, TombstonesKept: "n2 cannot be reached", LastKnown: true}})
	if n := v.Node("n1"); n.Tombstones != 1 || n.TombstonesKept == "" || len(v.Key([]byte("cart")).Held["n1"][""]) != 1 {
		t.Fatalf("the view has %d tombstones, kept for %q, and %v", n.Tombstones, n.TombstonesKept, v.Key([]byte("cart")).Held)
	}
	v.Apply(event.Event{Kind: event.TombstoneCollected, Node: "n1", Key: []byte("cart"), Versions: dead})
	if n := v.Node("n1"); n.Tombstones != 0 || len(v.Key([]byte("cart")).Held["n1"]) != 0 {
		t.Fatalf("the view has %d tombstones and %v", n.Tombstones, v.Key([]byte("cart")).Held)
	}
}

// A version is lost once, however many replicas drop it.
func TestViewCountsLossesOnce(t *testing.T) {
	lost := event.Event{Kind: event.LWWLost, Key: []byte("cart"), Versions: vclock.Siblings{version("n1", 1, "v")}}
	other := lost
	other.Key = []byte("other")
	if v := view(lost, lost, other); v.Lost() != 2 {
		t.Errorf("%d lost, want 2", v.Lost())
	}
}

// A version is past once no node holds it, for whatever reason, and only the latest past versions
// stay.
func TestViewOfPastVersions(t *testing.T) {
	key, long := []byte("cart"), strings.Repeat("x", 2*event.PreviewLen)
	one := vclock.Siblings{version("n1", 1, long)}
	two := vclock.Siblings{version("n1", 2, "two")}
	stored := func(node string, s vclock.Siblings) event.Event {
		return event.Event{Kind: event.Stored, Node: node, Key: key, Versions: s}
	}
	past := func(v *Cluster) string { return v.Key(key).Past.String() }
	v := view(stored("n1", one), stored("n2", one), stored("n1", two))
	if got := past(v); got != "" {
		t.Fatalf("n2 still holds the version, and %s is past", got)
	}
	v.Apply(event.Event{Kind: event.Replicas, Node: "n2", Key: key, Replicas: []event.Replica{{Versions: two}}})
	if got := v.Key(key).Past; got.String() != "{n1:1}" || len(got[0].Value) > event.PreviewLen+len("…") {
		t.Fatalf("past is %v", got)
	}
	v.Apply(event.Event{Kind: event.HintStored, Node: "n3", For: "n1", Key: key, Versions: vclock.Siblings{version("n3", 1, "")}})
	v.Apply(event.Event{Kind: event.HintLost, Node: "n3", For: "n1", Key: key})
	v.Apply(event.Event{Kind: event.NodeWiped, Node: "n1"})
	v.Apply(event.Event{Kind: event.TombstoneCollected, Node: "n2", Key: key})
	if got := past(v); got != "{n1:1} ‖ {n3:1} ‖ {n1:.2}" {
		t.Fatalf("past is %s", got)
	}
	for i := range uint64(2 * MaxKeyPast) {
		v.Apply(stored("n1", vclock.Siblings{version("n1", 10+i, "")}))
	}
	if got := v.Key(key).Past; len(got) != MaxKeyPast || !got.Has(version("n1", 8+2*MaxKeyPast, "").Dot) {
		t.Fatalf("past is %v", got)
	}
}

// A Cluster is bounded, however many events it sees.
func TestViewIsBounded(t *testing.T) {
	v := view()
	for i := range 3 * MaxLog {
		key := []byte{byte(i), byte(i >> 8)}
		v.Apply(event.Event{Seq: uint64(i + 1), Time: time.Duration(i) * time.Millisecond, Kind: event.Stored, Node: "n1", Key: key, Request: uint64(i + 1)})
		v.Apply(event.Event{Seq: uint64(i + 1), Time: time.Duration(i) * time.Millisecond, Kind: event.Replied, Node: "n1", Key: key, Request: uint64(i + 1), Elapsed: time.Duration(i)})
	}
	if len(v.Log) > 2*MaxLog || len(v.requests) > MaxRequests || len(v.order) > MaxRequests || len(v.keys.by) > MaxKeys || len(v.latencies) > MaxLatency {
		t.Errorf("log %d, requests %d, keys %d, latencies %d", len(v.Log), len(v.requests), len(v.keys.by), len(v.latencies))
	}
	newest := v.LastRequest().ID
	if r := v.RequestAfter(newest, -2); r == nil || r.ID != newest-2 || v.RequestAfter(r.ID, +2) != v.LastRequest() {
		t.Errorf("two before the newest request is %+v", r)
	}
	if v.RequestAfter(newest, +1) != nil || v.RequestAfter(newest, -MaxRequests) != nil || v.RequestAfter(0, +1).ID != v.order[0] {
		t.Error("there is a request before the oldest or after the newest one")
	}
	if v.Request(1) != nil || v.LastRequest().ID != 3*MaxLog {
		t.Error("the wrong requests were forgotten")
	}
	if got := v.Ops.Last(v.Now, 3); len(got) != 3 || got[2] != 1000 {
		t.Errorf("rates %v", got)
	}
	if p := v.Percentile(.99); p < 5900 || p > 6000 {
		t.Errorf("p99 %d", p)
	}
	for range 2 * MaxRequestEvents { // as only a forged recording has them
		v.Apply(event.Event{Seq: 1e6, Kind: event.Ack, Node: "n1", Request: 1 << 40, Key: []byte("k")})
	}
	for range 2 {
		v.Apply(event.Event{Seq: 1e6, Kind: event.Replied, Node: "n1", Request: 1 << 40, Key: []byte("k"), Op: "put"})
	}
	r := v.Request(1 << 40)
	if len(r.Events) != MaxRequestEvents+1 || r.LeftOut != MaxRequestEvents+1 || r.Events[MaxRequestEvents].Kind != event.Replied {
		t.Errorf("a request keeps %d events and counts %d", len(r.Events), r.LeftOut)
	}
}

func TestViewOfFaults(t *testing.T) {
	groups := [][]string{{"n1"}, {"n2", "n3"}}
	v := view(event.Event{Kind: event.Split, Groups: groups, Time: 5}, event.Event{Kind: event.Slow, Link: "n1>n2", Delay: 1}, event.Event{Kind: event.Loss, Link: "n1", Percent: 3})
	if v.Side("n2") != 1 || v.SplitAt != 5 || len(v.Slow) != 1 || len(v.Loss) != 1 {
		t.Errorf("%+v", v)
	}
	v.Apply(event.Event{Kind: event.Slow, Link: "n1>n2"})
	v.Apply(event.Event{Kind: event.Heal})
	if v.Side("n2") != -1 || len(v.Slow)+len(v.Loss) != 0 {
		t.Errorf("after heal: %+v", v)
	}
	v.Apply(event.Event{Kind: event.Suspect, Node: "n1", Peer: "n2"})
	v.Apply(event.Event{Kind: event.State, Node: "n2", State: &event.NodeState{Keys: 5, Suspects: []string{"n3"}}})
	v.Apply(event.Event{Kind: event.Alive, Node: "n1", Peer: "n2"})
	if len(v.Node("n1").Suspects) != 0 || !v.Node("n2").Suspects["n3"] || v.Node("n2").Keys != 5 {
		t.Errorf("suspects %v, %v", v.Node("n1").Suspects, v.Node("n2").Suspects)
	}
	v.Apply(event.Event{Kind: event.NodeWiped, Node: "n2"})
	if v.Node("n2").Keys != 0 {
		t.Error("a wiped node has keys")
	}
}

// The events of a request are in the order of time, in whatever order they came.
func TestRequestsAreInTheOrderOfTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := New()
		came := map[time.Duration][]uint64{}
		n := rapid.IntRange(1, 20).Draw(t, "events")
		for seq := uint64(1); seq <= uint64(n); seq++ {
			at := time.Duration(rapid.IntRange(0, 5).Draw(t, "time"))
			came[at] = append(came[at], seq)
			v.Apply(event.Event{Seq: seq, Time: at, Kind: event.Ack, Request: 7, Node: "n1"})
		}
		var want []uint64
		for _, at := range slices.Sorted(maps.Keys(came)) {
			want = append(want, came[at]...)
		}
		var got []uint64
		for _, e := range v.Request(7).Events {
			got = append(got, e.Seq)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("events %v, want %v", got, want)
		}
	})
}

// A message names an oversized key, the sizes of its replicas, and the commands that fix it.
func TestOversizedIsNamed(t *testing.T) {
	v := view(event.Event{Kind: event.NodeUp, Node: "n1"}, event.Event{Kind: event.State, Node: "n1", State: &event.NodeState{
		Oversized: []event.Oversized{{Key: event.SyncKey("cart\x1b"), Peer: "n2", Bytes: 31 << 20, Versions: 40, PeerBytes: 9 << 20, PeerVersions: 12}}}})
	got := v.Oversized()
	for _, want := range []string{`key cart\x1b is oversized`, "40 versions of 31.0 MiB at n1", "12 versions of 9.0 MiB at n2", "get cart", "-R 1 --via n1", "put cart", "via n2"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	v.Apply(event.Event{Kind: event.State, Node: "n1", State: &event.NodeState{}})
	if got := v.Oversized(); got != "" {
		t.Errorf("still %q", got)
	}
}

// A Summary has the effect of the events that it counts, and a forged one is harmless.
func TestSummary(t *testing.T) {
	v := From([]event.Event{
		{Kind: event.Cluster, Settings: &settings.Cluster{Nodes: []string{"n1"}}},
		{Kind: event.State, Node: "n1", State: &event.NodeState{Keys: 5, Tombstones: 3, Hints: []event.HintCount{{For: "n2", Keys: 1}}}},
		{Seq: 9, Time: time.Hour, Kind: event.Summary, Count: 40, LeftOut: []event.Tally{
			{Node: "n1", Kind: event.HintDelivered, For: "n2", Count: 2}, {Node: "n1", Kind: event.HintStored, For: "n2", Count: 4, Sum: 2},
			{Node: "n1", Kind: event.Stored, Op: wire.AntiEntropy.String(), Count: 7, Sum: -2}, {Node: "n1", Kind: event.ReadReply, Count: 4},
			{Node: "n1", Kind: event.TombstoneCollected, Count: 2}, {Node: "n1", Kind: event.Replied, Count: 6},
			{Node: "n1", Kind: event.ReadRepair, Count: 5}, {Node: "n1", Kind: event.Stored, Count: -7},
			{Node: "n9", Kind: event.Stored, Count: 1},
		}},
	})
	n := v.Node("n1")
	if n.Keys != 3 || n.HintTotal() != 1 || n.Tombstones != 1 || n.Load.Total != 15 || v.Sync.Keys != 7 {
		t.Errorf("keys %d, hints %d, tombstones %d, load %d, synced %d", n.Keys, n.HintTotal(), n.Tombstones, n.Load.Total, v.Sync.Keys)
	}
	if all, shown := v.Sampled.Last(time.Hour + time.Second); v.Ops.Total != 6 || v.Repairs != 5 || all != 40 || shown != 0 {
		t.Errorf("ops %d, repairs %d, %d of %d shown", v.Ops.Total, v.Repairs, shown, all)
	}
}

// BenchmarkApply reduces events of puts of many keys.
func BenchmarkApply(b *testing.B) {
	v := From([]event.Event{{Kind: event.Cluster, Settings: &settings.Cluster{Nodes: []string{"n1", "n2", "n3"}, N: 3, R: 2, W: 2,
		Strategy: 3, Q: 60, T: 12}}})
	kinds := []event.Kind{event.Requested, event.Coordinate, event.Stored, event.Ack, event.Replied}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		put := i / len(kinds)
		v.Apply(event.Event{Seq: uint64(i + 1), Time: time.Duration(i) * time.Microsecond, Node: "n1", Peer: "n2",
			Kind: kinds[i%len(kinds)], Request: uint64(put + 1), Key: binary.BigEndian.AppendUint64(nil, uint64(put))})
		i++
	}
}
