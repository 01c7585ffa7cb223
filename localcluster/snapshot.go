package localcluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"ringside/engine"
	"ringside/engine/event"
	"ringside/localcluster/control"
)

const (
	// describeTime bounds how long Snapshot waits for one node's report.
	describeTime = time.Second
	// compareTime bounds how long Compare waits for one node's rounds. A node that lost all its
	// data is filled again within compareTime.
	compareTime = time.Minute
)

// Events calls fn with batches of the events that q selects. Without q.Follow, Events returns after
// the event that is the newest now. With q.Follow, it returns when ctx ends or the cluster goes
// down. fn must not keep the slice. A slow fn receives a Gap event, and never slows the cluster.
func (c *Cluster) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	if err := c.events.Read(ctx, q, fn); err != nil {
		return err
	}
	if q.Follow {
		return control.ErrStopped
	}
	return nil
}

// Count calls fn with the events of some kinds that the cluster remembers, and with new ones as
// they happen, at any rate, until ctx ends or the cluster is down. fn must not keep the slice. Only
// events that were overwritten before Count came to them are missing, and a Gap counts these.
func (c *Cluster) Count(ctx context.Context, kinds []event.Kind, fn func([]event.Event) error) error {
	return c.events.Count(ctx, event.Filter{Kinds: kinds}, fn)
}

// Snapshot returns events of sequence number 0 that give a new view the whole state of the cluster,
// with the replicas of each key of keys. The Count of the first event, of kind Cluster, is the
// number of the newest event when the snapshot began: a reader goes on with Events from there. For
// a node that is down or paused, or that does not answer in time, the events have its last known
// state.
func (c *Cluster) Snapshot(ctx context.Context, keys ...[]byte) ([]event.Event, error) {
	if c.ctx.Err() != nil {
		return nil, control.ErrStopped
	}
	s := c.registry.settings()
	out := []event.Event{{Kind: event.Cluster, Settings: &s, Count: int(c.events.Last())}}
	var running []*incarnation
	for _, n := range c.registry.nodes() {
		i := n.current.Load()
		if d := n.skew(); d != 0 {
			out = append(out, event.Event{Node: n.name, Kind: event.Skew, Delay: d})
		}
		if i == nil {
			out = append(out, event.Event{Node: n.name, Kind: event.NodeDown, Message: n.reason()})
			out = append(out, n.lastKnown()...) // the hints on its disk still wait for their homes
			continue
		}
		out = append(out, event.Event{Node: n.name, Kind: event.NodeUp, Addr: *n.addr.Load()})
		if i.paused.Load() {
			out = append(out, event.Event{Node: n.name, Kind: event.NodePaused})
			out = append(out, n.lastKnown()...)
			continue
		}
		running = append(running, i)
	}
	out = append(out, c.services.events(&c.registry)...)
	out = append(out, c.network.Events()...)
	out = append(out, memoryEvent(c.memory))
	out = append(out, c.describe(ctx, running, keys)...)
	now := c.now()
	for i := range out {
		if out[i].Time == 0 {
			out[i].Time = now
		}
	}
	return out, ctx.Err()
}

// describe asks all nodes at once for their state and their replicas.
func (c *Cluster) describe(ctx context.Context, nodes []*incarnation, keys [][]byte) []event.Event {
	ctx, cancel := context.WithTimeout(ctx, describeTime)
	defer cancel()
	reports := make([][]event.Event, len(nodes))
	var wg sync.WaitGroup
	for k, i := range nodes {
		wg.Go(func() {
			if reports[k] = i.ask(ctx, engine.Describe{Keys: keys}); len(reports[k]) == 0 {
				reports[k] = i.node.lastKnown()
				return
			}
			for _, e := range reports[k] {
				if e.State != nil && i.node.current.Load() == i {
					i.node.last.Store(e.State)
				}
			}
		})
	}
	wg.Wait()
	return slices.Concat(reports...)
}

// Compare has every running node compare its trees with those of the other homes now (§4.7). ranges
// are the ranges to compare; none means all of them. Unless dryRun is set, the nodes also repair
// the differences. Compare returns a SyncDone event of each node when the last round is over.
func (c *Cluster) Compare(ctx context.Context, dryRun bool, ranges ...event.Span) ([]event.Event, error) {
	if c.ctx.Err() != nil {
		return nil, control.ErrStopped
	}
	waiting, cancel := context.WithTimeout(ctx, compareTime)
	defer cancel()
	nodes := c.registry.nodes()
	reports := make([][]event.Event, len(nodes))
	var wg sync.WaitGroup
	for k, n := range nodes {
		if i := n.working(); i != nil {
			wg.Go(func() { reports[k] = i.ask(waiting, engine.Compare{Ranges: ranges, DryRun: dryRun}) })
		}
	}
	wg.Wait()
	if waiting.Err() != nil && ctx.Err() == nil {
		return nil, fmt.Errorf("compare: not over after %v", compareTime)
	}
	return slices.Concat(reports...), ctx.Err()
}
