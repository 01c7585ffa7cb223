package simulate

import (
	"context"

	"ringside/cli/console"
	"ringside/cli/verbs"
)

// OpenVerb is the command open.
var OpenVerb = &verbs.Verb{
	Name: "open", Group: verbs.GroupScript,
	Args:  []verbs.Arg{{Name: "CAPSULE", Complete: verbs.CompleteFiles}},
	Usage: "show the run of a capsule: on the screens, or what sim printed; exit 8 as sim does",
	Help: `A capsule is one file with one simulated run: its script, the commit of ringside, and the result. The run is
played again, and open fails with exit 8 if this ringside comes to another result. Without a terminal, and with
--json, open prints what sim prints of the run.

  ringside sim --seed 42 --capsule 42.capsule
  ringside sim --seeds 5000 --capsule failed.capsule    of the lowest seed that fails, if one does
  ringside open 42.capsule`,
	Flags: []verbs.Flag{{Name: "ascii", Kind: verbs.Bool, Help: "draw with ASCII signs only"}},
}

// DiffVerb is the command diff.
var DiffVerb = &verbs.Verb{
	Name: "diff", Group: verbs.GroupScript,
	Args:  []verbs.Arg{{Name: "A", Complete: verbs.CompleteFiles}, {Name: "B", Complete: verbs.CompleteFiles}},
	Usage: "tell where two simulated runs part: the first event that differs, and what differs in the end",
	Help: `A and B are capsules (sim --capsule) or scripts (sim --script). Both are played.

--json prints {"equal","same_events","first_difference":{"a":EVENT|null,"b":EVENT|null}|null,"a":RUN,"b":RUN,
"keys":[{"key","a":[VERSION],"b":[VERSION]}]}. RUN is {"file","seed"} and the fields of a FUTURE of sim --fork.`,
}

// Open runs a call of OpenVerb.
func Open(ctx context.Context, con *console.Console, call *verbs.Call, screens Screens) error {
	r := &runner{Console: con, ctx: ctx, call: call, screens: screens}
	r.toScreens = !con.JSON && console.IsTerminal(con.Stdout) && console.IsTerminal(con.Stdin)
	return r.open()
}

// Diff runs a call of DiffVerb.
func Diff(ctx context.Context, con *console.Console, call *verbs.Call) error {
	return (&runner{Console: con, ctx: ctx, call: call}).diff()
}
