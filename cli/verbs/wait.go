package verbs

// wait, settle and expect: conditions on the cluster (package condition).

import (
	"context"
	"errors"
	"time"

	"ringside/cli/condition"
	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/engine/view"
	"ringside/engine/wire"
)

const (
	defaultWait = "5s"
	// defaultSettle is longer than a wait, because key ranges may be moving.
	defaultSettle = "30s"
	// maxWait bounds --timeout. A longer wait is taken for a mistake.
	maxWait = 24 * time.Hour
)

var waitKeyFlag = Flag{Name: "key", Kind: String, Value: "KEY", Complete: CompleteKeys,
	Help: "with converged: this key only"}

var waitVerb = &Verb{
	Name: waitName, Group: GroupScript, Section: "§4.6, §4.8",
	Args:  []Arg{{Name: "CONDITION", Complete: CompleteConditions, Many: true}},
	Usage: "wait until a condition holds; exit 8 names what blocks it",
	Help:  condition.Help,
	Flags: []Flag{{Name: "timeout", Kind: Duration, Default: defaultWait, Value: "5s", Longest: maxWait,
		Help: "give up after that time"}, waitKeyFlag, viaFlag},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		cond, err := parseCondition(c)
		if err != nil {
			return err
		}
		start := time.Now()
		if err := cond.Wait(ctx, source{e}, c.Duration("timeout")); err != nil {
			return err
		}
		if e.JSON {
			return e.print(map[string]any{"condition": cond.Text, "held": true,
				"elapsed_ms": time.Since(start).Milliseconds()})
		}
		return e.write(e.paint(render.Good, "ok") + "  " + cond.Text +
			e.paint(render.Dim, "  after "+render.Since(start)) + "\n")
	},
}

var settleVerb = &Verb{
	Name: "settle", Group: GroupScript, Section: "§4.6, §4.7, §4.8, §4.9",
	Usage: "wait until the cluster is at rest; exit 8 names what is under way",
	Help: `A cluster is settled if its members are up and know one ring, no key range is on its way to a new home,
no node keeps a hint, and all homes hold the same. settle is  wait converged  with a longer time-out, and
with all members up.`,
	Flags: []Flag{{Name: "timeout", Kind: Duration, Default: defaultSettle, Value: "30s", Longest: maxWait,
		Help: "give up after that time"}},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		start := time.Now()
		if err := condition.Settled().Wait(ctx, source{e}, c.Duration("timeout")); err != nil {
			return err
		}
		if e.JSON {
			return e.print(map[string]any{"settled": true, "elapsed_ms": time.Since(start).Milliseconds()})
		}
		return e.write(e.paint(render.Good, "settled") + e.paint(render.Dim, "  after "+render.Since(start)) + "\n")
	},
}

// parseCondition reads the conditions of a call.
func parseCondition(c *Call) (*condition.Condition, error) {
	cond, err := condition.Parse(c.Args,
		condition.Options{Key: c.String("key"), HasKey: c.Has("key"), Via: c.String("via")})
	var misuse *usage.Error
	switch {
	case err == nil:
		return cond, nil
	case errors.As(err, &misuse):
		return nil, err
	}
	return nil, c.Misusef("%w", err)
}

// Source returns the cluster of the Env as conditions look at it.
func (e *Env) Source() condition.Source { return source{e} }

// source is the cluster of an Env as conditions look at it.
type source struct{ env *Env }

// View implements condition.Source.
func (s source) View(ctx context.Context, keys ...[]byte) (*view.Cluster, error) {
	if f := foreignOf(s.env); f != nil {
		return foreignView(ctx, f)
	}
	return s.env.view(ctx, keys...)
}

// Get implements condition.Source.
func (s source) Get(ctx context.Context, via string, key []byte) (wire.GetReply, error) {
	g, err := s.env.get(ctx, via, wire.GetRequest{Key: key, NoRepair: true})
	if err != nil {
		return wire.GetReply{}, err
	}
	return g.GetReply, nil
}

// Events implements condition.Source.
func (s source) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	return s.env.Cluster.Events(ctx, q, fn)
}
