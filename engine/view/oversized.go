package view

import (
	"fmt"

	"ringside/engine/escape"
)

// Oversized returns a message about one key whose replicas cannot be merged, with commands that fix
// this, or "" if no running node reports such a key.
func (v *Cluster) Oversized() string {
	for _, n := range v.Nodes {
		if n.Status != Up || len(n.Oversized) == 0 {
			continue
		}
		t := n.Oversized[0]
		key := escape.Terminal(t.Key)
		return fmt.Sprintf("key %s is oversized: %s; run get %[1]s -R 1 --via %[3]s --save @all, "+
			"put %[1]s VALUE -c @all, the same via %[4]s, and sync", key, t.Sizes(n.Name), n.Name, t.Peer)
	}
	return ""
}
