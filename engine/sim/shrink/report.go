package shrink

import (
	"fmt"
	"strings"
	"time"

	"ringside/engine/sim"
	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
)

// Report writes a plan as a script that says which properties failed and how each operation ended.
// from, if not empty, is the options of the run from which the plan was shrunk.
func Report(p plan.Plan, r sim.Result, from string) string {
	var b strings.Builder
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "# %s: %s\n", v.Property, v.Detail)
	}
	if from != "" {
		fmt.Fprintf(&b, "# made smaller from: ringside sim %s\n", from)
	}
	ends := map[uint64]string{}
	for _, o := range r.History {
		ends[o.ID] = outcome(o)
	}
	head, rest, _ := strings.Cut(p.Script(func(id uint64) string { return ends[id] }), "\n")
	return head + "\n" + b.String() + rest
}

// outcome describes how an operation ended, and after what time.
func outcome(o client.Observation) string {
	text := o.Ending()
	if o.Ended > 0 {
		text += fmt.Sprintf(", %v later", (o.Ended - o.Began).Round(time.Microsecond))
	}
	return text
}
