package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"ringside/localcluster/bench/floor"
)

// A Report is what Run measured.
type Report struct {
	Rows     []Row              `json:"rows"`      // of clusters
	Floor    []Row              `json:"floor"`     // each client has its own connection
	FloorMux []Row              `json:"floor_mux"` // clients share a connection to each node
	Ratio    map[string]float64 `json:"ratio"`     // throughput ÷ that of Floor, by Row.Key
	RatioMux map[string]float64 `json:"ratio_mux"` // throughput ÷ that of FloorMux
	// RatioP99 and RatioP999 are latencies ÷ those of Floor. RatioCPU is the processor time of a
	// request ÷ that of Floor. Other programs on the machine disturb RatioCPU the least.
	RatioP99  map[string]float64 `json:"ratio_p99"`
	RatioP999 map[string]float64 `json:"ratio_p999"`
	RatioCPU  map[string]float64 `json:"ratio_cpu"`

	Store       string                 `json:"store"`    // the stores, with commas between them
	Ready       float64                `json:"ready_ms"` // from the start of the first cluster until it was ready
	RSS         float64                `json:"rss_mb"`   // the memory of this process at the end
	RSSReady    float64                `json:"rss_ready_mb"`
	Sizes       map[string]floor.Sizes `json:"message_bytes"` // by operation
	Interrupted bool                   `json:"interrupted,omitempty"`
	// InterruptedAt says which window was interrupted; "" if none was.
	InterruptedAt string `json:"interrupted_at,omitempty"`

	Machine  Machine  `json:"machine"`
	Settings Settings `json:"settings"`
}

// A Machine is where and with which program a report was made.
type Machine struct {
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	Cores   int    `json:"cores"` // that Go may use at once
	CPU     string `json:"cpu,omitempty"`
	Go      string `json:"go"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Changed bool   `json:"modified,omitempty"`
	Date    string `json:"date"`
	// NoDisk says that the data was in a folder in memory, so that no disk was measured.
	NoDisk bool `json:"no_disk,omitempty"`
}

// Settings are the options of a report that no row has.
type Settings struct {
	Target       string  `json:"target,omitempty"` // the cluster, if Run has not started it
	Nodes        int     `json:"nodes"`
	N            int     `json:"n"`
	R            int     `json:"r"`
	W            int     `json:"w"`
	ForS         float64 `json:"for_s"`
	Rounds       int     `json:"rounds"`
	Keys         int     `json:"keys"`
	Size         int     `json:"size"`
	Zipf         bool    `json:"zipf"`
	Gets         float64 `json:"mix"`
	ClientDriven bool    `json:"client_driven"`
}

// A Row has the figures of one system under one load. Each is the median of the rounds. Latencies
// are in microseconds.
type Row struct {
	Store       string    `json:"store,omitempty"`
	Op          Op        `json:"op"`
	Concurrency int       `json:"concurrency"`
	Rate        int       `json:"rate,omitempty"` // requests a second that were due; 0: a closed loop
	OpsS        float64   `json:"ops_s"`
	Samples     int64     `json:"samples"` // latencies in the round that has the fewest
	P50         float64   `json:"p50_us"`
	P99         float64   `json:"p99_us"`
	P999        float64   `json:"p999_us"`
	Mean        float64   `json:"mean_us"`
	Max         float64   `json:"max_us"`
	Errors      int64     `json:"errors"`          // of all rounds
	Error       string    `json:"error,omitempty"` // the first of them
	Failure     error     `json:"-"`               // the same
	Missed      int       `json:"missed"`          // requests of an open loop that were due and that no client took
	CPU         float64   `json:"cpu_us"`          // processor time of the process, for each request
	Allocs      float64   `json:"allocs"`          // allocations of the process, for each request
	Bytes       float64   `json:"bytes"`           // their bytes
	Rounds      []float64 `json:"rounds"`          // ops_s of each round
	Spread      float64   `json:"spread"`          // (highest - lowest round) ÷ median
}

// MinSamplesP999 is the number of latencies below which the 99.9th percentile is the highest one.
const MinSamplesP999 = 1000

// HasP999 reports whether P999 differs from Max.
func (r Row) HasP999() bool { return r.Samples >= MinSamplesP999 }

// Reached reports whether an open loop answered requests as fast as they were due. It is true for a
// closed loop.
func (r Row) Reached() bool { return r.OpsS >= reachedPart*float64(r.Rate) }

// reachedPart is the part of a rate that counts as the rate: the requests that are under way at the
// end of a window do not count.
const reachedPart = 0.98

// RatioKey returns the name of a row in the ratios: its key, after its store if there are several.
func (r *Report) RatioKey(row Row) string {
	if strings.Contains(r.Store, ",") {
		return row.Store + "/" + row.Key()
	}
	return row.Key()
}

// Key returns the name of the row's load: put/64, and put/64@5000 with a rate.
func (r Row) Key() string {
	out := fmt.Sprintf("%s/%d", r.Op, r.Concurrency)
	if r.Rate > 0 {
		out += fmt.Sprintf("@%d", r.Rate)
	}
	return out
}

// newRow returns the row of a load from the results of its rounds.
func newRow(store Store, l load, rounds []result) Row {
	row := Row{Store: string(store), Op: l.op, Concurrency: l.concurrency, Rate: l.rate}
	figure := func(of func(result) float64) float64 {
		var all []float64
		for _, r := range rounds {
			all = append(all, of(r))
		}
		return round(median(all))
	}
	at := func(p float64) float64 {
		return figure(func(r result) float64 { return micros(time.Duration(r.latency.ValueAtPercentile(p))) })
	}
	each := func(of func(resources) float64) float64 {
		return figure(func(r result) float64 { return r.each(of) })
	}
	row.OpsS = figure(result.opsPerSecond)
	row.P50, row.P99, row.P999, row.Max = at(50), at(99), at(99.9), at(100)
	row.Mean = figure(func(r result) float64 { return r.latency.Mean() / float64(time.Microsecond) })
	row.CPU = each(resources.cpuMicros)
	row.Allocs = each(func(u resources) float64 { return float64(u.mallocs) })
	row.Bytes = each(func(u resources) float64 { return float64(u.bytes) })
	row.Samples = rounds[0].latency.TotalCount()
	for _, r := range rounds {
		row.Samples = min(row.Samples, r.latency.TotalCount())
		row.Rounds = append(row.Rounds, round(r.opsPerSecond()))
		row.Errors += r.errors
		row.Missed += r.missed
		if r.first != nil && row.Failure == nil {
			row.Failure, row.Error = r.first, r.first.Error()
		}
	}
	if row.OpsS > 0 {
		row.Spread = round((slices.Max(row.Rounds) - slices.Min(row.Rounds)) / row.OpsS)
	}
	return row
}

// ratio returns the median, over the rounds, of a figure ÷ the same figure of another system in the
// same round. Figures below 0 are not known, and have no ratio. It returns false if there is none.
func ratio(a, b []result, of func(result) float64) (float64, bool) {
	var all []float64
	for i := range min(len(a), len(b)) {
		if over, under := of(a[i]), of(b[i]); over >= 0 && under > 0 {
			all = append(all, over/under)
		}
	}
	if len(all) == 0 {
		return 0, false
	}
	return math.Round(1000*median(all)) / 1000, true
}

// median returns the median of a list that is not empty.
func median(list []float64) float64 {
	sorted := slices.SortedFunc(slices.Values(list), cmp.Compare)
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// round rounds to a hundredth, below which no figure means anything.
func round(x float64) float64 { return math.Round(100*x) / 100 }
