package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Only a part's own methods change its state: no code of package engine assigns to a field of a
// part that it reaches through the node.
func TestPartsOwnTheirState(t *testing.T) {
	node, err := parser.ParseFile(token.NewFileSet(), "engine/node.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	parts := partsOf(node)
	if len(parts) < 10 {
		t.Fatalf("Node has the parts %v", parts)
	}
	files, err := filepath.Glob("engine/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range foreignWrites(f, parts) {
			t.Errorf("%v: the state of another part is changed; call a method of the part", fset.Position(n.Pos()))
		}
	}
}

// The rule above finds violations.
func TestPartsRuleCanFail(t *testing.T) {
	parts := map[string]bool{"moves": true}
	for source, want := range map[string]int{
		"a.n.moves.count++":                 1,
		"n.moves.count, x = 1, 2":           1,
		"a.n.moves.ranges[id] = true":       1,
		"delete(a.n.moves.ranges, id)":      1,
		"clear(n.moves.ranges)":             1,
		"n.moves = newMoves(n)":             0,
		"m.count += n.moves.count":          0,
		"n.out.Writes = n.moves.writes[:0]": 0,
	} {
		f, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc f() { "+source+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(foreignWrites(f, parts)); got != want {
			t.Errorf("%s: %d violations, want %d", source, got, want)
		}
	}
}

// partsOf returns the names of the fields of Node that are pointers to types of package engine.
func partsOf(f *ast.File) map[string]bool {
	parts := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		typ, ok := n.(*ast.TypeSpec)
		if !ok || typ.Name.Name != "Node" {
			return true
		}
		for _, field := range typ.Type.(*ast.StructType).Fields.List {
			star, ok := field.Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			if _, local := star.X.(*ast.Ident); !local {
				continue
			}
			for _, name := range field.Names {
				parts[name.Name] = true
			}
		}
		return false
	})
	return parts
}

// foreignWrites lists the statements and calls that change a field of a part through the node.
func foreignWrites(f *ast.File, parts map[string]bool) (found []ast.Node) {
	check := func(n ast.Node, target ast.Expr) {
		if ofPart(target, parts) {
			found = append(found, n)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, target := range n.Lhs {
				check(n, target)
			}
		case *ast.IncDecStmt:
			check(n, n.X)
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok && (name.Name == "delete" || name.Name == "clear") {
				check(n, n.Args[0])
			}
		}
		return true
	})
	return found
}

// ofPart reports whether an expression is n.part.field, or an element of that, where n is the node.
func ofPart(e ast.Expr, parts map[string]bool) bool {
	for {
		index, ok := e.(*ast.IndexExpr)
		if !ok {
			break
		}
		e = index.X
	}
	field, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	part, ok := field.X.(*ast.SelectorExpr)
	if !ok || !parts[part.Sel.Name] {
		return false
	}
	switch n := part.X.(type) {
	case *ast.Ident:
		return n.Name == "n"
	case *ast.SelectorExpr:
		return n.Sel.Name == "n"
	}
	return false
}
