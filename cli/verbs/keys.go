package verbs

// keys: the keys that the nodes hold, beyond the paper.

import (
	"context"
	"fmt"

	"ringside/cli/exit"
	"ringside/engine/escape"
	"ringside/engine/wire"
)

var keysVerb = &Verb{
	Name: "keys", Group: GroupData, Section: "§6", Streams: true,
	Args:  []Arg{{Name: "PREFIX", Complete: CompleteKeys, Optional: true}},
	Usage: "list the keys, or those that begin with PREFIX",
	Help: `keys asks all members that can be reached, and prints each key once, one a line, in the order of the ring. A key
that is written meanwhile may be missing. Exit 5 means that so many members did not answer that a key might be on none
of the others; keys then names them. A key of which all replicas asked hold only deletes is left out without
--deleted.
--json prints {"key","deleted"} for each key.`,
	Flags: []Flag{viaFlag,
		{Name: "deleted", Kind: Bool, Help: "list also the keys that were deleted and leave tombstones"}},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		if len(c.Arg(0)) > wire.MaxKey {
			return c.Misusef("PREFIX has %d bytes: a key has at most %d", len(c.Arg(0)), wire.MaxKey)
		}
		return eachKey(ctx, e, c.String("via"), []byte(c.Arg(0)), func(k wire.ListedKey) error {
			if k.Deleted && !c.Bool("deleted") {
				return nil
			}
			return printKey(e, k)
		})
	},
}

func printKey(e *Env, k wire.ListedKey) error {
	switch {
	case e.JSON:
		return e.print(struct {
			keyJSON
			Deleted bool `json:"deleted"`
		}{keyOf(k.Key), k.Deleted})
	case k.Deleted:
		return e.write(escape.Terminal(k.Key) + "  (deleted)\n")
	}
	return e.write(escape.Terminal(k.Key) + "\n")
}

// eachKey calls fn with each key that begins with prefix, page by page.
func eachKey(ctx context.Context, e *Env, via string, prefix []byte, fn func(wire.ListedKey) error) error {
	req := wire.ListRequest{Prefix: prefix}
	for {
		reply, err := e.Cluster.Do(ctx, via, req)
		if err != nil {
			return err
		}
		r, ok := reply.(wire.ListReply)
		switch {
		case !ok:
			return fmt.Errorf("keys: the cluster answered with %T", reply)
		case r.Err != wire.OK:
			f := exit.OfReply("keys", prefix, r.Err, r.Message)
			f.Request, f.Missing = r.Request, r.Missing
			return f
		}
		for _, k := range r.Keys {
			if err := fn(k); err != nil {
				return err
			}
		}
		if !r.More {
			return nil
		}
		req.After = r.After
	}
}
