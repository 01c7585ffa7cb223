package tour

import "ringside/engine/settings"

// rings is the expression for how many rings the nodes n1, x and y know.
const rings = `1 + (members(x)==members(n1) ? 0 : 1) + (members(y)==members(n1) || members(y)==members(x) ? 0 : 1)`

// members is lesson 9. The homes of beer are n2, n1 and n5.
var members = &Lesson{
	Name: "members", Title: "Who is down?", Section: "§4.8",
	About: "No node watches over the others. Each node has an opinion of its own about who runs, and all of them " +
		"must agree on who belongs to the ring. These are two different things.",
	Cluster: Cluster{Settings: settings.Cluster{NoAntiEntropy: true}},
	Steps: []Step{
		{
			Title: "An opinion of one's own", Needs: `up && !split && !lossy`,
			Say: "All messages between n1 and n2 are about to be lost, both ways. Every other link works. A node notices " +
				"that another one does not answer only when it needs that node.",
			Question: &Question{
				Ask:  "n1 coordinates a put of beer, of which n2 is a home. Which nodes will then believe that n2 has failed?",
				Kind: Nodes, Answer: `suspectedby(n2)`,
				Why: "n1 sent n2 the replica and heard nothing. No other node has a reason to doubt: n2 answers them. A " +
					"belief is **local**: n1 tells no other node.",
				Slips: map[string]Text{
					"n1 n3 n4 n5": "n3, n4 and n5 hear from n2 as always, and n1 does not spread its belief.",
					"n2":          "n2 is the one that is doubted; n2 itself may come to doubt n1.",
				},
			},
			Do:       "Lose all messages between n1 and n2. Then put beer through n1 with W=3, so that n1 needs n2.",
			Hints:    []Text{"loss n1-n2 100 loses all messages of that link.", "put beer cold --via n1 -W 3"},
			Commands: []string{"loss n1-n2 100", "put beer cold --via n1 -W 3"},
			Check:    `up && lossy && !split && suspectedby(n2)==["n1"]`,
			Once:     `up && lossy && !split && requests(put,beer)>0`,
			Wrong: []WrongTurn{
				{`!up(n2)`, "n2 is down, so soon every node that needs n2 will notice. Here n2 runs, and only n1 cannot hear " +
					"it. undo."},
				{`split`, "A split cuts many links at once. Lose the messages of one link: loss n1-n2 100. undo first."},
				{`!lossy && requests(put,beer)>0`, "The put went well, because no message was lost. First loss n1-n2 100, " +
					"then put."},
				{`lossy && requests(put,beer)==0`, "The link loses everything, but n1 has not needed n2 yet, so it has not " +
					"noticed. Put beer through n1."},
			},
			Reveal: Reveal{Show: []string{"status", "trace last"}, Screen: "ring",
				Say: "See the column \"believes down\". n1 waited a while for n2, and then gave the replica to a fallback, " +
					"with a hint.",
				Keep: "Failure detection is local: a node believes what it has seen itself."},
		},
		{
			Title: "Belief and membership", Needs: `lossy && suspectedby(n2)==["n1"]`,
			Question: &Question{
				Ask:  "n1 believes that n2 has failed. Is n2 still a member of the ring that n1 knows, and so a home of its keys?",
				Kind: YesNo, Answer: `"n2" in members(n1)`,
				Why: "The ring of n1 still has ${members(n1)}. A node that does not answer is usually back soon; moving all " +
					"its keys would cost more than waiting.",
				Slips: map[string]Text{"no": "Then its keys would move to other nodes after every short failure, and back " +
					"again."},
			},
			Reveal: Reveal{Show: []string{"ring beer"}, Screen: "ring", Key: "beer",
				Keep: "Only an explicit command, join or leave, changes the ring."},
		},
		{
			Title: "Beliefs pass", Needs: `lossy && suspectedby(n2)==["n1"]`,
			Question: &Question{
				Ask:  "The link works again, and no one sends a request. Will n1 still believe that n2 has failed?",
				Kind: YesNo, Answer: `"n2" in suspects(n1)`,
				Why: "A node probes those that it believes to have failed, now and then. n2 answered. The fallback that kept " +
					"a hint for n2 also learned that n2 runs, and delivered the hint.",
				Slips: map[string]Text{"yes": "n1 keeps asking. One answer is enough."},
			},
			Do:       "End the loss of messages, and wait until n1 has changed its mind.",
			Hints:    []Text{"heal ends losses also."},
			Commands: []string{"heal"},
			Check:    `!lossy && len(suspects(n1))==0 && hints==0`,
			Once:     `!lossy && up`,
			Wrong: []WrongTurn{
				{`!up`, "A node is down now, so others will believe it failed, rightly. undo, and only heal."},
			},
			Reveal: Reveal{Show: []string{"events --kind suspect,alive,hint-delivered", "status"}, Screen: "ring",
				Keep: "A suspicion passes by itself when the node answers."},
		},
		{
			Title:   "Two islands",
			Cluster: &Cluster{Settings: settings.Cluster{Nodes: settings.NodeNames(3), Seeds: []string{}}},
			Say: "Changes of the ring spread by **gossip**: each second a node tells another one, chosen at random, which " +
				"changes it knows. In this cluster a new node knows no other node's address. Two nodes, x and y, will each " +
				"record their own join.",
			Question: &Question{
				Ask: "n1, n2 and n3 have a ring. x joins at x itself, and y joins at y itself. How many separate rings are " +
					"there?",
				Kind: Number, Answer: rings,
				Why: "x knows ${members(x)}, y knows ${members(y)}, n1 knows ${members(n1)}. No node of one ring has heard " +
					"of the others, so gossip never leaves its island.",
				Slips: map[string]Text{"1": "To gossip with a node, one must have heard of it. Here no one has.",
					"2": "x and y do not know each other either."},
			},
			Do:       "Let x join with the node x itself recording the join, and y likewise.",
			Hints:    []Text{"--via NODE says which node records the join."},
			Commands: []string{"join x --via x", "join y --via y"},
			Check:    `len(members(x))==1 && len(members(y))==1 && len(members(n1))==3`,
			Wrong: []WrongTurn{
				{`len(members(n1))>3`, "n1 recorded that join, so n1 knows the new node and tells it of the others: one " +
					"ring, ${members(n1)}. undo, and let the new node itself record its join, with --via."},
				{`len(nodes)==4`, "One node is there. Now the other one."},
			},
			Reveal: Reveal{Show: []string{"ring --via x", "ring --via n1"}, Screen: "ring",
				Say:  "A client that writes to x and one that reads from n1 do not meet.",
				Keep: "Nodes that never heard of each other form separate rings."},
		},
		{
			Title:   "A seed",
			Cluster: &Cluster{Settings: settings.Cluster{Nodes: settings.NodeNames(3), Seeds: []string{"n1"}}},
			Say: "The same once more, but now n1 is a **seed**: a node that every node knows from the start, from its " +
				"configuration.",
			Question: &Question{
				Ask:  "x joins at x itself, and y at y itself. How many separate rings are there after a few rounds of gossip?",
				Kind: Number, Answer: rings,
				Why: "Each node gossips with a seed sooner or later. n1 learned of both joins, and told the others: all know " +
					"${members(n1)}.",
				Slips: map[string]Text{"3": "x and y know the seed n1, and n1 spreads what it hears.",
					"2": "Both know the same seed, so both meet the old ring."},
			},
			Do:       "Let x and y join as before, and wait until all know the same ring.",
			Hints:    []Text{"join x --via x; join y --via y"},
			Commands: []string{"join x --via x", "join y --via y"},
			Check:    `members(x)==members(n1) && members(y)==members(n1) && len(members(n1))==5`,
			Once:     `up(x) && up(y) && up`,
			Wrong: []WrongTurn{
				{`len(nodes)==4`, "One node is there. Now the other one."},
			},
			Reveal: Reveal{Show: []string{"ring --via x", "events --kind membership"}, Screen: "ring",
				Keep: "A seed keeps the ring in one piece: all nodes know it, so all changes meet there."},
		},
	},
	Remember: "Suspicion is local and passes by itself. Membership changes only by command, spreads by gossip, and " +
		"seeds keep the ring in one piece.",
	Paper:   []string{"4.8"},
	TryAlso: []string{"pause n3", "status", "leave y"},
}
