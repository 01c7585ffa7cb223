package kv

import (
	"context"
	"sync"

	"ringside/engine/ring"
	"ringside/engine/settings"
)

// rings keeps the ring of the latest membership, because a ring is expensive to make.
type rings struct {
	mu     sync.Mutex
	digest uint64
	ring   *ring.Ring
}

// of returns the ring of the cluster's settings.
func (r *rings) of(set settings.Cluster) *ring.Ring {
	h := set.History()
	r.mu.Lock()
	defer r.mu.Unlock()
	if d := h.Digest(); r.ring == nil || d != r.digest {
		r.digest, r.ring = d, h.Ring(set.RingConfig())
	}
	return r.ring
}

// Preflist returns the homes of a key, whether they run or not, in their order. There are as many
// as n_val, but not more than the cluster's N. The error may be ErrNoType and *ZeroLength.
func (s *Store) Preflist(ctx context.Context, n Name) ([]PreflistItem, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	b, err := s.bucket(ctx, n)
	if err != nil {
		return nil, err
	}
	r := s.rings.of(s.cluster.Settings())
	key, all := n.EngineKey(), len(r.Ranges())
	first := r.Index(ring.Of(key))
	var out []PreflistItem
	for i, home := range r.Homes(key) {
		if i < int(b.nval) {
			out = append(out, PreflistItem{Partition: int64((first + i) % all), Node: NodeName(home), Primary: true})
		}
	}
	return out, nil
}
