package experiments

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/lab"
	"ringside/engine"
	"ringside/engine/event"
	"ringside/engine/sim"
	"ringside/engine/sim/kernel"
	"ringside/engine/sim/measure"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// §4.8.3: failure detection that is purely local and driven by traffic.

const (
	// detectionAlive is the time before a node falls silent, and again after it is back.
	detectionAlive = 20 * time.Second
	// slowestRequest is the time after which a request fails, whatever the patience is.
	slowestRequest = 4 * time.Second
)

func detection() *lab.Experiment {
	return &lab.Experiment{
		Name: "detection", Section: "§4.8.3",
		Title: "how soon nodes notice that a peer is silent, and what that costs",
		Question: "Only a peer that does not answer a question is suspected. How soon do the others notice a " +
			"silent node, by the rate of requests and by their patience, and what do clients and the network pay?",
		Method: "Clients get and put many keys at a given rate. Then one node falls silent for a while, and no " +
			"connection breaks. The time to the first notice ends when one other node suspects the silent one. " +
			"Runs in which none does are left out. Noticed are the nodes that suspect the silent one before it is " +
			"back. A load balancer sends no request to the silent node. With W=N, puts of that node's keys wait " +
			"for it. With a smaller W, the answers of the others are enough. Delayed requests take at least as " +
			"long as the patience; they are a share of the requests that begin while the node is silent and some " +
			"other node does not know. A put whose outcome stays unknown counts as delayed, and not as the " +
			"slowest. A few messages take a hundred times as long as usual, and a few flushes to " +
			"disk stall for 200 ms or so. Both make impatient nodes suspect healthy ones. Those wrong suspicions " +
			"are counted for each minute of the run. Pings are those of all nodes to suspected peers and before " +
			"puts are forwarded, while the node is silent. Suspected peers are pinged each 500 ms. Gossip, hints " +
			"and read repair go on as usual.",
		Clock: lab.Virtual,
		X:     lab.Axis{Label: "requests of all clients", Unit: "1/s", Log: true},
		Measures: []lab.Measure{
			{Name: "first", Label: "time to the first notice", Unit: "s"},
			{Name: "noticed", Label: "other nodes that notice", Unit: "%", Share: true},
			{Name: "delayed", Label: "delayed requests while some node has not noticed", Unit: "%", Share: true},
			{Name: "slowest", Label: "slowest request while the node is silent", Unit: "ms", Log: true},
			{Name: "wrong", Label: "wrong suspicions", Unit: "1/min"},
			{Name: "pings", Label: "pings and their answers", Unit: "1/s"},
		},
		Params: append(quorumParams("6", "3", "2", "3"),
			lab.Param{Name: "rate", Kind: lab.Numbers, Default: "1,3,10,30", Min: .1, Max: 1000,
				Help: "requests a second, of all clients"},
			lab.Param{Name: "patience", Kind: lab.Numbers, Default: "50,200,800", Min: 10, Max: 1000,
				Help: "milliseconds of silence after which a peer that was asked is suspected"},
			lab.Param{Name: "late", Kind: lab.Number, Default: "1", Max: 20, Help: "percent of messages that take long"},
			whole("silent", "20", "seconds for which the node is silent", 600)),
		Seeds: 10,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			var all []detectionSetting
			for _, p := range v.Numbers("patience") {
				for _, r := range v.Numbers("rate") {
					all = append(all, detectionSetting{p, r})
				}
			}
			return unitsOf(all, seeds, func(c detectionSetting, seed uint64) (*scene, sampler, error) {
				return detectionRun(v, c, seed)
			})
		},
		Claims: []lab.Claim{
			{Text: "traffic drives detection: more requests notice a silent node sooner", Holds: trafficNotices},
			{Text: "impatient nodes suspect healthy peers more often", Holds: impatienceErrs},
			{Text: "patient nodes make clients wait longer", Holds: patienceWaits},
		},
	}
}

// A detectionSetting is one point of one series.
type detectionSetting struct{ patience, rate float64 }

func (c detectionSetting) String() string { return fmt.Sprintf("patience %g ms", c.patience) }

func detectionRun(v lab.Values, c detectionSetting, seed uint64) (*scene, sampler, error) {
	o := plain(seed)
	o.Nodes, o.N, o.R, o.W = v.Whole("nodes"), v.Whole("N"), v.Whole("R"), v.Whole("W")
	silent := time.Duration(v.Whole("silent")) * time.Second
	o.Length = 2*detectionAlive + silent
	o.Ops = max(2, int(c.rate*o.Length.Seconds()))
	o.Clients, o.Keys, o.Blind = min(10, o.Ops), 50, .2
	s, err := newScene(o)
	if err != nil {
		return nil, nil, err
	}
	t := engine.DefaultTimings()
	t.Patience, t.Request = milliseconds(c.patience), slowestRequest
	s.Timings = &t
	s.Conditions.LongDelay = v.Number("late") / 100
	node := rng.Pick(rng.New(seed, "lab silent"), s.Names())
	s.Faults = []plan.Injection{{Kind: plan.Pause, At: detectionAlive, For: silent, Nodes: []string{node}}}
	s.HealAt = max(s.HealAt, o.Length)
	s.balanceLoad()
	s.looks = []time.Duration{detectionAlive, detectionAlive + silent}
	w := &notices{fault: s.Faults[0]}
	s.watch = w.event
	return s, func(m sim.Measured) []lab.Sample { return w.samples(c, m, len(s.Names())-1) }, nil
}

// notices are the suspicions of one run.
type notices struct {
	fault plan.Injection
	by    []string      // nodes that suspect the silent node while it is silent, in order
	first time.Duration // from the beginning of the silence; valid if there is a notice
	last  time.Duration // time of the last one, since the start of the run
	wrong int           // suspicions of nodes that were not silent
}

// event takes in an event of the run.
func (w *notices) event(e event.Event) {
	at := e.Time - kernel.Origin
	during := at >= w.fault.At && at < w.fault.At+w.fault.For
	switch node := w.fault.Nodes[0]; {
	case e.Kind != event.Suspect || at > 2*detectionAlive+w.fault.For:
	case e.Peer != node && e.Node != node:
		w.wrong++
	case e.Peer != node, !during: // the silent node may suspect all others when it is back
	case !slices.Contains(w.by, e.Node):
		w.last = at
		if w.by = append(w.by, e.Node); len(w.by) == 1 {
			w.first = at - w.fault.At
		}
	}
}

// samples says what one run showed.
func (w *notices) samples(c detectionSetting, m sim.Measured, others int) []lab.Sample {
	series, x, f := c.String(), c.rate, w.fault
	minutes := (2*detectionAlive + f.For).Minutes()
	pings := m.Looks[1].Traffic[measure.Probing].Messages - m.Looks[0].Traffic[measure.Probing].Messages
	out := []lab.Sample{
		lab.Share("noticed", series, x, len(w.by), others),
		lab.Point("wrong", series, x, float64(w.wrong)/minutes),
		lab.Point("pings", series, x, float64(pings)/f.For.Seconds()),
	}
	if len(w.by) > 0 {
		out = append(out, lab.Point("first", series, x, w.first.Seconds()))
	}
	slowest, delayed, asked := time.Duration(0), 0, 0
	for _, o := range m.History {
		if o.Began < f.At || o.Began >= f.At+f.For {
			continue
		}
		took, unknown := o.Ended-o.Began, o.Ended == 0
		if !unknown {
			slowest = max(slowest, took)
		}
		if len(w.by) < others || o.Began < w.last {
			if asked++; unknown || took >= milliseconds(c.patience) {
				delayed++
			}
		}
	}
	out = append(out, lab.Share("delayed", series, x, delayed, asked))
	if slowest > 0 {
		out = append(out, lab.Point("slowest", series, x, float64(slowest)/float64(time.Millisecond)))
	}
	return out
}

func trafficNotices(v lab.Values, rows lab.Rows) (bool, string, error) {
	rates := slices.Sorted(slices.Values(v.Numbers("rate")))
	if len(rates) == 1 {
		return false, "", oneValue
	}
	holds, figures := true, ""
	for _, p := range v.Numbers("patience") {
		seldom, err := rows.At("first", detectionSetting{patience: p}.String(), rates[0])
		if err != nil {
			return false, "", err
		}
		often, err := rows.At("first", detectionSetting{patience: p}.String(), rates[len(rates)-1])
		if err != nil {
			return false, "", err
		}
		holds = holds && often.Mean < seldom.Mean
		figures += fmt.Sprintf("%.3g s at %g/s, %.3g s at %g/s; ", seldom.Mean, seldom.X, often.Mean, often.X)
	}
	return holds, strings.TrimSuffix(figures, "; "), nil
}

func impatienceErrs(v lab.Values, rows lab.Rows) (bool, string, error) {
	hasty, slow, err := byPatience(v, rows, "wrong")
	return hasty > slow, fmt.Sprintf("%.3g/min for the least patience, %.3g/min for the greatest", hasty, slow), err
}

func patienceWaits(v lab.Values, rows lab.Rows) (bool, string, error) {
	hasty, slow, err := byPatience(v, rows, "slowest")
	figures := fmt.Sprintf("the slowest takes %.3g ms for the least patience, %.3g ms for the greatest", hasty, slow)
	return hasty < slow, figures, err
}

// byPatience returns the means of a measure over all rates, for the least and the greatest
// patience. It returns oneValue if there is one patience only.
func byPatience(v lab.Values, rows lab.Rows, measure string) (least, greatest float64, err error) {
	mean := func(p float64) float64 {
		all, missing := rows.Of(measure, detectionSetting{patience: p}.String())
		if missing != nil {
			err = missing
		}
		sum := 0.
		for _, r := range all {
			sum += r.Mean
		}
		return sum / float64(max(1, len(all)))
	}
	p := v.Numbers("patience")
	if len(p) == 1 {
		return 0, 0, oneValue
	}
	return mean(slices.Min(p)), mean(slices.Max(p)), err
}
