package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The sizes at which code stops to be readable at a glance. Generated files and tests may be
// longer.
const (
	maxFileLines    = 400
	maxFuncLines    = 70
	maxFields       = 20
	maxMethods      = 40
	maxParameters   = 5
	maxCodeWidth    = 120
	maxCommentWidth = 100
)

// exceptions are things that are over a limit for a reason. A key is a file, "file func", or
// "package type".
var exceptions = map[string]string{
	"engine/event Event":      "one flat value for all kinds, so that an event costs no allocation",
	"engine/sim/plan Options": "one field for each option of a run",
	"engine/event eventJSON":  "the fields of Event in JSON",
	"engine/wire/generate.go": "a go:generate directive is one line",
	"riak/rpb/generate.go":    "a go:generate directive is one line",
}

// phrases are ways to write that make a reader stop, with what to write instead.
var phrases = []struct{ pattern, instead string }{
	{`\bhangs? on\b`, "depends on"},
	{`\bany more\b`, "no longer"},
	{`\bwhoever\b`, "the noun that is meant"},
	{`\bnobody\b`, "no node, no client"},
	{`\bstand-ins?\b`, "fallback"},
	{`\bof ours\b`, "whose"},
	{`, too[.,;:]`, "also"},
	{`\bis no (home|member)\b`, "is not a"},
}

func TestTidy(t *testing.T) {
	methods := map[string]int{}
	goFiles(t, func(path string) {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, src, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if ast.IsGenerated(f) {
			return
		}
		c := tidyCheck{t: t, path: filepath.ToSlash(path), fset: fset, src: string(src)}
		c.lines()
		c.prose(f)
		c.docs(f)
		if !strings.HasSuffix(path, "_test.go") {
			c.sizes(f, methods)
		}
	})
	for typ, n := range methods {
		if n > maxMethods && exceptions[typ] == "" {
			t.Errorf("%s has %d methods, the limit is %d", typ, n, maxMethods)
		}
	}
}

// tidyCheck checks one file.
type tidyCheck struct {
	t    *testing.T
	path string
	fset *token.FileSet
	src  string
}

func (c tidyCheck) fail(pos token.Pos, format string, args ...any) {
	c.t.Helper()
	c.t.Errorf("%s:%d: %s", c.path, c.fset.Position(pos).Line, fmt.Sprintf(format, args...))
}

// lines checks the width of each line. A tab counts as one column, and so does any rune. A line
// that cannot be broken, such as a test's long string or a link, is left alone.
func (c tidyCheck) lines() {
	for i, line := range strings.Split(c.src, "\n") {
		width := utf8.RuneCountInString(line)
		text := strings.TrimSpace(line)
		comment := strings.HasPrefix(text, "//") && !strings.HasPrefix(text, "//go:")
		switch {
		case comment && width > maxCommentWidth && strings.Contains(text[2:], " ") && !strings.Contains(text, "://"):
			c.t.Errorf("%s:%d: a comment of %d columns, the limit is %d", c.path, i+1, width, maxCommentWidth)
		case !comment && width > maxCodeWidth && !strings.HasSuffix(c.path, "_test.go") && exceptions[c.path] == "":
			c.t.Errorf("%s:%d: a line of %d columns, the limit is %d", c.path, i+1, width, maxCodeWidth)
		}
	}
}

// prose looks for banned phrases in comments.
func (c tidyCheck) prose(f *ast.File) {
	for _, group := range f.Comments {
		text := strings.ReplaceAll(group.Text(), "\n", " ")
		for _, p := range phrases {
			if m := regexp.MustCompile(p.pattern).FindString(text); m != "" {
				c.fail(group.Pos(), "%q in a comment: write %s", m, p.instead)
			}
		}
	}
}

// docs checks that the comment of a declaration begins with its name, after an article at most.
func (c tidyCheck) docs(f *ast.File) {
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			c.doc(d.Doc, d.Name.Name)
		case *ast.GenDecl:
			if len(d.Specs) != 1 {
				continue
			}
			switch s := d.Specs[0].(type) {
			case *ast.TypeSpec:
				c.doc(d.Doc, s.Name.Name)
			case *ast.ValueSpec:
				c.doc(d.Doc, s.Names[0].Name)
			}
		}
	}
}

var article = regexp.MustCompile(`^(A|An|The) `)

func (c tidyCheck) doc(doc *ast.CommentGroup, name string) {
	test := strings.HasSuffix(c.path, "_test.go") && (strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") || strings.HasPrefix(name, "Benchmark"))
	if doc == nil || test || name == "init" {
		return
	}
	text := article.ReplaceAllString(doc.Text(), "")
	if rest, ok := strings.CutPrefix(text, name); text != "" && (!ok || rest != "" && (rest[0] == '_' || 'a' <= rest[0] && rest[0] <= 'z')) {
		c.fail(doc.Pos(), "the comment of %s does not begin with its name", name)
	}
}

// sizes checks the limits on what is not a test, and counts the methods of each type.
func (c tidyCheck) sizes(f *ast.File, methods map[string]int) {
	if n := strings.Count(c.src, "\n"); n > maxFileLines && exceptions[c.path] == "" {
		c.t.Errorf("%s has %d lines, the limit is %d", c.path, n, maxFileLines)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if s, ok := n.Type.(*ast.StructType); ok && s.Fields.NumFields() > maxFields && exceptions[filepath.Dir(c.path)+" "+n.Name.Name] == "" {
				c.fail(n.Pos(), "%s has %d fields, the limit is %d", n.Name.Name, s.Fields.NumFields(), maxFields)
			}
		case *ast.FuncDecl:
			c.function(n, methods)
		}
		return true
	})
}

func (c tidyCheck) function(d *ast.FuncDecl, methods map[string]int) {
	key := c.path + " " + d.Name.Name
	if d.Recv != nil {
		methods[filepath.ToSlash(filepath.Dir(c.path))+" "+receiver(d)]++
	}
	first, last := c.fset.Position(d.Pos()).Line, c.fset.Position(d.End()).Line
	if n := last - first + 1; n > maxFuncLines && exceptions[key] == "" {
		c.fail(d.Pos(), "%s has %d lines, the limit is %d", d.Name.Name, n, maxFuncLines)
	}
	if n := d.Type.Params.NumFields(); n > maxParameters && exceptions[key] == "" {
		c.fail(d.Pos(), "%s has %d parameters, the limit is %d", d.Name.Name, n, maxParameters)
	}
}

// receiver returns the name of the type that a method belongs to.
func receiver(d *ast.FuncDecl) string {
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
