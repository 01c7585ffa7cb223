package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/engine/wire"
	"ringside/localcluster"
)

// A fake is a Cluster whose events and snapshot a test sets.
type fake struct {
	events, snapshot []event.Event
	err              error
}

func (f *fake) Count(_ context.Context, kinds []event.Kind, fn func([]event.Event) error) error {
	filter := event.Filter{Kinds: kinds}
	for i := range f.events {
		if filter.Selects(&f.events[i]) {
			if err := fn(f.events[i : i+1]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *fake) Snapshot(context.Context, ...[]byte) ([]event.Event, error) { return f.snapshot, f.err }

// littleTraffic is the traffic of a cluster that has sent 7 bytes.
func littleTraffic() map[string]int64 { return map[string]int64{"hints": 7} }

// gather returns the value of each series of some collectors: of a histogram its count.
func gather(t *testing.T, from ...prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(from...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			out[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return out
}

func TestCounters(t *testing.T) {
	round := event.SyncRound{Bytes: 100, Hashes: 3}
	changed := event.SyncRound{Bytes: 1000, Hashes: 7, Buckets: 1, Count: 2, Sent: 1, Received: 2}
	broken := event.SyncRound{Bytes: 10, Err: "n2 is down"}
	f := &fake{events: []event.Event{
		{Kind: event.Replied, Op: "put", Elapsed: time.Millisecond}, {Kind: event.Replied, Op: "put", Elapsed: time.Second},
		{Kind: event.Replied, Op: "get", Err: wire.QuorumNotReached}, {Kind: event.Requested, Op: "get"},
		{Kind: event.Reconciled}, {Kind: event.ReadRepair}, {Kind: event.ReadRepair},
		{Kind: event.HintStored, Count: 1}, {Kind: event.HintStored, Count: 0}, {Kind: event.HintDelivered},
		{Kind: event.HintRefused}, {Kind: event.HintLost}, {Kind: event.Suspect, Node: "n1", Peer: "n2"},
		{Kind: event.SyncDone, Rounds: []event.SyncRound{round, changed}}, {Kind: event.SyncDone, Rounds: []event.SyncRound{broken}},
		{Kind: event.RangeTransferred, Rounds: []event.SyncRound{changed}}, {Kind: event.Dropped}, {Kind: event.LWWLost},
		{Kind: event.Gap, Count: 40},
	}}
	c := New(f, littleTraffic)
	c.Run(t.Context())
	got := gather(t, c)
	for name, want := range map[string]float64{
		"ringside_requests_total put ok":                 2,
		"ringside_requests_total get quorum_not_reached": 1,
		"ringside_requests_total get ok":                 0,
		"ringside_request_duration_seconds put":          2,
		"ringside_request_duration_seconds get":          1,
		"ringside_reads_with_siblings_total":             1,
		"ringside_read_repairs_total":                    2,
		"ringside_hints_total stored":                    1,
		"ringside_hints_total delivered":                 1,
		"ringside_hints_total refused":                   1,
		"ringside_hints_total lost":                      1,
		"ringside_tree_comparisons_total equal":          1,
		"ringside_tree_comparisons_total different":      1,
		"ringside_tree_comparisons_total failed":         1,
		"ringside_tree_hashes_compared_total":            10,
		"ringside_repair_bytes_total anti_entropy":       1110,
		"ringside_repair_bytes_total transfer":           1000,
		"ringside_repair_keys_total anti_entropy":        3,
		"ringside_message_bytes_total hints":             7,
		"ringside_suspicions_total":                      1,
		"ringside_messages_dropped_total":                1,
		"ringside_lww_lost_total":                        1,
		"ringside_events_missed_total":                   40,
		"ringside_nodes up":                              0,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s is %v (%v), want %v", name, v, ok, want)
		}
	}
}

// Without a snapshot a scrape fails, and does not report zeros.
func TestFailedSnapshot(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(New(&fake{err: errors.New("the cluster is stopped")}, littleTraffic))
	if _, err := registry.Gather(); err == nil || !strings.Contains(err.Error(), "the cluster is stopped") {
		t.Errorf("%v", err)
	}
}

// The names and helps follow the conventions of Prometheus.
func TestConventions(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(New(&fake{}, littleTraffic))
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// The counters of a real cluster are exact, and its gauges show its faults.
func TestLiveCluster(t *testing.T) {
	home, err := os.MkdirTemp("/tmp", "rm") // a short path, for the name of a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(home)
	cluster, err := localcluster.Start(t.Context(), localcluster.Options{Name: "live", Home: home, Mem: true,
		Settings: settings.Cluster{Nodes: settings.NodeNames(5), NoAntiEntropy: true}})
	if err != nil {
		t.Fatal(err)
	}
	c := New(cluster, cluster.Traffic.Bytes)
	counted := make(chan struct{})
	go func() { defer close(counted); c.Run(context.Background()) }()
	if err := cluster.Fault(t.Context(), fault.Fault{Kind: fault.Split, Groups: [][]string{{"n1", "n2"}, {"n3", "n4", "n5"}}}); err != nil {
		t.Fatal(err)
	}
	const puts, gets = 50, 30
	for i := range puts {
		reply, err := cluster.Do(t.Context(), "n1", wire.PutRequest{Key: []byte{byte(i + 1)}, Value: []byte("v")})
		if err != nil || reply.(wire.PutReply).Err != wire.OK {
			t.Fatal(reply, err)
		}
	}
	for i := range gets {
		reply, err := cluster.Do(t.Context(), "n1", wire.GetRequest{Key: []byte{byte(i + 1)}})
		if err != nil || reply.(wire.GetReply).Err != wire.OK {
			t.Fatal(reply, err)
		}
	}
	refused, err := cluster.Do(t.Context(), "n1", wire.GetRequest{Key: []byte("k"), Quorum: wire.Quorum{R: 3, Strict: true}})
	if err != nil || refused.(wire.GetReply).Err != wire.QuorumNotReached {
		t.Fatal(refused, err)
	}
	if err := cluster.Fault(t.Context(), fault.Fault{Kind: fault.Kill, Nodes: []string{"n5"}}); err != nil {
		t.Fatal(err)
	}
	got := gather(t, c)
	hints := 0.0
	for _, n := range settings.NodeNames(5) {
		hints += got["ringside_hints_waiting "+n]
	}
	if hints == 0 || got["ringside_partition_groups"] != 2 || got["ringside_nodes down"] != 1 || got["ringside_node_up n5"] != 0 {
		t.Errorf("hints %v: %v", hints, got)
	}
	for _, mechanism := range []string{"client", "writes", "hints", "acknowledgements", "reads"} {
		if name := "ringside_message_bytes_total " + mechanism; got[name] == 0 {
			t.Errorf("%s is 0", name)
		}
	}
	if err := cluster.Close(); err != nil {
		t.Fatal(err)
	}
	<-counted                                            // all events of the cluster
	counters := gather(t, c.requests, c.hints, c.missed) // the gauges have no cluster
	sum := func(prefix string) (total float64) {
		for name, v := range counters {
			if strings.HasPrefix(name, prefix) {
				total += v
			}
		}
		return total
	}
	for prefix, want := range map[string]float64{
		"ringside_requests_total put ok": puts, "ringside_requests_total get ok": gets,
		"ringside_requests_total get quorum_not_reached": 1, "ringside_requests_total": puts + gets + 1,
		"ringside_events_missed_total": 0, "ringside_hints_total stored": hints,
	} {
		if v := sum(prefix); v != want {
			t.Errorf("%s is %v, want %v", prefix, v, want)
		}
	}
}

// names returns the names of all metrics, as queries write them.
func names(t *testing.T) []string {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(New(&fake{snapshot: []event.Event{{Kind: event.NodeUp, Node: "n1"}}}, littleTraffic))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range families {
		if f.GetType().String() == "HISTOGRAM" {
			out = append(out, f.GetName()+"_bucket", f.GetName()+"_sum", f.GetName()+"_count")
			continue
		}
		out = append(out, f.GetName())
	}
	return out
}

// metricName matches a name of this program in a query.
var metricName = regexp.MustCompile(`\bringside_\w+`)

// Each query of the dashboard names metrics that exist, and each metric is in the dashboard or
// known to be left out.
func TestDashboard(t *testing.T) {
	b, err := os.ReadFile("../../docs/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Title  string
		Panels []struct {
			Title, Type string
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(b, &dashboard); err != nil {
		t.Fatal(err)
	}
	known, used := names(t), map[string]bool{}
	for _, p := range dashboard.Panels {
		if len(p.Targets) == 0 {
			t.Errorf("the panel %q has no query", p.Title)
		}
		for _, target := range p.Targets {
			names := metricName.FindAllString(target.Expr, -1)
			if len(names) == 0 {
				t.Errorf("%s: %s names no metric", p.Title, target.Expr)
			}
			for _, name := range names {
				if used[name] = true; !slices.Contains(known, name) {
					t.Errorf("%s: unknown metric %s", p.Title, name)
				}
			}
		}
	}
	leftOut := []string{ // the count and the sum of a histogram follow from its buckets and from requests_total
		"ringside_request_duration_seconds_count", "ringside_request_duration_seconds_sum",
	}
	for _, name := range known {
		if !used[name] && !slices.Contains(leftOut, name) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
	if dashboard.Title == "" || len(used) == 0 {
		t.Errorf("%+v", slices.Sorted(maps.Keys(used)))
	}
}

// The introduction names each metric, and no other.
func TestDocumentation(t *testing.T) {
	b, err := os.ReadFile("../../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	family := func(name string) string {
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, part)
		}
		return name
	}
	var known []string
	for _, name := range names(t) {
		known = append(known, family(name))
	}
	named := metricName.FindAllString(string(b), -1)
	for _, name := range known {
		if !slices.Contains(named, name) {
			t.Errorf("docs/http.md does not name %s", name)
		}
	}
	for _, name := range named {
		if !slices.Contains(known, name) {
			t.Errorf("docs/http.md names %s, which is not a metric", name)
		}
	}
}
