package render

import (
	"fmt"

	"ringside/engine/view"
)

// State returns the state of a node, with the reason if the node went down by itself:
// "down (the disk is full)".
func State(n *view.Node) string {
	if n.Reason == "" {
		return string(n.Status)
	}
	return fmt.Sprintf("%s (%s)", n.Status, Text(n.Reason))
}

// Behind returns how many of the membership changes that running nodes know this node knows:
// "knows 2 of 3 changes".
func Behind(cluster *view.Cluster, n *view.Node) string {
	known := len(n.History)
	return fmt.Sprintf("knows %d of %s", known, Count(known+cluster.Behind(n), "change"))
}
