package kv

import (
	"context"

	"ringside/engine/wire"
)

// Get returns the object. See the package comment for objects that are absent or deleted.
func (s *Store) Get(ctx context.Context, n Name, o GetOptions) (Object, error) {
	ctx, cancel := o.within(ctx)
	defer cancel()
	defer s.stats.gets.began()()
	if err := n.check(); err != nil {
		return Object{}, err
	}
	b, err := s.bucket(ctx, n)
	if err != nil {
		return Object{}, err
	}
	q, err := s.read(b, o.Common, o.R, o.PR)
	if err != nil {
		return Object{}, err
	}
	key := n.EngineKey()
	reply, err := s.found(ctx, key, q, b, o)
	if err != nil {
		return Object{}, err
	}
	out := s.object(key, reply, b.single)
	s.stats.read(reply, out)
	if len(o.IfModified) > 0 && len(out.Contents) > 0 { // Riak compares nothing with a tombstone
		if _, err := openVClock(key, o.IfModified); err != nil {
			return Object{}, err
		}
		if sameVClock(key, o.IfModified, out.VClock) {
			return Object{Unchanged: true}, nil
		}
	}
	if o.Head {
		return out.dropValues(), nil
	}
	return out, nil
}

// found gets a key. Nodes without the key count toward R if notfound_ok is set. If it is not, an
// answer that the key is absent needs more nodes: all, or with basic_quorum most of them.
func (s *Store) found(ctx context.Context, key []byte, q wire.Quorum, b *bucket, o GetOptions) (wire.GetReply, error) {
	reply, err := s.get(ctx, key, q)
	absentCounts := orElse(o.NotFoundOK, b.notFoundOK)
	if reply.Err == wire.QuorumNotReached && absentCounts && q.PR == 0 && !q.Strict && !s.strict {
		return s.absent(ctx, key, q, err)
	}
	if err != nil || absentCounts || len(reply.Siblings)+len(reply.Tombstones) > 0 {
		return reply, err
	}
	n := s.n
	if q.N > 0 {
		n = q.N
	}
	more := n
	if orElse(o.BasicQuorum, b.basicQuorum) {
		more = n/2 + 1
	}
	if more <= q.R {
		return reply, nil
	}
	q.R = more
	return s.get(ctx, key, q)
}

// absent decides what a get that missed its quorum returns. ringside does not call a key absent
// while a home that may have it is out of reach. Riak does with notfound_ok, because fallbacks
// without the key count: a client on one side of a split finds nothing, and writes. So if not one
// node that can be reached has the key, it is absent here. If one has it, the quorum was missed.
func (s *Store) absent(ctx context.Context, key []byte, q wire.Quorum, missed error) (wire.GetReply, error) {
	q.R = 1
	reply, err := s.get(ctx, key, q)
	if err == nil && len(reply.Siblings)+len(reply.Tombstones) == 0 || reply.Err == wire.QuorumNotReached {
		return wire.GetReply{Replied: reply.Replied}, nil
	}
	return reply, missed
}

// check returns an error if a part of the name is empty.
func (n Name) check() error {
	switch {
	case n.Bucket == "":
		return &ZeroLength{"Bucket"}
	case n.Key == "":
		return &ZeroLength{"Key"}
	case n.Type == "":
		return &ZeroLength{"Type"}
	}
	return nil
}

// orElse returns what the request asks for, or else the property.
func orElse(asked *bool, property bool) bool {
	if asked != nil {
		return *asked
	}
	return property
}
