package condition

// The functions about what nodes hold, and what nodes believe of each other.

import (
	"context"
	"maps"
	"slices"

	"ringside/engine/vclock"
	"ringside/engine/view"
)

// holders returns the nodes that hold a key as a home or with a hint, in the order of the cluster's
// nodes.
func holders(ctx context.Context, l *look, args []string) (any, error) {
	cluster, err := l.viewOf(ctx, []byte(args[0]))
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, n := range cluster.Nodes {
		if len(allHeld(cluster, n.Name, args[0])) > 0 {
			out = append(out, n.Name)
		}
	}
	return out, nil
}

// heldCount returns how many versions of a key a node holds as a home.
func heldCount(ctx context.Context, l *look, args []string) (any, error) {
	cluster, err := l.viewOf(ctx, []byte(args[1]))
	if err != nil {
		return nil, err
	}
	if _, err := nodeOf(cluster, args[0]); err != nil {
		return nil, err
	}
	if k := cluster.Key([]byte(args[1])); k != nil {
		return len(k.Held[args[0]][""]), nil
	}
	return 0, nil
}

// keepers returns the nodes that keep a hint for a key, in the order of the cluster's nodes.
func keepers(ctx context.Context, l *look, args []string) (any, error) {
	cluster, err := l.viewOf(ctx, []byte(args[0]))
	if err != nil {
		return nil, err
	}
	out := []string{}
	for _, n := range cluster.Nodes {
		k := cluster.Key([]byte(args[0]))
		if k == nil {
			break
		}
		for home, s := range k.Held[n.Name] {
			if home != "" && len(s) > 0 {
				out = append(out, n.Name)
				break
			}
		}
	}
	return out, nil
}

// allHeld returns the versions of a key that a node holds as a home and in hints.
func allHeld(v *view.Cluster, node, key string) vclock.Siblings {
	k := v.Key([]byte(key))
	if k == nil {
		return nil
	}
	var out vclock.Siblings
	for _, s := range k.Held[node] {
		out = out.Merge(s)
	}
	return out
}

// relationOf returns how the versions of a key at one node relate to those at another: before,
// after, equal or concurrent. It returns "" if a node holds nothing.
func relationOf(ctx context.Context, l *look, args []string) (any, error) {
	cluster, err := l.viewOf(ctx, []byte(args[2]))
	if err != nil {
		return nil, err
	}
	for _, node := range args[:2] {
		if _, err := nodeOf(cluster, node); err != nil {
			return nil, err
		}
	}
	a, b := allHeld(cluster, args[0], args[2]), allHeld(cluster, args[1], args[2])
	switch {
	case len(a) == 0 || len(b) == 0:
		return "", nil
	case a.Equal(b):
		return string(vclock.Equal), nil
	case a.Descends(b):
		return string(vclock.After), nil
	case b.Descends(a):
		return string(vclock.Before), nil
	}
	return string(vclock.Concurrent), nil
}

// membersOf returns the members of the ring that a node knows, in the order of that ring.
func membersOf(ctx context.Context, l *look, args []string) (any, error) {
	return ofNodeView(ctx, l, args[0], func(v *view.Cluster, n *view.Node) []string {
		out := []string{}
		if r := v.RingOf(n); r != nil {
			for _, m := range r.Members() {
				out = append(out, m.Name)
			}
		}
		return out
	})
}

// suspectsOf returns the nodes that a node believes failed, sorted.
func suspectsOf(ctx context.Context, l *look, args []string) (any, error) {
	return ofNodeView(ctx, l, args[0], func(_ *view.Cluster, n *view.Node) []string {
		return append([]string{}, slices.Sorted(maps.Keys(n.Suspects))...)
	})
}

func ofNodeView(ctx context.Context, l *look, node string, f func(*view.Cluster, *view.Node) []string) (any, error) {
	cluster, err := l.view(ctx)
	if err != nil {
		return nil, err
	}
	n, err := nodeOf(cluster, node)
	if err != nil {
		return nil, err
	}
	return f(cluster, n), nil
}

// suspectedBy returns the nodes that believe that a node failed, in the order of the cluster's
// nodes.
func suspectedBy(v *view.Cluster, args []string) (any, error) {
	out := []string{}
	for _, n := range v.Nodes {
		if n.Suspects[args[0]] && n.Status == view.Up {
			out = append(out, n.Name)
		}
	}
	_, err := nodeOf(v, args[0])
	return out, err
}

// areApart reports whether a split separates two nodes.
func areApart(v *view.Cluster, args []string) (any, error) {
	for _, node := range args {
		if _, err := nodeOf(v, node); err != nil {
			return nil, err
		}
	}
	return v.Groups != nil && v.Side(args[0]) != v.Side(args[1]), nil
}

// tokenCount returns the number of tokens of a node, 0 if the node is not a member.
func tokenCount(v *view.Cluster, args []string) (any, error) {
	return v.Ring.TokenCount()[args[0]], nil
}
