package verbs

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"ringside/cli/condition"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/ring"
	"ringside/engine/usage"
	"ringside/engine/view"
)

var ringVerb = &Verb{
	Name: "ring", Group: GroupLook, Section: "§4.2, §4.3, §6.2",
	Args:  []Arg{{Name: "KEY", Complete: CompleteKeys, Optional: true}},
	Usage: "show who owns which part of the key space, or a key's place",
	Flags: []Flag{{Name: "ranges", Kind: Bool, Help: "list every range with its homes"},
		{Name: "via", Kind: String, Value: "NODE", Complete: CompleteNodes, Help: "the ring as this node knows it"}},
	Help: `A key's position on the ring is its MD5. The node of the first token clockwise is the key's first home, and
the next distinct nodes are its other homes and its fallbacks: the preference list (§4.3).`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		cluster, err := e.view(ctx)
		if err != nil {
			return err
		}
		if err := seeAs(cluster, c.String("via")); err != nil {
			return err
		}
		if e.JSON {
			return printRing(e, cluster.Ring, c.Arg(0))
		}
		if len(cluster.Ring.Members()) == 0 {
			return e.write(render.Node(c.String("via")) + " knows of no ring\n")
		}
		if c.Arg(0) != "" {
			return e.write(showPlace(e.painter(), cluster, []byte(c.Arg(0))))
		}
		return e.write(showRing(e.painter(), cluster.Ring, c.Bool("ranges")))
	},
}

// seeAs sets the view's ring to the one that a node knows.
func seeAs(cluster *view.Cluster, node string) error {
	if node == "" {
		return nil
	}
	if err := condition.CheckNode(cluster, node, condition.Node); err != nil {
		return err
	}
	n := cluster.Node(node)
	if n.Status != view.Up {
		return usage.Errorf("%s is %s, and does not say what it knows", render.Node(node), n.Status)
	}
	cluster.Ring = cluster.RingOf(n)
	return nil
}

func printRing(e *Env, r *ring.Ring, key string) error {
	type node struct {
		Node   string  `json:"node"`
		Tokens int     `json:"tokens"`
		Share  float64 `json:"share"`
		Weight int     `json:"weight"`
		Zone   string  `json:"zone"`
	}
	type rng struct {
		Start  string   `json:"start"`
		End    string   `json:"end"`
		Owners []string `json:"owners"`
	}
	type place struct {
		keyJSON
		Position   string   `json:"position"`
		Preference []string `json:"preference"`
		Fallbacks  []string `json:"fallbacks"`
	}
	cfg := r.Config()
	tokens, share := r.TokenCount(), r.Share()
	out := struct {
		N        int    `json:"n"`
		Strategy int    `json:"strategy"`
		Q        int    `json:"q"`
		Nodes    []node `json:"nodes"`
		Ranges   []rng  `json:"ranges"`
		Key      *place `json:"of_key,omitempty"`
	}{N: cfg.N, Strategy: int(cfg.Strategy), Q: len(r.Ranges())}
	for _, m := range r.Members() {
		s := math.Round(share[m.Name]*shareDigits) / shareDigits
		out.Nodes = append(out.Nodes, node{m.Name, tokens[m.Name], s, m.Weight, m.Zone})
	}
	for _, g := range r.Ranges() {
		out.Ranges = append(out.Ranges, rng{g.Start.String(), g.End.String(), g.Homes})
	}
	if key != "" && len(r.Members()) > 0 {
		k := []byte(key)
		homes := r.Homes(k)
		out.Key = &place{keyOf(k), ring.Of(k).String(), homes, orEmpty(r.Preference(k)[len(homes):])}
	}
	return e.print(out)
}

// shareDigits rounds shares in JSON, because the digits after it are artefacts of a sum.
const shareDigits = 1e9

// shareWidth is the longest bar of a share, in columns.
const shareWidth = 30

// strategies describes the strategies of §6.2.
var strategies = map[ring.Strategy]string{
	1: "T random tokens a node, ranges cut by tokens",
	2: "T random tokens a node, Q equal partitions",
	3: "Q/S tokens a node, Q equal partitions",
}

func showRing(p render.Painter, r *ring.Ring, ranges bool) string {
	cfg := r.Config()
	out := fmt.Sprintf("strategy %d: %s (§6.2)  %s, %s each\n", cfg.Strategy, strategies[cfg.Strategy],
		render.Count(len(r.Ranges()), "range"), render.Count(min(cfg.N, len(r.Members())), "home")) + showShares(p, r)
	if !ranges {
		return out
	}
	t := render.Table{Indent: "  "}
	t.Head("range>", "from, exclusive", "to, inclusive", "homes by rank")
	for i, g := range r.Ranges() {
		t.Row(render.Number(i), render.Cell{Text: render.Position(g.Start)}, render.Cell{Text: render.Position(g.End)},
			render.Cell{Text: render.Nodes(g.Homes)})
	}
	return out + t.Render(p)
}

// showShares shows the part of the key space whose first home each member is.
func showShares(p render.Painter, r *ring.Ring) string {
	tokens, share := r.TokenCount(), r.Share()
	most := 0.0
	for _, s := range share {
		most = max(most, s)
	}
	t := render.Table{Indent: "  "}
	titles := []string{"node", "tokens>", "share>", "of the key space, as first home"}
	special := slices.ContainsFunc(r.Members(), func(m ring.Member) bool { return m.Weight > 1 || m.Zone != "" })
	if special {
		titles = append(titles[:1:1], append([]string{"weight>", "zone"}, titles[1:]...)...)
	}
	t.Head(titles...)
	for _, m := range r.Members() {
		s := share[m.Name]
		row := []render.Cell{render.NodeCell(m.Name)}
		if special {
			row = append(row, render.Number(m.Weight), render.Cell{Text: render.Text(m.Zone)})
		}
		bar := strings.Repeat("█", int(s/most*shareWidth+0.5))
		t.Row(append(row, render.Number(tokens[m.Name]), render.Flush(fmt.Sprintf("%.1f%%", 100*s)),
			render.Toned(render.Accent, bar))...)
	}
	return t.Render(p)
}

// showPlace shows where a key is on the ring, and its preference list.
func showPlace(p render.Painter, cluster *view.Cluster, key []byte) string {
	r := cluster.Ring
	homes := r.Homes(key)
	at := ring.Of(key)
	t := render.Table{Indent: "  "}
	t.Head("rank>", "node", "state", "")
	for i, name := range r.Preference(key) {
		role := "home"
		if i >= len(homes) {
			role = "fallback, with a hint (§4.6)"
		}
		status := stateOf(cluster, name)
		t.Row(render.Number(i+1), render.NodeCell(name), render.Toned(statusTones[status], string(status)),
			render.Cell{Text: role})
	}
	return fmt.Sprintf("%s  MD5 %s  %.1f%% of the way round, range %d of %d\n",
		p.Paint(render.Bold, escape.Terminal(key)),
		at, 100*at.Fraction(), r.Index(at), len(r.Ranges())) +
		"its preference list (§4.3):\n" + t.Render(p)
}
