package localcluster

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/engine/wire"
)

// At rest most pairs of nodes have no connection, and each node answers.
func TestNodesAtRestHaveFewConnections(t *testing.T) {
	const nodes, perNode = 60, 6
	c := begin(t, Options{Mem: true, Settings: settings.Cluster{Nodes: settings.NodeNames(nodes)}})
	if ends := c.network.Connections(); ends > perNode*nodes {
		t.Errorf("%d ends of connections at the start", ends)
	}
	for i := range 10 * nodes {
		via := fmt.Sprintf("n%d", 1+i%nodes)
		put(t, c, via, fmt.Sprint("key ", i), "v", nil)
	}
	busy := c.network.Connections()
	await(t, "idle connections to be closed", func() bool { return c.network.Connections() <= perNode*nodes })
	if busy <= perNode*nodes {
		t.Errorf("only %d ends of connections under load: the test shows nothing", busy)
	}
	for i := range nodes {
		want(t, get(t, c, fmt.Sprintf("n%d", i+1), fmt.Sprint("key ", i)), "v")
	}
}

// manyNodes is the number of nodes of TestManyNodes, unless the environment asks for another one
// (make many). Then the data is on disk.
const manyNodes = 100

// Many nodes start, answer, and know which of them can be reached.
func TestManyNodes(t *testing.T) {
	nodes, mem := manyNodes, true
	if n, err := strconv.Atoi(os.Getenv("RINGSIDE_TEST_NODES")); err == nil {
		nodes, mem = n, false
	}
	c := begin(t, Options{Mem: mem, Settings: settings.Cluster{Nodes: settings.NodeNames(nodes)}})
	for i := range nodes {
		put(t, c, fmt.Sprintf("n%d", i+1), fmt.Sprint("key ", i), "v", nil)
	}
	do(t, c, fault.Fault{Kind: fault.Kill, Nodes: []string{"n7"}})
	await(t, "all nodes to suspect n7", func() bool {
		v, suspicious := viewOf(t, c), 0
		for _, n := range v.Nodes {
			if n.Suspects["n7"] {
				suspicious++
			}
		}
		return suspicious == nodes-1
	})
	do(t, c, fault.Fault{Kind: fault.Restart, Nodes: []string{"n7"}})
	for i := range nodes {
		began := time.Now()
		r, err := c.Do(t.Context(), "n7", wire.GetRequest{Key: fmt.Append(nil, "key ", i)})
		if err != nil || r.(wire.GetReply).Err != wire.OK {
			t.Fatalf("get via a node that was just started: %+v %v after %v", r, err, time.Since(began))
		}
	}
}
