// Package wire holds the messages between nodes and between clients and nodes,
// their protobuf codec, frames, and the opaque context token of §4.1.
package wire

import (
	"fmt"

	"ringside/engine/member"
	"ringside/engine/vclock"
)

// Limits on what travels. A decoder checks those of single fields before it
// allocates; a coordinator those of a whole key before it writes.
const (
	MaxKey      = 1 << 10  // bytes; longer keys are file contents by mistake
	MaxValue    = 1 << 20  // bytes; §2: "usually less than 1 MB"
	MaxRecord   = 8 << 20  // bytes of all sibling values of a key that a coordinator still adds to
	MaxSiblings = 64       // versions of a key that a coordinator still adds to
	MaxMerged   = 1024     // versions of a key that a replica takes: many coordinators may have added at once
	MaxClock    = 1 << 10  // entries of one clock
	MaxFrame    = 64 << 20 // bytes; half of it is the most that a replica takes of one key
	MaxName     = 32       // bytes of a node's name: ^[a-z0-9-]{1,32}$

	MaxSyncNodes   = 64   // nodes of a hash tree that one message asks about
	MaxSyncHashes  = 1024 // hashes in one message: those four levels below MaxSyncNodes
	MaxSyncEntries = 256  // keys that one message carries whole
	MaxSyncDepth   = 16   // levels of a hash tree below its root

	MaxTombstones = 256 // keys that one message asks about: with the longest keys a quarter of a megabyte
)

// A Message goes from one node to another. It may be lost, delayed, repeated
// and reordered.
type Message struct {
	From, To string
	Request  uint64 // the client's request that caused it, 0 for a node's own work; for watching only
	Op       uint64 // the sender's number for this exchange; the answer carries the same
	Digest   uint64 // the digest of the sender's membership history (§4.8.1)
	Body     Body
}

// A Body is one of Ping, Pong, Read, ReadReply, Write, WriteReply, Forward,
// ForwardReply, Sync, SyncReply, Gossip, Offer, OfferReply, Collect, CollectReply.
type Body interface{ isBody() }

// Ping asks whether a node is there (§4.8.3).
type Ping struct{}

// Pong answers Ping.
type Pong struct{}

// Read asks a replica for all it holds of a key (§4.5).
type Read struct{ Key []byte }

// ReadReply answers Read.
type ReadReply struct {
	Err      Code // OK, or why the replica cannot be counted toward R
	Siblings vclock.Siblings
	LWW      bool            // the record reconciles by last write wins
	Home     bool            // it is a home of the key as it knows the ring, or was one and has not handed the key over yet
	Ask      []string        // with Pending: who held the key before
	Returned bool            // it handed a hint to its home a moment ago, so a home that answered before that may hold more now (§4.6)
	Lost     vclock.Siblings // versions of the key that last write wins lost of late, as far as the node tells of them
}

// A Purpose says why a replica is written. It decides nothing but what is shown.
type Purpose uint8

const (
	Replicate   Purpose = iota // a client's put (§4.5)
	Handoff                    // a hint walks home (§4.6)
	ReadRepair                 // a reader found the replica stale (§5)
	AntiEntropy                // two homes compared their trees (§4.7)
	Transfer                   // a key range has a new home (§4.9)
)

func (p Purpose) String() string {
	return [...]string{"put", "handoff", "read-repair", "anti-entropy", "transfer"}[p]
}

// Write asks a node to merge Siblings, which is all the sender knows of the
// key, into its replica, durably unless it is lazy.
type Write struct {
	Key      []byte
	Siblings vclock.Siblings
	LWW      bool   // keep only the latest of concurrent versions
	For      string // the home that this replica stands in for (§4.6: the hint); "" if the receiver is a home
	Purpose  Purpose
	Lazy     bool // the receiver may keep it in its object buffer for a while (§6.1)
}

// WriteReply answers Write, after the write is durable, or in the buffer if it is lazy.
type WriteReply struct{ Err Code }

// Forward hands a put to one of the key's top N, which coordinates it (§4.5).
type Forward struct{ Put PutRequest }

// ForwardReply answers Forward.
type ForwardReply struct{ Reply PutReply }

// SyncAsk says what a Sync wants to know.
type SyncAsk uint8

const (
	AskTree    SyncAsk = iota // the hashes a few levels below Nodes of Level
	AskBuckets                // the hash of each key in the buckets Nodes
	AskKeys                   // the keys in the buckets Nodes whose hashes are Hashes, whole
)

// Sync asks about the hash tree of the key range (Start, End], which both nodes
// are homes of (§4.7). It leaves nothing behind at the node that answers.
type Sync struct {
	Start, End [16]byte
	Depth      int // of the sender's tree; the same everywhere while rings are
	Ask        SyncAsk
	Level      int      // AskTree; 0 is the root
	Nodes      []uint32 // of Level, or buckets; ascending
	Root       uint64   // AskTree: the sender's root, if Level is 0
	Hashes     []uint64 // AskKeys
}

// SyncReply answers Sync.
type SyncReply struct {
	Err     Code
	Same    bool     // AskTree: the roots are equal
	Hashes  []uint64 // AskTree: for each node in turn, left to right; AskBuckets: one a key
	Size    int      // AskTree, if the roots differ: about the bytes of a copy of the range
	Entries []Entry  // AskKeys: as many as fit; they need not be all
}

// Gossip reconciles membership histories (§4.8.1). It comes at no answer: what the receiver lacks it
// takes, and what the sender lacks it sends back.
type Gossip struct {
	Changes member.History // all of the sender's; none if it only wants to compare views
	Ask     bool           // send yours back
}

// An OfferPhase says which step of a transfer an Offer is.
type OfferPhase uint8

const (
	OfferRange OfferPhase = iota // the range is yours now; do you want what I hold of it?
	OfferDone                    // you hold all of it that I do
	OfferAsk                     // the range is mine now; do you hold anything of it that I lack?
)

// Offer is how a node that holds a key range (Start, End] without being a home of it brings
// it to one of its homes (§4.9: offer, confirmation, transfer).
type Offer struct {
	Start, End [16]byte
	Depth      int // of the sender's tree
	Phase      OfferPhase
	Keys       int
	Size       int      // about the bytes of a copy
	From       []string // with OfferDone: who has yet to hand the range over to the sender
}

// OfferReply answers Offer.
type OfferReply struct {
	Err    Code
	Answer OfferAnswer
	From   []string // with OfferNothing: who has yet to hand the range over to the node that answers
}

// An OfferAnswer says what the new home wants.
type OfferAnswer uint8

const (
	OfferConfirmed OfferAnswer = iota // send it
	OfferLater                        // not now: another node is sending it, or there is more to come
	OfferNothing                      // to OfferAsk: you have all that I do
)

// An Entry is all that a home holds of one key.
type Entry struct {
	Key      []byte
	Siblings vclock.Siblings
	LWW      bool
}

// A CollectPhase says which step of a collection of tombstones a Collect is.
type CollectPhase uint8

const (
	CollectAsk   CollectPhase = iota // do you hold nothing else of these keys? Watch them from now on
	CollectAgain                     // has it been so ever since?
	CollectDrop                      // everybody said so twice: drop those that you hold
)

// Collect is about tombstones that all nodes may be able to do without.
type Collect struct {
	Batch      uint64 // the sender's number for these keys, in all phases; later batches have greater ones
	Phase      CollectPhase
	Tombstones []Tombstone
}

// A Tombstone is a key of which its first home holds nothing but deleted versions.
type Tombstone struct {
	Key   []byte
	State uint64 // the hash of all that is held of it, as the hash trees have it
}

// CollectReply answers Collect.
type CollectReply struct {
	Err     Code
	Answers []CollectAnswer // one a tombstone; none to CollectDrop
}

// A CollectAnswer says what a node knows of one key.
type CollectAnswer uint8

const (
	CollectAgreed  CollectAnswer = iota // it holds nothing else
	CollectDiffers                      // it holds another version, or a damaged record
	CollectHinted                       // it keeps a hint for the key
	CollectMoving                       // it holds the tombstone and is no home: it has yet to hand it over
	CollectBusy                         // it has no room for another key to watch, or repairs wait in it that may be old
	CollectChanged                      // it cannot say that nothing else was there since it was asked first
)

func (Collect) isBody()      {}
func (CollectReply) isBody() {}
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

// Quorum is what a client asks for with one request (§4.5). The zero value of a field
// means the cluster's default. Counts are of distinct nodes.
type Quorum struct {
	R, W   int
	Strict bool // only the N homes count: no stand-ins, no hints
}

// A ClientRequest is a GetRequest, a PutRequest or a MembershipRequest.
type ClientRequest interface{ isClientRequest() }

// GetRequest is get(key) of §4.1.
type GetRequest struct {
	Request uint64 // the client's number for it; shown in events
	Key     []byte
	Quorum  Quorum
	Digest  uint64 // the digest of the history by which the client found the node (§6.4); 0: it knows none
	// NoRepair asks for a get that changes nothing: replicas found stale stay so (§5).
	NoRepair bool
}

// PutRequest is put(key, context, object) of §4.1; with Delete it writes a tombstone.
type PutRequest struct {
	Request uint64
	Key     []byte
	Context []byte // a token from a GetReply or PutReply; empty for a blind write
	Value   []byte
	Delete  bool
	Quorum  Quorum
	Digest  uint64 // as in GetRequest
	// Balanced says that a load balancer chose the node: the client named none, and any of
	// the top N may coordinate (§5).
	Balanced bool
}

// MembershipRequest asks a node for what it knows of the membership (§6.4).
type MembershipRequest struct{ Request uint64 }

// A ClientReply is a GetReply, a PutReply or a MembershipReply.
type ClientReply interface{ isClientReply() }

// GetReply answers GetRequest.
type GetReply struct {
	Request     uint64
	Err         Code
	Message     string          // says what to do if Err is not OK
	Siblings    vclock.Siblings // live versions only; empty if the key is not found
	Tombstones  vclock.Siblings // the tombstones among the concurrent versions
	Context     []byte          // covers every version, tombstones too
	Coordinator string
	Replied     []string // replicas that answered, in the order in which they did
	Digest      uint64   // the node's view, if the request named another: the client's is stale
	Missing     []string // with QuorumNotReached: nodes that may hold the key and did not answer, homes first
	// Lost are acknowledged versions that last write wins lost of late, as far as the nodes that answered
	// remember. Their values are cut.
	Lost vclock.Siblings
}

// Deleted says whether a tombstone is among the concurrent versions.
func (r GetReply) Deleted() bool { return len(r.Tombstones) > 0 }

// PutReply answers PutRequest.
type PutReply struct {
	Request     uint64
	Err         Code
	Message     string
	Unknown     bool           // with Err: the write may have happened all the same
	Version     vclock.Version // what was written, without its value
	Siblings    int            // live versions that the coordinator holds after the put
	Deletes     int            // tombstones beside them, as in GetReply.Tombstones
	Context     []byte         // covers the new version and what its context covered
	Coordinator string
	Acks        []string // nodes that hold it durably, or what supersedes it (under last write wins: a later one), in the order in which they said so
	Hinted      []Hint   // the stand-ins among them
	Digest      uint64   // as in GetReply
	// LostTo is the version, without its value, to which last write wins lost the new one before the put was
	// acknowledged. It is empty otherwise.
	LostTo vclock.Siblings
	// Missing lists, with QuorumNotReached, the nodes that the put needed and that could not be
	// reached or did not answer, in the order of the preference list.
	Missing []string
}

// MembershipReply answers MembershipRequest.
type MembershipReply struct {
	Request uint64
	Err     Code
	Message string
	Digest  uint64 // the digest of Changes
	Changes member.History
}

// A Hint names a node that keeps a replica for another (§4.6).
type Hint struct{ Holder, For string }

func (GetRequest) isClientRequest() {}
func (PutRequest) isClientRequest() {}
func (GetReply) isClientReply()     {}
func (PutReply) isClientReply()     {}

func (MembershipRequest) isClientRequest() {}
func (MembershipReply) isClientReply()     {}

// A Code says how a request ended.
type Code uint8

const (
	OK Code = iota
	QuorumNotReached
	ContextRefused
	TooLarge   // key, value or siblings over a limit
	Overloaded // a named bound was hit; nothing of the request was written
	NodeDown   // the node that the client asked for is not running
	BadRequest
	Damaged // the replica's record fails its checksum
	Pending // the key's range was not yet handed to the node, or it is no home of it and knows another ring
)

var codeNames = [...]string{"ok", "quorum_not_reached", "context_refused", "too_large", "overloaded", "node_down", "bad_request", "damaged", "pending"}

// Valid says whether c is a known code; decoders check it.
func (c Code) Valid() bool { return int(c) < len(codeNames) }

// String is the code as JSON has it.
func (c Code) String() string {
	if !c.Valid() {
		return fmt.Sprintf("code_%d", uint8(c))
	}
	return codeNames[c]
}

// ParseCode reads what String wrote; "" is OK.
func ParseCode(s string) (Code, error) {
	if s == "" {
		return OK, nil
	}
	for i, n := range codeNames {
		if n == s {
			return Code(i), nil
		}
	}
	return BadRequest, fmt.Errorf("wire: no code %q", s)
}
