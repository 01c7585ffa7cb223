package tour

import "ringside/engine/settings"

// The answers about how long a put takes.
const (
	soon = "a few milliseconds, as always"
	slow = "about 600 milliseconds: there and back"
)

// quorum is lesson 2. Its three nodes are the homes of every key. n3 is the first home of tea,
// milk, soap and cake.
var quorum = &Lesson{
	Name: "quorum", Title: "Two of three", Section: "§4.5",
	About: "A put goes to all N homes. But how many of them must answer before the client is told that it " +
		"succeeded? That number is **W**; for a get it is **R**. Each request may choose.",
	Cluster: Cluster{Settings: settings.Cluster{Nodes: settings.NodeNames(3)}},
	Steps: []Step{
		{
			Title: "One slow home",
			Run:   []string{"slow n1 300ms"},
			Say: "This cluster has three nodes, so each key has all three as homes. n1 has become slow: each message to " +
				"it or from it takes 300 ms longer.",
			Question: &Question{
				Ask:  "A put of tea with W=2 goes to n3, n1 and n2. How long will the client wait?",
				Kind: Choice, Options: []string{soon, slow},
				Answer: `took(put,tea,2)>150 ? "` + slow + `" : "` + soon + `"`,
				Why: "The put took less than ${took(put,tea,2)+1} ms. ${acks(put,tea,2)} answered, and two were enough. n1 " +
					"gets the value also, later.",
				Slips: map[string]Text{slow: "The put does go to n1, but the client's answer does not wait for n1."},
			},
			Do:       "Put something into the key tea, with W=2.",
			Hints:    []Text{"-W 2 says how many nodes must hold the value. 2 is what this cluster uses anyway."},
			Commands: []string{"put tea green -W 2"},
			Check:    `requests(put,tea,2)>0 && via(put,tea,2)!="n1"`,
			Wrong: []WrongTurn{
				{`via(put,tea,2)=="n1"`, "That put went through n1, and the client has to wait for the slow n1 itself. The " +
					"question is about a put that another node coordinates. undo, and leave --via n1 out."},
				{`requests(put,tea)>0`, "That put had another W, so it says nothing about W=2. Put tea again, with -W 2."},
				{`refused(put,tea)>0`, "The put was refused: fewer than two nodes could be reached. undo begins again with " +
					"three running nodes."},
			},
			Reveal: Reveal{Show: []string{"trace last"}, Screen: "trace",
				Say:  "Find the line of the client's answer. What n1 does comes after it, or is still on its way.",
				Keep: "A put waits for the W fastest nodes, and not for the rest."},
		},
		{
			Title: "W=3",
			Needs: `up && !split`,
			Say:   "Someone wants to be quite sure, and asks for W=3.",
			Question: &Question{
				Ask:  "How long will a put of milk with W=3 take?",
				Kind: Choice, Options: []string{soon, slow},
				Answer: `took(put,milk,3)>150 ? "` + slow + `" : "` + soon + `"`,
				Why:    "The put took ${took(put,milk,3)} ms. With W=N each put is as slow as the slowest home.",
				Slips:  map[string]Text{soon: "Three of three must answer, and n1 is one of the three."},
			},
			Do:       "Put something into the key milk, with W=3.",
			Hints:    []Text{"-W 3"},
			Commands: []string{"put milk fresh -W 3"},
			Check:    `requests(put,milk,3)>0`,
			Wrong: []WrongTurn{
				{`requests(put,milk)>0`, "That put took less than ${took(put,milk)+1} ms, but it did not wait for three " +
					"nodes. Put milk again, with -W 3."},
				{`refused(put,milk,3)>0`, "The put was refused: not all three homes could be reached, and W=3 needs all. " +
					"undo begins again with three running nodes."},
			},
			Reveal: Reveal{Show: []string{"trace last"}, Screen: "trace",
				Say: "Now the client's answer comes after n1's.", Keep: "W=3 of 3 costs the latency of the slowest home."},
		},
		{
			Title: "W=1",
			Needs: `up && !split`,
			Say:   "Another client is in a hurry, and asks for W=1.",
			Question: &Question{
				Ask:  "With W=1: when the client is told \"ok\", on how many nodes' disks is the value for certain?",
				Kind: Number, Answer: `len(acks(put,soap,1))`,
				Why: "Only ${acks(put,soap,1)} had acknowledged. The value is on its way to the others, but at that moment " +
					"no other disk is known to have it.",
				Slips: map[string]Text{
					"3": "It is sent to three nodes. But the client was told before the others answered.",
					"2": "Two is what W=2 waits for.",
					"0": "The coordinator answers only after its own disk has the value.",
				},
			},
			Do:       "Put something into the key soap, with W=1.",
			Hints:    []Text{"-W 1"},
			Commands: []string{"put soap mild -W 1"},
			Check:    `requests(put,soap,1)>0`,
			Wrong: []WrongTurn{
				{`requests(put,soap)>0`, "That put waited for more than one node. Put soap again, with -W 1."},
				{`refused(put,soap)>0`, "The put was refused: even its coordinator could not be reached. undo begins the " +
					"step again."},
			},
			Reveal: Reveal{Show: []string{"trace last"}, Screen: "trace",
				Say:  "The answer took less than ${took(put,soap,1)+1} ms, and came before any other node had the value.",
				Keep: "W is the number of nodes that hold a value durably when the client is told that it succeeded."},
		},
		{
			Title: "A home is down",
			Run:   []string{"heal", "kill n1"},
			Needs: `!split && up(n2) && up(n3)`,
			Say:   "Now n1 has crashed. Two of three homes are left, and there is no fourth node to help.",
			Question: &Question{
				Ask:  "Which puts will still succeed?",
				Kind: Choice, Options: []string{"none", "with W=1 only", "with W=1 and W=2", "with W=1, W=2 and W=3"},
				Answer: `requests(put,cake,3)>0 ? "with W=1, W=2 and W=3" : requests(put,cake,2)>0 ? "with W=1 and W=2" : ` +
					`requests(put,cake,1)>0 ? "with W=1 only" : "none"`,
				Why: "W=3 needs an answer from n1, which cannot come. The put is refused: the client knows that it failed.",
				Slips: map[string]Text{
					"with W=1, W=2 and W=3": "A crashed node does not answer, and W=3 of three homes needs its answer.",
					"with W=1 only":         "Two homes run, and W=2 needs two.",
				},
			},
			Do: "Put the key cake three times: with W=1, with W=2 and with W=3. (A context says which version a client " +
				"has seen: --save @cake keeps that of a put, and -c @cake gives it to the next put, which then replaces the " +
				"version.)",
			Hints: []Text{"put cake plain -W 1 --save @cake, then put cake VALUE -c @cake -W 2 --save @cake"},
			Commands: []string{"put cake plain -W 1 --save @cake", "put cake lemon -c @cake -W 2 --save @cake",
				"put cake plum -c @cake -W 3"},
			Check: `requests(put,cake,1)>0 && requests(put,cake,2)+refused(put,cake,2)>0 && ` +
				`requests(put,cake,3)+refused(put,cake,3)>0`,
			Wrong: []WrongTurn{
				{`up(n1)`, "n1 runs again, so there is nothing left that a put could miss. undo begins the step again."},
				{`!up(n2) || !up(n3)`, "One more node is down, so even W=2 cannot be reached. undo begins the step again."},
			},
			Reveal: Reveal{Show: []string{"get cake"}, Screen: "key", Key: "cake",
				Say: "The put with W=3 was refused, and its value is not there. (A clock such as {n3:.2} or {n3:1.3} is that " +
					"of a put without the latest context; lesson 12 explains the point.)",
				Keep: "The higher W, the more often a put is refused: W=3 of 3 fails as soon as one home is missing."},
		},
		{
			Title: "R is like W",
			Needs: `down(n1) && requests(put,cake,2)>0`,
			Say:   "A get asks all homes, and waits for R answers. n1 is still down.",
			Question: &Question{
				Ask:  "What is the largest R with which a get of cake succeeds now?",
				Kind: Number, Answer: `refused(get,cake,3)>0 ? 2 : 3`,
				Why: "Two homes can answer. With R=3 the get is refused, although the value is there.",
				Slips: map[string]Text{"1": "R=1 succeeds, but so does R=2: two homes run.",
					"3": "R=3 needs an answer from n1."},
			},
			Do:       "Get cake with R=2, and with R=3.",
			Hints:    []Text{"get cake -R 3"},
			Commands: []string{"get cake -R 2", "get cake -R 3"},
			Check:    `requests(get,cake,2)>0 && requests(get,cake,3)+refused(get,cake,3)>0`,
			Wrong: []WrongTurn{
				{`up(n1)`, "n1 runs again, so R=3 can be reached. undo begins the step again."},
			},
			Reveal: Reveal{Keep: "R is like W: more answers, more latency, more refusals."},
		},
		{
			Title:   "What W=1 risks",
			Cluster: &Cluster{Settings: settings.Cluster{Nodes: settings.NodeNames(3)}},
			Run:     []string{"partition n1 n2,n3"},
			Say: "n1 is cut off, and a client reaches only n1. The client puts with W=1 and is told \"ok\". Then the disk " +
				"of n1 breaks, and the network comes back.",
			Question: &Question{
				Ask:  "Will a get of wish find the value afterwards?",
				Kind: YesNo, Answer: `found(wish)`,
				Why: "No node has it. The put was acknowledged, and one disk was all that held it.",
				Slips: map[string]Text{"yes": "n1 was the only node that ever had the value: no message left n1 during the " +
					"split."},
			},
			Do: "Put wish through n1 with W=1. Then wipe n1, and only then heal the network.",
			Hints: []Text{"--via n1 sends the put to n1.",
				"wipe NODE crashes a node, loses its disk and starts it again, empty."},
			Commands: []string{"put wish pony -W 1 --via n1", "wipe n1", "heal"},
			Check:    `requests(put,wish,1)>0 && len(holders(wish))==0 && !split && up(n1)`,
			Wrong: []WrongTurn{
				{`len(holders(wish))>1`, "${holders(wish)} hold the value: it left n1 before the disk broke. undo, and wipe " +
					"n1 while it is still cut off."},
				{`refused(put,wish)>0 && requests(put,wish)==0`, "n1 alone cannot reach W=2, so it refused. That is the " +
					"other side of the trade: W=2 would not have acknowledged this put. Ask for -W 1."},
				{`!split && requests(put,wish)==0`, "The network is whole again before the put. undo cuts it again."},
			},
			Reveal: Reveal{Show: []string{"inspect wish"}, Screen: "key", Key: "wish",
				Keep: "W copies are certain. An acknowledged write survives the loss of W-1 disks for certain, and not of more."},
		},
	},
	Remember: "W trades latency and refusals for copies. R is like W. W=3 waits for the slowest home and needs all " +
		"of them; W=1 is quick, and one disk may be all that holds the write.",
	Paper:   []string{"4.5"},
	TryAlso: []string{"put tea black -W 3 --via n2", "get tea -R 1", "paper 6"},
}
