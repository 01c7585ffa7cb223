package tour

import "ringside/engine/settings"

// The answers to who mended a replica.
const (
	byHint = "a hint"
	byRead = "a read"
	byTree = "a comparison of trees"
)

// repair is lesson 8. Each step has a cluster of its own, in which only one repairer works.
var repair = &Lesson{
	Name: "repair", Title: "Three repairers", Section: "§4.6, §4.7, §5",
	About: "A home was down and missed a write. Three things can bring it up to date: a hint, a read, and a " +
		"comparison of replicas. Each sees what the others do not.",
	Cluster: Cluster{Settings: settings.Cluster{NoAntiEntropy: true}, Run: []string{"put cart milk -W 3 --save @cart"}},
	Steps: []Step{
		{
			Title: "Missed while down",
			Say: "n5 is a home of cart. It will be down while cart is written, and no client reads cart afterwards. Homes " +
				"could also compare **Merkle trees**, hashes of all that they hold; this cluster does not.",
			Question: &Question{
				Ask:  "n5 is back. What will bring it up to date, if anything?",
				Kind: Choice, Options: []string{byHint, byRead, byTree, "nothing"},
				Answer: howStored("n5", "cart"),
				Why: "n2 kept the replica for n5 and handed it over (${stored(n5,cart)}). Hints mend what a home missed " +
					"while it was down, and no client has to read.",
				Slips: map[string]Text{"nothing": "Five nodes run in this cluster: one was free to be a fallback.",
					byRead: "No client has read cart since."},
			},
			Do:       "Let n5 crash, put eggs into cart with the context @cart, and start n5 again.",
			Hints:    []Text{"kill n5, then put cart eggs -c @cart, then restart n5. Do not get cart: a read repairs."},
			Commands: []string{"kill n5", "put cart eggs -c @cart", "restart n5"},
			Check:    `up(n5) && requests(put,cart)>1 && hints==0 && relation(n5,n3,cart)=="equal" && stored(n5,cart)!="put"`,
			Once:     `up(n5) && requests(put,cart)>1 && hints>0`,
			Wrong: []WrongTurn{
				{`stored(n5,cart)=="put" && requests(put,cart)>1 && up(n5)`, "n5 got the put itself: it was up then. undo, " +
					"and let n5 crash before the put."},
				{`up(n5) && requests(put,cart)==1 && relation(n5,n3,cart)=="equal"`, "Nothing was written while n5 was down, " +
					"so n5 missed nothing. kill n5 first, then put."},
			},
			Reveal: Reveal{Show: []string{"events --kind hint-stored,hint-sent,hint-delivered --key cart"}, Screen: "repair",
				Keep: "Hints mend what a home missed while it could not be reached."},
		},
		{
			Title: "Mended by a read",
			Cluster: &Cluster{Settings: settings.Cluster{Nodes: settings.NodeNames(3), NoAntiEntropy: true}, Run: []string{
				"put cart milk -W 3 --save @cart", "kill n1", "put cart eggs -c @cart", "restart n1",
				"wait 'len(suspectedby(n1))==0'"}},
			Say: "This cluster has three nodes only, so no node was free to keep a hint. n1 was down while eggs were put " +
				"into cart. It holds ${replica(n1,cart)}; n2 and n3 hold ${replica(n2,cart)}.",
			Needs: `relation(n1,n2,cart)=="before"`,
			Question: &Question{
				Ask:  "A client gets cart with R=2, and n2 and n3 answer first. Will n1 have the eggs afterwards?",
				Kind: YesNo, Answer: `relation(n1,n2,cart)=="equal"`,
				Why: "The get asked all three homes. n1's answer came too late for the client, but the coordinator still " +
					"compared it, and sent n1 what it lacked: **read repair**.",
				Slips: map[string]Text{"no": "Every home is asked, not only R of them. Late answers are compared also."},
			},
			Do:       "Bring n1 up to date without writing anything.",
			Hints:    []Text{"get cart"},
			Commands: []string{"get cart"},
			Typed: map[string]Text{"--no-repair": "--no-repair lets a get send no repair, so n1 stays as it was. Get cart " +
				"without --no-repair."},
			Check: `relation(n1,n2,cart)=="equal" && requests(put,cart)==2`,
			Once:  `requests(get,cart)>0 && requests(put,cart)==2`,
			Wrong: []WrongTurn{
				{`requests(put,cart)>2`, "A new put reaches n1 as any home, so it hides what n1 had missed. undo, and do not " +
					"write."},
			},
			Reveal: Reveal{Show: []string{"trace last"}, Screen: "trace",
				Say:  "n1 was brought up to date by ${stored(n1,cart)}.",
				Keep: "A read mends the replicas of the key that is read."},
		},
		{
			Title: "A key that is never read",
			Cluster: &Cluster{Keys: 10_000, Settings: settings.Cluster{Nodes: settings.NodeNames(3), NoAntiEntropy: true},
				Run: []string{"put cart milk -W 3 --save @cart", "kill n1", "put cart eggs -c @cart",
					"load 9 --prefix new-", "restart n1", "wait 'len(suspectedby(n1))==0'"}},
			Say: "Three nodes again, with many keys. n1 was down while ten of them were written: cart, and new-0 to " +
				"new-8. There are no hints, and no client will read them for a year.",
			Needs: `relation(n1,n2,cart)=="before"`,
			Question: &Question{
				Ask: "Each home keeps a **Merkle tree** for each of its ranges: hashes of hashes of its replicas. Two homes " +
					"compare roots, and go down only where hashes differ. To find the ten keys, how much do they send, compared " +
					"with copying everything?",
				Kind:    Choice,
				Options: []string{"as much as a full copy", "about half of it", "a small part of it"},
				Answer: `syncbytes*4 < copybytes ? "a small part of it" : syncbytes < copybytes ? "about half of it" : ` +
					`"as much as a full copy"`,
				Why: "All comparisons together sent ${syncbytes} bytes; full copies instead would have been ${copybytes} " +
					"bytes. Where two roots are equal, one hash says that all keys below are equal.",
				Slips: map[string]Text{"as much as a full copy": "Equal roots end a comparison at once: no key below is sent."},
			},
			Do: "Look with merkle cart, which compares and repairs nothing. Then let the homes compare all their trees, " +
				"and exchange what differs.",
			Hints: []Text{"sync lets all homes compare their replicas now. Nodes do the same by themselves every ten " +
				"seconds, unless it is switched off, as here."},
			Commands: []string{"merkle cart", "sync"},
			Check:    `syncbytes>0 && relation(n1,n2,cart)=="equal" && relation(n1,n2,new-0)=="equal" && converged`,
			Once:     `syncbytes>0`,
			Wrong: []WrongTurn{
				{`stored(n1,cart)=="read-repair"`, "cart was mended by your read. But new-0 to new-8 still differ, and a " +
					"client cannot read all keys for ever to find them. Let the homes compare: sync."},
			},
			Reveal: Reveal{Show: []string{"inspect cart"}, Screen: "repair",
				Say: "cart came to n1 by ${stored(n1,cart)}, and new-0 by ${stored(n1,new-0)}. " +
					"${stored(n1,new-0)=='anti-entropy' ? 'No client had to ask for new-0.' : " +
					"'A client had asked for new-0.'}",
				Keep: "**Anti-entropy** finds what no hint was kept for and no client reads, at the cost of the difference."},
		},
		{
			Title: "A lost disk",
			Cluster: &Cluster{Keys: 300, Settings: settings.Cluster{Nodes: settings.NodeNames(3), Q: 6, NoAntiEntropy: true},
				Run: []string{"put cart milk -W 3"}},
			Needs: `keys(n1)==keys(n2)`,
			Say: "Three nodes with 301 keys in six ranges. n1 will lose its disk: all its keys will be gone, and no hint " +
				"is kept for any.",
			Question: &Question{
				Ask:  "Only comparisons are left to mend n1. Will n1 have all its keys again, without a single read?",
				Kind: YesNo, Answer: `keys(n1)==keys(n2)`,
				Why: "n1 holds ${keys(n1)} keys, as n2 does. Now everything differed, so the comparison cost more than a " +
					"full copy: the price is the difference.",
				Slips: map[string]Text{"no": "n1 has empty trees. Where trees differ, the keys below are exchanged."},
			},
			Do:       "Wipe n1. Look at its keys with status. Then let the homes compare.",
			Hints:    []Text{"wipe n1; status; sync"},
			Commands: []string{"wipe n1", "status", "sync"},
			Check:    `stored(n1,cart)=="anti-entropy" && keys(n1)==keys(n2) && keys(n1)>0 && converged && wiped(n1)`,
			Once:     `up(n1) && wiped(n1) && replica(n1,cart)!=""`,
			Wrong: []WrongTurn{
				{`up(n1) && wiped(n1) && keys(n1)==0`, "n1 is empty. merkle cart shows where the trees differ; sync lets the " +
					"homes exchange the keys."},
				{`wiped(n2) || wiped(n3)`, "Not only n1 has lost its disk, so this is no longer the case of the question. " +
					"undo, and wipe n1 only."},
				{`wiped(n1) && (stored(n1,cart)=="read-repair" || stored(n1,cart)=="put")`, "cart came to n1 by " +
					"${stored(n1,cart)}, and the question is about comparisons alone. undo, and send no request for cart."},
				{`syncbytes>0 && !wiped(n1)`, "The homes have compared, and all were equal: n1 has lost nothing yet. Wipe " +
					"n1, and let them compare again."},
				{`up(n1) && wiped(n1) && keys(n1)==keys(n2) && stored(n1,cart)!="anti-entropy"`, "n1 has its keys, but cart " +
					"did not come by a comparison. undo, wipe n1, and then sync."},
				{`down(n1)`, "n1 is down, and cannot compare. A crash alone loses nothing: restart n1, and wipe it."},
			},
			Reveal: Reveal{Show: []string{"status"}, Screen: "repair",
				Keep: "Comparisons bring back even a node that lost its disk."},
		},
	},
	Remember: "Hints mend what was missed while a home was down, reads mend what is read, and Merkle trees mend the " +
		"rest, at the cost of the difference.",
	Paper:   []string{"4.7", "4.6", "5"},
	TryAlso: []string{"merkle cart --json", "events --kind sync-done", "get cart --no-repair"},
}

// howStored returns the expression for what gave a node its replica of a key.
func howStored(node, key string) string {
	how := "stored(" + node + "," + key + ")"
	return how + `=="handoff" ? "` + byHint + `" : ` + how + `=="read-repair" ? "` + byRead + `" : ` +
		how + `=="anti-entropy" ? "` + byTree + `" : "nothing"`
}
