package verbs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/diagram"
	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/localcluster/atomicfile"
)

var traceVerb = &Verb{
	Name: "trace", Group: GroupLook, Section: "§4.5",
	Args:  []Arg{{Name: "ID|last", Complete: CompleteRequests}},
	Usage: "draw what one request caused, message by message",
	Help: `put and get print the number of their request, as in #41; last is the request that began last.
The client and each node have a lane, with the rank of a home below its name. ▣ stores a replica,
● is the coordinator's own replica, ◇ is another step of a node, and ✗ is a message or a home that
is not reached. Below are the reasons why the request ended as it did, and where its time went. The
time between the client and the node that it asked is not counted, because no event tells it.
--svg draws a picture for a page or a slide. --mermaid prints a sequenceDiagram for a README.
--shiviz writes a log with vector clocks for https://bestchai.bitbucket.io/shiviz/.
JSON: {"key","request","op","events":[as events prints them],"left_out"?:int,"why":[{"text","section"}],
"where":[{"part","us","note"}]}`,
	Flags: []Flag{
		{Name: "list", Kind: Bool, Help: "one line an event, without the drawing"},
		{Name: "svg", Kind: String, Value: "FILE", Complete: CompleteFiles, Help: "write the drawing as SVG; - prints it"},
		{Name: "mermaid", Kind: Bool, Help: "print the drawing as a Mermaid sequenceDiagram"},
		{Name: "shiviz", Kind: String, Value: "FILE", Complete: CompleteFiles, Help: "write a log for ShiViz; - prints it"},
	},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		d, err := e.diagram(ctx, c.Arg(0))
		if err != nil {
			return err
		}
		switch {
		case c.Has("svg") || c.Has("shiviz") || c.Bool("mermaid"):
			return exportTrace(e, c, d)
		case e.JSON:
			return printTrace(e, d)
		}
		return e.write(showTrace(e, d, c.Bool("list")))
	},
}

// diagram lays out a request from the events that the cluster remembers. arg is the number of a
// request, or last.
func (e *Env) diagram(ctx context.Context, arg string) (*diagram.Diagram, error) {
	var id uint64
	if arg != "last" {
		var err error
		if id, err = strconv.ParseUint(strings.TrimPrefix(arg, "#"), 10, 64); err != nil {
			return nil, usage.Errorf("trace: %s is neither a request's number nor last", render.Quoted(arg))
		}
	}
	cluster, err := e.view(ctx)
	if err != nil {
		return nil, err
	}
	events, err := e.past(ctx, event.Filter{})
	if err != nil {
		return nil, err
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
		return nil, usage.Errorf("trace: no request was sent yet; put or get a key first")
	case r == nil:
		return nil, usage.Errorf("trace: request %s is not remembered; events lists what is", event.RequestName(id))
	}
	return diagram.New(r, cluster, events), nil
}

func printTrace(e *Env, d *diagram.Diagram) error {
	type reason struct {
		Text    string `json:"text"`
		Section string `json:"section"`
	}
	type share struct {
		Part string  `json:"part"`
		US   float64 `json:"us"`
		Note string  `json:"note,omitempty"`
	}
	why, where := []reason{}, []share{}
	for _, w := range d.Why {
		why = append(why, reason{w.Text, w.Section})
	}
	for _, s := range d.Where {
		where = append(where, share{s.Name, float64(s.Took) / 1e3, s.Note})
	}
	return e.print(struct {
		keyJSON
		Request uint64        `json:"request"`
		Op      string        `json:"op"`
		Events  []event.Event `json:"events"`
		LeftOut int           `json:"left_out,omitempty"` // events of the request that were not kept
		Why     []reason      `json:"why"`
		Where   []share       `json:"where"`
	}{keyOf(d.Key), d.Request, d.Op, d.Events(), d.LeftOut(), why, where})
}

func showTrace(e *Env, d *diagram.Diagram, list bool) string {
	p := e.painter()
	head := e.paint(render.Bold, d.Title()) +
		e.paint(render.Dim, "  "+strings.TrimSuffix(event.Timestamp(d.Start)[11:23], "Z")+" UTC") + "\n"
	if list || !d.Fits(e.Width) {
		head += d.List(p)
	} else {
		head += d.Text(p)
	}
	return head + d.WhyText(p) + d.WhereText(p)
}

// exportTrace writes the drawing in each of the formats that the call asks for.
func exportTrace(e *Env, c *Call, d *diagram.Diagram) error {
	for _, x := range []struct {
		flag string
		text func() string
	}{{"svg", d.SVG}, {"shiviz", d.ShiViz}} {
		if !c.Has(x.flag) {
			continue
		}
		if c.String(x.flag) == "-" {
			if err := e.write(x.text()); err != nil {
				return err
			}
			continue
		}
		if err := e.writeFile(c, x.flag, x.text()); err != nil {
			return err
		}
	}
	switch {
	case c.Bool("mermaid"):
		return e.write(d.Mermaid())
	case e.JSON:
		return printTrace(e, d)
	}
	return nil
}

// writeFile writes text to the file that a flag of the call names, in place of what the file held.
func (e *Env) writeFile(c *Call, flag, text string) error {
	path, err := e.path(c.String(flag))
	if err != nil {
		return err
	}
	if err = refuseIrregular(path); err == nil {
		err = atomicfile.Replace(path, []byte(text))
	}
	if err == nil {
		e.note("%s: wrote %s", c.Verb.Name, render.Typed(c.String(flag)))
		return nil
	}
	err = fmt.Errorf("%s: %s %s cannot be written: %w; name another file", c.Verb.Name, Dashed(flag),
		render.Quoted(c.String(flag)), cause(err))
	if slices.ContainsFunc(misplaced, func(m error) bool { return errors.Is(err, m) }) {
		return c.Misuse(err)
	}
	return err
}

// refuseIrregular returns an error for a pipe or a device, because the other end of a pipe could
// make the caller wait for ever.
func refuseIrregular(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return errIrregular
	}
	return nil
}
