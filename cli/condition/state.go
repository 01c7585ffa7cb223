package condition

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ringside/cli/render"
	"ringside/engine/member"
	"ringside/engine/view"
)

// allUp is the condition that every node runs. A node that was removed need not come back.
func allUp(ctx context.Context, l *look) (string, error) {
	cluster, err := l.view(ctx)
	if err != nil {
		return "", err
	}
	var expected []string
	for _, name := range cluster.Settings.Nodes {
		last, _ := cluster.History.Last(name)
		if cluster.Ring == nil || cluster.Ring.Has(name) || last.Kind != member.Remove {
			expected = append(expected, name)
		}
	}
	return nodesAre(ctx, l, view.Up, expected)
}

// hintsAre is the condition that nodes keep want hints in all.
func hintsAre(ctx context.Context, l *look, want int) (string, error) {
	cluster, err := l.view(ctx)
	if err != nil {
		return "", err
	}
	for _, n := range cluster.Nodes {
		if want == 0 && cluster.Hints() == 0 && n.Status == view.Paused {
			name := render.Node(n.Name)
			return fmt.Sprintf("%s is paused, and does not say what it keeps; resume %[1]s", name), nil
		}
	}
	switch cluster.Hints() {
	case want:
		return "", nil
	case 0:
		return "there are no hints", nil
	}
	return hintHolders(cluster), nil
}

// hintHolders returns which node keeps how many hints for which home, and why the hints stay.
func hintHolders(cluster *view.Cluster) string {
	var out []string
	for _, n := range cluster.Nodes {
		for _, home := range slices.Sorted(maps.Keys(n.Hints)) {
			holder := render.Node(n.Name)
			s := fmt.Sprintf("%s keeps %s for %s", holder, render.Count(n.Hints[home].Keys, "hint"), render.Node(home))
			h := cluster.Node(home)
			switch {
			case n.Status != view.Up:
				s += fmt.Sprintf(", and %s is %s", holder, n.Status)
			case h != nil && h.Status != view.Up:
				s += ", which is " + string(h.Status)
			case cluster.Groups != nil && cluster.Side(n.Name) != cluster.Side(home):
				s += ", which is beyond the split"
			}
			out = append(out, s)
		}
	}
	return strings.Join(out, "; ")
}

// converged is the condition that the homes of each key hold the same versions.
func converged(ctx context.Context, l *look, keys ...[]byte) (string, error) {
	cluster, err := l.viewOf(ctx, keys...)
	if err != nil {
		return "", err
	}
	for _, k := range keys {
		if b := cluster.Blocking(k); b != "" {
			return render.Text(string(k)) + ": " + render.Text(b), nil
		}
	}
	return "", nil
}

// allConverged is the condition that all homes hold the same. It compares the roots of the nodes'
// Merkle trees, which stand for all replicas that homes hold. Hints are not in the trees.
func allConverged(ctx context.Context, l *look) (string, error) {
	cluster, err := l.view(ctx)
	if err != nil {
		return "", err
	}
	if b := unsettled(cluster); b != "" {
		return b, nil
	}
	if cluster.Hints() > 0 {
		return hintHolders(cluster) + oversized(cluster), nil
	}
	if b := cluster.Unconverged(); b != "" {
		return render.Text(b) + oversized(cluster), nil
	}
	return "", nil
}

// oversized returns a note on an oversized key, "" if there is none. Such a key does not converge
// until a client reconciles it.
func oversized(cluster *view.Cluster) string {
	if b := cluster.Oversized(); b != "" {
		return "; " + b
	}
	return ""
}

// allSettled is allConverged, and all members are up.
func allSettled(ctx context.Context, l *look) (string, error) {
	cluster, err := l.view(ctx)
	if err != nil {
		return "", err
	}
	for _, m := range cluster.Ring.Members() {
		switch n := cluster.Node(m.Name); {
		case n == nil:
			return render.Node(m.Name) + ", a member, is not there", nil
		case n.Status != view.Up:
			return fmt.Sprintf("%s, a member, is %s; %s", render.Node(m.Name), render.State(n), wayOut(n)), nil
		}
	}
	return allConverged(ctx, l)
}

// wayOut returns the commands that end the wait for a node that does not run.
func wayOut(n *view.Node) string {
	name := render.Node(n.Name)
	back := "restart " + name + " starts it"
	if n.Status == view.Paused {
		back = "resume " + name + " lets it go on"
	}
	return fmt.Sprintf("%s, leave %s --force removes it", back, name)
}

// unsettled returns what of a membership change is under way, "" if nothing is.
func unsettled(cluster *view.Cluster) string {
	for _, n := range cluster.Nodes { // first, because other nodes wait for such a node
		if last, _ := cluster.History.Last(n.Name); n.Status != view.Up && last.Kind == member.Leave {
			return fmt.Sprintf("%s is leaving, is %s, and has not handed over everything; %s",
				render.Node(n.Name), render.State(n), wayOut(n))
		}
	}
	for _, n := range cluster.Nodes {
		if n.Status != view.Up {
			continue
		}
		if b := changing(cluster, n); b != "" {
			return b
		}
	}
	return ""
}

// changing returns what a running node has to do for a membership change, "" if nothing.
func changing(cluster *view.Cluster, n *view.Node) string {
	name := render.Node(n.Name)
	switch {
	case cluster.Behind(n) > 0:
		return name + " " + render.Behind(cluster, n) + " to the ring" + healAdvice(cluster)
	case n.Foreign > 0:
		return fmt.Sprintf("%s has %s to hand over to new homes%s", name, render.Count(n.Foreign, "key"),
			healAdvice(cluster))
	case !cluster.Ring.Has(n.Name):
		if last, known := cluster.History.Last(n.Name); !known || last.Kind == member.Join {
			return fmt.Sprintf("%s runs and is not a member; join %[1]s lets it in, kill %[1]s takes it down", name)
		}
		return name + " has left and is about to be taken down"
	case n.Pending > 0:
		return fmt.Sprintf("%s waits for %s%s", name, render.Count(n.Pending, "range"), healAdvice(cluster))
	}
	return ""
}

// healAdvice returns a note on the split that may block the nodes, "" if there is none.
func healAdvice(cluster *view.Cluster) string {
	if cluster.Groups == nil {
		return ""
	}
	return "; the network is split, heal ends the split"
}
