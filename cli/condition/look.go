package condition

import (
	"context"
	"slices"

	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/engine/wire"
)

// A look is one evaluation of a condition. It gets each key at most once, and asks for the state
// once. It asks again for the state with the replicas of keys that the first answer lacks, so the
// parts of a condition may see different moments.
type look struct {
	src     Source
	via     string
	cluster *view.Cluster         // the first state, nil until a part needs it
	gets    map[string]*getResult // by key
	notes   []string              // the values of the expression's functions, for the message
}

// getResult is the answer to a get.
type getResult struct {
	wire.GetReply
	key []byte
}

func newLook(src Source, c *Condition) *look {
	return &look{src: src, via: c.via, gets: map[string]*getResult{}}
}

func (l *look) view(ctx context.Context) (*view.Cluster, error) {
	if l.cluster == nil {
		v, err := l.src.View(ctx)
		if err != nil {
			return nil, err
		}
		l.cluster = v
	}
	return l.cluster, nil
}

// viewOf returns a view with the replicas of keys.
func (l *look) viewOf(ctx context.Context, keys ...[]byte) (*view.Cluster, error) {
	if l.cluster != nil && !slices.ContainsFunc(keys, func(k []byte) bool { return l.cluster.Key(k) == nil }) {
		return l.cluster, nil
	}
	v, err := l.src.View(ctx, keys...)
	if err == nil && l.cluster == nil {
		l.cluster = v
	}
	return v, err
}

func (l *look) get(ctx context.Context, key string) (*getResult, error) {
	if g := l.gets[key]; g != nil {
		return g, nil
	}
	reply, err := l.src.Get(ctx, l.via, []byte(key))
	if err != nil {
		return nil, err
	}
	g := &getResult{GetReply: reply, key: []byte(key)}
	l.gets[key] = g
	return g, nil
}

// past returns the view after all events that the log still holds.
func (l *look) past(ctx context.Context) (*view.Cluster, error) {
	v := view.New()
	err := l.src.Events(ctx, event.Query{}, func(batch []event.Event) error {
		v.ApplyAll(batch)
		return nil
	})
	return v, err
}
