package paper

// sections are the sections of the paper in its order. Claims are in our words.
var sections = []Section{
	{
		ID: "2", Title: "Background",
		Claims: []string{
			"Values are opaque blobs, mostly under 1 MB; an operation is about one key; there is no " +
				"isolation; all nodes trust each other.",
			"A write is never refused: a client must be able to add to a cart whatever has failed. So reads " +
				"resolve conflicts, and the application may do it, because it knows what a cart is.",
			"Service levels are stated for the 99.9th percentile and not for the mean, because the best " +
				"customers have the longest histories.",
			"Four principles: nodes are added one at a time; all nodes have the same duties; control is " +
				"decentralized; machines may differ in capacity.",
		},
	},
	{
		ID: "3", Title: "Related work",
		Claims: []string{
			"Dynamo is a zero-hop distributed hash table: every node knows enough to reach a key's home " +
				"directly, while Chord and Pastry only bound the number of hops.",
			"Dynamo resolves conflicts and does not order updates as OceanStore does. It trusts its own " +
				"nodes, as Antiquity does not.",
		},
	},
	{
		ID: "4", Title: "System architecture",
		Claims: []string{
			"Partitioning, replication, versioning, membership, failure handling and scaling, each by a known " +
				"technique. The combination is new.",
		},
	},
	{
		ID: "4.1", Title: "System interface", Mechanism: true,
		Claims: []string{
			"get(key) returns one object, or all that conflict, with a context. put(key, context, object) " +
				"returns the context to the store.",
			"The context states which versions the caller has seen. It is opaque to the caller, and it is " +
				"stored with the object so that the store can check a put.",
			"MD5 of the key gives its 128-bit position.",
		},
		Deviations: []string{
			"Contexts are sealed with a secret of the cluster: a context that was altered, or is for another " +
				"key, is refused.",
			"Keys can be deleted: a delete is a put of a tombstone and needs a context. The tombstone is " +
				"collected once all nodes have reported twice that they hold nothing older.",
		},
	},
	{
		ID: "4.2", Title: "Partitioning algorithm", Mechanism: true,
		Claims: []string{
			"A key belongs to the first node clockwise from its position, so that a node that joins or leaves " +
				"affects its neighbours only.",
			"A node holds several tokens (virtual nodes): when the node fails, its load spreads over many " +
				"others, and the number of tokens can follow its capacity.",
		},
	},
	{
		ID: "4.3", Title: "Replication", Mechanism: true,
		Claims: []string{
			"The coordinator and its N-1 successors on the ring hold a key: in Figure 2, D holds (A,B], (B,C] " +
				"and (C,D].",
			"The preference list has more than N nodes, because nodes fail, and skips positions so that its " +
				"nodes are distinct machines. Every node can compute the list.",
		},
		Deviations: []string{"The preference list has all nodes. The nodes after the first N are fallbacks."},
	},
	{
		ID: "4.4", Title: "Data versioning", Mechanism: true,
		Claims: []string{
			"A write creates a new, immutable version. Vector clocks distinguish ancestors, which are " +
				"dropped, from versions that conflict, which are all returned.",
			"A client that puts with the context of several versions has reconciled them. Figure 3 shows the " +
				"clocks of one object over time.",
			"A cart that merges loses no addition, but deleted items can resurface.",
			"Clocks are truncated: above about ten entries, the entry that was updated longest ago is removed.",
		},
		Deviations: []string{
			"Versions are dotted: each keeps its own event apart from its past. With plain clocks, if two " +
				"clients write through one coordinator with the same old context, the second write replaces the " +
				"first. Clocks print as in the paper.",
			"up --clocks literal has the paper's own clocks, to show what they lose.",
			"Counters have epochs: a coordinator that cannot prove that it holds its own latest counter for a " +
				"key counts in a fresh epoch.",
			"Clocks are truncated only with up --truncate 10, by the coordinator that stamps them. The " +
				"coordinator keeps its own entry and the entries of the versions that the put replaces. Without " +
				"the option, a node refuses a clock of over 1,024 entries.",
		},
	},
	{
		ID: "4.5", Title: "Execution of get () and put () operations", Mechanism: true,
		Claims: []string{
			"Any node takes a request. One of the first N of the preference list coordinates it; another node " +
				"forwards it.",
			"For a put, the coordinator creates the new clock, writes locally, sends the version to the N " +
				"highest-ranked reachable nodes, and is done when W-1 of them have answered.",
			"A get asks the N highest-ranked reachable nodes, waits for R answers, and returns every version " +
				"that no other version supersedes.",
			"R+W>N resembles a quorum system; smaller R and W are faster.",
		},
		Deviations: []string{
			"Any node coordinates a get, as §6.4 says; in §4.5 the first of the top N does.",
			"A node forwards a put once, to a home that it knows to be up, because a second attempt might " +
				"write twice. If no home is up, the node coordinates as a fallback.",
			"A put that cannot reach W nodes is refused before anything is written.",
		},
	},
	{
		ID: "4.6", Title: "Handling failures: hinted handoff", Mechanism: true,
		Claims: []string{
			"In a sloppy quorum, reads and writes go to the first N healthy nodes of the preference list, " +
				"which need not be the first N.",
			"If a home is down, its replica goes to the next node with a hint that names the home. That node " +
				"keeps hinted replicas in a separate store and scans it. When the home is back, the node hands " +
				"the replica over and deletes it.",
			"With W=1 a write fails only if every node is down.",
			"Preference lists span data centres, so that no key is lost with one of them.",
		},
		Deviations: []string{
			"A fallback that coordinates because no home is up keeps the first hint itself.",
			"Quorums can be strict (--sloppy=false, --strict): then there are no fallbacks.",
		},
	},
	{
		ID: "4.7", Title: "Handling permanent failures: replica synchronization", Mechanism: true,
		Claims: []string{
			"A hint can be lost with its holder. Anti-entropy synchronizes replicas without hints.",
			"A node keeps a Merkle tree for each key range it hosts, whose leaves are hashes of single " +
				"values. Two nodes compare the roots for a range that both hold, descend where the trees differ, " +
				"and exchange only the keys that differ.",
		},
	},
	{
		ID: "4.8", Title: "Membership and failure detection",
		Claims: []string{
			"Membership and reachability are separate. Membership is one history that spreads; reachability " +
				"is each node's own belief.",
		},
		Deviations: []string{
			"Table 1 says that failure detection is by gossip, and §4.8.3 that it is local. We follow §4.8.3.",
		},
	},
	{
		ID: "4.8.1", Title: "Ring membership", Mechanism: true,
		Claims: []string{
			"An administrator adds or removes a node explicitly, because an outage is not a departure. The " +
				"node that takes the command records the change with its time; the changes form a history.",
			"Once a second each node talks to a random peer, and the two reconcile their histories and their " +
				"maps of tokens. So every node can send a request directly to the right node.",
		},
		Deviations: []string{
			"Tokens follow from the history, so that only histories are gossiped. Every message carries a " +
				"digest of its sender's history, and a receiver with another digest reconciles at once.",
		},
	},
	{
		ID: "4.8.2", Title: "External discovery", Mechanism: true,
		Claims: []string{
			"Two nodes that join through different nodes might not learn of each other for a while. Seeds " +
				"prevent that: all nodes know the seeds from outside the ring, and eventually reconcile with " +
				"them.",
		},
	},
	{
		ID: "4.8.3", Title: "Failure detection", Mechanism: true,
		Claims: []string{
			"A node considers a peer failed when the peer does not answer, even if other nodes still reach " +
				"the peer. The node uses other nodes, and retries the peer periodically.",
			"Without traffic no node needs to know whether a peer is up, so no messages are sent to find out.",
		},
	},
	{
		ID: "4.9", Title: "Adding/removing storage nodes", Mechanism: true,
		Claims: []string{
			"A node X that joins between A and B (N=3, A to G on the ring) takes over (F,G], (G,A] and (A,X] " +
				"from B, C and D, which then drop them.",
			"B, C and D offer X the keys, and transfer them when X confirms, so that no key is transferred " +
				"twice. Removal is the reverse.",
		},
		Deviations: []string{
			"A node that holds a range without being its home sends the range to all N homes, and drops it " +
				"when each of them holds it durably. Joins, leaves, removed nodes that return and writes by nodes " +
				"with an old ring are one case.",
			"A new home does not count toward R before it has received the range; until then readers ask the " +
				"previous homes.",
		},
	},
	{
		ID: "5", Title: "Implementation", Mechanism: true,
		Claims: []string{
			"A node is three parts: request coordination, membership and failure detection, and a local store " +
				"for which several engines can be plugged in.",
			"Each client request has a state machine. A get waits for R answers and replies; then it waits a " +
				"little for late answers and updates replicas that were stale (read repair).",
			"The node that answered the preceding get fastest coordinates the put, as its context tells. That " +
				"makes it more likely that clients read their own writes.",
		},
		Deviations: []string{
			"The local store is an LSM tree (goleveldb) or memory, in place of BDB and MySQL.",
			"A home that the client names (--via) coordinates its put. Without --via, or through a node that " +
				"is not a home, the fastest node coordinates, if it is up.",
		},
	},
	{
		ID: "6", Title: "Experiences & lessons learned",
		Claims: []string{
			"Services differ in how they reconcile: by their own logic (carts), by time stamps, last write " +
				"wins (sessions), or not at all, as a read engine with R=1 and W=N (catalogues).",
			"Most choose (N,R,W) = (3,2,2).",
		},
	},
	{
		ID: "6.1", Title: "Balancing performance and durability", Mechanism: true,
		Claims: []string{
			"Figure 4: the 99.9th percentile is near 200 ms, ten times the mean.",
			"Figure 5: a buffer of 1,000 objects in memory lowers that percentile by a factor of 5 at peak. " +
				"The coordinator asks one of the N replicas for a durable write, and does not wait for that one.",
		},
		Deviations: []string{
			"Buffers are off by default (up --buffer 1000). status shows what a node has in its buffer, and " +
				"events show what a crash lost.",
			"The writer writes a whole buffer to disk in order, and not single objects: a durable write " +
				"includes all writes before it. A node with a full buffer waits.",
			"A replica that is handed over, and every other write that another node relies on, is durable " +
				"before it is acknowledged. Every incarnation of a node with a buffer has epochs of its own.",
		},
	},
	{
		ID: "6.2", Title: "Ensuring uniform load distribution", Mechanism: true,
		Claims: []string{
			"Figure 6: a node more than 15% off the mean load is out of balance; about 10% of them are at " +
				"high load, and 20% at low load.",
			"Strategy 1: T random tokens a node, which bound the ranges. Strategy 2: T random tokens, and Q " +
				"equal partitions placed by walking from their ends. Strategy 3: Q/S tokens a node, and Q equal " +
				"partitions.",
			"Figure 8: strategy 3 balances load best for its amount of metadata, and its partitions can be " +
				"moved and archived as files.",
		},
		Deviations: []string{
			"Tokens are hashes of node names and not random, so that a ring is the same everywhere.",
			"In strategy 3, a node that joins takes partitions from the nodes that hold the most. The " +
				"partitions of a node that leaves go to the nodes that hold the fewest, with equals chosen at " +
				"random.",
		},
	},
	{
		ID: "6.3", Title: "Divergent versions: when and how many?",
		Claims: []string{
			"In 24 hours 99.94% of reads saw one version, 0.00057% two, 0.00047% three and 0.00009% four " +
				"(these add up to 99.94113%).",
			"The cause was not failures but concurrent writers, probably robots.",
		},
	},
	{
		ID: "6.4", Title: "Client-driven or server-driven coordination", Mechanism: true,
		Claims: []string{
			"A client that knows the ring needs neither a load balancer nor an extra hop. It asks a random " +
				"node for the membership every 10 s, and at once when it learns that its view is stale.",
			"Table 2, server-driven to client-driven, in ms: 99.9th percentile of reads 68.9 to 30.4, of " +
				"writes 68.5 to 30.4; mean of reads 3.9 to 1.55, of writes 4.02 to 1.9. (The text says that the " +
				"mean falls by 3 to 4 ms; in the table it falls by 2.35 and 2.12 ms.)",
		},
		Deviations: []string{
			"A client that knows the ring also sends gets to a home, and does not coordinate them itself.",
			"A client learns that its view is stale from the answer to any request, because requests name the " +
				"client's view.",
		},
	},
	{
		ID: "6.5", Title: "Balancing background vs. foreground tasks", Mechanism: true,
		Claims: []string{
			"An admission controller assigns time slices to handoff and anti-entropy, depending on foreground " +
				"work: for example, on whether the 99th percentile of database reads in the last minute is near " +
				"50 ms.",
		},
		Deviations: []string{
			"The controller watches how long replicas take to answer for clients' requests. It ignores a " +
				"minute with fewer than a hundred answers.",
			"Slices are bytes a second, halved in a bad second and increased in a good one, and never less " +
				"than a sixty-fourth.",
		},
	},
	{
		ID: "6.6", Title: "Discussion",
		Claims: []string{
			"99.9995% of requests were answered without a time-out, and no data was lost so far.",
			"A full map at every node works for a few hundred nodes.",
		},
	},
}
