package tour

// carts is lesson 4. The homes of cart are n3, n4 and n5.
var carts = &Lesson{
	Name: "carts", Title: "Two carts", Section: "§4.4, §4.6",
	About: "A shop must always take what a customer puts into the cart, even while the network is cut. Then the " +
		"same cart is written on both sides. What becomes of the two carts?",
	Steps: []Step{
		{
			Title: "Put something into a cart",
			Say: "Each put makes a new version. A put returns a **context**, which says what the version has seen. You " +
				"give it back with your next put, so that the store knows what you replace.",
			Do:       "Put milk into the key cart, and keep the context of the put as @cart.",
			Hints:    []Text{"put KEY VALUE writes. --save @NAME keeps the context of a get or a put."},
			Commands: []string{"put cart milk --save @cart"},
			Check:    `requests(put,cart)>0 && held(n3,cart)==1 && value(cart)=="milk"`,
			Saves:    "cart",
			Wrong: []WrongTurn{
				{`held(n3,cart)>1`, "The cart has ${held(n3,cart)} values: a put that has not seen the value before makes a " +
					"sibling of it. undo begins again with an empty cart."},
				{`requests(put,cart)>0 && value(cart)!="milk"`, "The cart has ${value(cart)}, and both customers are to see " +
					"milk. undo, and put milk."},
				{`requests(put,cart)>0`, "Good, the cart has milk. Still to do: keep a context, because both customers need " +
					"it. get cart --save @cart keeps that of a get; or undo, and put with --save @cart."},
			},
			Reveal: Reveal{Show: []string{"inspect cart"}, Screen: "key", Key: "cart",
				Say: "Three nodes hold the cart, its homes. The **vector clock** ${clock(cart)} says: this is the first " +
					"event of ${coordinator(cart)}, the **coordinator** of the put."},
		},
		{
			Title: "Cut the network",
			Say:   "The homes of cart are ${homes(cart)}. Now the network fails between them and the other two nodes.",
			Needs: `requests(put,cart)>0 && !split`,
			Do:    "Cut the network so that n1 and n2 are on one side, and n3, n4 and n5 on the other.",
			Hints: []Text{"partition takes the groups as arguments: nodes with commas between them, and a space between " +
				"the groups."},
			Commands: []string{"partition n1,n2 n3,n4,n5"},
			Check:    `apart(n1,n3) && !apart(n1,n2) && !apart(n3,n4) && !apart(n4,n5) && up`,
			Wrong: []WrongTurn{
				{`!up`, "A node is down. A crash is not a split: here all nodes run, but the two groups do not hear each " +
					"other. undo begins the step again."},
				{`split`, "The network is cut in another place. partition again, with n1,n2 as one group and n3,n4,n5 as the " +
					"other; the new cut replaces the old one."},
			},
			Reveal: Reveal{Say: "All nodes run. No message passes between the two groups.", Screen: "ring"},
		},
		{
			Title: "Write on both sides",
			Say: "Two family members have the cart open, one on each side. Both have seen the milk, so both hold the " +
				"context @cart. ${homes(cart)} are all on one side; n1 and n2 hold nothing of the cart yet.",
			Needs: `apart(n1,n3) && up`,
			Question: &Question{
				Ask:  "W=2 nodes must hold a write before it succeeds. Will a put through n1 succeed?",
				Kind: YesNo, Answer: `requests(put,cart)>=3 && relation(n1,n3,cart)!=""`,
				Why: "n1 and n2 took the write for homes that they cannot reach. Such a node is a **fallback**, and each " +
					"keeps a **hint** that names the home. This is a **sloppy quorum**: W nodes must hold the write, but they " +
					"need not be homes.",
			},
			Do: "Add eggs through n3 and beer through n1: put \"milk,eggs\" on one side and \"milk,beer\" on the other, " +
				"both with the context @cart.",
			Hints: []Text{
				"--via n1 sends a request to n1. -c @cart gives the context back.",
				"Both puts get the same context, because neither customer has seen the other's put.",
			},
			Commands: []string{"put cart milk,eggs -c @cart --via n3", "put cart milk,beer -c @cart --via n1"},
			Check:    `split && relation(n1,n3,cart)=="concurrent" && blind(cart)==0 && requests(put,cart)>=3`,
			Wrong: []WrongTurn{
				{`!split`, "The network is whole again, so the two sides have met. undo brings the split back."},
				{`blind(cart)>0`, "A put had no context. Its version ${replica(n1,cart,n3)} has seen nothing, not even the " +
					"milk, although the customer saw it: a **blind write**. The store accepts it and keeps the milk beside it. " +
					"(The point in such a clock: see lesson 12.) undo, then give the context back with -c @cart."},
				{`relation(n1,n3,cart)=="" && requests(put,cart)>1`, "The put went to one side only: n1 holds nothing of the " +
					"cart yet. Without --via a put goes to a home, and all homes are on the side of n3. Now write on the other " +
					"side also."},
				{`relation(n1,n3,cart)=="before" || relation(n1,n3,cart)=="after"`, "Only one side has a new version so far. " +
					"Write on the other side also, with the same context."},
			},
			Reveal: Reveal{Show: []string{"inspect cart", "hints"}, Screen: "key", Key: "cart",
				Say: "Both puts succeeded. Look at the two clocks: one side counted n3 up, the other n1. Neither clock " +
					"contains the other, so neither version has seen the other: they are **concurrent**.",
				Keep: "A split stops no write: fallbacks take the place of homes, with hints."},
		},
		{
			Title: "Heal",
			Say:   "The network comes back, and the fallbacks hand their hints over to the homes.",
			Needs: `split && relation(n1,n3,cart)=="concurrent" && blind(cart)==0`,
			Question: &Question{
				Ask:  "After the heal, how many values will a get of cart return?",
				Kind: Number, Answer: `siblings(cart)`,
				Why: "Neither version descends from the other. The store cannot know which one the customers want, so it " +
					"keeps both as **siblings**.",
				Slips: map[string]Text{
					"1": "One value would mean that the store threw away an addition that it had acknowledged.",
					"3": "The milk alone is gone: both new versions have seen it, and replace it.",
				},
			},
			Do:       "End the split, and let the hints go home.",
			Hints:    []Text{"heal ends splits, slowness and loss. The hints follow by themselves."},
			Commands: []string{"heal"},
			Check:    `!split && hints==0 && converged(cart)`,
			Once:     `!split`,
			Wrong: []WrongTurn{
				{`split && requests(put,cart)>3`, "One more put does not end the split. The two versions stay apart until " +
					"the network is whole: heal."},
			},
			Reveal: Reveal{Show: []string{"get cart", "inspect cart", "why cart"}, Screen: "key", Key: "cart",
				Say: "No hint is left, and each home holds the same two versions. n1 and n2 hold nothing: a hint is deleted " +
					"once its home has the version on disk.",
				Keep: "Concurrent versions are all kept, and a get returns all of them."},
		},
	},
	Remember: "Both carts are kept, and no write was refused. Who makes one cart of them is the next lesson.",
	Paper:    []string{"4.4", "4.6"},
	TryAlso:  []string{"fate cart", "get cart --json", "resolve cart --union"},
}
