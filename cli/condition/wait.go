package condition

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"ringside/cli/exit"
	"ringside/engine/event"
)

const (
	// pollInterval is the time between two looks if no event comes. Most changes come as events.
	pollInterval = 250 * time.Millisecond
	// firstLook is how long the first look may take, even if the time-out is shorter. firstLook is
	// longer than the time a node waits for a quorum (2 s), so that the result includes the node's
	// reason.
	firstLook = 3 * time.Second
	// busyInterval is the time between two looks at a cluster whose events come fast.
	busyInterval = 5 * time.Millisecond
)

// Wait looks at the cluster until the condition holds. It looks again after each event that may
// have changed the result. After timeout it returns an *exit.Error that names what blocks the
// condition.
func (c *Condition) Wait(ctx context.Context, src Source, timeout time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	changed, stop := follow(ctx, src)
	defer stop()
	start := time.Now()
	reason := "" // what the last complete look found
	for {
		limit := max(timeout-time.Since(start), pollInterval)
		if reason == "" {
			limit = max(limit, firstLook)
		}
		blocks, err := c.checkWithin(ctx, src, limit)
		switch {
		case errors.Is(err, errNoAnswer):
			reason = cmp.Or(reason, err.Error())
		case err != nil || blocks == "":
			return err
		default:
			reason = blocks
		}
		select {
		case <-changed:
			time.Sleep(busyInterval)
		case <-time.After(pollInterval):
		case <-deadline.C:
			return &exit.Error{Exit: exit.Expectation, Code: "wait_timed_out",
				Message: fmt.Sprintf("%s after %v: %s", cmp.Or(c.fails, "wait: "+c.Text+" does not hold"), timeout, reason)}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errNoAnswer is returned by a look that the cluster did not answer within its limit.
var errNoAnswer = errors.New("the cluster does not answer")

// checkWithin evaluates the condition once. A get that fails blocks the condition, because the
// next look may succeed. If the look takes longer than limit, checkWithin returns errNoAnswer.
func (c *Condition) checkWithin(ctx context.Context, src Source, limit time.Duration) (string, error) {
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	finding, err := c.Check(inner, src)
	switch {
	case err == nil:
		return finding.Blocks, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case inner.Err() != nil:
		return "", errNoAnswer
	}
	return "", err
}

// follow sends to the returned channel after each event that can change the result of a look. The
// caller must call the returned function, which stops following and waits until its goroutine ends.
func follow(ctx context.Context, src Source) (<-chan struct{}, func()) {
	changed := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	wanted := event.Query{Follow: true, Filter: event.Filter{Kinds: slices.Sorted(maps.Keys(wakes))}}
	done.Go(func() {
		_ = src.Events(ctx, wanted, func(batch []event.Event) error { // after an error, polling goes on
			for _, ev := range batch {
				if wakes[ev.Kind] {
					select {
					case changed <- struct{}{}:
					default:
					}
					break
				}
			}
			return nil
		})
	})
	return changed, func() { cancel(); done.Wait() }
}

// wakes are the kinds that can change the result of a look. A look's get repairs nothing, so its
// only events here are Suspect and Alive, which are rare.
var wakes = map[event.Kind]bool{
	event.NodeUp: true, event.NodeDown: true, event.NodePaused: true, event.NodeWiped: true, event.Split: true,
	event.Heal: true, event.Slow: true, event.Loss: true, event.Skew: true, event.Stored: true, event.HintStored: true,
	event.HintDelivered: true, event.HintLost: true, event.Membership: true, event.RangeReady: true,
	event.RangeDropped: true, event.NodeLeft: true, event.HintRehomed: true, event.TombstoneCollected: true,
	event.ReadRepair: true, event.Suspect: true, event.Alive: true, event.LWWLost: true, event.Gap: true,
	event.Buffered: true, event.BufferLost: true, event.HintRefused: true,
}
