package bench

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/localcluster/bench"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("bench").Parse(pageText))

// pageData is what the template shows.
type pageData struct {
	What    string
	Notes   []string
	Classes []string // of lines
	Ops     []pageOp
	Load    string
	Hollow  bool // some rates were not reached
	Titles  []string
	Rows    [][]string
	Command string
	Machine []pageFact
}

type pageOp struct {
	Name   string
	Lines  []line
	Charts []template.HTML // made of numbers and of names in this program
}

type pageFact struct{ Name, Value string }

// page returns a report as a page that needs no other file. command is how to repeat it.
func page(r *bench.Report, command string) ([]byte, error) {
	p := pageData{What: heading(r), Command: command, Load: "a number of clients", Machine: facts(r)}
	if notes := strings.TrimSpace(notes(r, render.Painter{})); notes != "" {
		p.Notes = strings.Split(notes, "\n")
	}
	for _, row := range named(r) {
		if row.Rate > 0 {
			p.Load = "a number of clients and of requests a second that are due"
		}
		p.Hollow = p.Hollow || !row.Reached()
	}
	for _, op := range ops(r) {
		o := pageOp{Name: string(op), Lines: linesOf(r, op)}
		for _, c := range charts(r, op) {
			o.Charts = append(o.Charts, template.HTML(c.svg()))
		}
		for _, l := range o.Lines {
			if !slices.Contains(p.Classes, l.Class) {
				p.Classes = append(p.Classes, l.Class)
			}
		}
		p.Ops = append(p.Ops, o)
	}
	titles, rows := tableOf(r)
	for _, t := range titles {
		p.Titles = append(p.Titles, strings.TrimSuffix(t, ">"))
	}
	for _, row := range rows {
		var texts []string
		for _, cell := range row {
			texts = append(texts, cell.Text)
		}
		p.Rows = append(p.Rows, texts)
	}
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, p); err != nil {
		return nil, fmt.Errorf("bench: write the page: %w", err)
	}
	return out.Bytes(), nil
}

// facts describes the machine, the program and the messages.
func facts(r *bench.Report) []pageFact {
	m := r.Machine
	version := []string{m.Version}
	if m.Commit != "" {
		version = append(version, "of commit "+m.Commit)
	}
	if m.Changed {
		version = append(version, "with changes")
	}
	out := []pageFact{
		{"Machine", fmt.Sprintf("%s %s, %s of %s", m.OS, m.Arch, render.Count(m.Cores, "core"), m.CPU)},
		{"Program", fmt.Sprintf("ringside %s, %s, %s", strings.Join(version, " "), m.Go, m.Date)},
		{"Start and memory", fmt.Sprintf("ready after %.0f ms with %.0f MB; %.0f MB at the end", r.Ready, r.RSSReady, r.RSS)},
	}
	for _, op := range []bench.Op{bench.Put, bench.Get} {
		s := r.Sizes[string(op)]
		out = append(out, pageFact{"Messages of a " + string(op), fmt.Sprintf(
			"request %d, to each replica %d, answer %d, reply %d bytes", s.Request, s.Ask, s.Answer, s.Reply)})
	}
	return out
}

// commandLine returns the call as a line of a shell, without the flag that says where the page
// goes.
func commandLine(c *verbs.Call) string {
	words := []string{"ringside", c.Verb.Name}
	for _, f := range c.Verb.Flags {
		switch name := verbs.Dashed(f.Name); {
		case !c.Has(f.Name) || f.Name == "html":
		case f.Kind == verbs.Bool:
			words = append(words, name+"="+strconv.FormatBool(c.Bool(f.Name)))
		default:
			words = append(words, name, c.String(f.Name))
		}
	}
	return verbs.Join(words)
}
