package verbs

import (
	"context"
	"fmt"
	"time"

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
		t := table{}
		t.head("holder", "for", "keys>", "oldest>")
		for _, h := range hints {
			t.row(cell{text: names([]string{h.Holder}), style: bold}, cell{text: names([]string{h.For}), style: purple},
				cell{text: fmt.Sprint(h.Keys), right: true}, cell{text: span(time.Duration(h.OldestS * float64(time.Second))), right: true})
		}
		return e.write(t.render(e))
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
