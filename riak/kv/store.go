package kv

import (
	"context"
	"errors"

	"ringside/engine/settings"
	"ringside/engine/wire"
)

// A Cluster is what a Store needs of the cluster.
type Cluster interface {
	// Do sends the request to the node called via.
	Do(ctx context.Context, via string, req wire.ClientRequest) (wire.ClientReply, error)
	// Settings returns the cluster's settings.
	Settings() settings.Cluster
}

// A Store serves Riak's requests at one node.
type Store struct {
	cluster Cluster
	node    string
}

var errNotYet = errors.New("not yet supported")

// NewStore returns a store that sends its requests to the node.
func NewStore(c Cluster, node string) *Store { return &Store{cluster: c, node: node} }

// Close ends what the store does in the background.
func (s *Store) Close() {}

// NodeName returns Riak's name of a node.
func NodeName(node string) string { return node + "@127.0.0.1" }

// Get returns the object. See the package comment for objects that are absent or deleted.
func (s *Store) Get(ctx context.Context, n Name, o GetOptions) (Object, error) {
	return Object{}, errNotYet
}

// Put writes content as a new sibling, which replaces the siblings that the vclock covers, or all
// of them where the bucket has no siblings. It returns a zero Object unless the options ask for the
// object. After an error the write may have happened all the same, as in Riak.
func (s *Store) Put(ctx context.Context, n Name, content Content, o PutOptions) (Object, error) {
	return Object{}, errNotYet
}

// Delete writes a tombstone, and has the cluster forget it when all replicas have it. An absent
// object is not an error.
func (s *Store) Delete(ctx context.Context, n Name, o DeleteOptions) error { return errNotYet }

// ListKeys calls page with the keys of a bucket, in any order, each key once, until page returns an
// error. Keys with a tombstone are among them until it is forgotten. page owns the slice.
func (s *Store) ListKeys(ctx context.Context, typ, bucket string, page func(keys []string) error) error {
	return errNotYet
}

// ListBuckets calls page with the names of the type's buckets that have keys, as ListKeys does.
func (s *Store) ListBuckets(ctx context.Context, typ string, page func(buckets []string) error) error {
	return errNotYet
}

// Props returns all properties of a bucket, without its name.
func (s *Store) Props(ctx context.Context, typ, bucket string) (Props, error) { return nil, errNotYet }

// SetProps sets some properties of a bucket. The error may be InvalidProps.
func (s *Store) SetProps(ctx context.Context, typ, bucket string, p Props) error { return errNotYet }

// ResetProps gives a bucket the properties of its type. An unknown type is not an error.
func (s *Store) ResetProps(ctx context.Context, typ, bucket string) error { return errNotYet }

// TypeProps returns all properties of a type. The error may be *InvalidType.
func (s *Store) TypeProps(ctx context.Context, typ string) (Props, error) { return nil, errNotYet }

// SetTypeProps sets some properties of a type. The error may be InvalidProps, ErrNoDefaultUpdate
// and ErrNotActive.
func (s *Store) SetTypeProps(ctx context.Context, typ string, p Props) error { return errNotYet }

// CreateType makes a type that has the properties p, or sets them if there is such a type.
func (s *Store) CreateType(ctx context.Context, typ string, p Props) error { return errNotYet }

// TypeExists reports whether there is such a type.
func (s *Store) TypeExists(ctx context.Context, typ string) (bool, error) { return false, errNotYet }

// Preflist returns the homes of a key, whether they run or not, in their order.
func (s *Store) Preflist(ctx context.Context, n Name) ([]PreflistItem, error) { return nil, errNotYet }

// Stats returns numbers and texts by the names of Riak's /stats. Numbers that ringside does not
// have are missing.
func (s *Store) Stats() map[string]any { return nil }

// NewKey returns a key for a put without one: 27 base62 characters.
func NewKey() string { return "" }
