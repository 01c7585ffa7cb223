package kv

import "time"

// Words for quorums, as numbers of the protocol.
const (
	One        uint32 = 4294967294
	QuorumWord uint32 = 4294967293
	All        uint32 = 4294967292
	Default    uint32 = 4294967291 // the bucket's property
)

// DefaultTimeout is the time of a request that names none, as in Riak.
const DefaultTimeout = 60 * time.Second

// Common are options of all requests for one object. A nil field stands for the bucket's property
// or for Riak's default.
type Common struct {
	NVal         *uint32 // only the first NVal homes count
	NodeConfirms *uint32 // distinct nodes; a node counts once for each quorum anyway
	SloppyQuorum *bool   // false: homes only; nil: as the cluster has it
	Timeout      *time.Duration
}

// GetOptions are the options of a get.
type GetOptions struct {
	Common
	R, PR       *uint32
	BasicQuorum *bool
	NotFoundOK  *bool
	IfModified  []byte // a vclock; nil or empty: the object is returned in any case
	Head        bool   // leave out the values
}

// PutOptions are the options of a put.
type PutOptions struct {
	Common
	VClock        []byte // nil or empty: a blind put
	W, DW, PW     *uint32
	IfNotModified bool // only if the object's vclock is VClock
	IfNoneMatch   bool // only if the object has no live value
	ReturnBody    bool // return the object
	ReturnHead    bool // return the object without values
}

// DeleteOptions are the options of a delete.
type DeleteOptions struct {
	Common
	VClock    []byte  // nil or empty: what a get finds is deleted
	RW        *uint32 // stands for R and W where they are nil
	R, PR     *uint32
	W, DW, PW *uint32
}

// A PreflistItem is one home of a key.
type PreflistItem struct {
	Partition int64
	Node      string // Riak's name of the node
	Primary   bool
}
