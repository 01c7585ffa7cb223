package verbs

// §4.1 get and put; del and resolve are puts.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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

var (
	keyArgument = Arg{Name: "KEY", Complete: CompleteKeys}
	viaFlag     = Flag{Name: "via", Kind: String, Value: "NODE", Complete: CompleteNodes, Help: "send the request to this node; otherwise to the first running one of the key's preference list"}
	readFlag    = Flag{Name: "R", Kind: Int, Value: "R", Max: wire.MaxNodes,
		Help: "answers to wait for (§4.5); otherwise the cluster's R"}
	writeFlag = Flag{Name: "W", Kind: Int, Value: "W", Max: wire.MaxNodes,
		Help: "durable replicas to wait for (§4.5); otherwise the cluster's W"}
	strictFlag  = Flag{Name: "strict", Kind: Bool, Help: "only the key's N homes count: no stand-ins, no hints (§4.6)"}
	contextFlag = Flag{Name: "c", Aliases: []string{"context"}, Kind: String, Value: "CTX", Complete: CompleteContexts,
		Help: "what you had read: @NAME, @./FILE (any path with a slash), or the context itself"}
	saveFlag = Flag{Name: "save", Kind: String, Value: "CTX", Complete: CompleteContexts,
		Help: "keep the new context as @NAME or @./FILE: a new file, or one with a context"}
	// noRepairFlag is for callers that only observe: a get otherwise repairs stale replicas.
	noRepairFlag = Flag{Name: "no-repair", Kind: Bool, Help: "change nothing: stale replicas are not repaired (§5)"}
	unionFlag    = Flag{Name: "union", Kind: Bool,
		Help: "write the union of all siblings: of JSON arrays, or of items parted by commas"}
)

// notationHelp explains what stands for a version.
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
answer. Otherwise exit 5 names the nodes that did not answer. A delete is no sibling: if a value
had not seen a delete, get shows the value and the delete. "found" in JSON means a value, "deleted" means
that there is a delete also, and "deletes" lists such deletes.
` + notationHelp,
	Flags: []Flag{viaFlag, readFlag, strictFlag, saveFlag,
		{Name: "one", Kind: Bool, Help: "fail with exit 4 if there are siblings"},
		{Name: "raw", Kind: Bool, Help: "write the value's bytes unchanged, and nothing else"},
		{Name: "force", Kind: Bool, Help: "with --raw: even to a terminal, which the bytes may drive"},
		noRepairFlag},
	Run: runGet,
}

func runGet(ctx context.Context, e *Env, c *Call) error {
	key, err := keyArg(c)
	if err != nil {
		return err
	}
	if c.Bool("raw") && e.Terminal && !c.Bool("force") {
		return usage.Errorf("get: --raw would let the value's bytes drive this terminal; send them to a file, or add --force")
	}
	save, err := e.openSave(c)
	if err != nil {
		return err
	}
	defer save.discard()
	g, err := e.read(ctx, c, key)
	if err != nil {
		return err
	}
	return e.afterSave(save.keep(g.Context), func() error {
		switch {
		case e.JSON:
			return g.json(e, c)
		case c.Bool("raw"):
			return g.raw(e)
		}
		return g.show(ctx, e, c)
	})
}

// got is the answer to a get.
type got struct {
	wire.GetReply
	op      string // the command that got it
	key     []byte
	elapsed time.Duration
}

// read does a get with the flags of the call.
func (e *Env) read(ctx context.Context, c *Call, key []byte) (*got, error) {
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

func (e *Env) get(ctx context.Context, via string, req wire.GetRequest) (*got, error) {
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
	return &got{GetReply: r, op: "get", key: req.Key, elapsed: time.Since(start)}, nil
}

func quorumOf(c *Call) wire.Quorum {
	q := wire.Quorum{Strict: c.Bool("strict")}
	if c.flags["R"] != nil {
		q.R = c.Int("R")
	}
	if c.flags["W"] != nil {
		q.W = c.Int("W")
	}
	return q
}

// verdict is how a get ends beside its output.
func (g *got) verdict(one bool) error {
	switch n := len(g.Siblings); {
	case n == 0:
		msg := g.op + ": no value for " + render.Key(g.key)
		if g.Deleted() {
			msg = g.op + ": " + render.Key(g.key) + " was deleted"
		}
		return &exit.Error{Exit: exit.NotFound, Code: "key_not_found", Message: msg}
	case n > 1 && one:
		return &exit.Error{Exit: exit.Siblings, Code: "siblings",
			Message: fmt.Sprintf("%s: %s has %d siblings, not one value; resolve %s makes them one", g.op, render.Key(g.key), n, typed(g.key))}
	}
	return nil
}

func (g *got) json(e *Env, c *Call) error {
	err := e.print(struct {
		keyJSON
		Found       bool                `json:"found"`
		Siblings    []event.VersionJSON `json:"siblings"`
		Deleted     bool                `json:"deleted"`
		Deletes     []event.VersionJSON `json:"deletes"` // the tombstones beside Siblings
		Context     string              `json:"context"`
		Coordinator string              `json:"coordinator"`
		Replied     []string            `json:"replied"`
		Request     uint64              `json:"request"`
		ElapsedUS   int64               `json:"elapsed_us"`
		// Lost lists the key's versions that last write wins lost and that a node in Replied
		// remembers.
		Lost []event.VersionJSON `json:"lost,omitempty"`
	}{keyOf(g.key), len(g.Siblings) > 0, event.VersionsJSON(g.Siblings), g.Deleted(),
		event.VersionsJSON(g.Tombstones), encodeToken(g.Context), g.Coordinator,
		orEmpty(g.Replied), g.Request, g.elapsed.Microseconds(), event.VersionsJSON(g.Lost)})
	if err != nil {
		return err
	}
	return exit.Reported(g.verdict(c.Bool("one") || c.Bool("raw")))
}

func (g *got) raw(e *Env) error {
	if err := g.verdict(true); err != nil {
		return err
	}
	_, err := e.Out.Write(g.Siblings[0].Value)
	return err
}

func (g *got) show(ctx context.Context, e *Env, c *Call) error {
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
	tail := e.tail(cluster, g.key, g.Coordinator, "R", want, g.Replied, nil, g.Request, g.elapsed)
	if len(g.Lost) > 0 {
		e.note("%s", lostNote(g.Lost))
	}
	if len(g.Siblings) == 1 && !g.Deleted() {
		v := g.Siblings[0]
		return e.write(showValue(v.Value) + "\n  " + e.paint(render.Accent, v.Notation()) + "  " + tail + "\n")
	}
	if err := e.write(g.showSiblings(e) + "  " + tail + "\n"); err != nil {
		return err
	}
	merge := cartUnion
	if len(g.Siblings) > 0 && cart.IsSet(g.Siblings[0].Value) {
		merge = cartSet
	}
	e.note("  make them one:  resolve %s --pick 1  |  --with VALUE  |  --%s", typed(g.key), merge)
	return nil
}

func (g *got) showSiblings(e *Env) string {
	t := render.Table{Indent: "  "}
	for i, v := range g.Siblings {
		t.Row(render.Cell{Text: fmt.Sprint(i + 1), Tone: render.Bold}, render.Cell{Text: v.Notation(), Tone: render.Accent}, render.Cell{Text: showValue(v.Value)})
	}
	for _, v := range g.Tombstones {
		t.Row(render.Cell{Text: "+", Tone: render.Bold}, render.Cell{Text: v.Notation(), Tone: render.Accent}, render.Cell{Text: "deleted", Tone: render.Dim})
	}
	head := fmt.Sprintf("‖ %s has %d siblings: concurrent, none descends from another (§4.4)", render.Key(g.key), len(g.Siblings))
	if g.Deleted() {
		head = fmt.Sprintf("‖ %s: %s, and a delete that had not seen it (§4.4)", render.Key(g.key), render.Count(len(g.Siblings), "value"))
	}
	all := append(slices.Clone(g.Siblings), g.Tombstones...)
	return e.paint(render.Warn, head) + "\n" + t.Render(e.painter()) + "  context " + e.paint(render.Accent, all.Context().String()) + " covers them all\n"
}

func showValue(b []byte) string {
	if len(b) == 0 {
		return "(empty)"
	}
	s := escape.TerminalShort(b, render.MaxValue)
	if s != escape.Terminal(b) {
		s += fmt.Sprintf("  (%d bytes)", len(b))
	}
	return s
}

// tail is the end of a request's line: who coordinated, who answered, its number and time.
func (e *Env) tail(cluster *view.Cluster, key []byte, coordinator, letter string, want int, who []string, hints []wire.Hint, id uint64, took time.Duration) string {
	coord := render.Node(coordinator)
	if letter == "W" && !slices.Contains(cluster.Ring.Homes(key), coordinator) { // any node coordinates a get
		coord += " (stand-in)"
	}
	acks := make([]string, len(who))
	for i, n := range who {
		acks[i] = render.Node(n)
		for _, h := range hints {
			if h.Holder == n {
				acks[i] += e.paint(render.Hint, " (for "+render.Node(h.For)+")")
			}
		}
	}
	return fmt.Sprintf("coordinator %s  %s %d/%d: %s  %s", coord, letter, len(who), want, strings.Join(acks, " "),
		e.paint(render.Dim, event.RequestName(id)+"  "+render.Duration(took)))
}

var putVerb = &Verb{
	Name: "put", Group: GroupData, Section: "§4.1, §4.5",
	Args:  []Arg{keyArgument, {Name: "VALUE|-"}},
	Usage: "write a value; - reads it from standard input",
	Help: `The new version descends from what the context covers, and replaces it. A put
without a context covers only what its coordinator knows to be replaced already. So it makes a
sibling of each value that the key has (a blind write).
W replicas must hold it durably. Homes that cannot be reached have stand-ins, which keep
the replica with a hint and hand it over later (§4.6). Without --via, and through a node that
is no home, the home that answered your last get first coordinates, as the context tells (§5).
` + notationHelp,
	Flags: []Flag{contextFlag, viaFlag, writeFlag, strictFlag, saveFlag},
	Run:   runPut,
}

func runPut(ctx context.Context, e *Env, c *Call) error {
	key, err := keyArg(c)
	if err != nil {
		return err
	}
	save, err := e.openSave(c)
	if err != nil {
		return err
	}
	defer save.discard()
	req := wire.PutRequest{Key: key, Quorum: quorumOf(c)}
	if req.Context, err = e.loadContext(ctx, c.String("c")); err != nil {
		return err
	}
	if req.Value, err = e.readValue(ctx, c.Arg(1)); err != nil {
		return err
	}
	return e.put(ctx, c, save, req, "")
}

var delVerb = &Verb{
	Name: "del", Group: GroupData, Section: "§4.4",
	Args:  []Arg{keyArgument},
	Usage: "delete what the context covers",
	Help: `A delete writes a tombstone: a version without a value, which descends from what
was read. A write that the context does not cover stays, as it must.`,
	Flags: []Flag{contextFlag, viaFlag, writeFlag, strictFlag, saveFlag},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		key, err := keyArg(c)
		if err != nil {
			return err
		}
		if !c.Has("c") {
			return c.Misusef("-c CTX is missing, which says what to delete; get %s --save @ctx, then del %[1]s -c @ctx", typed(key))
		}
		save, err := e.openSave(c)
		if err != nil {
			return err
		}
		defer save.discard()
		req := wire.PutRequest{Key: key, Delete: true, Quorum: quorumOf(c)}
		if req.Context, err = e.loadContext(ctx, c.String("c")); err != nil {
			return err
		}
		return e.put(ctx, c, save, req, "")
	},
}

// put sends the request and shows how it went; remark stands before that.
func (e *Env) put(ctx context.Context, c *Call, save *saving, req wire.PutRequest, remark string) error {
	start := time.Now()
	reply, err := e.Cluster.Do(ctx, c.String("via"), req)
	if err != nil {
		return err
	}
	elapsed := time.Since(start)
	r, ok := reply.(wire.PutReply)
	if !ok {
		return fmt.Errorf("%s: the cluster answered with %T", c.Verb.Name, reply)
	}
	if r.Err != wire.OK {
		return putFailed(c.Verb.Name, req.Key, r)
	}
	saved := save.keep(r.Context)
	if len(req.Context) == 0 && r.Siblings+r.Deletes > 1 {
		e.note("%s", blindNote(req.Key, r))
	}
	return e.afterSave(saved, func() error {
		if e.JSON {
			return printPut(e, req.Key, r, elapsed)
		}
		return e.showPut(ctx, req, r, elapsed, remark)
	})
}

// lostNote returns the note on acknowledged versions that last write wins lost.
func lostNote(lost vclock.Siblings) string {
	out := fmt.Sprintf("note: last write wins lost %s of this key (§6)", render.Count(len(lost), "acknowledged write"))
	for _, v := range lost {
		out += "\n      " + v.Notation() + "  "
		if v.Deleted {
			out += "a delete"
		} else {
			out += render.Key(v.Value)
		}
		out += "  " + event.RequestName(v.Request)
	}
	return out
}

// blindNote says what came of a put without a context over an existing key.
func blindNote(key []byte, r wire.PutReply) string {
	was, now := "had a value", fmt.Sprintf("they are %d siblings now", r.Siblings)
	switch {
	case r.Siblings < 2:
		was, now = "was deleted", "the value and the delete stand side by side now"
	case r.Deletes > 0:
		now += ", beside " + render.Count(r.Deletes, "delete")
	}
	out := fmt.Sprintf("note: a blind write: %s %s, and this put had no context, so %s (§4.4)",
		render.Key(key), was, now)
	if d := r.Version.Dot; d.Counter > 1 && !r.Version.Past.Covers(vclock.Dot{Actor: d.Actor, Counter: d.Counter - 1}) {
		out += fmt.Sprintf("\n      %s is event %d of %s that has not seen event %d", r.Version.Notation(), d.Counter,
			render.Node(d.Node), d.Counter-1)
	}
	return out + fmt.Sprintf("\n      to replace what is there: get %s --save @ctx, then put %[1]s VALUE -c @ctx", typed(key))
}

// unseen says what a put or del with a context left in place because the context does not cover it,
// "" if nothing is left.
func unseen(req wire.PutRequest, r wire.PutReply) string {
	const others = ": others wrote what your context had not seen (§4.4)"
	switch {
	case len(req.Context) == 0:
		return ""
	case req.Delete && r.Siblings > 0:
		return "‖ " + render.Count(r.Siblings, "value") + " left" + others
	case req.Delete || r.Siblings+r.Deletes < 2:
		return ""
	case r.Siblings < 2:
		return "‖ 1 value now, and a delete that your context had not seen (§4.4)"
	case r.Deletes > 0:
		return fmt.Sprintf("‖ %d siblings now, and a delete%s", r.Siblings, others)
	}
	return fmt.Sprintf("‖ %d siblings now%s", r.Siblings, others)
}

// typed is a key as a shell takes it, or KEY for one that is long, would be a
// flag, or has signs that cannot be shown.
func typed(key []byte) string {
	if escape.Terminal(key) != string(key) || utf8.RuneCount(key) > render.MaxKey || strings.HasPrefix(string(key), "-") {
		return "KEY"
	}
	return Join([]string{string(key)})
}

func putFailed(op string, key []byte, r wire.PutReply) error {
	f := exit.OfReply(op, key, r.Err, r.Message)
	f.Request, f.Unknown, f.Missing = r.Request, r.Unknown, r.Missing
	if r.Unknown {
		f.Message += "; the write may have happened all the same"
	}
	return f
}

func printPut(e *Env, key []byte, r wire.PutReply, elapsed time.Duration) error {
	v := event.JSONOf(r.Version)
	return e.print(struct {
		keyJSON
		Clock       map[string]uint64 `json:"clock"`
		Notation    string            `json:"notation"`
		Dot         event.DotJSON     `json:"dot"`
		Past        []event.EntryJSON `json:"past"`
		Literal     bool              `json:"literal,omitempty"`
		Context     string            `json:"context"`
		Coordinator string            `json:"coordinator"`
		Acks        []string          `json:"acks"`
		Hinted      []event.HintJSON  `json:"hinted"`
		Siblings    int               `json:"siblings"`
		Deletes     int               `json:"deletes"`
		Request     uint64            `json:"request"`
		ElapsedUS   int64             `json:"elapsed_us"`
		// LostTo is the version that replaced this one under last write wins before the
		// acknowledgement.
		LostTo []event.VersionJSON `json:"lost_to,omitempty"`
	}{keyOf(key), v.Clock, v.Notation, v.Dot, v.Past, v.Literal, encodeToken(r.Context), r.Coordinator,
		orEmpty(r.Acks), event.HintsJSON(r.Hinted), r.Siblings, r.Deletes, r.Request, elapsed.Microseconds(),
		event.VersionsJSON(r.LostTo)})
}

func (e *Env) showPut(ctx context.Context, req wire.PutRequest, r wire.PutReply, elapsed time.Duration, remark string) error {
	cluster, err := e.view(ctx)
	if err != nil {
		return err
	}
	want := cluster.Settings.W
	if req.Quorum.W > 0 {
		want = req.Quorum.W
	}
	line := e.paint(render.Good, "ok") + "  " + e.paint(render.Accent, r.Version.Notation()) + "  " +
		e.tail(cluster, req.Key, r.Coordinator, "W", want, r.Acks, r.Hinted, r.Request, elapsed)
	if left := unseen(req, r); left != "" {
		line += "\n  " + e.paint(render.Warn, left)
	}
	for _, w := range r.LostTo {
		line += "\n  " + e.paint(render.Bad,
			fmt.Sprintf("already lost: last write wins keeps %s, a concurrent write with a later time (§6)", w.Notation()))
	}
	return e.write(remark + line + "\n")
}
