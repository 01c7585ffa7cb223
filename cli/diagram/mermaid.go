package diagram

import (
	"fmt"
	"strings"

	"ringside/cli/render"
)

// Mermaid returns the diagram as a sequenceDiagram of Mermaid, which README files and web pages
// draw. Participants have the names p0 to pN, because a node may be named like a word of Mermaid.
func (d *Diagram) Mermaid() string {
	var out strings.Builder
	out.WriteString("sequenceDiagram\n")
	fmt.Fprintf(&out, "    title %s\n", mermaidText(d.Title()))
	for i, l := range d.Lanes {
		kind, name := "participant", l.name()
		if i == Client {
			kind = "actor"
		}
		if role := l.role(); role != "" {
			name += " (" + role + ")"
		}
		fmt.Fprintf(&out, "    %s p%d as %s\n", kind, i, mermaidText(name))
	}
	last := len(d.Lanes) - 1
	for _, r := range d.Rows {
		text := mermaidText(r.Text)
		at := render.Offset(r.At) + " "
		switch r.Shape {
		case Break:
			if r.Event.Kind == "" {
				at = ""
			}
			fmt.Fprintf(&out, "    Note over p0,p%d: %s%s\n", last, at, text)
		case Arrow:
			arrow := "->>"
			if arrives(r.Event.Kind) || r.To == Client || r.Event.Kind == "" {
				arrow = "-->>"
			}
			fmt.Fprintf(&out, "    p%d%sp%d: %s%s\n", r.From, arrow, r.To, at, text)
		case Lost:
			fmt.Fprintf(&out, "    p%d-xp%d: %s%s\n", r.From, r.To, at, text)
		default:
			fmt.Fprintf(&out, "    Note over p%d: %s%s\n", r.From, at, text)
		}
	}
	for _, w := range d.Why {
		fmt.Fprintf(&out, "    Note over p0,p%d: %s\n", last, mermaidText(w.Text+" ("+w.Section+")"))
	}
	return out.String()
}

// mermaidText escapes text for the rest of a line of Mermaid. A semicolon ends a line there, and #
// begins the code of a character.
func mermaidText(text string) string {
	var out strings.Builder
	for _, c := range text {
		if strings.ContainsRune("#;<>&%$\\\"`*_~[]{}", c) {
			fmt.Fprintf(&out, "#%d;", c)
			continue
		}
		out.WriteRune(c)
	}
	return out.String()
}
