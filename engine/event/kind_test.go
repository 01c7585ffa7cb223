package event

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// kindsInSource returns the comments of the constants of type Kind, by value. The comment of a
// constant begins with the comment of its group.
func kindsInSource(t *testing.T) map[Kind]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "kind.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	comments := map[Kind]string{}
	for _, d := range f.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			c := spec.(*ast.ValueSpec)
			value, err := strconv.Unquote(c.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if _, twice := comments[Kind(value)]; twice {
				t.Errorf("two kinds are both %q", value)
			}
			own, ok := strings.CutPrefix(c.Doc.Text(), c.Names[0].Name)
			if !ok {
				t.Errorf("the comment of %q does not begin with its name", value)
			}
			comments[Kind(value)] = group.Doc.Text() + own
		}
	}
	return comments
}

// Each kind that the source declares has a section and a list of fields, and no other kind has
// them.
func TestKindsAreComplete(t *testing.T) {
	kinds := kindsInSource(t)
	for k := range kinds {
		if _, ok := fields[k]; !ok || !strings.HasPrefix(Sections[k], "§") {
			t.Errorf("%q has section %q and fields %q", k, Sections[k], fields[k])
		}
	}
	if len(kinds) != len(Sections) || len(kinds) != len(fields) {
		t.Errorf("%d kinds, %d with a section and %d with fields", len(kinds), len(Sections), len(fields))
	}
	if (Event{Kind: HintStored}).Section() != "§4.6" {
		t.Error("a hint is not of §4.6")
	}
}

// The comment of a kind names exactly the fields of the kind, and has those in brackets that may be
// zero.
func TestFieldsAreDocumented(t *testing.T) {
	word := regexp.MustCompile(`\[?\b[A-Za-z]+\b\]?`)
	typ := reflect.TypeFor[Event]()
	for kind, comment := range kindsInSource(t) {
		named := map[string]string{} // field → as fields writes it
		for _, w := range word.FindAllString(comment, -1) {
			name, bracketed := strings.CutPrefix(w, "[")
			name = strings.TrimSuffix(name, "]")
			if _, ok := typ.FieldByName(name); !ok || slices.Contains(common, name) {
				continue
			}
			if bracketed {
				named[name] = name + "?"
			} else if named[name] == "" {
				named[name] = name
			}
		}
		list := strings.Fields(fields[kind])
		for _, name := range named {
			if !slices.Contains(list, name) {
				t.Errorf("%s: the comment has %s, the list %q", kind, name, list)
			}
		}
		for _, name := range list {
			if named[strings.TrimSuffix(name, "?")] != name {
				t.Errorf("%s: the list has %s, and the comment does not", kind, name)
			}
		}
	}
	for kind, list := range fields {
		for _, name := range strings.Fields(list) {
			if _, ok := typ.FieldByName(strings.TrimSuffix(name, "?")); !ok {
				t.Errorf("%s: an event has no field %s", kind, name)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	for want, e := range map[string]Event{
		"":                    {Kind: NodeUp, Node: "n1", Seq: 1, Time: 1},
		"unknown kind":        {Kind: "x"},
		"field Peer is n2":    {Kind: NodeUp, Peer: "n2"},
		"field Settings is n": {Kind: Cluster},
	} {
		if err := e.Check(); want == "" && err != nil || want != "" && !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%+v: %v, want %q", e, err, want)
		}
	}
}
