package verbs

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/engine/vclock"
	"ringside/engine/view"
)

var traceVerb = &Verb{
	Name: "trace", Group: GroupLook, Section: "§4.5",
	Args:  []Arg{{Name: "ID|last", Complete: CompleteRequests}},
	Usage: "draw what one request caused, message by message",
	Help:  `put and get print the number of their request, as in #41; last is the request that began last.`,
	Flags: []Flag{{Name: "list", Kind: Bool, Help: "one line an event, without the drawing"}},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		r, cluster, err := e.request(ctx, c.Arg(0))
		if err != nil {
			return err
		}
		if e.JSON {
			return printTrace(e, r)
		}
		return e.write(e.showTrace(r, cluster, c.Bool("list")))
	},
}

// request finds a request in the events that the cluster remembers. arg is the number of a
// request, or last.
func (e *Env) request(ctx context.Context, arg string) (*view.Request, *view.Cluster, error) {
	var id uint64
	if arg != "last" {
		var err error
		if id, err = strconv.ParseUint(strings.TrimPrefix(arg, "#"), 10, 64); err != nil {
			return nil, nil, usage.Errorf("trace: %s is neither a request's number nor last", render.Quoted(arg))
		}
	}
	cluster, err := e.view(ctx)
	if err != nil {
		return nil, nil, err
	}
	events, err := e.past(ctx, event.Filter{})
	if err != nil {
		return nil, nil, err
	}
	for _, ev := range events {
		if ev.Kind != event.Cluster { // the snapshot has newer settings
			cluster.Apply(ev)
		}
	}
	r := cluster.Request(id)
	if arg == "last" {
		r = cluster.LastRequest()
	}
	switch {
	case r == nil && arg == "last":
		return nil, nil, usage.Errorf("trace: no request was sent yet; put or get a key first")
	case r == nil:
		return nil, nil, usage.Errorf("trace: request %s is not remembered; events lists what is",
			event.RequestName(id))
	}
	all := append(slices.Clone(r.Events), aftermath(events, r)...)
	slices.SortStableFunc(all, func(a, b event.Event) int { return cmp.Compare(a.Time, b.Time) })
	return &view.Request{ID: r.ID, Events: all}, cluster, nil
}

// aftermath returns the events of the handoff of hints that the request left. Handoff is a node's
// own work and belongs to no request, but its events carry the version that the request wrote.
func aftermath(events []event.Event, r *view.Request) []event.Event {
	type walk struct{ from, to string }
	sent := map[walk]bool{}
	ours := func(v vclock.Version) bool { return v.Request == r.ID }
	var out []event.Event
	for _, ev := range events {
		if ev.Request != 0 || !bytes.Equal(ev.Key, r.Events[0].Key) {
			continue
		}
		there, back := walk{ev.Node, ev.Peer}, walk{ev.Peer, ev.Node}
		switch ev.Kind {
		case event.HintSent:
			if sent[there] = slices.ContainsFunc(ev.Versions, ours); sent[there] {
				out = append(out, ev)
			}
		case event.Stored:
			if sent[back] {
				out = append(out, ev)
			}
		case event.HintDelivered, event.HintRefused:
			if sent[there] {
				out = append(out, ev)
				delete(sent, there)
			}
		}
	}
	return out
}

func printTrace(e *Env, r *view.Request) error {
	first := r.Events[0]
	return e.print(struct {
		keyJSON
		Request uint64        `json:"request"`
		Op      string        `json:"op"`
		Events  []event.Event `json:"events"`
	}{keyOf(first.Key), r.ID, first.Op, r.Events})
}

// maxLanes is how many nodes a drawing can show.
const maxLanes = 9

func (e *Env) showTrace(r *view.Request, cluster *view.Cluster, list bool) string {
	first := r.Events[0]
	title := fmt.Sprintf("%s  %s %s", event.RequestName(r.ID), render.Text(first.Op), render.Key(first.Key))
	head := e.paint(render.Bold, title) +
		e.paint(render.Dim, "  "+strings.TrimSuffix(event.Timestamp(first.Time)[11:23], "Z")+" UTC") + "\n"
	d := newDrawing(r, cluster)
	if list || len(d.nodes) > maxLanes || e.Width > 0 && d.width()+minNote > e.Width {
		return head + traceList(e.painter(), r)
	}
	return head + d.draw(e.painter(), r)
}

func traceList(p render.Painter, r *view.Request) string {
	t := render.Table{Indent: "  "}
	t.Head("time>", "at", "paper", "what happened")
	for _, ev := range r.Events {
		t.Row(render.Flush(render.Offset(ev.Time-r.Events[0].Time)), render.NodeCell(ev.Node),
			render.Toned(render.Dim, ev.Section()), render.Toned(render.ToneOf(ev), render.Sentence(ev)))
	}
	return t.Render(p)
}

// A drawing is the space-time diagram of a request. The client and each node that took part have a
// lane, and time goes down.
type drawing struct {
	nodes []string
	lane  int // columns of a lane
}

const (
	timeWidth = 10 // columns of the times
	minLane   = 7  // columns of a lane with room for an arrow
	minNote   = 30 // columns for the sentences; with fewer, a list is better
)

// longGap is the time between two events from which the drawing states it in words.
const longGap = time.Second

func newDrawing(r *view.Request, cluster *view.Cluster) *drawing {
	seen := map[string]bool{}
	for _, ev := range r.Events {
		for _, n := range []string{ev.Node, ev.Peer} {
			seen[n] = true
		}
	}
	d := &drawing{lane: minLane}
	for _, n := range cluster.Settings.Nodes {
		if seen[n] {
			d.nodes = append(d.nodes, n)
			d.lane = max(d.lane, len(n)+2)
		}
	}
	return d
}

func (d *drawing) width() int { return timeWidth + (len(d.nodes)+1)*d.lane + 8 }

// at returns the column of a node's lane. The client's lane is the first.
func (d *drawing) at(node string) int {
	return (slices.Index(d.nodes, node)+1)*d.lane + d.lane/2
}

func (d *drawing) draw(p render.Painter, r *view.Request) string {
	var out strings.Builder
	out.WriteString(strings.Repeat(" ", timeWidth) + d.heads(p) + "\n")
	start, answered := r.Events[0].Time, false
	for i, ev := range r.Events {
		pause := ""
		if i > 0 && ev.Time-r.Events[i-1].Time > longGap {
			pause = render.Duration(ev.Time-r.Events[i-1].Time) + " later"
		}
		if answered {
			pause = strings.TrimPrefix(pause+", after the client got its answer", ", ")
		}
		if pause != "" {
			out.WriteString(strings.Repeat(" ", timeWidth) + p.Paint(render.Dim, d.blank('·')+"  "+pause) + "\n")
		}
		fmt.Fprintf(&out, "%*s %s  %s%s\n", timeWidth-1, render.Offset(ev.Time-start), d.row(p, ev),
			p.Paint(render.Dim, fmt.Sprintf("%-6s", ev.Section())), p.Paint(render.ToneOf(ev), render.Sentence(ev)))
		answered = ev.Kind == event.Replied
	}
	return out.String()
}

// heads returns the line with the names of the lanes.
func (d *drawing) heads(p render.Painter) string {
	line := []rune(d.blank(' '))
	put := func(col int, name string) {
		for i, c := range []rune(name) {
			line[max(0, col-len(name)/2)+i] = c
		}
	}
	put(d.lane/2, "client")
	for _, n := range d.nodes {
		put(d.at(n), render.Node(n))
	}
	return p.Paint(render.Bold, strings.TrimRight(string(line), " "))
}

func (d *drawing) blank(c rune) string {
	return strings.Repeat(string(c), (len(d.nodes)+1)*d.lane)
}

// row draws one event: an arrow for a message, a mark for what a node does by itself.
func (d *drawing) row(p render.Painter, ev event.Event) string {
	line := []rune(d.blank(' '))
	for i := range len(d.nodes) + 1 {
		line[i*d.lane+d.lane/2] = '│'
	}
	client := d.lane / 2
	node := d.at(ev.Node)
	lo, hi := len(line), len(line) // the columns to colour
	arrow := func(from, to int, lost bool) {
		lo, hi = drawArrow(line, from, to, lost)
	}
	switch ev.Kind {
	case event.Requested:
		arrow(client, node, false)
	case event.Replied:
		arrow(node, client, false)
	case event.Forwarded, event.Replicate, event.ReadFrom, event.ReadRepair, event.HintSent:
		arrow(node, d.at(ev.Peer), false)
	case event.Ack, event.ReadReply, event.HintDelivered, event.HintRefused:
		arrow(d.at(ev.Peer), node, false)
	case event.Dropped:
		arrow(node, d.at(ev.Peer), true)
	case event.Stored, event.HintStored:
		line[node], lo, hi = '▣', node, node+1
	default:
		line[node], lo, hi = '◇', node, node+1
	}
	return p.Paint(render.Dim, string(line[:lo])) + p.Paint(render.ToneOf(ev), string(line[lo:hi])) +
		p.Paint(render.Dim, string(line[hi:]))
}

// drawArrow draws an arrow from one column to another and returns the columns that it drew over. A
// message of a node to itself is a mark.
func drawArrow(line []rune, from, to int, lost bool) (lo, hi int) {
	if from == to {
		line[from] = '●'
		return from, from + 1
	}
	lo, hi = min(from, to), max(from, to)
	for i := lo + 1; i < hi; i++ {
		line[i] = '─'
	}
	head, tip, tail := '▶', hi-1, '├'
	if to < from {
		head, tip, tail = '◀', lo+1, '┤'
	}
	if lost {
		head = '✗'
	}
	line[from], line[tip] = tail, head
	return lo, hi + 1
}
