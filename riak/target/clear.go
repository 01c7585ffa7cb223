package target

import (
	"context"
	"sync"
	"sync/atomic"

	"ringside/engine/wire"
	"ringside/riak/kv"
	"ringside/riak/rpb"
)

// clearers is how many deletes of Clear are under way at a time. Riak answers each after a read and
// a write of its own.
const clearers = 16

// Clear deletes all keys of the target's bucket, with all siblings, and returns their number. Riak
// has no request that deletes a bucket. A key that a client writes meanwhile may stay. After the
// first error, which Clear returns, the other keys stay.
func (c *Cluster) Clear(ctx context.Context) (int, error) {
	var keys [][]byte
	if err := c.Keys(ctx, "", nil, func(key []byte) error {
		keys = append(keys, key)
		return nil
	}); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var work sync.WaitGroup
	var next, deleted atomic.Int64
	for range clearers {
		work.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(keys) {
					return
				}
				if err := c.erase(ctx, keys[i]); err != nil {
					cancel(err)
					return
				}
				deleted.Add(1)
			}
		})
	}
	work.Wait()
	return int(deleted.Load()), context.Cause(ctx)
}

// erase deletes whatever a key of the target's bucket has.
func (c *Cluster) erase(ctx context.Context, key []byte) error {
	a := c.Address()
	name := kv.Name{Type: a.Type, Bucket: a.Bucket, Key: string(key)}
	_, err := c.client.do(ctx, "", exchange{code: rpb.CodeDelReq, reply: rpb.CodeDelResp, again: true,
		body: c.delReq(name, wire.PutRequest{})})
	return err
}
