package tour

import "ringside/engine/settings"

// mergedSet says that set has what both of its versions had: the added eggs, and a removed tag.
const mergedSet = `any(values(set), # contains "eggs" && !(# contains '"removed":[]'))`

// merge is lesson 5. All five nodes are homes of each key, so both sides of a split have replicas.
var merge = &Lesson{
	Name: "merge", Title: "Who reconciles", Section: "§4.4, §6",
	About: "Two carts came out of a split. The store cannot know what a cart means, so it keeps both. The " +
		"application has to make one cart of them, and how it does that decides what a customer sees.",
	Cluster: Cluster{Settings: settings.Cluster{N: 5, R: 1, W: 1}, Run: []string{
		"cart add basket milk beer --via n3 -W 5",
		"cart add set milk beer --merge or-set --via n3 -W 5",
		"partition n1,n2 n3,n4,n5",
	}},
	Steps: []Step{
		{
			Title: "Two customers, two changes", Needs: `apart(n1,n3) && relation(n1,n3,basket)=="equal"`,
			Say: "N=5 in this cluster, so all five nodes are homes of each key. Two carts hold milk and beer: basket and " +
				"set. The network is cut: n1 and n2 here, n3, n4 and n5 there. The command cart is a small shop: it gets the " +
				"cart, changes it, and puts it back with its context.",
			Question: &Question{
				Ask: "One customer takes the milk out of basket through n1, another adds eggs to it through n3. How will the " +
					"two versions relate?",
				Kind: Choice, Options: []string{"the later one is newer", "the one through n3 is newer", "they are concurrent"},
				Answer: `relation(n1,n3,basket)=="concurrent" ? "they are concurrent" : relation(n1,n3,basket)=="before" ? ` +
					`"the one through n3 is newer" : "the later one is newer"`,
				Why: "n1 holds ${replica(n1,basket)}, n3 holds ${replica(n3,basket)}. A removal is a put like any other, and " +
					"neither customer has seen the other's.",
				Slips: map[string]Text{"the later one is newer": "The store does not compare times, but what each version " +
					"has seen."},
			},
			Do: "In both carts, basket and set: remove the milk through n1, and add eggs through n3.",
			Hints: []Text{"cart remove basket milk --via n1 takes the milk out of basket.",
				"Do the same to set, then cart add basket eggs --via n3, and again for set."},
			Commands: []string{"cart remove basket milk --via n1", "cart add basket eggs --via n3",
				"cart remove set milk --via n1", "cart add set eggs --via n3"},
			Check: `split && relation(n1,n3,basket)=="concurrent" && relation(n1,n3,set)=="concurrent"`,
			Wrong: []WrongTurn{
				{`!split`, "The network is whole, so both customers see the same cart. undo cuts it again."},
				{`relation(n1,n3,basket)=="concurrent"`, "basket has its two versions. Now make both changes to set also."},
				{`relation(n1,n3,basket)=="before"`, "Only the side of n3 has changed so far: without --via a request goes " +
					"to any home. Change the cart through n1 also."},
			},
			Reveal: Reveal{Show: []string{"inspect basket"}, Screen: "key", Key: "basket",
				Keep: "A removal is a new version like any other put."},
		},
		{
			Title: "The union", Needs: `split && relation(n1,n3,basket)=="concurrent" && requests(put,basket)==3`,
			Say: "The two versions of basket will meet. This shop merges carts as Amazon's did: the merged cart has every " +
				"item that is in any of the versions, their union.",
			Question: &Question{
				Ask:  "One customer removed the milk. Will the milk be in the merged basket?",
				Kind: YesNo, Answer: `any(values(basket), # contains "milk")`,
				Why: "The version of n3 still has the milk. The union cannot tell \"deleted here\" from \"never seen here\", " +
					"so the milk comes back. No added item is ever lost; deleted ones can return.",
				Slips: map[string]Text{"no": "The version without milk only lacks the milk; it does not say \"no milk\"."},
			},
			Do:       "Heal the network, and make the versions of basket one, by their union.",
			Hints:    []Text{"resolve KEY --union merges the siblings and puts the result. -R 5 lets it read all five homes."},
			Commands: []string{"heal", "resolve basket --union -R 5 --via n3"},
			Check: `!split && held(n1,basket)==1 && relation(n1,n3,basket)=="equal" && ` +
				`requests(put,basket)>3 && any(values(basket), # contains "eggs")`,
			Once: `!split && requests(put,basket)>3 && any(values(basket), # contains "eggs")`,
			Wrong: []WrongTurn{
				{`split && requests(put,basket)>3`, "The network is still cut, so that put reached one side only, and had " +
					"seen one side only. undo, and heal first."},
				{`!split && requests(put,basket)>3`, "What was put is not the union: the eggs are missing in it. undo, and " +
					"use resolve with --union."},
				{`!split && requests(put,basket)==3`, "The network is whole. Nothing merges them by itself: that is your " +
					"part. resolve basket --union -R 5"},
			},
			Reveal: Reveal{Show: []string{"cart show basket", "inspect basket"}, Screen: "key", Key: "basket",
				Say: "One version is left, ${clock(basket)}. It was put with the context of both siblings, so its clock " +
					"covers both, and it replaced them at each home.",
				Keep: "The store keeps both versions; the application makes one of them, and puts it with their context."},
		},
		{
			Title: "A cart that remembers", Needs: `!split && held(n1,basket)==1 && requests(put,set)==3`,
			Say: "The cart set is stored in another way, as an observed-remove set. Each addition gets a tag of its own, " +
				"and a removal keeps the tags of what it removed.",
			Question: &Question{
				Ask:  "Will the milk be in set, after its two versions are merged?",
				Kind: YesNo, Answer: `any(values(set), # contains "milk")`,
				Why: "The version of n1 remembers the tag of the milk that it removed. The merge drops every addition whose " +
					"tag was removed, on whichever side.",
				Slips: map[string]Text{"yes": "This time the removal says which addition it removed, so the merge can tell " +
					"\"deleted\" from \"never seen\"."},
			},
			Do:       "Make the versions of set one.",
			Hints:    []Text{"resolve set --or-set, with -R 5 to read all five homes."},
			Commands: []string{"resolve set --or-set -R 5"},
			Check:    `held(n1,set)==1 && requests(put,set)>3 && relation(n1,n3,set)=="equal" && ` + mergedSet,
			Once:     `held(n1,set)==1 && requests(put,set)>3 && ` + mergedSet,
			Wrong: []WrongTurn{
				{`split`, "The network is cut again. undo heals it."},
				{`requests(put,set)>3`, "One version was put, but it is not the merge of both: it lacks the eggs, or the tag " +
					"of what was removed. undo, and use resolve set --or-set."},
				{`requests(put,set)==3`, "The two versions of set are still siblings. resolve set merges them, if you say " +
					"how: --or-set."},
			},
			Reveal: Reveal{Show: []string{"cart show set", "get set"}, Screen: "key", Key: "set",
				Say:  "Beer and eggs, and no milk. The price is in the value: the tags of what was removed stay.",
				Keep: "What a merge can know depends on what the application stores."},
		},
		{
			Title: "The clock of a merge", Needs: `!split && held(n1,basket)==1`,
			Cluster: &Cluster{Settings: settings.Cluster{N: 3}, Run: []string{
				"put cart milk --via n3 -W 3 --save @cart",
				"put cart milk,eggs -c @cart --via n3 -W 3",
				"put cart milk,beer -c @cart --via n4 -W 3",
			}},
			Say: "Another cart has two siblings, both written by clients that had seen the first version: " +
				"${clocks(cart)}. A client reads both.",
			Question: &Question{
				Ask:  "The client puts the merged cart through n3, with the context of its get. Which clock will it have?",
				Kind: Clock, Answer: `clock(cart)`,
				Hint: "The context takes the larger counter of each node. Then the coordinator counts its own counter up by one.",
				Why:  "The context covers both siblings: {n3:2 n4:1}. n3 coordinates the put, so n3 counts up.",
				Slips: map[string]Text{
					"{n3:2 n4:1}": "That is the context, which covers both siblings. The put itself is one more event of n3.",
					"{n3:3}":      "Such a version would not have seen n4's event, and would not replace its sibling.",
					"{n3:3 n4:2}": "Only the coordinator counts up: n3. n4 takes part as any home.",
				},
			},
			Do:       "Make one cart of the two through n3: milk, eggs and beer.",
			Hints:    []Text{"get cart -R 3 --save @both keeps the context; or resolve cart --union does both."},
			Commands: []string{"resolve cart --union -R 3 --via n3"},
			Check:    `held(n3,cart)==1 && requests(put,cart)==4 && via(put,cart)=="n3" && converged(cart)`,
			Once:     `held(n3,cart)==1 && requests(put,cart)==4 && via(put,cart)=="n3"`,
			Wrong: []WrongTurn{
				{`requests(put,cart)>3 && via(put,cart)!="n3"`, "That put went through ${via(put,cart)}, but the question is " +
					"about n3. undo, and use --via n3."},
				{`held(n3,cart)>1 && requests(put,cart)>3`, "There are ${siblings(cart)} values now: your put did not have " +
					"the context of both siblings, so it could not replace them. undo. Then get cart -R 3 --save @both, and put " +
					"with that."},
				{`requests(put,cart)>4`, "cart was put more than once, so n3 has counted on. undo, and put it once."},
			},
			Reveal: Reveal{Show: []string{"get cart", "inspect cart"}, Screen: "key", Key: "cart",
				Keep: "The merged version descends from all that it merged: the conflict is over."},
		},
	},
	Remember: "The store keeps concurrent versions, the application reconciles them. A union loses no addition, but " +
		"cannot tell \"deleted\" from \"never seen\".",
	Paper:   []string{"4.4", "6"},
	TryAlso: []string{"cart add set milk", "cart show set", "resolve cart --pick 1"},
}
