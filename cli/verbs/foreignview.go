package verbs

// What conditions see of a foreign cluster: which hosts answer.

import (
	"context"
	"fmt"
	"time"

	"ringside/cli/render"
	"ringside/engine/settings"
	"ringside/engine/view"
)

// hostLook is how long a host has to answer when a condition looks at it. It is shorter than the
// first look of a wait, so that a host that says nothing is down, and not the whole cluster.
const hostLook = 2 * time.Second

// foreignView returns the view of a foreign cluster that conditions look at.
func foreignView(ctx context.Context, f Foreign) (*view.Cluster, error) {
	nodes, err := f.Nodes(ctx, min(hostLook, f.Address().Timeout))
	if err != nil {
		return nil, err
	}
	out := view.New()
	out.Settings = settings.Cluster{Name: f.Address().String()}
	for _, n := range nodes {
		name, status := n.Short, view.Up
		if n.Err != nil {
			status = view.Down
		}
		if name == "" {
			name = n.Addr
		}
		out.Settings.Nodes = append(out.Settings.Nodes, name)
		out.Nodes = append(out.Nodes, &view.Node{Name: name, Status: status, Addr: n.Addr})
	}
	return out, nil
}

// MayHave implements condition.Source. A host that has not answered yet is called by its address,
// and its node may have any name.
func (s source) MayHave(v *view.Cluster, node string) string {
	if foreignOf(s.env) == nil {
		return ""
	}
	for _, n := range v.Nodes {
		if n.Status != view.Up && n.Name == n.Addr {
			addr := render.Node(n.Addr)
			return fmt.Sprintf("no host that answers is %s, and %s, which does not answer, may be; down=%[2]s names that host",
				render.Quoted(node), addr)
		}
	}
	return ""
}
