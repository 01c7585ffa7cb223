package suggest

import (
	"slices"
	"strings"

	"ringside/cli/render"
	"ringside/engine/view"
	"ringside/tui/state"
)

// A Split is a proposed split of the network.
type Split struct{ Line, Note string }

// maxShownKey is how many columns a note has for the key.
const maxShownKey = 16

// Splits returns splits that show something, for the cluster and the key that s shows: by marked
// nodes, by the key's homes, in halves, and of one node. It returns nil if there is nothing to
// split.
func Splits(s *state.State) []Split {
	nodes := names(s.View.Nodes)
	if len(nodes) < 2 {
		return nil
	}
	var out []Split
	add := func(note string, cut []string, more ...string) {
		line := strings.Join(append([]string{"partition", strings.Join(cut, ",")}, more...), " ")
		known := slices.ContainsFunc(out, func(o Split) bool { return o.Line == line })
		if len(cut) > 0 && len(cut) < len(nodes) && !known {
			out = append(out, Split{line, note})
		}
	}
	if len(s.View.Groups) > 0 {
		out = append(out, Split{"heal", "end the split that there is"})
	}
	add("the marked nodes, against the rest", s.Marked())
	if homes := inOrder(nodes, s.Homes()); len(homes) > 0 {
		key := render.KeyIn(s.Key(), maxShownKey)
		first := s.Homes()[0]
		add("the homes of "+key+", against the rest", homes)
		others := slices.DeleteFunc(slices.Clone(homes), func(n string) bool { return n == first })
		add("two homes of "+key+", against the rest", others[:min(len(others), 2)])
	}
	add("two halves", nodes[:len(nodes)/2])
	if n := s.SelectedNode(); n != nil {
		name := state.Name(n.Name)
		add(name+" alone", []string{n.Name})
		add(name+" hears the others, which do not hear it", []string{n.Name}, "--one-way")
	}
	return out
}

func names(nodes []*view.Node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.Name
	}
	return out
}

// inOrder returns the nodes that are also in some, in their order.
func inOrder(nodes, some []string) []string {
	var out []string
	for _, n := range nodes {
		if slices.Contains(some, n) {
			out = append(out, n)
		}
	}
	return out
}
