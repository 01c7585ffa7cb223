package verbs

// status, ring, inspect and hints all read a view.Cluster.

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/settings"
	"ringside/engine/view"
)

var statusVerb = &Verb{
	Name: "status", Group: GroupLook, Section: "§4.8",
	Usage: "show the nodes, splits and hints",
	Help: `A node's state is what its driver knows; what nodes believe of each other is their own (suspects).
For a node that went down by itself, status shows the reason. A node whose disk is full comes back by itself when
there is room.
Of a cluster with buffers (§6.1) it shows how many objects are in a node's memory only now; hints are on disk,
but at one node that is not their home. For a node that is down or paused, status shows its last known counts.`,
	Run: func(ctx context.Context, e *Env, _ *Call) error {
		cluster, err := e.view(ctx)
		if err != nil {
			return err
		}
		if e.JSON {
			return printStatus(e, cluster)
		}
		return e.write(e.showStatus(cluster))
	},
}

// leftGrain is the precision with which status shows the time that is left of a split. A finer one
// would be wrong by the time that the command takes.
const leftGrain = 100 * time.Millisecond

func printStatus(e *Env, cluster *view.Cluster) error {
	type node struct {
		Node     string      `json:"node"`
		State    view.Status `json:"state"`
		Reason   string      `json:"reason,omitempty"` // why the node went down by itself
		Addr     string      `json:"addr"`
		Keys     int         `json:"keys"`
		Hints    int         `json:"hints"`
		Buffered int         `json:"buffered"`        // objects in its memory only
		Slice    float64     `json:"slice,omitempty"` // of its rate that background work may use
		Suspects []string    `json:"suspects"`
		// Sees counts the nodes that it believes to be up, including itself; 0 if it does not run.
		Sees    int  `json:"sees"`
		Member  bool `json:"member"`  // of the ring
		Changes int  `json:"changes"` // of the membership that it knows (§4.8.1)
		Pending int  `json:"pending"` // ranges that it was not given yet (§4.9)
		Foreign int  `json:"foreign"` // keys that it is to hand over

		Tombstones int    `json:"tombstones"`                // keys of which it holds nothing but what a delete left (§4.4)
		Kept       string `json:"tombstones_kept,omitempty"` // why those stay, if it knows

		LastKnown bool `json:"last_known,omitempty"` // the counts are the last that the node reported
	}
	nodes := make([]node, len(cluster.Nodes))
	for i, n := range cluster.Nodes {
		nodes[i] = node{n.Name, n.Status, n.Reason, n.Addr, n.Keys, n.HintTotal(), n.Buffered, n.Slice, suspects(n),
			cluster.Sees(n), isMember(cluster, n), len(n.History), n.Pending, n.Foreign, n.Dead, n.Kept, !n.Current()}
	}
	s := cluster.Settings
	return e.print(struct {
		Cluster  string             `json:"cluster"`
		N        int                `json:"n"`
		R        int                `json:"r"`
		W        int                `json:"w"`
		Mode     string             `json:"mode"`
		Clocks   string             `json:"clocks"`
		Truncate int                `json:"truncate"`
		Strict   bool               `json:"strict"`
		Strategy int                `json:"strategy"`
		Mem      bool               `json:"mem"`
		Nodes    []node             `json:"nodes"`
		Split    [][]string         `json:"split"`
		OneWay   bool               `json:"one_way"`
		LeftS    *float64           `json:"split_left_s,omitempty"` // until the split heals by itself
		Slow     map[string]float64 `json:"slow_ms"`
		Loss     map[string]float64 `json:"loss"`
		Hints    int                `json:"hints"`
		Buffer   int                `json:"buffer"` // objects that each node's buffer has room for; 0: there is none
		Buffered int                `json:"buffered"`
		Memory   view.MemoryUse     `json:"memory"` // bytes that wait in the queues of all nodes, and their limit
		// Lost counts the acknowledged writes that last write wins lost since the nodes started.
		Lost     int `json:"lost"`
		Members  int `json:"members"`  // of the ring
		Replicas int `json:"replicas"` // of each key: N, or fewer if there are fewer members
	}{s.Name, s.N, s.R, s.W, s.Mode, cmp.Or(s.Clocks, settings.ClocksDotted), s.Truncate, s.Strict, s.Strategy, s.Mem,
		nodes, cluster.Groups, cluster.OneWay, splitLeft(cluster), slowMS(cluster), cluster.Loss, cluster.Hints(), s.Buffer,
		cluster.Buffered(), cluster.Queues, cluster.Lost(),
		len(cluster.Ring.Members()), replicasOn(cluster, cluster.Ring)})
}

// splitLeft returns how many seconds a timed split still lasts, nil if there is none.
func splitLeft(cluster *view.Cluster) *float64 {
	left, ok := cluster.SplitLeft()
	if !ok {
		return nil
	}
	s := left.Seconds()
	return &s
}

func slowMS(cluster *view.Cluster) map[string]float64 {
	out := map[string]float64{}
	for link, d := range cluster.Slow {
		out[link] = float64(d) / float64(time.Millisecond)
	}
	return out
}

func suspects(n *view.Node) []string {
	out := []string{}
	for p := range n.Suspects {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// statusStyles colours a node's state.
var statusStyles = map[view.Status]render.Tone{view.Up: render.Good, view.Down: render.Bad, view.Paused: render.Warn}

func (e *Env) showStatus(cluster *view.Cluster) string {
	s := cluster.Settings
	quorum := "sloppy"
	if s.Strict {
		quorum = "strict"
	}
	up := 0
	t := render.Table{Indent: "  "}
	titles := []string{"node", "state", "keys>", "hints", "believes down", "address"}
	if s.Buffer > 0 {
		titles = slices.Insert(titles, 3, "in memory only>")
	}
	if cluster.Groups != nil {
		titles = append([]string{"side"}, titles...)
	}
	moving := unsettledRing(cluster)
	if moving {
		titles = append(titles, "ring")
	}
	t.Head(titles...)
	for _, n := range cluster.Nodes {
		if n.Status == view.Up {
			up++
		}
		row := []render.Cell{{Text: render.Node(n.Name), Tone: render.Bold}, {Text: string(n.Status), Tone: statusStyles[n.Status]},
			{Text: fmt.Sprint(n.Keys), Right: true}, {Text: showHints(n), Tone: render.Hint}, {Text: render.Nodes(suspects(n)), Tone: render.Warn}, {Text: render.Text(n.Addr), Tone: render.Dim}}
		if s.Buffer > 0 {
			row = slices.Insert(row, 3, render.Cell{Text: fmt.Sprintf("%d/%d", n.Buffered, s.Buffer), Right: true, Tone: render.Hint})
		}
		if cluster.Groups != nil {
			row = append([]render.Cell{{Text: render.Side(cluster.Side(n.Name))}}, row...)
		}
		if moving {
			row = append(row, render.Cell{Text: inRing(cluster, n), Tone: render.Accent})
		}
		t.Row(row...)
	}
	head := fmt.Sprintf("%s  N=%d R=%d W=%d  %s quorum, %s  %d of %s up", e.paint(render.Bold, render.Text(s.Name)), s.N, s.R, s.W, quorum, render.Text(s.Versioning()), up, render.Count(len(cluster.Nodes), "node"))
	if s.Mem {
		head += ", in memory"
	}
	if s.Buffer > 0 {
		head += fmt.Sprintf(", buffers of %s", render.Count(s.Buffer, "object"))
	}
	return head + "\n" + e.showNotes(cluster) + t.Render(e.painter())
}

// showNotes shows everything that differs from a healthy cluster, one line each.
func (e *Env) showNotes(cluster *view.Cluster) string {
	out := ""
	if cluster.Groups != nil {
		out += e.showSplit(cluster.Groups, cluster.OneWay)
		if left, ok := cluster.SplitLeft(); ok {
			out += e.paint(render.Dim, "  heals by itself in "+left.Round(leftGrain).String())
		}
		out += "\n"
	}
	out += e.fewHomes(cluster, cluster.Ring)
	if s := cluster.Slice(); s < 1 {
		out += e.paint(render.Warn, "busy") +
			fmt.Sprintf("  clients wait too long: background work is down to %.3g%% (§6.5)\n", 100*s)
	}
	if q := cluster.Queues; q.Used > q.Limit/4 {
		out += e.paint(render.Warn, "memory") +
			fmt.Sprintf("  the queues of all nodes hold %d of %d MiB; requests beyond that are refused\n",
				q.Used>>20, q.Limit>>20)
	}
	if cluster.Settings.Mode == settings.ModeLWW || cluster.Lost() > 0 {
		st := render.Dim
		if cluster.Lost() > 0 {
			st = render.Bad
		}
		out += e.paint(st, "lost") + "  " + render.Count(cluster.Lost(), "acknowledged write") +
			" to last write wins, since the nodes started (§6)\n"
	}
	for _, link := range sortedKeys(cluster.Slow) {
		out += e.paint(render.Warn, "slow") + "  " + render.Text(link) + " by " + cluster.Slow[link].String() + "\n"
	}
	for _, link := range sortedKeys(cluster.Loss) {
		out += e.paint(render.Warn, "loss") + "  " + render.Text(link) + fmt.Sprintf(" of %g%%\n", cluster.Loss[link])
	}
	return out + e.showReasons(cluster) + e.showSilent(cluster) + e.showKept(cluster)
}

// showReasons shows why nodes went down by themselves, each reason once.
func (e *Env) showReasons(cluster *view.Cluster) string {
	out := ""
	told := map[string]bool{}
	for _, n := range cluster.Nodes {
		if n.Reason == "" || told[n.Reason] {
			continue
		}
		told[n.Reason] = true
		var same []string
		for _, o := range cluster.Nodes {
			if o.Reason == n.Reason {
				same = append(same, o.Name)
			}
		}
		out += e.paint(render.Bad, "down") + "  " + render.Nodes(same) + ": " + render.Text(n.Reason) + "\n"
	}
	return out
}

// showSilent shows the nodes that run and did not answer.
func (e *Env) showSilent(cluster *view.Cluster) string {
	var silent []string
	for _, n := range cluster.Nodes {
		if n.Status == view.Up && n.Silent {
			silent = append(silent, n.Name)
		}
	}
	if len(silent) == 0 {
		return ""
	}
	return e.paint(render.Warn, "silent") + "  " + render.Nodes(silent) + ": no answer in time; the counts are the last known\n"
}

// showKept tells why tombstones stay, each reason once.
func (e *Env) showKept(cluster *view.Cluster) string {
	out := ""
	told := map[string]bool{}
	for _, n := range cluster.Nodes {
		if n.Kept != "" && n.Dead > 0 && !told[n.Kept] {
			told[n.Kept] = true
			out += e.paint(render.Dim, "tombstones stay") + "  " + render.Text(n.Kept) + "\n"
		}
	}
	return out
}

// unsettledRing says whether there is anything to tell of the nodes' places in the ring.
func unsettledRing(cluster *view.Cluster) bool {
	return slices.ContainsFunc(cluster.Nodes, func(n *view.Node) bool { return inRing(cluster, n) != "" })
}

// isMember reports whether the node belongs to the ring that results from the changes of all nodes.
// A node that was removed while it was down does not know of its removal yet.
func isMember(cluster *view.Cluster, n *view.Node) bool { return cluster.Ring.Has(n.Name) }

// inRing says what is not as it will stay about a node's place in the ring.
func inRing(cluster *view.Cluster, n *view.Node) string {
	var parts []string
	if !isMember(cluster, n) {
		parts = append(parts, "no member")
	}
	if n.Status == view.Up && cluster.Behind(n) > 0 {
		parts = append(parts, render.Behind(cluster, n))
	}
	if n.Foreign > 0 {
		parts = append(parts, render.Count(n.Foreign, "key")+" to hand over")
	}
	if n.Pending > 0 {
		parts = append(parts, render.Count(n.Pending, "range")+" to be given")
	}
	return strings.Join(parts, ", ")
}

// showHints lists what a node keeps for others: 2 for n3.
func showHints(n *view.Node) string {
	var parts []string
	for _, home := range sortedKeys(n.Hints) {
		parts = append(parts, fmt.Sprintf("%d for %s", n.Hints[home].Keys, render.Node(home)))
	}
	return strings.Join(parts, ", ")
}
