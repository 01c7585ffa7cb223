package verbs

import (
	"context"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/view"
)

var hintsVerb = &Verb{
	Name: "hints", Group: GroupLook, Section: "§4.6",
	Usage: "show which nodes keep replicas for which homes",
	Help:  `A fallback keeps the replica of a home that cannot be reached, and hands it over when the home is back.`,
	Run: func(ctx context.Context, e *Env, _ *Call) error {
		cluster, err := e.view(ctx)
		if err != nil {
			return err
		}
		hints := allHints(cluster, time.Duration(time.Now().UnixNano()))
		if e.JSON {
			return e.print(map[string]any{"hints": hints})
		}
		if len(hints) == 0 {
			return e.write("no hints" + unasked(cluster) + "\n")
		}
		t := render.Table{}
		t.Head("holder", "for", "keys>", "oldest>")
		for _, h := range hints {
			t.Row(render.NodeCell(h.Holder), render.Toned(render.Hint, render.Node(h.For)), render.Number(h.Keys),
				render.Flush(render.Duration(time.Duration(h.OldestS*float64(time.Second)))))
		}
		return e.write(t.Render(e.painter()))
	},
}

// unasked returns the nodes whose hints are not known, as the end of a line; "" if there are none.
func unasked(cluster *view.Cluster) string {
	var out []string
	for _, n := range cluster.Nodes {
		switch {
		case n.Status != view.Up:
			out = append(out, render.Node(n.Name)+" is "+render.State(n))
		case n.Silent:
			out = append(out, render.Node(n.Name)+" did not answer")
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " on the nodes that answered; not asked: " + strings.Join(out, ", ")
}

// A hintLine is the hints that one node keeps for one home.
type hintLine struct {
	Holder  string  `json:"holder"`
	For     string  `json:"for"`
	Keys    int     `json:"keys"`
	OldestS float64 `json:"oldest_s"`
}

// allHints returns the hints of all nodes.
func allHints(cluster *view.Cluster, now time.Duration) []hintLine {
	out := []hintLine{}
	for _, n := range cluster.Nodes {
		for _, home := range sortedKeys(n.Hints) {
			h := n.Hints[home]
			out = append(out, hintLine{n.Name, home, h.Keys, max(0, (now - h.Oldest).Seconds())})
		}
	}
	return out
}
