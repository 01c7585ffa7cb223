package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"ringside/engine/event"
	"ringside/engine/view"
)

// gauges are the descriptions of all gauges.
var gauges []*prometheus.Desc

// gauge returns the description of a gauge, which it adds to gauges.
func gauge(name, help string, labels ...string) *prometheus.Desc {
	desc := prometheus.NewDesc(name, help, labels, nil)
	gauges = append(gauges, desc)
	return desc
}

var (
	clusterGauge = gauge("ringside_cluster_info", "1, with the cluster's settings as labels.",
		"cluster", "n", "r", "w", "mode")
	nodesGauge   = gauge("ringside_nodes", "Nodes by state: up, down or paused.", "state")
	upGauge      = gauge("ringside_node_up", "1 for a node that runs and is not paused, else 0.", "node")
	keysGauge    = gauge("ringside_node_keys", "Live keys that a node holds as a home.", "node")
	tombsGauge   = gauge("ringside_node_tombstones", "Keys of which a node holds only tombstones.", "node")
	hintsGauge   = gauge("ringside_hints_waiting", "Hints that a node keeps for other nodes (section 4.6).", "node")
	suspectGauge = gauge("ringside_node_suspected_by", "Nodes that run and believe that the node failed "+
		"(section 4.8.3).", "node")
	bufferGauge = gauge("ringside_node_buffered_objects", "Objects that are in a node's memory only "+
		"(section 6.1).", "node")
	pendingGauge = gauge("ringside_node_pending_ranges", "Key ranges that a node is yet to be given "+
		"(section 4.9).", "node")
	sidesGauge = gauge("ringside_partition_groups", "Groups into which the network is split, 0 without a split.")
	queueGauge = gauge("ringside_queue_bytes", "Bytes that wait in the queues of all nodes.")
	limitGauge = gauge("ringside_queue_limit_bytes", "Bytes that may wait in the queues of all nodes.")
)

// collectGauges sends the gauges of a snapshot.
func collectGauges(events []event.Event, ch chan<- prometheus.Metric) {
	v := view.From(events)
	send := func(desc *prometheus.Desc, value int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), labels...)
	}
	s := v.Settings
	send(clusterGauge, 1, s.Name, strconv.Itoa(s.N), strconv.Itoa(s.R), strconv.Itoa(s.W), s.Mode)
	states := map[view.Status]int{view.Up: 0, view.Down: 0, view.Paused: 0}
	suspects := map[string]int{}
	for _, n := range v.Nodes {
		states[n.Status]++
		if n.Status != view.Up {
			continue
		}
		for peer := range n.Suspects {
			suspects[peer]++
		}
	}
	for state, count := range states {
		send(nodesGauge, count, string(state))
	}
	for _, n := range v.Nodes {
		up := 0
		if n.Status == view.Up {
			up = 1
		}
		send(upGauge, up, n.Name)
		send(keysGauge, n.Keys, n.Name)
		send(tombsGauge, n.Tombstones, n.Name)
		send(hintsGauge, n.HintTotal(), n.Name)
		send(suspectGauge, suspects[n.Name], n.Name)
		send(bufferGauge, n.Buffered, n.Name)
		send(pendingGauge, n.Pending, n.Name)
	}
	send(sidesGauge, len(v.Groups))
	send(queueGauge, v.Queues.Used)
	send(limitGauge, v.Queues.Limit)
}
