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
	w := &reasons{d: d, account: acc, Verdict: acc.Verdict(d.events, d.homes)}
	switch {
	case w.Reply == nil:
		w.add("§4.5", "no answer is known: the request is on its way, or its events are not remembered")
	case w.Reply.Failed():
		w.failure()
	case d.Op == "get":
		w.get()
	default:
		w.put()
	}
	if w.Asked == nil {
		w.add("§4.1", "the beginning of the request is not known, so parts of the picture are missing")
	}
	if d.unkept > 0 {
		w.add("§4.1", "the request has %s more than are kept, so parts of the picture are missing",
			render.Count(d.unkept, "event"))
	}
	return w.out
}

// reasons phrases the verdict on a request.
type reasons struct {
	*account.Verdict
	d       *Diagram
	account *account.Account // of the whole cluster
	out     []Reason
}

func (w *reasons) add(section, format string, args ...any) {
	w.out = append(w.out, Reason{fmt.Sprintf(format, args...), section})
}

// put gives the reasons for a put that succeeded.
func (w *reasons) put() {
	w.add("§4.5", "W=%d was met by %s%s", w.Reply.Want, list(w.Answered), w.notHomes())
	if w.Blind {
		w.add("§4.4", "the client gave no context, so the version replaces nothing that was there: a blind write")
	}
	w.forwarded()
	w.fallbacks()
	if len(w.Reply.Hinted) > 0 && w.Acks < w.Reply.Want {
		w.add("§4.6", "with --strict, or --sloppy=false for the whole cluster, this %s fails with exit %d (%s)",
			render.Text(w.d.Op), exit.Quorum, render.Outcome(wire.QuorumNotReached))
	}
	w.later("acknowledged", "W")
}

// get gives the reasons for a get that succeeded.
func (w *reasons) get() {
	away := w.notHomes()
	w.add("§4.5", "R=%d was met by %s%s", w.Reply.Want, list(w.Answered), away)
	if x, ok := w.account.WhyRequest(w.d.Request); ok && x.About == account.Stale {
		w.d.stale = true
		w.add("§4.5", "%s", x.Text)
	}
	if away != "" {
		w.outOfReach()
	}
	live := len(w.Reply.Versions.Live())
	switch {
	case live > 1:
		w.add("§4.4", "%s remain, because none descends from another: the client reconciles them",
			render.Count(live, "sibling"))
	case live == 0:
		w.add("§4.5", "no value was found, also not at the other nodes that were asked")
	default:
		w.outdated()
	}
	w.later("answered", "R")
	if len(w.Repaired) > 0 {
		w.add("§5", "%s %s stale, and got what the others hold after the answer: read repair", list(w.Repaired),
			choose(len(w.Repaired), "was", "were"))
	}
}

// outdated names the nodes whose answer was older than the result of a get.
func (w *reasons) outdated() {
	if len(w.Older) > 0 {
		w.add("§4.4", "%s answered with an older version; the result descends from it, so the client gets one version",
			list(w.Older))
	}
	if len(w.Empty) > 0 {
		w.add("§4.4", "%s %s nothing of the key yet", list(w.Empty), choose(len(w.Empty), "holds", "hold"))
	}
}

// failure gives the reasons for a request that failed.
func (w *reasons) failure() {
	r := w.Reply
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
		w.unanswered()
		return
	}
	w.fallbacks()
	w.unanswered()
	switch {
	case len(w.Kept) > 0:
		w.add("§4.5", "%s %s the version nevertheless: Dynamo does not undo a put that failed", list(w.Kept),
			choose(len(w.Kept), "holds", "hold"))
	case w.Stamp == nil && r.Err == wire.QuorumNotReached && w.Forward == nil:
		w.outOfReach()
		w.add("§4.5", "%s counts the nodes that it can reach before it writes, so this put left nothing behind",
			render.Node(r.Node))
	}
}

// forwarded says why another node than the one that the client asked coordinates.
func (w *reasons) forwarded() {
	f := w.Forward
	switch {
	case f == nil:
	case f.Message == event.Fastest:
		w.add("§5", "%s coordinates, because it answered the client's last get first", render.Node(f.Peer))
	default:
		w.add("§4.5", "%s is not a home of the key, so %s coordinates", render.Node(f.Node), render.Node(f.Peer))
	}
}

// fallbacks says which node has the replica of which home, and why. Homes for which no node was
// left come last.
func (w *reasons) fallbacks() {
	var left []*account.Fallback
	for i := range w.Fallbacks {
		s := &w.Fallbacks[i]
		belief := "was believed to have failed"
		switch {
		case s.Node == "":
			left = append(left, s)
			continue
		case s.Asked:
			belief = "did not answer"
		}
		w.add("§4.6", "%s %s%s, so its replica goes to the fallback %s, with a hint", render.Node(s.Home), belief,
			because(s.Obstacle()), render.Node(s.Node))
	}
	for _, s := range left {
		w.add("§4.7", "%s was believed to have failed%s, and no node was left for its replica: read repair or "+
			"anti-entropy brings it", render.Node(s.Home), because(s.Obstacle()))
	}
}

// outOfReach says what keeps the coordinator from homes of the key.
func (w *reasons) outOfReach() {
	homes := map[string][]string{} // by what keeps them away
	var order []string
	for i := range w.Away {
		n := &w.Away[i]
		why := n.Obstacle()
		if why == "" {
			continue
		}
		if homes[why] == nil {
			order = append(order, why)
		}
		homes[why] = append(homes[why], n.Node)
	}
	for _, why := range order {
		w.add("§4.8", "%s does not reach %s: %s", render.Node(w.Reply.Node), list(homes[why]), why)
	}
}

// later names the nodes whose answer came after the client's.
func (w *reasons) later(did, letter string) {
	if len(w.Late) > 0 {
		w.add("§4.5", "%s %s after the client had its answer: %s=%d does not wait for %s", list(w.Late), did, letter,
			w.Reply.Want, choose(len(w.Late), "it", "them"))
	}
}

// unanswered names the nodes that were asked and did not answer before the client's time was over.
func (w *reasons) unanswered() {
	if len(w.Silent) == 0 {
		return
	}
	var silent, why []string
	for i := range w.Silent {
		n := &w.Silent[i]
		silent = append(silent, n.Node)
		if o := n.Obstacle(); o != "" && !slices.Contains(why, o) {
			why = append(why, o)
		}
	}
	w.add("§4.8", "%s %s asked and did not answer%s", list(silent), choose(len(silent), "was", "were"),
		because(strings.Join(why, "; ")))
}

// notHomes says which of the nodes that answered are not homes, "" if all are.
func (w *reasons) notHomes() string {
	others, nodes := w.Others, w.Answered
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
