package verbs

// §4.1, §4.5: get.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/cli/verbs/cart"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/engine/wire"
)

// Arguments and flags that several verbs share.
var (
	keyArgument = Arg{Name: "KEY", Complete: CompleteKeys}
	viaFlag     = Flag{Name: "via", Kind: String, Value: "NODE", Complete: CompleteNodes,
		Help: "send the request to this node; otherwise to the first running one of the key's preference list"}
	readFlag = Flag{Name: "R", Kind: Int, Value: "R", Max: wire.MaxNodes,
		Help: "answers to wait for (§4.5); otherwise the cluster's R"}
	writeFlag = Flag{Name: "W", Kind: Int, Value: "W", Max: wire.MaxNodes,
		Help: "durable replicas to wait for (§4.5); otherwise the cluster's W"}
	primaryReadFlag = Flag{Name: "pr", Kind: Int, Value: "N", Max: wire.MaxNodes,
		Help: "so many of the answers must be those of homes, and not of fallbacks (§4.6)"}
	primaryWriteFlag = Flag{Name: "pw", Kind: Int, Value: "N", Max: wire.MaxNodes,
		Help: "so many of the durable replicas must be those of homes, and not hints (§4.6)"}
	strictFlag  = Flag{Name: "strict", Kind: Bool, Help: "only the key's N homes count: no fallbacks, no hints (§4.6)"}
	contextFlag = Flag{Name: "c", Aliases: []string{"context"}, Kind: String, Value: "CTX", Complete: CompleteContexts,
		Help: "the context of what you read: @NAME, @./FILE (any path with a slash), or the context itself"}
	saveFlag = Flag{Name: "save", Kind: String, Value: "CTX", Complete: CompleteContexts,
		Help: "keep the new context as @NAME or @./FILE: a new file, or one with a context"}
	noRepairFlag = Flag{Name: "no-repair", Kind: Bool, Help: "change nothing: stale replicas are not repaired (§5)"}
	unionFlag    = Flag{Name: "union", Kind: Bool,
		Help: "write the union of all siblings: of JSON arrays, or of items separated by commas"}
)

// notationHelp explains the notation of versions.
const notationHelp = `A version is written as its clock: {n3:2} is event 2 of n3, which has seen event 1.
{n3:.2}, with a point, is event 2 of n3 that has not seen event 1; {n3:1.3} is event 3, which has seen
event 1 and not event 2.`

var getVerb = &Verb{
	Name: "get", Group: GroupData, Section: "§4.1, §4.5",
	Args:  []Arg{keyArgument},
	Usage: "read a key: one value, or all siblings and their context",
	Help: `R of the key's replicas must answer. Versions of which none descends from another
are siblings: get shows them all, and the context that covers them. A put with that
context replaces them (or see resolve). Exit 3 means that there is no value: R of the key's
homes hold none, and of all nodes that may hold it, hints included, at most N-R did not
answer. Otherwise exit 5 names the nodes that did not answer. A delete is not a sibling: if a value
has not seen a delete, get shows the value and the delete. "found" in JSON means a value, "deleted" means
that there is also a delete, and "deletes" lists such deletes. "meta" is what put --meta stored beside a value.
` + notationHelp,
	Flags: []Flag{viaFlag, readFlag, primaryReadFlag, strictFlag, saveFlag,
		{Name: "one", Kind: Bool, Help: "fail with exit 4 if there are siblings"},
		{Name: "raw", Kind: Bool, Help: "write the value's bytes unchanged, and nothing else"},
		{Name: "force", Kind: Bool, Help: "with --raw: write also to a terminal, which the bytes may control"},
		noRepairFlag},
	Run: runGet,
}

func runGet(ctx context.Context, e *Env, c *Call) error {
	key, err := keyArg(c)
	if err != nil {
		return err
	}
	if c.Bool("raw") && e.Terminal && !c.Bool("force") {
		return usage.Errorf("get: --raw would let the value's bytes control this terminal; " +
			"write them to a file, or add --force")
	}
	save, err := e.openSave(c, key)
	if err != nil {
		return err
	}
	defer save.discard()
	g, err := e.read(ctx, c, key)
	if err != nil {
		return err
	}
	return e.afterSave(save.keep(g.Context), func() error {
		f := foreignOf(e)
		switch {
		case e.JSON && f != nil:
			return g.foreignJSON(e, f, c)
		case e.JSON:
			return g.json(e, c)
		case c.Bool("raw"):
			return g.raw(e)
		case f != nil:
			return g.showForeign(e, c)
		}
		return g.show(ctx, e, c)
	})
}

// keyArg returns the key that is argument 0.
func keyArg(c *Call) ([]byte, error) {
	if c.Arg(0) == "" {
		return nil, c.Misusef("the key is empty")
	}
	return []byte(c.Arg(0)), nil
}

// getResult is the answer to a get.
type getResult struct {
	wire.GetReply
	op      string // the command that sent the get
	key     []byte
	elapsed time.Duration
}

// read sends a get with the flags of the call.
func (e *Env) read(ctx context.Context, c *Call, key []byte) (*getResult, error) {
	req := wire.GetRequest{Key: key, Quorum: quorumOf(c), NoRepair: c.Bool(noRepairFlag.Name)}
	via := ""
	if c.flags["via"] != nil {
		via = c.String("via")
	}
	g, err := e.get(ctx, via, req)
	if err != nil {
		return nil, err
	}
	g.op = c.Verb.Name
	return g, nil
}

// get sends a get. A get that fails is an *exit.Error.
func (e *Env) get(ctx context.Context, via string, req wire.GetRequest) (*getResult, error) {
	start := time.Now()
	reply, err := e.Cluster.Do(ctx, via, req)
	if err != nil {
		return nil, err
	}
	r, ok := reply.(wire.GetReply)
	if !ok {
		return nil, fmt.Errorf("get: the cluster answered with %T", reply)
	}
	if r.Err != wire.OK {
		f := exit.OfReply("get", req.Key, r.Err, r.Message)
		f.Request, f.Missing = r.Request, r.Missing
		return nil, f
	}
	return &getResult{GetReply: r, op: "get", key: req.Key, elapsed: time.Since(start)}, nil
}

// quorumOf returns the quorum that the flags of the call ask for.
func quorumOf(c *Call) wire.Quorum {
	q := wire.Quorum{Strict: c.Bool("strict")}
	for name, field := range map[string]*int{"R": &q.R, "W": &q.W, "pr": &q.PR, "pw": &q.PW} {
		if c.flags[name] != nil {
			*field = c.Int(name)
		}
	}
	return q
}

// verdict returns the error with which a get ends beside its output: for a key without a value
// and, if one is set, for siblings.
func (g *getResult) verdict(one bool) error {
	switch n := len(g.Siblings); {
	case n == 0:
		msg := g.op + ": no value for " + render.Key(g.key)
		if g.Deleted() {
			msg = g.op + ": " + render.Key(g.key) + " was deleted"
		}
		return &exit.Error{Exit: exit.NotFound, Code: "key_not_found", Message: msg}
	case n > 1 && one:
		return &exit.Error{Exit: exit.Siblings, Code: "siblings",
			Message: fmt.Sprintf("%s: %s has %d siblings, not one value; resolve %s makes them one",
				g.op, render.Key(g.key), n, typed(g.key))}
	}
	return nil
}

func (g *getResult) json(e *Env, c *Call) error {
	err := e.print(struct {
		keyJSON
		Found       bool                `json:"found"`
		Siblings    []event.VersionJSON `json:"siblings"`
		Deleted     bool                `json:"deleted"`
		Deletes     []event.VersionJSON `json:"deletes"` // the tombstones beside Siblings
		Context     string              `json:"context"`
		Coordinator string              `json:"coordinator"`
		Replied     []string            `json:"replied"`
		Primaries   int                 `json:"primaries,omitempty"` // homes among Replied, with --pr
		Request     uint64              `json:"request"`
		ElapsedUS   int64               `json:"elapsed_us"`
		// Lost lists the key's versions that last write wins lost and that a node in Replied
		// remembers.
		Lost []event.VersionJSON `json:"lost,omitempty"`
	}{keyOf(g.key), len(g.Siblings) > 0, event.VersionsJSON(g.Siblings), g.Deleted(),
		event.VersionsJSON(g.Tombstones), encodeToken(g.Context), g.Coordinator,
		orEmpty(g.Replied), g.Primaries, g.Request, g.elapsed.Microseconds(), event.VersionsJSON(g.Lost)})
	if err != nil {
		return err
	}
	return exit.Reported(g.verdict(c.Bool("one") || c.Bool("raw")))
}

func (g *getResult) raw(e *Env) error {
	if err := g.verdict(true); err != nil {
		return err
	}
	_, err := e.Out.Write(g.Siblings[0].Value)
	return err
}

func (g *getResult) show(ctx context.Context, e *Env, c *Call) error {
	if err := g.verdict(c.Bool("one")); err != nil {
		return err
	}
	cluster, err := e.view(ctx)
	if err != nil {
		return err
	}
	want := cluster.Settings.R
	if n := c.Int("R"); n > 0 {
		want = n
	}
	tail := outcome{letter: "R", coordinator: render.Node(g.Coordinator), want: want, nodes: g.Replied,
		primaries: g.Primaries, request: g.Request, elapsed: g.elapsed}.show(e.painter())
	if len(g.Lost) > 0 {
		e.note("%s", lostNote(g.Lost))
	}
	if len(g.Siblings) == 1 && !g.Deleted() {
		v := g.Siblings[0]
		return e.write(showValue(v.Value) + "\n  " + e.paint(render.Accent, v.Notation()) + "  " + tail + "\n")
	}
	if err := e.write(g.showSiblings(e.painter()) + "  " + tail + "\n"); err != nil {
		return err
	}
	merge := cartUnion
	if len(g.Siblings) > 0 && cart.IsSet(g.Siblings[0].Value) {
		merge = cartSet
	}
	e.note("  make them one:  resolve %s --pick 1  |  --with VALUE  |  --%s", typed(g.key), merge)
	return nil
}

func (g *getResult) showSiblings(p render.Painter) string {
	t := render.Table{Indent: "  "}
	for i, v := range g.Siblings {
		t.Row(render.Toned(render.Bold, fmt.Sprint(i+1)), clockCell(v), render.Cell{Text: showValue(v.Value)})
	}
	for _, v := range g.Tombstones {
		t.Row(render.Toned(render.Bold, "+"), clockCell(v), render.Toned(render.Dim, "deleted"))
	}
	all := append(slices.Clone(g.Siblings), g.Tombstones...)
	return p.Paint(render.Warn, g.siblingsHead()) + "\n" + t.Render(p) +
		"  context " + p.Paint(render.Accent, all.Context().String()) + " covers them all\n"
}

// siblingsHead is the line before siblings.
func (g *getResult) siblingsHead() string {
	if g.Deleted() {
		return fmt.Sprintf("‖ %s: %s, and a delete that had not seen it (§4.4)",
			render.Key(g.key), render.Count(len(g.Siblings), "value"))
	}
	return fmt.Sprintf("‖ %s has %s: concurrent, none descends from another (§4.4)",
		render.Key(g.key), render.Count(len(g.Siblings), "sibling"))
}

func clockCell(v vclock.Version) render.Cell { return render.Toned(render.Accent, v.Notation()) }

// showValue returns a value for a line of its own. A value that is cut is followed by its size.
func showValue(b []byte) string {
	s := render.Value(vclock.Version{Value: b}, render.MaxValue)
	if len(b) > 0 && s != escape.Terminal(b) {
		s += fmt.Sprintf("  (%s)", render.Count(len(b), "byte"))
	}
	return s
}

// An outcome is how a request was answered: the end of its line.
type outcome struct {
	letter      string // R or W
	coordinator string // safe for a terminal
	want        int    // how many nodes had to answer
	nodes       []string
	primaries   int // homes among nodes, if the request asked for some; 0 otherwise
	hints       []wire.Hint
	request     uint64
	elapsed     time.Duration
}

func (o outcome) show(p render.Painter) string {
	nodes := make([]string, len(o.nodes))
	for i, n := range o.nodes {
		nodes[i] = render.Node(n)
		for _, h := range o.hints {
			if h.Holder == n {
				nodes[i] += p.Paint(render.Hint, " (for "+render.Node(h.For)+")")
			}
		}
	}
	homes := ""
	if o.primaries > 0 {
		homes = ", " + render.Count(o.primaries, "home")
	}
	return fmt.Sprintf("coordinator %s  %s %d/%d: %s%s  %s", o.coordinator, o.letter, len(o.nodes), o.want,
		strings.Join(nodes, " "), homes, p.Paint(render.Dim, event.RequestName(o.request)+"  "+render.Duration(o.elapsed)))
}

// lostNote returns the note on acknowledged versions that last write wins lost.
func lostNote(lost vclock.Siblings) string {
	out := fmt.Sprintf("note: last write wins lost %s of this key (§6)", render.Count(len(lost), "acknowledged write"))
	for _, v := range lost {
		value := render.Short(v.Value)
		if v.Deleted {
			value = "a delete"
		}
		out += "\n      " + v.Notation() + "  " + value + "  " + event.RequestName(v.Request)
	}
	return out
}

// coordinatorOf returns the name of a put's coordinator, with a note if it is not a home. Any node
// coordinates a get.
func coordinatorOf(cluster *view.Cluster, key []byte, coordinator string) string {
	if slices.Contains(cluster.Ring.Homes(key), coordinator) {
		return render.Node(coordinator)
	}
	return render.Node(coordinator) + " (fallback)"
}
