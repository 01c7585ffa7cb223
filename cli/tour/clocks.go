package tour

import "ringside/engine/settings"

// The answers to which of two versions is newer.
const (
	firstNewer  = "n1's is newer"
	secondNewer = "n2's is newer"
	neither     = "neither is newer"
)

// newer returns the question which version of a key is newer, that of n1 or that of n2.
func newer(key string, why Text, slips map[string]Text) *Question {
	relation := "relation(n1,n2," + key + ")"
	return &Question{
		Ask: Text("n1 holds " + key + " with ${replica(n1," + key + ")}, n2 holds it with ${replica(n2," + key +
			")}. Which is newer?"),
		Kind: Choice, Options: []string{firstNewer, secondNewer, neither},
		Answer: relation + `=="after" ? "` + firstNewer + `" : ` + relation + `=="before" ? "` + secondNewer +
			`" : "` + neither + `"`,
		Why: why, Slips: slips,
		Hint: "Compare the two clocks counter by counter; a counter that is missing is 0.",
	}
}

// clocks is lesson 3. Its three nodes are the homes of every key.
var clocks = &Lesson{
	Name: "clocks", Title: "What a clock says", Section: "§4.4",
	About: "The store must know which of two versions is newer, without a common clock on the wall. Each version " +
		"carries a **vector clock**: for each node that coordinated a put of the key, how many.",
	Cluster: Cluster{Settings: settings.Cluster{Nodes: settings.NodeNames(3)}, Run: []string{
		"put milk one --via n1 -W 3 --save @milk",
		"put eggs one --via n1 -W 3 --save @eggs",
		"put beer one --via n1 -W 3 --save @beer",
		"put tea one --via n1 -W 3 --save @tea",
		"put wine one --via n1 -W 3 --save @wine",
		"put wine two -c @wine --via n1 -W 3",
		"put wine three -c @wine --via n2 -W 3",
		"get wine -R 3 --save @both",
		"partition n1 n2,n3",
		"put milk two -c @milk --via n2 -W 1",
		"put eggs two -c @eggs --via n1 -W 1 --save @eggs",
		"put eggs three -c @eggs --via n1 -W 1",
		"put beer two -c @beer --via n1 -W 1",
		"put beer three -c @beer --via n2 -W 1",
		"put tea two -c @tea --via n1 -W 1 --save @left",
		"put tea three -c @left --via n1 -W 1 --save @left",
		"put tea four -c @left --via n1 -W 1",
		"put tea five -c @tea --via n2 -W 1",
		"put wine four -c @both --via n2 -W 1",
	}},
	Steps: []Step{
		{
			Title: "The rule", Needs: `apart(n1,n2)`,
			Say: "n1 is cut off from n2, and both sides have written. Compare two clocks counter by counter; a counter " +
				"that is missing is 0. A version is newer if none of its counters is smaller and at least one is larger.",
			Question: newer("milk",
				"n2's clock has all that n1's has, and one event more: it descends from n1's version, and may replace it.",
				map[string]Text{
					neither: "Compare again: n1's counter is 1 in both, and n2's is 0 against 1. No counter of n2's clock is " +
						"smaller.",
					firstNewer: "n1's clock has no event that n2's lacks.",
				}),
			Reveal: Reveal{Show: []string{"inspect milk"}, Screen: "key", Key: "milk",
				Say:  "{n1:1 n2:1} reads: one put through n1, and then, having seen it, one through n2.",
				Keep: "Newer: no counter smaller, at least one larger."},
		},
		{
			Title: "One node, several puts", Needs: `apart(n1,n2)`,
			Question: newer("eggs", "Each put through n1 counted n1 up. n1 has seen n2's version and two puts more.",
				map[string]Text{neither: "There is only one counter here, and n1's is larger."}),
			Reveal: Reveal{Show: []string{"inspect eggs"}, Screen: "key", Key: "eggs"},
		},
		{
			Title: "Both sides", Needs: `apart(n1,n2)`,
			Question: newer("beer", "n1's clock has a second event of n1 that n2's lacks. n2's has an event of n2 that n1's "+
				"lacks. Neither version has seen the other: they are **concurrent**.",
				map[string]Text{
					firstNewer:  "In n1's clock the counter for n1 is larger, and that for n2 is smaller: 0 against 1.",
					secondNewer: "n2's clock names two nodes, but its counter of n1 is smaller: 1 against 2.",
				}),
			Reveal: Reveal{Show: []string{"inspect beer"}, Screen: "key", Key: "beer",
				Say:  "Both come from the same version: each put gave back the same context.",
				Keep: "Neither is newer: the versions are concurrent, and both must be kept."},
		},
		{
			Title: "Many against one", Needs: `apart(n1,n2)`,
			Question: newer("tea", "The sum of the counters means nothing, and the time on the wall neither. n2's put has "+
				"not been seen by any of n1's.",
				map[string]Text{
					firstNewer:  "n1 has written more often. But it has not seen the one event of n2.",
					secondNewer: "n2 wrote last. But it has not seen n1's latest puts.",
				}),
			Reveal: Reveal{Show: []string{"inspect tea"}, Screen: "key", Key: "tea",
				Keep: "A clock says what a version has seen, not when or how often it was written."},
		},
		{
			Title: "Two at once", Needs: `apart(n1,n2)`,
			Say: "n1 holds two versions of wine side by side, ‖ between them: they are concurrent **siblings**. n2's " +
				"version was written by a client that had read both.",
			Question: newer("wine", "No counter of n2's clock is smaller than in either sibling. It has seen both, so it "+
				"replaces both.", map[string]Text{
				neither: "Compare n2's clock with each of the two: none of its counters is smaller.",
			}),
			Reveal: Reveal{Show: []string{"inspect wine"}, Screen: "key", Key: "wine",
				Keep: "One version can be newer than several: that is how a client ends a conflict."},
		},
		{
			Title: "Make it yourself", Needs: `apart(n1,n2) && requests(put,beer)==3`,
			Say: "n1 and n2 hold concurrent versions of beer: ${replica(n1,beer)} and ${replica(n2,beer)}. A get returns " +
				"a context that covers all it returned, and a put through n1 counts n1 up.",
			Question: &Question{
				Ask: "After the network has healed, a client gets beer and puts it through n1 with that context. Which clock " +
					"will its version have?",
				Kind: Clock, Answer: `clock(beer)`,
				Hint: "The context takes the larger counter of each node. Then the coordinator counts its own counter up by one.",
				Why:  "The context took the larger counter of each node: {n1:2 n2:1}. Then n1 counted its own up.",
				Slips: map[string]Text{
					"{n1:2 n2:1}": "That is the context. A put is an event of its own, so the coordinator counts up.",
					"{n1:3}":      "That clock has not seen the event of n2, so it would not replace it.",
					"{n1:4 n2:1}": "Counters are not added: the larger one is taken, 2, and counted up once.",
				},
			},
			Do: "Heal the network, and write a version of beer through n1 that replaces both.",
			Hints: []Text{"First heal. Then get beer with -R 3, so that all three homes answer, and keep the context with " +
				"--save @beer.",
				"Then put beer with -c @beer, and --via n1."},
			Commands: []string{"heal", "get beer -R 3 --save @beer", "put beer ours -c @beer --via n1"},
			Check:    `!split && requests(put,beer)==4 && via(put,beer)=="n1" && held(n1,beer)==1 && converged(beer)`,
			Once:     `!split && requests(put,beer)==4 && via(put,beer)=="n1" && held(n1,beer)==1`,
			Wrong: []WrongTurn{
				{`split && requests(put,beer)+refused(put,beer)>3`, "The network is still cut: a client reaches one side " +
					"only, so its context covers one side only. undo, and heal first."},
				{`requests(put,beer)>3 && via(put,beer)!="n1"`, "That put went through ${via(put,beer)}, but the question is " +
					"about n1. undo, and use --via n1."},
				{`requests(put,beer)>4`, "beer was put more than once since the split, so the clock has counted each put. " +
					"undo, and put it once."},
				{`!split && requests(put,beer)>3 && held(n1,beer)>1`, "There are ${siblings(beer)} values now: " +
					"${clocks(beer)}. Your put had no context, or one from before these versions, so it could replace none of " +
					"them. undo. Then heal, and get beer -R 3 --save @beer: that context covers what all homes hold."},
			},
			Reveal: Reveal{Show: []string{"inspect beer"}, Screen: "key", Key: "beer",
				Keep: "A put replaces what its context covers, and nothing else."},
		},
	},
	Remember: "A version is newer if no counter of its clock is smaller and one is larger. If neither is newer, " +
		"they are concurrent, and the store keeps both.",
	Paper:   []string{"4.4"},
	TryAlso: []string{"clock compare {n1:2} '{n1:1 n2:1}'", "get beer --json"},
}
