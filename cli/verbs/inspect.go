package verbs

import (
	"context"
	"fmt"
	"slices"

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
	Help:  `Looks into the nodes' stores, past quorums: nothing is read through the protocol, nothing is repaired.`,
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
			return printInspect(e, cluster, key)
		}
		return e.write(e.showInspect(cluster, key))
	},
}

// A replica is what one node holds of a key in one role.
type replica struct {
	node, home string // home: the node it is kept for, "" if node is itself a home
	up         bool
	versions   vclock.Siblings
}

// replicas lists the homes by rank, then who else holds something.
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

func printInspect(e *Env, cluster *view.Cluster, key []byte) error {
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
	return e.print(struct {
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
		cluster.Blocking(key), entries, event.VersionsJSON(lostOf(cluster, key))})
}

func (e *Env) showInspect(cluster *view.Cluster, key []byte) string {
	homes := cluster.Ring.Homes(key)
	t := table{indent: "  "}
	t.head("node", "role", "clock", "value")
	for _, r := range replicas(cluster, key) {
		lead := []cell{{text: names([]string{r.node}), style: bold}, {text: "home"}}
		if r.home != "" {
			lead[1] = cell{text: "hint for " + names([]string{r.home}), style: purple}
		}
		if len(r.versions) == 0 {
			nothing := "nothing"
			if !r.up {
				nothing = "it is " + string(cluster.Node(r.node).Status)
			}
			t.row(append(lead, cell{text: nothing, style: dim})...)
		}
		for i, v := range r.versions {
			if i > 0 {
				lead = []cell{{}, {text: "‖ sibling", style: warn}}
			}
			t.row(append(lead, cell{text: v.Notation(), style: accent}, versionCell(v))...)
		}
	}
	head := fmt.Sprintf("%s  homes %s", e.paint(bold, escape.Terminal(key)), names(homes))
	if rest := cluster.Ring.Preference(key)[len(homes):]; len(rest) > 0 {
		head += e.paint(dim, "  then "+names(rest))
	}
	verdict := e.paint(good, "converged") + ": every home holds the same versions"
	if b := cluster.Blocking(key); b != "" {
		verdict = e.paint(warn, "not converged") + ": " + escape.Terminal([]byte(b))
	}
	out := head + "\n" + t.render(e) + verdict + "\n"
	if lost := lostOf(cluster, key); len(lost) > 0 {
		out += lostNote(lost) + "\n"
	}
	return out
}

// lostOf returns the versions of a key that last write wins lost, as far as the view knows them.
func lostOf(cluster *view.Cluster, key []byte) vclock.Siblings {
	if k := cluster.Key(key); k != nil {
		return k.Lost
	}
	return nil
}

func versionCell(v vclock.Version) cell {
	if v.Deleted {
		return cell{text: "deleted", style: dim}
	}
	return cell{text: showValue(v.Value)}
}
