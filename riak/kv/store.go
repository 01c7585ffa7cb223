package kv

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"ringside/engine/settings"
	"ringside/engine/vclock"
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
	n, r    int              // the cluster's N and R
	strict  bool             // the cluster's quorums are strict
	types   map[string]Props // those that every cluster has
	created Props            // of a type that is created

	props *propsCache
	reap  *reaper
	rings rings
	stats stats
}

// NewStore returns a store that sends its requests to the node. Close ends the store.
func NewStore(c Cluster, node string) *Store {
	set := c.Settings()
	s := &Store{cluster: c, node: node, n: set.N, r: set.R, strict: set.Strict}
	s.types, s.created = builtInTypes(set)
	s.props = newPropsCache(s)
	s.reap = newReaper(s)
	return s
}

// Close ends what the store does in the background, and waits for that.
func (s *Store) Close() {
	s.reap.close()
	s.props.close()
}

// NodeName returns Riak's name of a node.
func NodeName(node string) string { return node + "@127.0.0.1" }

// within returns ctx with the time of a request, and a function that ends it. A request without a
// time needs none: nodes and their clients give up long before DefaultTimeout.
func (o Common) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if o.Timeout == nil {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, *o.Timeout)
}

// do sends a request to the node. The error is one of this package.
func (s *Store) do(ctx context.Context, req wire.ClientRequest) (wire.ClientReply, error) {
	reply, err := s.cluster.Do(ctx, s.node, req)
	switch {
	case err == nil:
		return reply, nil
	case errors.Is(err, context.DeadlineExceeded):
		return nil, ErrTimeout
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, ErrNodeDown // the cluster has stopped
}

// get asks the node for a key. A reply that is not OK is an error of this package.
func (s *Store) get(ctx context.Context, key []byte, q wire.Quorum) (wire.GetReply, error) {
	r, err := s.do(ctx, wire.GetRequest{Key: key, Quorum: q})
	if err != nil {
		return wire.GetReply{}, err
	}
	reply := r.(wire.GetReply)
	if reply.Err == wire.QuorumNotReached {
		reached := s.reached(key, q.N, reply.Missing)
		return reply, shortfall{early: reached > len(reply.Replied), reached: reached}.of(
			need{"r", cmp.Or(q.R, s.r), len(reply.Replied)}, need{"pr", q.PR, reply.Primaries})
	}
	return reply, failure(reply.Err, reply.Message)
}

// put sends a write to the node, as get does. If the context is one of another cluster, it covers
// nothing of the key, as in Riak.
func (s *Store) put(ctx context.Context, req wire.PutRequest) (wire.PutReply, error) {
	req.Blind = req.Delete && len(req.Context) == 0
	r, err := s.do(ctx, req)
	if err != nil {
		return wire.PutReply{}, err
	}
	reply := r.(wire.PutReply)
	switch q := req.Quorum; {
	case reply.Err == wire.ContextRefused && len(req.Context) > 0:
		req.Context = nil
		return s.put(ctx, req)
	case reply.Err == wire.QuorumNotReached:
		return reply, shortfall{early: !reply.Unknown, reached: s.reached(req.Key, q.N, reply.Missing)}.of(
			need{"w", q.W, len(reply.Acks)}, need{"pw", q.PW, reply.Primaries})
	}
	return reply, failure(reply.Err, reply.Message)
}

// A need is a quorum, and how many nodes of it a request found.
type need struct {
	quorum    string
	want, got int
}

// A shortfall says how a quorum was missed.
type shortfall struct {
	early   bool // the node knew that too few nodes can be reached, and asked none
	reached int  // homes that can be reached
}

// of returns the error for a quorum of nodes, and for one of primaries, of which one was missed. As
// in Riak, an early shortfall has another text than one of nodes that did not answer.
func (s shortfall) of(all, primaries need) error {
	if s.early {
		primaries.got = max(primaries.got, s.reached)
	}
	switch {
	case primaries.got < primaries.want:
		return &Unsatisfied{primaries.quorum, primaries.want, primaries.got}
	case s.early:
		return &Insufficient{Have: s.reached, Need: all.want}
	}
	return &Unsatisfied{all.quorum, all.want, all.got}
}

// reached returns the number of a key's homes that are not missing. n bounds the homes that count;
// 0: all count.
func (s *Store) reached(key []byte, n int, missing []string) int {
	homes := s.rings.of(s.cluster.Settings()).Homes(key)
	if n > 0 {
		homes = homes[:min(n, len(homes))]
	}
	reached := 0
	for _, home := range homes {
		if !slices.Contains(missing, home) {
			reached++
		}
	}
	return reached
}

// failure returns the error for the code of a reply, nil for OK.
func failure(c wire.Code, message string) error {
	switch c {
	case wire.OK:
		return nil
	case wire.Overloaded:
		return ErrOverload
	case wire.NodeDown:
		return ErrNodeDown
	case wire.TooLarge:
		return ErrTooLarge
	}
	return errors.New(c.String() + ": " + message)
}

// object returns what a key has. single says that the bucket has no siblings: the newest version
// counts.
func (s *Store) object(key []byte, reply wire.GetReply, single bool) Object {
	versions := reply.Siblings
	if len(reply.Tombstones) > 0 {
		versions = append(append(vclock.Siblings(nil), versions...), reply.Tombstones...)
	}
	if len(versions) == 0 {
		return Object{}
	}
	if single && len(versions) > 1 {
		versions = versions.Latest(nil)
	}
	o := Object{VClock: sealVClock(key, reply.Context)}
	if len(versions.Live()) == 0 {
		o.Deleted = true
		return o
	}
	o.Contents = make([]Content, len(versions))
	for i, v := range versions {
		o.Contents[i] = contentOf(key, v)
	}
	return o
}

// dropValues leaves out the values of the contents.
func (o Object) dropValues() Object {
	for i := range o.Contents {
		o.Contents[i].Value = nil
	}
	return o
}

// timeOf returns the time of a version.
func timeOf(v vclock.Version) time.Time { return time.Unix(0, v.Time).UTC() }
