package paper

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ringside/cli/golden"
	"ringside/engine/event"
)

const root = "../.."

var mention = regexp.MustCompile(`§\d+(\.\d+)*`)

// mentioned lists the sections that text names, without the §.
func mentioned(text string) []string {
	var out []string
	for _, m := range mention.FindAllString(text, -1) {
		if id := strings.TrimPrefix(m, "§"); !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// sourceFiles calls f for the Go files under dir that are not tests.
func sourceFiles(t *testing.T, dir string, f func(name string, data []byte)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, filepath.FromSlash(dir)),
		func(p string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
				return err
			}
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, p)
			f(filepath.ToSlash(name), data)
			return err
		})
	if err != nil {
		t.Fatal(err)
	}
}

// claims lists the sections that a file says it does: those in its header, which is what stands
// before its first declaration, and those in comments of their own that begin with a section.
func claims(t *testing.T, name string, data []byte) []string {
	f, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	end := f.FileEnd
	for _, d := range slices.Backward(f.Decls) {
		switch d := d.(type) {
		case *ast.FuncDecl:
			end = start(d, d.Doc)
		case *ast.GenDecl:
			if d.Tok != token.IMPORT {
				end = start(d, d.Doc)
			}
		}
	}
	var text strings.Builder
	for _, c := range f.Comments {
		if c.End() < end || strings.HasPrefix(c.Text(), "§") {
			text.WriteString(c.Text())
		}
	}
	return mentioned(text.String())
}

// start returns the position of a declaration with its comment.
func start(d ast.Decl, doc *ast.CommentGroup) token.Pos {
	if doc != nil {
		return doc.Pos()
	}
	return d.Pos()
}

// imported tells which packages nodes are made of: a leaf that neither the node nor its driver
// imports does nothing yet, although its comment names a section. (The simulator is not part of a
// node.)
func imported(t *testing.T) map[string]bool {
	out := map[string]bool{"ringside/engine": true}
	note := func(name string, data []byte) {
		f, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			out[strings.Trim(imp.Path.Value, `"`)] = true
		}
	}
	sourceFiles(t, "localcluster", note)
	sourceFiles(t, "engine", func(name string, data []byte) {
		if path.Dir(name) == "engine" {
			note(name, data)
		}
	})
	return out
}

// scan reads the sections that files and scripts name.
func scan(t *testing.T) index {
	x := index{Files: map[string][]string{}, Scripts: map[string]indexedScript{}}
	used := imported(t)
	sourceFiles(t, "engine", func(name string, data []byte) {
		if name == "engine/doc.go" || !used["ringside/"+path.Dir(name)] { // doc.go maps them all
			return
		}
		if ids := claims(t, name, data); ids != nil {
			x.Files[name] = ids
		}
	})
	scripts, err := filepath.Glob(filepath.Join(root, "testscripts", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, p := range scripts {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(data), "\n")
		says := strings.TrimSpace(strings.TrimPrefix(line, "#"))
		if ids := mentioned(says); ids != nil {
			_, said, _ := strings.Cut(says, ": ")
			x.Scripts[strings.TrimSuffix(filepath.Base(p), ".txtar")] = indexedScript{ids, strings.TrimSpace(said)}
		}
	}
	return x
}

// The index agrees with the files and scripts.
func TestIndexIsTrue(t *testing.T) {
	x := scan(t)
	if golden.Updating() {
		b, err := json.MarshalIndent(x, "", "\t")
		if err == nil {
			err = os.WriteFile("index.json", append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		sources = x
	}
	if !reflect.DeepEqual(x, sources) {
		t.Errorf("the sections that files and scripts name changed; write them again with: go test ./cli/paper -update\nfiles %v\nscripts %v", x.Files, x.Scripts)
	}
}

// Every section that a file, a script or an event names has a page of its
// own, and that of a chapter whose parts are told apart is none of them.
func TestSectionsAreKnown(t *testing.T) {
	check := func(who, id string) {
		if s := Find(id); s == nil || !strings.HasPrefix(id, s.ID) {
			t.Errorf("%s names §%s, which has no page", who, id)
		}
	}
	x := scan(t)
	for file, ids := range x.Files {
		for _, id := range ids {
			check(file, id)
			if s := Find(id); s != nil && !s.Mechanism && s.Parts() != nil {
				t.Errorf("%s names §%s; say which part of it", file, id)
			}
		}
	}
	for name, script := range x.Scripts {
		for _, id := range script.Sections {
			check(name+".txtar", id)
		}
		if script.Says == "" {
			t.Errorf("%s.txtar: the first line wants: # §4.6: what it shows", name)
		}
	}
	for kind, section := range event.Sections {
		check("the event "+string(kind), strings.TrimPrefix(section, "§"))
	}
}

// A row of Table 1 with files has a script that shows it.
func TestTable1IsTrue(t *testing.T) {
	for _, r := range Rows {
		for _, id := range r.Sections {
			if s := Find(id); s == nil || s.ID != id || !s.Mechanism {
				t.Errorf("%s: §%s does not describe a mechanism", r.Problem, id)
			}
		}
		if len(r.Files()) > 0 && len(r.Scripts()) == 0 {
			t.Errorf("%s: %v do it, and no script names %v in its first line", r.Problem, r.Files(), r.Sections)
		}
		for _, name := range r.Show {
			if !slices.ContainsFunc(r.Sections, func(id string) bool {
				return slices.Contains(Find(id).Scripts(),
					name)
			}) {
				t.Errorf("%s: %s.txtar is not there, or does not name %v in its first line", r.Problem, name,
					r.Sections)
			}
		}
	}
}

// Every kind of event is on the page of its section, and on no other page.
func TestEventsAreListed(t *testing.T) {
	pages := map[string][]string{}
	for i := range sections {
		for _, k := range sections[i].Kinds() {
			pages[k] = append(pages[k], "§"+sections[i].ID)
		}
	}
	for kind, section := range event.Sections {
		if !slices.Equal(pages[string(kind)], []string{section}) {
			t.Errorf("%s is of %s, and listed under %v", kind, section, pages[string(kind)])
		}
	}
}

// TestGapsAreOpen checks that a gap of a page is still open in the code. It also checks that the
// search finds an existing word, because at present no page has a gap.
func TestGapsAreOpen(t *testing.T) {
	for _, s := range sections {
		for _, g := range s.Gaps {
			for _, name := range filesWith(t, g) {
				t.Errorf("§%s: %q, but %s has %q in it", s.ID, g.Says, name, g.Word)
			}
		}
	}
	if files := filesWith(t, Gap{In: "engine/merkle", Word: "package MERKLE"}); !slices.Equal(files,
		[]string{"engine/merkle/merkle.go", "engine/merkle/span.go"}) {
		t.Errorf("the word that is in both files of merkle is found in %q", files)
	}
	if files := filesWith(t, Gap{In: "engine/merkle", Word: "nonsense"}); files != nil {
		t.Errorf("a word that is nowhere is found in %q", files)
	}
}

// filesWith lists the files that close a gap; doc.go and these pages may name it.
func filesWith(t *testing.T, g Gap) (files []string) {
	t.Helper()
	looked := 0
	sourceFiles(t, g.In, func(name string, data []byte) {
		looked++
		if !strings.HasPrefix(name, "cli/paper/") && filepath.Base(name) != "doc.go" &&
			strings.Contains(strings.ToLower(string(data)), strings.ToLower(g.Word)) {
			files = append(files, name)
		}
	})
	if looked == 0 {
		t.Errorf("%q: there is nothing in %s", g.Says, g.In)
	}
	return files
}

// The package doc of engine and these pages agree on the sections that are not implemented.
func TestEngineDocAgrees(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "engine", "doc.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range wronglyMissing(string(data)) {
		t.Errorf("engine/doc.go says that §%s is not implemented; there is no such section, or some files say that they do it", id)
	}
	if ids := wronglyMissing("§4.7 is there.\n\n§4.6 and §9.9 are not implemented."); !slices.Equal(ids,
		[]string{"4.6", "9.9"}) {
		t.Errorf("wronglyMissing found %q, want 4.6 and 9.9", ids)
	}
}

// wronglyMissing lists the sections that a doc says are not implemented, although they are or are
// not known.
func wronglyMissing(doc string) (ids []string) {
	for paragraph := range strings.SplitSeq(doc, "\n\n") {
		if !strings.Contains(paragraph, "not implemented") {
			continue
		}
		for _, id := range mentioned(paragraph) {
			if s := Find(id); s == nil || len(s.Files()) > 0 {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// The paper's own order, no section twice.
func TestSectionsAreInOrder(t *testing.T) {
	names := Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("sections are out of order or twice there: %v", names)
	}
	for _, f := range slices.Sorted(maps.Keys(sources.Files)) {
		if !strings.HasPrefix(f, "engine/") {
			t.Errorf("%s is not a file of the engine", f)
		}
	}
}
