package experiments

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"ringside/cli/lab"
	"ringside/cli/lab/wars"
	"ringside/engine"
	"ringside/engine/sim/plan"
	"ringside/engine/sim/rng"
)

// Staleness as Bailis et al. predict it ("Probabilistically Bounded Staleness", VLDB 2012), and as
// the engine has it.

const (
	pbsSource = "PBS (Bailis et al., VLDB 2012)"
	// pbsRepeats is the number of gets of a put, over all times. Gets of one put depend on each
	// other, so that many more would add work and tell little.
	pbsRepeats = 4
	pbsKeys    = 100
	// maxTime bounds the time from a put to a get.
	maxTime = time.Minute
	// maxReplicas bounds N.
	maxReplicas = 9
	// bound is the greatest RMSE of the measured against the predicted shares, in points.
	bound = 1.
)

// A pbsSize is the work for each seed.
type pbsSize struct {
	trials int // of the model
	// ops is the number of operations of one simulated run. There are more if there are many times,
	// so that each time has so many gets.
	ops, gets int
	// puts is the number of probed puts of a run that measures versions.
	puts int
}

// usualPBS gives standard errors of at most 0.04 points for the model and half a point for the
// engine, with 20 seeds.
var usualPBS = pbsSize{trials: 100_000, ops: 5_000, gets: 600, puts: 1_000}

// The series. Those without _local have a coordinator that keeps no replica.
const (
	predicted      = "predicted"
	measured       = "measured"
	predictedLocal = "predicted_local"
	measuredLocal  = "measured_local"
)

func pbs() *lab.Experiment { return pbsOf(usualPBS) }

func pbsOf(size pbsSize) *lab.Experiment {
	versions := &lab.Axis{Label: "k"}
	return &lab.Experiment{
		Name: "pbs", Section: "§4.5; PBS, VLDB 2012",
		Title: "how stale a get is after a put: predicted by a model, and measured on the engine",
		Question: "How likely is a get to return a put that was acknowledged t ms before, and does the published " +
			"model predict the engine? How likely is one of the last k versions?",
		Method: pbsMethod,
		Clock:  lab.Virtual,
		X:      lab.Axis{Label: "t", Unit: "ms"},
		Measures: []lab.Measure{
			{Name: "consistent", Label: "gets that return the put", Unit: "%", Share: true},
			{Name: "within", Label: "gets that return one of the last k versions", Unit: "%", X: versions},
		},
		Params: []lab.Param{
			{Name: "fit", Kind: lab.Text, Default: "DISK", Check: checkFit,
				Help: "delays of the legs W, A, R and S: SSD, DISK, YMMR, or your own, such as " +
					"'W=exp(.1);A=exp(1);R=exp(1);S=exp(1)'"},
			{Name: "N", Kind: lab.Whole, Default: "3", Min: 1, Max: maxReplicas, Help: "replicas of a key"},
			{Name: "R", Kind: lab.Whole, Default: "1", Min: 1, Max: maxReplicas, Help: "replicas that must answer a get"},
			{Name: "W", Kind: lab.Whole, Default: "1", Min: 1, Max: maxReplicas, Help: "replicas that must acknowledge a put"},
			{Name: "t", Kind: lab.Numbers, Default: "0,1,2,5,10,20,50", Max: float64(maxTime / time.Millisecond),
				Help: "milliseconds from the acknowledgement of a put to the beginning of a get"},
			{Name: "k", Kind: lab.Wholes, Default: "1,2,3", Min: 1, Max: maxVersions, Help: "numbers of versions"},
		},
		Seeds:     20,
		Units:     size.units,
		Published: pbsPublished,
		Claims: []lab.Claim{
			{Text: "the engine does what the model predicts, to an RMSE of 1 point: coordinators without replicas",
				Holds: agreesWith(measured, predicted)},
			{Text: "the engine does what the model predicts, to an RMSE of 1 point: coordinators with replicas",
				Holds: agreesWith(measuredLocal, predictedLocal)},
			{Text: "gets that begin later find a put no less likely", Holds: laterIsFresher},
			{Text: "the engine returns one of the last k versions as the closed form says", Holds: versionsAsPredicted},
		},
	}
}

const pbsMethod = `The model is WARS, drawn many times. Four legs are drawn for each replica and trial: W, the put
on its way to the replica; A, its acknowledgement; R, the question of the get; S, the answer. The put is
acknowledged when W acknowledgements are there. The get begins t later, and is consistent if one of its first R
answers has the put. In the published model ("predicted") all legs are remote. This engine's coordinator is one of
the replicas, so "predicted_local" draws the replica of the put's coordinator and that of the get's, and the legs to
these take no time. "measured" and "measured_local" are the engine in simulation, with coordinators that keep no
replica, and with coordinators that keep one. Each message is one of the four legs and draws its own delay from the same
distribution; links to clients, disks and queues take no time. Read repair, anti-entropy and handoff are off,
quorums are strict, and each get begins exactly t after its put was acknowledged. Requests that wait for a replica
longer than 4 s are refused and left out. The closed form for k versions assumes that a write never spreads beyond
its quorum. For W=1 it is measured with a coordinator that keeps the only copy: the leg W takes 3.9 s, and puts of a
key follow each other each second.`

// checkFit returns an error if a text is not a fit with all legs of the model.
func checkFit(text string) error {
	legs, err := plan.ParseLegs(text)
	if err != nil {
		return err
	}
	none := plan.Delay{}
	if legs.W == none || legs.A == none || legs.R == none || legs.S == none || legs.Other != none {
		return fmt.Errorf("want the four legs W, A, R and S, such as W=%v;A=%v;R=%v;S=%v", anyLeg, anyLeg, anyLeg, anyLeg)
	}
	return nil
}

// anyLeg is an example of a leg.
var anyLeg = plan.Delay{Lambda: 1}

// A pbsSetting is what the values of the parameters ask for.
type pbsSetting struct {
	pbsSize
	wars.Model
	t []time.Duration
	k []float64
}

func (size pbsSize) setting(v lab.Values) (pbsSetting, error) {
	legs, err := plan.ParseLegs(v.Text("fit"))
	m := wars.Model{Legs: legs, N: v.Whole("N"), R: v.Whole("R"), W: v.Whole("W")}
	s := pbsSetting{pbsSize: size, Model: m, k: v.Numbers("k")}
	if err == nil {
		err = checkQuorum(s.N, s.R, s.W)
	}
	for _, t := range v.Numbers("t") {
		s.t = append(s.t, milliseconds(t))
	}
	return s, err
}

func (size pbsSize) units(v lab.Values, seeds []uint64) ([]lab.Unit, error) {
	s, err := size.setting(v)
	if err != nil {
		return nil, err
	}
	out := []lab.Unit{{Run: func(context.Context) ([]lab.Sample, error) { return s.closedForm(), nil }}}
	for _, seed := range seeds {
		for _, local := range []bool{false, true} {
			s := s
			s.Local = local
			out = append(out,
				lab.Unit{Seed: seed, Run: func(context.Context) ([]lab.Sample, error) { return s.predict(seed), nil }},
				lab.Unit{Seed: seed, Run: func(ctx context.Context) ([]lab.Sample, error) { return s.measure(ctx, seed) }})
		}
		if s.W == 1 && s.N > 1 {
			out = append(out, lab.Unit{Seed: seed, Run: func(ctx context.Context) ([]lab.Sample, error) {
				return s.measureVersions(ctx, seed)
			}})
		}
	}
	return out, nil
}

// predict draws the model.
func (s pbsSetting) predict(seed uint64) []lab.Sample {
	name, key := predicted, uint64(0)
	if s.Local {
		name, key = predictedLocal, 1
	}
	hits := s.Consistent(rng.NewAt(seed, "wars", key), s.t, s.trials)
	out := make([]lab.Sample, len(s.t))
	for i, t := range s.t {
		out[i] = lab.Share("consistent", name, inMilliseconds(t), hits[i], s.trials)
	}
	return out
}

// options returns those of a run with probes.
func (s pbsSetting) options(seed uint64, probes []time.Duration) plan.Options {
	o := plain(seed)
	o.Nodes, o.N, o.R, o.W, o.Quorum = s.N+1, s.N, s.R, s.W, plan.Strict
	o.Keys, o.Clients = pbsKeys, 1
	o.Experiment = plan.Experiment{
		Legs: s.Legs, Coordinator: plan.Remote, Probes: probes, Off: engine.Off{ReadRepair: true, Handoff: true},
	}
	if s.Local {
		o.Experiment.Coordinator = plan.Home
	}
	return o
}

// pacing returns the options with n operations in trials of some probes, and the length at which
// trials of one key begin at least apart.
func pacing(o plan.Options, n int, apart time.Duration) plan.Options {
	puts := o.Keys + (n-o.Keys)/(1+len(o.Experiment.Probes))
	o.Ops, o.Length = n, apart*time.Duration((puts+o.Keys-1)/o.Keys)
	return o
}

// measure plays the engine.
func (s pbsSetting) measure(ctx context.Context, seed uint64) ([]lab.Sample, error) {
	repeats := max(1, pbsRepeats/len(s.t))
	var probes []time.Duration
	for range repeats {
		probes = append(probes, s.t...)
	}
	puts := max(s.ops/(1+len(probes)), (s.gets+repeats-1)/repeats)
	o := s.options(seed, probes)
	// A trial has ended before the next one of its key begins: neither its put nor its gets last
	// longer than a leg may.
	o = pacing(o, o.Keys+puts*(1+len(probes)), slices.Max(s.t)+2*plan.LegTime)
	m, err := (&scene{Plan: plan.New(o)}).play(ctx)
	if err != nil {
		return nil, err
	}
	name := measured
	if s.Local {
		name = measuredLocal
	}
	var out []lab.Sample
	for _, p := range m.Probes {
		out = append(out, lab.Share("consistent", name, p.AfterMS, p.Fresh, p.Gets))
	}
	return out, nil
}

func inMilliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// agreesWith claims that a series differs from another by an RMSE of at most bound.
func agreesWith(ours, model string) func(lab.Values, lab.Rows) (bool, string, error) {
	return func(v lab.Values, rows lab.Rows) (bool, string, error) {
		squares, n := 0., 0.
		for _, t := range v.Numbers("t") {
			m, err := rows.At("consistent", ours, inMilliseconds(milliseconds(t)))
			if err != nil {
				return false, "", err
			}
			p, err := rows.At("consistent", model, inMilliseconds(milliseconds(t)))
			if err != nil {
				return false, "", err
			}
			squares, n = squares+(m.Mean-p.Mean)*(m.Mean-p.Mean), n+1
		}
		rmse := math.Sqrt(squares / n)
		return rmse <= bound, fmt.Sprintf("RMSE %.2f points; values of t: %.0f", rmse, n), nil
	}
}

// laterIsFresher claims that the measured shares do not fall with time by more than their
// intervals.
func laterIsFresher(v lab.Values, rows lab.Rows) (bool, string, error) {
	if len(v.Numbers("t")) == 1 {
		return false, "", oneValue
	}
	figures := ""
	for _, series := range []string{measured, measuredLocal} {
		all, err := rows.Of("consistent", series)
		if err != nil {
			return false, "", err
		}
		for i := 1; i < len(all); i++ {
			if all[i].High < all[i-1].Low {
				return false, fmt.Sprintf("%s: %.4g %% at %g ms, then %.4g %% at %g ms", series, all[i-1].Mean, all[i-1].X,
					all[i].Mean, all[i].X), nil
			}
		}
		first, last := all[0], all[len(all)-1]
		figures += fmt.Sprintf("%s %.4g to %.4g %%; ", series, first.Mean, last.Mean)
	}
	return true, figures[:len(figures)-len("; ")], nil
}

func pbsPublished(v lab.Values) []lab.Published {
	var out []lab.Published
	if v.Whole("N") != 3 || v.Whole("R") != 1 || v.Whole("W") != 1 {
		return out
	}
	legs, err := plan.ParseLegs(v.Text("fit"))
	if err != nil {
		return out
	}
	for _, p := range []struct {
		fit      string
		t, value float64
	}{{"SSD", 0, 97.4}, {"DISK", 0, 43.9}, {"DISK", 10, 92.5}} {
		if legs.String() == p.fit && slices.Contains(v.Numbers("t"), p.t) {
			out = append(out, lab.Published{
				Measure: "consistent", Series: predicted, X: p.t, Value: p.value, Within: .5, Source: pbsSource + ", " + p.fit,
			})
		}
	}
	for i, value := range []float64{33.3, 55.6, 70.4} {
		if k := float64(i + 1); slices.Contains(v.Numbers("k"), k) {
			out = append(out, lab.Published{
				Measure: "within", Series: closedForm, X: k, Value: value, Within: .06, Source: pbsSource + ", closed form",
			})
		}
	}
	return out
}
