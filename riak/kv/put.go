package kv

import (
	"context"
	"slices"

	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// Put writes content as a new sibling, which replaces the siblings that the vclock covers, or all
// of them where the bucket has no siblings. It returns a zero Object unless the options ask for the
// object. After an error the write may have happened all the same, as in Riak.
func (s *Store) Put(ctx context.Context, n Name, content Content, o PutOptions) (Object, error) {
	ctx, cancel := o.within(ctx)
	defer cancel()
	defer s.stats.puts.began()()
	if err := n.check(); err != nil {
		return Object{}, err
	}
	key := n.EngineKey()
	token, damaged := openVClock(key, o.VClock)
	if damaged != nil && !o.conditional() {
		return Object{}, damaged
	}
	b, err := s.bucket(ctx, n)
	if err != nil {
		return Object{}, err
	}
	if err := s.permits(ctx, key, b, o); err != nil { // Riak looks at the conditions first
		return Object{}, err
	}
	if damaged != nil {
		return Object{}, damaged
	}
	q, err := s.write(b, o.Common, o.W, o.DW, o.PW)
	if err != nil {
		return Object{}, err
	}
	req := wire.PutRequest{Key: key, Context: token, Value: content.Value, Meta: content.meta(), Quorum: q,
		Overwrite: b.overwrites()}
	if len(req.Meta) > wire.MaxMeta {
		return Object{}, ErrTooLarge
	}
	reply, err := s.put(ctx, req)
	if err != nil {
		return Object{}, err
	}
	s.stats.wrote(reply)
	if !o.ReturnBody && !o.ReturnHead {
		return Object{}, nil
	}
	out := s.after(ctx, req, reply, b)
	if o.ReturnHead { // also beside ReturnBody
		out = out.dropValues()
	}
	return out, nil
}

// conditional reports whether a put depends on what is stored.
func (o PutOptions) conditional() bool { return o.IfNoneMatch || o.IfNotModified }

// permits checks the conditions of a put. They are read before the write, as in Riak, so two puts
// at once may both pass.
func (s *Store) permits(ctx context.Context, key []byte, b *bucket, o PutOptions) error {
	if !o.conditional() {
		return nil
	}
	q, err := s.read(b, Common{NVal: o.NVal, SloppyQuorum: o.SloppyQuorum}, nil, nil)
	if err != nil {
		return err
	}
	reply, err := s.found(ctx, key, q, b, GetOptions{})
	if err != nil {
		return err
	}
	now := s.object(key, reply, b.single)
	absent := now.Absent() || now.Deleted
	switch {
	case o.IfNoneMatch && !absent:
		return ErrMatchFound
	case o.IfNoneMatch:
		return nil
	case absent:
		return ErrNotFound
	}
	if _, err := openVClock(key, o.VClock); err != nil {
		return err
	}
	if !sameVClock(key, o.VClock, now.VClock) {
		return ErrModified
	}
	return nil
}

// after returns the object after a put. If the key has siblings, a get reads them. If that get
// fails or does not see the new version, after returns the new version alone, whose vclock covers
// no other sibling: the put itself was acknowledged.
func (s *Store) after(ctx context.Context, req wire.PutRequest, reply wire.PutReply, b *bucket) Object {
	own := reply.Version
	own.Value, own.Meta = req.Value, req.Meta
	alone := wire.GetReply{Siblings: vclock.Siblings{own}, Context: reply.Context}
	if reply.Siblings == 1 && reply.Deletes == 0 && len(reply.LostTo) == 0 {
		return s.object(req.Key, alone, b.single)
	}
	n := s.n
	if req.Quorum.N > 0 {
		n = req.Quorum.N
	}
	q := wire.Quorum{R: max(1, n-len(reply.Acks)+1), N: req.Quorum.N, Strict: req.Quorum.Strict}
	all, err := s.get(ctx, req.Key, q)
	seen := slices.ContainsFunc(all.Siblings, func(v vclock.Version) bool { return v.Dot == own.Dot })
	if err != nil || !seen && len(reply.LostTo) == 0 {
		return s.object(req.Key, alone, b.single)
	}
	return s.object(req.Key, all, b.single)
}

// Delete writes a tombstone, and has the cluster forget it when all replicas have it. An absent
// object is not an error.
func (s *Store) Delete(ctx context.Context, n Name, o DeleteOptions) error {
	ctx, cancel := o.within(ctx)
	defer cancel()
	if n.Bucket == "" || n.Key == "" {
		return nil
	}
	key := n.EngineKey()
	token, err := openVClock(key, o.VClock)
	if err != nil {
		return err
	}
	b, err := s.bucket(ctx, n)
	if err != nil {
		return err
	}
	if len(o.VClock) == 0 {
		read, err := s.read(b, o.Common, o.reads(b), o.PR)
		if err != nil {
			return err
		}
		reply, err := s.found(ctx, key, read, b, GetOptions{})
		if err != nil {
			return err
		}
		if now := s.object(key, reply, b.single); now.Absent() || now.Deleted {
			return nil
		}
		token = reply.Context
	}
	write, err := s.write(b, o.Common, first(o.W, o.RW, &b.rw), o.DW, o.PW)
	if err != nil {
		return err
	}
	reply, err := s.put(ctx, wire.PutRequest{Key: key, Context: token, Delete: true, Quorum: write,
		Overwrite: b.overwrites()})
	if err != nil {
		return err
	}
	s.stats.wrote(reply)
	s.reap.add(key)
	return nil
}

// reads returns the r of the get before a delete. As in Riak, rw stands for r only if neither r nor
// w is given; nil is the r of the bucket.
func (o DeleteOptions) reads(b *bucket) *uint32 {
	if o.R != nil || o.W != nil {
		return o.R
	}
	return first(o.RW, &b.rw)
}

// first returns the first of the pointers that is not nil.
func first(pointers ...*uint32) *uint32 {
	for _, p := range pointers {
		if p != nil {
			return p
		}
	}
	return nil
}
