package localcluster

import (
	"fmt"
	"time"

	"ringside/engine/event"
)

// guardEvery is the time between two checks of a cluster's folders.
const guardEvery = 500 * time.Millisecond

// guard stops the cluster if one of its folders is deleted or replaced.
func (c *Cluster) guard() {
	tick := time.NewTicker(guardEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-tick.C:
		}
		if err := c.claim.Gone(); err != nil {
			c.abandon(err)
			return
		}
	}
}

// abandon stops a cluster whose folder is gone. It does not touch the files in that place, because
// they may be another cluster's.
func (c *Cluster) abandon(cause error) {
	err := fmt.Errorf("%w; the cluster has stopped, since its writes would be lost", cause)
	c.failed.Store(&err)
	c.publish(event.Event{Kind: event.DiskFailed, Message: err.Error()})
	c.control.KeepSocketFile()
	go func() { _ = c.Close() }() // Close waits for the goroutine that calls abandon
}

// Err returns the reason why the cluster stopped by itself, nil if it did not.
func (c *Cluster) Err() error {
	if err := c.failed.Load(); err != nil {
		return *err
	}
	return nil
}
