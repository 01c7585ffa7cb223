package verbs

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/usage"
	"ringside/engine/vclock"
	"ringside/engine/view"
)

// maxExpression bounds what is compiled.
const maxExpression = 4096

// A function of the expression language takes strings. Arguments after the first needs may be left
// out. A function that needs no argument may be written without parentheses.
type function struct {
	needs int
	takes []role
	gives any  // a value of the result's type: int, bool, string or []string
	nodes bool // the result is names of nodes
	call  func(ctx context.Context, w *world, args []string) (any, error)
}

// A role says what kind of thing an argument names.
type role int

const (
	aKey        role = iota
	aNode            // an existing node
	aFormerNode      // an existing node, or a former member
)

var functions = map[string]function{
	"siblings": {1, []role{aKey}, 0, false, ofGet(func(g *got) (any, error) { return len(g.Siblings), nil })},
	"found":    {1, []role{aKey}, false, false, ofGet(func(g *got) (any, error) { return len(g.Siblings) > 0, nil })},
	"deleted":  {1, []role{aKey}, false, false, ofGet(func(g *got) (any, error) { return g.Deleted(), nil })},
	"values": {1, []role{aKey}, []string{}, false, ofGet(func(g *got) (any, error) {
		return eachSibling(g, func(v vclock.Version) string { return string(v.Value) }), nil
	})},
	"clocks": {1, []role{aKey}, []string{}, false,
		ofGet(func(g *got) (any, error) { return eachSibling(g, vclock.Version.Notation), nil })},
	"clock": {1, []role{aKey}, "", false, ofGet(func(g *got) (any, error) { return g.Siblings.String(), nil })},
	"coordinator": {1, []role{aKey}, "", true, ofGet(func(g *got) (any, error) {
		return strings.Join(eachSibling(g, func(v vclock.Version) string { return v.Dot.Node }), " "), nil
	})},
	"value": {1, []role{aKey}, "", false, ofGet(func(g *got) (any, error) {
		if len(g.Siblings) > 1 {
			return nil, &exit.Error{Exit: exit.Siblings, Code: "siblings", Message: fmt.Sprintf("value(%s): there are %d siblings: %s", escape.Terminal(g.key), len(g.Siblings), showVersions(g.Siblings))}
		}
		return strings.Join(eachSibling(g, func(v vclock.Version) string { return string(v.Value) }), ""), nil
	})},
	"homes": {1, []role{aKey}, []string{}, true,
		ofView(func(v *view.Cluster, args []string) (any, error) { return v.Ring.Homes([]byte(args[0])), nil })},
	"converged": {0, []role{aKey}, false, false, func(ctx context.Context, w *world, args []string) (any, error) {
		look := allConverged
		if len(args) == 1 {
			look = func(ctx context.Context, w *world) (string, error) { return converged(ctx, w, []byte(args[0])) }
		}
		blocks, err := look(ctx, w)
		if blocks != "" {
			w.said = append(w.said, blocks)
		}
		return blocks == "", err
	}},
	"replica": {2, []role{aNode, aKey}, "", false, func(ctx context.Context, w *world, args []string) (any, error) {
		cluster, err := w.viewOf(ctx, []byte(args[1]))
		if err != nil {
			return nil, err
		}
		if _, err := nodeOf(cluster, args[0]); err != nil {
			return nil, err
		}
		if k := cluster.Key([]byte(args[1])); k != nil {
			return k.Held[args[0]][""].String(), nil
		}
		return "", nil
	}},
	"keys":   {1, []role{aNode}, 0, false, ofNode(func(n *view.Node) any { return n.Keys })},
	"up":     {0, []role{aNode}, false, false, statusIs(view.Up)},
	"down":   {1, []role{aNode}, false, false, statusIs(view.Down)},
	"paused": {1, []role{aNode}, false, false, statusIs(view.Paused)},
	"nodes": {0, nil, []string{}, true,
		ofView(func(v *view.Cluster, _ []string) (any, error) { return v.Settings.Nodes, nil })},
	"split": {0, nil, false, false,
		ofView(func(v *view.Cluster, _ []string) (any, error) { return v.Groups != nil, nil })},
	"hints": {0, []role{aNode, aFormerNode}, 0, false, ofView(hintCount)},
	"lost": {0, nil, 0, false, func(ctx context.Context, w *world, _ []string) (any, error) {
		now, err := w.view(ctx)
		if err != nil {
			return nil, err
		}
		events, err := w.env.past(ctx)
		cluster := view.From(events)
		return max(cluster.Lost(), now.Lost()), err
	}},
	"buffered": {0, []role{aNode}, 0, false, ofView(bufferedCount)},
}

func ofGet(f func(*got) (any, error)) func(context.Context, *world, []string) (any, error) {
	return func(ctx context.Context, w *world, args []string) (any, error) {
		g, err := w.get(ctx, args[0])
		if err != nil {
			return nil, err
		}
		return f(g)
	}
}

func ofView(f func(*view.Cluster, []string) (any, error)) func(context.Context, *world, []string) (any, error) {
	return func(ctx context.Context, w *world, args []string) (any, error) {
		v, err := w.view(ctx)
		if err != nil {
			return nil, err
		}
		return f(v, args)
	}
}

func ofNode(f func(*view.Node) any) func(context.Context, *world, []string) (any, error) {
	return ofView(func(v *view.Cluster, args []string) (any, error) {
		n, err := nodeOf(v, args[0])
		if err != nil {
			return nil, err
		}
		return f(n), nil
	})
}

// statusIs is up(NODE), or up for all nodes.
func statusIs(want view.Status) func(context.Context, *world, []string) (any, error) {
	return ofView(func(v *view.Cluster, args []string) (any, error) {
		if len(args) == 0 {
			args = v.Settings.Nodes
		}
		for _, name := range args {
			n, err := nodeOf(v, name)
			if err != nil {
				return nil, err
			}
			if n.Status != want {
				return false, nil
			}
		}
		return true, nil
	})
}

func hintCount(v *view.Cluster, args []string) (any, error) {
	if len(args) == 0 {
		return v.Hints(), nil
	}
	n, err := nodeOf(v, args[0])
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return n.HintTotal(), nil
	}
	if err := checkName(v, args[1], aFormerNode); err != nil {
		return nil, err
	}
	return n.Hints[args[1]].Keys, nil
}

func bufferedCount(v *view.Cluster, args []string) (any, error) {
	if len(args) == 0 {
		return v.Buffered(), nil
	}
	n, err := nodeOf(v, args[0])
	if err != nil {
		return nil, err
	}
	return n.Buffered, nil
}

func nodeOf(v *view.Cluster, name string) (*view.Node, error) {
	return v.Node(name), checkName(v, name, aNode)
}

func eachSibling(g *got, f func(vclock.Version) string) []string {
	out := make([]string, len(g.Siblings))
	for i, v := range g.Siblings {
		out[i] = f(v)
	}
	return out
}

func showVersions(s vclock.Siblings) string {
	parts := make([]string, len(s))
	for i, v := range s {
		parts[i] = v.Notation() + " " + render.Key(v.Value)
	}
	return strings.Join(parts, " ‖ ")
}

// An expression is a compiled condition with the nodes that the condition names.
type expression struct {
	program *vm.Program
	named   []nodeName
}

// compile reads an expression. Words that name no function are strings, so
// that keys and nodes need no quotes.
func compile(text string) (*expression, error) {
	if len(text) > maxExpression {
		return nil, fmt.Errorf("the condition is longer than %d bytes", maxExpression)
	}
	env := map[string]any{}
	for name, f := range functions {
		env[name] = giving(f.gives, func(...any) (any, error) { return nil, errors.New("not while compiling") })
	}
	p := &patcher{}
	program, err := expr.Compile(text, expr.Env(env), expr.Patch(p), expr.AsBool(), expr.DisableAllBuiltins(),
		expr.EnableBuiltin("len"), expr.EnableBuiltin("all"), expr.EnableBuiltin("any"), expr.EnableBuiltin("none"))
	switch {
	case p.err != nil:
		return nil, p.err
	case err != nil && singleEqual.MatchString(text):
		return nil, fmt.Errorf("invalid condition %s: compare with ==, as in siblings(cart)==2", render.Quoted(text))
	case err != nil && p.unknown() != "":
		return nil, fmt.Errorf("invalid condition %s: there is no name %s%s; there are %s",
			render.Quoted(text), render.Quoted(p.unknown()), render.DidYouMean(p.unknown(), sortedKeys(functions)),
			strings.Join(sortedKeys(functions), " "))
	case err != nil:
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("invalid condition %s: %s; try siblings(cart)==2, hints==0, len(nodes)==5, up or converged",
			render.Quoted(text), render.Text(first))
	case p.calls == 0:
		return nil, fmt.Errorf("invalid condition %s: it does not depend on the cluster; use one of %s", render.Quoted(text),
			strings.Join(sortedKeys(functions), " "))
	}
	return &expression{program, p.named}, nil
}

// giving returns call with the result type of gives, so that the compiler refuses a comparison with
// another type.
func giving(gives any, call func(...any) (any, error)) any {
	switch gives.(type) {
	case int:
		return withResult[int](call)
	case bool:
		return withResult[bool](call)
	case string:
		return withResult[string](call)
	}
	return withResult[[]string](call)
}

func withResult[T any](call func(...any) (any, error)) func(...any) (T, error) {
	return func(params ...any) (T, error) {
		v, err := call(params...)
		result, _ := v.(T)
		return result, err
	}
}

// patcher turns words into strings and bare functions into calls. It joins keys again that the
// parser split at hyphens and dots, and collects the nodes that the condition names.
type patcher struct {
	err   error
	calls int
	words []string // that name no function
	named []nodeName
}

// singleEqual matches an = that is not part of a comparison.
var singleEqual = regexp.MustCompile(`[^=!<>]=[^=]`)

// unknown returns a word of an expression that does not compile which was probably meant to name a
// function, "" if there is none.
func (p *patcher) unknown() string {
	for _, w := range p.words {
		if p.calls == 0 || render.Nearest(w, sortedKeys(functions)) != "" {
			return w
		}
	}
	return ""
}

func (p *patcher) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if f, ok := functions[n.Value]; !ok {
			p.words = append(p.words, n.Value)
			ast.Patch(node, &ast.StringNode{Value: n.Value})
		} else if p.calls++; f.needs == 0 {
			ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: n.Value}})
		}
	case *ast.CallNode:
		p.call(n)
	case *ast.BinaryNode:
		if left, right, ok := word(n.Left), word(n.Right), n.Operator == "-"; ok && left != "" && right != "" {
			ast.Patch(node, &ast.StringNode{Value: left + "-" + right})
			return
		}
		p.compare(n)
	case *ast.BuiltinNode:
		p.each(n)
	case *ast.MemberNode:
		if left, right := word(n.Node), word(n.Property); left != "" && right != "" {
			ast.Patch(node, &ast.StringNode{Value: left + "." + right})
		}
	}
}

// call undoes the patch of a callee and checks the arguments.
func (p *patcher) call(n *ast.CallNode) {
	if inner, ok := n.Callee.(*ast.CallNode); ok {
		n.Callee = inner.Callee
	}
	name := callee(n)
	f, ok := functions[name]
	switch {
	case p.err != nil:
	case !ok:
		p.err = fmt.Errorf("there is no function %s%s; there are %s", render.Quoted(name), render.DidYouMean(name, sortedKeys(functions)), strings.Join(sortedKeys(functions), " "))
	case len(n.Arguments) < f.needs || len(n.Arguments) > len(f.takes):
		p.err = fmt.Errorf("%s takes %s, not %d", name, arity(f), len(n.Arguments))
	default:
		for i, arg := range n.Arguments {
			if s, ok := arg.(*ast.StringNode); ok && f.takes[i] != aKey {
				p.named = append(p.named, nodeName{s.Value, f.takes[i]})
			}
		}
	}
}

func callee(n *ast.CallNode) string {
	switch c := n.Callee.(type) {
	case *ast.IdentifierNode:
		return c.Value
	case *ast.StringNode:
		return c.Value
	}
	return "this"
}

func arity(f function) string {
	if f.needs == len(f.takes) {
		return render.Count(f.needs, "argument")
	}
	return fmt.Sprintf("%d to %s", f.needs, render.Count(len(f.takes), "argument"))
}

// word is the text of a node that a key could be made of, "" otherwise.
func word(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.IntegerNode:
		return fmt.Sprint(n.Value)
	}
	return ""
}

// blocks evaluates the expression. Where it does not hold, the answer is what its parts were.
func (x *expression) blocks(ctx context.Context, w *world) (string, error) {
	if len(x.named) > 0 { // first, because evaluation may skip parts
		cluster, err := w.view(ctx)
		if err != nil {
			return "", err
		}
		for _, n := range x.named {
			if err := checkName(cluster, n.name, n.as); err != nil {
				return "", err
			}
		}
	}
	env := map[string]any{}
	var failure error
	for name, f := range functions {
		env[name] = giving(f.gives, func(params ...any) (any, error) {
			args := make([]string, len(params))
			for i, p := range params {
				args[i] = fmt.Sprint(p)
			}
			v, err := f.call(ctx, w, args)
			if err != nil {
				failure = err // expr wraps it in a report of its own
				return nil, err
			}
			w.say(name, args, v)
			return v, nil
		})
	}
	out, err := expr.Run(x.program, env)
	switch {
	case failure != nil:
		return "", failure
	case err != nil:
		first, _, _ := strings.Cut(err.Error(), "\n")
		return "", usage.Errorf("the condition cannot be evaluated: %s", render.Text(first))
	}
	if held, _ := out.(bool); held {
		return "", nil
	}
	if len(w.said) == 0 {
		return "it is false", nil
	}
	return strings.Join(w.said, ", "), nil
}

// say notes what a part of the expression was.
func (w *world) say(name string, args []string, v any) {
	s := name
	if len(args) > 0 {
		s += "(" + render.Text(strings.Join(args, ", ")) + ")"
	}
	switch v := v.(type) {
	case string:
		s += " is " + fmt.Sprintf(`"%s"`, escape.TerminalShort([]byte(v), render.MaxValue))
	case []string:
		s += " are " + escape.TerminalShort(fmt.Appendf(nil, "%q", v), render.MaxValue)
	default:
		s += fmt.Sprintf(" is %v", v)
	}
	if name == "siblings" {
		if g := w.gets[args[0]]; g != nil && len(g.Siblings) > 0 {
			s += " (" + showVersions(g.Siblings) + ")"
		}
	}
	if !slices.Contains(w.said, s) {
		w.said = append(w.said, s)
	}
}
