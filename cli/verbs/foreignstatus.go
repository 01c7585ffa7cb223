package verbs

// status of a foreign cluster: which hosts answer, and the properties of the bucket.

import (
	"cmp"
	"context"
	"fmt"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/settings"
	"ringside/engine/view"
	"ringside/riak/target"
)

// A foreignNode is a host of a foreign cluster in JSON. What Riak does not tell is null.
type foreignNode struct {
	Node    string      `json:"node"`
	State   view.Status `json:"state"`
	Reason  string      `json:"reason,omitempty"`
	Addr    string      `json:"addr"`
	Keys    *int        `json:"keys"`
	Hints   *int        `json:"hints"`
	Version string      `json:"version,omitempty"`
	TookUS  int64       `json:"took_us"`
}

// A foreignState is the JSON of status. What could not be asked is null.
type foreignState struct {
	Cluster       string        `json:"cluster"`
	N             *int          `json:"n"`
	R             *int          `json:"r"`
	W             *int          `json:"w"`
	Mode          *string       `json:"mode"`
	Nodes         []foreignNode `json:"nodes"`
	Split         *[][]string   `json:"split"`
	Hints         *int          `json:"hints"`
	Type          string        `json:"type"`
	Bucket        string        `json:"bucket"`
	AllowMult     *bool         `json:"allow_mult"`
	LastWriteWins *bool         `json:"last_write_wins"`
	// Problem says why the properties of the bucket could not be asked.
	Problem string `json:"problem,omitempty"`
}

// foreignStatus shows which hosts answer, and the properties of the bucket. If the cluster does not
// tell the properties, foreignStatus shows the hosts and returns the error.
func foreignStatus(ctx context.Context, e *Env, f Foreign) error {
	hosts, err := f.Nodes(ctx, 0)
	if err != nil {
		return err
	}
	props, err := f.Props(ctx)
	unknown := foreignFailed("status", nil, err)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a := f.Address()
	lww := !props.AllowMult || props.LastWriteWins
	if e.JSON {
		out := foreignState{Cluster: a.String(), Nodes: foreignNodes(hosts), Type: a.Type, Bucket: a.Bucket}
		if unknown != nil {
			out.Problem = exit.As(unknown).Message
		} else {
			r, w, mode := props.Count(props.R), props.Count(props.W), settings.ModeSiblings
			if lww {
				mode = settings.ModeLWW
			}
			out.N, out.R, out.W, out.Mode = &props.N, &r, &w, &mode
			out.AllowMult, out.LastWriteWins = &props.AllowMult, &props.LastWriteWins
		}
		if err := e.print(out); err != nil {
			return err
		}
		return exit.Reported(unknown)
	}
	head := e.paint(render.Bold, render.Text(a.Short()))
	if unknown == nil {
		head += fmt.Sprintf("  N=%d R=%s W=%s  allow_mult=%t last_write_wins=%t", props.N,
			target.QuorumText(props.R), target.QuorumText(props.W), props.AllowMult, props.LastWriteWins)
	}
	if err := e.write(head + "\n" + showHosts(e.painter(), hosts)); err != nil || unknown != nil {
		return cmp.Or(err, unknown)
	}
	if lww {
		e.note("%s", NoSiblingsNote(a))
	}
	return nil
}

// foreignNodes returns the JSON of hosts.
func foreignNodes(hosts []target.Node) []foreignNode {
	out := make([]foreignNode, len(hosts))
	for i, h := range hosts {
		out[i] = foreignNode{Node: cmp.Or(h.Name, h.Addr), State: view.Up, Addr: h.Addr, Version: h.Version,
			TookUS: h.Took.Microseconds()}
		if h.Err != nil {
			out[i].State, out[i].Reason = view.Down, target.Reason(h.Err)
		}
	}
	return out
}

// showHosts shows a table of hosts, and below it why some do not answer.
func showHosts(p render.Painter, hosts []target.Node) string {
	t := render.Table{Indent: "  "}
	t.Head("host", "state", "node", "version", "answered in>")
	reasons := ""
	for i, n := range foreignNodes(hosts) {
		took := render.Flush(render.Duration(hosts[i].Took))
		if n.State != view.Up {
			took = render.Cell{}
			reasons += p.Paint(render.Bad, string(n.State)) + "  " + render.Text(n.Reason) + "\n"
		}
		t.Row(render.Cell{Text: render.Text(n.Addr)}, render.Toned(statusTones[n.State], string(n.State)),
			render.Cell{Text: render.Text(hosts[i].Name)}, render.Cell{Text: render.Text(n.Version)}, took)
	}
	return t.Render(p) + reasons
}

// NoSiblingsNote returns the note on a bucket that keeps no siblings.
func NoSiblingsNote(a target.Address) string {
	return fmt.Sprintf("note: the bucket %s of type %s keeps one of concurrent writes, and no siblings "+
		"(allow_mult=false or last_write_wins=true)\n      name a bucket of another type: --target %s.../TYPE/BUCKET",
		render.Text(a.Bucket), render.Text(a.Type), target.Scheme)
}
