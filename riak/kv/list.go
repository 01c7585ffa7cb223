package kv

import (
	"context"
	"errors"

	"ringside/engine/wire"
)

// maxBucketBytes bounds the names of the buckets of one list, which are in memory to tell known
// ones from new ones. Each counts with nameBytes more.
const (
	maxBucketBytes = 16 << 20
	nameBytes      = 64
)

// ListKeys calls page with the keys of a bucket, in any order, each key once, until page returns an
// error. Keys with a tombstone are among them until it is forgotten. page owns the slice. The error
// may be *UnknownType and ErrNoCoverage.
func (s *Store) ListKeys(ctx context.Context, typ, bucket string, page func(keys []string) error) error {
	prefix := bucketPrefix(typ, bucket)
	return s.list(ctx, typ, prefix, func(listed []wire.ListedKey) error {
		keys := make([]string, len(listed))
		for i, k := range listed {
			keys[i] = string(k.Key[len(prefix):])
		}
		return page(keys)
	})
}

// ListBuckets calls page with the names of the type's buckets that have keys, as ListKeys does. The
// error is ErrOverload if they are too many.
func (s *Store) ListBuckets(ctx context.Context, typ string, page func(buckets []string) error) error {
	known, size := map[string]bool{}, 0
	return s.list(ctx, typ, typePrefix(typ), func(listed []wire.ListedKey) error {
		var buckets []string
		for _, k := range listed {
			if n, ok := ParseKey(k.Key); ok && !known[n.Bucket] {
				known[n.Bucket] = true
				size += nameBytes + len(n.Bucket)
				buckets = append(buckets, n.Bucket)
			}
		}
		if size > maxBucketBytes {
			return ErrOverload
		}
		if len(buckets) == 0 {
			return nil
		}
		return page(buckets)
	})
}

// list calls page with the keys that begin with prefix.
func (s *Store) list(ctx context.Context, typ, prefix string, page func([]wire.ListedKey) error) error {
	exists, err := s.TypeExists(ctx, typ)
	switch {
	case err != nil:
		return err
	case !exists:
		return &UnknownType{typ}
	case len(prefix) > wire.MaxKey:
		return nil // no key is that long
	}
	req := wire.ListRequest{Prefix: []byte(prefix)}
	for {
		r, err := s.do(ctx, req)
		if err != nil {
			return err
		}
		reply := r.(wire.ListReply)
		if reply.Err == wire.QuorumNotReached {
			return ErrNoCoverage
		}
		if err := failure(reply.Err, reply.Message); err != nil {
			return err
		}
		if len(reply.Keys) > 0 {
			if err := page(reply.Keys); err != nil {
				return err
			}
		}
		if !reply.More {
			return nil
		}
		if len(reply.After) == 0 {
			return errors.New("list: the node returned no place for the next page")
		}
		req.After = reply.After
	}
}
