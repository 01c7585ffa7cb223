package tour

import (
	"ringside/engine/ring"
	"ringside/engine/settings"
)

// oneLeft says that n6 has joined the ring that n1 knows, and that another node has left it.
const oneLeft = `up(n6) && "n6" in members(n1) && len(members(n1))<6`

// hasLeft explains both that the ring has fewer members than at the start, and oneLeft.
const hasLeft Text = "A node has left the ring: it has ${members(n1)}. So the homes are not those of the question. " +
	"undo, and let n6 join."

// otherName says that a node other than n6 has joined, and n6 has not.
const otherName = `len(nodes)>5 && none(nodes, # matches "^n6$")`

// stopped is the expression for the first of the nodes n1 to n5 that does not run.
const stopped = `!up(n1) ? "n1" : !up(n2) ? "n2" : !up(n3) ? "n3" : !up(n4) ? "n4" : "n5"`

// where is lesson 1. The homes of cart are n3, n4 and n5, and those of basket n5, n1 and n2.
var where = &Lesson{
	Name: "where", Title: "Where a key lives", Section: "§4.2, §4.3",
	About: "Five nodes keep the data of a shop. No node is the master, and no list says which key is where. How " +
		"does a node find a key?",
	Cluster: Cluster{Keys: 300},
	Steps: []Step{
		{
			Title: "The ring",
			Say: "Imagine all keys on a circle, the **ring**. A hash of the key gives it a place there. Each node has " +
				"many places of its own, its **tokens**. A key belongs to the first N different nodes that one meets " +
				"clockwise from its place: its **homes**. Here N=3.",
			Question: &Question{
				Ask:  "How many of the five nodes will hold the key cart, if all goes well?",
				Kind: Number, Answer: `len(homes(cart))`,
				Why: "N=3, so three: ${homes(cart)}. Two more nodes follow on the list. They take the key only if a home " +
					"cannot be reached.",
				Slips: map[string]Text{
					"1": "One copy would be lost with its node. N is the number of copies.",
					"2": "Two is how many must answer here before a put succeeds. N is the number of copies.",
					"5": "If every node held every key, five nodes together would hold no more than one does.",
				},
			},
			Reveal: Reveal{Show: []string{"ring cart"}, Screen: "ring", Key: "cart",
				Say: "This is the **preference list** of cart: the nodes in the order in which one meets them clockwise from " +
					"its place.",
				Keep: "A key has N homes: the first N different nodes clockwise from the key's place."},
		},
		{
			Title: "Any node will do",
			Say: "A client may send its request to any node. n1 is not a home of cart, but n1 knows the ring, so it " +
				"computes the same list.",
			Question: &Question{
				Ask:  "A client puts cart through n1. Which nodes will hold it afterwards?",
				Kind: Nodes, Answer: `holders(cart)`,
				Why: "n1 handed the put to a home, the **coordinator** of this put. The coordinator wrote its own " +
					"**replica** and sent one to each of the other homes. n1 keeps nothing.",
				Slips: map[string]Text{
					"n1":          "n1 only received the request. The place of the key decides, not the place of the client.",
					"n1 n3 n4 n5": "n1 only passed the request on. The place of the key decides, not the place of the client.",
					"n1 n3 n4":    "n1 only passed the request on. The place of the key decides.",
				},
			},
			Do:       "Put milk into the key cart, through the node n1.",
			Hints:    []Text{"put KEY VALUE writes; --via NODE sends the request to that node."},
			Commands: []string{"put cart milk --via n1"},
			Check:    `via(put,cart)=="n1" && len(holders(cart))>=3`,
			Once:     `via(put,cart)=="n1"`,
			Wrong: []WrongTurn{
				{`refused(put,cart)>0`, "The put was refused: too few nodes could be reached. undo begins again with five " +
					"running nodes."},
				{`!up || split`, "A node is missing now, so the put would not go its usual way. undo begins the step again."},
				{`requests(put,cart)>0`, "That put went through ${via(put,cart)}, but the question is about n1. undo, and " +
					"use --via n1."},
			},
			Reveal: Reveal{Show: []string{"trace last", "inspect cart"}, Screen: "trace",
				Say: "Each line is one thing that happened. n1 is not a home of the key, so another node coordinates. The " +
					"client has its answer as soon as two nodes hold the value; the third follows.",
				Keep: "The client may ask any node: each node computes the homes of a key by itself."},
		},
		{
			Title: "Another key, another place",
			Say:   "Small pieces of the ring belong to different nodes, so keys spread over all of them.",
			Question: &Question{
				Ask:  "Has the key basket the same three homes as cart?",
				Kind: YesNo, Answer: `homes(basket)==homes(cart)`,
				Why: "cart lives on ${homes(cart)}, basket on ${homes(basket)}. The names of keys do not matter; their " +
					"hashes do.",
			},
			Reveal: Reveal{Show: []string{"ring basket", "ring", "status"}, Screen: "ring", Key: "basket",
				Say: "Each node has ${tokens(n1)} tokens, and so a fifth of the ring in ${tokens(n1)} small pieces. 300 keys " +
					"were loaded, with three replicas each: see the column keys, which is about even.",
				Keep: "Many small pieces for each node spread the keys, and the load, evenly."},
		},
		{
			Title: "A stronger node",
			Say: "Nodes need not be equal. In this cluster n3 has twice the capacity of the others, so it was started " +
				"with weight 2. A **virtual node** is one token, seen as a small node of its own.",
			Cluster: &Cluster{Keys: 300, Settings: settings.Cluster{Founders: []ring.Member{{Name: "n1", Weight: 1},
				{Name: "n2", Weight: 1}, {Name: "n3", Weight: 2}, {Name: "n4", Weight: 1}, {Name: "n5", Weight: 1}}}},
			Question: &Question{
				Ask:  "There are 60 tokens in all. How many has n3?",
				Kind: Number, Answer: `tokens(n3)`, Hint: "Add the weights up, and see which part of the sum n3 has.",
				Why: "The weights add up to 6, so each unit has 60/6 tokens: n1 has ${tokens(n1)}, n3 has ${tokens(n3)}.",
				Slips: map[string]Text{
					"12": "12 is a fifth of 60: the share of an equal node among five.",
					"24": "Twice a fifth would leave too little for the others. The weights are 1, 1, 2, 1 and 1.",
					"10": "10 is what a node of weight 1 has here.",
				},
			},
			Reveal: Reveal{Show: []string{"ring"}, Screen: "ring",
				Say:  "n3 is first home for twice as much of the key space as each of the others.",
				Keep: "Capacity is a number of tokens: a stronger node has more virtual nodes."},
		},
		{
			Title:   "A node joins",
			Say:     "Five equal nodes again, with 300 keys: 900 replicas. A sixth node, n6, is about to join.",
			Cluster: &Cluster{Keys: 300},
			Question: &Question{
				Ask:  "How many of the replicas will n6 hold?",
				Kind: Choice, Options: []string{"all 300 keys", "none; only new keys go there", "about a sixth of them"},
				Answer: `keys(n6)==0 ? "none; only new keys go there" : ` +
					`3*keys(n6) < keys(n1)+keys(n2)+keys(n3)+keys(n4)+keys(n5) ? "about a sixth of them" : "all 300 keys"`,
				Why: "n6 took small pieces from all five nodes: it holds ${keys(n6)} keys now, and n1 to n5 hold " +
					"${keys(n1)}, ${keys(n2)}, ${keys(n3)}, ${keys(n4)} and ${keys(n5)}. Nothing else moved.",
				Slips: map[string]Text{
					"all 300 keys": "Then one node would carry what six should share.",
					"none; only new keys go there": "The ring has changed, so the homes of some old keys have changed also. " +
						"Those keys move.",
				},
			},
			Do:       "Let the node n6 join the ring, and wait until its keys have arrived.",
			Hints:    []Text{"join NODE starts a node and lets it join. The keys move by themselves."},
			Commands: []string{"join n6"},
			Check:    `up(n6) && n6 in members(n1) && len(members(n1))==6 && keys(n6)>0 && converged`,
			Once:     `up(n6) && up && !split && !(` + oneLeft + `)`,
			Wrong: []WrongTurn{
				{`up(n6) && !up`, "n6 has joined, but ${" + stopped + "} is down, so not all keys can move. Start it again with " +
					"restart."},
				{otherName, "A node joined, but under another name: ${nodes}. undo, and name it n6."},
				{`len(members(n1))<5`, hasLeft},
				{oneLeft, hasLeft},
			},
			Reveal: Reveal{Show: []string{"ring", "status"}, Screen: "ring",
				Say:  "Each node gave up two of its twelve tokens.",
				Keep: "A join moves only small pieces, from every node a few."},
		},
	},
	Remember: "The key's place on the ring decides which N nodes hold it. Any node can compute that.",
	Paper:    []string{"4.2", "4.3"},
	TryAlso:  []string{"ring --ranges", "join n7 --weight 3", "paper fig8"},
}
