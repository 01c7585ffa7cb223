package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"ringside/engine/vclock"
	"ringside/engine/wire"
	"ringside/localcluster"
	"ringside/localcluster/bench/floor"
	"ringside/localcluster/client"
)

// loaders is the number of clients that write the keys before the first window.
const loaders = 64

// A cluster is a cluster under measurement.
type cluster struct {
	o        Options
	store    Store
	c        *localcluster.Cluster        // nil with Options.Client
	aware    *client.PartitionAwareClient // nil unless Options.ClientDriven
	ready    time.Duration                // from the start until the cluster was ready
	procs    int                          // GOMAXPROCS that the cluster chose
	keys     [][]byte
	contexts [][]byte // by key: the context of the latest put; used by the owner of the key
}

// startCluster starts a cluster whose data is in the folder home. The caller calls close.
func startCluster(ctx context.Context, o Options, s Store, home string) (*cluster, error) {
	if o.Client != nil {
		return (&cluster{o: o, store: s, procs: cores}).withKeys(), nil
	}
	runtime.GOMAXPROCS(cores) // a cluster before this one may have raised it
	began := time.Now()
	c, err := localcluster.Start(ctx, localcluster.Options{Name: string(s), Home: filepath.Join(home, string(s)),
		Mem: s == Mem, Settings: o.settings(s)})
	if err != nil {
		return nil, err
	}
	out := (&cluster{o: o, store: s, c: c, ready: time.Since(began), procs: runtime.GOMAXPROCS(0)}).withKeys()
	if o.ClientDriven {
		if out.aware, err = client.NewPartitionAware(ctx, c, 0); err != nil {
			out.close()
			return nil, err
		}
	}
	return out, nil
}

// withKeys returns c with its keys, none of which has a context.
func (c *cluster) withKeys() *cluster {
	c.keys, c.contexts = make([][]byte, c.o.Keys), make([][]byte, c.o.Keys)
	for i := range c.keys {
		c.keys[i] = fmt.Appendf(nil, "key-%07d", i)
	}
	return c
}

// processors implements system.
func (c *cluster) processors() int { return c.procs }

func (c *cluster) close() {
	if c.aware != nil {
		c.aware.Close()
	}
	if c.c != nil {
		_ = c.c.Close()
	}
}

// request sends a request as the options choose.
func (c *cluster) request(ctx context.Context, req wire.ClientRequest) (wire.ClientReply, error) {
	switch {
	case c.aware != nil:
		return c.aware.Do(ctx, req)
	case c.o.Client != nil:
		return c.o.Client(ctx, withQuorum(req, wire.Quorum{R: c.o.R, W: c.o.W}))
	}
	return c.c.Do(ctx, "", req)
}

// withQuorum returns a get or put with a quorum.
func withQuorum(req wire.ClientRequest, q wire.Quorum) wire.ClientRequest {
	switch r := req.(type) {
	case wire.GetRequest:
		r.Quorum = q
		return r
	case wire.PutRequest:
		r.Quorum = q
		return r
	}
	return req
}

// load writes all keys. It calls progress with the number of keys that are written.
func (c *cluster) load(ctx context.Context, progress func(done int)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers, _, _ := c.open(loaders)
	var next, done atomic.Int64
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < c.o.Keys; i = int(next.Add(1)) - 1 {
				if err := w.do(ctx, true, i); err != nil {
					cancel(fmt.Errorf("write the keys: %w", err))
					return
				}
				done.Add(1)
			}
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			progress(int(done.Load()))
		case <-ended:
			return context.Cause(ctx)
		}
	}
}

// open returns workers. They share the connections of the cluster's client.
func (c *cluster) open(workers int) ([]worker, func(), error) {
	out := make([]worker, workers)
	for i := range out {
		out[i] = &clusterWorker{c: c, value: randomBytes(c.o.Size)}
	}
	return out, func() {}, nil
}

// A clusterWorker is a client of a cluster.
type clusterWorker struct {
	c     *cluster
	value []byte
}

var errNotFound = errors.New("the key was not found")

func (w *clusterWorker) do(ctx context.Context, put bool, key int) error {
	if !put {
		_, err := w.get(ctx, key)
		return err
	}
	_, err := w.put(ctx, key)
	if err != nil && ctx.Err() == nil { // the write may have happened: the next put must cover it
		if got, failed := w.get(ctx, key); failed == nil {
			w.c.contexts[key] = got.Context
		}
	}
	return err
}

func (w *clusterWorker) put(ctx context.Context, key int) (wire.PutReply, error) {
	reply, err := w.c.request(ctx, wire.PutRequest{Key: w.c.keys[key], Value: w.value, Context: w.c.contexts[key]})
	if err != nil {
		return wire.PutReply{}, err
	}
	r, ok := reply.(wire.PutReply)
	if !ok || r.Err != wire.OK {
		return r, failure(r.Err, r.Message)
	}
	w.c.contexts[key] = r.Context
	return r, nil
}

func (w *clusterWorker) get(ctx context.Context, key int) (wire.GetReply, error) {
	reply, err := w.c.request(ctx, wire.GetRequest{Key: w.c.keys[key]})
	if err != nil {
		return wire.GetReply{}, err
	}
	r, ok := reply.(wire.GetReply)
	switch {
	case !ok || r.Err != wire.OK:
		return r, failure(r.Err, r.Message)
	case len(r.Siblings) == 0:
		return r, errNotFound
	}
	return r, nil
}

// A Failure is the error of a request that the cluster answered and did not carry out.
type Failure struct {
	Code    wire.Code
	Message string // what the node said; may be empty
}

// Error returns the code and the message.
func (f *Failure) Error() string { return fmt.Sprintf("%v: %s", f.Code, f.Message) }

func failure(code wire.Code, message string) error { return &Failure{code, message} }

// sizes returns the sizes of the messages of a put and of a get, with their frames. They are those
// of a real request and reply, and of the messages between nodes that carry the same version.
func (c *cluster) sizes(ctx context.Context) ([2]floor.Sizes, error) {
	w := &clusterWorker{c: c, value: randomBytes(c.o.Size)}
	put, err := w.put(ctx, 0)
	if err != nil {
		return [2]floor.Sizes{}, err
	}
	got, err := w.get(ctx, 0)
	if err != nil {
		return [2]floor.Sizes{}, err
	}
	version := put.Version
	version.Value = w.value
	key, s := c.keys[0], c.c.Settings()
	of := func(body wire.Body) int {
		m := wire.Message{From: s.Nodes[0], To: s.Nodes[len(s.Nodes)-1], Request: put.Request, Op: put.Request,
			Digest: s.History().Digest(), Body: body}
		return wire.MessageSize(m) + wire.FrameHeader
	}
	var out [2]floor.Sizes
	out[floor.Put] = floor.Sizes{Ask: of(wire.Write{Key: key, Siblings: vclock.Siblings{version}}),
		Answer: of(wire.WriteReply{})}
	out[floor.Get] = floor.Sizes{Ask: of(wire.Read{Key: key}),
		Answer: of(wire.ReadReply{Siblings: got.Siblings, Home: true})}
	requests := [2]wire.ClientRequest{
		wire.PutRequest{Request: put.Request, Key: key, Value: w.value, Context: put.Context, Balanced: c.aware == nil},
		wire.GetRequest{Request: got.Request, Key: key},
	}
	for i, reply := range [2]wire.ClientReply{put, got} {
		sent, err := wire.AppendClientRequest(nil, put.Request, requests[i])
		if err != nil {
			return out, err
		}
		back, err := wire.AppendClientReply(nil, put.Request, reply)
		if err != nil {
			return out, err
		}
		out[i].Request, out[i].Reply = len(sent)+wire.FrameHeader, len(back)+wire.FrameHeader
	}
	return out, nil
}

// randomBytes returns bytes that no database can compress.
func randomBytes(n int) []byte {
	out := make([]byte, n)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(out)
	return out
}
