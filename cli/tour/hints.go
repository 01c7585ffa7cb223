package tour

import "ringside/engine/settings"

// hints is lesson 6. The preference list of cart is n3 n4 n5 n2 n1. Trees are not compared, so that
// hints alone mend what a home has missed.
var hints = &Lesson{
	Name: "hints", Title: "A write that waits next door", Section: "§4.6",
	About: "Homes crash and come back. A shop must take writes all the same, and the homes must get what they " +
		"missed. A neighbour takes the write in, with a note that says for whom.",
	Cluster: Cluster{Settings: settings.Cluster{NoAntiEntropy: true}},
	Steps: []Step{
		{
			Title: "Two of three homes are down",
			Run:   []string{"kill n4 n5", "ring cart"},
			Say:   "n4 and n5 have crashed. They are two of the three homes of cart.",
			Question: &Question{
				Ask:  "Will a put of cart with W=2 succeed?",
				Kind: YesNo, Answer: `requests(put,cart)>0`,
				Why: "${acks(put,cart)} acknowledged it. A node further down the list stands for each missing home, as a " +
					"**fallback**, and counts toward W: a **sloppy quorum**.",
				Slips: map[string]Text{"no": "Only one home runs. But W counts nodes that hold the value, and here they need " +
					"not be homes."},
			},
			Do:       "Put milk into cart.",
			Hints:    []Text{"put cart milk"},
			Commands: []string{"put cart milk"},
			Check:    `requests(put,cart)>0 && len(keepers(cart))==2`,
			Once:     `requests(put,cart)>0`,
			Wrong: []WrongTurn{
				{`refused(put,cart)>0 && up(n3)`, "The put was refused: a strict quorum counts homes only, and one home " +
					"runs. Without --strict, fallbacks count also."},
				{`up(n4) || up(n5)`, "A home is up again, so there is less to stand in for. undo takes both down again."},
			},
			Reveal: Reveal{Show: []string{"trace last"}, Screen: "trace",
				Say:  "Three nodes hold the value: one home, and two fallbacks.",
				Keep: "If a home cannot be reached, the next healthy node of the preference list takes its replica."},
		},
		{
			Title: "Where the hint lies", Needs: `down(n4) && down(n5) && len(keepers(cart))==2`,
			Say: "A **hint** is such a replica together with the name of the home that it is for. The preference list of " +
				"cart is ${preference(cart)}. For each missing home, in that order, the next node that runs takes over.",
			Question: &Question{
				Ask:  "n2 keeps a hint for cart. Which node does it name?",
				Kind: Nodes, Answer: `replica(n2,cart,n4)!="" ? ["n4"] : ["n5"]`,
				Why: "n4 is the first missing home and n2 the first fallback; n5 is the second, and n1 keeps its hint.",
				Slips: map[string]Text{
					"n2": "n2 keeps the hint. The hint names the home that should have the value.",
					"n3": "n3 runs, and has its own replica. A hint is for a home that could not be reached.",
				},
			},
			Reveal: Reveal{Show: []string{"hints", "inspect cart", "status"}, Screen: "repair",
				Say: "n1 and n2 have no keys, and one hint each: hints lie in a store of their own, apart from what a node " +
					"holds as a home.",
				Keep: "A hint lies at the fallback, in a store of its own, and names the home."},
		},
		{
			Title: "The home returns", Needs: `down(n4) && down(n5) && hints(n2,n4)==1`,
			Say: "n4 starts again, with its disk as it was at the crash: without the milk.",
			Question: &Question{
				Ask:  "n2 will hear that n4 is back. Will n2 still keep its hint afterwards?",
				Kind: YesNo, Answer: `hints(n2,n4)>0`,
				Why: "n2 sent the replica to n4, waited until n4 had it on its disk, and then deleted the hint. Never " +
					"earlier: otherwise a crash of n4 could lose the replica.",
				Slips: map[string]Text{"yes": "Then the hint would be delivered again and again. Its work is done."},
			},
			Do:       "Start n4 again, and let the hint go home.",
			Hints:    []Text{"restart NODE starts a node that is down. The hint follows by itself."},
			Commands: []string{"restart n4"},
			Check:    `up(n4) && hints(n2,n4)==0 && replica(n4,cart)!=""`,
			Once:     `up(n4) && up(n2)`,
			Wrong: []WrongTurn{
				{`down(n2) && up(n4)`, "n2 is down, and its hint with it: nothing can be delivered before n2 is back. " +
					"restart n2."},
			},
			Reveal: Reveal{Show: []string{"events --kind hint-stored,hint-sent,hint-delivered --key cart", "inspect cart"},
				Screen: "repair", Key: "cart",
				Keep: "A hint is deleted only when its home holds the value on its disk."},
		},
		{
			Title: "The holder dies first", Needs: `down(n5) && hints(n1,n5)==1`,
			Say: "n1 still keeps the hint for n5. Now n1 crashes before n5 is back. No client reads cart meanwhile.",
			Question: &Question{
				Ask:  "n1 is down and n5 is back. Does n5 have the milk?",
				Kind: YesNo, Answer: `replica(n5,cart)!=""`,
				Why:   "The hint is on the disk of n1, and n1 is down. n5 does not even know that it missed something.",
				Slips: map[string]Text{"yes": "Only n1 knows what n5 missed: a hint is kept at one node."},
			},
			Do:       "Let n1 crash, and then start n5 again.",
			Hints:    []Text{"kill n1, then restart n5."},
			Commands: []string{"kill n1", "restart n5"},
			Check:    `down(n1) && up(n5) && replica(n5,cart)==""`,
			Wrong: []WrongTurn{
				{`up(n5) && replica(n5,cart)!=""`, "n5 has the milk already (it came by ${stored(n5,cart)}), so there is " +
					"nothing left to see. undo, and let n1 crash before n5 starts."},
			},
			Reveal: Reveal{Show: []string{"inspect cart"}, Screen: "key", Key: "cart",
				Keep: "Until the holder is back, the hint waits on its disk."},
		},
		{
			Title: "The holder returns", Needs: `down(n1) && up(n5) && replica(n5,cart)==""`,
			Question: &Question{
				Ask:  "n1 starts again with its disk. Will n5 get the milk now?",
				Kind: YesNo, Answer: `replica(n5,cart)!=""`,
				Why: "The hint was on the disk of n1, so a crash did not lose it. n5 has ${replica(n5,cart)} by " +
					"${stored(n5,cart)}.",
				Slips: map[string]Text{"no": "A crash loses what is in memory. Hints are on disk."},
			},
			Do:       "Start n1 again, and let its hint go home.",
			Hints:    []Text{"restart n1"},
			Commands: []string{"restart n1"},
			Check:    `up(n1) && hints==0 && stored(n5,cart)=="handoff"`,
			Once:     `up(n1) && hints(n1,n5)>0`,
			Wrong: []WrongTurn{
				{`stored(n5,cart)=="read-repair"`, "A read has brought n5 the milk already, so the hint is no longer needed. " +
					"undo, and only start n1 again."},
				{`up(n1) && hints==0 && replica(n5,cart)==""`, "n1 runs without the hint: its disk was wiped, and the hint " +
					"was on it. n5 will get the milk only by a read or a comparison, which are in another lesson. undo."},
			},
			Reveal: Reveal{Show: []string{"hints", "inspect cart"}, Screen: "key", Key: "cart",
				Keep: "A hint survives a crash of its holder, and is lost only with the holder's disk, until it is delivered."},
		},
	},
	Remember: "A hint lies at a fallback and names a home. It goes only after the home holds the value durably.",
	Paper:    []string{"4.6"},
	TryAlso:  []string{"put cart tea --strict", "trace last", "events --kind hint-delivered"},
}
