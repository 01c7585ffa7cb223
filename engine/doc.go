/*
Package engine is one Dynamo node as a pure state machine. The driver feeds it one input at a time,
and the node returns what the driver must do. The node reads no clock, starts no goroutine and does
no I/O except reads through store.Reader. So the same code runs on TCP and disks (package
localcluster) and in virtual time under injected faults (package sim).

# Begin reading here

	node.go          Node, its parts, and Step, which gives each input to a part
	input.go         the inputs, and what the driver does with an Output
	put.go, get.go   the two operations of clients (§4.5)
	records.go       what happens when a replica arrives: merge and store; replica.go answers
	handoff.go       a first background mechanism: hints (§4.6)

A part is a type of this package that owns its state, for example coordinator, handoff or syncer. It
reaches the other parts through the node. Whatever has rules of its own is a leaf package, which does
not know the node and is tested without it.

# Where is what

	the homes of a key are found         membership.go: members.preference; packages ring and quorum
	a put is routed                      route.go, forward.go: coordinator.route
	a put is coordinated                 put.go: coordinator.coordinate
	the new version is made              stamp.go, clocks.go
	a get is coordinated                 get.go: coordinator.onGet
	a replica is stored and read         records.go, replica.go
	keys are listed                      listing.go
	a record's bytes are made            package record: key.go, value.go, header.go
	a hint is made                       quorum.Write.Plan, put.go: put.replicate
	a hint is stored                     replica.go: records.keep, which calls handoff.keep in handoff.go
	a hint is delivered                  handoff.go: handoff.deliver; the index is in package hints
	the ring is computed                 package ring: Replay; a node knows it as members.ring (membership.go)
	Merkle trees are kept up to date     trees.go, called by records.go, transfer.go, tombstones.go, scrub.go
	Merkle trees are compared            syncround.go, syncanswer.go, synckeys.go
	a tombstone may be collected         package tombstone decides; tombstones.go asks and drops
	                                     (forget.go: at once, because a client says so)
	a question to a peer waits           calls.go
	a peer is suspected                  detector.go; the states are in package liveness
	a range waits, or is handed over     moves.go, arrivals.go, transfer.go
	a node's loop runs                   localcluster/loop.go; package driver does one turn
	a disk write fails                   localcluster/recovery.go
	a simulated fault is injected        sim/kernel/inject.go, injectdisk.go, injectmembers.go
	no acknowledged write is lost        sim/check/durability.go checks it

# The paper in this package

	§4.1    get, put, contexts             get.go, put.go; wire.Context
	§4.2    partitioning                   ring, keyrange
	§4.3    replication, preference lists  ring; membership.go, records.go, replica.go
	§4.4    versions, vector clocks        vclock; stamp.go, clocks.go, epoch.go, counters.go
	        deletes                        tombstone; tombstones.go
	        last write wins (§6)           lastwrite.go
	§4.5    get and put with N, R, W       quorum; get.go, put.go, forward.go
	§4.6    sloppy quorum                  quorum
	        hinted handoff                 hints; handoff.go, rehome.go
	§4.7    Merkle trees                   merkle, treeset; trees.go, scan.go
	        anti-entropy                   oversize; antientropy.go, syncround.go and others
	§4.8.1  membership, gossip             member; membership.go, gossip.go
	§4.8.2  seeds                          gossip.go
	§4.8.3  failure detection              liveness; detector.go, calls.go
	§4.9    adding and removing nodes      pending; moves.go, arrivals.go, transfer.go, depart.go
	§5      read repair                    readrepair.go
	        choice of a put's coordinator  route.go
	        local persistence              store and its subpackages, record; scrub.go
	§6.1    durability for speed           buffer.go, store.Buffer
	§6.2    partitioning strategies        ring
	§6.4    client-driven coordination     clientdriven.go; localcluster has the client
	§6.5    background work yields         admission; background.go

# Invariants

  - A dot is minted at most once (epoch.go).
  - A replica is merged with the record that is there, and never replaces it (records.go).
  - A version never travels without its siblings.
  - Nothing of a step leaves the node before the step's Writes are durable, if the Output is Durable.
  - A hint is deleted only after its home holds the version durably (handoff.go), or after the node has
    made the hint a record of its own (rehome.go). A damaged hint is deleted, because it cannot be read.
  - A range is dropped only after all its homes hold it durably (transfer.go).
  - A home that waits for a range does not count toward R (arrivals.go).
  - The tree of a range equals the tree that a scan of the store builds (Audit).
  - All queues are bounded, and a refusal says so. Overrun checks the queues listed in limits.go. The
    calls of a node follow from its requests, hints under way and rounds, the background work that waits
    follows from its hints and rounds, and its transfers follow from the ranges of the ring.

# The driver's contract

	out := node.Step(now, input)

Package driver implements this contract; localcluster and sim both use it.

A driver carries out an Output in the order of its fields. Its Writes are durable, all of them or none,
before any Event, Message or Reply leaves. Effects leave in this order: Events, Messages, Replies. So
watchers hear of a step before other nodes and clients do. The driver steps the node again by Wake. It
may step several inputs before it applies their Writes as one batch (group commit), if the node's reads
see the pending writes (store.Overlay). The slices of an Output end with the next Step, so such a driver
copies their elements first.

A driver with an object buffer (§6.1, Config.Buffered) may keep Writes in memory for a while, where the
node's reads see them (store.Buffer). Then only a Durable Output waits: for its own Writes and for all
earlier ones. What is on disk must always be a prefix of the node's Writes. Events may leave before
that. They say what the node did, and a crash may undo it.

If a batch fails, nothing of the turn leaves, and the node has crashed: the driver closes the store,
opens it again and makes a new node. The same holds if a read fails with an error other than
store.ErrCorrupt. Messages may be lost, repeated, delayed and reordered. But a message on its way to a
node that crashes must not reach the node's next run; connections give that without effort.

Config.Buggify is only for simulators. At each BuggifyPoint they ask the node to do what is rare and
right. Conditions with mutant.Is are deliberate bugs, which the ordinary build does not contain.

# Glossary

	actor            a node in one of its epochs; it mints dots
	context          what a client has seen of a key; the client returns it with its next put
	coordinator      the node that runs the state machine of a get or a put
	core             the nodes of a simulated run that heal first, while the others stay broken
	digest           the hash of a node's history; nodes with equal digests know the same ring
	dot              one write event: an actor and a counter
	epoch            a series of counters of a node; a new one begins if the proof of a counter is lost
	fallback         a node that keeps a replica for a home that cannot be reached
	grace            the age at which a tombstone may be collected
	hint             a replica that a fallback keeps for a home, and the home's name
	history          all changes of the membership that a node knows; the ring follows from them
	home             one of the first N nodes of a key's preference list
	incarnation      the number of a node's disk or run; the high bits of its epochs
	leaver           a former member that has not said that it holds nothing
	member           a node of the ring
	pending range    a range that a node is a home of and was not given yet
	oversized key    a key whose versions at two nodes do not fit together into one replica
	preference list  all nodes in the order in which they would hold a key
	range            the keys between two positions of the ring that have the same homes
	record           what a node stores of a key: versions, and the last dot that it minted for the key
	replica          the versions of a key that one node holds, as a home or as a hint
	role             how a node holds a replica: as a home of the key, or as the fallback for a home
	round            one comparison of a range with another home of it (§4.7)
	run              a node from its start to its end or crash
	siblings         the versions of a key that no other version supersedes
	split            a network cut; the paper's partition is a key range
	token            a position on the ring that belongs to a member; a context token is a sealed context
	tombstone        a version that a delete made
	tree             the Merkle tree of a key range; its root hashes all that a node holds of the range
	version          one value of a key, or its deletion, with its dot and its past

# Deviations from the paper

Versions are dotted. With the paper's vector clocks, two clients may write through one coordinator
with the same old context. The second version's clock then descends from the first's, and the first
version is silently lost. Here each version keeps its own dot apart from its past, and a put removes
only what its context covers. Clocks print as in the paper, and Figure 3 comes out to the letter.
{n3:.2} is event 2 of n3 without event 1. Config.Literal selects the paper's own clocks.

Clocks are truncated only on request (Config.Truncate). Then only a coordinator truncates a clock: the
one of the version that it stamps. It keeps its own pair, so that no counter repeats, and the pairs of
the versions that the put replaces. A truncated clock supersedes less, so replicas that were away bring
back ancestors as siblings; no version is lost by that. Times of pairs are stored and sent only in such
clusters. A literal clock that was truncated does not even descend from the clock that it replaces.

Counters have epochs. A coordinator that cannot prove that it has its own latest counter of a key
counts in a new epoch. That happens if its disk was wiped, recovered from damage or restored from an
older copy, or if the record is damaged. It does not happen if a record goes home as a hint, moves with
its range or is collected, because the counter stays. Clocks show a node's epoch only if they hold two
epochs of one node.

Any node coordinates a get, as §6.4 says; §4.5 has the first of the top N do it. One of the top N
coordinates a put. A home that a client names takes the put. Otherwise the home that was fastest in the
client's last get takes it (§5), if it is healthy, and otherwise the first home that can be reached. A
node forwards a put once, to a home that has just answered, because a second try might write twice. If
no home can be reached, the node coordinates the put as a fallback.

A put that cannot reach W nodes is refused before anything is written. It tries suspected peers before
that. A get answers "not found" only if R homes, and all but N-R of the nodes that could hold the key,
have answered that they hold nothing; nodes with hints are among them (quorum/absence.go).

Contexts are sealed with a secret of the cluster, so that a node refuses a forged one.

A delete is a put of a tombstone, and needs a context. After the grace, five minutes by default, the
tombstone is collected, if all members have said twice, one grace apart, that they hold nothing older.
That needs all members to be reachable and all former members to have said that they hold nothing. The
only assumption is that no message is under way for longer than Timings.SafeDelay.

Under last write wins the past of a new version covers all that its coordinator held. So a version that
it replaces does not count as lost.

The past of a new version also covers what its coordinator knows to be superseded. So clients that never
read do not fill clocks with gaps.

A leaf of a Merkle tree is a bucket of neighbouring keys, about 65,000 on the whole ring. It hashes the
dots of the keys' versions, which stand for the values. The trees are in memory, and a node builds them
when it starts. A home that holds nothing of a range does not begin a comparison. Homes whose versions
of a key do not fit into one message do not exchange them again until either home holds something else.
The key then differs until a client reconciles it (package oversize).

The admission controller (§6.5) watches how long replicas take to answer clients' requests, not how
long the database takes: a node cannot see its own disk. Its slices are bytes a second, and never zero.
A second without clients' requests returns all slices.

With object buffers (§6.1) each run of a node has epochs of its own, because a crash may lose its latest
counters. The writer flushes a whole buffer at once, in the order of the writes. So a node that must be
durable for one object is durable for all earlier ones.

A client that knows the ring (§6.4) sends gets and puts to a home, which coordinates them. The client
does not coordinate gets itself.

Tokens follow from the membership history, so nodes gossip only histories. Each message carries the
digest of its sender's history. A node that sees another digest reconciles at once, without waiting for
the next second. In a ring of more than 48 nodes a node draws a new peer for its exchanges only every
ten seconds, so that most exchanges find a connection. A member that cannot be reached stays a member
until an administrator removes it.

A node that holds a range without being its home hands the range over to all N homes, and drops it when
each of them holds it durably. Joins, leaves, returns of removed nodes, hints for former members and
writes by nodes with an old ring are one case. A new home takes writes at once, but does not count
toward R before it was given the range. Until then readers ask the nodes that held the range. While a
change of the ring spreads, R+W>N does not hold between nodes that know the change and nodes that do
not.

Changes are ordered by their times, which are later than those of all changes that their author knew. Of
two changes whose authors did not know of each other's change, the earlier one counts first. So a change
may turn out to be a join by an existing member; it is then ignored. A new home therefore also waits for
the homes of the ring without its own join. A node believes what another node says of a range only if
both know the same ring.
*/
package engine
