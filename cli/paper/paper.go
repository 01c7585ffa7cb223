package paper

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"ringside/engine/event"
)

// A Section of the paper.
type Section struct {
	ID         string // 4.6
	Title      string // as in the paper
	Claims     []string
	Mechanism  bool // describes something to implement, and not only goals or results
	Deviations []string
	Gaps       []Gap
}

// A Gap is a claim that is not implemented, in a section that otherwise is.
type Gap struct {
	Says string
	// The gap is open while no file in folder In has Word in it, which a test checks.
	In, Word string
}

// An index has the sections that files of the engine and scripts name.
type index struct {
	Files   map[string][]string      `json:"files"` // engine/put.go to 4.5, 4.6
	Scripts map[string]indexedScript `json:"scripts"`
}

type indexedScript struct {
	Sections []string `json:"sections"`
	Says     string   `json:"says"` // the script's first line
}

//go:embed index.json
var indexJSON []byte

var sources = func() index {
	var x index
	if err := json.Unmarshal(indexJSON, &x); err != nil {
		panic("paper: index.json: " + err.Error())
	}
	return x
}()

// Names returns the sections that have a page.
func Names() []string {
	out := make([]string, len(sections))
	for i, s := range sections {
		out[i] = s.ID
	}
	return out
}

// Find returns the section called name, nil if there is none. name may begin with §. If a section
// has one page for all its parts, Find returns the section for a part.
func Find(name string) *Section {
	name = strings.TrimPrefix(name, "§")
	for id := name; id != ""; id = chapter(id) {
		if i := slices.IndexFunc(sections, func(s Section) bool { return s.ID == id }); i >= 0 {
			if s := &sections[i]; s.ID == name || s.Parts() == nil {
				return s
			}
			return nil
		}
	}
	return nil
}

// chapter returns the section that a section is part of: 4.8 for 4.8.1, "" for 4.
func chapter(id string) string { return id[:max(strings.LastIndex(id, "."), 0)] }

// named reports whether one of ids leads to the section's page.
func (s *Section) named(ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return Find(id) == s })
}

// Files returns the files of the engine that implement the section.
func (s *Section) Files() []string {
	var out []string
	for _, f := range slices.Sorted(maps.Keys(sources.Files)) {
		if s.named(sources.Files[f]) {
			out = append(out, f)
		}
	}
	return out
}

// Scripts returns the scripts that show the section.
func (s *Section) Scripts() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(sources.Scripts)) {
		if s.named(sources.Scripts[name].Sections) {
			out = append(out, name)
		}
	}
	return out
}

// Kinds returns the kinds of events that show the section.
func (s *Section) Kinds() []string {
	var out []string
	for kind, section := range event.Sections {
		if Find(section) == s {
			out = append(out, string(kind))
		}
	}
	slices.Sort(out)
	return out
}

// Parts returns the sections that are parts of s.
func (s *Section) Parts() []*Section {
	var out []*Section
	for i := range sections {
		if chapter(sections[i].ID) == s.ID {
			out = append(out, &sections[i])
		}
	}
	return out
}

// Missing reports whether the section describes something that is not implemented.
func (s *Section) Missing() bool { return s.Mechanism && len(s.Files()) == 0 }
