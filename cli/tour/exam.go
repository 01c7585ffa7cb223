package tour

import "ringside/engine/settings"

// exam asks one question about each lesson. Its first nine questions are on one cluster, which the
// exam breaks more and more. The homes of cart are n3, n4 and n5.
var exam = &Lesson{
	Name: "exam", Title: "Exam", Section: "§4, §6", Exam: true,
	About: "Twelve questions, on a cluster that has seen better days. Look around with any command that changes " +
		"nothing: status, ring, inspect, hints, trace. There are no hints, and no way back.",
	Cluster: Cluster{Settings: settings.Cluster{NoAntiEntropy: true}, Run: []string{
		"put cart milk -W 3 --save @cart",
		"kill n5",
		"put cart milk,eggs -c @cart --via n3",
		"partition n1,n2 n3,n4,n5",
		"put cart milk,beer -c @cart --via n1",
	}},
	Steps: []Step{
		{
			Title: "Homes", From: "where",
			Question: &Question{
				Ask:  "Some nodes are down or cut off. Which nodes are the homes of the key cart?",
				Kind: Nodes, Answer: `homes(cart)`,
				Why: "The ring decides, and neither a crash nor a split changes the ring.",
			},
		},
		{
			Title: "Hints", From: "hints",
			Question: &Question{
				Ask:  "n1 keeps a hint for cart. Which node does the hint name?",
				Kind: Nodes, Answer: `replica(n1,cart,n3)!="" ? ["n3"] : replica(n1,cart,n4)!="" ? ["n4"] : ["n5"]`,
				Why: "n1 took the put of its side in the place of a home that it could not reach.",
			},
		},
		{
			Title: "Clocks", From: "clocks",
			Question: &Question{
				Ask:  "n3 holds cart with ${replica(n3,cart)}. The hint of n1 has ${replica(n1,cart,n3)}. Which is newer?",
				Kind: Choice, Options: []string{"n3's", "n1's", "neither"},
				Answer: `relation(n3,n1,cart)=="after" ? "n3's" : relation(n3,n1,cart)=="before" ? "n1's" : "neither"`,
				Why:    "n3's clock has an event of n3 that the other lacks, and lacks the event of n1.",
			},
		},
		{
			Title: "Quorums", From: "quorum",
			Question: &Question{
				Ask:  "A client puts cart through n3 with W=3 and --strict, so that only homes count. Will it succeed?",
				Kind: YesNo, Answer: `refused(put,cart)==0`,
				Why: "W=3 of three homes needs all of them, and n5 is down.",
			},
			Commands: []string{"put cart tea -c @cart --via n3 -W 3 --strict"},
		},
		{
			Title: "Two sides meet", From: "carts",
			Question: &Question{
				Ask:  "The network heals; n5 stays down. When the hints for n3 and n4 are delivered: how many values has cart?",
				Kind: Number, Answer: `siblings(cart)`,
				Why: "The two puts were concurrent, so both are kept.",
			},
			Commands: []string{"heal"},
			Check:    `!split && hints(n1)==0 && hints(n2,n4)==0`,
		},
		{
			Title: "The merge", From: "merge",
			Question: &Question{
				Ask: "A client gets cart, and puts a merged value through n4 with the context of that get. Which clock will " +
					"the new version have?",
				Kind: Clock, Answer: `clock(cart)`,
				Why: "The context has the larger counter of each node, and the coordinator n4 counts its own up.",
			},
			Commands: []string{"get cart --save @both", "put cart milk,eggs,beer -c @both --via n4"},
		},
		{
			Title: "A lost disk", From: "repair",
			Question: &Question{
				Ask: "n4 loses its disk and starts empty. No hint is kept for n4, and no client reads cart. What can bring " +
					"cart back to n4?",
				Kind: Choice, Options: []string{byHint, byRead, byTree, "nothing"}, Answer: howStored("n4", "cart"),
				Why: "Only a comparison finds what no hint is kept for and no client reads.",
			},
			Commands: []string{"restart n5", "wipe n4", "sync"},
			Check:    `up && hints==0 && replica(n4,cart)!=""`,
		},
		{
			Title: "Reading", From: "stale",
			Question: &Question{
				Ask: "All nodes are up. n1 and n3 are now cut off from n2, n4 and n5. A put of cart through n3 with W=2 is " +
					"told ok. Then a get through n4 with R=2: does it return the new value?",
				Kind: YesNo, Answer: `any(acks(get,cart), # in acks(put,cart))`,
				Why: "The put was taken by ${acks(put,cart)}, the get answered by ${acks(get,cart)}: a fallback made the " +
					"write quorum, so the two do not meet.",
			},
			Commands: []string{"get cart --save @now -R 3", "partition n1,n3 n2,n4,n5", "put cart new -c @now --via n3",
				"get cart --via n4"},
			Check: `apart(n3,n4) && relation(n3,n4,cart)=="after"`,
		},
		{
			Title: "Beliefs", From: "members",
			Question: &Question{
				Ask:  "The cut stays for an hour. Is n3 still a member of the ring that n4 knows?",
				Kind: YesNo, Answer: `"n3" in members(n4)`,
				Why: "n4 believes that ${suspects(n4)} have failed. But only join and leave change the ring.",
			},
		},
		{
			Title: "Growth", From: "grow", Cluster: new(fewRanges("put basket eggs -W 3")),
			Say: "Another cluster, with a ring of six pieces. The homes of basket are ${homes(basket)}, in this order.",
			Question: &Question{
				Ask:  "n6 joins, and becomes the second home of basket. Which node drops its copy in the end?",
				Kind: Nodes,
				Answer: `!("n2" in holders(basket)) ? ["n2"] : !("n3" in holders(basket)) ? ["n3"] : ` +
					`!("n4" in holders(basket)) ? ["n4"] : []`,
				Why: "The homes are ${homes(basket)} now: the last one has become one too many.",
			},
			Commands: []string{"join n6"},
			Check:    `up(n6) && converged && len(holders(basket))==3`,
		},
		{
			Title: "Last write wins", From: "lww",
			Cluster: &Cluster{Settings: settings.Cluster{Mode: settings.ModeLWW}, Run: []string{
				"put cart milk -W 3 --save @cart", "partition n1,n2 n3,n4,n5",
				"put cart milk,eggs -c @cart --via n3", "put cart milk,beer -c @cart --via n1"}},
			Say: "Another cluster, with last write wins. The network is cut. One put of cart was acknowledged through n3, " +
				"then one through n1, both with the same context.",
			Question: &Question{
				Ask:  "The network heals and the hints go home. How many acknowledged writes are gone then?",
				Kind: Number, Answer: `lost`,
				Why: "One value is left, the one with the later time, and it had not seen the other. The client of the other " +
					"was told ok, and is never told of the loss.",
				Slips: map[string]Text{"0": "Only the mode with siblings keeps both."},
			},
			Commands: []string{"heal"},
			Check:    `!split && hints==0 && converged(cart)`,
		},
		{
			Title: "Contexts", From: "writers",
			Cluster: &Cluster{Run: []string{"put cart milk -W 3 --save @cart", "put cart tea -W 3"}},
			Say:     "Another cluster, in which all is well. cart has two values: ${clocks(cart)}. @cart covers the first only.",
			Question: &Question{
				Ask:  "A client puts coffee with @cart, and then another puts wine without a context. How many values then?",
				Kind: Number, Answer: `siblings(cart)`,
				Why: "The coffee replaced the milk, which its context covers. The wine has seen nothing, and replaced nothing.",
			},
			Commands: []string{"put cart coffee -c @cart -W 3", "put cart wine -W 3"},
		},
	},
}
