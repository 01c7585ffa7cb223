package paper

// sections is the paper in its own order. Claims are in our words.
var sections = []Section{
	{
		ID: "2", Title: "Background",
		Claims: []string{
			"Values are opaque blobs, mostly under 1 MB; an operation is about one key; there is no isolation; all nodes trust each other.",
			"A write is never refused: adding to a cart must work whatever has failed. So conflicts are resolved by reads, and the application can do it, since it knows what a cart is.",
			"Promises are about the 99.9th percentile, not the mean: the best customers have the longest histories.",
			"Four principles: nodes are added one at a time; all nodes are alike; nothing is central; machines may differ in capacity.",
		},
	},
	{
		ID: "3", Title: "Related work",
		Claims: []string{
			"Dynamo is a zero-hop distributed hash table: every node knows enough to go to a key's home directly, where Chord and Pastry bound the number of hops.",
			"It resolves conflicts instead of ordering updates as OceanStore does, and does not defend against its own nodes as Antiquity does.",
		},
	},
	{
		ID: "4", Title: "System architecture",
		Claims: []string{
			"Partitioning, replication, versioning, membership, failure handling and scaling, each by a known technique; what is new is that they work together.",
		},
	},
	{
		ID: "4.1", Title: "System interface", Mechanism: true,
		Claims: []string{
			"get(key) returns one object, or all that conflict, with a context. put(key, context, object) hands the context back.",
			"The context says what the caller has seen. It is opaque to the caller and stored with the object, so that a put can be checked.",
			"MD5 of the key gives its 128-bit position.",
		},
		Deviations: []string{
			"Contexts are sealed with a secret of the cluster: one that was altered, or is for another key, is refused and not believed.",
			"There is a delete. It is a put of a tombstone and needs a context. The tombstone is collected once all nodes have said twice that they hold nothing older.",
		},
	},
	{
		ID: "4.2", Title: "Partitioning algorithm", Mechanism: true,
		Claims: []string{
			"A key belongs to the first node clockwise from its position, so that a node that comes or goes concerns its neighbours only.",
			"A node holds several tokens (virtual nodes): its load spreads over many others when it fails, and their number can follow its capacity.",
		},
	},
	{
		ID: "4.3", Title: "Replication", Mechanism: true,
		Claims: []string{
			"The coordinator and its N-1 successors on the ring hold a key: in Figure 2, D holds (A,B], (B,C] and (C,D].",
			"The preference list is longer than N, because nodes fail, and skips positions so that it holds distinct physical nodes. Every node can compute it.",
		},
		Deviations: []string{"The preference list holds all nodes, each of which stands in if those before it are down."},
	},
	{
		ID: "4.4", Title: "Data versioning", Mechanism: true,
		Claims: []string{
			"A write makes a new, immutable version. Vector clocks tell ancestors, which are dropped, from versions that conflict, which are all returned.",
			"A client that puts with the context of several versions has reconciled them. Figure 3 follows one object through that, clock by clock.",
			"A cart that merges loses no addition, but deleted items can come back.",
			"Clocks are cut: at about ten entries the one that was updated longest ago goes.",
		},
		Deviations: []string{
			"Versions are dotted: each keeps its own event apart from its past. With plain clocks, of two clients that write through one coordinator with the same old context the second swallows the first. Clocks print as in the paper.",
			"The paper's own clocks can be had (up --clocks literal), to see what they lose.",
			"Counters have epochs: a coordinator that cannot prove that it holds its own latest counter for a key counts in a fresh epoch.",
			"Clocks are cut only where asked for (up --truncate 10), by the coordinator that stamps them, and never its own entry or one by which the put replaces what is there. Elsewhere a node refuses a clock of over 1,024 entries.",
		},
	},
	{
		ID: "4.5", Title: "Execution of get () and put () operations", Mechanism: true,
		Claims: []string{
			"Any node takes a request. One of the first N of the preference list coordinates it; another node passes it on.",
			"A put: the coordinator makes the new clock, writes locally, sends to the N highest-ranked reachable nodes, and is done when W-1 of them answered.",
			"A get asks the N highest-ranked reachable nodes, waits for R, and returns every version that no other supersedes.",
			"R+W>N makes it resemble a quorum system; smaller R and W make it faster.",
		},
		Deviations: []string{
			"Any node coordinates a get, as §6.4 says; §4.5 has the first of the top N do it.",
			"A node passes a put on once, to a home that it knows to be there: a second try might write twice. If no home is there it coordinates as a stand-in.",
			"A put that cannot reach W nodes is refused before anything is written.",
		},
	},
	{
		ID: "4.6", Title: "Handling failures: hinted handoff", Mechanism: true,
		Claims: []string{
			"A sloppy quorum: reads and writes go to the first N healthy nodes of the preference list, which need not be the first N.",
			"If a home is down its replica goes to the next node with a hint that names the home. The hint is kept in a store of its own, which is scanned; the replica is handed over when the home is back, and then deleted.",
			"With W=1 a write fails only if every node is down.",
			"Preference lists span data centres, so that the loss of one loses nothing.",
		},
		Deviations: []string{
			"A stand-in that coordinates because no home is there keeps the first hint itself.",
			"Quorums can be strict (--sloppy=false, --strict): then nobody stands in.",
		},
	},
	{
		ID: "4.7", Title: "Handling permanent failures: replica synchronization", Mechanism: true,
		Claims: []string{
			"A hint can be lost with its holder. Anti-entropy brings replicas together without one.",
			"A node keeps a Merkle tree for each key range it hosts, whose leaves are hashes of single values. Two nodes compare the roots for a range that both hold, go down where they differ, and exchange only what differs.",
		},
	},
	{
		ID: "4.8", Title: "Membership and failure detection",
		Claims: []string{
			"Who is a member and who is reachable are two questions. The first has one answer, which spreads; the second is each node's own.",
		},
		Deviations: []string{"Table 1 says that failure detection is by gossip, and §4.8.3 that it is local. We follow §4.8.3."},
	},
	{
		ID: "4.8.1", Title: "Ring membership", Mechanism: true,
		Claims: []string{
			"An administrator joins or removes a node, expressly: an outage is no departure. The node that is told writes it down with its time; the changes form a history.",
			"Once a second each node talks to a random peer, and the two reconcile their histories and their maps of tokens. So every node can send a request straight to the right place.",
		},
		Deviations: []string{"Tokens follow from the history, so that only histories are gossiped. Every message carries a digest of its sender's, and whoever sees another one reconciles at once."},
	},
	{
		ID: "4.8.2", Title: "External discovery", Mechanism: true,
		Claims: []string{
			"Two nodes that join apart might not hear of each other for a while. Seeds prevent that: nodes that all know from outside the ring, and with which all reconcile in the end.",
		},
	},
	{
		ID: "4.8.3", Title: "Failure detection", Mechanism: true,
		Claims: []string{
			"A node takes a peer for failed when it does not answer, even if others still reach it. It goes elsewhere, and tries the peer now and then.",
			"Without traffic nobody needs to know, so nothing is sent to find out.",
		},
	},
	{
		ID: "4.9", Title: "Adding/removing storage nodes", Mechanism: true,
		Claims: []string{
			"A node X that joins between A and B (N=3, A to G on the ring) takes over (F,G], (G,A] and (A,X] from B, C and D, which then hold them no longer.",
			"They offer X the keys, and transfer them when X confirms, so that nothing is transferred twice. Removal is the reverse.",
		},
		Deviations: []string{
			"Whoever holds a range without being its home brings it to all N homes and drops it when each of them holds it durably: joins, leaves, removed nodes that return and writes by nodes that know an old ring are one case.",
			"A new home is not counted toward R before it was given the range; until then readers ask those that held it.",
		},
	},
	{
		ID: "5", Title: "Implementation", Mechanism: true,
		Claims: []string{
			"A node is three parts: request coordination, membership and failure detection, and a local store for which several engines can be plugged in.",
			"Each client request gets a state machine of its own. A get waits for R answers and replies; then it waits a little for stragglers and updates replicas that were stale (read repair).",
			"A put is coordinated by the node that answered the preceding get fastest, as its context tells, which makes it likelier that clients read their own writes.",
		},
		Deviations: []string{
			"The local store is an LSM tree (goleveldb) or memory, in place of BDB and MySQL.",
			"A home that the client itself names (--via) coordinates its put, and the fastest one does not; without --via, or through a node that is no home, the fastest one does, if it is there.",
		},
	},
	{
		ID: "6", Title: "Experiences & lessons learned",
		Claims: []string{
			"Services differ in how they reconcile: by their own logic (carts), by time stamps, last write wins (sessions), or not at all, as a read engine with R=1 and W=N (catalogues).",
			"Most choose (N,R,W) = (3,2,2).",
		},
	},
	{
		ID: "6.1", Title: "Balancing performance and durability", Mechanism: true,
		Claims: []string{
			"Figure 4: the 99.9th percentile is near 200 ms, ten times the mean.",
			"Figure 5: a buffer of 1,000 objects in memory takes a factor of 5 off it at peak. One of the N replicas is asked for a durable write, for which the coordinator does not wait in particular.",
		},
		Deviations: []string{
			"Buffers are off unless asked for (up --buffer 1000). What a node holds in its buffer is shown, and so is what a crash took.",
			"The writer brings a whole buffer to disk, in order, and not object by object: one durable write takes along all that waited. A full buffer holds the node back.",
			"A hint that comes home, and all else that others rest on, stays durable before it is told. Every life of a node with a buffer counts in epochs of its own.",
		},
	},
	{
		ID: "6.2", Title: "Ensuring uniform load distribution", Mechanism: true,
		Claims: []string{
			"Figure 6: a node more than 15% off the mean load is out of balance; about 10% of them are at high load, and 20% at low load.",
			"Strategy 1: T random tokens a node, which cut the ranges. Strategy 2: T random tokens, and Q equal partitions placed by walking from their ends. Strategy 3: Q/S tokens a node, and Q equal partitions.",
			"Figure 8: strategy 3 spreads load best for the metadata it takes, and its partitions can be moved and archived as files.",
		},
		Deviations: []string{
			"Tokens come from hashes of node names and not from dice, so that a ring is the same everywhere.",
			"Strategy 3 deals out partitions as nodes join one after another, each stealing from those that hold most; those of one that leaves go to whoever holds the fewest, by chance among equals.",
		},
	},
	{
		ID: "6.3", Title: "Divergent versions: when and how many?",
		Claims: []string{
			"In 24 hours 99.94% of reads saw one version, 0.00057% two, 0.00047% three and 0.00009% four (these add up to 99.94113%).",
			"Failures were not the cause, but many writers at once, probably robots.",
		},
	},
	{
		ID: "6.4", Title: "Client-driven or server-driven coordination", Mechanism: true,
		Claims: []string{
			"A client that knows the ring saves the load balancer and the hop. It asks a random node for the membership every 10 s, and at once when it finds that what it knows is stale.",
			"Table 2, server-driven to client-driven, in ms: 99.9th percentile of reads 68.9 to 30.4, of writes 68.5 to 30.4; mean of reads 3.9 to 1.55, of writes 4.02 to 1.9. (The text speaks of 3 to 4 ms saved on the mean, the table of 2.35 and 2.12.)",
		},
		Deviations: []string{
			"A client that knows the ring hands gets to a home, too, and does not coordinate them itself.",
			"A node tells it that it is stale with the answer to any request that names another view of the membership than the node's.",
		},
	},
	{
		ID: "6.5", Title: "Balancing background vs. foreground tasks", Mechanism: true,
		Claims: []string{
			"An admission controller deals out slices of time to handoff and anti-entropy, by how foreground work fares: for example, whether the 99th percentile of database reads of the last minute is near 50 ms.",
		},
		Deviations: []string{
			"What is watched is how long replicas take to answer what clients' requests ask of them; fewer than a hundred answers in the last minute say nothing.",
			"Slices are bytes a second, halved in a bad second and added to in a good one, and never less than a sixty-fourth.",
		},
	},
	{
		ID: "6.6", Title: "Discussion",
		Claims: []string{
			"99.9995% of requests were answered without a time-out, and no data was lost so far.",
			"That every node holds the whole map works for some hundred nodes.",
		},
	},
}
