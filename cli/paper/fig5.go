package paper

// §6.1, Figure 5: "Comparison of performance of 99.9th percentile latencies for buffered vs.
// non-buffered writes over a period of 24 hours". Here the day is a few seconds of low load and a
// few of peak load, which are the same for both clusters.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/settings"
	"ringside/engine/wire"
	"ringside/localcluster"
)

// PublishedBufferFactor is the factor by which the buffer lowered the 99.9th percentile at peak.
const PublishedBufferFactor = 5

// A BufferScale is the size of the experiment.
type BufferScale struct {
	Low, Peak int           // writes a second
	Length    time.Duration // of either
	Objects   int           // in the buffer
	Hop       time.Duration // of the network, one way
	Flushes   FlushTimes
}

// UsualBuffer takes about twelve seconds. The buffer has the paper's size.
var UsualBuffer = BufferScale{
	Low: 100, Peak: 500, Length: 2500 * time.Millisecond, Objects: 1000, Hop: time.Millisecond,
	Flushes: FlushTimes{Flush: 2 * time.Millisecond, Stall: 40 * time.Millisecond, StallEvery: 50},
}

// A BufferRow has the latencies of writes under one load.
type BufferRow struct {
	Load   string `json:"load"` // low or peak
	Rate   int    `json:"writes_per_second"`
	Buffer int    `json:"buffer"` // objects; 0: none
	Latencies
}

// BufferRatio has the factors by which the buffer lowered the latencies under one load.
type BufferRatio struct {
	Load      string   `json:"load"`
	P999      float64  `json:"p999"`
	Mean      float64  `json:"mean"`
	Published *float64 `json:"published_p999"` // nil: the paper gives none
}

// BufferFigure is Figure 5, measured.
type BufferFigure struct {
	Rows   []BufferRow   `json:"rows"`
	Ratios []BufferRatio `json:"ratios"` // without a buffer ÷ with it
	scale  BufferScale
}

// Figure5 measures writes with and without the object buffer.
func Figure5(ctx context.Context, scale BufferScale) (*BufferFigure, error) {
	f := &BufferFigure{scale: scale}
	loads := []struct {
		name string
		rate int
	}{{"low", scale.Low}, {"peak", scale.Peak}}
	sizes := []int{0, scale.Objects}
	clusters := map[int]*localcluster.Cluster{}
	for _, objects := range sizes {
		c, done, err := startExperiment(ctx, settings.Cluster{Buffer: objects}, scale.Flushes, scale.Hop)
		if err != nil {
			return nil, fmt.Errorf("figure 5: %w", err)
		}
		defer done()
		clusters[objects] = c
	}
	rows := map[string]map[int]BufferRow{}
	for _, load := range loads {
		samples := map[int]*sample{}
		for round := range rounds {
			for _, objects := range sizes {
				if samples[objects] == nil {
					samples[objects] = &sample{}
				}
				err := samples[objects].arrive(ctx, load.rate, scale.Length/rounds, func(i int) bool {
					key := fmt.Appendf(nil, "%s-%d-%d", load.name, round, i)
					return putOK(clusters[objects].Do(ctx, "", wire.PutRequest{Key: key, Value: key}))
				})
				if err != nil {
					return nil, fmt.Errorf("figure 5: %w", err)
				}
			}
		}
		rows[load.name] = map[int]BufferRow{}
		for _, objects := range sizes {
			row := BufferRow{load.name, load.rate, objects, samples[objects].latencies()}
			rows[load.name][objects] = row
			f.Rows = append(f.Rows, row)
		}
	}
	for _, load := range loads {
		without, with := rows[load.name][0], rows[load.name][scale.Objects]
		r := BufferRatio{Load: load.name, P999: Ratio(without.P999, with.P999), Mean: Ratio(without.Mean, with.Mean)}
		if load.name == "peak" {
			published := float64(PublishedBufferFactor)
			r.Published = &published
		}
		f.Ratios = append(f.Ratios, r)
	}
	return f, nil
}

// Text returns the figure as text.
func (f *BufferFigure) Text() string {
	var out strings.Builder
	out.WriteString("Figure 5 (§6.1): writes with and without an object buffer, N=3 R=2 W=2, in ms\n\n")
	fmt.Fprintf(&out, "%-6s %8s  %-14s %7s %8s %8s %8s %8s\n", "load", "writes/s", "buffer", "writes", "mean",
		"p50", "p99", "p99.9")
	for _, r := range f.Rows {
		buffer := "none"
		if r.Buffer > 0 {
			buffer = fmt.Sprintf("%d objects", r.Buffer)
		}
		fmt.Fprintf(&out, "%-6s %8d  %-14s %7d %8.2f %8.2f %8.2f %8.2f\n", r.Load, r.Rate, buffer, r.Count, r.Mean,
			r.P50, r.P99, r.P999)
	}
	out.WriteByte('\n')
	for _, r := range f.Ratios {
		fmt.Fprintf(&out, "%-5s without a buffer ÷ with it: %.1f at the 99.9th percentile, %.1f on the mean", r.Load,
			r.P999, r.Mean)
		if r.Published != nil {
			fmt.Fprintf(&out, "; published: %g at the 99.9th percentile", *r.Published)
		}
		out.WriteByte('\n')
	}
	d := f.scale.Flushes
	fmt.Fprintf(&out, `
Without a buffer, a put waits for two disks: the coordinator's, and that of the faster of the other homes. With a
buffer, the put waits for memory only, and the durable replica among the three is written in the background. So the
direction does not depend on the machine. The factor does: the disks are simulated (%v a flush, and one in %d stalls
for %v), as is the network (%v a hop). The 99.9th percentile with a buffer is mostly the pauses of this machine; if
the machine is busy, measure again. A buffer has a price: a crash loses up to a tenth of a second of that node's writes.
`, d.Flush, d.StallEvery, d.Stall, f.scale.Hop)
	return out.String() + failures(f.failed())
}

func (f *BufferFigure) failed() int {
	n := 0
	for _, r := range f.Rows {
		n += r.Failed
	}
	return n
}

// failures returns a note on requests that failed, "" if there are none.
func failures(n int) string {
	if n == 0 {
		return ""
	}
	return render.Count(n, "request") + " failed and are not in the figures: this machine was too busy for the load.\n"
}
