package verbs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/condition"
	"ringside/cli/exit"
	"ringside/cli/render"
)

var expectVerb = &Verb{
	Name: expectName, Group: GroupScript, Section: "§4.4",
	Args:  []Arg{{Name: "CONDITION", Complete: CompleteConditions, Many: true}},
	Usage: "check that a condition holds now; exit 8 shows the values if it does not",
	Help:  condition.Help + "\nexpect --exit CODE -- COMMAND... runs a command and checks its exit code.",
	Flags: []Flag{{Name: "exit", Kind: String, Value: "CODE",
		Help: "the exit code that the command after -- must have"},
		waitKeyFlag, viaFlag},
	Run: func(ctx context.Context, e *Env, c *Call) error {
		if c.Dash || c.Has("exit") {
			return e.expectExit(ctx, c)
		}
		cond, err := parseCondition(c)
		if err != nil {
			return err
		}
		found, err := cond.Check(ctx, source{e})
		switch {
		case err != nil:
			return err
		case found.Blocks != "":
			return &exit.Error{Exit: exit.Expectation, Code: "expectation_failed",
				Message: fmt.Sprintf("expect %s: %s", cond.Text, found.Blocks)}
		case e.JSON:
			return e.print(map[string]any{"condition": cond.Text, "held": true})
		}
		line := e.paint(render.Good, "ok") + "  " + cond.Text
		if len(found.Values) > 0 {
			line += e.paint(render.Dim, "  "+strings.Join(found.Values, ", "))
		}
		return e.write(line + "\n")
	},
}

// expectExit runs the command after -- and compares its exit code.
func (e *Env) expectExit(ctx context.Context, c *Call) error {
	words := Bare(c.Rest)
	if !c.Dash || len(words) == 0 || len(c.Args) > len(c.Rest) {
		return c.Misuse(errors.New("expect: write the command after --, as in expect --exit 5 -- get cart -R 3"))
	}
	want := strconv.Itoa(exit.OK)
	if c.Has("exit") {
		want = c.String("exit")
	}
	if !slices.ContainsFunc(exit.Codes, func(code int) bool { return strconv.Itoa(code) == want }) {
		return c.Misusef("--exit %s: no command ends with this code; want one of %s",
			render.Quoted(want), strings.Trim(fmt.Sprint(exit.Codes), "[]"))
	}
	var out bytes.Buffer
	inner := *e
	inner.Out, inner.Err, inner.Color, inner.JSON, inner.Terminal = &out, &out, false, false, false
	got := 0
	err := Run(ctx, &inner, words)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	said := ""
	if f := exit.As(err); f != nil {
		got, said = f.Exit, f.Message
	}
	command := render.Typed(Join(words))
	if fmt.Sprint(got) != want {
		msg := fmt.Sprintf("expect --exit %s: %s ended with exit %d", render.Typed(want), command, got)
		if said = strings.TrimSpace(said + "\n" + out.String()); said != "" {
			msg += ": " + said
		}
		return &exit.Error{Exit: exit.Expectation, Code: "expectation_failed", Message: msg}
	}
	if e.JSON {
		return e.print(map[string]any{"command": command, "held": true, "exit": got, "message": said})
	}
	line := fmt.Sprintf("%s  exit %d", e.paint(render.Good, "ok"), got)
	if said != "" {
		line += e.paint(render.Dim, "  "+strings.SplitN(said, "\n", 2)[0])
	}
	return e.write(line + "\n")
}
