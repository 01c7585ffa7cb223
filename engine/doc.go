/*
Package engine is one Dynamo node as a pure state machine: it is stepped with one input at a
time and says what the world must do. It reads no clock, starts no goroutine and does no I/O but
reads through store.Reader, so that the same code runs on TCP and disks (package localcluster)
and in virtual time under injected faults (package sim).

# The driver's contract

	out := node.Step(now, input)

Package driver implements this contract; localcluster and sim both use it.

A driver carries out an Output in its order: Writes are durable, all of them or none, before any
Message, Reply or Event leaves; and steps the node again by Wake. It may step several inputs
before it applies their Writes as one batch (group commit), if the node's reads see the writes
still pending (store.Overlay).

A driver with an object buffer (§6.1, Config.Buffered) may keep Writes in memory for a while, where the
node's reads see them (store.Buffer). Then only an Output that is Durable waits: for its own Writes and
for all before them. What is on disk must always be a beginning of the order of the node's Writes. Events may be
told before that: they say what the node did, and a crash may take it back.

If a batch fails, nothing of the turn leaves, and the node has
crashed: close the store, open it again, make a new node. The same holds if a read fails with
anything but store.ErrCorrupt. Messages may be lost, repeated,
delayed and reordered, but what is under way to a node that crashes must not reach its next life
(connections give that for free).

Config.Buggify is for simulators alone: they ask the node to do what is rare and right (BuggifyPoint).
Conditions with mutant.Is are deliberate bugs, and are not there in the ordinary build.

# The paper in this package

	§4.1  get, put, contexts             get.go, put.go; wire.Context
	§4.2  partitioning                   ring
	§4.3  replication, preference lists  ring; replica.go
	§4.4  versions, vector clocks        vclock; epoch.go says who may stamp what, counters.go keeps what proves it,
	                                     stamp.go and clocks.go make the new version and its clock,
	                                     tombstones.go when a delete may be forgotten
	                                     lastwrite.go what last write wins loses (§6)
	§4.5  get and put with N, R, W       get.go, put.go, forward.go; quorum counts the answers
	§4.6  sloppy quorum, hinted handoff  quorum chooses fallbacks; handoff.go keeps and delivers hints, hints lists them
	§4.7  anti-entropy, Merkle trees     merkle; trees.go keeps them, antientropy.go says when, syncround.go how
	§4.8.1  membership, gossip           member; membership.go, gossip.go
	§4.8.2  seeds                        gossip.go
	§4.8.3  failure detection            detector.go
	§4.9  adding and removing nodes      transfer.go, pending.go, depart.go; get.go reads meanwhile, rehome.go
	§5    read repair                    readrepair.go
	§5    choice of a put's coordinator  coordinator.go
	§5    local persistence              store, store/level; scrub.go looks for rot
	§6.1  durability for speed           buffer.go, store.Buffer
	§6.2  partitioning strategies        ring
	§6.4  client-driven coordination     clientdriven.go; the client is a driver's
	§6.5  background work yields         admission decides, background.go waits

# Words

	coordinator      the node that runs a get's or a put's state machine
	preference list  all nodes in the order in which they would hold a key; the first N are its homes
	stand-in         a node that holds a replica for a home that cannot be reached
	hint             that replica, with the home's name, in a store of its own
	dot              one write event: actor and counter
	actor, epoch     who mints dots: a node, and which life of its counters
	context          what a client has seen, handed back with its next put
	siblings         the versions of a key that no other supersedes
	tree             the Merkle tree of a key range; its root stands for all that a node holds of it
	history          all changes of the membership that a node knows; the ring is what they make
	view             the digest of a node's history
	pending range    one that a node is a home of and was not given yet
	tombstone        a version that a delete made; the grace is how old it is before it may be collected
	split            a network cut (the paper's partition is a range of keys)

# Deviations from the paper

Versions are dotted. With the paper's vector clocks, of two clients that write through one
coordinator with the same old context, the second gets a clock that descends from the first's,
which is silently swallowed. Here every version keeps its own dot apart from its past, and a put
removes only what its context covers. Clocks print as in the paper, and Figure 3 comes out to
the letter; {n3:.2} is event 2 of n3 that has not seen event 1. The paper's own clocks can be had
(Config.Literal), to see that.

Clocks are not truncated unless asked for (Config.Truncate). Then a coordinator cuts the clock of
the version that it stamps, and nobody else ever cuts one. It keeps its own pair, whatever its
age, so that no counter comes again, and those of the versions that the put itself replaces. A clock
that was cut supersedes less, so that replicas which slept bring back ancestors as siblings; no
version goes that would have stayed. Times of pairs are stored and sent only in such clusters. A
literal clock that was cut does not even descend from the one that it replaces: together
the two are the paper, and no good.

Counters have epochs. A coordinator that cannot prove that it holds its own latest counter for a key counts in a
fresh epoch: its disk was wiped, recovered from damage or put back from an older copy, or the record is damaged. A
record that goes home with a hint, moves with its range or is collected leaves its counter behind, so that is no such
case. Clocks show a node's epoch only where they hold two epochs of one node.

Any node coordinates a get (§6.4 says so, §4.5 lets the first of the top N do it). A put is
coordinated by one of the top N. A home to which a client sends it expressly takes it; else it is
the home that answered the client's last get first, as its context tells (§5), if that is
healthy; else the home that a load balancer found, or the first one there. A node hands a put over once, to
a home that it knows to be there (it pings first unless it heard from it a moment ago), because a
second try might write twice. If no home is there a node coordinates itself, as a stand-in.

A put that cannot reach W nodes is refused before anything is written; peers that are only
suspected are tried before that. A get that finds nothing says so only if R homes and all but N-R of the
nodes that could hold the key, hints included, have answered: slowness is not absence (quorum/absence.go).

Contexts are sealed with a secret of the cluster, so that a wrong one is refused and not
believed.

A delete is a put of a tombstone, and needs a context. Five minutes later (earlier, or never, if told so) it is
collected: once all nodes have said twice, as long apart, that they hold nothing older. That needs every
member to be there, and every node that went to have said that it holds nothing. It is on from the start because
a tombstone in doubt stays; all that is taken on trust is that no message is under way for longer than
Timings.SafeDelay, twice what the slowest link can be told to be.

Under last write wins a new version's past covers all that its coordinator held, so that the version which it
replaces does not count as lost.

A new version's past also covers what its coordinator knows to be superseded, so that clients
which never read do not fill clocks with gaps. A version never travels without its siblings.

A leaf of a Merkle tree is a bucket of neighbouring keys, about 65,000 to the whole ring, and hashes the
dots of their versions, which stand for the values. The trees are in memory, and grown anew when a
node starts. A home that holds nothing of a range leaves it to the others to begin a comparison. Homes whose
versions of a key do not fit into one replica do not send them to each other again until either holds
something else; the key then differs until a client reconciles it (oversize.go).

The admission controller (§6.5) watches how long replicas take to answer what clients' requests ask of them,
not how long the database does: a node cannot see its own disk. Its slices are bytes a second, and never nothing. A second in
which no client waits gives all slices back.

With object buffers (§6.1) every life of a node counts in epochs of its own, since a crash may take its latest
counters. The writer brings a whole buffer to disk at once, in the order of the writes, and not object by object; so
whenever a node has to be durable for one object it is for all before it.

A client that knows the ring (§6.4) sends gets and puts to a home, which coordinates them; it does not coordinate gets itself.

Tokens follow from the membership history, so that only histories are gossiped. Every message
carries a digest of its sender's; whoever sees another than its own reconciles at once, and does not wait for the
next second. A member that cannot be reached stays a member until somebody removes it.

A range is handed over by whoever holds it without being its home, to all N homes, and dropped when
each of them holds it durably: joins, leaves, removed nodes that return, hints for nodes that are gone and writes by nodes
that know an old ring are one case. A new home takes writes at once, but is not counted toward R
before it was given the range; until then readers ask those that held it. R+W>N says nothing of the moment in which
a change of the ring spreads: nodes that know it and nodes that do not may form quorums that do not meet.

Changes are put in order by their times, which are later than all that their writer knew. Of two
that did not know of each other the earlier one counts first, so that a join may turn out to have been one of a
member, and mean nothing. A new home therefore also waits for the homes of the ring without its own join, and believes what
another node says of a range only if both know the same ring.
*/
package engine
