package experiments

import (
	"fmt"
	"slices"
	"time"

	"ringside/cli/lab"
	"ringside/engine/sim"
	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// §2, §4.6 and §6.6: which requests are answered while faults last.

// noFault is the first place on the x axis.
const noFault = "none"

// outages are the faults, in the order of the x axis.
var outages = []string{
	noFault, plan.Crash, plan.Pause, plan.Split, plan.OneWay, plan.Clog, plan.SlowDisk, plan.Loss, plan.LongDelay,
}

// A quorumKind is one series.
type quorumKind struct {
	name   string
	strict bool
	one    bool // R=W=1
}

// Names of the series.
const (
	sloppyQuorum = "sloppy"
	strictQuorum = "strict"
	sloppyOne    = "sloppy, R=W=1"
)

var quorumKinds = []quorumKind{{name: sloppyQuorum}, {name: strictQuorum, strict: true}, {name: sloppyOne, one: true}}

const answeredSource = "§6.6: requests answered without a time-out, in two years of production"

// publishedAnswered is in percent.
const publishedAnswered = 99.9995

func availability() *lab.Experiment {
	return &lab.Experiment{
		Name: "availability", Section: "§2, §4.6, §6.6",
		Title: "how many requests are answered, by the kind of fault and of quorum",
		Question: "Which share of the requests is answered while a fault of one kind lasts, with sloppy and with " +
			"strict quorums?",
		Method: "Clients get and put keys while faults of one kind come one after the other, for 50 ms to 10 s " +
			"each. A request counts if a fault lasted at some time between its beginning and its end. Losses and " +
			"long delays last all along. A request is answered if its client has a value, \"not found\" or an " +
			"acknowledgement within 5 s. A load balancer sends requests only to nodes that run. So a request fails " +
			"through its own node only if that node stops on the way. A node that is not a home of the key forwards a " +
			"put once. If that message or its answer is lost, the outcome is unknown, and the put counts as not " +
			"answered. A refused put was certainly not written. A get that reaches no home of its key is refused, " +
			"since a fallback without the key does not prove that there is none. With one seed all series have the " +
			"same requests and faults. The published share is that of a production system with few faults, so only " +
			"the direction can be compared.",
		Clock: lab.Virtual,
		X:     lab.Axis{Label: "fault", Names: outages},
		Measures: []lab.Measure{
			{Name: "puts", Label: "puts that are answered", Unit: "%", Share: true},
			{Name: "refused", Label: "puts that are refused", Unit: "%", Share: true},
			{Name: "gets", Label: "gets that are answered", Unit: "%", Share: true},
		},
		Params: append(quorumParams("6", "3", "2", "2"),
			whole("keys", "20", "keys", 1000), whole("operations", "200", "requests of each run", maxOperations)),
		Seeds: 12,
		Units: func(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
			var all []outage
			for _, q := range quorumKinds {
				for x := range outages {
					all = append(all, outage{x, q})
				}
			}
			return unitsOf(all, seeds, func(c outage, seed uint64) (*scene, sampler, error) {
				return availabilityRun(v, c, seed)
			})
		},
		Published: func(lab.Values) []lab.Published {
			var out []lab.Published
			for _, m := range []string{"puts", "gets"} {
				out = append(out, lab.Published{Measure: m, Series: sloppyQuorum, Value: publishedAnswered, Source: answeredSource})
			}
			return out
		},
		Claims: []lab.Claim{
			{Text: "without faults each request is answered", Holds: calmAnswers},
			{Text: "sloppy quorums answer at least as many puts as strict ones at each fault, and more in a partition",
				Holds: sloppyAnswers},
			{Text: "with R=W=1 no put is refused, whatever the fault", Holds: alwaysWritable},
		},
	}
}

// An outage is one kind of fault under one kind of quorum.
type outage struct {
	fault int // index in outages
	quorumKind
}

func availabilityRun(v lab.Values, c outage, seed uint64) (*scene, sampler, error) {
	o := plain(seed)
	o.Nodes, o.N, o.R, o.W = v.Whole("nodes"), v.Whole("N"), v.Whole("R"), v.Whole("W")
	o.Keys, o.Ops, o.Clients = v.Whole("keys"), v.Whole("operations"), 10
	o.FaultEvery = 2 * time.Second
	if c.fault > 0 {
		o.Faults = []string{outages[c.fault]}
	}
	if c.strict {
		o.Quorum = plan.Strict
	}
	s, err := newScene(o)
	if err != nil {
		return nil, nil, err
	}
	if c.one { // after the draws, which depend on R and W
		s.R, s.W = 1, 1
	}
	s.balanceLoad()
	return s, func(m sim.Measured) []lab.Sample {
		var asked, answered, refused [2]int
		for _, o := range m.History {
			if o.ID > uint64(len(s.Ops)) || c.fault > 0 && !s.faulty(o) {
				continue
			}
			i := 0
			if o.Kind == plan.Get {
				i = 1
			}
			asked[i]++
			switch o.Outcome {
			case client.OK.String():
				answered[i]++
			case client.Failed.String():
				refused[i]++
			}
		}
		x := float64(c.fault)
		return []lab.Sample{
			lab.Share("puts", c.name, x, answered[0], asked[0]),
			lab.Share("refused", c.name, x, refused[0], asked[0]),
			lab.Share("gets", c.name, x, answered[1], asked[1]),
		}
	}, nil
}

// faulty reports whether a fault lasts at some time of an operation. Faults that hold all along
// have no injection.
func (s *scene) faulty(o client.Observation) bool {
	ended := o.Ended
	if ended == 0 { // no reply came
		ended = o.Began + client.Timeout
	}
	return len(s.Faults) == 0 || slices.ContainsFunc(s.Faults, func(f plan.Injection) bool {
		return f.At <= ended && o.Began < f.At+f.For
	})
}

// balanceLoad sends each operation to a node that runs when the operation is due.
func (s *scene) balanceLoad() {
	r := rng.New(s.Seed, "lab balancer")
	for i := range s.Ops {
		if op := &s.Ops[i]; s.stopped(op.Via, op.At) {
			up := slices.DeleteFunc(s.Names(), func(n string) bool { return s.stopped(n, op.At) })
			if len(up) > 0 {
				op.Via = rng.Pick(r, up)
			}
		}
	}
}

// stopped reports whether a fault has a node stopped at a time.
func (s *scene) stopped(node string, at time.Duration) bool {
	return slices.ContainsFunc(s.Faults, func(f plan.Injection) bool {
		stops := f.Kind == plan.Crash || f.Kind == plan.Pause || f.Kind == plan.Wipe
		return stops && f.Nodes[0] == node && f.At <= at && at < f.At+f.For
	})
}

func calmAnswers(_ lab.Values, rows lab.Rows) (bool, string, error) {
	least := 100.
	for _, m := range []string{"puts", "gets"} {
		for _, q := range quorumKinds {
			r, err := rows.At(m, q.name, 0)
			if err != nil {
				return false, "", err
			}
			least = min(least, r.Mean)
		}
	}
	return least == 100, fmt.Sprintf("at least %.4g %%", least), nil
}

func sloppyAnswers(_ lab.Values, rows lab.Rows) (bool, string, error) {
	holds, figures := true, ""
	for x, name := range outages {
		sloppy, err := rows.At("puts", sloppyQuorum, float64(x))
		if err != nil {
			return false, "", err
		}
		strict, err := rows.At("puts", strictQuorum, float64(x))
		if err != nil {
			return false, "", err
		}
		holds = holds && sloppy.Mean >= strict.Mean
		if name == plan.Split {
			holds = holds && sloppy.Mean > strict.Mean
			figures = fmt.Sprintf("%.4g and %.4g %% in a partition", sloppy.Mean, strict.Mean)
		}
	}
	return holds, figures, nil
}

func alwaysWritable(_ lab.Values, rows lab.Rows) (bool, string, error) {
	most := 0.
	for x := range outages {
		r, err := rows.At("refused", sloppyOne, float64(x))
		if err != nil {
			return false, "", err
		}
		most = max(most, r.Mean)
	}
	return most == 0, fmt.Sprintf("at most %.3g %%", most), nil
}
