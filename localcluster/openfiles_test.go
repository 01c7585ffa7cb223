package localcluster

import (
	"strings"
	"testing"
)

// A limit that is too low for the nodes is refused, with the command that raises it. Any other
// limit is never exceeded.
func TestOpenFilesWithinTheLimit(t *testing.T) {
	for _, nodes := range []int{1, 5, 100, 200} {
		for _, mem := range []bool{true, false} {
			accepted := false
			for limit := uint64(1); limit < 200_000; limit += 61 {
				peers, err := peersWithin(limit, nodes, mem)
				if err != nil {
					if !strings.Contains(err.Error(), "ulimit -n ") || accepted {
						t.Fatalf("%d nodes, limit %d: %v", nodes, limit, err)
					}
					continue
				}
				accepted = true
				files := baseFiles + nodes*(nodeFiles+peers)
				if !mem {
					files += nodes * diskFiles
				}
				if uint64(files) > limit || peers < min(nodes-1, minPeers) || peers > nodes-1 {
					t.Fatalf("%d nodes, limit %d: %d files with %d peers", nodes, limit, files, peers)
				}
			}
			if !accepted {
				t.Errorf("%d nodes: no limit is enough", nodes)
			}
		}
	}
	if peers, err := peersWithin(0, 100, false); peers != 0 || err != nil {
		t.Errorf("without a limit: %d %v", peers, err)
	}
}
