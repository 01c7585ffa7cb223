package localcluster

import (
	"fmt"
	"sync"
	"testing"

	"ringside/engine/wire"
)

// BenchmarkCluster puts and gets small values over TCP, with R=W=2 of N=3 on five nodes.
func BenchmarkCluster(b *testing.B) {
	for _, store := range []string{"mem", "nosync", "sync"} {
		o := Options{Home: b.TempDir(), Mem: store == "mem"}
		o.Settings.NoSync = store == "nosync"
		c, err := Start(b.Context(), o)
		if err != nil {
			b.Fatal(err)
		}
		for i := range benchKeys {
			if _, err := c.Do(b.Context(), "", wire.PutRequest{Key: benchKey(i), Value: make([]byte, 100)}); err != nil {
				b.Fatal(err)
			}
		}
		for _, op := range []string{"put", "get"} {
			for _, clients := range []int{1, 64} {
				b.Run(fmt.Sprintf("%s/%s/%d", store, op, clients), func(b *testing.B) { load(b, c, op, clients) })
			}
		}
		_ = c.Close()
	}
}

const benchKeys = 1000

func benchKey(i int) []byte { return fmt.Appendf(nil, "key-%d", i%benchKeys) }

func load(b *testing.B, c *Cluster, op string, clients int) {
	var wg sync.WaitGroup
	for w := range clients {
		wg.Go(func() {
			for i := w; i < b.N; i += clients {
				var err error
				var r wire.ClientReply
				if op == "get" {
					r, err = c.Do(b.Context(), "", wire.GetRequest{Key: benchKey(i)})
				} else {
					// Each put has its own key, because blind puts to one key would make siblings.
					r, err = c.Do(b.Context(), "", wire.PutRequest{Key: fmt.Appendf(nil, "key-%d-%d", i, b.N),
						Value: make([]byte, 100)})
				}
				if err != nil {
					b.Error(err)
					return
				}
				if p, ok := r.(wire.PutReply); ok && p.Err != wire.OK {
					b.Errorf("%v: %s", p.Err, p.Message)
				}
			}
		})
	}
	wg.Wait()
}
