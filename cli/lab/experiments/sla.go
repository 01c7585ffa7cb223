package experiments

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"ringside/cli/lab"
	"ringside/engine/sim"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// §2.2 and §6, Figure 4: averages and 99.9th percentiles over a day, and what a service can
// promise.

// An slaSize is the work for each seed: some hours of the day, and a sample of each.
type slaSize struct {
	first, every int // the first hour, and hours from one to the next
	sample       time.Duration
}

// usualSLA answers in about half a minute of one core with the usual seeds.
var usualSLA = slaSize{every: 2, sample: 10 * time.Second}

const (
	// promise is the example of a service level agreement: 99.9 % of the requests are answered in
	// that time at peak load.
	promise      = 300 * time.Millisecond
	promised     = 99.9
	peakHour     = 14
	slaKeys      = 200
	maxPeak      = 5000 // requests a second: 50,000 in a sample, and minutes for a day
	publishedTop = 200  // ms: Figure 4's 99.9th percentiles are near it
	publishedBy  = 10   // and about so many times the averages
)

func sla() *lab.Experiment { return slaOf(usualSLA) }

func slaOf(size slaSize) *lab.Experiment {
	return &lab.Experiment{
		Name: "sla", Section: "§2.2, Figure 4",
		Title: "averages and 99.9th percentiles over a day, and the promise of 300 ms",
		Question: "How far is the 99.9th percentile of the latencies from their average over a day's load, and are " +
			"99.9 % of the requests answered within 300 ms?",
		Method: slaMethod,
		Clock:  lab.Virtual,
		X:      lab.Axis{Label: "hour of the day"},
		Measures: []lab.Measure{
			{Name: "load", Label: "requests", Unit: "1/s"},
			{Name: "latency", Label: "latency", Unit: "ms", Log: true},
			{Name: "ratio", Label: "99.9th percentile ÷ average"},
			{Name: "within", Label: "requests answered within 300 ms", Unit: "%", Share: true},
		},
		Params: append(quorumParams("6", "3", "2", "2"),
			lab.Param{Name: "peak", Kind: lab.Number, Default: "500", Min: 1, Max: maxPeak,
				Help: "requests a second at the peak of the day"},
			lab.Param{Name: "night", Kind: lab.Number, Default: "20", Min: 1, Max: 100,
				Help: "load at the quietest hour, in percent of the peak"},
			lab.Param{Name: "objects", Kind: lab.Whole, Default: "0", Max: plan.MaxBuffer,
				Help: "objects in the buffer of each node (§6.1); 0: no buffer"}),
		Seeds:     8,
		Units:     size.units,
		Published: slaPublished,
		Claims: []lab.Claim{
			{Text: "without a buffer, the 99.9th percentile is at least 10 times the average at each hour", Holds: tailIsFar},
			{Text: "without a buffer, the 99.9th percentile is greater at the busiest hour than at the quietest",
				Holds: tailFollowsLoad},
			{Text: "with a buffer, 99.9 % of the requests are answered within 300 ms at each hour", Holds: bufferKeepsPromise},
		},
	}
}

const slaMethod = `The load follows a cosine over the day. Each hour that is shown is a sample of a few seconds of
virtual time at its load: requests come at random times, each from a client of its own, so that a slow one delays no
other. Half of them are gets and half are puts with the context of the last put of the key; all go to random nodes.
Queues are real at the disks: a node takes up to 64 inputs in one turn, and takes no other before the flush of the
turn has ended. A flush takes 0.4 ms on average, and one of 500 stalls for 0.2 s on average. Messages take 0.3 ms on
average. These times are assumptions, and the height of the tail follows from the stalls. Nodes compute in no time
and clients never give up early, so a load that a processor could not serve is not seen as one. Averages and
percentiles are taken for each run, and their means over the seeds are shown. The published figures come from
Amazon's machines and load; they show the direction.`

// load returns the requests a second at an hour of the day.
func load(v lab.Values, hour int) float64 {
	night := v.Number("night") / 100
	day := (1 + math.Cos(2*math.Pi*float64(hour-peakHour)/24)) / 2
	return v.Number("peak") * (night + (1-night)*day)
}

const hours = 24

func (size slaSize) units(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
	var day []int
	for hour := size.first; hour < hours; hour += size.every {
		day = append(day, hour)
	}
	return unitsOf(day, seeds, func(hour int, seed uint64) (*scene, sampler, error) {
		o := plain(seed)
		o.Nodes, o.N, o.R, o.W = v.Whole("nodes"), v.Whole("N"), v.Whole("R"), v.Whole("W")
		o.Keys, o.Clients, o.Length, o.Ops = slaKeys, 1, size.sample, 1
		if n := v.Whole("objects"); n > 0 {
			o.Buffer = n
		}
		if err := o.Check(); err != nil {
			return nil, nil, asUsage(err)
		}
		s, rate := &scene{Plan: plan.New(o)}, load(v, hour)
		s.Ops = requests(rng.NewAt(seed, "day", uint64(hour)), rate, size.sample, s.Names())
		s.HealAt = size.sample + time.Second
		return s, func(m sim.Measured) []lab.Sample { return slaSamples(m.Measures, float64(hour), rate) }, nil
	})
}

// requests draws requests that come at random times. The first request of each key is a put.
func requests(r *rand.Rand, rate float64, length time.Duration, nodes []string) []plan.Op {
	var out []plan.Op
	last := map[string]uint64{} // put by key
	think := time.Duration(float64(time.Second) / rate)
	for at := rng.Exp(r, think); at < length || len(out) == 0; at += rng.Exp(r, think) {
		id := uint64(len(out) + 1)
		op := plan.Op{
			At: at, Client: int(id), ID: id, Kind: plan.Get, Context: plan.Blind,
			Key: fmt.Sprintf("key%d", r.IntN(slaKeys)), Via: rng.Pick(r, nodes),
		}
		if put := r.IntN(2) == 0; put || last[op.Key] == 0 {
			op.Kind, op.From = plan.Put, last[op.Key]
			last[op.Key] = id
		}
		out = append(out, op)
	}
	return out
}

// Series of the measure latency begin so.
const (
	averageOf = "average of "
	tailOf    = "99.9 % of "
)

// requestsSeries is the series of measures that tell all requests alike.
const requestsSeries = "requests"

func slaSamples(m *measure.Measures, hour, rate float64) []lab.Sample {
	out := []lab.Sample{lab.Point("load", requestsSeries, hour, rate)}
	asked, answered := 0, 0
	for _, o := range []struct {
		name string
		*measure.Operations
	}{{"gets", &m.Gets}, {"puts", &m.Puts}} {
		asked += o.Asked
		answered += within(o.Operations, promise)
		if o.OK == 0 {
			continue
		}
		mean, tail := o.Latency.Mean()/1000, microseconds(o.Latency.Quantile(.999))
		out = append(out,
			lab.Point("latency", tailOf+o.name, hour, tail), lab.Point("latency", averageOf+o.name, hour, mean),
			lab.Point("ratio", o.name, hour, tail/mean))
	}
	return append(out, lab.Share("within", requestsSeries, hour, answered, asked))
}

// within returns how many operations were answered in that time.
func within(o *measure.Operations, limit time.Duration) int {
	n := o.Latency.N()
	return sort.Search(n, func(i int) bool {
		return o.Latency.Quantile(float64(i+1)/float64(n)) > int64(limit/time.Microsecond)
	})
}

// needBuffer and needNone are errors of claims that need, or rule out, a buffer.
const (
	needBuffer = lab.Undecided("needs --objects, such as 1000")
	needNone   = lab.Undecided("says nothing about nodes with a buffer")
)

// tailIsFar claims that at each hour the 99.9th percentile is as far from the average as published.
func tailIsFar(v lab.Values, rows lab.Rows) (bool, string, error) {
	if v.Whole("objects") > 0 {
		return false, "", needNone
	}
	least, most := math.Inf(1), 0.
	for _, s := range []string{"gets", "puts"} {
		all, err := rows.Of("ratio", s)
		if err != nil {
			return false, "", err
		}
		for _, r := range all {
			least, most = min(least, r.Mean), max(most, r.Mean)
		}
	}
	return least >= publishedBy, fmt.Sprintf("%.3g to %.3g times", least, most), nil
}

// tailFollowsLoad compares gets, which wait for flushes of puts and for nothing else.
func tailFollowsLoad(v lab.Values, rows lab.Rows) (bool, string, error) {
	if v.Whole("objects") > 0 {
		return false, "", needNone
	}
	loads, err := rows.Of("load", requestsSeries)
	if err != nil {
		return false, "", err
	}
	byLoad := func(a, b lab.Row) int { return cmp.Compare(a.Mean, b.Mean) }
	quietest, busiest := slices.MinFunc(loads, byLoad), slices.MaxFunc(loads, byLoad)
	if quietest.Mean == busiest.Mean {
		return false, "", lab.Undecided("the load is the same all day")
	}
	quiet, err := rows.At("latency", tailOf+"gets", quietest.X)
	if err != nil {
		return false, "", err
	}
	busy, err := rows.At("latency", tailOf+"gets", busiest.X)
	return busy.Mean > quiet.Mean, fmt.Sprintf("gets: %.3g ms at %g/s, %.3g ms at %g/s", quiet.Mean, quietest.Mean,
		busy.Mean, busiest.Mean), err
}

func bufferKeepsPromise(v lab.Values, rows lab.Rows) (bool, string, error) {
	if v.Whole("objects") == 0 {
		return false, "", needBuffer
	}
	all, err := rows.Of("within", requestsSeries)
	if err != nil {
		return false, "", err
	}
	worst := slices.MinFunc(all, func(a, b lab.Row) int { return cmp.Compare(a.Mean, b.Mean) })
	return worst.Mean >= promised, fmt.Sprintf("%.4g %% at %g o'clock", worst.Mean, worst.X), nil
}

func slaPublished(lab.Values) []lab.Published {
	at := func(measure, series string, value float64, source string) lab.Published {
		return lab.Published{Measure: measure, Series: series, X: peakHour, Value: value, Source: source}
	}
	var out []lab.Published
	for _, what := range []string{"gets", "puts"} {
		out = append(out, at("latency", tailOf+what, publishedTop, "§6, Figure 4: near 200 ms"),
			at("ratio", what, publishedBy, "§6, Figure 4: about ten times"))
	}
	return append(out, at("within", requestsSeries, promised, "§2.2: an example of a promise"))
}
