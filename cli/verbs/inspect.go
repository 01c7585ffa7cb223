package verbs

import (
	"context"
	"fmt"
	"slices"

	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/vclock"
	"ringside/engine/view"
)

var inspectVerb = &Verb{
	Name: "inspect", Group: GroupLook, Section: "§4.3, §4.4",
	Args:  []Arg{keyArgument},
	Usage: "show what every node holds of a key",
	Help:  `inspect reads the nodes' stores directly: it needs no quorum, and repairs nothing.`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		key, err := keyArg(c)
		if err != nil {
			return err
		}
		cluster, err := e.view(ctx, key)
		if err != nil {
			return err
		}
		if e.JSON {
			return e.print(inspectJSON(cluster, key))
		}
		return e.write(showInspect(e.painter(), cluster, key))
	},
}

// A replica is the versions of a key that one node holds in one role.
type replica struct {
	node, home string // home: the node that a hint is for, "" if node is itself a home
	up         bool
	versions   vclock.Siblings
}

// replicas returns the replicas of the homes by rank, then those of other nodes, then hints.
func replicas(cluster *view.Cluster, key []byte) []replica {
	held := map[string]map[string]vclock.Siblings{}
	if k := cluster.Key(key); k != nil {
		held = k.Held
	}
	homes := cluster.Ring.Homes(key)
	var own, hinted []replica
	for _, name := range cluster.Ring.Preference(key) {
		n := cluster.Node(name)
		up := n != nil && n.Status == view.Up
		if s := held[name][""]; slices.Contains(homes, name) || len(s) > 0 {
			own = append(own, replica{name, "", up, s})
		}
		for _, home := range sortedKeys(held[name]) {
			if s := held[name][home]; home != "" && len(s) > 0 {
				hinted = append(hinted, replica{name, home, up, s})
			}
		}
	}
	return append(own, hinted...)
}

// inspectJSON returns the JSON of inspect.
func inspectJSON(cluster *view.Cluster, key []byte) any {
	type entry struct {
		Node     string              `json:"node"`
		Role     string              `json:"role"`
		For      string              `json:"for,omitempty"`
		Up       bool                `json:"up"`
		Versions []event.VersionJSON `json:"versions"`
	}
	entries := []entry{}
	for _, r := range replicas(cluster, key) {
		role := "home"
		if r.home != "" {
			role = "hint"
		}
		entries = append(entries, entry{r.node, role, r.home, r.up, event.VersionsJSON(r.versions)})
	}
	homes := cluster.Ring.Homes(key)
	return struct {
		keyJSON
		Position   string   `json:"position"`
		Preference []string `json:"preference"`
		Fallbacks  []string `json:"fallbacks"`
		Converged  bool     `json:"converged"`
		Blocking   string   `json:"blocking,omitempty"`
		Replicas   []entry  `json:"replicas"`
		// Lost lists the key's versions that last write wins lost and that a node remembers.
		Lost []event.VersionJSON `json:"lost,omitempty"`
	}{keyOf(key), ring.Of(key).String(), homes, orEmpty(cluster.Ring.Preference(key)[len(homes):]), cluster.Converged(key),
		cluster.Blocking(key), entries, event.VersionsJSON(lostOf(cluster, key))}
}

func showInspect(p render.Painter, cluster *view.Cluster, key []byte) string {
	homes := cluster.Ring.Homes(key)
	t := render.Table{Indent: "  "}
	t.Head("node", "role", "clock", "value")
	for _, r := range replicas(cluster, key) {
		lead := []render.Cell{{Text: render.Node(r.node), Tone: render.Bold}, {Text: "home"}}
		if r.home != "" {
			lead[1] = render.Toned(render.Hint, "hint for "+render.Node(r.home))
		}
		if len(r.versions) == 0 {
			nothing := "nothing"
			if n := cluster.Node(r.node); !r.up && n != nil { // a forged recording may have no such node
				nothing = "the node is " + string(n.Status)
			}
			t.Row(append(lead, render.Toned(render.Dim, nothing))...)
		}
		for i, v := range r.versions {
			if i > 0 {
				lead = []render.Cell{{}, {Text: besideText(r.versions), Tone: render.Warn}}
			}
			t.Row(append(lead, render.Toned(render.Accent, v.Notation()), versionCell(v))...)
		}
	}
	head := fmt.Sprintf("%s  homes %s", p.Paint(render.Bold, escape.Terminal(key)), render.Nodes(homes))
	if rest := cluster.Ring.Preference(key)[len(homes):]; len(rest) > 0 {
		head += p.Paint(render.Dim, "  then "+render.FewNodes(rest, maxRowNodes))
	}
	verdict := p.Paint(render.Good, "converged") + ": every home holds the same versions"
	if b := cluster.Blocking(key); b != "" {
		verdict = p.Paint(render.Warn, "not converged") + ": " + render.Text(b)
	}
	out := head + "\n" + t.Render(p) + verdict + "\n"
	if lost := lostOf(cluster, key); len(lost) > 0 {
		out += lostNote(lost) + "\n"
	}
	return out
}

// lostOf returns the versions of a key that last write wins lost and that the view knows.
func lostOf(cluster *view.Cluster, key []byte) vclock.Siblings {
	if k := cluster.Key(key); k != nil {
		return k.Lost
	}
	return nil
}

func versionCell(v vclock.Version) render.Cell {
	if v.Deleted {
		return render.Toned(render.Dim, "deleted")
	}
	return render.Cell{Text: showValue(v.Value)}
}

// besideText says what the further versions of a replica are. A version beside a delete is not a
// sibling.
func besideText(s vclock.Siblings) string {
	if len(s.Live()) < len(s) {
		return "‖ concurrent"
	}
	return "‖ sibling"
}
