package pbdoor

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"

	"ringside/riak/kv"
	"ringside/riak/rpb"
)

// errIntruded ends a list during which the client sent another request. The text is that of Riak.
var errIntruded = intruded{}

type intruded struct{}

func (intruded) Error() string { return "Cannot send another request while one is in progress" }

// errUnsent wraps what ended a connection during a list.
type errUnsent struct{ error }

// A pageFunc sends one message of a list.
type pageFunc func(proto.Message) error

func (c *connection) listKeys(m proto.Message) error {
	req := m.(*rpb.ListKeysReq)
	return c.stream(req.Timeout, rpb.CodeListKeysResp, func(ctx context.Context, page pageFunc) error {
		err := c.s.o.Store.ListKeys(ctx, typeOf(req.Type), string(req.Bucket), func(keys []string) error {
			return page(&rpb.ListKeysResp{Key: bytesOf(keys)})
		})
		if err != nil {
			return err
		}
		return page(&rpb.ListKeysResp{Done: proto.Bool(true)})
	})
}

func (c *connection) listBuckets(m proto.Message) error {
	req := m.(*rpb.ListBucketsReq)
	if req.GetStream() {
		return c.stream(req.Timeout, rpb.CodeListBucketsResp, func(ctx context.Context, page pageFunc) error {
			err := c.s.o.Store.ListBuckets(ctx, typeOf(req.Type), func(buckets []string) error {
				return page(&rpb.ListBucketsResp{Bucket: bytesOf(buckets)})
			})
			if err != nil {
				return err
			}
			return page(&rpb.ListBucketsResp{Done: proto.Bool(true)})
		})
	}
	ctx, cancel := c.listTime(req.Timeout)
	defer cancel()
	reply := &rpb.ListBucketsResp{}
	err := c.s.o.Store.ListBuckets(ctx, typeOf(req.Type), func(buckets []string) error {
		reply.Bucket = append(reply.Bucket, bytesOf(buckets)...)
		return nil
	})
	if err != nil {
		return c.fail(err)
	}
	return c.send(rpb.CodeListBucketsResp, reply)
}

// listTime returns the context of a list with its time.
func (c *connection) listTime(timeout *uint32) (context.Context, context.CancelFunc) {
	d := kv.DefaultTimeout
	if timeout != nil {
		d = millis(*timeout)
	}
	return context.WithTimeout(c.s.ctx, d)
}

// stream sends the messages of a list as they come. Another request that arrives meanwhile ends the
// connection.
func (c *connection) stream(timeout *uint32, code rpb.Code,
	list func(ctx context.Context, page pageFunc) error) error {
	ctx, cancel := c.listTime(timeout)
	defer cancel()
	intruded, stop := c.watch()
	err := list(ctx, func(m proto.Message) error {
		select {
		case <-intruded:
			return errIntruded
		default:
		}
		if err := c.send(code, m); err != nil {
			return errUnsent{err}
		}
		return nil
	})
	stop()
	var unsent errUnsent
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errIntruded):
		return c.fatal(err.Error())
	case errors.As(err, &unsent):
		return unsent.error
	}
	return c.fail(err)
}

// watch returns a channel that is closed when a byte arrives, and a function that ends the watch.
// No other function may read meanwhile.
func (c *connection) watch() (arrived <-chan struct{}, stop func()) {
	got, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		if _, err := c.r.Peek(1); err == nil {
			close(got)
		}
	}()
	return got, func() {
		_ = c.conn.SetReadDeadline(time.Now()) // ends Peek
		<-over
		_ = c.conn.SetReadDeadline(time.Time{})
	}
}

func bytesOf(names []string) [][]byte {
	out := make([][]byte, len(names))
	for i, n := range names {
		out[i] = []byte(n)
	}
	return out
}
