package view

import (
	"fmt"

	"ringside/engine/escape"
)

// Oversized describes a key that cannot converge before a client reconciles it, and how to do that.
// It is "" if no running node reported such a key.
func (v *Cluster) Oversized() string {
	for _, n := range v.Nodes {
		if n.Status != Up || len(n.TooLarge) == 0 {
			continue
		}
		t := n.TooLarge[0]
		key := escape.Terminal(t.Key)
		return fmt.Sprintf("%s and %s cannot merge the key %s: %s; reconcile it: "+
			"get %s -R 1 --via %s --save @all, put %s VALUE -c @all, and the same via %s, then sync",
			n.Name, t.Peer, key, t.Sizes(n.Name), key, n.Name, key, t.Peer)
	}
	return ""
}
