package ringsidetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/engine/fault"
)

// Partition cuts the network into groups, each a list of nodes such as "n1,n2". Nodes in no group
// are a last group. Another Partition takes the place of this one.
func (c *Cluster) Partition(groups ...string) {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Split, Groups: lists(groups)})
}

// Split cuts the network in two so that each side has a home of the key (§4.3), and returns a
// client for each side. Options.N must be at least 2. A side of a cluster of three nodes may have
// fewer nodes than R or W, and then refuses requests. A side with fewer than R homes refuses a get
// of an absent key, because another home may have a value, so put the key before the Split.
func (c *Cluster) Split(key string) (left, right *Client) {
	c.tb.Helper()
	homes := c.Homes(key)
	if len(homes) < 2 {
		c.tb.Fatalf("ringsidetest: split %s: its only home is %s; set Options.N to 2 or more", shown(key), homes[0])
	}
	one, two := []string{homes[0]}, slices.Clone(homes[1:])
	for _, node := range c.Nodes() {
		switch {
		case slices.Contains(homes, node):
		case len(one) < len(two):
			one = append(one, node)
		default:
			two = append(two, node)
		}
	}
	c.fault(fault.Fault{Kind: fault.Split, Groups: [][]string{one, two}})
	return c.Client().Via(homes[0]), c.Client().Via(homes[1])
}

// PartitionOneWay cuts the network in one direction: later groups still reach earlier ones.
func (c *Cluster) PartitionOneWay(groups ...string) {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Split, Groups: lists(groups), OneWay: true})
}

// Heal ends the partition, all delays and all losses.
func (c *Cluster) Heal() {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Heal})
}

// Kill crashes nodes. Their data stays.
func (c *Cluster) Kill(nodes ...string) {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Kill, Nodes: nodes})
}

// Restart starts nodes again with their data, and crashes those that run first.
func (c *Cluster) Restart(nodes ...string) {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Restart, Nodes: nodes})
}

// Wipe crashes nodes, and starts them again without their data.
func (c *Cluster) Wipe(nodes ...string) {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Wipe, Nodes: nodes})
}

// Pause stops nodes. Their connections stay, so other nodes notice by time-outs alone.
func (c *Cluster) Pause(nodes ...string) {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Pause, Nodes: nodes})
}

// Resume lets paused nodes go on.
func (c *Cluster) Resume(nodes ...string) {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Resume, Nodes: nodes})
}

// Skew crashes nodes and starts them again with clocks that are ahead of the others, at most 24
// hours and at least as far as they were, because a clock never goes back. Clocks decide which
// write is the last (Options.LastWriteWins); with siblings they decide nothing.
func (c *Cluster) Skew(ahead time.Duration, nodes ...string) {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Skew, Nodes: nodes, Ahead: ahead})
}

// Slow delays the messages of a link by d, at most one minute; 0 ends the delay. A link is "n1>n3"
// for one direction, "n1-n3" for both, or "n1" for all links of n1.
func (c *Cluster) Slow(link string, d time.Duration) {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Slow, Link: link, Delay: d})
}

// Loss loses a share of the messages of a link, 0 to 100 percent; 0 ends the loss. Links are named
// as in Slow.
func (c *Cluster) Loss(link string, percent float64) {
	c.tb.Helper()
	c.fault(fault.Fault{Kind: fault.Loss, Link: link, Percent: percent})
}

// fault causes or ends a fault, and fails the test if that makes no sense.
func (c *Cluster) fault(f fault.Fault) {
	c.tb.Helper()
	ctx, cancel := background()
	defer cancel()
	if err := c.try(ctx, f); err != nil {
		c.tb.Fatalf("ringsidetest: %v; the nodes are %s", err, strings.Join(c.Nodes(), " "))
	}
}

// try causes or ends a fault. The events up to then are kept first, because a fault causes many.
func (c *Cluster) try(ctx context.Context, f fault.Fault) error {
	if err := f.Check(); err != nil {
		return fmt.Errorf("%s: %w", f.Kind, err)
	}
	if err := c.catchUp(ctx); err != nil {
		return err
	}
	return c.cluster.Fault(ctx, f)
}

// lists splits lists of nodes.
func lists(groups []string) [][]string {
	out := make([][]string, len(groups))
	for i, g := range groups {
		out[i] = strings.FieldsFunc(g, func(r rune) bool { return r == ',' || r == ' ' })
	}
	return out
}
