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
	Usage: "show the run of a capsule on the screens, or as text; exit 8 as sim does",
	Help: `A capsule is one file with one run, the commit of ringside, and the result. open fails with exit 8 if this
ringside comes to another result. Without a terminal, and with --json, open prints text.

A simulated run has its script and is played again. The text is what sim prints of the run.
  ringside sim --seed 42 --capsule 42.capsule
  ringside sim --seeds 5000 --capsule failed.capsule    of the lowest seed that fails, if one does
  ringside lab lww --capsule lww.capsule --unit 2       of one unit of an experiment

The capsule of a real cluster has the events that the cluster remembered, and what every node held of each key.
The screens begin at the end, as tui showed them; , and . go from event to event. The text has the numbers of status,
the fates of the writes, and inspect of the latest keys.
  ringside export session.capsule
  ringside run FILE.txtar            a script that fails leaves one, and so does a test with ringsidetest

--json of a real cluster prints {"events","missing_events","from","to","requests","refused","fates":{fate:int},
"status":{of status},"keys":[of inspect]}.`,
	Flags: []verbs.Flag{{Name: "ascii", Kind: verbs.Bool, Help: "draw with ASCII signs only"}},
}

// DiffVerb is the command diff.
var DiffVerb = &verbs.Verb{
	Name: "diff", Group: verbs.GroupScript,
	Args:  []verbs.Arg{{Name: "A", Complete: verbs.CompleteFiles}, {Name: "B", Complete: verbs.CompleteFiles}},
	Usage: "tell where two runs part: what differs first, and what differs in the end",
	Help: `A and B are capsules (sim --capsule, export) or scripts (sim --script). Simulated runs are played, and compared
event by event.

Two runs of a real cluster never have the same times, and their messages arrive in other orders. If A or B is one,
diff compares the requests, in the order in which clients made them, with what the clients were told and the hints, the
faults and membership changes, and what every node holds of each key in the end. Times, addresses and the numbers of
requests do not count. Values count if both are real.

--json prints {"equal","same_events","first_difference":{"a":EVENT|null,"b":EVENT|null}|null,"a":RUN,"b":RUN,
"keys":[{"key","a":[VERSION],"b":[VERSION]}]}. RUN is {"file","seed"} and the fields of a FUTURE of sim --fork.
With a real cluster it prints {"equal","same_moments","first_difference":{"a":MOMENT|null,"b":MOMENT|null}|null,
"a":SESSION,"b":SESSION,"keys":[{"key","a":text,"b":text}]}. MOMENT is {"time","request"?,"text"}. SESSION is
{"file","moments":[MOMENT]} and the fields of open --json.`,
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
