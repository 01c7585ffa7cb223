package verbs

import (
	"context"
	"slices"

	"ringside/engine/view"
	"ringside/engine/wire"
)

// A world is one look at the cluster: everything is asked for at most once, so
// that the parts of a condition speak of the same time as nearly as can be.
type world struct {
	env  *Env
	via  string
	now  *view.Cluster
	gets map[string]*got
	said []string // what the parts of an expression were, for the message
}

func newWorld(e *Env, c *condition) *world {
	return &world{env: e, via: c.via, gets: map[string]*got{}}
}

func (w *world) view(ctx context.Context) (*view.Cluster, error) {
	if w.now == nil {
		v, err := w.env.view(ctx)
		if err != nil {
			return nil, err
		}
		w.now = v
	}
	return w.now, nil
}

// viewOf returns a view that knows the replicas of keys.
func (w *world) viewOf(ctx context.Context, keys ...[]byte) (*view.Cluster, error) {
	if w.now != nil && !slices.ContainsFunc(keys, func(k []byte) bool { return w.now.Key(k) == nil }) {
		return w.now, nil
	}
	v, err := w.env.view(ctx, keys...)
	if err == nil && w.now == nil {
		w.now = v
	}
	return v, err
}

func (w *world) get(ctx context.Context, key string) (*got, error) {
	if g := w.gets[key]; g != nil {
		return g, nil
	}
	g, err := w.env.get(ctx, w.via, wire.GetRequest{Key: []byte(key), NoRepair: true}) // observation changes nothing
	if err == nil {
		w.gets[key] = g
	}
	return g, err
}
