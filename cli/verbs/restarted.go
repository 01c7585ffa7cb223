package verbs

import (
	"context"

	"ringside/engine/event"
)

// A nodeNote is a fault that a node found with its disk when the node started.
type nodeNote struct {
	Node string `json:"node"`
	Note string `json:"note"`
}

// foundAtStart returns, by node, the faults that nodes found with their disks at their latest
// start.
func (e *Env) foundAtStart(ctx context.Context) map[string]string {
	found := map[string]string{}
	starts := event.Query{Filter: event.Filter{Kinds: []event.Kind{event.NodeUp, event.RolledBack}}}
	_ = e.Cluster.Events(ctx, starts, func(batch []event.Event) error { // after an error, only the notes are missing
		for _, ev := range batch {
			switch {
			case ev.Kind == event.NodeUp:
				found[ev.Node] = ev.Message
			case ev.Kind == event.RolledBack && found[ev.Node] == "":
				found[ev.Node] = ev.Message
			}
		}
		return nil
	})
	return found
}

// notesOn returns the notes of nodes, in the order of nodes.
func notesOn(nodes []string, found map[string]string) []nodeNote {
	var out []nodeNote
	for _, n := range nodes {
		if note := found[n]; note != "" {
			out = append(out, nodeNote{n, note})
		}
	}
	return out
}
