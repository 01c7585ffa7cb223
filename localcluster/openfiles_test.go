package localcluster

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"ringside/engine/member"
	"ringside/engine/settings"
	"ringside/localcluster/config"
)

// A limit that is too low for the nodes is refused, with the command that raises it. Any other
// limit is never exceeded.
func TestOpenFilesWithinTheLimit(t *testing.T) {
	for _, nodes := range []int{1, 2, 5, 100, 200} {
		for _, mem := range []bool{true, false} {
			accepted := false
			for limit := uint64(1); limit < 200_000; limit += 61 {
				b := fileBudget{limit, mem}
				peers := b.peers(nodes)
				if err := b.check(nodes); err != nil {
					if !strings.Contains(err.Error(), "ulimit -n ") || accepted || peers < 1 {
						t.Fatalf("%d nodes, limit %d, %d peers: %v", nodes, limit, peers, err)
					}
					continue
				}
				accepted = true
				if files := baseFiles + nodes*(b.perNode()+peers); nodes > 1 && uint64(files) > limit ||
					peers < min(nodes-1, minPeers) {
					t.Fatalf("%d nodes, limit %d: %d files with %d peers", nodes, limit, files, peers)
				}
			}
			if !accepted {
				t.Errorf("%d nodes: no limit is enough", nodes)
			}
		}
	}
	b := fileBudget{}
	if err := b.check(100); err != nil || b.peers(100) != math.MaxInt {
		t.Errorf("without a limit: %d %v", b.peers(100), err)
	}
}

// Nodes that join count: each node then keeps a connection to each other one.
func TestJoinsKeepConnections(t *testing.T) {
	const nodes = 6
	for _, first := range []int{1, 2} {
		c := begin(t, Options{Mem: true, Settings: settings.Cluster{Nodes: settings.NodeNames(first), N: 1, R: 1, W: 1}})
		for range nodes - first {
			join(t, c, member.Request{})
		}
		round := 0
		await(t, "a connection between each two nodes", func() bool {
			for i := range nodes {
				put(t, c, fmt.Sprint("n", 1+i), fmt.Sprint("key ", i, round), "v", nil)
			}
			round++
			return c.network.Connections() >= nodes*(nodes-1)
		})
	}
}

// A join for which the process has too few files is refused.
func TestJoinBeyondTheLimitOfFiles(t *testing.T) {
	b := fileBudget{mem: true}
	b.limit = uint64(baseFiles + 3*(b.perNode()+2))
	c := begin(t, Options{Mem: true, Settings: settings.Cluster{Nodes: settings.NodeNames(2), N: 1, R: 1, W: 1},
		Testing: config.Testing{OpenFiles: b.limit}})
	join(t, c, member.Request{})
	_, err := c.Member(t.Context(), member.Request{Kind: member.Join})
	if err == nil || !strings.HasPrefix(err.Error(), "join n4: 4 nodes need ") || len(c.registry.nodes()) != 3 {
		t.Errorf("%d nodes, join: %v", len(c.registry.nodes()), err)
	}
}
