package verbs

// §4.1, §4.4, §4.5: put and del. resolve and cart are puts also.

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

var putVerb = &Verb{
	Name: "put", Group: GroupData, Section: "§4.1, §4.5",
	Args:  []Arg{keyArgument, {Name: "VALUE|-"}},
	Usage: "write a value; - reads it from standard input",
	Help: `The new version descends from what the context covers, and replaces it. A put
without a context covers only what its coordinator knows to be superseded. So it makes a
sibling of each value that the key has (a blind write).
W replicas must hold the version durably. A home that cannot be reached has a fallback, which keeps
the replica with a hint and hands it over later (§4.6). Without --via, or through a node that
is not a home, the home that answered your last get first coordinates, as the context tells (§5).
With --overwrite, the new version also replaces each version that its coordinator knows, whatever the
context covers. A concurrent write is then lost.
` + notationHelp,
	Flags: []Flag{contextFlag, viaFlag, writeFlag, primaryWriteFlag, strictFlag, saveFlag,
		{Name: "meta", Kind: String, Value: "TEXT", Help: "store this text beside the value; get --json shows it"},
		{Name: "overwrite", Kind: Bool, Help: "replace all versions that the coordinator knows"}},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		key, err := keyArg(c)
		if err != nil {
			return err
		}
		save, err := e.openSave(c, key)
		if err != nil {
			return err
		}
		defer save.discard()
		req := wire.PutRequest{Key: key, Quorum: quorumOf(c), Meta: []byte(c.String("meta")),
			Overwrite: c.Bool("overwrite")}
		if len(req.Meta) > wire.MaxMeta {
			return c.Misusef("--meta has %d bytes: want at most %d", len(req.Meta), wire.MaxMeta)
		}
		if req.Context, err = e.contextFor(ctx, c, key); err != nil {
			return err
		}
		if req.Value, err = e.readValue(ctx, c.Arg(1)); err != nil {
			return err
		}
		return e.put(ctx, c, save, req, "")
	},
}

const delName = "del"

var delVerb = &Verb{
	Name: delName, Group: GroupData, Section: "§4.4",
	Args:  []Arg{keyArgument},
	Usage: "delete what the context covers",
	Help: `A delete writes a tombstone: a version without a value, which descends from what
was read. A version that the context does not cover stays.`,
	Flags: []Flag{contextFlag, viaFlag, writeFlag, primaryWriteFlag, strictFlag, saveFlag},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		key, err := keyArg(c)
		if err != nil {
			return err
		}
		if !c.Has("c") && e.Client == "" {
			return c.Misusef("-c CTX is missing, which says what to delete; get %s --save @ctx, then del %[1]s -c @ctx",
				typed(key))
		}
		save, err := e.openSave(c, key)
		if err != nil {
			return err
		}
		defer save.discard()
		req := wire.PutRequest{Key: key, Delete: true, Quorum: quorumOf(c)}
		if req.Context, err = e.contextFor(ctx, c, key); err != nil {
			return err
		}
		return e.put(ctx, c, save, req, "")
	},
}

// put sends a put and shows its outcome after the remark.
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
	if len(req.Context) == 0 && !req.Overwrite && r.Siblings+r.Deletes > 1 {
		e.note("%s", blindNote(req.Key, r))
	}
	return e.afterSave(saved, func() error {
		if foreignOf(e) != nil {
			return foreignPut(e, req, r, elapsed, remark)
		}
		if e.JSON {
			return printPut(e, req.Key, r, elapsed)
		}
		return e.showPut(ctx, req, r, elapsed, remark)
	})
}

func putFailed(op string, key []byte, r wire.PutReply) error {
	f := exit.OfReply(op, key, r.Err, r.Message)
	f.Request, f.Unknown, f.Missing = r.Request, r.Unknown, r.Missing
	if r.Unknown {
		f.Message += "; the write may have happened nevertheless"
	}
	return f
}

// blindNote returns the note on a put without a context to a key that existed.
func blindNote(key []byte, r wire.PutReply) string {
	before, now := "had a value", "there are "+render.Count(r.Siblings, "sibling")+" now"
	switch {
	case r.Siblings < 2:
		before, now = "was deleted", "the value and the delete stand side by side now"
	case r.Deletes > 0:
		now += ", beside " + render.Count(r.Deletes, "delete")
	}
	out := fmt.Sprintf("note: a blind write: %s %s, and this put had no context, so %s (§4.4)",
		render.Key(key), before, now)
	d := r.Version.Dot
	if d.Counter > 1 && !r.Version.Past.Covers(vclock.Dot{Actor: d.Actor, Counter: d.Counter - 1}) {
		out += fmt.Sprintf("\n      %s is event %d of %s that has not seen event %d", r.Version.Notation(), d.Counter,
			render.Node(d.Node), d.Counter-1)
	}
	return out + fmt.Sprintf("\n      to replace what is there: get %s --save @ctx, then put %[1]s VALUE -c @ctx",
		typed(key))
}

// unseen returns what a put or del left in place because its context does not cover it, "" if
// nothing is left.
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

// typed returns a key as a shell takes it. It returns KEY for a key that is long, looks like a
// flag, or has characters that cannot be shown.
func typed(key []byte) string {
	s := string(key)
	if escape.Terminal(key) != s || utf8.RuneCount(key) > render.MaxKey || strings.HasPrefix(s, "-") {
		return "KEY"
	}
	return Join([]string{s})
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
		Primaries   int               `json:"primaries,omitempty"` // homes among Acks, with --pw
		Hinted      []event.HintJSON  `json:"hinted"`
		Siblings    int               `json:"siblings"`
		Deletes     int               `json:"deletes"`
		Request     uint64            `json:"request"`
		ElapsedUS   int64             `json:"elapsed_us"`
		// LostTo is the version that replaced this one under last write wins before the
		// acknowledgement.
		LostTo []event.VersionJSON `json:"lost_to,omitempty"`
	}{keyOf(key), v.Clock, v.Notation, v.Dot, v.Past, v.Literal, encodeToken(r.Context), r.Coordinator,
		orEmpty(r.Acks), r.Primaries, event.HintsJSON(r.Hinted), r.Siblings, r.Deletes, r.Request, elapsed.Microseconds(),
		event.VersionsJSON(r.LostTo)})
}

func (e *Env) showPut(ctx context.Context, req wire.PutRequest, r wire.PutReply, elapsed time.Duration,
	remark string) error {
	cluster, err := e.view(ctx)
	if err != nil {
		return err
	}
	want := cluster.Settings.W
	if req.Quorum.W > 0 {
		want = req.Quorum.W
	}
	line := e.paint(render.Good, "ok") + "  " + e.paint(render.Accent, r.Version.Notation()) + "  " +
		outcome{letter: "W", coordinator: coordinatorOf(cluster, req.Key, r.Coordinator), want: want, nodes: r.Acks,
			primaries: r.Primaries, hints: r.Hinted, request: r.Request, elapsed: elapsed}.show(e.painter())
	if left := unseen(req, r); left != "" {
		line += "\n  " + e.paint(render.Warn, left)
	}
	for _, w := range r.LostTo {
		line += "\n  " + e.paint(render.Bad,
			fmt.Sprintf("already lost: last write wins keeps %s, a concurrent write with a later time (§6)",
				w.Notation()))
	}
	return e.write(remark + line + "\n")
}
