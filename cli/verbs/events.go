package verbs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/condition"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
)

var eventsVerb = &Verb{
	Name: "events", Group: GroupLook, Section: "§4", Streams: true,
	Usage: "list events, oldest first; -f follows",
	Help: `One line an event: the time since the first one shown, the node, the section of the paper, and what
happened. A cluster remembers a bounded number of events; a first line says how many earlier
events it no longer remembers, and a gap says how many are missing.
-f lists up to 5,000 events a second as text, and 20,000 with --json. A gap counts the events above
that. With --kind, --key or --node, only the selected events count toward that rate. A gap then also
counts events that were not selected, and says "up to".`,
	Flags: []Flag{
		{Name: "f", Aliases: []string{"follow"}, Kind: Bool, Help: "also list new events as they happen, until Ctrl-C"},
		{Name: "key", Kind: String, Value: "KEY", Complete: CompleteKeys, Help: "only events of this key"},
		{Name: "node", Kind: String, Value: "NODE", Complete: CompleteNodes, Help: "only events at this node"},
		{Name: "kind", Kind: String, Value: "KIND,...",
			Help: "only these kinds: hint-stored, read-repair, ...; the error for an unknown kind lists all kinds"}},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		if err := e.checkFilters(ctx, c); err != nil {
			return err
		}
		q := event.Query{Follow: c.Bool("f"), Filter: filterOf(c)}
		switch {
		case e.JSON:
			return e.jsonEvents(ctx, c, q)
		case q.Follow:
			q.Rate = textRate
			var first time.Duration
			return e.Cluster.Events(ctx, q,
				func(batch []event.Event) error { return e.eventLines(c, batch, &first) })
		}
		all, err := e.past(ctx, q.Filter)
		if err != nil {
			return err
		}
		// by time, because a node publishes its events when they are durable
		slices.SortStableFunc(all, func(a, b event.Event) int { return cmp.Compare(a.Time, b.Time) })
		return e.eventLines(c, all, new(time.Duration))
	},
}

// textRate is the number of events a second that events -f shows as text at most. Gaps mark the
// others. To decode and to show an event costs the machine more than the event itself.
const textRate = 5000

// filterOf returns the events that the flags select. The cluster leaves out the others.
func filterOf(c *Call) event.Filter {
	f := event.Filter{Node: c.String("node")}
	if key := c.String("key"); key != "" {
		f.Key = []byte(key)
	}
	if c.Has("kind") {
		for k := range strings.SplitSeq(c.String("kind"), ",") {
			f.Kinds = append(f.Kinds, event.Kind(k))
		}
	}
	return f
}

// jsonEvents writes each event as a line of JSON.
func (e *Env) jsonEvents(ctx context.Context, c *Call, q event.Query) error {
	source, ok := e.Cluster.(eventLiner)
	if !ok || c.Has("key") && c.String("key") == "" {
		return e.Cluster.Events(ctx, q, func(batch []event.Event) error { return e.eventLines(c, batch, new(time.Duration)) })
	}
	return source.EventLines(ctx, q, func(lines []byte) error { return e.write(string(escape.Lines(lines))) })
}

// An eventLiner is a cluster in another process. It passes on the events of a query as the lines of
// JSON that came, which is ten times cheaper than to decode and encode them.
type eventLiner interface {
	EventLines(ctx context.Context, q event.Query, fn func(lines []byte) error) error
}

// eventLines writes the events that the flags select. first is the time of the first event
// written; eventLines sets it if it is 0.
func (e *Env) eventLines(c *Call, events []event.Event, first *time.Duration) error {
	var out strings.Builder
	for _, ev := range events {
		if !chosen(ev, c) {
			continue
		}
		if *first == 0 {
			*first = ev.Time
		}
		if err := e.eventLine(&out, ev, *first); err != nil {
			return err
		}
	}
	return e.write(out.String())
}

// checkFilters returns a usage error for a filter that no event can pass.
func (e *Env) checkFilters(ctx context.Context, c *Call) error {
	if c.Has("kind") {
		if err := checkKinds(c.String("kind")); err != nil {
			return c.Misusef("%w", err)
		}
	}
	if !c.Has("node") {
		return nil
	}
	view, err := e.view(ctx)
	if err != nil {
		return err
	}
	return condition.CheckNode(view, c.String("node"), condition.FormerNode)
}

// chosen reports whether the flags select the event. A gap is always selected.
func chosen(ev event.Event, c *Call) bool {
	if ev.Kind == event.Gap {
		return true
	}
	return (!c.Has("key") || string(ev.Key) == c.String("key")) &&
		(!c.Has("node") || ev.Node == c.String("node")) &&
		(!c.Has("kind") || slices.Contains(strings.Split(c.String("kind"), ","), string(ev.Kind)))
}

func (e *Env) eventLine(out *strings.Builder, ev event.Event, first time.Duration) error {
	if e.JSON {
		b, err := escape.JSON(ev)
		if err != nil {
			return err
		}
		out.Write(b)
		out.WriteByte('\n')
		return nil
	}
	node := render.Node(ev.Node)
	if node == "" {
		node = "-"
	}
	line := fmt.Sprintf("%9s  %-4s  %s  %s %s", render.Offset(ev.Time-first), node,
		e.paint(render.Dim, fmt.Sprintf("%-6s", ev.Section())),
		e.paint(render.ToneOf(ev), string(ev.Kind)), render.Detail(ev))
	line = strings.TrimRight(line, " ")
	if ev.Request > 0 {
		line += e.paint(render.Dim, "  "+event.RequestName(ev.Request))
	}
	out.WriteString(line + "\n")
	return nil
}

// checkKinds returns an error if the list names a kind of event that does not exist.
func checkKinds(list string) error {
	for kind := range strings.SplitSeq(list, ",") {
		if _, ok := event.Sections[event.Kind(kind)]; ok {
			continue
		}
		if shown := render.KindsShownAs(kind); len(shown) > 0 {
			return fmt.Errorf("there is no kind of event %s; a screen shows %s for %s", render.Quoted(kind),
				strings.ToUpper(kind), strings.Join(shown, ", "))
		}
		var all []string
		for k := range event.Sections {
			all = append(all, string(k))
		}
		slices.Sort(all)
		return fmt.Errorf("there is no kind of event %s%s; there are %s",
			render.Quoted(kind), render.DidYouMean(kind, all), strings.Join(all, " "))
	}
	return nil
}
