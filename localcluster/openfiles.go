package localcluster

import (
	"fmt"
	"math"
)

// The open files that a cluster needs. Each connection has two ends in this process.
const (
	baseFiles = 64 // of the process: its folders, locks, control socket and pollers
	nodeFiles = 8  // of a node: its port, and connections of clients
	diskFiles = 24 // of a database: its journals, manifest, lock and tables
	// minPeers is the least number of connections to peers with which a node works well. With fewer,
	// nodes would dial for most messages.
	minPeers = 16
)

// A fileBudget divides the files that the process may open among nodes.
type fileBudget struct {
	limit uint64 // 0: none
	mem   bool   // the nodes have no databases
}

// perNode returns the files of a node without its connections to peers.
func (b fileBudget) perNode() int {
	if b.mem {
		return nodeFiles
	}
	return nodeFiles + diskFiles
}

// check returns an error if the limit is too low for a number of nodes. The error says how many
// files the nodes need.
func (b fileBudget) check(nodes int) error {
	need := baseFiles + nodes*(b.perNode()+min(nodes-1, minPeers))
	if b.limit == 0 || nodes == 0 || b.limit >= uint64(need) {
		return nil
	}
	return fmt.Errorf("%d nodes need %d open files and the limit is %d; raise it with  ulimit -n %d",
		nodes, need, b.limit, need)
}

// peers returns how many connections to peers each of a number of nodes may keep, which is at least
// 1. That is enough for nodes that check has accepted.
func (b fileBudget) peers(nodes int) int {
	if b.limit == 0 || nodes == 0 {
		return math.MaxInt
	}
	return max(1, (int(b.limit)-baseFiles)/nodes-b.perNode())
}
