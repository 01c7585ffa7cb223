package ringsidetest

import (
	"context"
	"slices"

	"ringside/cli/verbs"
	"ringside/engine/account"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/localcluster"
)

const (
	// maxEvents bounds the events that a Cluster keeps, of about 500 bytes each. The log of the
	// cluster itself keeps fewer.
	maxEvents = 200_000
	// maxTraces is the number of requests that a failed test draws.
	maxTraces = 4
	// maxKey bounds the runes of a key in a message.
	maxKey = 60
)

// A history has the events of a cluster since its start.
type history struct {
	events []event.Event
	limit  int    // of events
	last   uint64 // the number of the newest event in events
}

// add adds events. If there are too many, the older half gives way to a Gap after the first event,
// which has the settings of the cluster.
func (h *history) add(events []event.Event) {
	h.events = append(h.events, events...)
	h.last = max(h.last, events[len(events)-1].Seq)
	if len(h.events) <= h.limit {
		return
	}
	cut := len(h.events) / 2
	gap := event.Event{Seq: h.events[cut].Seq, Time: h.events[cut].Time, Kind: event.Gap}
	for _, e := range h.events[1 : cut+1] {
		gap.Count += max(1, gapOf(e))
	}
	h.events = slices.Concat(h.events[:1], []event.Event{gap}, h.events[cut+1:])
}

// gapOf returns the number of events for which e stands, if e is a Gap.
func gapOf(e event.Event) int {
	if e.Kind == event.Gap {
		return e.Count
	}
	return 0
}

// catchUp keeps the events since the last call. Each request makes a call, so the cluster still
// remembers them.
func (c *Cluster) catchUp(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cluster.Events(ctx, event.Query{After: c.history.last}, func(batch []event.Event) error {
		c.history.add(batch)
		return nil
	})
}

// past returns all events so far.
func (c *Cluster) past(ctx context.Context) ([]event.Event, error) {
	if err := c.catchUp(ctx); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.history.events), nil
}

// note remembers a request of a client.
func (c *Cluster) note(request uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, request)
	c.asked = c.asked[max(0, len(c.asked)-maxTraces):]
}

// recorded is the cluster with all of its events, also those that it no longer remembers.
type recorded struct {
	*localcluster.Cluster
	c *Cluster
}

// Events implements verbs.Cluster.
func (r recorded) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	if q.Follow {
		return r.Cluster.Events(ctx, q, fn)
	}
	events, err := r.c.past(ctx)
	if err != nil {
		return err
	}
	if batch := q.Of(events); len(batch) > 0 {
		return fn(batch)
	}
	return nil
}

// account returns the account of all writes, with what the nodes hold now of keys; without keys, of
// all keys.
func (c *Cluster) account(keys ...string) (*account.Account, error) {
	ctx, cancel := background()
	defer cancel()
	return verbs.ReadAccount(ctx, c.env.Cluster, func(a *account.Account) ([][]byte, error) {
		if len(keys) == 0 {
			return a.Keys(), nil
		}
		out := make([][]byte, len(keys))
		for i, k := range keys {
			out[i] = []byte(k)
		}
		return out, nil
	})
}

// view returns the state of the cluster now, and fails the test if the cluster is down.
func (c *Cluster) view() *view.Cluster {
	c.tb.Helper()
	ctx, cancel := background()
	defer cancel()
	events, err := c.cluster.Snapshot(ctx)
	if err != nil {
		c.tb.Fatalf("ringsidetest: look at the cluster: %v", err)
	}
	return view.From(events)
}

// shown returns a key for a message.
func shown(key string) string { return escape.TerminalShort([]byte(key), maxKey) }
