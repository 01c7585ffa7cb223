package tour

import "ringside/engine/settings"

// stale is lesson 7. The homes of cart are n3, n4 and n5. Trees are not compared.
var stale = &Lesson{
	Name: "stale", Title: "What did I read?", Section: "§4.5, §4.6",
	About: "N=3, W=2, R=2: R+W is larger than N. Of three homes any two that were written and any two that are read " +
		"have one in common. So a get always sees the latest put. Does it?",
	Cluster: Cluster{Settings: settings.Cluster{NoAntiEntropy: true}, Run: []string{
		"put cart milk -W 3 --save @cart",
		"partition n1,n3 n2,n4,n5",
	}},
	Steps: []Step{
		{
			Title: "Write here, read there", Needs: `apart(n3,n4) && relation(n3,n4,cart)=="equal"`,
			Say: "All three homes of cart, n3, n4 and n5, hold the milk. The network is cut: n1 and n3 here; n2, n4 and " +
				"n5 there.",
			Question: &Question{
				Ask:  "You put eggs through n3 with W=2, and are told ok. Then you get cart through n4 with R=2. What comes?",
				Kind: Choice, Options: []string{"eggs, the new value", "milk, the old value", "an error"},
				Answer: `requests(get,cart)==0 ? "an error" : any(acks(get,cart), # in acks(put,cart)) ? ` +
					`"eggs, the new value" : "milk, the old value"`,
				Why: "${acks(put,cart)} took the put, and ${acks(get,cart)} answered the get: four different nodes. R+W>N " +
					"makes two quorums meet only if both are among the N homes. n1 is a fallback.",
				Slips: map[string]Text{
					"eggs, the new value": "That would need a node that took the put and answered the get.",
					"an error":            "Two homes of cart, n4 and n5, are on the side of the reader: enough for R=2.",
				},
			},
			Do:       "Put eggs into cart through n3, with the context @cart. Then get cart through n4.",
			Hints:    []Text{"put cart eggs -c @cart --via n3", "get cart --via n4"},
			Commands: []string{"put cart eggs -c @cart --via n3", "get cart --via n4"},
			Check: `apart(n3,n4) && via(put,cart)=="n3" && blind(cart)==0 && requests(put,cart)==2 && ` +
				`via(get,cart)=="n4" && seq(read,n4)>seq(coordinate,n3) && ` +
				`relation(n3,n4,cart)=="after" && none(acks(get,cart), # in acks(put,cart))`,
			Wrong: []WrongTurn{
				{`!split`, "The network is whole again, so the sides can meet. undo cuts it again."},
				{`blind(cart)>0`, "That put had no context, so the milk stays beside the eggs, and a get shows both. undo, " +
					"and put with -c @cart."},
				{`requests(put,cart)>2`, "cart was put more than once. undo, and put the eggs once, through n3."},
				{`requests(get,cart)>0 && requests(put,cart)==1`, "That get came before the put, so it could see the milk " +
					"only. Put the eggs through n3, and then get cart through n4 again."},
				{`requests(put,cart)==2 && via(get,cart)=="n4"`, "Your get came before the put. The eggs are in now: get " +
					"cart through n4 again."},
				{`requests(get,cart)>0 && relation(n3,n4,cart)=="after"`, "Your get was answered by ${acks(get,cart)}, and " +
					"the put was taken by ${acks(put,cart)}: a node did both, so you read what you wrote. Get through n4."},
				{`relation(n3,n4,cart)=="before"`, "The put went to the side of n4. undo, and put through n3."},
				{`refused(put,cart)>0 && requests(put,cart)==1`, "The put was refused: a strict quorum needs two homes, and " +
					"n3 is alone on its side. Put without --strict; the next step comes to that."},
			},
			Reveal: Reveal{Show: []string{"inspect cart", "why cart"}, Screen: "key", Key: "cart",
				Say: "You were told ok, and then read the old value. Nothing is broken: the write is safe on two disks. But " +
					"the read is stale.",
				Keep: "With fallbacks, R+W>N does not promise that a get sees the latest acknowledged put."},
		},
		{
			Title: "Homes only",
			Needs: `apart(n3,n4) && relation(n3,n4,cart)=="after" && requests(put,cart)==2 && ` +
				`refused(put,cart)+refused(get,cart)==0 && requests(get,cart)==1`,
			Say: "With --strict only homes count: no fallbacks, no hints. The network is still cut.",
			Question: &Question{
				Ask:  "A strict put through n3, and a strict get through n4. Which succeeds?",
				Kind: Choice, Options: []string{"both", "the put only", "the get only", "neither"},
				Answer: `refused(put,cart)==0 ? (refused(get,cart)==0 ? "both" : "the put only") : ` +
					`(refused(get,cart)==0 ? "the get only" : "neither")`,
				Why: "n3 reaches one home, itself, and W=2 needs two. n4 and n5 are two homes, enough for R=2. No put can " +
					"succeed on a side without two homes, so no get on the other side can miss one.",
				Slips: map[string]Text{
					"both":         "n1 could stand in, but a strict quorum does not let it.",
					"the put only": "Look on which side two of the three homes are.",
					"neither":      "n4 and n5 are both homes.",
				},
			},
			Do:       "Try a put of cart through n3 with --strict, and a get of cart through n4 with --strict.",
			Hints:    []Text{"put cart tea -c @cart --via n3 --strict; get cart --via n4 --strict"},
			Commands: []string{"put cart tea -c @cart --via n3 --strict", "get cart --via n4 --strict"},
			Check: `split && refused(put,cart)>0 && requests(put,cart)==2 && ` +
				`requests(get,cart)>1 && refused(get,cart)==0 && via(get,cart)=="n4" && ` +
				`strict(put,cart,n3)>0 && strict(get,cart,n4)>0`,
			Wrong: []WrongTurn{
				{`requests(put,cart)>2`, "That put succeeded: it was not strict, or it went through the other side. undo, " +
					"and put through n3 with --strict."},
				{`refused(get,cart)>0`, "That get was refused, because it did not reach two homes. The question is about a " +
					"get through n4. undo, and use --via n4."},
				{`requests(get,cart)>1 && via(get,cart)!="n4"`, "That get went through ${via(get,cart)}, but the question is " +
					"about n4. Get cart with --via n4 and --strict."},
				{`requests(get,cart)>1 && strict(get,cart,n4)==0`, "That get was not strict, so fallbacks could have counted. " +
					"Get cart with --via n4 and --strict."},
				{`refused(put,cart)>0 && strict(put,cart,n3)==0`, "A put was refused, but no strict one through n3 was sent. " +
					"Put cart with --via n3 and --strict."},
				{`refused(put,cart)>0`, "Good, the strict put through n3 was refused. Still to do: a strict get through n4."},
				{`requests(get,cart)>1`, "Good, the strict get through n4 succeeded. Still to do: a strict put through n3."},
			},
			Reveal: Reveal{Keep: "Strict quorums always meet. The price: a side without enough homes refuses."},
		},
		{
			Title: "After the heal", Needs: `apart(n3,n4) && requests(put,cart)==2`,
			Say: "On the side of n3 there was one fallback only, n1. It keeps a hint for n4: ${replica(n1,cart,n4)}. No " +
				"node was left to keep one for n5.",
			Question: &Question{
				Ask: "The network heals and the hint goes home, but no client reads yet. How many of the three homes hold " +
					"the eggs?",
				Kind:   Number,
				Answer: `2 + (relation(n3,n5,cart)=="equal" ? 1 : 0) - (relation(n3,n4,cart)=="equal" ? 0 : 1)`,
				Why: "n3 had the eggs, and n4 got them by the hint. n5 still has ${replica(n5,cart)}. Who mends n5 is the " +
					"next lesson.",
				Slips: map[string]Text{"3": "n5 gets nothing: no hint was kept for it, and so far no client has read.",
					"1": "The hint of n1 was for n4, and has been delivered."},
			},
			Do:       "Heal the network, and let the hint go home.",
			Hints:    []Text{"heal"},
			Commands: []string{"heal"},
			Check:    `!split && hints==0 && replica(n4,cart)==replica(n3,cart) && relation(n3,n5,cart)=="after"`,
			Once:     `!split && hints>0`,
			Wrong: []WrongTurn{
				{`!split && relation(n3,n5,cart)=="equal"`, "n5 has the eggs already, by ${stored(n5,cart)}: a get has " +
					"mended it. undo, and only heal."},
			},
			Reveal: Reveal{Show: []string{"inspect cart"}, Screen: "key", Key: "cart",
				Say: "Any two homes now include one with the eggs, so a get with R=2 returns them.",
				Keep: "Dynamo, the store of the paper, is eventually consistent: after a failure a get may return an old " +
					"value for a while."},
		},
	},
	Remember: "With fallbacks, the nodes that took a put and the nodes that answer a get may not meet. R+W>N does " +
		"not promise that you read your own write.",
	Paper:   []string{"4.5", "4.6"},
	TryAlso: []string{"get cart --via n5 -R 1 --no-repair", "get cart -R 3", "inspect cart"},
}
