package verbs

// §4.6, §4.8.3: faults of the network and of nodes, and their repair.

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/fault"
	"ringside/engine/view"
)

var partitionVerb = &Verb{
	Name: "partition", Group: GroupFaults, Section: "§4.6",
	Args:  []Arg{{Name: "GROUP", Complete: CompleteNodeLists, Many: true}},
	Usage: "cut the network into groups of nodes",
	Help: `Groups are arguments, as in  partition n1,n2 n3,n4,n5 , or one argument, as in
'n1,n2|n3,n4,n5'. Nodes in no group form a last one. Clients still reach every node:
both sides go on with reads and writes.`,
	Flags: []Flag{
		{Name: "one-way", Kind: Bool, Help: "earlier groups cannot reach later ones, but later ones reach them"},
		{Name: "for", Kind: Duration, Value: "10s", Longest: fault.MaxFor,
			Zero: "such a split would heal at once; leave --for out for a split that stays",
			Help: "heal by itself after that time"}},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		groups, err := fault.ParseGroups(c.Args)
		if err != nil {
			return c.Misuse(err)
		}
		return e.fault(ctx, fault.Fault{Kind: fault.Split, Groups: groups, OneWay: c.Bool("one-way"),
			For: c.Duration("for")})
	},
}

var healVerb = &Verb{
	Name: "heal", Group: GroupFaults, Section: "§4.6",
	Usage: "end splits, slowness and loss",
	Help:  `All links work again. Nodes that are down stay down: see restart.`,
	Run: func(ctx context.Context, e *Env, _ *Call) error {
		before, err := e.view(ctx) // before the heal, because nodes hand hints over at once after it
		if err != nil {
			return err
		}
		if err := e.Cluster.Fault(ctx, fault.Fault{Kind: fault.Heal}); err != nil {
			return err
		}
		return e.showHeal(before)
	},
}

var (
	killVerb = nodesVerb(fault.Kill, "§4.6", "crash nodes; their disks stay",
		`The process is gone and its data stays: restart brings the node back with its data.`)
	pauseVerb = nodesVerb(fault.Pause, "§4.8.3", "stop nodes where they are; their connections stay",
		`The node does not answer, and no connection breaks: other nodes notice by time-outs (about half a second).`)
	resumeVerb  = nodesVerb(fault.Resume, "§4.8.3", "end a pause", "")
	restartVerb = nodesVerb(fault.Restart, "§4.6", "start nodes again with their disks as they are",
		`A node that runs is crashed first. restart shows what a node found wrong with its disk (JSON: notes).`)
	wipeVerb = nodesVerb(fault.Wipe, "§4.7", "crash nodes, lose their disks, start them again empty", "")
)

// nodesVerb returns the verb of a fault of nodes.
func nodesVerb(kind fault.Kind, section, usage, help string) *Verb {
	return &Verb{
		Name: string(kind), Group: GroupFaults, Section: section,
		Args:  []Arg{{Name: "NODE", Complete: CompleteNodes, Many: true}},
		Usage: usage, Help: help,
		Run: func(ctx context.Context, e *Env, c *Call) error {
			return e.fault(ctx, fault.Fault{Kind: kind, Nodes: nodeArgs(c.Args)})
		},
	}
}

// nodeArgs returns the nodes that arguments name, each once. An argument may have several nodes
// with commas between them.
func nodeArgs(args []string) []string {
	var out []string
	for _, a := range args {
		for n := range strings.SplitSeq(a, ",") {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}

var slowVerb = &Verb{
	Name: "slow", Group: GroupFaults, Section: "§4.8.3",
	Args:  []Arg{{Name: "LINK", Complete: CompleteNodes}, {Name: "DELAY"}},
	Usage: "delay the messages of a link",
	Help:  `LINK is 'n1>n3' (one way), n1-n3 (both ways) or n1 (all its links); DELAY is as in 200ms; 0 ends it.`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		d, err := time.ParseDuration(c.Arg(1))
		if err != nil {
			return c.Misusef("%s is not a delay such as 200ms", render.Quoted(c.Arg(1)))
		}
		if err := fault.CheckDelay(d); err != nil {
			return c.Misuse(err)
		}
		return e.fault(ctx, fault.Fault{Kind: fault.Slow, Link: c.Arg(0), Delay: d})
	},
}

var lossVerb = &Verb{
	Name: "loss", Group: GroupFaults, Section: "§4.8.3",
	Args:  []Arg{{Name: "LINK", Complete: CompleteNodes}, {Name: "PERCENT"}},
	Usage: "lose a part of the messages of a link",
	Help:  `LINK is 'n1>n3' (one way), n1-n3 (both ways) or n1 (all its links); PERCENT is 0 to 100; 0 ends it.`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		p, err := strconv.ParseFloat(strings.TrimSuffix(c.Arg(1), "%"), 64)
		if err != nil {
			return c.Misusef("%s is not a percentage such as 20", render.Quoted(c.Arg(1)))
		}
		if err := fault.CheckPercent(p); err != nil { // ParseFloat accepts NaN and infinities
			return c.Misuse(err)
		}
		return e.fault(ctx, fault.Fault{Kind: fault.Loss, Link: c.Arg(0), Percent: p})
	},
}

var skewVerb = &Verb{
	Name: "skew", Group: GroupFaults, Section: "§4.4, §6",
	Args:  []Arg{{Name: "NODE", Complete: CompleteNodes}, {Name: "AHEAD"}},
	Usage: "let the clock of a node be wrong, from a new start on",
	Help: `AHEAD is how far the clock is ahead of the others, as in 10s, up to 24h. The clock gives versions their times,
and under last write wins the version with the latest time stays: a node whose clock is ahead wins over later writes.
With siblings, clocks decide nothing. The node is crashed and started again with that clock, as a machine that boots
with a wrong time. A clock never goes back, so AHEAD is at least what it was; other nodes may follow. NODE may
name several nodes, as in n1,n2. status shows clocks that are wrong; down ends it.`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		d, err := time.ParseDuration(c.Arg(1))
		if err != nil {
			return c.Misusef("%s is not a duration such as 10s", render.Quoted(c.Arg(1)))
		}
		if err := fault.CheckAhead(d); err != nil {
			return c.Misuse(err)
		}
		return e.fault(ctx, fault.Fault{Kind: fault.Skew, Nodes: nodeArgs(c.Args[:1]), Ahead: d})
	},
}

// fault causes a fault, or ends one, and shows the cluster after it.
func (e *Env) fault(ctx context.Context, f fault.Fault) error {
	if err := e.Cluster.Fault(ctx, f); err != nil {
		return err
	}
	cluster, err := e.view(ctx)
	if err != nil {
		return err
	}
	found := map[string]string{}
	if f.Kind == fault.Restart || f.Kind == fault.Skew {
		found = e.foundAtStart(ctx)
	}
	if e.JSON {
		return e.print(struct {
			Fault   fault.Kind `json:"fault"`
			Nodes   []string   `json:"nodes,omitempty"`
			Notes   []nodeNote `json:"notes,omitempty"` // faults that restarted nodes found with their disks
			Link    string     `json:"link,omitempty"`
			DelayMS float64    `json:"delay_ms,omitempty"`
			Percent float64    `json:"percent,omitempty"`
			Split   [][]string `json:"split"`
			OneWay  bool       `json:"one_way,omitempty"`
			ForS    float64    `json:"for_s,omitempty"`
			AheadMS float64    `json:"ahead_ms,omitempty"`
		}{f.Kind, f.Nodes, notesOn(f.Nodes, found), f.Link, float64(f.Delay) / float64(time.Millisecond), f.Percent,
			cluster.Groups, cluster.OneWay, f.For.Seconds(),
			float64(f.Ahead) / float64(time.Millisecond)})
	}
	return e.write(showFault(e.painter(), f, cluster, found) + "\n")
}

// showHeal shows a heal, with the number of hints before it.
func (e *Env) showHeal(before *view.Cluster) error {
	if e.JSON {
		return e.print(struct {
			Fault fault.Kind `json:"fault"`
			Split [][]string `json:"split"`
			Hints int        `json:"hints"` // to hand over
		}{fault.Heal, nil, before.Hints()})
	}
	s := e.paint(render.Good, "healed") + "  every link works again"
	if n := before.Hints(); n > 0 {
		s += e.paint(render.Hint, fmt.Sprintf("  %s to hand over (§4.6)", render.Count(n, "hint")))
	}
	return e.write(s + "\n")
}

func showFault(p render.Painter, f fault.Fault, cluster *view.Cluster, found map[string]string) string {
	link := render.Text(f.Link)
	switch f.Kind {
	case fault.Split:
		s := showSplit(p, cluster.Groups, cluster.OneWay)
		if f.For > 0 {
			s += p.Paint(render.Dim, "  heals by itself in "+f.For.String())
		}
		return s
	case fault.Slow:
		if f.Delay == 0 {
			return p.Paint(render.Good, "slow") + "  " + link + " is as fast as ever"
		}
		return p.Paint(render.Warn, "slow") + "  " + "messages on " + link + " take " + f.Delay.String() + " longer"
	case fault.Loss:
		if f.Percent == 0 {
			return p.Paint(render.Good, "loss") + "  " + link + " loses nothing"
		}
		return p.Paint(render.Warn, "loss") + "  " + link + " loses " + render.Percent(f.Percent,
			-1) + " of its messages"
	}
	lines := make([]string, len(f.Nodes))
	for i, name := range f.Nodes {
		if lines[i] = nodeDone(p, f.Kind, name); f.Kind == fault.Skew {
			lines[i] = p.Paint(render.Warn, render.Node(name)) + "  started again; its clock is " + render.Ahead(f.Ahead)
		}
		if note := found[name]; note != "" {
			lines[i] = p.Paint(render.Warn, render.Node(name)) + "  started again: " + render.Text(note)
		}
	}
	return strings.Join(lines, "\n")
}

// doneTo describes what happened to a node.
var doneTo = map[fault.Kind]string{
	fault.Kill:    "crashed; its disk stays",
	fault.Pause:   "paused; others notice by time-out",
	fault.Resume:  "goes on",
	fault.Restart: "started again with its disk",
	fault.Wipe:    "lost its disk and started again empty",
}

func nodeDone(p render.Painter, kind fault.Kind, name string) string {
	st := render.Good
	if kind == fault.Kill || kind == fault.Wipe {
		st = render.Bad
	} else if kind == fault.Pause {
		st = render.Warn
	}
	return p.Paint(st, render.Node(name)) + "  " + doneTo[kind]
}

// showSplit returns the sides of a split: ✂ split  n1 n2 │ n3 n4 n5.
func showSplit(p render.Painter, groups [][]string, oneWay bool) string {
	sides := make([]string, len(groups))
	for i, g := range groups {
		sides[i] = render.FewNodes(g, maxRowNodes)
	}
	if oneWay {
		return p.Paint(render.Bad, "✂ split") + "  " + strings.Join(sides, " │◀ ") +
			p.Paint(render.Dim, "  one way: only messages to the left pass")
	}
	return p.Paint(render.Bad, "✂ split") + "  " + strings.Join(sides, " │ ")
}
