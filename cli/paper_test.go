package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"ringside/cli/exit"
	"ringside/cli/paper"
)

func TestPaper(t *testing.T) {
	dir := dataHome(t)
	for line, want := range map[string]string{
		"paper":                              "Sloppy quorum and",
		"paper --markdown":                   "| Problem | Technique | Advantage |",
		"paper 4.6":                          "§4.6 Handling failures: hinted handoff",
		"paper §4.4 --no-color":              "figure3",
		"paper 4.8":                          "§4.8.3  Failure detection",
		"paper fig8 --metadata 60":           "│",
		"paper fig8 --metadata 60,30 --json": `{"s":30,"n":3,"q":1024,"rows":[{"metadata":30,"strategy":1,"efficiency":0.`,
		"paper --json":                       `{"rows":[{"problem":"Partitioning"`,
		"paper 4.1 --json":                   `"commands":["as","get","put"]`,
		"help paper":                         "--metadata 60,480",
		"__complete -- paper 4.8.":           "4.8.1\n4.8.2\n4.8.3\n",
		"__complete -- paper f":              "fig8\nfig5\n",
		"help paper --no-color":              "fig5 and table2 start a throw-away cluster",
		"__complete -- completion z":         "zsh\n",
	} {
		r := ringside(t, dir, line)
		if r.exit != 0 || r.err != "" || !strings.Contains(r.out, want) {
			t.Errorf("%s: %+v, want %q", line, r, want)
		}
		if strings.Contains(line, "--json") && !json.Valid([]byte(r.out)) {
			t.Errorf("%s: no JSON: %s", line, r.out)
		}
	}
	for line, want := range map[string]string{
		"paper 9.9":                         "there is no page of '9.9'; there are 2 3",
		"paper fig4":                        "there is no page of 'fig4'",
		"paper fig5 --metadata 60":          "--metadata and --ascii are for fig8",
		"paper fig8 --metadata 60,many":     "'many' is not a number",
		"paper fig8 --metadata ''":          "the value is empty",
		"paper fig8 --metadata 29":          "29 is out of range",
		"paper fig8 --metadata 99999999":    "out of range",
		"paper --metadata 60":               "--metadata and --ascii are for fig8",
		"paper 4.6 --ascii":                 "--metadata and --ascii are for fig8",
		"paper 4.6 --markdown":              "--markdown is for Table 1",
		"paper --markdown --json":           "--markdown is for Table 1",
		"paper \"\x1b]0;owned\a\"":          `'\x1b]0;owned\x07'`,
		"paper fig8 --metadata \"60,\x1b\"": `\x1b`,
	} {
		r := ringside(t, dir, line)
		if said := r.err + r.out; r.exit != exit.Usage || !strings.Contains(said, want) {
			t.Errorf("%s: %+v, want %q", line, r, want)
		}
	}
}

// The sections that commands name have pages, so that each page lists its commands.
func TestCommandsNamePages(t *testing.T) {
	sections := 0
	for name, named := range commandSections() {
		for section := range strings.SplitSeq(named, ", ") {
			if strings.HasPrefix(section, "§") {
				sections++
			}
			if strings.HasPrefix(section, "§") && paper.Find(section) == nil {
				t.Errorf("%s is about %s, which has no page", name, section)
			}
		}
	}
	if sections < 20 {
		t.Errorf("the commands name %d sections in all", sections)
	}
}
