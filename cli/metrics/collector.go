package metrics

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ringside/engine/event"
)

// A Cluster is what a Collector reads of a cluster of this process.
type Cluster interface {
	// Count calls fn with the new events of some kinds until ctx ends or the cluster is down.
	Count(ctx context.Context, kinds []event.Kind, fn func([]event.Event) error) error
	// Snapshot returns the cluster as it is now.
	Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error)
}

// snapshotTime bounds how long a scrape waits for the nodes.
const snapshotTime = 5 * time.Second

// maxScrapes bounds the scrapes at a time. One Prometheus has one.
const maxScrapes = 4

// latencies are the upper bounds of the buckets of durations, in seconds: from a get in memory to
// the 5 s after which a client gives up.
var latencies = []float64{
	.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5,
}

// trafficCounter is the description of the bytes of all messages.
var trafficCounter = prometheus.NewDesc("ringside_message_bytes_total", "Bytes of messages between nodes, and of "+
	"requests of clients and their replies, by mechanism: client, reads, writes, hints, acknowledgements and others.",
	[]string{"mechanism"}, nil)

// kinds are the kinds of events that are counted.
var kinds = []event.Kind{
	event.Replied, event.Reconciled, event.ReadRepair, event.HintStored, event.HintDelivered, event.HintRefused,
	event.HintLost, event.SyncDone, event.RangeTransferred, event.Suspect, event.Dropped, event.LWWLost,
}

// A Collector implements prometheus.Collector. Run feeds it.
type Collector struct {
	cluster Cluster
	traffic func() map[string]int64
	all     []prometheus.Collector

	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	siblings  prometheus.Counter
	readFixes prometheus.Counter
	hints     *prometheus.CounterVec
	trees     *prometheus.CounterVec
	hashes    prometheus.Counter
	bytes     *prometheus.CounterVec
	keys      *prometheus.CounterVec
	suspected prometheus.Counter
	dropped   prometheus.Counter
	lost      prometheus.Counter
	missed    prometheus.Counter
}

// The outcomes of a comparison of trees.
const (
	equal   = "equal"
	differs = "different"
	failed  = "failed"
)

// The outcomes of a hint.
const (
	stored    = "stored"
	delivered = "delivered"
	refused   = "refused"
	lost      = "lost" // the hint failed its checksum
)

// The mechanisms that move replicas in the background.
const (
	antiEntropy = "anti_entropy"
	transfer    = "transfer"
)

// New returns a Collector that has counted nothing. traffic returns the bytes that were sent so
// far, by what they were sent for.
func New(cluster Cluster, traffic func() map[string]int64) *Collector {
	c := &Collector{cluster: cluster, traffic: traffic}
	one := func(name, help string) prometheus.Counter {
		out := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		c.all = append(c.all, out)
		return out
	}
	many := func(name, help string, labels ...string) *prometheus.CounterVec {
		out := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		c.all = append(c.all, out)
		return out
	}
	c.requests = many("ringside_requests_total", "Requests of clients that a node answered, by kind (get, put, del) and "+
		"outcome: ok, or the code of the error.", "op", "outcome")
	c.durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "ringside_request_duration_seconds",
		Help: "Time from a request's arrival at a node to the answer, by kind.", Buckets: latencies}, []string{"op"})
	c.all = append(c.all, c.durations)
	c.siblings = one("ringside_reads_with_siblings_total", "Gets that found more than one version (section 4.4).")
	c.readFixes = one("ringside_read_repairs_total", "Stale replicas to which a get sent the newer versions (section 5).")
	c.hints = many("ringside_hints_total", "Hints by what happened: stored, delivered, refused or lost (section 4.6).",
		"outcome")
	c.trees = many("ringside_tree_comparisons_total", "Comparisons of two homes' Merkle trees by result: equal, "+
		"different or failed (section 4.7).", "result")
	c.hashes = one("ringside_tree_hashes_compared_total", "Hashes of Merkle trees that were compared (section 4.7).")
	c.bytes = many("ringside_repair_bytes_total", "Bytes of messages in the background: of anti_entropy (section 4.7), "+
		"and of the transfer of key ranges (section 4.9).", "mechanism")
	c.keys = many("ringside_repair_keys_total", "Keys that were sent in the background, by mechanism.", "mechanism")
	c.suspected = one("ringside_suspicions_total", "Times that a node began to suspect another one (section 4.8.3).")
	c.dropped = one("ringside_messages_dropped_total", "Messages between nodes that were lost to a fault.")
	c.lost = one("ringside_lww_lost_total", "Acknowledged versions that last write wins lost (section 6).")
	c.missed = one("ringside_events_missed_total", "Events that were overwritten before they were counted: other "+
		"counters are too low by up to this many.")
	c.initialize()
	return c
}

// initialize makes the series whose labels are known, so that a rate has a value from the start.
func (c *Collector) initialize() {
	for _, op := range []string{"get", "put", "del"} {
		c.requests.WithLabelValues(op, "ok")
		c.durations.WithLabelValues(op)
	}
	for _, outcome := range []string{stored, delivered, refused, lost} {
		c.hints.WithLabelValues(outcome)
	}
	for _, result := range []string{equal, differs, failed} {
		c.trees.WithLabelValues(result)
	}
	for _, mechanism := range []string{antiEntropy, transfer} {
		c.bytes.WithLabelValues(mechanism)
		c.keys.WithLabelValues(mechanism)
	}
}

// Run counts events until ctx ends or the cluster is down.
func (c *Collector) Run(ctx context.Context) {
	_ = c.cluster.Count(ctx, kinds, func(events []event.Event) error { // an error means that ctx ended
		for i := range events {
			c.count(&events[i])
		}
		return nil
	})
}

// count counts one event.
func (c *Collector) count(e *event.Event) {
	switch e.Kind {
	case event.Replied:
		c.requests.WithLabelValues(e.Op, e.Err.String()).Inc()
		c.durations.WithLabelValues(e.Op).Observe(e.Elapsed.Seconds())
	case event.Reconciled:
		c.siblings.Inc()
	case event.ReadRepair:
		c.readFixes.Inc()
	case event.HintStored:
		if e.Count > 0 { // a new hint, and not a newer version in one
			c.hints.WithLabelValues(stored).Inc()
		}
	case event.HintDelivered:
		c.hints.WithLabelValues(delivered).Inc()
	case event.HintRefused:
		c.hints.WithLabelValues(refused).Inc()
	case event.HintLost:
		c.hints.WithLabelValues(lost).Inc()
	case event.SyncDone:
		for _, r := range e.Rounds {
			c.trees.WithLabelValues(result(r)).Inc()
			c.hashes.Add(float64(r.Hashes))
			c.move(antiEntropy, r)
		}
	case event.RangeTransferred:
		for _, r := range e.Rounds {
			c.move(transfer, r)
		}
	case event.Suspect:
		c.suspected.Inc()
	case event.Dropped:
		c.dropped.Inc()
	case event.LWWLost:
		c.lost.Inc()
	case event.Gap:
		c.missed.Add(float64(e.Count))
	}
}

// move counts the messages and keys of a round.
func (c *Collector) move(mechanism string, r event.SyncRound) {
	c.bytes.WithLabelValues(mechanism).Add(float64(r.Bytes))
	c.keys.WithLabelValues(mechanism).Add(float64(r.Sent + r.Received))
}

// result returns the outcome of a comparison of trees.
func result(r event.SyncRound) string {
	switch {
	case r.Err != "":
		return failed
	case r.Buckets > 0 || r.Count > 0:
		return differs
	}
	return equal
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, one := range c.all {
		one.Describe(ch)
	}
	ch <- trafficCounter
	for _, g := range gauges {
		ch <- g
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	for _, one := range c.all {
		one.Collect(ch)
	}
	for mechanism, bytes := range c.traffic() {
		ch <- prometheus.MustNewConstMetric(trafficCounter, prometheus.CounterValue, float64(bytes), mechanism)
	}
	ctx, cancel := context.WithTimeout(context.Background(), snapshotTime)
	defer cancel()
	events, err := c.cluster.Snapshot(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(nodesGauge, err)
		return
	}
	collectGauges(events, ch)
}

// Handler serves the metrics of c, and those of the Go runtime of the process.
func Handler(c *Collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(c, collectors.NewGoCollector())
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes, Timeout: 2 * snapshotTime})
}
