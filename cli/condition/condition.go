package condition

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/view"
	"ringside/engine/wire"
)

// A Source is the cluster that conditions look at.
type Source interface {
	// View returns the cluster as it is now, with the replicas of keys.
	View(ctx context.Context, keys ...[]byte) (*view.Cluster, error)
	// Get reads a key without read repair. via is the node that coordinates, "" for any. A get that
	// fails is an *exit.Error.
	Get(ctx context.Context, via string, key []byte) (wire.GetReply, error)
	// Events calls fn with the remembered events and, with follow, with later ones until ctx ends.
	Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error
	// MayHave returns why the cluster may have a node that its view v lacks, "" if it has none.
	MayHave(v *view.Cluster, node string) string
}

// A Condition can be evaluated any number of times.
type Condition struct {
	Text string // for messages; safe for a terminal
	// fails begins the message of a Wait that times out; "" stands for that of the command wait.
	fails string
	via   string // the node that coordinates gets
	// state is a part that only a cluster of ringside can answer, "" if there is none.
	state string
	// usesKey is set if the condition uses Options.Key.
	usesKey bool
	// blocks returns "" if the condition holds, and otherwise what keeps it from holding.
	blocks func(ctx context.Context, l *look) (string, error)
}

// Options are the flags of a command that has conditions.
type Options struct {
	Key    string // the key of the condition "converged"
	HasKey bool   // Key was given
	Via    string // the node that coordinates gets, "" for any
}

// Help explains conditions.
const Help = `A condition is up, down=n3, up=n3, paused=n3, hints=0, converged, or an expression:
siblings(cart)==2, value(cart)=="milk", 'hints(n4)>0 && up(n3)'. An expression may use
  siblings(K) value(K) values(K) found(K) deleted(K)                 a get of key K
  clock(K) clocks(K) coordinator(K)                                  the clock and the writer of each version
  homes(K) preference(K) holders(K) keepers(K) converged(K) keys(NODE)   what nodes hold, and keep as hints
  replica(NODE,K) replica(HOLDER,K,FOR) held(NODE,K)                 the clocks of a home, of a hint; how many
  relation(NODE,NODE,K)                                              before, after, equal or concurrent
  hints hints(HOLDER) hints(HOLDER,FOR) nodes up up(NODE) down(NODE) paused(NODE) split
  apart(NODE,NODE) members(NODE) suspects(NODE) tokens(NODE)         splits, and what nodes believe and own
  requests(OP,K,W) refused(OP,K,W) took(OP,K,W) acks(OP,K,W)         counts, and the latest: ms, who answered
  via(OP,K,W)                                    the node that the client of the latest one asked
  suspectedby(NODE) lossy                                            who believes NODE failed; a link loses messages
  seq(KIND) seq(KIND,NODE) writers(K)            the number of the latest event; who coordinated puts
  blind(K)                                       puts without a context, or that had seen no earlier version
  strict(OP,K) strict(OP,K,NODE) wiped(NODE)     requests with a strict quorum; the disk of NODE was lost
  stored(NODE,K)                                 how it came: put, handoff, read-repair, anti-entropy, transfer
  syncbytes copybytes                            bytes of all comparisons of trees, and of full copies instead
  buffered buffered(NODE)                                            objects in memory only
  lost                                                               acknowledged writes, to last write wins
OP is get, put or del; without its quorum W, any quorum counts. Only the latest 16,000 events are remembered.
Of several conditions, as in  wait up hints=0 converged , all have to hold. Two conditions are usage errors: one
that names a node that does not exist, and a comparison with a fixed result, such as nodes==5 (nodes is a list)
or hints>=0.`

// maxText is how many runes of a condition a message shows.
const maxText = render.MaxValue

// Parse reads the arguments of a command. If each argument is a condition, all of them have to
// hold. Otherwise the arguments are one condition whose spaces were not quoted: hints == 0.
func Parse(args []string, o Options) (*Condition, error) {
	c, err := parseAll(args, o)
	switch {
	case err != nil:
		return nil, err
	case o.HasKey && !c.usesKey:
		return nil, errors.New("--key is for the condition converged; " +
			"write the key in parentheses elsewhere, as in siblings(cart)")
	case o.Via == "":
		return c, nil
	}
	checked := *c
	checked.blocks = func(ctx context.Context, l *look) (string, error) {
		cluster, err := l.view(ctx)
		if err == nil {
			err = CheckNode(cluster, o.Via, Node)
		}
		if err != nil {
			return "", err
		}
		return c.blocks(ctx, l)
	}
	return &checked, nil
}

func parseAll(args []string, o Options) (*Condition, error) {
	var all []*Condition
	for _, text := range args {
		c, err := parseOne(text, o)
		if err != nil {
			break
		}
		all = append(all, c)
	}
	if len(all) < len(args) || len(all) == 1 {
		return parseOne(strings.Join(args, " "), o)
	}
	return allOf(all, o.Via), nil
}

// allOf returns the condition that holds if all parts hold.
func allOf(parts []*Condition, via string) *Condition {
	out := &Condition{via: via}
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = part.Text
		out.usesKey = out.usesKey || part.usesKey
		out.state = cmp.Or(out.state, part.state)
	}
	out.Text = strings.Join(texts, ", ")
	out.blocks = func(ctx context.Context, l *look) (string, error) {
		var blocks, notes []string
		for _, part := range parts {
			l.notes = nil // each part reports its own values
			b, err := part.blocks(ctx, l)
			if err != nil {
				return "", err
			}
			if b != "" {
				blocks = append(blocks, part.Text+": "+b)
			}
			notes = append(notes, l.notes...)
		}
		l.notes = notes
		return strings.Join(blocks, "; "), nil
	}
	return out
}

// spaced matches the signs of a short form with the spaces around them.
var spaced = regexp.MustCompile(`\s*(==|=|,)\s*`)

// parseOne reads a short form, or an expression otherwise.
func parseOne(text string, o Options) (*Condition, error) {
	out := &Condition{Text: escape.TypedShort([]byte(text), maxText), via: o.Via}
	word := spaced.ReplaceAllString(strings.TrimSpace(text), "$1")
	name, arg, _ := strings.Cut(strings.ReplaceAll(word, "==", "="), "=")
	n, notNumber := strconv.Atoi(arg)
	if word == "converged" || name == "hints" || name == "paused" {
		out.state = name
	}
	switch {
	case word == "up":
		out.blocks = allUp
	case word == "converged" && o.HasKey:
		key := []byte(o.Key)
		out.Text += " " + escape.Terminal(key)
		out.usesKey = true
		out.blocks = func(ctx context.Context, l *look) (string, error) { return converged(ctx, l, key) }
	case word == "converged":
		out.blocks = allConverged
	case (name == "up" || name == "down" || name == "paused") && arg != "" && !strings.Contains(arg, " "):
		out.blocks = func(ctx context.Context, l *look) (string, error) {
			return nodesAre(ctx, l, view.Status(name), strings.Split(arg, ","))
		}
	case name == "hints" && notNumber == nil && n >= 0:
		out.blocks = func(ctx context.Context, l *look) (string, error) { return hintsAre(ctx, l, n) }
	default:
		source := text
		if f, ok := functions[name]; ok && f.needs == 0 && f.gives == any(0) && notNumber == nil {
			source = name + "==" + arg // lost=0, as hints=0
		}
		x, err := compile(source, text)
		if err != nil {
			return nil, err
		}
		out.blocks, out.state = x.blocks, x.state
	}
	return out, nil
}

// NeedsState returns the first part of the condition that asks for more than values and for which
// nodes answer, "" if there is none. A foreign cluster does not tell more.
func (c *Condition) NeedsState() string { return c.state }

// Settled returns the condition of the verb settle: all members are up, and the cluster has
// converged.
func Settled() *Condition {
	return &Condition{Text: "settled", fails: "settle: the cluster is not settled", blocks: allSettled}
}

// A Finding is the result of one look.
type Finding struct {
	Blocks string   // what keeps the condition from holding, "" if it holds
	Values []string // the values of the expression's functions: "siblings(cart) is 2"
}

// Check looks at the cluster once. A request that fails blocks the condition and is not an error,
// and so does a node that the cluster may have.
func (c *Condition) Check(ctx context.Context, src Source) (Finding, error) {
	l := newLook(src, c)
	blocks, err := c.blocks(ctx, l)
	var none *noNode
	if errors.As(err, &none) {
		if why := src.MayHave(l.cluster, none.name); why != "" {
			blocks, err = why, nil
		}
	}
	var request *exit.Error
	if errors.As(err, &request) && request.Exit != exit.NoCluster {
		blocks, err = request.Message, nil
	}
	return Finding{Blocks: blocks, Values: l.notes}, err
}

// nodesAre returns which of the nodes have another status than want.
func nodesAre(ctx context.Context, l *look, want view.Status, nodes []string) (string, error) {
	cluster, err := l.view(ctx)
	if err != nil {
		return "", err
	}
	var blocks []string
	for _, name := range nodes {
		n := hostOf(cluster, name)
		if n == nil {
			if n, err = nodeOf(cluster, name); err != nil {
				return "", err
			}
		}
		if n.Status != want {
			blocks = append(blocks, fmt.Sprintf("%s is %s", render.Node(name), render.State(n)))
		}
	}
	return strings.Join(blocks, ", "), nil
}
