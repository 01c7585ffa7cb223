package floor

import (
	"bufio"
	"sync"
)

// Shared is a set of clients that have one connection to each node together. Client i is for one
// goroutine.
type Shared struct {
	f       *Floor
	conns   []*outbox       // by node
	replies []chan struct{} // by client: its reply has arrived; has room for the one
	broken  chan struct{}   // closed when a connection broke
	once    sync.Once
}

// NewShared returns so many clients that share their connections.
func (f *Floor) NewShared(clients int) (*Shared, error) {
	s := &Shared{f: f, broken: make(chan struct{})}
	for range clients {
		s.replies = append(s.replies, make(chan struct{}, 1))
	}
	for i := range f.nodes {
		c, err := f.dial(i, clientSender, sharedHello)
		if err != nil {
			s.Close()
			return nil, err
		}
		out := newOutbox(c)
		s.conns = append(s.conns, out)
		in := bufio.NewReaderSize(c, readBuffer)
		f.adopt(c, func() { _ = out.run(s.broken) }, func() { s.receive(in) })
	}
	return s, nil
}

// Do sends a request of a client and waits for its reply. number chooses the coordinator.
func (s *Shared) Do(client int, op Op, number int) error {
	s.conns[number%len(s.conns)].send(header{
		size: s.f.o.Sizes[op].Request, kind: request, op: op, id: uint64(client),
	})
	select {
	case <-s.replies[client]:
		return nil
	case <-s.broken:
		return ErrClosed
	}
}

// receive hands out the replies of one connection.
func (s *Shared) receive(in *bufio.Reader) {
	defer s.end()
	for {
		h, err := read(in)
		if err != nil || h.kind != reply || h.id >= uint64(len(s.replies)) {
			return
		}
		s.replies[h.id] <- struct{}{}
	}
}

func (s *Shared) end() { s.once.Do(func() { close(s.broken) }) }

// Close ends the clients. Their requests must have ended.
func (s *Shared) Close() {
	for _, o := range s.conns {
		s.f.drop(o.conn)
	}
	s.end()
}
