package tour

import "ringside/engine/settings"

// fewRanges is a ring of six pieces, so that each move of a piece can be seen. The homes of cart
// are n3, n4 and n1; after n6 has joined they are n6, n3 and n4.
func fewRanges(run ...string) Cluster {
	return Cluster{Settings: settings.Cluster{Q: 6}, Keys: 60, Run: append([]string{"put cart milk -W 3"}, run...)}
}

// grow is lesson 10.
var grow = &Lesson{
	Name: "grow", Title: "The ring grows", Section: "§4.9",
	About: "A shop grows, so nodes are added while customers read and write. Keys have to move to new homes, and at " +
		"no moment may a key have fewer than its N replicas.",
	Cluster: fewRanges(),
	Steps: []Step{
		{
			Title: "One more node", Needs: `len(nodes)==5 && up`,
			Run: []string{"ring --ranges"},
			Say: "In lesson 1 a join moved many small pieces. This ring has six pieces only, so that each move can be " +
				"seen. cart lies in range 1; its homes are ${homes(cart)}. n6 will take that piece over as its own, and so " +
				"becomes the first home of cart.",
			Question: &Question{
				Ask:  "When n6 has joined and all is quiet again: which nodes hold cart?",
				Kind: Nodes, Answer: `holders(cart)`,
				Why: "The first three nodes clockwise are ${homes(cart)} now. n1 was the third and has become the fourth, so " +
					"n1 gave the piece away.",
				Slips: map[string]Text{
					"n1 n3 n4":    "Those were the homes before. n6 is first now, and N is still 3.",
					"n1 n3 n4 n6": "That would be four. A key has N=3 homes, so the last one gives it up.",
					"n6":          "Only its place on the ring has changed. There are still N=3 replicas.",
				},
			},
			Do:       "Let n6 join, and wait until every range has moved.",
			Hints:    []Text{"join n6; the ranges move by themselves. settle waits for them."},
			Commands: []string{"join n6"},
			Check:    `up(n6) && converged && "n6" in holders(cart) && len(holders(cart))==3 && len(members(n1))==6`,
			Once:     `up(n6) && up && !split && !(` + oneLeft + `)`,
			Wrong: []WrongTurn{
				{`len(members(n1))<5`, hasLeft},
				{oneLeft, hasLeft},
				{otherName, "A node joined under another name: ${nodes}. undo, and name it n6."},
				{`up(n6) && !up`, "n6 has joined, but ${" + stopped + "} is down, so not all ranges can move. Start it again " +
					"with restart."},
			},
			Reveal: Reveal{Show: []string{"ring cart", "events --kind range-transferred,range-ready,range-dropped"},
				Screen: "repair",
				Say:    "n1 was the last home of the range of cart: it sent its keys to n6, and dropped them at the end.",
				Keep:   "With a new node each piece gets new homes, and the node that is one too many gives its copy away."},
		},
		{
			Title: "Offer, confirm, transfer, drop", Needs: `seq(range-dropped,n1)>0`,
			Say: "n1 first asks the new home whether it wants the range (offer). The new home answers (confirm), so that " +
				"nothing is sent twice. Then n1 sends the keys (transfer).",
			Question: &Question{
				Ask:  "When did n1 delete its own copies of the range?",
				Kind: Choice, Options: []string{"when it offered them", "when n6 confirmed", "after every new home had them all"},
				Answer: `seq(range-dropped,n1) > seq(range-transferred,n1) ? ` +
					`"after every new home had them all" : seq(range-dropped,n1) > seq(range-confirmed,n6) ? ` +
					`"when n6 confirmed" : "when it offered them"`,
				Why: "n1 dropped last. It also asked n3 and n4 whether they hold everything that n1 holds, before it dropped " +
					"anything.",
				Slips: map[string]Text{
					"when it offered them": "If n6 crashed then, the copies would be gone.",
					"when n6 confirmed":    "n6 had only said that it wants them. A crash of n6 could still lose them.",
				},
			},
			Reveal: Reveal{Show: []string{"events --kind range-offered,range-transferred,range-dropped --node n1",
				"events --kind range-confirmed,range-ready --node n6"}, Screen: "repair",
				Keep: "A copy is dropped only when all new homes hold it durably."},
		},
		{
			Title: "A join that cannot finish", Cluster: new(fewRanges("partition n1 n2,n3,n4,n5")),
			Say: "The same ring without n6, and n1 is cut off. n1 is a home of cart, and has what the others have. Now n6 " +
				"joins on the side of n3.",
			Question: &Question{
				Ask:  "While n1 is cut off: will n1 have dropped its copy of cart?",
				Kind: YesNo, Answer: `"n1" in holders(cart) == false`,
				Why: "n1 does not even know of the join. And n6 waits: it does not count toward R for this range before it " +
					"was given what n1 may have acknowledged.",
				Slips: map[string]Text{"yes": "n1 drops only what all new homes have confirmed to hold, and it hears from none."},
			},
			Do:       "Let n6 join through n3, and get cart through n6 meanwhile.",
			Hints:    []Text{"join n6 --via n3; get cart --via n6"},
			Commands: []string{"join n6 --via n3", "wait 'len(members(n6))==6'", "get cart --via n6"},
			Check:    `apart(n1,n6) && "n6" in members(n3) && "n1" in holders(cart) && requests(get,cart)>0`,
			Wrong: []WrongTurn{
				{`!split`, "The network is whole, so n1 can hand over. undo cuts it again."},
				{`!apart(n1,n6)`, "n6 is on the side of n1, because n1 recorded its join. undo, and join through n3."},
				{`refused(get,cart)>0`, "n6 refused the get, because it had not heard of the ring yet. Gossip takes a " +
					"moment: get cart through n6 again."},
				{`"n6" in members(n3)`, "n6 has joined. Now get cart through n6, to see that reads go on."},
			},
			Reveal: Reveal{Show: []string{"inspect cart", "status"}, Screen: "key", Key: "cart",
				Say:  "The get succeeded: ${acks(get,cart)} answered. Reads go on while ranges move.",
				Keep: "A new home does not answer for a range before it was given the range."},
		},
		{
			Title: "Now it can", Needs: `apart(n1,n6) && "n1" in holders(cart)`,
			Question: &Question{
				Ask:  "The network heals. Which nodes will hold cart in the end?",
				Kind: Nodes, Answer: `holders(cart)`,
				Why: "n1 learned of the join by gossip, handed over, and dropped its copy.",
				Slips: map[string]Text{"n1 n3 n4 n6": "Four for a while. Once all new homes hold the range, n1 drops it.",
					"n1 n3 n4": "n6 is a member, and the first home of cart."},
			},
			Do:       "Heal the network, and wait until every range has moved.",
			Hints:    []Text{"heal; settle"},
			Commands: []string{"heal"},
			Check:    `!split && converged && len(holders(cart))==3 && "n6" in holders(cart)`,
			Once:     `!split && up`,
			Wrong: []WrongTurn{
				{`!up`, "A node is down, and it may owe its ranges to others. undo, and only heal."},
			},
			Reveal: Reveal{Show: []string{"inspect cart"}, Screen: "key", Key: "cart"},
		},
		{
			Title: "A node leaves", Cluster: new(fewRanges()),
			Say: "Five nodes again. n1 is to be switched off for good. It is a home of cart: ${homes(cart)}.",
			Question: &Question{
				Ask:  "n1 leaves the ring in order. How many nodes hold cart when n1 is gone?",
				Kind: Number, Answer: `len(holders(cart))`,
				Why: "${holders(cart)} hold it. n1 handed its ranges over first, and only then was it taken down.",
				Slips: map[string]Text{"2": "Then one more crash could leave a single replica. A node that leaves hands over " +
					"first."},
			},
			Do:       "Let n1 leave the ring, and wait until it is gone.",
			Hints:    []Text{"leave n1"},
			Commands: []string{"leave n1"},
			Check:    `len(nodes)==4 && none(members(n3), # == "n1") && converged && len(holders(cart))==3`,
			Once:     `none(members(n3), # == "n1")`,
			Wrong: []WrongTurn{
				{`down(n1)`, "n1 is down, so it cannot hand anything over. A crash is no leave: the ring still waits for n1. " +
					"restart n1, then let it leave."},
				{`len(members(n3))<5`, "Another node left: the ring has ${members(n3)}. undo, and let n1 leave."},
			},
			Reveal: Reveal{Show: []string{"inspect cart", "status"}, Screen: "key", Key: "cart",
				Keep: "A node that leaves hands over what it has, and goes down last."},
		},
	},
	Remember: "Join and leave move single ranges: offer, confirm, transfer, drop. Data is dropped only when all new " +
		"homes hold it.",
	Paper:   []string{"4.9"},
	TryAlso: []string{"join n7 --dry-run", "join n7", "leave n7"},
}
