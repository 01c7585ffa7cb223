package paper

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Page is everything that the command paper shows about a section.
type Page struct {
	Section    string   `json:"section"`
	Title      string   `json:"title"`
	Claims     []string `json:"claims"`
	There      *bool    `json:"there"` // nil if the section describes nothing to implement
	Files      []string `json:"files"`
	Events     []string `json:"events"`
	Commands   []string `json:"commands"`
	Scripts    []Script `json:"scripts"`
	Deviations []string `json:"deviations"`
	Missing    []string `json:"missing"`
	Parts      []Part   `json:"sections"`
}

// A Script is a script that shows a section.
type Script struct {
	Script string `json:"script"`
	Says   string `json:"says"`
}

// A Part is a section of a chapter.
type Part struct {
	Section string `json:"section"`
	Title   string `json:"title"`
	There   *bool  `json:"there"`
}

// Page returns the section's page. commands maps each command to the sections that it names: put to
// "§4.1, §4.5".
func (s *Section) Page(commands map[string]string) Page {
	p := Page{
		Section: s.ID, Title: s.Title, There: s.there(), Claims: orEmpty(s.Claims), Files: orEmpty(s.Files()),
		Events:   orEmpty(s.Kinds()),
		Commands: []string{}, Scripts: []Script{}, Deviations: orEmpty(s.Deviations), Missing: []string{}, Parts: []Part{},
	}
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		if s.named(strings.Split(commands[name], ", ")) {
			p.Commands = append(p.Commands, name)
		}
	}
	for _, name := range s.Scripts() {
		p.Scripts = append(p.Scripts, Script{name, sources.Scripts[name].Says})
	}
	if s.Missing() {
		p.Missing = append(p.Missing, "All of it.")
	} else {
		for _, g := range s.Gaps {
			p.Missing = append(p.Missing, g.Says)
		}
	}
	for _, part := range s.Parts() {
		p.Parts = append(p.Parts, Part{part.ID, part.Title, part.there()})
	}
	return p
}

// there reports whether the section is implemented, nil if it describes nothing to implement.
func (s *Section) there() *bool {
	if !s.Mechanism {
		return nil
	}
	there := !s.Missing()
	return &there
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// Text returns the page for a terminal of width columns, 0 if unknown.
func (p Page) Text(width int) string {
	if width <= 0 || width > pageWidth {
		width = pageWidth
	}
	var out strings.Builder
	out.WriteString(hang("§"+p.Section+" ", p.Title, width))
	list := func(title string, items []string) {
		if len(items) == 0 {
			return
		}
		out.WriteString("\n" + title + "\n")
		for _, item := range items {
			out.WriteString(hang("  - ", item, width))
		}
	}
	list("The paper says", p.Claims)
	list("Deviations here", p.Deviations)
	list("Missing here", p.Missing)
	out.WriteByte('\n')
	row := func(title string, items []string) {
		if len(items) > 0 {
			out.WriteString(hang(fmt.Sprintf("%-10s", title), strings.Join(items, " "), width))
		}
	}
	row("files", p.Files)
	row("events", p.Events)
	row("commands", p.Commands)
	for i, s := range p.Scripts {
		title := ""
		if i == 0 {
			title = "scripts"
		}
		out.WriteString(hang(fmt.Sprintf("%-10s%-12s", title, s.Script), s.Says, width))
	}
	if len(p.Scripts) > 0 {
		out.WriteString(hang(fmt.Sprintf("%-10s", ""), "A script runs with: ringside run "+p.Scripts[0].Script, width))
	}
	for _, part := range p.Parts {
		state := ""
		if part.There != nil && !*part.There {
			state = " (not implemented)"
		}
		out.WriteString(hang(fmt.Sprintf("%-8s", "§"+part.Section), part.Title+state, width))
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}
