package wire

import (
	"ringside/engine/member"
	"ringside/engine/vclock"
)

// A Message goes from one node to another. The network may lose, delay, repeat and reorder it.
type Message struct {
	From, To string
	Request  uint64 // id of the client's request that caused the message, for events; 0: none
	Op       uint64 // the sender's number for the exchange, which the answer carries
	Digest   uint64 // digest of the sender's membership history (§4.8.1)
	Body     Body
}

// A Body is one of Ping, Pong, Read, ReadReply, Write, WriteReply, Forward, ForwardReply, Sync,
// SyncReply, Gossip, Offer, OfferReply, Collect, CollectReply, Keys and KeysReply.
type Body interface{ isBody() }

// Ping asks whether a node runs (§4.8.3).
type Ping struct{}

// Pong answers Ping.
type Pong struct{}

// Read asks a replica for all versions that it holds of a key (§4.5).
type Read struct{ Key []byte }

// ReadReply answers Read.
type ReadReply struct {
	Err      Code // OK, or why the answer does not count toward R
	Siblings vclock.Siblings
	LWW      bool // the record is reconciled by last write wins
	// Home reports whether the node is a home of the key in the ring that it knows, or was one and
	// has not handed the key over.
	Home bool
	Ask  []string // if Err is Pending: the nodes that held the key before
	// Returned reports whether the node handed a replica to a home a moment ago (§4.6). A home that
	// answered before that may hold more now.
	Returned bool
	Lost     vclock.Siblings // versions of the key that last write wins lost lately, as far as the node knows
}

// A Purpose says why a replica is written. It is for events, and decides nothing.
type Purpose uint8

const (
	Replicate   Purpose = iota // a client's put (§4.5)
	Handoff                    // a hint returns to its home (§4.6)
	ReadRepair                 // a get found the replica stale (§5)
	AntiEntropy                // two homes compared their trees (§4.7)
	Transfer                   // a key range has a new home (§4.9)
)

// String returns the name of the purpose as events have it.
func (p Purpose) String() string {
	return [...]string{"put", "handoff", "read-repair", "anti-entropy", "transfer"}[p]
}

// Write asks a node to merge Siblings into its replica of Key. Siblings are all versions that the
// sender knows. The write must be durable before the answer, unless Lazy is set.
type Write struct {
	Key      []byte
	Siblings vclock.Siblings
	LWW      bool   // keep only the latest of concurrent versions
	For      string // the home for which the receiver keeps a hint (§4.6); "": the receiver is a home
	Purpose  Purpose
	Lazy     bool // the receiver may keep the write in its object buffer (§6.1)
}

// WriteReply answers Write.
type WriteReply struct{ Err Code }

// Forward hands a put to one of the key's top N, which coordinates it (§4.5).
type Forward struct{ Put PutRequest }

// ForwardReply answers Forward.
type ForwardReply struct{ Reply PutReply }

// A SyncAsk says what a Sync asks for.
type SyncAsk uint8

const (
	AskTree    SyncAsk = iota // the hashes a few levels below Nodes of Level
	AskBuckets                // the hash of each key in the buckets Nodes
	AskKeys                   // the keys in the buckets Nodes whose hashes are Hashes, with their versions
)

// Sync asks about the Merkle tree of the key range (Start, End], of which both nodes are homes
// (§4.7). The node that answers keeps no state.
type Sync struct {
	Start, End [16]byte
	Depth      int // of the sender's tree, 0 to MaxSyncDepth; nodes that agree on the ring agree on it
	Ask        SyncAsk
	Level      int      // AskTree: 0, the root, to Depth
	Nodes      []uint32 // nodes of Level, or buckets; ascending, at most MaxSyncNodes
	Root       uint64   // AskTree with Level 0: the sender's root
	Hashes     []uint64 // AskKeys: at most MaxSyncHashes
}

// SyncReply answers Sync.
type SyncReply struct {
	Err     Code
	Same    bool     // AskTree: the roots are equal
	Hashes  []uint64 // AskTree: the descendants of each node in turn; AskBuckets: one for each key
	Size    int      // AskTree, if the roots differ: bytes of a copy of the range, about
	Entries []Entry  // AskKeys: as many as fit, at most MaxSyncEntries
}

// An Entry has all versions that a home holds of one key.
type Entry struct {
	Key      []byte
	Siblings vclock.Siblings
	LWW      bool
}

// Gossip reconciles membership histories (§4.8.1). The receiver takes the changes that it lacks,
// and sends those that the sender lacks. Gossip has no answer of its own.
type Gossip struct {
	Changes member.History // the sender's whole history; empty: compare the digests
	Ask     bool           // the receiver sends its history back
}

// An OfferPhase is a step of the transfer of a key range.
type OfferPhase uint8

const (
	OfferRange OfferPhase = iota // the receiver is a home of the range now; does it want what the sender holds?
	OfferDone                    // the receiver holds all of the range that the sender holds
	OfferAsk                     // the sender is a home of the range now; does the receiver hold more of it?
)

// Offer is about a key range (Start, End] that a node holds without being a home of it. The node
// brings the range to the homes (§4.9: offer, confirmation, transfer).
type Offer struct {
	Start, End [16]byte
	Depth      int // of the sender's tree, 0 to MaxSyncDepth
	Phase      OfferPhase
	Keys       int      // that the sender holds
	Size       int      // bytes of a copy, about
	From       []string // OfferDone: the nodes that have yet to hand the range over to the sender
}

// OfferReply answers Offer.
type OfferReply struct {
	Err    Code
	Answer OfferAnswer
	From   []string // OfferNothing: the nodes that have yet to hand the range over to the node that answers
}

// An OfferAnswer is the answer to an Offer.
type OfferAnswer uint8

const (
	OfferConfirmed OfferAnswer = iota // send the range
	OfferLater                        // not now: another node sends the range, or there is more to come
	OfferNothing                      // to OfferAsk: the node holds nothing that the asking node lacks
)

// A CollectPhase is a step of the collection of tombstones.
type CollectPhase uint8

const (
	CollectAsk   CollectPhase = iota // does the receiver hold anything else of the keys? It watches them from now on
	CollectAgain                     // has it held nothing else since?
	CollectDrop                      // all nodes agreed twice; drop the tombstones
)

// Collect is about tombstones that all nodes may be able to drop (§4.4).
type Collect struct {
	Batch      uint64 // the sender's number for these keys, in all phases; later batches have greater numbers
	Phase      CollectPhase
	Tombstones []Tombstone // at most MaxTombstones
}

// A Tombstone is a key of which its first home holds only deleted versions.
type Tombstone struct {
	Key   []byte
	State uint64 // hash of the versions (merkle.State)
}

// CollectReply answers Collect.
type CollectReply struct {
	Err     Code
	Answers []CollectAnswer // one for each tombstone; empty for CollectDrop
}

// A CollectAnswer says what a node knows of one key.
type CollectAnswer uint8

const (
	CollectAgreed  CollectAnswer = iota // the node holds nothing else
	CollectDiffers                      // the node holds another version, or a damaged record
	CollectHinted                       // the node keeps a hint for the key
	CollectMoving                       // the node holds the tombstone, is not a home and has yet to hand it over
	CollectBusy                         // the node watches as many keys as it can, or old repairs may wait in it
	CollectChanged                      // the node cannot say that it held nothing else since the first question
)

// Keys asks for the keys that a node holds, as a home or in hints: those of a part of its store
// that begin with Prefix.
type Keys struct {
	Prefix []byte // at most MaxKey bytes
	From   []byte // the stored key at which the part begins, of at most MaxCursor bytes; empty: the first part
}

// KeysReply answers Keys.
type KeysReply struct {
	Err  Code
	Keys []ListedKey // in the order of their stored keys, at most MaxListed
	Next []byte      // the stored key at which the next part begins; empty: this part is the last
}

func (Ping) isBody()         {}
func (Pong) isBody()         {}
func (Read) isBody()         {}
func (ReadReply) isBody()    {}
func (Write) isBody()        {}
func (WriteReply) isBody()   {}
func (Forward) isBody()      {}
func (ForwardReply) isBody() {}
func (Sync) isBody()         {}
func (SyncReply) isBody()    {}
func (Gossip) isBody()       {}
func (Offer) isBody()        {}
func (OfferReply) isBody()   {}
func (Collect) isBody()      {}
func (CollectReply) isBody() {}
func (Keys) isBody()         {}
func (KeysReply) isBody()    {}
