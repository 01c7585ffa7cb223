package state

import (
	"slices"

	"ringside/engine/escape"
	"ringside/engine/view"
	"ringside/tui/theme"
)

// maxName is how many columns a node's name takes at most in a table.
const maxName = 10

// Name returns a node's name for a table: safe for a terminal, and short.
func Name(node string) string { return escape.TerminalShort([]byte(node), maxName) }

// Select selects the i-th node, or the nearest that there is.
func (s *State) Select(i int) { s.selected = max(0, min(i, len(s.View.Nodes)-1)) }

// Selected returns the index of the selected node in View.Nodes.
func (s *State) Selected() int { return s.selected }

// SelectedNode returns the selected node, nil if no node is known.
func (s *State) SelectedNode() *view.Node {
	if s.selected >= len(s.View.Nodes) {
		return nil
	}
	return s.View.Nodes[s.selected]
}

// Index returns a node's place in the order of joining, -1 if the node is not known.
func (s *State) Index(node string) int {
	return slices.IndexFunc(s.View.Nodes, func(n *view.Node) bool { return n.Name == node })
}

// Suspected reports whether a running node of the same side believes that node failed. The nodes
// of the other side of a split always do.
func (s *State) Suspected(node string) bool {
	side := s.View.Side(node)
	return slices.ContainsFunc(s.View.Nodes, func(o *view.Node) bool {
		return o.Status == view.Up && o.Suspects[node] && s.View.Side(o.Name) == side
	})
}

// SuspectedNodes returns the nodes for which Suspected is true. It is cheaper than a call of
// Suspected for each node.
func (s *State) SuspectedNodes() map[string]bool {
	out := map[string]bool{}
	for _, o := range s.View.Nodes {
		if o.Status != view.Up || len(o.Suspects) == 0 {
			continue
		}
		side := s.View.Side(o.Name)
		for n := range o.Suspects {
			if !out[n] && s.View.Side(n) == side {
				out[n] = true
			}
		}
	}
	return out
}

// Sign returns the sign of a node's state, the one of a suspected node if the cluster does not
// answer.
func (s *State) Sign(th *theme.Theme, n *view.Node) string {
	if s.Unreachable {
		return th.Suspect
	}
	return th.Node(n.Status, s.Suspected(n.Name))
}

// SignUnlessUp returns the sign of a node that does not run, else "". Such a node holds what it was
// last seen to hold.
func (s *State) SignUnlessUp(th *theme.Theme, node string) string {
	if n := s.View.Node(node); n != nil && n.Status != view.Up {
		return s.Sign(th, n)
	}
	return ""
}

// ToggleMark marks the selected node for the next split, kill or pause, or takes its mark away.
func (s *State) ToggleMark() {
	n := s.SelectedNode()
	switch {
	case n == nil:
	case s.marked[n.Name]:
		delete(s.marked, n.Name)
	default:
		s.marked[n.Name] = true
	}
}

// IsMarked reports whether a node is marked.
func (s *State) IsMarked(node string) bool { return s.marked[node] }

// Marked returns the marked nodes in the order of joining.
func (s *State) Marked() []string {
	var out []string
	for _, n := range s.View.Nodes {
		if s.marked[n.Name] {
			out = append(out, n.Name)
		}
	}
	return out
}

// ClearMarks takes all marks away, and reports whether there were any.
func (s *State) ClearMarks() bool {
	had := len(s.marked) > 0
	clear(s.marked)
	return had
}
