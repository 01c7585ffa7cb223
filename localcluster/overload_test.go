package localcluster

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"ringside/engine/wire"
)

// Many clients write large values at once, so that homes fall silent and fallbacks take their
// replicas.
const (
	rushClients = 128
	rushPuts    = 3
	rushValue   = 500_000
)

// rush has many clients write different keys at once, and returns the keys that were acknowledged.
func rush(t *testing.T, c *Cluster) (acked []string, hinted int) {
	t.Helper()
	value := bytes.Repeat([]byte("x"), rushValue)
	nodes := c.registry.settings().Nodes
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range rushClients {
		wg.Go(func() {
			for j := range rushPuts {
				key := fmt.Sprintf("rush%d-%d", i, j)
				r, err := c.Do(t.Context(), nodes[(i+j)%len(nodes)], wire.PutRequest{Key: []byte(key), Value: value})
				p, ok := r.(wire.PutReply)
				if err != nil || !ok || p.Err != wire.OK {
					continue // refused or unknown, as is allowed in an overload
				}
				mu.Lock()
				acked = append(acked, key)
				hinted += min(1, len(p.Hinted))
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return acked, hinted
}

// §4.5, §6.5: after an overload no acknowledged key reads as absent, although its hints are not
// delivered yet. Once the clients are idle, background work has its full rate again at once.
func TestOverload(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("half a gigabyte goes to disk, and the race detector looks at each byte")
	}
	c := begin(t, Options{})
	acked, hinted := rush(t, c)
	calm := time.Now()
	slowest, doubts := 1.0, 0
	for _, n := range viewOf(t, c).Nodes {
		if n.Slice > 0 {
			slowest = min(slowest, n.Slice)
		}
	}
	hints := viewOf(t, c).Hints()
	for _, key := range acked {
		r, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte(key), NoRepair: true})
		g, ok := r.(wire.GetReply)
		switch {
		case err != nil || !ok || g.Err != wire.OK:
			doubts++ // the get may fail, but it must not report the key as absent
		case len(g.Siblings) != 1:
			t.Errorf("%s, which was acknowledged, reads as %d values from %v", key, len(g.Siblings), g.Replied)
		}
	}
	t.Logf("%d acknowledged, %d with hints; %d hints and a slice of %.3g after it; %d gets failed", len(acked),
		hinted, hints, slowest, doubts)
	await(t, "all of the rate for background work", func() bool { return viewOf(t, c).Slice() == 1 })
	t.Logf("background work was free after %v", time.Since(calm))
}
