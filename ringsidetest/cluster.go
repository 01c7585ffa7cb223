package ringsidetest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"ringside/cli/condition"
	"ringside/cli/console"
	"ringside/cli/verbs"
	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/localcluster"
	"ringside/localcluster/config"
)

const (
	// startTime bounds the start of a cluster. A start takes milliseconds on an idle machine.
	startTime = time.Minute
	// callTime bounds each question of this package to the cluster.
	callTime = 30 * time.Second
)

// Options describe a cluster. A zero field stands for the default.
type Options struct {
	Nodes int      // 1 to 256; 0: 5. They are called n1, n2 and so on
	Names []string // of the nodes, in place of Nodes
	N     int      // replicas of a key (§4.3); 0: 3
	R, W  int      // nodes that must answer a get, and a put or a delete (§4.5); 0: 2

	Strict        bool // only the N homes of a key count, and fallbacks take no writes (§4.6)
	LastWriteWins bool // the latest of concurrent writes stays, in place of siblings (§4.4)
	NoAntiEntropy bool // nodes compare no trees (§4.7), also not in WaitConverged

	// Skew has, by node, how far a node's clock is ahead of the others, at most 24 hours; a
	// negative skew is behind. Clocks decide which write is the last. The skew is there from the
	// start; Cluster.Skew makes it greater later.
	Skew map[string]time.Duration

	// Wait bounds how long Wait and WaitConverged wait; 0: 10 s.
	Wait time.Duration
	// Capsule is the file to which a test that fails writes its capsule, which ringside open shows;
	// "": a file named after the test, in the test's folder for artifacts with go test -artifacts,
	// in the folder that the variable RINGSIDE_ARTIFACTS names, or else in a new temporary folder.
	Capsule string
}

// defaultWait is the time that Wait waits. A hint is returned a second after a heal.
const defaultWait = 10 * time.Second

// A Cluster is a cluster in the process of a test. Its methods fail the test with a message that
// says what to do, so they belong to the goroutine of the test. Clients may be used by any
// goroutine.
type Cluster struct {
	tb      TB
	o       Options
	cluster *localcluster.Cluster
	env     *verbs.Env
	number  int // of the test's cluster, from 1 on

	mu      sync.Mutex // guards what follows
	history history
	asked   []uint64 // the latest requests of clients, at most maxTraces
}

// Start starts a cluster in memory, and stops it at the end of the test. If the test has failed,
// the end of the test also shows the traces of the latest requests, and writes a capsule, which
// ringside open shows.
func Start(tb TB, o Options) *Cluster {
	tb.Helper()
	s, err := o.settings()
	if err != nil {
		tb.Fatalf("ringsidetest: start: %v", err)
	}
	home, err := console.ShortTemp("ringsidetest-") // not tb.TempDir, whose path is too long for a socket
	if err != nil {
		tb.Fatalf("ringsidetest: start: %v", err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(home) })
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	running, err := localcluster.Start(ctx, localcluster.Options{
		Home: home, Mem: true, Settings: s, Skew: func(node string) time.Duration { return o.Skew[node] },
	})
	if err != nil {
		tb.Fatalf("ringsidetest: %v", err)
	}
	c := &Cluster{tb: tb, o: o, cluster: running, history: history{limit: maxEvents}, number: started(tb.Name())}
	c.env = &verbs.Env{Cluster: recorded{running, c}}
	tb.Cleanup(c.stop)
	return c
}

// clusters counts the clusters that each test of this process has started, by the test's name.
var clusters = struct {
	mu sync.Mutex
	of map[string]int
}{of: map[string]int{}}

// started counts a cluster of a test, and returns its number.
func started(test string) int {
	clusters.mu.Lock()
	defer clusters.mu.Unlock()
	clusters.of[test]++
	return clusters.of[test]
}

// settings returns the settings of the cluster that o describes.
func (o Options) settings() (settings.Cluster, error) {
	s := settings.Cluster{
		Nodes: o.Names, N: o.N, R: o.R, W: o.W, Strict: o.Strict, NoAntiEntropy: o.NoAntiEntropy,
	}
	if o.LastWriteWins {
		s.Mode = settings.ModeLWW
	}
	switch {
	case o.Nodes < 0 || o.Nodes > config.MaxNodes:
		return s, fmt.Errorf("invalid Options.Nodes %d: want 1 to %d, or 0 for %d", o.Nodes, config.MaxNodes,
			settings.DefaultNodes)
	case o.Nodes > 0 && o.Names != nil && o.Nodes != len(o.Names):
		return s, fmt.Errorf("Options.Nodes is %d and Options.Names has %d names; leave Nodes out", o.Nodes, len(o.Names))
	case o.Wait < 0:
		return s, fmt.Errorf("invalid Options.Wait %v: want a time above 0, or 0 for %v", o.Wait, defaultWait)
	case o.Names == nil && o.Nodes > 0:
		s.Nodes = settings.NodeNames(o.Nodes)
	case o.Names == nil:
		s.Nodes = settings.NodeNames(settings.DefaultNodes)
	}
	for node, skew := range o.Skew {
		if !slices.Contains(s.Nodes, node) {
			return s, fmt.Errorf("Options.Skew names %q; the nodes are %s", node, strings.Join(s.Nodes, " "))
		}
		if skew.Abs() > fault.MaxAhead {
			return s, fmt.Errorf("Options.Skew of %s is %v; want at most %v", node, skew, fault.MaxAhead)
		}
	}
	return s, nil
}

// Nodes returns the names of the nodes.
func (c *Cluster) Nodes() []string { return slices.Clone(c.cluster.Settings().Nodes) }

// Homes returns the nodes that keep the replicas of a key, in the order of its preference list
// (§4.3).
func (c *Cluster) Homes(key string) []string {
	c.tb.Helper()
	return c.view().Ring.Homes([]byte(key))
}

// WaitConverged waits until no hint is left and all homes of each key hold the same, and fails the
// test after Options.Wait with what blocks. Nodes compare their trees at once, unless
// Options.NoAntiEntropy is set.
func (c *Cluster) WaitConverged() {
	c.tb.Helper()
	if !c.o.NoAntiEntropy {
		ctx, cancel := background()
		defer cancel()
		if _, err := c.cluster.Compare(ctx, false); err != nil {
			c.tb.Fatalf("ringsidetest: wait until converged: %v", err)
		}
	}
	c.Wait("converged")
}

// Wait waits until a condition of the command ringside wait holds, and fails the test after
// Options.Wait with what blocks: c.Wait("hints==0"), c.Wait("siblings(cart)==2").
func (c *Cluster) Wait(text string) {
	c.tb.Helper()
	cond, err := condition.Parse([]string{text}, condition.Options{})
	if err != nil {
		c.tb.Fatalf("ringsidetest: wait %s: %v; ringside help wait lists the conditions", text, err)
	}
	limit := c.o.Wait
	if limit == 0 {
		limit = defaultWait
	}
	if err := cond.Wait(context.Background(), c.env.Source(), limit); err != nil {
		c.tb.Fatalf("ringsidetest: %v; heal the network and restart the nodes, or set a longer Options.Wait", err)
	}
}

// background returns the context of a question of this package. The context of the test has ended
// when its cleanup runs.
func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), callTime)
}
