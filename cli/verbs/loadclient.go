package verbs

// §4.4: a client of load reads a key before it writes the key, so that its write descends from what
// is there.

import (
	"context"
	"fmt"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/wire"
	"ringside/localcluster/bench/workload"
)

// A loadClient is one of the clients of a load. It is for one goroutine.
type loadClient struct {
	l      *loading
	number int
	value  []byte
	keys   map[int]*loadKey // by number, with --zipf only: otherwise each key is written once
}

// A loadKey is what a client knows of a key.
type loadKey struct {
	context []byte // of the last read or write; empty: the key has no version
	current bool   // context is known; a write that failed may have changed the key
	seen    bool   // the key was read before the client's first write
	existed bool   // that read found a value
	written bool   // a write of the client has succeeded
}

// run writes the client's share: with --zipf to its own keys, and otherwise each of its own keys.
func (c *loadClient) run(ctx context.Context) error {
	own := workload.New(c.l.count, c.number, c.l.clients, true)
	for i := c.number; i < c.l.count; i += c.l.clients {
		number, key := i, &loadKey{}
		if c.l.zipf {
			number = own.Next()
			if c.keys[number] == nil {
				c.keys[number] = key
			}
			key = c.keys[number]
		}
		if err := c.write(ctx, c.l.key(number), key); err != nil {
			return err
		}
	}
	return nil
}

// write writes a key once. The error is that of ctx, or why the load has to stop.
func (c *loadClient) write(ctx context.Context, key []byte, k *loadKey) error {
	if !k.current {
		refused, err := c.read(ctx, key, k)
		switch {
		case err != nil:
			return err
		case refused != nil:
			return c.l.failed(refused)
		}
	}
	reply, err := c.l.env.Cluster.Do(ctx, "", wire.PutRequest{Key: key, Value: c.value, Context: k.context})
	if err != nil {
		return err
	}
	r, ok := reply.(wire.PutReply)
	switch {
	case !ok:
		return fmt.Errorf("load: the cluster answered with %T", reply)
	case r.Err != wire.OK:
		k.current = false
		return c.l.failed(putFailed("put", key, r))
	}
	c.l.wrote(loadWrite{first: !k.written, existed: k.existed, siblings: r.Siblings > 1})
	k.context, k.written = r.Context, true
	return nil
}

// read reads the key, for the context of the next write. refused is the reason why the key cannot
// be written, nil if it can. err is that of ctx, or why the load has to stop.
func (c *loadClient) read(ctx context.Context, key []byte, k *loadKey) (refused, err error) {
	reply, err := c.l.env.Cluster.Do(ctx, "", wire.GetRequest{Key: key})
	if err != nil {
		return nil, err
	}
	r, ok := reply.(wire.GetReply)
	switch {
	case !ok:
		return nil, fmt.Errorf("load: the cluster answered with %T", reply)
	case r.Err != wire.OK:
		f := exit.OfReply("get", key, r.Err, r.Message)
		f.Request, f.Missing = r.Request, r.Missing
		return f, nil
	case len(r.Siblings) > 1:
		return &exit.Error{Exit: exit.Siblings, Code: "siblings", Request: r.Request,
			Message: fmt.Sprintf("put %s: the key has %s, which load does not replace; see: ringside help resolve",
				render.Key(key), render.Count(len(r.Siblings), "sibling"))}, nil
	}
	if !k.seen {
		k.seen, k.existed = true, len(r.Siblings) > 0
	}
	k.context, k.current = nil, true
	if len(r.Siblings)+len(r.Tombstones) > 0 {
		k.context = r.Context
	}
	return nil, nil
}
