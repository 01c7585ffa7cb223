package verbs

import (
	"context"
	"fmt"
	"strings"

	"ringside/cli/render"
	"ringside/engine/usage"
)

var downVerb = &Verb{
	Name: "down", Group: GroupCluster, Section: "§4",
	Usage: "take the cluster down; its data stays unless it was in memory",
	Run: func(ctx context.Context, e *Env, _ *Call) error {
		view, err := e.view(ctx)
		if err != nil {
			return err
		}
		if err := e.Cluster.Down(ctx); err != nil {
			return err
		}
		if e.JSON {
			return e.print(map[string]any{"cluster": view.Settings.Name, "down": true})
		}
		return e.write(render.Node(view.Settings.Name) + " is down\n")
	},
}

var helpVerb = &Verb{
	Name: "help", Group: GroupScript, Section: "",
	Args:  []Arg{{Name: "COMMAND", Complete: CompleteVerbs, Optional: true}},
	Usage: "list the commands, or explain one",
	Help:  HelpHelp,
	Run: func(_ context.Context, e *Env, c *Call) error {
		v := Lookup(c.Arg(0))
		switch {
		case c.Arg(0) == "" && e.JSON:
			return e.print(OverviewJSON(registry))
		case c.Arg(0) == "":
			return e.write(Overview(registry))
		case v == nil:
			return usage.Errorf("there is no command %s%s; help lists them", render.Quoted(c.Arg(0)),
				render.DidYouMean(c.Arg(0), Names()))
		case e.JSON:
			return e.print(v.JSON())
		}
		return e.write(v.Manual(e.Prefix))
	},
}

// HelpHelp is the help of help.
const HelpHelp = `With COMMAND, --json prints
{"name","group","usage","synopsis","help","section","flags":[{"name","aliases","value","default","help"}]};
without it, {"commands":[the same of each command]}.`

// A verbJSON is a verb as help --json prints it.
type verbJSON struct {
	Name     string     `json:"name"`
	Group    string     `json:"group"`
	Usage    string     `json:"usage"`
	Synopsis string     `json:"synopsis"`
	Help     string     `json:"help"`
	Section  string     `json:"section"`
	Flags    []flagJSON `json:"flags"`
}

type flagJSON struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
	Value   string   `json:"value"` // the placeholder of the value; "" for a flag without a value
	Default string   `json:"default"`
	Help    string   `json:"help"`
}

// JSON returns the object that help --json prints for a verb.
func (v *Verb) JSON() any {
	out := verbJSON{v.Name, v.Group, v.Usage, v.Synopsis(), v.Help, v.Section, []flagJSON{}}
	for _, f := range append(append([]Flag(nil), v.Flags...), Common...) {
		out.Flags = append(out.Flags, flagJSON{f.Name, orEmpty(f.Aliases), f.Value, f.Default, f.Help})
	}
	return out
}

// OverviewJSON returns the object that help --json prints for verbs.
func OverviewJSON(list []*Verb) any {
	out := map[string][]any{"commands": {}}
	for _, v := range list {
		out["commands"] = append(out["commands"], v.JSON())
	}
	return out
}

// Overview returns a list of verbs under the headings of their groups.
func Overview(list []*Verb) string {
	var out strings.Builder
	width, group := 0, ""
	for _, v := range list {
		width = max(width, len(v.short()))
	}
	for _, v := range list {
		if v.Group != group {
			if group != "" {
				out.WriteByte('\n')
			}
			group = v.Group
			out.WriteString(group + "\n")
		}
		fmt.Fprintf(&out, "  %-*s  %s\n", width, v.short(), v.Usage)
	}
	return out.String()
}

// short returns the verb with its arguments.
func (v *Verb) short() string {
	parts := []string{v.Name}
	for _, a := range v.Args {
		parts = append(parts, a.synopsis())
	}
	return strings.Join(parts, " ")
}

// Manual returns the help of a verb. prefix stands before the synopsis: "ringside " in a shell, ""
// in the prompt.
func (v *Verb) Manual(prefix string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s", v.Name, v.Usage)
	if v.Section != "" {
		fmt.Fprintf(&out, "  (paper %s)", v.Section)
	}
	fmt.Fprintf(&out, "\n\n  %s%s\n", prefix, v.Synopsis())
	if v.Help != "" {
		fmt.Fprintf(&out, "\n%s\n", v.Help)
	}
	t := render.Table{Indent: "  "}
	for _, f := range append(append([]Flag(nil), v.Flags...), Common...) {
		t.Row(render.Cell{Text: f.Names()}, render.Cell{Text: f.Help + f.otherwise()})
	}
	out.WriteString("\n" + t.Render(render.Painter{}))
	return out.String()
}

// Names returns the flag as help writes it: -c, --context CTX.
func (f Flag) Names() string {
	parts := []string{Dashed(f.Name)}
	for _, a := range f.Aliases {
		parts = append(parts, Dashed(a))
	}
	return f.withValue(strings.Join(parts, ", "))
}

func (f Flag) otherwise() string {
	if f.Default == "" {
		return ""
	}
	return " (otherwise " + f.Default + ")"
}
