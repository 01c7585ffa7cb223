package bench

import (
	"context"
	"math/rand/v2"

	"ringside/localcluster/bench/floor"
)

// A system is what is measured.
type system interface {
	// open returns so many workers, and a function that ends them.
	open(workers int) ([]worker, func(), error)
}

// A worker is a client that sends one request at a time. It is for one goroutine.
type worker interface {
	// do puts or gets the key with that number. An error is a request that failed.
	do(ctx context.Context, put bool, key int) error
}

// zipfExponent is the exponent of the Zipf distribution: of 10,000 keys, the first one gets about a
// sixth of the requests.
const zipfExponent = 1.1

// A chooser draws what a worker does next. It is for one goroutine.
type chooser struct {
	r       *rand.Rand
	zipf    *rand.Zipf // nil: uniformly
	own     int        // the number of the worker's keys
	first   int        // the first of them
	stride  int        // between two of them
	putting float64    // the share of puts
}

// newChooser returns the chooser of worker i of so many workers. Each key belongs to one of them.
func newChooser(o Options, op Op, i, workers int) *chooser {
	c := &chooser{r: rand.New(rand.NewPCG(uint64(i), uint64(workers))), first: i, stride: workers,
		own: (o.Keys - i + workers - 1) / workers}
	switch op {
	case Put:
		c.putting = 1
	case Mix:
		c.putting = 1 - o.Gets
	}
	if o.Zipf {
		c.zipf = rand.NewZipf(c.r, zipfExponent, 1, uint64(c.own-1))
	}
	return c
}

func (c *chooser) next() (put bool, key int) {
	put = c.putting >= 1 || c.putting > 0 && c.r.Float64() < c.putting
	if c.zipf != nil {
		return put, c.first + c.stride*int(c.zipf.Uint64())
	}
	return put, c.first + c.stride*c.r.IntN(c.own)
}

// A floorSystem is the floor, with clients that have connections of their own or share them.
type floorSystem struct {
	f      *floor.Floor
	shared bool
}

func (s floorSystem) open(workers int) ([]worker, func(), error) {
	out := make([]worker, workers)
	if s.shared {
		clients, err := s.f.NewShared(workers)
		if err != nil {
			return nil, nil, err
		}
		for i := range out {
			out[i] = sharedFloor{clients, i}
		}
		return out, clients.Close, nil
	}
	var clients []*floor.Client
	end := func() {
		for _, c := range clients {
			c.Close()
		}
	}
	for i := range out {
		c, err := s.f.New(i)
		if err != nil {
			end()
			return nil, nil, err
		}
		clients = append(clients, c)
		out[i] = singleFloor{c}
	}
	return out, end, nil
}

type singleFloor struct{ c *floor.Client }

func (w singleFloor) do(_ context.Context, put bool, _ int) error { return w.c.Do(floorOp(put)) }

type sharedFloor struct {
	clients *floor.Shared
	client  int
}

func (w sharedFloor) do(_ context.Context, put bool, key int) error {
	return w.clients.Do(w.client, floorOp(put), key)
}

func floorOp(put bool) floor.Op {
	if put {
		return floor.Put
	}
	return floor.Get
}
