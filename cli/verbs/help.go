package verbs

import (
	"context"
	"fmt"
	"strings"
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
		return e.write(names([]string{view.Settings.Name}) + " is down\n")
	},
}

var helpVerb = &Verb{
	Name: "help", Group: GroupScript, Section: "",
	Args:  []Arg{{Name: "COMMAND", Complete: CompleteVerbs, Optional: true}},
	Usage: "list the commands, or explain one",
	Run: func(_ context.Context, e *Env, c *Call) error {
		if c.Arg(0) == "" {
			return e.write(Overview(registry))
		}
		v := Lookup(c.Arg(0))
		if v == nil {
			return Usagef("there is no command %s%s; help lists them", quoted(c.Arg(0)), didYouMean(c.Arg(0), Names()))
		}
		return e.write(v.Manual())
	},
}

// Overview lists verbs under the headings of their groups.
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

// short is the verb with its arguments.
func (v *Verb) short() string {
	parts := []string{v.Name}
	for _, a := range v.Args {
		parts = append(parts, a.synopsis())
	}
	return strings.Join(parts, " ")
}

// Manual is all the help there is about a verb.
func (v *Verb) Manual() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s", v.Name, v.Usage)
	if v.Section != "" {
		fmt.Fprintf(&out, "  (paper %s)", v.Section)
	}
	fmt.Fprintf(&out, "\n\n  %s\n", v.Synopsis())
	if v.Help != "" {
		fmt.Fprintf(&out, "\n%s\n", v.Help)
	}
	t := table{indent: "  "}
	for _, f := range append(append([]Flag(nil), v.Flags...), Common...) {
		t.row(cell{text: f.Names()}, cell{text: f.Help + f.otherwise()})
	}
	out.WriteString("\n" + t.render(&Env{}))
	return out.String()
}

// Names is the flag as help writes it: -c, --context CTX.
func (f Flag) Names() string {
	parts := []string{Dashed(f.Name)}
	for _, a := range f.Aliases {
		parts = append(parts, Dashed(a))
	}
	s := strings.Join(parts, ", ")
	if f.Kind != Bool {
		s += " " + f.Value
	}
	return s
}

func (f Flag) otherwise() string {
	if f.Default == "" {
		return ""
	}
	return " (otherwise " + f.Default + ")"
}
