package localcluster

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"ringside/engine/event"
	"ringside/engine/fault"
	stored "ringside/engine/record"
	"ringside/engine/settings"
	"ringside/engine/store"
	"ringside/engine/wire"
	"ringside/localcluster/config"
)

// A watchedStore calls before with each batch. If before returns an error, the batch fails.
type watchedStore struct {
	store.Store
	before func(batch []store.Write) error
	trust  func()
}

func (s watchedStore) Apply(batch []store.Write, sync bool) error {
	if err := s.before(batch); err != nil {
		return err
	}
	return s.Store.Apply(batch, sync)
}

// Trust is called by a node whose disk was recovered.
func (s watchedStore) Trust() error {
	s.trust()
	return trust(s.Store)
}

// reported reports whether the node has published an event of a kind about key.
func reported(c *Cluster, node string, kind event.Kind, key string) bool {
	found := false
	_ = c.Events(c.ctx, event.Query{}, func(events []event.Event) error {
		for _, e := range events {
			found = found || e.Node == node && e.Kind == kind && string(e.Key) == key
		}
		return nil
	})
	return found
}

// holds reports whether a batch has a record of the key.
func holds(batch []store.Write, key string) bool {
	for _, w := range batch {
		if w.Space == store.Data && bytes.Equal(w.Key, stored.DataKey([]byte(key))) {
			return true
		}
	}
	return false
}

// When a batch reaches the disk, no effect of its turn has left the node. If the disk fails, no
// effect of the turn ever leaves: no client is answered, and no other node has the write.
func TestNothingLeavesBeforeTheDiskHasIt(t *testing.T) {
	const key = "cart"
	var c *Cluster
	var mu sync.Mutex
	var early, failed bool
	ready := make(chan struct{})
	o := Options{
		Home:     t.TempDir(),
		Settings: settings.Cluster{Nodes: []string{"n1", "n2", "n3"}, N: 3, R: 3, W: 1},
		Testing: config.Testing{WrapStore: func(node string, s store.Store) store.Store {
			return watchedStore{s, func(batch []store.Write) error {
				if node != "n1" || !holds(batch, key) {
					return nil
				}
				<-ready
				mu.Lock()
				defer mu.Unlock()
				early = early || reported(c, "n1", event.Coordinate, key)
				if !failed {
					failed = true
					return errors.New("input/output error")
				}
				return nil
			}, func() {}}
		}},
	}
	c = begin(t, o)
	close(ready)
	r, err := c.Do(t.Context(), "n1", wire.PutRequest{Key: []byte(key), Value: []byte("v")})
	if err == nil && r.(wire.PutReply).Err == wire.OK {
		t.Error("a put was acknowledged whose batch the disk had refused")
	}
	await(t, "n1 back", func() bool {
		return c.registry.node("n1").current.Load() != nil &&
			reported(c, "n1", event.DiskFailed, "")
	})
	g, err := c.Do(t.Context(), "n2", wire.GetRequest{Key: []byte(key)})
	if err != nil || len(g.(wire.GetReply).Siblings) > 0 {
		t.Errorf("after the disk had failed: %v %+v", err, g)
	}
	put(t, c, "n1", key, "w", nil)
	want(t, get(t, c, "n2", key), "w")
	mu.Lock()
	defer mu.Unlock()
	if early || !failed {
		t.Errorf("events before the disk had the batch: %v; the disk failed: %v", early, failed)
	}
}

// A recovered disk is trusted only after the node's new incarnation is durable on the disk. A crash
// before that leaves the disk doubtful.
func TestTrustedOnlyWithANewIncarnation(t *testing.T) {
	var mu sync.Mutex
	var trusted, fails bool
	batches := 0
	o := inTables(t, 200)
	o.Testing.WrapStore = func(node string, s store.Store) store.Store {
		if node != "n2" {
			return s
		}
		return watchedStore{s, func([]store.Write) error {
			mu.Lock()
			defer mu.Unlock()
			if batches++; fails {
				return errors.New("input/output error")
			}
			return nil
		}, func() {
			mu.Lock()
			defer mu.Unlock()
			trusted = trusted || batches > 0
			if batches == 0 {
				t.Error("trusted before anything was written")
			}
		}}
	}
	flipTable(t, o.Dir, "n2")
	fails = true
	if c, err := Start(t.Context(), o); err == nil {
		_ = c.Close()
		t.Fatal("started although the disk took nothing")
	}
	mu.Lock()
	if trusted {
		t.Error("trusted although the new incarnation is not on the disk")
	}
	fails, batches = false, 0
	mu.Unlock()
	c := begin(t, o)
	if messages := ups(c, "n2"); len(messages) != 1 || messages[0] == "" {
		t.Errorf("the disk is no longer doubted: %q", messages)
	}
	mu.Lock()
	if !trusted {
		t.Error("the disk is not trusted after the new incarnation is on it")
	}
	mu.Unlock()
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n2"}})
	if messages := ups(c, "n2"); len(messages) != 2 || messages[1] != "" {
		t.Errorf("the disk is doubted again: %q", messages)
	}
}
