package verbs

// How the answers of a foreign cluster are shown. It tells one clock for all siblings of a key.

import (
	"context"
	"fmt"
	"time"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs/cart"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
	"ringside/riak/target"
)

// A foreignVersionJSON is a sibling. Its clock is known only if it has no other sibling, and its
// dot and past never are.
type foreignVersionJSON struct {
	event.VersionJSON
	VTag string `json:"vtag"`
	target.Meta
}

// foreignVersions returns the JSON of siblings. clock is that of all of them.
func foreignVersions(all vclock.Siblings, clock target.Clock, alone bool) []foreignVersionJSON {
	out := make([]foreignVersionJSON, len(all))
	for i, v := range all {
		j := event.VersionJSON{Deleted: v.Deleted, Clock: map[string]uint64{}, Past: []event.EntryJSON{}}
		if !v.Deleted {
			j.Value, j.ValueBase64 = event.Text(v.Value)
		}
		if alone && clock.Counters != nil {
			j.Clock, j.Notation = clock.Counters, clock.Text
		}
		if v.Time > 0 {
			j.Time = event.Timestamp(time.Duration(v.Time))
		}
		out[i] = foreignVersionJSON{j, target.VTag(v), target.MetaOf(v.Meta)}
	}
	return out
}

// foreignJSON prints the answer to a get of a foreign cluster.
func (g *getResult) foreignJSON(e *Env, f Foreign, c *Call) error {
	clock, alone := target.Show(g.Context), len(g.Siblings)+len(g.Tombstones) == 1
	err := e.print(struct {
		keyJSON
		Found       bool                 `json:"found"`
		Siblings    []foreignVersionJSON `json:"siblings"`
		Deleted     bool                 `json:"deleted"`
		Deletes     []foreignVersionJSON `json:"deletes"`
		Context     string               `json:"context"`
		VClock      string               `json:"vclock"`
		Coordinator string               `json:"coordinator"`
		Replied     []string             `json:"replied"`
		Request     uint64               `json:"request"`
		ElapsedUS   int64                `json:"elapsed_us"`
		Target      string               `json:"target"`
	}{keyOf(g.key), len(g.Siblings) > 0, foreignVersions(g.Siblings, clock, alone), g.Deleted(),
		foreignVersions(g.Tombstones, clock, alone), encodeToken(g.Context), clock.Text, g.Coordinator, []string{},
		g.Request, g.elapsed.Microseconds(), f.Address().String()})
	if err != nil {
		return err
	}
	return exit.Reported(g.verdict(c.Bool("one") || c.Bool("raw")))
}

// showForeign shows the answer to a get of a foreign cluster.
func (g *getResult) showForeign(e *Env, c *Call) error {
	if err := g.verdict(c.Bool("one")); err != nil {
		return err
	}
	clock := e.paint(render.Accent, target.Show(g.Context).Text)
	tail := foreignTail(e, g.Coordinator, g.elapsed)
	if len(g.Siblings) == 1 && !g.Deleted() {
		return e.write(showValue(g.Siblings[0].Value) + "\n  " + clock + "  " + tail + "\n")
	}
	t := render.Table{Indent: "  "}
	for i, v := range g.Siblings {
		t.Row(render.Toned(render.Bold, fmt.Sprint(i+1)), vtagCell(v), render.Cell{Text: showValue(v.Value)})
	}
	for _, v := range g.Tombstones {
		t.Row(render.Toned(render.Bold, "+"), vtagCell(v), render.Toned(render.Dim, "deleted"))
	}
	text := e.paint(render.Warn, g.siblingsHead()) + "\n" + t.Render(e.painter()) + "  vclock " + clock +
		" covers them all\n  " + tail + "\n"
	if err := e.write(text); err != nil {
		return err
	}
	merge := cartUnion
	if len(g.Siblings) > 0 && cart.IsSet(g.Siblings[0].Value) {
		merge = cartSet
	}
	e.note("  make them one:  resolve %s --pick 1  |  --with VALUE  |  --%s", typed(g.key), merge)
	return nil
}

func vtagCell(v vclock.Version) render.Cell {
	return render.Toned(render.Accent, render.Text(target.VTag(v)))
}

// foreignTail is the end of the line of a request: the host that answered, and the time.
func foreignTail(e *Env, host string, elapsed time.Duration) string {
	return render.Text(host) + "  " + e.paint(render.Dim, render.Duration(elapsed))
}

// foreignPut prints the answer to a put or delete of a foreign cluster after the remark.
func foreignPut(e *Env, req wire.PutRequest, r wire.PutReply, elapsed time.Duration, remark string) error {
	clock := target.Show(r.Context)
	if !e.JSON {
		line := e.paint(render.Good, "ok") + "  " + e.paint(render.Accent, clock.Text) + "  " +
			foreignTail(e, r.Coordinator, elapsed)
		if left := unseen(req, r); left != "" {
			line += "\n  " + e.paint(render.Warn, left)
		}
		return e.write(remark + line + "\n")
	}
	v := foreignVersions(vclock.Siblings{r.Version}, clock, r.Siblings+r.Deletes == 1)[0]
	return e.print(struct {
		keyJSON
		Clock       map[string]uint64 `json:"clock"`
		Notation    string            `json:"notation"`
		Dot         event.DotJSON     `json:"dot"`
		Past        []event.EntryJSON `json:"past"`
		Context     string            `json:"context"`
		VClock      string            `json:"vclock"`
		Coordinator string            `json:"coordinator"`
		Acks        []string          `json:"acks"`
		Hinted      []event.HintJSON  `json:"hinted"`
		Siblings    int               `json:"siblings"`
		Deletes     int               `json:"deletes"`
		Request     uint64            `json:"request"`
		ElapsedUS   int64             `json:"elapsed_us"`
		Target      string            `json:"target"`
	}{keyOf(req.Key), v.Clock, v.Notation, v.Dot, v.Past, encodeToken(r.Context), clock.Text, r.Coordinator,
		[]string{}, []event.HintJSON{}, r.Siblings, r.Deletes, r.Request, elapsed.Microseconds(),
		foreignOf(e).Address().String()})
}

// foreignWhere shows the preference list of a key.
func foreignWhere(ctx context.Context, e *Env, f Foreign, c *Call) error {
	key, err := keyArg(c)
	if err != nil {
		return err
	}
	homes, err := f.Homes(ctx, key)
	if err != nil {
		return foreignFailed(c.Verb.Name, key, err)
	}
	type node struct {
		Node      string `json:"node"`
		Role      string `json:"role"`
		Partition int64  `json:"partition"`
	}
	var nodes []node
	lists := map[string][]string{roleHome: {}, roleFallback: {}}
	t := render.Table{Indent: "  "}
	t.Head("rank>", "node", "partition>", "")
	for i, h := range homes {
		n := node{h.Node, roleFallback, h.Partition}
		if h.Primary {
			n.Role = roleHome
		}
		nodes, lists[n.Role] = append(nodes, n), append(lists[n.Role], h.Node)
		t.Row(render.Number(i+1), render.Cell{Text: render.Text(n.Node)}, render.Number(int(n.Partition)),
			render.Cell{Text: n.Role})
	}
	if e.JSON {
		return e.print(struct {
			keyJSON
			Preference []string `json:"preference"`
			Fallbacks  []string `json:"fallbacks"`
			Nodes      []node   `json:"nodes"`
			Target     string   `json:"target"`
		}{keyOf(key), lists[roleHome], lists[roleFallback], nodes, f.Address().String()})
	}
	return e.write(e.paint(render.Bold, render.Key(key)) + ", its preference list (§4.3):\n" + t.Render(e.painter()))
}
