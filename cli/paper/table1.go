package paper

import (
	"path"
	"slices"
	"strings"
)

// A Row of Table 1 is a problem, Dynamo's technique for it, and the advantage.
type Row struct {
	Problem, Technique, Advantage string
	Sections                      []string // whose files implement the technique
	// Show names the scripts that Scripts returns, nil for all that name the sections.
	Show []string
}

// Rows are the rows of Table 1 in our words, with the paper's terms.
var Rows = []Row{
	{
		"Partitioning", "Consistent hashing", "Nodes can be added one at a time",
		[]string{"4.2", "6.2"}, []string{"ring", "fig8"},
	},
	{
		"High availability for writes", "Vector clocks, reconciled during reads",
		"The size of versions does not depend on the rate of updates",
		[]string{"4.4"}, []string{"figure3", "conflict", "race", "literal", "cart"},
	},
	{
		"Handling temporary failures", "Sloppy quorum and hinted handoff",
		"Available and durable while some replicas cannot be reached",
		[]string{"4.6"}, []string{"handoff", "lone"},
	},
	{
		"Recovering from permanent failures", "Anti-entropy using Merkle trees",
		"Divergent replicas come together in the background",
		[]string{"4.7"}, nil,
	},
	{
		"Membership and failure detection", "Gossip-based membership, and failure detection",
		"All nodes stay alike; no central registry of members and their state",
		[]string{"4.8.1", "4.8.2", "4.8.3"}, nil,
	},
}

// A TableRow is a row with its files and scripts, as JSON.
type TableRow struct {
	Problem   string   `json:"problem"`
	Technique string   `json:"technique"`
	Advantage string   `json:"advantage"`
	Sections  []string `json:"sections"`
	Files     []string `json:"files"`
	Scripts   []string `json:"scripts"`
	Missing   []string `json:"missing"` // sections that are not implemented
}

// TableRows returns Table 1 as JSON has it.
func TableRows() []TableRow {
	out := make([]TableRow, len(Rows))
	for i, r := range Rows {
		out[i] = TableRow{r.Problem, r.Technique, r.Advantage, r.Sections, orEmpty(r.Files()), orEmpty(r.Scripts()),
			orEmpty(r.Missing())}
	}
	return out
}

// Files returns the files of the engine that implement the row.
func (r Row) Files() []string {
	var out []string
	for _, id := range r.Sections {
		for _, f := range Find(id).Files() {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// Missing lists the sections of the row that are not implemented.
func (r Row) Missing() []string {
	var out []string
	for _, id := range r.Sections {
		if Find(id).Missing() {
			out = append(out, id)
		}
	}
	return out
}

// Scripts lists the scripts that show the row: those of Show, or else those that name a section of
// the row that is implemented. Scripts returns nil if no file implements the row.
func (r Row) Scripts() []string {
	if len(r.Files()) == 0 {
		return nil
	}
	if r.Show != nil {
		return r.Show
	}
	var out []string
	for _, id := range r.Sections {
		if s := Find(id); !s.Missing() {
			out = append(out, s.Scripts()...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// short returns the name of a file of the engine as the table shows it.
func short(file string) string { return strings.TrimPrefix(file, "engine/") }

// problem returns the problem with its sections.
func (r Row) problem() string { return r.Problem + " (§" + strings.Join(r.Sections, ", §") + ")" }

// code returns the files of a row, already formatted, and the sections that are not implemented.
func (r Row) code(files []string) string {
	parts := []string{}
	if len(files) > 0 {
		parts = append(parts, strings.Join(files, ", "))
	}
	if m := r.Missing(); m != nil {
		parts = append(parts, "§"+strings.Join(m, ", §")+" not implemented")
	}
	return strings.Join(parts, "; ")
}

// Markdown returns Table 1 as the README has it.
func Markdown() string {
	var out strings.Builder
	out.WriteString("| Problem | Technique | Advantage | In the code | Shown by |\n|---|---|---|---|---|\n")
	for _, r := range Rows {
		var files, scripts []string
		for _, f := range r.Files() {
			files = append(files, "["+short(f)+"]("+f+")")
		}
		for _, s := range r.Scripts() {
			scripts = append(scripts, "["+s+"]("+path.Join("testscripts", s+".txtar")+")")
		}
		if scripts == nil {
			scripts = []string{"–"}
		}
		out.WriteString("| " + strings.Join([]string{r.problem(), r.Technique, r.Advantage, r.code(files),
			strings.Join(scripts, ", ")}, " | ") + " |\n")
	}
	return out.String()
}
