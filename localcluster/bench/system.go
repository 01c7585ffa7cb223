package bench

import (
	"context"

	"ringside/localcluster/bench/floor"
	"ringside/localcluster/bench/workload"
)

// A system is what is measured.
type system interface {
	// processors returns GOMAXPROCS of a process that has this system alone.
	processors() int
	// open returns so many workers, and a function that ends them.
	open(workers int) ([]worker, func(), error)
}

// A worker is a client that sends one request at a time. It is for one goroutine.
type worker interface {
	// do puts or gets the key with that number. An error is a request that failed.
	do(ctx context.Context, put bool, key int) error
}

// A chooser draws what a worker does next. It is for one goroutine.
type chooser struct {
	keys *workload.Keys
	puts float64 // their share of the requests
}

// newChooser returns the chooser of worker i of so many workers.
func newChooser(o Options, op Op, i, workers int) chooser {
	c := chooser{keys: workload.New(o.Keys, i, workers, o.Zipf)}
	switch op {
	case Put:
		c.puts = 1
	case Mix:
		c.puts = 1 - o.Gets
	}
	return c
}

func (c chooser) next() (put bool, key int) { return c.keys.Chance(c.puts), c.keys.Next() }

// A floorSystem is the floor, with clients that have connections of their own or share them.
type floorSystem struct {
	f      *floor.Floor
	shared bool
}

// processors implements system. The floor has what the Go runtime chooses.
func (s floorSystem) processors() int { return cores }

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
