package shrink

import (
	"fmt"
	"strings"
	"time"

	"ringside/engine/sim"
	"ringside/engine/sim/client"
	"ringside/engine/sim/plan"
	"ringside/engine/wire"
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

// outcome describes how an operation ended.
func outcome(o client.Observation) string {
	text := o.Outcome
	if o.Kind == plan.Get && o.Outcome == client.OK.String() {
		text = "found nothing"
		if len(o.Read) > 0 {
			text = "found " + numbers(o.Read)
		}
	}
	if o.Code != wire.OK {
		text += ": " + o.Code.String()
	}
	if len(o.Acks) > 0 {
		text = "acked by " + strings.Join(o.Acks, " ") + " as " + o.Version.Notation()
	}
	if o.Ended > 0 {
		text += fmt.Sprintf(", %v later", (o.Ended - o.Began).Round(time.Microsecond))
	}
	return text
}

func numbers(ids []uint64) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = fmt.Sprintf("#%d", id)
	}
	return strings.Join(parts, " ")
}
