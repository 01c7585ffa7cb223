package verbs

// What the cluster holds: status, ring, inspect, hints. All read a trace.View.

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"ringside/engine/ring"
	"ringside/engine/trace"
	"ringside/engine/vclock"
)

var statusVerb = &Verb{
	Name: "status", Group: GroupLook, Section: "§4.8",
	Usage: "show the nodes, splits and hints",
	Help: `A node's state is what its driver knows; what nodes believe of each other is their own (suspects).
Of a cluster with buffers (§6.1) it shows how many objects are in a node's memory only now; hints are on disk,
but at one node that is not their home.`,
	Run: func(ctx context.Context, e *Env, _ *Call) error {
		view, err := e.view(ctx)
		if err != nil {
			return err
		}
		if e.JSON {
			return printStatus(e, view)
		}
		return e.write(e.showStatus(view))
	},
}

func printStatus(e *Env, view *trace.View) error {
	type node struct {
		Node     string           `json:"node"`
		State    trace.NodeStatus `json:"state"`
		Addr     string           `json:"addr"`
		Keys     int              `json:"keys"`
		Hints    int              `json:"hints"`
		Buffered int              `json:"buffered"`        // objects in its memory only
		Slice    float64          `json:"slice,omitempty"` // of its rate that background work may use
		Suspects []string         `json:"suspects"`
		Member   bool             `json:"member"`  // of the ring, as it knows it
		Changes  int              `json:"changes"` // of the membership that it knows (§4.8.1)
		Pending  int              `json:"pending"` // ranges that it was not given yet (§4.9)
		Foreign  int              `json:"foreign"` // keys that it is to hand over

		Tombstones int    `json:"tombstones"`                // keys of which it holds nothing but what a delete left (§4.4)
		Kept       string `json:"tombstones_kept,omitempty"` // why those stay, if it knows
	}
	nodes := make([]node, len(view.Nodes))
	for i, n := range view.Nodes {
		nodes[i] = node{n.Name, n.Status, n.Addr, n.Keys, n.HintTotal(), n.Buffered, n.Slice, suspects(n), view.RingOf(n).Has(n.Name), len(n.History), n.Pending, n.Foreign, n.Dead, n.Kept}
	}
	s := view.Settings
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
		Slow     map[string]float64 `json:"slow_ms"`
		Loss     map[string]float64 `json:"loss"`
		Hints    int                `json:"hints"`
		Buffer   int                `json:"buffer"` // objects that each node's buffer has room for; 0: there is none
		Buffered int                `json:"buffered"`
	}{s.Name, s.N, s.R, s.W, s.Mode, cmp.Or(s.Clocks, trace.ClocksDotted), s.Truncate, s.Strict, s.Strategy, s.Mem, nodes, view.Groups, view.OneWay, slowMS(view), view.Loss, view.Hints(), s.Buffer, view.Buffered()})
}

func slowMS(view *trace.View) map[string]float64 {
	out := map[string]float64{}
	for link, d := range view.Slow {
		out[link] = float64(d) / float64(time.Millisecond)
	}
	return out
}

func suspects(n *trace.Node) []string {
	out := []string{}
	for p := range n.Suspects {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// statusStyles colours a node's state.
var statusStyles = map[trace.NodeStatus]style{trace.Up: good, trace.Down: bad, trace.Paused: warn}

func (e *Env) showStatus(view *trace.View) string {
	s := view.Settings
	quorum := "sloppy"
	if s.Strict {
		quorum = "strict"
	}
	up := 0
	t := table{indent: "  "}
	titles := []string{"node", "state", "keys>", "hints", "believes down", "address"}
	if s.Buffer > 0 {
		titles = slices.Insert(titles, 3, "in memory only>")
	}
	if view.Groups != nil {
		titles = append([]string{"side"}, titles...)
	}
	moving := unsettledRing(view)
	if moving {
		titles = append(titles, "ring")
	}
	t.head(titles...)
	for _, n := range view.Nodes {
		if n.Status == trace.Up {
			up++
		}
		row := []cell{{text: names([]string{n.Name}), style: bold}, {text: string(n.Status), style: statusStyles[n.Status]},
			{text: fmt.Sprint(n.Keys), right: true}, {text: showHints(n), style: purple}, {text: names(suspects(n)), style: warn}, {text: trace.Show([]byte(n.Addr)), style: dim}}
		if s.Buffer > 0 {
			row = slices.Insert(row, 3, cell{text: fmt.Sprintf("%d/%d", n.Buffered, s.Buffer), right: true, style: purple})
		}
		if view.Groups != nil {
			row = append([]cell{{text: side(view, n.Name)}}, row...)
		}
		if moving {
			row = append(row, cell{text: inRing(view, n), style: accent})
		}
		t.row(row...)
	}
	head := fmt.Sprintf("%s  N=%d R=%d W=%d  %s quorum, %s  %d of %s up", e.paint(bold, trace.Show([]byte(s.Name))), s.N, s.R, s.W, quorum, trace.Show([]byte(s.Versioning())), up, count(len(view.Nodes), "node"))
	if s.Mem {
		head += ", in memory"
	}
	if s.Buffer > 0 {
		head += fmt.Sprintf(", buffers of %s", count(s.Buffer, "object"))
	}
	out := head + "\n"
	if view.Groups != nil {
		out += e.showSplit(view.Groups, view.OneWay) + "\n"
	}
	if s := view.Slice(); s < 1 {
		out += e.paint(warn, "busy") + fmt.Sprintf("  clients wait too long: background work is down to %.3g%% (§6.5)\n", 100*s)
	}
	for _, link := range sortedKeys(view.Slow) {
		out += e.paint(warn, "slow") + "  " + trace.Show([]byte(link)) + " by " + view.Slow[link].String() + "\n"
	}
	for _, link := range sortedKeys(view.Loss) {
		out += e.paint(warn, "loss") + "  " + trace.Show([]byte(link)) + fmt.Sprintf(" of %g%%\n", view.Loss[link])
	}
	out += e.showKept(view)
	return out + t.render(e)
}

// showKept tells why tombstones stay, each reason once.
func (e *Env) showKept(view *trace.View) string {
	out := ""
	told := map[string]bool{}
	for _, n := range view.Nodes {
		if n.Kept != "" && n.Dead > 0 && !told[n.Kept] {
			told[n.Kept] = true
			out += e.paint(dim, "tombstones stay") + "  " + trace.Show([]byte(n.Kept)) + "\n"
		}
	}
	return out
}

// unsettledRing says whether there is anything to tell of the nodes' places in the ring.
func unsettledRing(view *trace.View) bool {
	return slices.ContainsFunc(view.Nodes, func(n *trace.Node) bool { return inRing(view, n) != "" })
}

// inRing says what is not as it will stay about a node's place in the ring.
func inRing(view *trace.View, n *trace.Node) string {
	var parts []string
	if !view.Ring.Has(n.Name) {
		parts = append(parts, "no member")
	}
	if n.Status == trace.Up && view.Behind(n) > 0 {
		parts = append(parts, behind(view, n))
	}
	if n.Foreign > 0 {
		parts = append(parts, count(n.Foreign, "key")+" to hand over")
	}
	if n.Pending > 0 {
		parts = append(parts, count(n.Pending, "range")+" to be given")
	}
	return strings.Join(parts, ", ")
}

// behind says how much of the membership a node knows, of what those that are up do together.
func behind(view *trace.View, n *trace.Node) string {
	return fmt.Sprintf("knows %d of %s", len(n.History), count(len(n.History)+view.Behind(n), "change"))
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// side letters a node's side of the split.
func side(view *trace.View, node string) string {
	i := view.Side(node)
	if i < 0 {
		return ""
	}
	if i < 26 {
		return string(rune('A' + i))
	}
	return fmt.Sprint(i + 1)
}

// showHints lists what a node keeps for others: 2 for n3.
func showHints(n *trace.Node) string {
	var parts []string
	for _, home := range sortedKeys(n.Hints) {
		parts = append(parts, fmt.Sprintf("%d for %s", n.Hints[home].Keys, names([]string{home})))
	}
	return strings.Join(parts, ", ")
}

var ringVerb = &Verb{
	Name: "ring", Group: GroupLook, Section: "§4.2, §4.3, §6.2",
	Args:  []Arg{{Name: "KEY", Complete: CompleteKeys, Optional: true}},
	Usage: "show who owns which part of the key space, or a key's place",
	Flags: []Flag{{Name: "ranges", Kind: Bool, Help: "list every range with its homes"},
		{Name: "via", Kind: String, Value: "NODE", Complete: CompleteNodes, Help: "the ring as this node knows it"}},
	Help: `A key's position is its MD5; the node of the first token clockwise is its first home, and
the next distinct nodes are the others: its preference list (§4.3).`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		view, err := e.view(ctx)
		if err != nil {
			return err
		}
		if err := seeAs(view, c.String("via")); err != nil {
			return err
		}
		if e.JSON {
			return printRing(e, view.Ring, c.Arg(0))
		}
		if len(view.Ring.Members()) == 0 {
			return e.write(names([]string{c.String("via")}) + " knows of no ring\n")
		}
		if c.Arg(0) != "" {
			return e.write(e.showPlace(view, []byte(c.Arg(0))))
		}
		return e.write(e.showRing(view.Ring, c.Bool("ranges")))
	},
}

// seeAs makes the view's ring the one that a node knows.
func seeAs(view *trace.View, node string) error {
	if node == "" {
		return nil
	}
	n := view.Node(node)
	switch {
	case n == nil:
		return Usagef("there is no node %s; there are %s", quoted(node), names(view.Settings.Nodes))
	case n.Status != trace.Up:
		return Usagef("%s is %s, and does not say what it knows", names([]string{node}), n.Status)
	}
	view.Ring = view.RingOf(n)
	return nil
}

func printRing(e *Env, r *ring.Ring, key string) error {
	type node struct {
		Node   string  `json:"node"`
		Tokens int     `json:"tokens"`
		Share  float64 `json:"share"`
		Weight int     `json:"weight"`
		Zone   string  `json:"zone"`
	}
	type rng struct {
		Start  string   `json:"start"`
		End    string   `json:"end"`
		Owners []string `json:"owners"`
	}
	type place struct {
		keyJSON
		Position   string   `json:"position"`
		Preference []string `json:"preference"`
		Fallbacks  []string `json:"fallbacks"`
	}
	cfg := r.Config()
	tokens, share := r.TokenCount(), r.Share()
	out := struct {
		N        int    `json:"n"`
		Strategy int    `json:"strategy"`
		Q        int    `json:"q"`
		Nodes    []node `json:"nodes"`
		Ranges   []rng  `json:"ranges"`
		Key      *place `json:"of_key,omitempty"`
	}{N: cfg.N, Strategy: int(cfg.Strategy), Q: len(r.Ranges())}
	for _, m := range r.Members() {
		out.Nodes = append(out.Nodes, node{m.Name, tokens[m.Name], math.Round(share[m.Name]*shareDigits) / shareDigits, m.Weight, m.Zone})
	}
	for _, g := range r.Ranges() {
		out.Ranges = append(out.Ranges, rng{g.Start.String(), g.End.String(), g.Homes})
	}
	if key != "" && len(r.Members()) > 0 {
		k := []byte(key)
		homes := r.Homes(k)
		out.Key = &place{keyOf(k), ring.Of(k).String(), homes, orEmpty(r.Preference(k)[len(homes):])}
	}
	return e.print(out)
}

// shareDigits rounds shares in JSON to what is no artefact of adding them up.
const shareDigits = 1e9

// shareWidth is the longest bar of a share, in cells.
const shareWidth = 30

func (e *Env) showRing(r *ring.Ring, ranges bool) string {
	cfg := r.Config()
	tokens, share := r.TokenCount(), r.Share()
	most := 0.0
	for _, s := range share {
		most = max(most, s)
	}
	t := table{indent: "  "}
	titles := []string{"node", "tokens>", "share>", "of the key space, as first home"}
	special := slices.ContainsFunc(r.Members(), func(m ring.Member) bool { return m.Weight > 1 || m.Zone != "" })
	if special {
		titles = append(titles[:1:1], append([]string{"weight>", "zone"}, titles[1:]...)...)
	}
	t.head(titles...)
	for _, m := range r.Members() {
		s := share[m.Name]
		row := []cell{{text: names([]string{m.Name}), style: bold}}
		if special {
			row = append(row, cell{text: fmt.Sprint(m.Weight), right: true}, cell{text: trace.Show([]byte(m.Zone))})
		}
		t.row(append(row, cell{text: fmt.Sprint(tokens[m.Name]), right: true},
			cell{text: fmt.Sprintf("%.1f%%", 100*s), right: true}, cell{text: strings.Repeat("█", int(s/most*shareWidth+0.5)), style: accent})...)
	}
	what := [...]string{"", "T random tokens a node, ranges cut by tokens", "T random tokens a node, Q equal partitions", "Q/S tokens a node, Q equal partitions"}
	out := fmt.Sprintf("strategy %d: %s (§6.2)  %d ranges, %d homes each\n", cfg.Strategy, what[cfg.Strategy], len(r.Ranges()), min(cfg.N, len(r.Members())))
	out += t.render(e)
	if !ranges {
		return out
	}
	t = table{indent: "  "}
	t.head("range>", "from, exclusive", "to, inclusive", "homes by rank")
	for i, g := range r.Ranges() {
		t.row(cell{text: fmt.Sprint(i), right: true}, cell{text: short(g.Start)}, cell{text: short(g.End)}, cell{text: names(g.Homes)})
	}
	return out + t.render(e)
}

// short shows the first digits of a position.
func short(p ring.Position) string { return p.String()[:8] + "…" }

func (e *Env) showPlace(view *trace.View, key []byte) string {
	r := view.Ring
	homes := r.Homes(key)
	p := ring.Of(key)
	t := table{indent: "  "}
	t.head("rank>", "node", "state", "")
	for i, name := range r.Preference(key) {
		role := "home"
		if i >= len(homes) {
			role = "stands in, with a hint (§4.6)"
		}
		status := trace.NodeStatus("gone") // a member that is nowhere: nobody has removed it yet
		if n := view.Node(name); n != nil {
			status = n.Status
		}
		t.row(cell{text: fmt.Sprint(i + 1), right: true}, cell{text: names([]string{name}), style: bold}, cell{text: string(status), style: statusStyles[status]}, cell{text: role})
	}
	return fmt.Sprintf("%s  MD5 %s  %.1f%% of the way round, range %d of %d\n", e.paint(bold, trace.Show(key)), p, 100*p.Fraction(), r.Index(p), len(r.Ranges())) +
		"its preference list (§4.3):\n" + t.render(e)
}

var inspectVerb = &Verb{
	Name: "inspect", Group: GroupLook, Section: "§4.3, §4.4",
	Args:  []Arg{keyArgument},
	Usage: "show what every node holds of a key",
	Help:  `Looks into the nodes' stores, past quorums: nothing is read through the protocol, nothing is repaired.`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		key, err := keyArg(c)
		if err != nil {
			return err
		}
		view, err := e.view(ctx, key)
		if err != nil {
			return err
		}
		if e.JSON {
			return printInspect(e, view, key)
		}
		return e.write(e.showInspect(view, key))
	},
}

// A replica is what one node holds of a key in one role.
type replica struct {
	node, home string // home: the node it is kept for, "" if node is itself a home
	up         bool
	versions   vclock.Siblings
}

// replicas lists the homes by rank, then who else holds something.
func replicas(view *trace.View, key []byte) []replica {
	held := map[string]map[string]vclock.Siblings{}
	if k := view.Key(key); k != nil {
		held = k.Held
	}
	homes := view.Ring.Homes(key)
	var own, hinted []replica
	for _, name := range view.Ring.Preference(key) {
		n := view.Node(name)
		up := n != nil && n.Status == trace.Up
		if s := held[name][""]; slices.Contains(homes, name) || len(s) > 0 {
			own = append(own, replica{name, "", up, s})
		}
		for _, home := range sortedKeys(held[name]) {
			if s := held[name][home]; home != "" && len(s) > 0 {
				hinted = append(hinted, replica{name, home, up, s})
			}
		}
	}
	return append(own, hinted...)
}

func printInspect(e *Env, view *trace.View, key []byte) error {
	type entry struct {
		Node     string              `json:"node"`
		Role     string              `json:"role"`
		For      string              `json:"for,omitempty"`
		Up       bool                `json:"up"`
		Versions []trace.VersionJSON `json:"versions"`
	}
	entries := []entry{}
	for _, r := range replicas(view, key) {
		role := "home"
		if r.home != "" {
			role = "hint"
		}
		entries = append(entries, entry{r.node, role, r.home, r.up, trace.VersionsJSON(r.versions)})
	}
	homes := view.Ring.Homes(key)
	return e.print(struct {
		keyJSON
		Position   string   `json:"position"`
		Preference []string `json:"preference"`
		Fallbacks  []string `json:"fallbacks"`
		Converged  bool     `json:"converged"`
		Blocking   string   `json:"blocking,omitempty"`
		Replicas   []entry  `json:"replicas"`
	}{keyOf(key), ring.Of(key).String(), homes, orEmpty(view.Ring.Preference(key)[len(homes):]), view.Converged(key), view.Blocking(key), entries})
}

func (e *Env) showInspect(view *trace.View, key []byte) string {
	homes := view.Ring.Homes(key)
	t := table{indent: "  "}
	t.head("node", "role", "clock", "value")
	for _, r := range replicas(view, key) {
		lead := []cell{{text: names([]string{r.node}), style: bold}, {text: "home"}}
		if r.home != "" {
			lead[1] = cell{text: "hint for " + names([]string{r.home}), style: purple}
		}
		if len(r.versions) == 0 {
			nothing := "nothing"
			if !r.up {
				nothing = "it is " + string(view.Node(r.node).Status)
			}
			t.row(append(lead, cell{text: nothing, style: dim})...)
		}
		for i, v := range r.versions {
			if i > 0 {
				lead = []cell{{}, {text: "‖ sibling", style: warn}}
			}
			t.row(append(lead, cell{text: v.Notation(), style: accent}, versionCell(v))...)
		}
	}
	head := fmt.Sprintf("%s  homes %s", e.paint(bold, trace.Show(key)), names(homes))
	if rest := view.Ring.Preference(key)[len(homes):]; len(rest) > 0 {
		head += e.paint(dim, "  then "+names(rest))
	}
	verdict := e.paint(good, "converged") + ": every home holds the same versions"
	if b := view.Blocking(key); b != "" {
		verdict = e.paint(warn, "not converged") + ": " + trace.Show([]byte(b))
	}
	return head + "\n" + t.render(e) + verdict + "\n"
}

func versionCell(v vclock.Version) cell {
	if v.Deleted {
		return cell{text: "deleted", style: dim}
	}
	return cell{text: showValue(v.Value)}
}

var hintsVerb = &Verb{
	Name: "hints", Group: GroupLook, Section: "§4.6",
	Usage: "show who keeps replicas for whom",
	Help:  `A stand-in keeps a replica in a store of its own, and hands it over when the home is back.`,
	Run: func(ctx context.Context, e *Env, _ *Call) error {
		view, err := e.view(ctx)
		if err != nil {
			return err
		}
		hints := allHints(view, time.Duration(time.Now().UnixNano()))
		if e.JSON {
			return e.print(map[string]any{"hints": hints})
		}
		if len(hints) == 0 {
			return e.write("no hints: every replica is where it belongs\n")
		}
		t := table{}
		t.head("holder", "for", "keys>", "oldest>")
		for _, h := range hints {
			t.row(cell{text: names([]string{h.Holder}), style: bold}, cell{text: names([]string{h.For}), style: purple},
				cell{text: fmt.Sprint(h.Keys), right: true}, cell{text: span(time.Duration(h.OldestS * float64(time.Second))), right: true})
		}
		return e.write(t.render(e))
	},
}

type hintLine struct {
	Holder  string  `json:"holder"`
	For     string  `json:"for"`
	Keys    int     `json:"keys"`
	OldestS float64 `json:"oldest_s"`
}

func allHints(view *trace.View, now time.Duration) []hintLine {
	out := []hintLine{}
	for _, n := range view.Nodes {
		for _, home := range sortedKeys(n.Hints) {
			h := n.Hints[home]
			out = append(out, hintLine{n.Name, home, h.Keys, max(0, (now - h.Oldest).Seconds())})
		}
	}
	return out
}
