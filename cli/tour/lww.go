package tour

import "ringside/engine/settings"

// lww is lesson 11. The homes of cart are n3, n4 and n5.
var lww = &Lesson{
	Name: "lww", Title: "Last write wins", Section: "§4.4, §6",
	About: "Siblings are a burden: each application must merge them. There is a simple way out, which many stores " +
		"have chosen: of two concurrent versions keep the one with the later time. What does it cost?",
	Cluster: Cluster{Settings: settings.Cluster{Mode: settings.ModeLWW}, Run: []string{
		"put cart milk -W 3 --save @cart", "partition n1,n2 n3,n4,n5"}},
	Steps: []Step{
		{
			Title: "The same split", Needs: `apart(n1,n3) && requests(put,cart)==1`,
			Say: "This cluster runs with **last write wins**. A cart has milk, and the network is cut as in the lesson on " +
				"two carts: n1 and n2 here, the homes of cart there.",
			Question: &Question{
				Ask:  "One customer adds eggs through n3, a moment later another adds beer through n1. How many are told ok?",
				Kind: Number, Answer: `requests(put,cart)-1`,
				Why:   "Both puts have W=2 durable replicas, so both are acknowledged. Neither side can know of the other.",
				Slips: map[string]Text{"1": "To refuse one of them, a side would have to hear of the other. The network is cut."},
			},
			Do: "First add eggs through n3: put \"milk,eggs\" with the context @cart. Then add beer through n1: put " +
				"\"milk,beer\" with the same context.",
			Hints:    []Text{"put cart milk,eggs -c @cart --via n3, then put cart milk,beer -c @cart --via n1"},
			Commands: []string{"put cart milk,eggs -c @cart --via n3", "put cart milk,beer -c @cart --via n1"},
			Check:    `split && relation(n1,n3,cart)=="concurrent" && requests(put,cart)==3`,
			Wrong: []WrongTurn{
				{`!split`, "The network is whole, so the later put replaces the earlier one in order. undo cuts it again."},
				{`requests(put,cart)>3`, "The cart was written more often than twice. That would blur what comes. undo."},
				{`relation(n1,n3,cart)=="after"`, "The side of n1 has written first. Then write on the side of n3."},
			},
			Reveal: Reveal{Show: []string{"inspect cart"}, Screen: "key", Key: "cart"},
		},
		{
			Title: "Heal", Needs: `split && relation(n1,n3,cart)=="concurrent" && requests(put,cart)==3`,
			Say: "Each version carries the time on the clock of its coordinator.",
			Question: &Question{
				Ask:  "The network heals and the hints go home. What will a get of cart return?",
				Kind: Choice, Options: []string{"milk,eggs", "milk,beer", "both"},
				Answer: `siblings(cart)>1 ? "both" : value(cart)`,
				Why:    "${value(cart)} was written later, so each home kept it and dropped the other version.",
				Slips: map[string]Text{"both": "With last write wins a home never keeps two versions side by side.",
					"milk,eggs": "The eggs were written first, so their time is earlier."},
			},
			Do:       "Heal the network, and let the hints go home.",
			Hints:    []Text{"heal"},
			Commands: []string{"heal"},
			Check:    `!split && hints==0 && converged(cart) && lost>0`,
			Once:     `!split && up`,
			Wrong: []WrongTurn{
				{`split && requests(put,cart)>3`, "Another put does not join the sides. undo, and heal."},
			},
			Reveal: Reveal{Show: []string{"inspect cart"}, Screen: "key", Key: "cart",
				Keep: "Last write wins keeps one of two concurrent versions, and drops the other."},
		},
		{
			Title: "Who is told?", Needs: `!split && lost>0`,
			Say: "The customer who added eggs was told ok, some time ago.",
			Question: &Question{
				Ask:  "How many acknowledged writes are gone?",
				Kind: Number, Answer: `lost`,
				Why: "The eggs. Their client heard ok, and no message came afterwards: the loss happened later, when the " +
					"hints met the other version. No client asked, so none was told.",
				Slips: map[string]Text{"0": "The eggs were acknowledged, and no node has them.",
					"2": "The beer is there: it won."},
			},
			Reveal: Reveal{Show: []string{"fate cart", "why cart"}, Screen: "key", Key: "cart",
				Say: "ringside sees all nodes, so it counts what was lost and says so. In the paper's system, and in most " +
					"stores, no one would.",
				Keep: "Last write wins loses acknowledged writes silently: the client of the lost write is never told."},
		},
		{
			Title: "In order", Needs: `!split && lost==1 && requests(put,cart)==3`,
			Say: "Now all is well again: the network is whole.",
			Question: &Question{
				Ask:  "A client gets the cart, adds eggs, and puts it with that context. Will that lose another write?",
				Kind: YesNo, Answer: `lost>1`,
				Why:   "The new version has seen the old one, so it replaces it as it should. Only concurrent writes get lost.",
				Slips: map[string]Text{"yes": "A write is lost if the winner had not seen it. Here it has."},
			},
			Do:    "Get cart, keep the context, and put \"milk,beer,eggs\" with it.",
			Hints: []Text{"get cart --save @now, then put cart milk,beer,eggs -c @now"},
			Typed: map[string]Text{"@cart": "@cart is the context of the milk, from before the split: that client has " +
				"not seen the beer. undo. Then get cart --save @now, and put with -c @now."},
			Commands: []string{"get cart --save @now", "put cart milk,beer,eggs -c @now"},
			Check:    `requests(put,cart)==4 && lost==1 && blind(cart)==0 && !split && converged(cart)`,
			Once:     `requests(put,cart)==4 && lost==1 && blind(cart)==0 && !split`,
			Wrong: []WrongTurn{
				{`split`, "The network is cut again. undo heals it."},
				{`!up`, "A node is down. undo starts it again."},
				{`blind(cart)>0 || lost>1`, "That put did not have the context of a get from now, so it had not seen the beer: a " +
					"write was lost once more. undo. Then get cart --save @now, and put with -c @now."},
				{`requests(put,cart)>4`, "cart was put more than once. undo, and put it once."},
			},
			Reveal: Reveal{Show: []string{"get cart", "status"}, Screen: "key", Key: "cart",
				Say: "The times come from the clocks of the coordinators. If the clock of one node runs an hour ahead, its " +
					"writes win for an hour over every concurrent write, also over later ones.",
				Keep: "It is simple, and right where each write replaces the whole value, as for sessions. For a cart it is " +
					"not."},
		},
	},
	Remember: "Last write wins is simple, and it loses acknowledged writes silently. A clock that runs ahead makes " +
		"the earlier write win.",
	Paper:   []string{"6", "4.4"},
	TryAlso: []string{"events --kind lww-lost", "status", "sim --mode lww --faults skew --seed 1"},
}
