package verbs

// §4.4: how two versions relate. The counters of two clocks are not enough: {n4:1} is not an
// ancestor of {n4:.2}.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// clockCompare is the only action of clock.
const clockCompare = "compare"

var clockVerb = &Verb{
	Name: "clock", Group: GroupLook, Section: "§4.4",
	Args:  []Arg{{Name: clockCompare, Words: []string{clockCompare}}, {Name: "A"}, {Name: "B"}},
	Usage: "show how two versions relate: before, after, equal or concurrent",
	Help: `A and B are clocks as get shows them, such as '{n4:1}' and '{n4:.2}', or versions as JSON: an element of
"siblings" of get, an element of "versions" of inspect, or what put prints. A is before B if B descends from A.
` + notationHelp + `
The counters alone mislead, as does "clock" in JSON: {n4:1} and {n4:.2} are concurrent. JSON versions are
compared by dot and past, which always decide. A notation shows the epoch of a node's counters (n1~3a74)
only if its clock has two epochs of the node. If one operand shows an epoch and the other does not, compare JSON
versions. --json prints {"relation":"before|after|equal|concurrent"}. No cluster has to run.`,
	Run: func(_ context.Context, e *Env, c *Call) error {
		if action := c.Arg(0); action != clockCompare {
			return c.Misusef("%s is not an action; there is %s", render.Quoted(action), clockCompare)
		}
		a, err := parseOperand(c.Arg(1))
		if err != nil {
			return c.Misuse(err)
		}
		b, err := parseOperand(c.Arg(2))
		if err != nil {
			return c.Misuse(err)
		}
		r, err := a.compare(b)
		if err != nil {
			return c.Misuse(err)
		}
		if e.JSON {
			return e.print(map[string]any{"relation": r})
		}
		return e.write(relate(a, r, b) + "\n")
	},
}

// An operand of a comparison is the clock that a notation shows, and the version if JSON was
// given.
type operand struct {
	shown   vclock.Clock
	version *vclock.Version
}

// maxOperand bounds the bytes of a version as JSON: its value and its clock.
const maxOperand = 2*wire.MaxValue + vclock.MaxNotation

func parseOperand(text string) (operand, error) {
	switch trimmed := strings.TrimSpace(text); {
	case strings.HasPrefix(trimmed, "@"):
		return operand{}, errors.New("clock compare: a context is opaque (§4.1); " +
			"compare the clocks or the JSON of the versions that get shows")
	case len(text) > maxOperand:
		return operand{}, fmt.Errorf("clock compare: the operand is longer than %d bytes", maxOperand)
	case strings.HasPrefix(trimmed, "{") && strings.HasPrefix(strings.TrimSpace(trimmed[1:]), `"`):
		return parseVersion(trimmed)
	}
	c, err := vclock.ParseClock(text)
	if err != nil {
		return operand{}, fmt.Errorf("clock compare: %w", err)
	}
	return operand{shown: c}, nil
}

// parseVersion reads a version as JSON. A version without dot or past is refused, because the
// counters alone do not decide.
func parseVersion(text string) (operand, error) {
	var has struct{ Dot, Past json.RawMessage }
	var j event.VersionJSON
	if err := errors.Join(json.Unmarshal([]byte(text), &has), json.Unmarshal([]byte(text), &j)); err != nil {
		return operand{}, fmt.Errorf("clock compare: %s is neither a notation such as {n1:1 n3:2} "+
			"nor a version as JSON",
			render.Short([]byte(text)))
	}
	if has.Dot == nil || has.Past == nil {
		return operand{}, errors.New(`clock compare: a version as JSON needs "dot" and "past": ` +
			`the counters of "clock" alone do not decide; or give the "notation"`)
	}
	v, err := j.Stamp()
	switch {
	case err != nil:
		return operand{}, fmt.Errorf("clock compare: %w", err)
	case !wire.ValidName(v.Dot.Node) || v.Dot.Epoch == 0 || v.Dot.Counter == 0 || v.Past.Covers(v.Dot):
		return operand{}, errors.New(`clock compare: the "dot" of a version needs a node, an epoch and a counter, ` +
			`and its "past" does not cover it`)
	}
	return operand{v.Clock().Shown(), &v}, nil
}

func (a operand) compare(b operand) (vclock.Relation, error) {
	if a.version != nil && b.version != nil {
		return a.version.Compare(*b.version), nil
	}
	if node := a.shown.HiddenEpoch(b.shown); node != "" {
		return "", fmt.Errorf("clock compare: only one of the two clocks shows the epoch of %s, "+
			"so they cannot be compared; give the versions as JSON", node)
	}
	return a.shown.Compare(b.shown), nil
}

// relate returns a relation as a sentence.
func relate(a operand, r vclock.Relation, b operand) string {
	x, y := a.shown.String(), b.shown.String()
	switch r {
	case vclock.Before:
		return fmt.Sprintf("before: %s descends from %s", y, x)
	case vclock.After:
		return fmt.Sprintf("after: %s descends from %s", x, y)
	case vclock.Equal:
		return fmt.Sprintf("equal: both are %s", x)
	}
	return fmt.Sprintf("concurrent: neither of %s and %s descends from the other", x, y)
}
