package experiments

import (
	"testing"

	"ringside/cli/lab"
	"ringside/cli/lab/labtest"
	"ringside/cli/paper"
)

// The samples of Table 2 are compared with the paper's table, and the verdict follows them.
func TestCoordination(t *testing.T) {
	table := &paper.CoordinationTable{}
	for _, op := range coordinationOps {
		for _, approach := range []string{paper.ServerDriven, paper.ClientDriven} {
			p := paper.PublishedCoordination(approach, op)
			l := paper.Latencies{Count: 9, P999: p.P999, Mean: p.Mean}
			table.Rows = append(table.Rows, paper.CoordinationRow{Approach: approach, Op: op, Latencies: l})
		}
		server, client := table.Rows[len(table.Rows)-2], table.Rows[len(table.Rows)-1]
		table.Ratios = append(table.Ratios, paper.CoordinationRatio{Op: op,
			P999: paper.Ratio(server.P999, client.P999), Mean: paper.Ratio(server.Mean, client.Mean)})
	}
	r := reportOf(t, coordination(), coordinationSamples(table))
	if r.Verdict != lab.Agrees || len(r.Published) != 4 {
		t.Errorf("%s; %d published figures", r.Text, len(r.Published))
	}
	for _, p := range r.Published {
		if p.Ours == nil || *p.Difference != 0 || p.Verdict != lab.NoClaim {
			t.Errorf("the table itself is compared: %+v", p)
		}
	}
	labtest.Deny(t, r, "mean", paper.ClientDriven, 4)
	labtest.Deny(t, r, "p999", paper.ClientDriven, 70)
}
