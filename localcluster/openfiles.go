package localcluster

import (
	"ringside/engine/usage"
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

// peersWithin returns how many connections to peers each of a number of nodes may keep if the
// process may open limit files; a limit of 0 is none. The error says how many files are needed.
func peersWithin(limit uint64, nodes int, mem bool) (peers int, err error) {
	if limit == 0 || nodes == 0 {
		return 0, nil
	}
	fixed := nodeFiles
	if !mem {
		fixed += diskFiles
	}
	need := uint64(baseFiles + nodes*(fixed+min(nodes-1, minPeers)))
	if limit < need {
		return 0, usage.Errorf("start: %d nodes need %d open files and the limit is %d; raise it with  ulimit -n %d",
			nodes, need, limit, need)
	}
	return int(min(uint64(nodes-1), (limit-baseFiles)/uint64(nodes)-uint64(fixed))), nil
}
