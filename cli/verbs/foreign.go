package verbs

// Commands on a foreign cluster, one of Riak: what they can do there, and what they say if they
// cannot.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/wire"
	"ringside/riak/target"
)

// A Foreign cluster is a Cluster of Riak, which ringside has not started. The methods of Cluster,
// except for Do, return errors. exit.As gives the exit codes of all errors.
type Foreign interface {
	Cluster
	// Address returns where the cluster is.
	Address() target.Address
	// Keys calls fn with each key that begins with prefix.
	Keys(ctx context.Context, via string, prefix []byte, fn func(key []byte) error) error
	// Homes returns the preference list of a key.
	Homes(ctx context.Context, key []byte) ([]target.Home, error)
	// Nodes asks each host of the address, for at most limit if that is not 0. The error says that
	// none answers.
	Nodes(ctx context.Context, limit time.Duration) ([]target.Node, error)
	// Props returns the properties of the address's bucket.
	Props(ctx context.Context) (target.Props, error)
}

// foreignOf returns the cluster of an Env if it is a foreign one, nil otherwise.
func foreignOf(e *Env) Foreign {
	f, _ := e.Cluster.(Foreign)
	return f
}

// callForeign runs a call on a foreign cluster. done is false if the verb itself has to run.
func callForeign(ctx context.Context, e *Env, f Foreign, c *Call) (done bool, err error) {
	if lack := c.Lack(e.Extra); lack != nil {
		if e.Hook != nil {
			if ran, err := e.Hook(ctx, lack.Call); ran {
				return true, err
			}
		}
		return true, lack.Error(f.Address().Short())
	}
	switch c.Verb.Name { // the verbs themselves would be a cycle
	case "status":
		return true, foreignStatus(ctx, e, f)
	case "where":
		return true, foreignWhere(ctx, e, f, c)
	case "keys":
		return true, foreignKeys(ctx, e, f, c)
	}
	return false, nil
}

// A Lack is what a foreign cluster cannot do.
type Lack struct {
	Call *Call  // the command that it cannot carry out
	What string // the verb, flag or part of a condition
	Why  string // and what to do
}

// CodeUnsupported is the code of the error for a Lack.
const CodeUnsupported = "unsupported_by_target"

// Error returns the error of a command that a foreign cluster cannot carry out.
func (l *Lack) Error(cluster string) error {
	msg := fmt.Sprintf("%s: %s cannot do this: %s", l.What, render.Text(cluster), l.Why)
	if HasHook(l.Call.Verb.Name) {
		msg += fmt.Sprintf("; --%s CMD runs a command of yours instead", HookFlag(l.Call.Verb.Name))
	}
	return &exit.Error{Exit: exit.Usage, Code: CodeUnsupported, Message: msg}
}

// HookFlag returns the name of the flag with the command that runs instead of a verb.
func HookFlag(verb string) string { return "hook-" + verb }

// HasHook reports whether a user may give a command that runs instead of the verb.
func HasHook(verb string) bool { return lacking[verb] != "" && verb != "down" }

// HookNames returns the names of the verbs for which HasHook is true, in the order of help.
func HookNames() []string {
	return slices.DeleteFunc(Names(), func(verb string) bool { return !HasHook(verb) })
}

// What the interface of Riak lacks.
const (
	noFaults  = "clients of Riak cannot cause faults of the network; use the tools of its machines"
	noNodes   = "clients of Riak cannot stop and start nodes; do that on their machines"
	noMembers = "clients of Riak cannot change the members; use riak admin cluster"
	noLook    = "Riak does not tell clients which node holds what; get shows the siblings, where the homes"
	noEvents  = "Riak does not tell clients what its nodes do"
)

// lacking has why a verb cannot run on a foreign cluster.
var lacking = map[string]string{
	"partition": noFaults, "heal": noFaults, "slow": noFaults, "loss": noFaults,
	"kill": noNodes, "pause": noNodes, "resume": noNodes, "restart": noNodes, "wipe": noNodes,
	"skew": "clients of Riak cannot change the clocks of nodes; do that on their machines",
	"join": noMembers, "leave": noMembers,
	"inspect": noLook, "hints": noLook, "merkle": noLook, "sync": noLook, "settle": noLook,
	"ring":  "Riak does not tell clients its ring; where KEY shows the homes of a key",
	"trace": noEvents, "events": noEvents, "export": noEvents, "why": noEvents, "fate": noEvents,
	"down": "ringside has not started it, and does not stop it",
}

// lackingFlags has why a flag cannot be given on a foreign cluster, by verb and flag.
var lackingFlags = map[string]map[string]string{
	"get": {"no-repair": "each get of Riak repairs stale replicas; leave the flag out"},
	"put": {
		"overwrite": "in Riak this is a property of the bucket, last_write_wins; leave the flag out",
		"meta":      "the metadata of Riak has names; resolve and cart keep what there is; leave the flag out",
	},
	"keys": {"deleted": "Riak does not tell which keys are deleted; leave the flag out"},
}

const (
	waitName   = "wait"
	expectName = "expect"
)

// Lack returns what of the call a foreign cluster cannot do, nil if there is nothing. extra are the
// flags of the caller, as in Parse.
func (c *Call) Lack(extra []Flag) *Lack {
	if why := lacking[c.Verb.Name]; why != "" {
		return &Lack{c, c.Verb.Name, why}
	}
	for _, flag := range sortedKeys(lackingFlags[c.Verb.Name]) {
		if c.Has(flag) {
			return &Lack{c, c.Verb.Name + " " + Dashed(flag), lackingFlags[c.Verb.Name][flag]}
		}
	}
	if inner := c.inner(); len(inner) > 0 {
		if v := Lookup(inner[0]); v != nil {
			if in, err := Parse(v, inner[1:], extra...); err == nil {
				return in.Lack(extra)
			}
		}
		return nil
	}
	if c.Verb.Name != waitName && c.Verb.Name != expectName {
		return nil
	}
	cond, err := parseCondition(c)
	if err != nil || cond.NeedsState() == "" {
		return nil // the verb reports an error
	}
	return &Lack{c, fmt.Sprintf("%s %s", c.Verb.Name, cond.NeedsState()),
		"a condition may use siblings, value, values, found, deleted, up, down and nodes there"}
}

// Via returns the value of --via of the call, or of the command in it; "" if it is not given.
func (c *Call) Via(extra []Flag) string {
	if inner := c.inner(); len(inner) > 0 {
		if v := Lookup(inner[0]); v != nil {
			if in, err := Parse(v, inner[1:], extra...); err == nil {
				return in.Via(extra)
			}
		}
	}
	if !c.Has(viaFlag.Name) {
		return ""
	}
	return c.String(viaFlag.Name)
}

// WithoutFlags returns words without the flags that stand before the first other word. known are
// the flags that may stand there. --cluster stays, behind the words.
func WithoutFlags(words []string, known []Flag) []string {
	var kept []string
	for len(words) > 0 && strings.HasPrefix(words[0], "-") && words[0] != "-" {
		name, _, joined := strings.Cut(strings.TrimLeft(words[0], "-"), "=")
		n := 1
		i := slices.IndexFunc(known, func(f Flag) bool { return f.Name == name })
		if i >= 0 && known[i].Kind != Bool && !joined {
			n = min(2, len(words))
		}
		if name == ClusterFlag {
			kept = append(kept, words[:n]...)
		}
		words = words[n:]
	}
	if len(words) == 0 {
		return nil
	}
	return slices.Concat(words[:1], kept, words[1:])
}

// inner returns the words of the command in a call of as or expect.
func (c *Call) inner() []string {
	if c.Verb.Name == expectName && c.Dash {
		return Bare(c.Rest)
	}
	return c.Nested()
}

// foreignFailed returns the error of a command for an error of the client that has a code, and
// other errors as they are.
func foreignFailed(op string, key []byte, err error) error {
	if code, message, ok := target.Judge(err); err != nil && ok {
		return exit.OfReply(op, key, code, message)
	}
	return err
}

func foreignKeys(ctx context.Context, e *Env, f Foreign, c *Call) error {
	prefix := []byte(c.Arg(0))
	err := f.Keys(ctx, c.String("via"), prefix, func(key []byte) error {
		return printKey(e, wire.ListedKey{Key: key})
	})
	return foreignFailed(c.Verb.Name, prefix, err)
}
