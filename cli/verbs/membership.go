package verbs

// join and leave change the membership of the ring (§4.8.1, §4.9).

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/usage"
	"ringside/engine/view"
)

const changeHelp = `The node of --via, or the first member that is up, records the change with its time, and gossip
spreads it. A node that is no longer a home of a key range offers the range to the new homes, sends it when they
confirm, and drops it when all of them hold it; settle waits for that.`

var (
	changeViaFlag = Flag{Name: "via", Kind: String, Value: "NODE", Complete: CompleteNodes,
		Help: "the node that records the change"}
	dryRunFlag = Flag{Name: "dry-run", Kind: Bool, Help: "show what would move, and change nothing"}
)

var joinVerb = &Verb{
	Name: "join", Group: GroupRing, Section: "§4.8.1, §4.9",
	Args:  []Arg{{Name: "NODE", Optional: true}},
	Usage: "start a node and let it join the ring",
	Help: `Without NODE, the new node gets the next free name. ` + changeHelp + `
During a split a new node is on the side of the node that records its join. A node of the cluster that
left and joins again stays on its side.
A node that records its own join (--via itself) has a ring of its own unless it knows a seed (§4.8.2).`,
	Flags: []Flag{
		{Name: "weight", Kind: Int, Value: "W", Default: "1", Max: member.MaxWeight,
			Help: "capacity, as a multiple of the smallest node's (§4.2)"},
		{Name: "zone", Kind: String, Value: "ZONE", Help: "data centre (§4.6)"},
		changeViaFlag, dryRunFlag},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		return e.change(ctx, c, member.Request{Kind: member.Join, Node: c.Arg(0), Weight: c.Int("weight"),
			Zone: c.String("zone"), Via: c.String("via")})
	},
}

var leaveVerb = &Verb{
	Name: "leave", Group: GroupRing, Section: "§4.8.1, §4.9",
	Args:  []Arg{{Name: "NODE", Complete: CompleteNodes}},
	Usage: "let a node hand over its keys and leave the ring",
	Help: changeHelp + `
The node is taken down when it has handed over everything. A node that is dead for good cannot hand over
anything: --force removes it, and the other nodes bring each key back to N homes. --force also ends the wait
for a node that died while it was leaving. A removed node that is started again hands over the keys that only it
has, and is then taken down.`,
	Flags: []Flag{{Name: "force", Kind: Bool, Help: "the node is dead: give up the data that only it had"},
		changeViaFlag, dryRunFlag},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		r := member.Request{Kind: member.Leave, Node: c.Arg(0), Via: c.String("via")}
		if c.Bool("force") {
			r.Kind = member.Remove
		}
		return e.change(ctx, c, r)
	},
}

// change lets a node record a change, or shows what the change would move.
func (e *Env) change(ctx context.Context, c *Call, r member.Request) error {
	cluster, err := e.view(ctx)
	if err != nil {
		return err
	}
	if n := cluster.Node(r.Node); r.Kind == member.Remove && n != nil && n.Status == view.Up {
		if leaves(cluster, r.Node) {
			return usage.Errorf("leave %[1]s --force: the node is up and is leaving; "+
				"wait with settle, or give up its data with  kill %[1]s  first", render.Node(r.Node))
		}
		return usage.Errorf("leave %[1]s --force: the node is up; let it hand over its keys with  leave %[1]s , "+
			"or crash it first with  kill %[1]s", render.Node(r.Node))
	}
	if c.Bool("dry-run") {
		return e.dryRun(ctx, cluster, r)
	}
	done, err := e.Cluster.Member(ctx, r)
	if err != nil {
		return err
	}
	if cluster, err = e.view(ctx); err != nil {
		return err
	}
	var group []string // the group of the new node in the current split
	if i := cluster.Side(done.Node); i >= 0 && done.Kind == member.Join {
		group = cluster.Groups[i]
	}
	known := knownTo(cluster, done.By)
	if e.JSON {
		return e.print(struct {
			member.Change
			Time     string `json:"time"`
			Members  int    `json:"members"`  // of the ring that the recording node knows
			Replicas int    `json:"replicas"` // of each key
			// join during a split: the nodes that the new node can reach, including itself
			Side []string `json:"side,omitempty"`
		}{done, event.Timestamp(time.Duration(done.Time)), len(known.Members()), replicasOn(cluster, known),
			group})
	}
	kind := map[member.Kind]string{member.Join: e.paint(render.Good, "joins"),
		member.Leave: e.paint(render.Warn, "leaves"), member.Remove: e.paint(render.Bad, "removed")}[done.Kind]
	return e.write(fmt.Sprintf("%s  %s  recorded by %s; ", kind, render.Node(done.Node), render.Node(done.By)) +
		ringAfter(e.painter(), cluster, done, known) + "\n" + fewHomes(e.painter(), cluster, known) +
		showSide(e.painter(), cluster, group, done.Node))
}

// knownTo returns the ring that a node knows. If the node is not known, it returns the newest ring.
func knownTo(cluster *view.Cluster, node string) *ring.Ring {
	if n := cluster.Node(node); n != nil {
		return cluster.RingOf(n)
	}
	return cluster.Ring
}

// ringAfter says how many members the ring has after a change. known is the ring of the node that
// recorded the change. That ring may lack members that other nodes know, and ringAfter then says
// whether gossip will tell the node of them.
func ringAfter(p render.Painter, cluster *view.Cluster, done member.Change, known *ring.Ring) string {
	count := render.Count(len(known.Members()), "member")
	var others []string
	for _, m := range cluster.Ring.Members() {
		if !known.Has(m.Name) {
			others = append(others, m.Name)
		}
	}
	by := render.Node(done.By)
	switch {
	case len(others) == 0:
		return "the ring has " + count + p.Paint(render.Dim, "; settle waits until its ranges have moved (§4.9)")
	case len(cluster.Settings.Seeds) == 0 && !heardOf(cluster, others, known):
		return p.Paint(render.Warn, fmt.Sprintf("%s has a ring of its own, of %s", by, count)) + fmt.Sprintf(
			": %s does not know %s, and no seed tells %s of them (§4.8.2)", by, render.FewNodes(others, maxRowNodes), by)
	}
	return fmt.Sprintf("the ring that %s knows has %s; gossip will tell %s of %s", by, count, by,
		render.FewNodes(others, maxRowNodes)) + p.Paint(render.Dim, "; settle waits for that (§4.8.1)")
}

// heardOf reports whether one of the nodes knows a member of a ring.
func heardOf(cluster *view.Cluster, nodes []string, of *ring.Ring) bool {
	return slices.ContainsFunc(nodes, func(node string) bool {
		knows := knownTo(cluster, node)
		return slices.ContainsFunc(of.Members(), func(m ring.Member) bool { return knows.Has(m.Name) })
	})
}

// replicasOn returns the number of replicas of a key on a ring: N, or the number of members if
// that is smaller.
func replicasOn(cluster *view.Cluster, r *ring.Ring) int {
	return min(cluster.Settings.N, len(r.Members()))
}

// fewHomes returns a warning if the ring has fewer than N members, "" otherwise.
func fewHomes(p render.Painter, cluster *view.Cluster, r *ring.Ring) string {
	have := replicasOn(cluster, r)
	if have == cluster.Settings.N {
		return ""
	}
	return p.Paint(render.Warn, "few members") +
		fmt.Sprintf("  each key has %s instead of N=%d until a node joins (§4.3)\n",
			render.Count(have, "replica"), cluster.Settings.N)
}

// showSide returns the side of the split of a node that joined, and the nodes that the new node
// can reach. It returns "" if there is no split.
func showSide(p render.Painter, cluster *view.Cluster, group []string, node string) string {
	if group == nil {
		return ""
	}
	out := fmt.Sprintf("the network is split: %s is on side %s, with %s", render.Node(node),
		render.Side(cluster.Side(node)),
		render.Nodes(without(group, node)))
	return p.Paint(render.Warn, out) + "; the other sides learn of the join after heal\n"
}

func without(group []string, node string) []string {
	return slices.DeleteFunc(slices.Clone(group), func(n string) bool { return n == node })
}

// A move is a key range that a change takes from some nodes and gives to others.
type move struct {
	Start ring.Position `json:"start"`
	End   ring.Position `json:"end"`
	From  []string      `json:"from"` // homes before the change only
	To    []string      `json:"to"`   // homes after the change only
	Keys  int           `json:"keys"` // estimated, as Bytes
	Bytes int           `json:"bytes"`
}

func (e *Env) dryRun(ctx context.Context, cluster *view.Cluster, r member.Request) error {
	change, err := e.Cluster.CheckMember(ctx, r)
	if err != nil {
		return err
	}
	h, _ := cluster.History.With(int64(cluster.Now), change)
	after := h.Ring(cluster.Settings.RingConfig())
	moves := movesBetween(cluster, after)
	replicas, bytes, share := 0, 0, 0.0
	for _, m := range moves {
		replicas, bytes = replicas+m.Keys*len(m.To), bytes+m.Bytes*len(m.To)
		share += ring.Range{Start: m.Start, End: m.End}.Size() * float64(len(m.To))
	}
	if e.JSON {
		return e.print(struct {
			Node     string  `json:"node"`
			Kind     string  `json:"kind"`
			Moves    []move  `json:"moves"`
			Keys     int     `json:"keys"` // replicas that move: a key counts for each new home
			Bytes    int     `json:"bytes"`
			Share    float64 `json:"share"`
			Members  int     `json:"members"`  // after the change
			Replicas int     `json:"replicas"` // of each key, after the change
		}{change.Node, change.Kind.String(), moves, replicas, bytes, share / float64(cluster.Settings.N),
			len(after.Members()), replicasOn(cluster, after)})
	}
	t := render.Table{Indent: "  "}
	t.Head("from", "to", "ranges>", "keys>", "bytes>")
	for _, row := range sumMoves(moves) {
		t.Row(render.Toned(render.Bold, render.Nodes(row.From)), render.Toned(render.Bold, render.Nodes(row.To)),
			render.Number(row.ranges), render.Number(row.Keys), render.Number(row.Bytes))
	}
	return e.write(fmt.Sprintf("if %s %ss, %.1f%% of all replicas move: about %s, %s; nothing was changed\n",
		render.Node(change.Node), change.Kind, 100*share/float64(cluster.Settings.N), render.Count(replicas, "replica"),
		render.Count(bytes, "byte")) +
		fewHomes(e.painter(), cluster, after) + t.Render(e.painter()))
}

// leaves reports whether a node is leaving and has not yet handed over everything.
func leaves(cluster *view.Cluster, node string) bool {
	last, _ := cluster.History.Last(node)
	return last.Kind == member.Leave && !cluster.Ring.Has(node)
}

// movesBetween returns the moves that change the ring of the cluster to after. Keys and bytes are
// estimated from what homes hold now.
func movesBetween(cluster *view.Cluster, after *ring.Ring) []move {
	moves := []move{}
	for _, s := range ring.Shifts(cluster.Ring, after) {
		m := move{Start: s.Start, End: s.End, From: orEmpty(s.Lost()), To: orEmpty(s.Gained())}
		rg := cluster.Ring.Ranges()[cluster.Ring.Index(s.End)]
		part := s.Size() / rg.Size()
		for _, h := range rg.Homes {
			if n := cluster.Node(h); n != nil {
				root := n.Roots[event.Span{Start: rg.Start, End: rg.End}]
				m.Keys = max(m.Keys, int(float64(root.Keys)*part+.5))
				m.Bytes = max(m.Bytes, int(float64(root.Size)*part+.5))
			}
		}
		moves = append(moves, m)
	}
	return moves
}

// A moveSum is the sum of the moves between the same nodes.
type moveSum struct {
	move
	ranges int
}

// sumMoves adds up the moves from the same nodes to the same nodes.
func sumMoves(moves []move) []moveSum {
	var out []moveSum
	for _, m := range moves {
		i := slices.IndexFunc(out,
			func(o moveSum) bool { return slices.Equal(o.From, m.From) && slices.Equal(o.To, m.To) })
		if i < 0 {
			i = len(out)
			out = append(out, moveSum{move: move{From: m.From, To: m.To}})
		}
		out[i].ranges++
		out[i].Keys += m.Keys
		out[i].Bytes += m.Bytes
	}
	slices.SortStableFunc(out, func(a, b moveSum) int { return slices.Compare(a.From, b.From) })
	return out
}
