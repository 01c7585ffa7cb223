package paper

import (
	"slices"
	"strings"
	"testing"

	"ringside/cli/render"
)

func TestFind(t *testing.T) {
	for name, want := range map[string]string{
		"4.6": "4.6", "§4.6": "4.6", "4.8": "4.8", "4.8.3": "4.8.3", "2.3": "2", "4.6.1": "4.6",
		"": "", "§": "", "4.66": "", "4.8.9": "", "7": "", "4.": "", "fig5": "", ".": "",
	} {
		got := ""
		if s := Find(name); s != nil {
			got = s.ID
		}
		if got != want {
			t.Errorf("%q: found %q, want %q", name, got, want)
		}
	}
}

// with sets the index for a test.
func with(t *testing.T, x index) {
	saved := sources
	sources = x
	t.Cleanup(func() { sources = saved })
}

// A section is implemented exactly if a file of the engine names it.
func TestThereAndNot(t *testing.T) {
	const file, missing = "engine/antientropy.go", "§4.7 not implemented"
	with(t, index{})
	if p := Find("4.7").Page(nil); p.There == nil || *p.There || !slices.Equal(p.Missing, []string{"All of it."}) {
		t.Errorf("without files: %+v", p)
	}
	if m := Markdown(); !strings.Contains(m, missing) {
		t.Error(m)
	}
	with(t, index{Files: map[string][]string{file: {"4.7"}},
		Scripts: map[string]indexedScript{"sync": {[]string{"4.7"}, "replicas meet"}}})
	p := Find("4.7").Page(map[string]string{"merkle": "§4.7", "get": "§4.1, §4.5"})
	if !*p.There || len(p.Missing) > 0 || !slices.Equal(p.Files, []string{file}) ||
		!slices.Equal(p.Commands, []string{"merkle"}) ||
		!slices.Equal(p.Scripts, []Script{{"sync", "replicas meet"}}) ||
		!slices.Equal(p.Events, []string{"node-wiped", "sync-compared", "sync-done", "sync-started"}) {
		t.Errorf("with files: %+v", p)
	}
	if m := Markdown(); strings.Contains(m, missing) ||
		!strings.Contains(m, "[antientropy.go](engine/antientropy.go) | [sync](testscripts/sync.txtar) |") {
		t.Error(m)
	}
	if p := Find("4.8").Page(nil); p.There != nil || len(p.Parts) != 3 || *p.Parts[0].There {
		t.Errorf("a chapter: %+v", p)
	}
	if text := Find("4.8").Page(nil).Text(0); !strings.Contains(text, "§4.8.1  Ring membership (not implemented)") {
		t.Error(text)
	}
}

// Pages and the table fit the terminal, and are complete at any width.
func TestPagesFitTheTerminal(t *testing.T) {
	squeezed := func(text string) string { return strings.Join(strings.Fields(text), "") }
	for _, width := range []int{50, 80, 0, 300} {
		limit := width
		if width == 0 || width > pageWidth {
			limit = pageWidth
		}
		texts := []string{Table(width)}
		for i := range sections {
			page := sections[i].Page(nil)
			text := page.Text(width)
			texts = append(texts, text)
			for _, want := range slices.Concat(page.Claims, page.Deviations, page.Missing, page.Files, page.Events) {
				if !strings.Contains(squeezed(text), squeezed(want)) {
					t.Errorf("on %d columns §%s lacks %q", width, page.Section, want)
				}
			}
		}
		for _, text := range texts {
			for line := range strings.Lines(text) {
				if n := render.Width(strings.TrimRight(line, "\n")); n > limit ||
					strings.TrimRight(line, " \n") != strings.TrimRight(line, "\n") {
					t.Errorf("on %d columns: %d in %q", width, n, line)
				}
			}
		}
	}
	for _, r := range Rows {
		if text := Table(40); !strings.Contains(squeezed(text), squeezed("problem: "+r.problem())) {
			t.Error(text)
		}
	}
}
