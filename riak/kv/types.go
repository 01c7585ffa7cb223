package kv

import (
	"context"

	"ringside/engine/settings"
)

// builtInTypes returns the types that every cluster has with their properties, and the properties
// of a type that is created with none.
func builtInTypes(set settings.Cluster) (types map[string]Props, created Props) {
	claimant := ""
	if members := set.InitialMembers(); len(members) > 0 {
		claimant = NodeName(members[0].Name)
	}
	plain := typeDefaults(set.N, claimant)
	return map[string]Props{
		DefaultType:                defaults(set.N),
		"plain":                    plain,
		"no_siblings":              plain.with(Props{"allow_mult": false}),
		"tests":                    plain,
		"mr":                       plain,
		"write_once":               plain.with(Props{"write_once": true}),
		"no_riak_test_bucket_type": plain.with(Props{"r": uint32(1)}),
	}, plain
}

// Props returns all properties of a bucket, without its name. The error may be *UnknownType.
func (s *Store) Props(ctx context.Context, typ, bucket string) (Props, error) {
	b, err := s.props.sure(ctx, scope{typ: typ, bucket: bucket, ofBucket: true})
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, &UnknownType{typ}
	}
	return b.props, nil
}

// SetProps sets some properties of a bucket. The error may be InvalidProps or *UnknownType.
func (s *Store) SetProps(ctx context.Context, typ, bucket string, p Props) error {
	at := scope{typ: typ, bucket: bucket, ofBucket: true}
	b, err := s.props.sure(ctx, at)
	switch {
	case err != nil:
		return err
	case b == nil:
		return &UnknownType{typ}
	}
	if err := p.check(b.props, typ != DefaultType); err != nil {
		return err
	}
	return s.props.change(ctx, at, func(old Props) Props { return old.with(p) })
}

// ResetProps gives a bucket the properties of its type. An unknown type is not an error.
func (s *Store) ResetProps(ctx context.Context, typ, bucket string) error {
	at := scope{typ: typ, bucket: bucket, ofBucket: true}
	if b, err := s.props.get(ctx, at); err != nil || b == nil {
		return err
	}
	return s.props.change(ctx, at, func(Props) Props { return Props{} })
}

// TypeProps returns all properties of a type. The error may be *InvalidType.
func (s *Store) TypeProps(ctx context.Context, typ string) (Props, error) {
	b, err := s.props.sure(ctx, scope{typ: typ})
	if err != nil {
		return nil, err
	}
	if b == nil {
		return nil, &InvalidType{typ}
	}
	return b.props, nil
}

// SetTypeProps sets some properties of a type. The error may be InvalidProps, ErrNoDefaultUpdate
// and ErrNotActive.
func (s *Store) SetTypeProps(ctx context.Context, typ string, p Props) error {
	if typ == DefaultType {
		return ErrNoDefaultUpdate
	}
	at := scope{typ: typ}
	b, err := s.props.sure(ctx, at)
	switch {
	case err != nil:
		return err
	case b == nil:
		return ErrNotActive
	}
	if err := p.check(b.props, true); err != nil {
		return err
	}
	return s.props.change(ctx, at, func(old Props) Props { return old.with(p) })
}

// CreateType makes a type that has the properties p, or sets them if there is such a type. The
// error may be one of CheckType.
func (s *Store) CreateType(ctx context.Context, typ string, p Props) error {
	if err := CheckType(typ, p); err != nil {
		return err
	}
	return s.props.change(ctx, scope{typ: typ}, func(old Props) Props { return old.with(p) })
}

// TypeExists reports whether there is such a type.
func (s *Store) TypeExists(ctx context.Context, typ string) (bool, error) {
	b, err := s.props.get(ctx, scope{typ: typ})
	return b != nil, err
}

// bucket returns the properties for a request. The error may be ErrNoType.
func (s *Store) bucket(ctx context.Context, n Name) (*bucket, error) {
	b, err := s.props.get(ctx, scope{typ: n.Type, bucket: n.Bucket, ofBucket: true})
	if err == nil && b == nil {
		err = ErrNoType
	}
	return b, err
}

// A bucket has the properties that requests use.
type bucket struct {
	props                           Props
	nval, r, w, pr, pw, dw, rw      uint32
	nodeConfirms                    uint32
	single, basicQuorum, notFoundOK bool // single: the bucket has no siblings
	unsure                          bool // what was set for the bucket could not be read
}

// overwrites reports whether a put replaces all siblings, whatever its vclock covers. As long as it
// is not sure that the bucket has no siblings, no put does.
func (b *bucket) overwrites() bool { return b.single && !b.unsure }

// newBucket returns the properties that requests use.
func newBucket(p Props) *bucket {
	number := func(name string) uint32 { n, _ := p[name].(uint32); return n }
	is := func(name string) bool { return p[name] == true }
	return &bucket{props: p, nval: number("n_val"), r: number("r"), w: number("w"), pr: number("pr"), pw: number("pw"),
		dw: number("dw"), rw: number("rw"), nodeConfirms: number("node_confirms"),
		single:      !is("allow_mult") || is("last_write_wins"),
		basicQuorum: is("basic_quorum"), notFoundOK: is("notfound_ok")}
}
