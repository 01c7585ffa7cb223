package verbs

// §4.7: anti-entropy by hand. sync repairs, merkle only looks.

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/ring"
	"ringside/engine/view"
)

const rangeHelp = `RANGE is p00, p01, ... as  ring --ranges  counts them. Any other word is a KEY, and means the
range of the key.`

var syncVerb = &Verb{
	Name: "sync", Group: GroupScript, Section: "§4.7",
	Args:  []Arg{{Name: "RANGE", Complete: CompleteKeys, Optional: true}},
	Usage: "let homes compare their replicas now, and repair differences",
	Help: `Every two homes of a range compare the roots of their Merkle trees, descend where the trees differ,
and exchange the keys that differ, both ways. sync returns when the last two homes are done. ` + rangeHelp + `
Exit 5 means that no two homes of a range could be compared; the message names the reason.
Nodes do the same by themselves every ten seconds, and soon after a node came back.`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		cluster, rounds, err := e.compare(ctx, c, withRepair)
		if err != nil {
			return err
		}
		failure := notCompared(c, cluster, rounds)
		if e.JSON {
			return cmp.Or(printSync(e, cluster, rounds, failure), exit.Reported(failure))
		}
		return cmp.Or(e.write(showSync(e.painter(), cluster, rounds)), failure)
	},
}

var merkleVerb = &Verb{
	Name: "merkle", Group: GroupLook, Section: "§4.7",
	Args:  []Arg{{Name: "KEY|RANGE", Complete: CompleteKeys}},
	Usage: "show where the Merkle trees of a range's homes differ; repairs nothing",
	Help: `Every two homes compare their trees as anti-entropy does, and list the keys that differ. With --json
the object is about the first two homes that differ; pairs has all. ` + rangeHelp + `
Exit 5 means that no two homes could be compared; the message names the reason.`,
	Run: func(ctx context.Context, e *Env, c *Call) error {
		cluster, rounds, err := e.compare(ctx, c, withoutRepair)
		if err != nil {
			return err
		}
		failure := notCompared(c, cluster, rounds)
		if len(rounds) == 0 {
			return cmp.Or(failure, printOneHome(e, cluster, c))
		}
		slices.SortStableFunc(rounds, func(a, b event.SyncRound) int { return rank(a) - rank(b) })
		if e.JSON {
			return cmp.Or(printMerkle(e, cluster, rounds, failure), exit.Reported(failure))
		}
		return cmp.Or(e.write(showMerkle(e.painter(), cluster, rounds)), failure)
	},
}

// rank returns the place of a round in the output: rounds that found differences come first,
// failed rounds last.
func rank(r event.SyncRound) int {
	switch {
	case r.Count > 0:
		return 0
	case r.Err == "":
		return 1
	}
	return 2
}

// The values of compare's parameter dryRun.
const (
	withRepair    = false
	withoutRepair = true
)

// compare lets the nodes compare the range of argument 0, or all ranges. If dryRun is set, the
// nodes repair nothing.
func (e *Env) compare(ctx context.Context, c *Call, dryRun bool) (*view.Cluster, []event.SyncRound, error) {
	cluster, err := e.view(ctx)
	if err != nil {
		return nil, nil, err
	}
	var ranges []event.Span
	if arg := c.Arg(0); arg != "" {
		i, err := rangeArg(cluster.Ring, arg, c)
		if err != nil {
			return nil, nil, err
		}
		rg := cluster.Ring.Ranges()[i]
		ranges = []event.Span{{Start: rg.Start, End: rg.End}}
	}
	events, err := e.Cluster.Compare(ctx, dryRun, ranges...)
	if err != nil {
		return nil, nil, err
	}
	var rounds []event.SyncRound
	for _, ev := range events {
		rounds = append(rounds, ev.Rounds...)
	}
	return cluster, rounds, nil
}

// notCompared returns an error with the reasons if no two homes of a range were compared, nil
// otherwise. Only ranges that the call asks for count.
func notCompared(c *Call, cluster *view.Cluster, rounds []event.SyncRound) error {
	ranges, asked, missed := cluster.Ring.Ranges(), 0, []int{}
	var why []string
	for i, rg := range ranges {
		if arg := c.Arg(0); arg != "" {
			if wanted, err := rangeArg(cluster.Ring, arg, c); err != nil || wanted != i {
				continue
			}
		}
		if asked++; len(rg.Homes) < 2 {
			continue // a range with one home is in sync with itself
		}
		of := slices.DeleteFunc(slices.Clone(rounds),
			func(r event.SyncRound) bool { return cluster.Ring.Index(r.End) != i })
		if slices.ContainsFunc(of, func(r event.SyncRound) bool { return r.Err == "" }) {
			continue
		}
		missed = append(missed, i)
		for _, reason := range reasons(cluster, rg.Homes, of) {
			if !slices.Contains(why, reason) {
				why = append(why, reason)
			}
		}
	}
	if len(missed) == 0 {
		return nil
	}
	slices.Sort(why)
	which := event.RangeName(missed[0])
	if asked > 1 {
		which = fmt.Sprintf("%d of %s", len(missed), render.Count(asked, "range"))
	}
	return &exit.Error{Exit: exit.Quorum, Code: "not_compared",
		Message: fmt.Sprintf("%s: no two homes of %s were compared: %s", c.Verb.Name, which, strings.Join(why, ", "))}
}

// reasons returns why no two homes of a range were compared. rounds are the attempts.
func reasons(cluster *view.Cluster, homes []string, rounds []event.SyncRound) []string {
	var out []string
	for _, h := range homes {
		if n := cluster.Node(h); n != nil && n.Status != view.Up {
			out = append(out, render.Node(h)+" is "+render.State(n))
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, r := range rounds {
		out = append(out, render.Text(r.Err))
	}
	if len(out) == 0 {
		return []string{"the nodes do not know yet that they are its homes; settle waits for that"}
	}
	return out
}

// rangeArg returns the index of the range that arg names: p07, or a key.
func rangeArg(r *ring.Ring, arg string, c *Call) (int, error) {
	digits, ok := strings.CutPrefix(arg, "p")
	i, err := strconv.ParseUint(digits, 10, 31)
	switch most := len(r.Ranges()); {
	case !ok || err != nil:
		return r.Index(ring.Of([]byte(arg))), nil
	case i >= uint64(most):
		return 0, c.Misusef("there is no range %s; ranges are p00 to %s", render.Quoted(arg), event.RangeName(most-1))
	}
	return int(i), nil
}

// rangeName returns the name of a round's range on the view's ring.
func rangeName(cluster *view.Cluster, r event.SyncRound) string {
	return event.RangeName(cluster.Ring.Index(r.End))
}

// A syncSum is the sum of rounds.
type syncSum struct {
	Rounds   int `json:"rounds"`
	Count    int `json:"keys_differing"`
	Sent     int `json:"keys_sent"`
	Received int `json:"keys_received"`
	Hashes   int `json:"hashes_compared"`
	Bytes    int `json:"bytes"`
	FullCopy int `json:"full_copy_bytes"`
	Failed   int `json:"failed"`
}

func sumOf(rounds []event.SyncRound) syncSum {
	s := syncSum{Rounds: len(rounds)}
	for _, r := range rounds {
		s.Count += r.Count
		s.Sent += r.Sent
		s.Received += r.Received
		s.Hashes += r.Hashes
		s.Bytes += r.Bytes
		s.FullCopy += r.FullCopy
		if r.Err != "" {
			s.Failed++
		}
	}
	return s
}

// roundJSON is a round with the name of its range.
type roundJSON struct {
	Range string `json:"range"`
	event.SyncRound
}

func printSync(e *Env, cluster *view.Cluster, rounds []event.SyncRound, failure error) error {
	out := struct {
		syncSum
		Differing []roundJSON `json:"differing"`       // rounds that found a difference or failed
		Error     any         `json:"error,omitempty"` // set if no two homes of a range were compared
	}{sumOf(rounds), []roundJSON{}, exit.Field(failure)}
	for _, r := range rounds {
		if r.Count > 0 || r.Err != "" {
			out.Differing = append(out.Differing, roundJSON{rangeName(cluster, r), r})
		}
	}
	return e.print(out)
}

func showSync(p render.Painter, cluster *view.Cluster, rounds []event.SyncRound) string {
	s := sumOf(rounds)
	verdict := p.Paint(render.Good, "in sync") + "  " + render.Count(s.Rounds, "comparison")
	if s.Rounds == 0 && !slices.ContainsFunc(cluster.Ring.Ranges(), func(r ring.Range) bool { return len(r.Homes) > 1 }) {
		return p.Paint(render.Good, "in sync") + "  " + oneHome + "\n"
	}
	if s.Failed > 0 || s.Rounds == 0 {
		verdict = p.Paint(render.Warn, "incomplete") + fmt.Sprintf("  %d of %s done", s.Rounds-s.Failed,
			render.Count(s.Rounds, "comparison"))
	}
	head := fmt.Sprintf("%s, %s differed: %d sent, %d received", verdict, render.Count(s.Count, "key"), s.Sent,
		s.Received) +
		p.Paint(render.Dim, fmt.Sprintf("  %s of messages, a full copy takes %s (§4.7)",
			render.Bytes(s.Bytes), render.Bytes(s.FullCopy))) + "\n"
	t := render.Table{Indent: "  "}
	t.Head("range", "homes", "differ>", "sent>", "received>", "bytes>", "")
	for _, r := range rounds {
		if r.Count > 0 || r.Err != "" {
			t.Row(render.Toned(render.Bold, rangeName(cluster, r)),
				render.Cell{Text: render.Nodes([]string{r.Left, r.Right})},
				render.Number(r.Count), render.Number(r.Sent), render.Number(r.Received), render.Flush(render.Bytes(r.Bytes)),
				render.Toned(render.Warn, render.Text(r.Err)))
		}
	}
	if t.Len() == 1 {
		return head
	}
	return head + t.Render(p)
}

func printMerkle(e *Env, cluster *view.Cluster, rounds []event.SyncRound, failure error) error {
	type pairs struct {
		roundJSON
		Pairs []roundJSON `json:"pairs"`
	}
	out := pairs{roundJSON{rangeName(cluster, rounds[0]), rounds[0]}, nil}
	for _, r := range rounds {
		out.Pairs = append(out.Pairs, roundJSON{rangeName(cluster, r), r})
	}
	if failure == nil {
		return e.print(out)
	}
	return e.print(struct {
		pairs
		Error any `json:"error"` // in place of the error text of the first pair
	}{out, exit.Field(failure)})
}

// oneHome says why there is nothing to compare in a cluster with one member or with N=1.
const oneHome = "each range has one home"

// printOneHome prints the answer of merkle for a range with one home.
func printOneHome(e *Env, cluster *view.Cluster, c *Call) error {
	if !e.JSON {
		return e.write(e.paint(render.Good, "in sync") + "  " + oneHome + "\n")
	}
	i, err := rangeArg(cluster.Ring, c.Arg(0), c)
	if err != nil {
		return err
	}
	rg := cluster.Ring.Ranges()[i]
	return e.print(struct {
		roundJSON
		Pairs []roundJSON `json:"pairs"`
	}{roundJSON{event.RangeName(i),
		event.SyncRound{Start: rg.Start, End: rg.End, Differing: []event.SyncKey{}}}, []roundJSON{}})
}

func showMerkle(p render.Painter, cluster *view.Cluster, rounds []event.SyncRound) string {
	rg := cluster.Ring.Ranges()[cluster.Ring.Index(rounds[0].End)]
	out := fmt.Sprintf("%s  (%s, %s]  homes %s\n", p.Paint(render.Bold, rangeName(cluster, rounds[0])),
		render.Position(rg.Start), render.Position(rg.End), render.Nodes(rg.Homes))
	for _, r := range rounds {
		out += showPair(p, r)
	}
	return out
}

// showPair shows how two homes compare, with the path down to the first bucket that differs.
func showPair(p render.Painter, r event.SyncRound) string {
	pair := p.Paint(render.Bold, render.Node(r.Left)+" ⇄ "+render.Node(r.Right))
	cost := p.Paint(render.Dim, fmt.Sprintf("  %s compared, %s; a full copy takes %s", render.Count(r.Hashes, "hash"),
		render.Bytes(r.Bytes), render.Bytes(r.FullCopy)))
	switch {
	case r.Err != "":
		return pair + "  " + p.Paint(render.Warn, "not compared") + ": " + render.Text(r.Err) + "\n"
	case r.Count == 0:
		return pair + "  " + p.Paint(render.Good, "equal roots") + cost + "\n"
	}
	out := pair + "  " + p.Paint(render.Warn, render.Differ(r.Count, "key")) + cost + "\n"
	t := render.Table{Indent: "  "}
	t.Head("level>", "node>", render.Node(r.Left), render.Node(r.Right))
	for _, step := range r.Path {
		t.Row(render.Number(step.Level), render.Number(step.Node), render.Cell{Text: fmt.Sprintf("%016x", step.Left)},
			render.Toned(render.Warn, fmt.Sprintf("%016x", step.Right)))
	}
	out += t.Render(p)
	shown := make([]string, len(r.Differing))
	for i, k := range r.Differing {
		shown[i] = render.Key(k)
	}
	if more := r.Count - len(shown); more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return out + "  differing: " + strings.Join(shown, " ") + "\n"
}
