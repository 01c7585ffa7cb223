package wire

import (
	"time"

	"ringside/engine/member"
	"ringside/engine/vclock"
)

// A Quorum is what one request asks for (§4.5). A zero field means the cluster's setting, which is
// 0 for PR and PW. The fields count distinct nodes and are 0 to MaxNodes.
type Quorum struct {
	R, W   int
	PR, PW int  // so many of the R answers, or of the W replicas, must be those of homes
	N      int  // only the first N homes of the key count
	Strict bool // only homes count: no fallbacks, no hints
}

// A ClientRequest is a GetRequest, a PutRequest, a ListRequest, a ForgetRequest or a
// MembershipRequest.
type ClientRequest interface{ isClientRequest() }

// GetRequest is get(key) of §4.1.
type GetRequest struct {
	Request uint64 // the client's id for the request, which events and messages carry
	Key     []byte // at most MaxKey bytes; a node refuses an empty key
	Quorum  Quorum
	// Digest is the digest of the membership history by which the client chose the node (§6.4). 0:
	// the client knows no history.
	Digest uint64
	// NoRepair asks for a get that changes nothing: stale replicas stay stale (§5).
	NoRepair bool
}

// PutRequest is put(key, context, object) of §4.1, or a delete, which writes a tombstone.
type PutRequest struct {
	Request uint64 // as in GetRequest
	Key     []byte // as in GetRequest
	Context []byte // a token of a GetReply or a PutReply, at most MaxToken bytes; empty: a blind write
	Value   []byte // at most MaxValue bytes; empty if Delete is set
	Meta    []byte // stored beside the value, at most MaxMeta bytes; empty if Delete is set
	Delete  bool
	Quorum  Quorum
	Digest  uint64 // as in GetRequest
	// Balanced says that a load balancer chose the node and not the client, so any of the top N may
	// coordinate the put (§5).
	Balanced bool
	// Overwrite says that the new version also replaces all versions that its coordinator knows of
	// the key, whatever Context covers. A concurrent write is lost then, as under last write wins.
	Overwrite bool
	// Blind says that a delete without a context is meant: its tombstone replaces nothing. A node
	// refuses such a delete otherwise.
	Blind bool
}

// MembershipRequest asks a node for the membership history that the node knows (§6.4).
type MembershipRequest struct{ Request uint64 }

// ListRequest asks for a page of the keys that the nodes hold, which is beyond the paper. The order
// of keys is that of the ring.
type ListRequest struct {
	Request uint64 // as in GetRequest
	Prefix  []byte // of the keys, at most MaxKey bytes
	After   []byte // ListReply.After of the page before, at most MaxCursor bytes; empty: the first page
}

// ForgetRequest asks for a tombstone to be collected at once, without the grace of
// settings.Cluster.Tombstones. All members must hold nothing else of the key, now and ForgetAfter
// later. Only a client that knows that no write of the key is under way should ask: a message that
// is older than the tombstone and arrives afterwards brings the deleted value back.
type ForgetRequest struct {
	Request uint64 // as in GetRequest
	Key     []byte // as in GetRequest
}

// ForgetAfter is the time between the two questions of a ForgetRequest.
const ForgetAfter = time.Second

// A ClientReply is a GetReply, a PutReply, a ListReply, a ForgetReply or a MembershipReply.
type ClientReply interface{ isClientReply() }

// GetReply answers GetRequest.
type GetReply struct {
	Request     uint64
	Err         Code
	Message     string          // if Err is not OK: the cause, and what to do
	Siblings    vclock.Siblings // the live versions; empty: the key was not found
	Tombstones  vclock.Siblings // the tombstones among the concurrent versions
	Context     []byte          // covers all versions, with the tombstones
	Coordinator string
	Replied     []string // the replicas that answered, in the order of their answers
	Digest      uint64   // the digest of the node's history if the request has another one; 0 otherwise
	// Missing has, with QuorumNotReached, the nodes that may hold the key and did not answer, homes
	// first.
	Missing []string
	// Lost has acknowledged versions that last write wins lost lately, as far as the nodes that
	// answered remember. Their values are cut.
	Lost vclock.Siblings
	// Primaries is the number of homes among Replied if the quorum has a PR, and 0 otherwise.
	Primaries int
}

// Deleted reports whether a tombstone is among the concurrent versions.
func (r GetReply) Deleted() bool { return len(r.Tombstones) > 0 }

// PutReply answers PutRequest.
type PutReply struct {
	Request     uint64
	Err         Code
	Message     string         // as in GetReply
	Unknown     bool           // Err is not OK, and the write may have happened all the same
	Version     vclock.Version // the new version, without its value; zero if nothing was written
	Siblings    int            // live versions that the coordinator holds after the put, at most MaxMerged
	Deletes     int            // tombstones beside them, at most MaxMerged
	Context     []byte         // covers the new version and all that the request's context covers
	Coordinator string
	// Acks are the nodes that hold the version durably, or a version that supersedes it (under last
	// write wins: a later one), in the order of their acknowledgements.
	Acks   []string
	Hinted []Hint // the hints of the fallbacks among Acks
	Digest uint64 // as in GetReply
	// LostTo is the version, without its value, to which last write wins lost the new version
	// before the put was acknowledged. It is empty otherwise.
	LostTo vclock.Siblings
	// Missing has, with QuorumNotReached, the nodes that the put needed and that could not be
	// reached or did not answer, in the order of the preference list.
	Missing []string
	// Primaries is the number of homes among Acks if the quorum has a PW, and 0 otherwise.
	Primaries int
}

// ListReply answers ListRequest.
type ListReply struct {
	Request uint64
	Err     Code
	Message string // as in GetReply
	// Missing has, with QuorumNotReached, the members that did not answer. So many of them are
	// missing that a key with W replicas could be on none of the others.
	Missing []string
	Keys    []ListedKey // each key once, in the order of the ring, at most MaxListed
	After   []byte      // for the next page
	More    bool        // further pages may follow, also after a page without keys
}

// A ListedKey is a key that nodes hold.
type ListedKey struct {
	Key     []byte
	Deleted bool // each replica that was asked holds only tombstones of the key
}

// ForgetReply answers ForgetRequest.
type ForgetReply struct {
	Request   uint64
	Err       Code
	Message   string // as in GetReply; with OK and without Forgotten: why the tombstone stays
	Forgotten bool   // no member holds the key
	Live      bool   // the key has a value
}

// MembershipReply answers MembershipRequest.
type MembershipReply struct {
	Request uint64
	Err     Code
	Message string // as in GetReply
	Digest  uint64 // the digest of Changes
	Changes member.History
}

// A Hint says that Holder keeps a replica for the home For (§4.6).
type Hint struct{ Holder, For string }

func (GetRequest) isClientRequest()        {}
func (PutRequest) isClientRequest()        {}
func (ListRequest) isClientRequest()       {}
func (ForgetRequest) isClientRequest()     {}
func (MembershipRequest) isClientRequest() {}

func (GetReply) isClientReply()        {}
func (PutReply) isClientReply()        {}
func (ListReply) isClientReply()       {}
func (ForgetReply) isClientReply()     {}
func (MembershipReply) isClientReply() {}
