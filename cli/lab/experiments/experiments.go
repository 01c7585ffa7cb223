package experiments

import "ringside/cli/lab"

// list has the experiments in the order of help.
var list = []func() *lab.Experiment{
	balance,
	pbs,
	buffer,
	coordination,
	merkle,
	churn,
	bootstrap,
	imbalance,
	repair,
	lww,
	clocks,
	availability,
	patterns,
	detection,
	quorum,
	divergence,
	sla,
	admission,
}

// All returns the experiments in the order of help.
func All() []*lab.Experiment {
	var out []*lab.Experiment
	for _, e := range list {
		out = append(out, e())
	}
	return out
}

// Find returns the experiment of a name, nil if there is none.
func Find(name string) *lab.Experiment {
	for _, e := range All() {
		if e.Name == name {
			return e
		}
	}
	return nil
}
