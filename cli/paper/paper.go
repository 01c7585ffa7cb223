// Package paper is the Dynamo paper (DeCandia et al., SOSP 2007) as a map of
// this program: what each section claims, where that is in the code, which
// script shows it, and what of it is not there.
//
// What the paper says and where we deviate is written down by hand, in
// sections.go and table1.go. Which files, scripts and events show a section is
// never written down: files and scripts name their sections themselves, a test
// collects that into index.json, and a section of which no file says that it
// does it is not there yet.
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
	Mechanism  bool // it describes something to build, and not only what for or how well it went
	Deviations []string
	Gaps       []Gap
}

// A Gap is a claim, in a section that is there otherwise, which is not.
type Gap struct {
	Says string
	// The gap is open while no file in folder In has Word in it; a test looks.
	In, Word string
}

// An index tells which sections files of the engine and scripts name themselves.
type index struct {
	Files   map[string][]string      `json:"files"` // engine/put.go → 4.5, 4.6
	Scripts map[string]indexedScript `json:"scripts"`
}

type indexedScript struct {
	Sections []string `json:"sections"`
	Says     string   `json:"says"` // its first line
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

// Names lists the sections there are pages of.
func Names() []string {
	out := make([]string, len(sections))
	for i, s := range sections {
		out[i] = s.ID
	}
	return out
}

// Find returns the section called name, which may begin with §, and nil if there
// is none. A part of a section that has one page for all its parts is found there.
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

// chapter is the section that a section is part of: 4.8 of 4.8.1, "" of 4.
func chapter(id string) string { return id[:max(strings.LastIndex(id, "."), 0)] }

// named says whether one of ids leads to the section's page.
func (s *Section) named(ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return Find(id) == s })
}

// Files lists the files of the engine that do what the section says.
func (s *Section) Files() []string {
	var out []string
	for _, f := range slices.Sorted(maps.Keys(sources.Files)) {
		if s.named(sources.Files[f]) {
			out = append(out, f)
		}
	}
	return out
}

// Scripts lists the scripts that show the section.
func (s *Section) Scripts() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(sources.Scripts)) {
		if s.named(sources.Scripts[name].Sections) {
			out = append(out, name)
		}
	}
	return out
}

// Kinds lists the events that show the section.
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

// Parts are the sections of which s is the chapter.
func (s *Section) Parts() []*Section {
	var out []*Section
	for i := range sections {
		if chapter(sections[i].ID) == s.ID {
			out = append(out, &sections[i])
		}
	}
	return out
}

// Missing says whether the section describes something that is not there yet.
func (s *Section) Missing() bool { return s.Mechanism && len(s.Files()) == 0 }
