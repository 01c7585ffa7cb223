package verbs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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
	Help: `A node's state is what its driver knows. Which nodes a node suspects is its own belief.
For a node that went down by itself, status shows the reason. A node whose disk is full comes back by itself when
there is room.
In a cluster with buffers (§6.1), status shows how many objects are in the memory of a node only. Hints are on the
disk of one node, which is not their home. For a node that is down or paused, status shows its last known counts.`,
	Run: func(ctx context.Context, e *Env, _ *Call) error {
		cluster, err := e.view(ctx)
		if err != nil {
			return err
		}
		if e.JSON {
			return e.print(statusJSON(cluster))
		}
		return e.write(showStatus(e.painter(), cluster))
	},
}

// leftGrain is the precision of the time until a split heals. The command takes about that long,
// so a finer precision would be wrong.
const leftGrain = 100 * time.Millisecond

// statusJSON returns the JSON of status.
func statusJSON(cluster *view.Cluster) any {
	type node struct {
		Node   string      `json:"node"`
		State  view.Status `json:"state"`
		Reason string      `json:"reason,omitempty"` // why the node went down by itself
		Addr   string      `json:"addr"`
		// Services are the addresses for clients of other protocols, by service, such as riak.
		Services map[string]string `json:"services,omitempty"`
		Keys     int               `json:"keys"`
		Hints    int               `json:"hints"`
		Buffered int               `json:"buffered"`        // objects in memory only
		Slice    float64           `json:"slice,omitempty"` // part of the rate that background work may use, 0 to 1
		Suspects []string          `json:"suspects"`
		// Sees counts the nodes that the node believes to be up, including itself; 0 if the node is
		// down.
		Sees    int  `json:"sees"`
		Member  bool `json:"member"`  // of the ring
		Changes int  `json:"changes"` // membership changes that the node knows (§4.8.1)
		Pending int  `json:"pending"` // ranges that the node waits for (§4.9)
		Foreign int  `json:"foreign"` // keys that the node has to hand over

		Tombstones int    `json:"tombstones"`                // keys of which the node holds only tombstones (§4.4)
		Kept       string `json:"tombstones_kept,omitempty"` // why the tombstones stay, if the node knows

		LastKnown bool `json:"last_known,omitempty"` // the counts are the last that the node reported
	}
	nodes := make([]node, len(cluster.Nodes))
	for i, n := range cluster.Nodes {
		nodes[i] = node{n.Name, n.Status, n.Reason, n.Addr, n.Services, n.Keys, n.HintTotal(), n.Buffered, n.Slice,
			suspects(n), cluster.Sees(n), isMember(cluster, n), len(n.History), n.Pending, n.Foreign, n.Tombstones,
			n.TombstonesKept, !n.Current()}
	}
	s := cluster.Settings
	return struct {
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
		NoSync   bool               `json:"no_sync"` // nodes do not wait for their disks
		Nodes    []node             `json:"nodes"`
		Split    [][]string         `json:"split"`
		OneWay   bool               `json:"one_way"`
		LeftS    *float64           `json:"split_left_s,omitempty"` // until the split heals by itself
		Slow     map[string]float64 `json:"slow_ms"`
		Loss     map[string]float64 `json:"loss"`
		Skew     map[string]float64 `json:"skew_ms"` // of each node whose clock is ahead; below 0: behind
		Hints    int                `json:"hints"`
		Buffer   int                `json:"buffer"` // objects that fit into each node's buffer; 0: no buffers
		Buffered int                `json:"buffered"`
		Memory   view.MemoryUse     `json:"memory"` // bytes in the queues of all nodes, and their limit
		// Lost counts the acknowledged writes that last write wins lost since the nodes started.
		Lost     int `json:"lost"`
		Members  int `json:"members"`  // of the ring
		Replicas int `json:"replicas"` // of each key: N, or fewer if there are fewer members
	}{s.Name, s.N, s.R, s.W, s.Mode, cmp.Or(s.Clocks, settings.ClocksDotted), s.Truncate, s.Strict, s.Strategy, s.Mem,
		s.NoSync, nodes, cluster.Groups, cluster.OneWay, splitLeft(cluster), inMS(cluster.Slow), cluster.Loss,
		inMS(cluster.Skew), cluster.Hints(), s.Buffer, cluster.Buffered(), cluster.Queues, cluster.Lost(),
		len(cluster.Ring.Members()), replicasOn(cluster, cluster.Ring)}
}

// splitLeft returns the seconds until a timed split heals, nil if there is none.
func splitLeft(cluster *view.Cluster) *float64 {
	left, ok := cluster.SplitLeft()
	if !ok {
		return nil
	}
	s := left.Seconds()
	return &s
}

// inMS returns durations in milliseconds.
func inMS(durations map[string]time.Duration) map[string]float64 {
	out := map[string]float64{}
	for name, d := range durations {
		out[name] = float64(d) / float64(time.Millisecond)
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

// statusTones are the tones of a node's state.
var statusTones = map[view.Status]render.Tone{view.Up: render.Good, view.Down: render.Bad, view.Paused: render.Warn}

func showStatus(p render.Painter, cluster *view.Cluster) string {
	s := cluster.Settings
	quorum := "sloppy"
	if s.Strict {
		quorum = "strict"
	}
	up := 0
	for _, n := range cluster.Nodes {
		if n.Status == view.Up {
			up++
		}
	}
	head := fmt.Sprintf("%s  N=%d R=%d W=%d  %s quorum, %s  %d of %s up", p.Paint(render.Bold, render.Text(s.Name)),
		s.N, s.R, s.W, quorum, render.Text(s.Versioning()), up, render.Count(len(cluster.Nodes), "node"))
	if s.Mem {
		head += ", in memory"
	}
	if s.NoSync {
		head += ", not synced"
	}
	if s.Buffer > 0 {
		head += fmt.Sprintf(", buffers of %s", render.Count(s.Buffer, "object"))
	}
	return head + "\n" + showNotes(p, cluster) + showNodes(p, cluster)
}

// maxRowNodes is how many nodes a row names, so that it fits a screen. --json names all.
const maxRowNodes = 10

// showNodes shows a table of the nodes. Columns that would be empty for every node are left out.
func showNodes(p render.Painter, cluster *view.Cluster) string {
	buffered, split, changing := cluster.Settings.Buffer > 0, cluster.Groups != nil, ringChanges(cluster)
	titles := []string{"node", "state", "keys>", "hints", "believes down", "address"}
	if buffered {
		titles = slices.Insert(titles, 3, "in memory only>")
	}
	if split {
		titles = append([]string{"side"}, titles...)
	}
	services := servicesOf(cluster)
	titles = append(titles, services...)
	if changing {
		titles = append(titles, "ring")
	}
	t := render.Table{Indent: "  "}
	t.Head(titles...)
	for _, n := range cluster.Nodes {
		row := []render.Cell{render.NodeCell(n.Name), render.Toned(statusTones[n.Status], string(n.Status)),
			render.Number(n.Keys), render.Toned(render.Hint, showHints(n)),
			render.Toned(render.Warn, render.FewNodes(suspects(n), maxRowNodes)), render.Toned(render.Dim, render.Text(n.Addr))}
		if buffered {
			row = slices.Insert(row, 3, render.Cell{Text: fmt.Sprintf("%d/%d", n.Buffered, cluster.Settings.Buffer),
				Right: true, Tone: render.Hint})
		}
		if split {
			row = append([]render.Cell{{Text: render.Side(cluster.Side(n.Name))}}, row...)
		}
		for _, service := range services {
			row = append(row, render.Toned(render.Dim, render.Text(n.Services[service])))
		}
		if changing {
			row = append(row, render.Toned(render.Accent, inRing(cluster, n)))
		}
		t.Row(row...)
	}
	return t.Render(p)
}

// servicesOf returns the services that nodes offer beside ringside's own protocol, in the order of
// their names.
func servicesOf(cluster *view.Cluster) []string {
	names := map[string]bool{}
	for _, n := range cluster.Nodes {
		for service := range n.Services {
			names[service] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// showNotes shows what differs from a healthy cluster, one line each.
func showNotes(p render.Painter, cluster *view.Cluster) string {
	out := ""
	if cluster.Groups != nil {
		out += showSplit(p, cluster.Groups, cluster.OneWay)
		if left, ok := cluster.SplitLeft(); ok {
			out += p.Paint(render.Dim, "  heals by itself in "+left.Round(leftGrain).String())
		}
		out += "\n"
	}
	out += fewHomes(p, cluster, cluster.Ring)
	if s := cluster.Slice(); s < 1 {
		out += p.Paint(render.Warn, "busy") +
			fmt.Sprintf("  clients wait too long: background work is down to %.3g%% (§6.5)\n", 100*s)
	}
	if q := cluster.Queues; q.Used > q.Limit/4 {
		out += p.Paint(render.Warn, "memory") +
			fmt.Sprintf("  the queues of all nodes hold %d of %d MiB; requests beyond that are refused\n",
				q.Used>>20, q.Limit>>20)
	}
	if cluster.Settings.Mode == settings.ModeLWW || cluster.Lost() > 0 {
		st := render.Dim
		if cluster.Lost() > 0 {
			st = render.Bad
		}
		out += p.Paint(st, "lost") + "  " + render.Count(cluster.Lost(), "acknowledged write") +
			" to last write wins, since the nodes started (§6)\n"
	}
	for _, link := range sortedKeys(cluster.Slow) {
		out += p.Paint(render.Warn, "slow") + "  " + render.Text(link) + " by " + cluster.Slow[link].String() + "\n"
	}
	for _, link := range sortedKeys(cluster.Loss) {
		out += p.Paint(render.Warn, "loss") + "  " + render.Text(link) + fmt.Sprintf(" of %g%%\n", cluster.Loss[link])
	}
	for _, node := range sortedKeys(cluster.Skew) {
		out += p.Paint(render.Warn, "skew") + "  the clock of " + render.Node(node) + " is " +
			render.Ahead(cluster.Skew[node]) + "\n"
	}
	return out + showReasons(p, cluster) + showSilent(p, cluster) + showKept(p, cluster)
}

// showReasons shows why nodes went down by themselves, each reason once.
func showReasons(p render.Painter, cluster *view.Cluster) string {
	out := ""
	shown := map[string]bool{}
	for _, n := range cluster.Nodes {
		if n.Reason == "" || shown[n.Reason] {
			continue
		}
		shown[n.Reason] = true
		var same []string
		for _, o := range cluster.Nodes {
			if o.Reason == n.Reason {
				same = append(same, o.Name)
			}
		}
		out += p.Paint(render.Bad, "down") + "  " + render.FewNodes(same, maxRowNodes) + ": " + render.Text(n.Reason) + "\n"
	}
	return out
}

// showSilent shows the nodes that are up and did not answer.
func showSilent(p render.Painter, cluster *view.Cluster) string {
	var silent []string
	for _, n := range cluster.Nodes {
		if n.Status == view.Up && n.Silent {
			silent = append(silent, n.Name)
		}
	}
	if len(silent) == 0 {
		return ""
	}
	return p.Paint(render.Warn, "silent") + "  " + render.FewNodes(silent, maxRowNodes) +
		": no answer in time; the counts are the last known\n"
}

// showKept shows why tombstones stay, each reason once.
func showKept(p render.Painter, cluster *view.Cluster) string {
	out := ""
	shown := map[string]bool{}
	for _, n := range cluster.Nodes {
		if n.TombstonesKept != "" && n.Tombstones > 0 && !shown[n.TombstonesKept] {
			shown[n.TombstonesKept] = true
			out += p.Paint(render.Dim, "tombstones stay") + "  " + render.Text(n.TombstonesKept) + "\n"
		}
	}
	return out
}

// ringChanges reports whether inRing has a text for any node.
func ringChanges(cluster *view.Cluster) bool {
	return slices.ContainsFunc(cluster.Nodes, func(n *view.Node) bool { return inRing(cluster, n) != "" })
}

// isMember reports whether the node belongs to the ring that results from the changes of all
// nodes. A node that was removed while it was down does not know of its removal yet.
func isMember(cluster *view.Cluster, n *view.Node) bool { return cluster.Ring.Has(n.Name) }

// inRing returns what a membership change has yet to do at a node, "" if nothing.
func inRing(cluster *view.Cluster, n *view.Node) string {
	var parts []string
	if !isMember(cluster, n) {
		parts = append(parts, "not a member")
	}
	if n.Status == view.Up && cluster.Behind(n) > 0 {
		parts = append(parts, render.Behind(cluster, n))
	}
	if n.Foreign > 0 {
		parts = append(parts, render.Count(n.Foreign, "key")+" to hand over")
	}
	if n.Pending > 0 {
		parts = append(parts, render.Count(n.Pending, "range")+" to receive")
	}
	return strings.Join(parts, ", ")
}

// showHints returns how many hints a node keeps for which home: "2 for n3".
func showHints(n *view.Node) string {
	var parts []string
	for _, home := range sortedKeys(n.Hints) {
		parts = append(parts, fmt.Sprintf("%d for %s", n.Hints[home].Keys, render.Node(home)))
	}
	return strings.Join(parts, ", ")
}
