package diagram

import (
	"fmt"
	"slices"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/account"
	"ringside/engine/event"
	"ringside/engine/wire"
)

// A Reason is one reason for the end of a request.
type Reason struct {
	Text    string // safe for a terminal
	Section string // of the paper
}

// why returns the reasons for the end of the request, the answer to "why" first.
func (d *Diagram) why(acc *account.Account) []Reason {
	w := &reasons{d: d, account: acc}
	switch {
	case d.Reply == nil:
		w.add("§4.5", "no answer is known: the request is on its way, or its events are not remembered")
	case d.Reply.Failed():
		w.failure()
	case d.Op == "get":
		w.get()
	default:
		w.put()
	}
	if d.first(func(e *event.Event) bool { return e.Kind == event.Requested }) == nil {
		w.add("§4.1", "the beginning of the request is not known, so parts of the picture are missing")
	}
	if d.unkept > 0 {
		w.add("§4.1", "the request has %s more than are kept, so parts of the picture are missing",
			render.Count(d.unkept, "event"))
	}
	return w.out
}

// reasons collects the reasons for the end of a request.
type reasons struct {
	d       *Diagram
	account *account.Account // of the whole cluster
	out     []Reason
}

func (w *reasons) add(section, format string, args ...any) {
	w.out = append(w.out, Reason{fmt.Sprintf(format, args...), section})
}

// put gives the reasons for a put that succeeded.
func (w *reasons) put() {
	r := w.d.Reply
	nodes := w.answered(event.Ack)
	w.add("§4.5", "W=%d was met by %s%s", r.Want, list(nodes), w.notHomes(nodes))
	w.forwarded()
	w.fallbacks()
	if len(r.Hinted) > 0 && w.homesHolding() < r.Want {
		w.add("§4.6", "with --strict, or --sloppy=false for the whole cluster, this %s fails with exit %d (%s)",
			render.Text(w.d.Op), exit.Quorum, render.Outcome(wire.QuorumNotReached))
	}
	w.later(event.Ack, "acknowledged", "W")
}

// get gives the reasons for a get that succeeded.
func (w *reasons) get() {
	r := w.d.Reply
	nodes := w.answered(event.ReadReply)
	away := w.notHomes(nodes)
	w.add("§4.5", "R=%d was met by %s%s", r.Want, list(nodes), away)
	if x, ok := w.account.WhyRequest(w.d.Request); ok && x.About == account.Stale {
		w.d.stale = true
		w.add("§4.5", "%s", x.Text)
	}
	if away != "" {
		w.outOfReach(r.Node)
	}
	live := len(r.Versions.Live())
	switch {
	case live > 1:
		w.add("§4.4", "%s remain, because none descends from another: the client reconciles them",
			render.Count(live, "sibling"))
	case live == 0:
		w.add("§4.5", "no value was found, also not at the other nodes that were asked")
	default:
		w.outdated()
	}
	w.later(event.ReadReply, "answered", "R")
	w.repaired()
}

// answered returns the nodes that answered before the client was answered.
func (w *reasons) answered(answer event.Kind) []string {
	if len(w.d.Reply.Nodes) > 0 {
		return w.d.Reply.Nodes
	}
	var out []string
	for _, e := range w.d.events {
		if e.Kind == event.Replied {
			break
		}
		if e.Kind == answer {
			out = append(out, e.Peer)
		}
	}
	return out
}

// outdated names the nodes whose answer was older than the result of a get.
func (w *reasons) outdated() {
	var older, empty []string
	for _, e := range w.d.events {
		if e.Kind != event.ReadReply || e.Err != wire.OK || !slices.Contains(w.d.Reply.Nodes, e.Peer) {
			continue
		}
		switch {
		case len(e.Versions) == 0:
			empty = append(empty, e.Peer)
		case !e.Versions.Equal(w.d.Reply.Versions):
			older = append(older, e.Peer)
		}
	}
	if len(older) > 0 {
		w.add("§4.4", "%s answered with an older version; the result descends from it, so the client gets one version",
			list(older))
	}
	if len(empty) > 0 {
		w.add("§4.4", "%s %s nothing of the key yet", list(empty), choose(len(empty), "holds", "hold"))
	}
}

// repaired names the nodes that a get brought up to date.
func (w *reasons) repaired() {
	var stale []string
	for _, e := range w.d.events {
		if e.Kind == event.ReadRepair {
			stale = append(stale, e.Peer)
		}
	}
	if len(stale) > 0 {
		w.add("§5", "%s %s stale, and got what the others hold after the answer: read repair", list(stale),
			choose(len(stale), "was", "were"))
	}
}

// failure gives the reasons for a request that failed.
func (w *reasons) failure() {
	r := w.d.Reply
	text := render.Text(r.Message)
	if text == "" {
		text = render.Outcome(r.Err)
	}
	section := "§4.5"
	if r.Err == wire.ContextRefused {
		section = "§4.1"
	}
	w.add(section, "%s (exit %d)", text, exit.OfCode(r.Err))
	w.forwarded()
	if w.d.Op == "get" {
		w.unanswered(event.ReadFrom, event.ReadReply)
		return
	}
	w.fallbacks()
	w.unanswered(event.Replicate, event.Ack)
	var kept []string
	for i := range w.d.events {
		if e := &w.d.events[i]; stores(e) && !slices.Contains(kept, e.Node) {
			kept = append(kept, e.Node)
		}
	}
	switch begun := w.d.first(func(e *event.Event) bool { return e.Kind == event.Coordinate }); {
	case len(kept) > 0:
		w.add("§4.5", "%s %s the version nevertheless: Dynamo does not undo a put that failed", list(kept),
			choose(len(kept), "holds", "hold"))
	case begun == nil && r.Err == wire.QuorumNotReached && w.d.first(isForward) == nil:
		w.outOfReach(r.Node)
		w.add("§4.5", "%s counts the nodes that it can reach before it writes, so this put left nothing behind",
			render.Node(r.Node))
	}
}

func isForward(e *event.Event) bool { return e.Kind == event.Forwarded }

// forwarded says why another node than the one that the client asked coordinates.
func (w *reasons) forwarded() {
	f := w.d.first(isForward)
	switch {
	case f == nil:
	case f.Message == event.Fastest:
		w.add("§5", "%s coordinates, because it answered the client's last get first", render.Node(f.Peer))
	default:
		w.add("§4.5", "%s is not a home of the key, so %s coordinates", render.Node(f.Node), render.Node(f.Peer))
	}
}

// fallbacks says which node has the replica of which home, and why.
func (w *reasons) fallbacks() {
	asked := map[string]bool{}
	for i := range w.d.events {
		e := &w.d.events[i]
		switch {
		case e.Kind == event.Coordinate && e.For != "":
			w.fallback(e, e.Node, false)
		case e.Kind == event.Replicate && e.For != "":
			w.fallback(e, e.Peer, asked[e.For])
		case e.Kind == event.Replicate:
			asked[e.Peer] = true
		}
	}
	begun := w.d.first(func(e *event.Event) bool { return e.Kind == event.Coordinate })
	if begun == nil {
		return
	}
	for _, home := range begun.Nodes {
		w.add("§4.7", "%s was believed to have failed%s, and no node was left for its replica: read repair or "+
			"anti-entropy brings it", render.Node(home), w.because(begun, home))
	}
}

// fallback says why the replica of e.For went to another node. asked says that the home was asked
// before.
func (w *reasons) fallback(e *event.Event, node string, asked bool) {
	belief := "was believed to have failed"
	if asked {
		belief = "did not answer"
	}
	w.add("§4.6", "%s %s%s, so its replica goes to the fallback %s, with a hint", render.Node(e.For), belief,
		w.because(e, e.For), render.Node(node))
}

// because returns in brackets what kept the node of an event from reaching another node, "" if that
// is not known.
func (w *reasons) because(e *event.Event, node string) string {
	return because(w.account.Obstacle(e.Node, node, e.Seq))
}

// outOfReach says what keeps a node from homes of the key.
func (w *reasons) outOfReach(from string) {
	homes := map[string][]string{} // by what keeps them away
	var order []string
	for _, h := range w.d.homes {
		if why := w.account.Obstacle(from, h, w.d.Reply.Seq); why != "" && h != from {
			if homes[why] == nil {
				order = append(order, why)
			}
			homes[why] = append(homes[why], h)
		}
	}
	for _, why := range order {
		w.add("§4.8", "%s does not reach %s: %s", render.Node(from), list(homes[why]), why)
	}
}

// homesHolding returns the number of homes that acknowledged a put at any time.
func (w *reasons) homesHolding() int {
	n := 0
	for _, e := range w.d.events {
		if e.Kind == event.Ack && e.For == "" {
			n++
		}
	}
	return n
}

// later names the nodes whose answer came after the client's.
func (w *reasons) later(answer event.Kind, did, letter string) {
	var late []string
	after := false
	for _, e := range w.d.events {
		if after && e.Kind == answer {
			late = append(late, e.Peer)
		}
		after = after || e.Kind == event.Replied
	}
	if len(late) > 0 {
		w.add("§4.5", "%s %s after the client had its answer: %s=%d does not wait for %s", list(late), did, letter,
			w.d.Reply.Want, choose(len(late), "it", "them"))
	}
}

// unanswered names the nodes that were asked and did not answer before the client's time was over.
func (w *reasons) unanswered(question, answer event.Kind) {
	var silent []string
	for _, e := range w.d.events {
		switch e.Kind {
		case question:
			silent = append(silent, e.Peer)
		case answer:
			silent = slices.DeleteFunc(silent, func(n string) bool { return n == e.Peer })
		}
	}
	if len(silent) == 0 {
		return
	}
	var why []string
	for _, n := range silent {
		if o := w.account.Obstacle(w.d.Reply.Peer, n, w.d.Reply.Seq); o != "" && !slices.Contains(why, o) {
			why = append(why, o)
		}
	}
	w.add("§4.8", "%s %s asked and did not answer%s", list(silent), choose(len(silent), "was", "were"),
		because(strings.Join(why, "; ")))
}

// notHomes says which of the nodes are not homes, "" if all are.
func (w *reasons) notHomes(nodes []string) string {
	if len(w.d.homes) == 0 {
		return ""
	}
	var others []string
	for _, n := range nodes {
		if !slices.Contains(w.d.homes, n) {
			others = append(others, n)
		}
	}
	switch {
	case len(others) == 0:
		return ""
	case len(others) < len(nodes):
		return "; " + list(others) + " " + choose(len(others), "is not a home", "are not homes") + " of the key"
	case len(others) == 1:
		return ", which is not a home of the key"
	case len(others) == 2:
		return "; neither is a home of the key"
	}
	return "; none of them is a home of the key"
}

func choose(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// list returns names as English writes them: n1, n2 and n3.
func list(nodes []string) string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = render.Node(n)
	}
	switch k := len(out); k {
	case 0:
		return "no node"
	case 1:
		return out[0]
	default:
		return strings.Join(out[:k-1], ", ") + " and " + out[k-1]
	}
}

// WhyTitle returns the title of the reasons.
func (d *Diagram) WhyTitle() string {
	switch {
	case d.Reply == nil:
		return "why"
	case d.Reply.Failed():
		return "why it failed"
	case d.stale:
		return "why it is stale"
	}
	return "why it succeeded"
}

// WhyText returns the reasons, one line each.
func (d *Diagram) WhyText(p render.Painter) string {
	t := render.Table{Indent: "  "}
	for _, w := range d.Why {
		t.Row(render.Toned(render.Dim, w.Section), render.Cell{Text: w.Text})
	}
	return p.Paint(render.Bold, d.WhyTitle()) + "\n" + t.Render(p)
}
