// Package metrics counts what happens in a cluster, for Prometheus.
//
// A Collector has two sources. Counters and histograms come from the cluster's stream of events,
// which costs the nodes nothing beyond the events that they publish anyway. Gauges come from a
// snapshot that is taken at each scrape. Events that the stream has overwritten before the
// Collector read them are counted by ringside_events_missed_total: the other counters are then too
// low.
//
// The names follow https://prometheus.io/docs/practices/naming. collector.go has the counters and
// gauges.go the gauges. docs/grafana.json is a dashboard for them.
package metrics
