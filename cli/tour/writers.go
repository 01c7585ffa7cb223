package tour

import "ringside/engine/settings"

// twoWriters lists the commands of two clients that have read the same cart and write through n3.
var twoWriters = []string{"put cart milk,eggs -c @cart --via n3", "put cart milk,beer -c @cart --via n3"}

// bothWritten says that both clients of twoWriters were told ok, and that n3 coordinated.
const bothWritten = `requests(put,cart)>=3 && writers(cart)==["n3"]`

// writers is lesson 12. The homes of cart are n3, n4 and n5.
var writers = &Lesson{
	Name: "writers", Title: "Two writers, one coordinator", Section: "§4.4",
	About: "Two clients read a cart, and both write it through the same node. The paper's clocks count events of " +
		"nodes, not of clients. Is that enough?",
	Cluster: Cluster{Settings: settings.Cluster{Clocks: settings.ClocksLiteral},
		Run: []string{"put cart milk --via n3 -W 3 --save @cart"}},
	Steps: []Step{
		{
			Title: "The paper's clocks", Needs: `requests(put,cart)==1`,
			Say: "This cluster has plain vector clocks, exactly as in the paper. Two clients have read cart: both hold " +
				"the context @cart, {n3:1}. One wants to add eggs, the other beer.",
			Question: &Question{
				Ask:  "Both put through n3, one after the other, each with @cart. How many values are there afterwards?",
				Kind: Number, Answer: `siblings(cart)`,
				Why: "n3 counted its clock up twice: {n3:2}, then {n3:3}. By the rule {n3:3} is newer than {n3:2}, so it " +
					"replaced the other client's version, which it had not seen. That put was acknowledged, and is gone.",
				Slips: map[string]Text{"2": "The second client has not seen the first one's value. But compare {n3:2} and " +
					"{n3:3}: one counter, and it is larger.", "3": "The milk alone was replaced by the first put."},
			},
			Do:       "Put \"milk,eggs\" and then \"milk,beer\" into cart, both through n3 and both with the context @cart.",
			Hints:    []Text{"put cart milk,eggs -c @cart --via n3, then the same with milk,beer"},
			Commands: twoWriters,
			Check:    bothWritten,
			Wrong: []WrongTurn{
				{`requests(put,cart)>1 && writers(cart)!=["n3"]`, "There are ${siblings(cart)} values, ${clocks(cart)}: two " +
					"nodes have coordinated, so their clocks differ in two counters. undo, and send both puts to n3."},
			},
			Reveal: Reveal{Show: []string{"get cart"}, Screen: "key", Key: "cart",
				Keep: "A plain clock cannot tell what the client had seen from what its coordinator had."},
		},
		{
			Title:   "Clocks with dots",
			Cluster: &Cluster{Run: []string{"put cart milk --via n3 -W 3 --save @cart"}},
			Say: "ringside's usual clocks keep two things apart: the event of the version itself, its **dot**, and what " +
				"the client had seen, the context.",
			Needs: `requests(put,cart)==1`,
			Question: &Question{
				Ask:  "The same two puts through n3, each with @cart. How many values now?",
				Kind: Number, Answer: `siblings(cart)`,
				Why: "${clocks(cart)}. The second is event 3 of n3, and has seen event 1 only. {n3:1.3} is read: seen up to " +
					"1, and itself event 3. Event 2 is not in it, so event 2 stays.",
				Slips: map[string]Text{"1": "That was with plain clocks. Now the version remembers what its own client had " +
					"seen."},
			},
			Do:       "Put \"milk,eggs\" and then \"milk,beer\" again, both through n3 and both with @cart.",
			Hints:    []Text{"The commands are the same as before."},
			Commands: twoWriters,
			Check:    bothWritten,
			Wrong: []WrongTurn{
				{`requests(put,cart)>1 && writers(cart)!=["n3"]`, "The puts went through ${writers(cart)}. Here both have to " +
					"go through n3. undo."},
			},
			Reveal: Reveal{Show: []string{"get cart", "inspect cart"}, Screen: "key", Key: "cart",
				Keep: "With dots, two clients that have not seen each other are concurrent, also at one coordinator."},
		},
		{
			Title:   "Without a context",
			Cluster: &Cluster{Run: []string{"put cart milk --via n3 -W 3 --save @cart"}},
			Say:     "A fresh cart with milk. A careless client does not give a context back: it just puts tea.",
			Needs:   `requests(put,cart)==1`,
			Question: &Question{
				Ask:  "How many values has the cart after a put of tea without a context?",
				Kind: Number, Answer: `siblings(cart)`,
				Why: "The put knew nothing of the milk, so it replaced nothing: ${clocks(cart)}. Such a put is called a " +
					"**blind write**. It is legal, and it makes a sibling each time.",
				Slips: map[string]Text{"1": "To replace the milk, the put would have to say that it has seen the milk: that " +
					"is what the context does."},
			},
			Do:       "Put tea into cart without a context.",
			Hints:    []Text{"put cart tea"},
			Commands: []string{"put cart tea"},
			Check:    `requests(put,cart)>1 && held(n3,cart)>1`,
			Wrong: []WrongTurn{
				{`requests(put,cart)>1`, "That put had the context, so it replaced the milk, as it should. undo, and leave " +
					"-c out."},
			},
			Reveal: Reveal{Show: []string{"get cart"}, Screen: "key", Key: "cart",
				Keep: "A context says what you have seen. A put without one has seen nothing, and replaces nothing."},
		},
		{
			Title: "Tidy up", Needs: `held(n3,cart)==2 && requests(put,cart)==2`,
			Question: &Question{
				Ask:  "The same client puts coffee with the old context @cart, which covers the milk only. How many values then?",
				Kind: Number, Answer: `siblings(cart)`,
				Why: "@cart covers the milk, so the milk is replaced. The tea was written later and is not in @cart, so the " +
					"tea stays, beside the coffee.",
				Slips: map[string]Text{"1": "A context replaces what it covers, and the tea is newer than this context.",
					"3": "The milk is covered by @cart, and is replaced."},
			},
			Do:       "Put coffee into cart with the old context @cart.",
			Hints:    []Text{"put cart coffee -c @cart"},
			Commands: []string{"put cart coffee -c @cart"},
			Check:    `requests(put,cart)>2 && held(n3,cart)==2 && blind(cart)==1`,
			Wrong: []WrongTurn{
				{`held(n3,cart)>2`, "That put had no context, so there are ${siblings(cart)} values. undo, and give @cart " +
					"with -c."},
				{`requests(put,cart)>2 && held(n3,cart)==1`, "That context covered both values, so both were replaced: the " +
					"right way to tidy up. To see what the old one does: undo, and use @cart."},
			},
			Reveal: Reveal{Show: []string{"get cart"}, Screen: "key", Key: "cart",
				Keep: "To replace everything: get, and put with the context of that get."},
		},
	},
	Remember: "A context says what you have seen. Plain clocks confuse that with what the coordinator has seen; " +
		"dots keep the two apart. A write without a context knows nothing.",
	Paper:   []string{"4.4"},
	TryAlso: []string{"resolve cart --union", "clock compare {n3:2} {n3:1.3}", "sim --clocks literal"},
}
