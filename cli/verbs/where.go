package verbs

// §4.3: where a key's replicas belong.

import (
	"context"

	"ringside/engine/ring"
	"ringside/engine/view"
)

var whereVerb = &Verb{
	Name: "where", Group: GroupLook, Section: "§4.3",
	Args:  []Arg{keyArgument},
	Usage: "show the nodes on which a key's replicas belong: its preference list",
	Help: `The first N nodes of the list are the key's homes. The others are its fallbacks, which keep a replica with a
hint while a home cannot be reached (§4.6). inspect shows which nodes hold the key now, and  ring KEY  the same list.
--json prints {"key","position","preference":[home],"fallbacks":[node],"nodes":[{"node","role":"home"|"fallback",
"state"}]}.`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		key, err := keyArg(c)
		if err != nil {
			return err
		}
		cluster, err := e.view(ctx)
		if err != nil {
			return err
		}
		if e.JSON {
			return printWhere(e, cluster, key)
		}
		return e.write(showPlace(e.painter(), cluster, key))
	},
}

// A placeJSON is a node of a preference list.
type placeJSON struct {
	Node  string      `json:"node"`
	Role  string      `json:"role"`
	State view.Status `json:"state"`
}

func printWhere(e *Env, cluster *view.Cluster, key []byte) error {
	homes, all := cluster.Ring.Homes(key), cluster.Ring.Preference(key)
	nodes := make([]placeJSON, len(all))
	for i, name := range all {
		nodes[i] = placeJSON{name, roleFallback, stateOf(cluster, name)}
		if i < len(homes) {
			nodes[i].Role = roleHome
		}
	}
	return e.print(struct {
		keyJSON
		Position   string      `json:"position"`
		Preference []string    `json:"preference"`
		Fallbacks  []string    `json:"fallbacks"`
		Nodes      []placeJSON `json:"nodes"`
	}{keyOf(key), ring.Of(key).String(), orEmpty(homes), orEmpty(all[len(homes):]), nodes})
}

// The roles of a node in a preference list.
const (
	roleHome     = "home"
	roleFallback = "fallback"
)

// stateOf returns the state of a member. A member whose node is gone and that was not removed yet
// is gone.
func stateOf(cluster *view.Cluster, name string) view.Status {
	if n := cluster.Node(name); n != nil {
		return n.Status
	}
	return view.Status("gone")
}
