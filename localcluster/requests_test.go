package localcluster

import (
	"sync"
	"testing"

	"ringside/engine/fault"
	"ringside/engine/wire"
)

// All requests that are the first to a node share one connection.
func TestFirstRequestsShareADial(t *testing.T) {
	c := begin(t, Options{Mem: true})
	put(t, c, "n2", "k", "v", nil)
	for range 3 {
		var wg sync.WaitGroup
		for range 512 {
			wg.Go(func() {
				r, err := c.Do(t.Context(), "n1", wire.GetRequest{Key: []byte("k")})
				if err != nil {
					t.Error(err)
				} else if g := r.(wire.GetReply); g.Err != wire.OK || len(g.Siblings) != 1 {
					t.Errorf("%v: %s", g.Err, g.Message)
				}
			})
		}
		wg.Wait()
		s := c.registry.node("n1").current.Load().server
		s.mu.Lock()
		clients := s.clients
		s.mu.Unlock()
		if clients != 1 {
			t.Errorf("%d connections of clients", clients)
		}
		do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n1"}})
	}
}
