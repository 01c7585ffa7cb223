package verbs

import (
	"context"
	"fmt"
	"time"

	"ringside/cli/render"
	"ringside/engine/view"
)

var hintsVerb = &Verb{
	Name: "hints", Group: GroupLook, Section: "§4.6",
	Usage: "show who keeps replicas for whom",
	Help:  `A stand-in keeps a replica in a store of its own, and hands it over when the home is back.`,
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
			return e.write("no hints: every replica is where it belongs\n")
		}
		t := render.Table{}
		t.Head("holder", "for", "keys>", "oldest>")
		for _, h := range hints {
			t.Row(render.Cell{Text: render.Node(h.Holder), Tone: render.Bold}, render.Cell{Text: render.Node(h.For), Tone: render.Hint},
				render.Cell{Text: fmt.Sprint(h.Keys), Right: true}, render.Cell{Text: render.Duration(time.Duration(h.OldestS * float64(time.Second))), Right: true})
		}
		return e.write(t.Render(e.painter()))
	},
}

type hintLine struct {
	Holder  string  `json:"holder"`
	For     string  `json:"for"`
	Keys    int     `json:"keys"`
	OldestS float64 `json:"oldest_s"`
}

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
