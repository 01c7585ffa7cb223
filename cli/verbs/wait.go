package verbs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/member"
	"ringside/engine/view"
)

const (
	defaultWait = "5s"
	// maxWait bounds --timeout. A longer wait is taken for a mistake.
	maxWait = 24 * time.Hour
	// pollInterval is a fallback only: what changes comes as an event.
	pollInterval = 250 * time.Millisecond
	// firstLook is how long the first look at a condition may take, even if --timeout is shorter.
	// It is longer than a node waits for a quorum (2 s), so that the reason of the node is known.
	firstLook = 3 * time.Second
	// settleInterval parts two looks at a busy cluster.
	settleInterval = 5 * time.Millisecond
)

var (
	waitKeyFlag = Flag{Name: "key", Kind: String, Value: "KEY", Complete: CompleteKeys, Help: "with converged: this key only"}
	exprHelp    = `A condition is up, down=n3, up=n3, paused=n3, hints=0, converged, or an expression:
siblings(cart)==2, value(cart)=="milk", 'hints(n4)>0 && up(n3)'. It may use
  siblings(K) value(K) values(K) found(K) deleted(K)                 a get of key K
  clock(K) clocks(K) coordinator(K)                                  who wrote what it gives
  homes(K) converged(K) replica(NODE,K) keys(NODE)                   what nodes hold
  hints hints(HOLDER) hints(HOLDER,FOR) nodes up up(NODE) down(NODE) paused(NODE) split
  buffered buffered(NODE)                                            objects in memory only
  lost                                                               acknowledged writes, to last write wins
Of several conditions, as in  wait up hints=0 converged , all have to hold. Naming a node that does not exist is a
usage error. A comparison with a fixed result is one also, such as nodes==5 (nodes is a list) or hints>=0.`
)

var waitVerb = &Verb{
	Name: "wait", Group: GroupScript, Section: "§4.6, §4.8",
	Args:  []Arg{{Name: "CONDITION", Complete: CompleteConditions, Many: true}},
	Usage: "wait until a condition holds; exit 8 names what blocks it",
	Help:  exprHelp,
	Flags: []Flag{{Name: "timeout", Kind: Duration, Default: defaultWait, Value: "5s", Longest: maxWait,
		Help: "give up after that"}, waitKeyFlag, viaFlag},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		cond, err := parseConditions(c)
		if err != nil {
			return err
		}
		start := time.Now()
		if err := e.wait(ctx, cond, c.Duration("timeout")); err != nil {
			return err
		}
		if e.JSON {
			return e.print(map[string]any{"condition": cond.text, "held": true, "elapsed_ms": time.Since(start).Milliseconds()})
		}
		return e.write(e.paint(render.Good, "ok") + "  " + cond.text + e.paint(render.Dim, "  after "+render.Since(start)) + "\n")
	},
}

// A condition can be looked at again and again. blocks is "" if it holds, and
// otherwise says what keeps it from holding.
type condition struct {
	text   string
	via    string // the node that gets go to
	keyed  bool   // the condition uses the key of --key
	blocks func(ctx context.Context, w *world) (string, error)
}

// parseConditions reads the arguments, and refuses flags that none of the conditions uses.
func parseConditions(c *Call) (*condition, error) {
	cond, err := parseAll(c)
	switch {
	case err != nil:
		return nil, err
	case c.Has("key") && !cond.keyed:
		return nil, c.Misusef("--key is for the condition converged; " +
			"write the key in parentheses elsewhere, as in siblings(cart)")
	case cond.via == "":
		return cond, nil
	}
	all := *cond
	all.blocks = func(ctx context.Context, w *world) (string, error) {
		cluster, err := w.view(ctx)
		if err == nil {
			err = checkName(cluster, cond.via, aNode)
		}
		if err != nil {
			return "", err
		}
		return cond.blocks(ctx, w)
	}
	return &all, nil
}

// parseAll reads the arguments. If each is a condition, all have to hold;
// otherwise the arguments are one condition whose spaces were not quoted: hints == 0.
func parseAll(c *Call) (*condition, error) {
	var all []*condition
	for _, text := range c.Args {
		cond, err := parseCondition(text, c)
		if err != nil {
			break
		}
		all = append(all, cond)
	}
	if len(all) < len(c.Args) || len(all) == 1 {
		return parseCondition(strings.Join(c.Args, " "), c)
	}
	texts, keyed := make([]string, len(all)), false
	for i, cond := range all {
		texts[i] = cond.text
		keyed = keyed || cond.keyed
	}
	return &condition{text: strings.Join(texts, ", "), via: c.String("via"), keyed: keyed,
		blocks: func(ctx context.Context, w *world) (string, error) {
			var blocks []string
			var said []string
			for _, cond := range all {
				w.said = nil // a part speaks for itself
				b, err := cond.blocks(ctx, w)
				if err != nil {
					return "", err
				}
				if b != "" {
					blocks = append(blocks, cond.text+": "+b)
				}
				said = append(said, w.said...)
			}
			w.said = said
			return strings.Join(blocks, "; "), nil
		}}, nil
}

// parseCondition reads the short forms, and expressions otherwise.
func parseCondition(text string, c *Call) (*condition, error) {
	out := &condition{text: escape.TerminalShort([]byte(text), render.MaxValue), via: c.String("via")}
	word := strings.ReplaceAll(text, " ", "")
	name, arg, _ := strings.Cut(strings.ReplaceAll(word, "==", "="), "=")
	n, numErr := strconv.Atoi(arg)
	switch {
	case word == "up":
		out.blocks = allUp
	case word == "converged" && c.Has("key"):
		key := []byte(c.String("key"))
		out.text += " " + escape.Terminal(key)
		out.keyed = true
		out.blocks = func(ctx context.Context, w *world) (string, error) { return converged(ctx, w, key) }
	case word == "converged":
		out.blocks = allConverged
	case (name == "up" || name == "down" || name == "paused") && arg != "":
		out.blocks = func(ctx context.Context, w *world) (string, error) {
			return nodesAre(ctx, w, view.Status(name), strings.Split(arg, ","))
		}
	case name == "hints" && numErr == nil && n >= 0:
		out.blocks = func(ctx context.Context, w *world) (string, error) { return hintsAre(ctx, w, n) }
	default:
		if f, ok := functions[name]; ok && f.needs == 0 && f.gives == any(0) && numErr == nil {
			text = name + "==" + arg // lost=0, as hints=0
		}
		x, err := compile(text)
		if err != nil {
			return nil, c.Misuse(err)
		}
		out.blocks = x.blocks
	}
	return out, nil
}

func allUp(ctx context.Context, w *world) (string, error) {
	cluster, err := w.view(ctx)
	if err != nil {
		return "", err
	}
	var expected []string // a node that was removed need not come back
	for _, name := range cluster.Settings.Nodes {
		if last, _ := cluster.History.Last(name); cluster.Ring.Has(name) || last.Kind != member.Remove {
			expected = append(expected, name)
		}
	}
	return nodesAre(ctx, w, view.Up, expected)
}

func nodesAre(ctx context.Context, w *world, want view.Status, nodes []string) (string, error) {
	cluster, err := w.view(ctx)
	if err != nil {
		return "", err
	}
	var blocks []string
	for _, name := range nodes {
		n, err := nodeOf(cluster, name)
		if err != nil {
			return "", err
		}
		if n.Status != want {
			blocks = append(blocks, fmt.Sprintf("%s is %s", render.Node(name), stateOf(n)))
		}
	}
	return strings.Join(blocks, ", "), nil
}

// stateOf returns the state of a node, with the reason if the node went down by itself.
func stateOf(n *view.Node) string {
	if n.Reason == "" {
		return string(n.Status)
	}
	return fmt.Sprintf("%s (%s)", n.Status, render.Text(n.Reason))
}

func hintsAre(ctx context.Context, w *world, want int) (string, error) {
	cluster, err := w.view(ctx)
	if err != nil {
		return "", err
	}
	for _, n := range cluster.Nodes {
		if want == 0 && cluster.Hints() == 0 && n.Status == view.Paused {
			return render.Node(n.Name) + " is paused, and does not say what it keeps", nil
		}
	}
	if cluster.Hints() == want {
		return "", nil
	}
	if cluster.Hints() == 0 {
		return "there are no hints", nil
	}
	return hintHolders(cluster), nil
}

// hintHolders says who keeps how many hints for whom, and why they stay.
func hintHolders(cluster *view.Cluster) string {
	var out []string
	for _, n := range cluster.Nodes {
		for _, home := range sortedKeys(n.Hints) {
			s := fmt.Sprintf("%s keeps %s for %s", render.Node(n.Name), render.Count(n.Hints[home].Keys, "hint"), render.Node(home))
			h := cluster.Node(home)
			switch {
			case n.Status != view.Up:
				s += fmt.Sprintf(", and %s is %s", render.Node(n.Name), n.Status)
			case h != nil && h.Status != view.Up:
				s += ", which is " + string(h.Status)
			case cluster.Groups != nil && cluster.Side(n.Name) != cluster.Side(home):
				s += ", which is beyond the split"
			}
			out = append(out, s)
		}
	}
	return strings.Join(out, "; ")
}

func converged(ctx context.Context, w *world, keys ...[]byte) (string, error) {
	cluster, err := w.viewOf(ctx, keys...)
	if err != nil {
		return "", err
	}
	for _, k := range keys {
		if b := cluster.Blocking(k); b != "" {
			return escape.Terminal(k) + ": " + render.Text(b), nil
		}
	}
	return "", nil
}

// allConverged compares the roots of the nodes' hash trees: they stand for
// everything that homes hold, seen by an event or not. What is kept for a home stands in no tree.
func allConverged(ctx context.Context, w *world) (string, error) {
	cluster, err := w.view(ctx)
	if err != nil {
		return "", err
	}
	if b := unsettled(cluster); b != "" {
		return b, nil
	}
	if cluster.Hints() > 0 {
		return hintHolders(cluster) + oversized(cluster), nil
	}
	if b := cluster.Unconverged(); b != "" {
		return render.Text(b) + oversized(cluster), nil
	}
	return "", nil
}

// oversized returns a note on a key with more versions than fit into one replica. Waiting does not
// help such a key.
func oversized(cluster *view.Cluster) string {
	if b := cluster.Oversized(); b != "" {
		return "; " + b
	}
	return ""
}

// wait looks at the condition whenever an event may have changed it.
func (e *Env) wait(ctx context.Context, cond *condition, timeout time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	changed, stop := e.changes(ctx)
	defer stop()
	start := time.Now()
	reason := "" // what the last look that was not cut short found
	for {
		limit := max(timeout-time.Since(start), pollInterval)
		if reason == "" {
			limit = max(limit, firstLook)
		}
		blocks, err := e.look(ctx, cond, limit)
		switch {
		case errors.Is(err, errCutShort):
			reason = cmp.Or(reason, err.Error())
		case err != nil || blocks == "":
			return err
		default:
			reason = blocks
		}
		select {
		case <-changed:
			time.Sleep(settleInterval)
		case <-time.After(pollInterval):
		case <-deadline.C:
			return &exit.Error{Exit: exit.Expectation, Code: "wait_timed_out",
				Message: fmt.Sprintf("wait %s: not after %v: %s", cond.text, timeout, reason)}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// errCutShort is returned by a look that the cluster did not answer within its limit.
var errCutShort = errors.New("the cluster does not answer")

// look evaluates a condition once. A get that fails, or a cluster that is too
// slow to answer (errCutShort), blocks it: the next look may find better.
func (e *Env) look(ctx context.Context, cond *condition, limit time.Duration) (string, error) {
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	blocks, err := cond.blocks(inner, newWorld(e, cond))
	var request *exit.Error
	switch {
	case err == nil:
		return blocks, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &request) && request.Exit != exit.NoCluster:
		return request.Message, nil
	case inner.Err() != nil:
		return "", errCutShort
	}
	return "", err
}

// changes signals events that can change what a condition looks at. Those
// that a get itself causes are left out, or waiting would feed itself.
func (e *Env) changes(ctx context.Context) (<-chan struct{}, func()) {
	changed := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		_ = e.Cluster.Events(ctx, 0, true, func(batch []event.Event) error { // if it ends, polling goes on
			for _, ev := range batch {
				if changing[ev.Kind] {
					select {
					case changed <- struct{}{}:
					default:
					}
					break
				}
			}
			return nil
		})
	})
	return changed, func() { cancel(); done.Wait() }
}

var changing = map[event.Kind]bool{
	event.NodeUp: true, event.NodeDown: true, event.NodePaused: true, event.NodeWiped: true, event.Split: true, event.Heal: true,
	event.Slow: true, event.Loss: true, event.Stored: true, event.HintStored: true, event.HintDelivered: true, event.HintRefused: true,
	event.Membership: true, event.RangeReady: true, event.RangeDropped: true, event.NodeLeft: true, event.HintRehomed: true,
	event.TombstoneCollected: true, event.ReadRepair: true, event.Suspect: true, event.Alive: true, event.LWWLost: true, event.Gap: true,
	event.Buffered: true, event.BufferLost: true,
}
