package condition

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"

	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/usage"
)

// maxExpression bounds the bytes of an expression that is compiled.
const maxExpression = 4096

// An expression is a compiled condition with the nodes that the condition names.
type expression struct {
	program *vm.Program
	named   []nodeName
	state   string // a function that asks for more than what told lists, "" if there is none
}

// told are the functions of values, and of which nodes answer.
var told = map[string]bool{"siblings": true, "found": true, "deleted": true, "value": true, "values": true,
	"up": true, "down": true, "nodes": true}

// functionNames are the names of all functions, sorted. init fills it because functions refer to
// it.
var functionNames []string

func init() { functionNames = slices.Sorted(maps.Keys(functions)) }

// compile reads an expression. A word that names no function is text, so that keys and nodes need
// no quotes. Errors show the condition as the user typed it.
func compile(text, typed string) (*expression, error) {
	if len(text) > maxExpression {
		return nil, fmt.Errorf("the condition is longer than %d bytes", maxExpression)
	}
	p := &patcher{}
	program, reason := p.compile(text)
	if reason != "" && singleEqual.MatchString(text) {
		p = &patcher{} // the error is about the condition that the user meant
		if _, reason = p.compile(doubled(text)); reason == "" {
			reason = "write == to compare: " + render.Typed(doubled(text))
		}
	}
	if reason != "" {
		return nil, fmt.Errorf("invalid condition %s: %s", render.Quoted(typed), reason)
	}
	return &expression{program: program, named: p.named, state: p.state}, nil
}

// compile returns the program of an expression, or the reason why the expression is not a
// condition.
func (p *patcher) compile(text string) (program *vm.Program, reason string) {
	program, reason = p.compileValue(text)
	if reason == "" {
		reason = notBool(program, text)
	}
	return program, reason
}

// compileValue is compile for an expression whose value may have any type.
func (p *patcher) compileValue(text string) (program *vm.Program, reason string) {
	env := map[string]any{}
	for name, f := range functions {
		env[name] = withResultOf(f.gives, func(...any) (any, error) { return nil, errors.New("not while compiling") })
	}
	program, err := expr.Compile(text, expr.Env(env), expr.Patch(p), expr.DisableAllBuiltins(),
		expr.EnableBuiltin("len"), expr.EnableBuiltin("all"), expr.EnableBuiltin("any"), expr.EnableBuiltin("none"))
	bare := p.bareFunction()
	switch {
	case bare != "":
		return nil, fmt.Sprintf("%s takes %s; write %s", bare, arity(functions[bare]), example(bare))
	case p.err != nil:
		return nil, p.err.Error()
	case p.calls == 0 && p.key != "" && render.Nearest(p.key, functionNames) == "":
		return nil, fmt.Sprintf("there is no name %s; for the value of a key write %s", render.Quoted(p.key),
			render.Typed(fmt.Sprintf("value(%s)==%q", p.key, p.value)))
	case (err != nil || p.calls == 0 && notBool(program, text) != "") && p.unknown() != "":
		return nil, fmt.Sprintf("there is no name %s%s; there are %s", render.Quoted(p.unknown()),
			render.DidYouMean(p.unknown(), functionNames), strings.Join(functionNames, " "))
	case err != nil:
		first, _, _ := strings.Cut(err.Error(), "\n")
		if goType.MatchString(first) {
			first = "its parts have types that do not fit together"
		}
		return nil, render.Typed(first) + "; try siblings(cart)==2, hints==0, len(nodes)==5, up or converged"
	case p.calls == 0:
		return nil, "it does not depend on the cluster; use one of " + strings.Join(functionNames, " ")
	}
	return program, ""
}

// goType matches a type of Go in an error of expr.
var goType = regexp.MustCompile(`func\(|interface|\[\]|map\[`)

// bareFunction returns a function that stands without the arguments that it needs, "" if there is
// none.
func (p *patcher) bareFunction() string {
	for _, name := range functionNames {
		if p.bare[name] > 0 {
			return name
		}
	}
	return ""
}

// example returns a call of a function with a word for each argument that it needs: keys(NODE).
func example(name string) string {
	f := functions[name]
	var words []string
	for _, role := range f.takes[:f.needs] {
		word := "NODE"
		switch role {
		case Key:
			word = "KEY"
		case Word:
			word = "OP"
		}
		words = append(words, word)
	}
	return name + "(" + strings.Join(words, ",") + ")"
}

// notBool returns why the result of a program is not a condition, "" if it is one.
func notBool(program *vm.Program, text string) string {
	example := func(operator string) string { return render.Typed(strings.TrimSpace(text)) + operator }
	t := program.Node().Type()
	if t == nil {
		return ""
	}
	switch t.Kind() {
	case reflect.Bool, reflect.Interface:
		return ""
	case reflect.Int, reflect.Float64:
		return "it is a number; compare it, as in " + example("==2")
	case reflect.String:
		return "it is text; compare it, as in " + example(`=="milk"`)
	case reflect.Slice:
		return "it is a list; compare its length, as in len(" + example("") + ")==2"
	}
	return "it is neither true nor false; compare it with a value"
}

// singleEqual matches an = that is not part of a comparison.
var singleEqual = regexp.MustCompile(`([^=!<>])=([^=]|$)`)

// doubled returns text with == for each single =.
func doubled(text string) string { return singleEqual.ReplaceAllString(text, "$1==$2") }

// withResultOf returns call with the result type of gives, so that the compiler refuses a
// comparison with another type.
func withResultOf(gives any, call func(...any) (any, error)) any {
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

// blocks evaluates the expression. If the expression does not hold, blocks returns the values of
// its functions.
func (x *expression) blocks(ctx context.Context, l *look) (string, error) {
	out, err := x.value(ctx, l)
	if err != nil {
		return "", err
	}
	held, ok := out.(bool)
	switch {
	case !ok:
		return "", usage.Errorf("the condition is %T and not true or false; compare it with a value", out)
	case held:
		return "", nil
	case len(l.notes) == 0:
		return "it is false", nil
	}
	return strings.Join(l.notes, ", "), nil
}

// value evaluates the expression.
func (x *expression) value(ctx context.Context, l *look) (any, error) {
	if err := x.checkNodes(ctx, l); err != nil { // first, because evaluation may skip parts
		return nil, err
	}
	env := map[string]any{}
	var failure error
	for name, f := range functions {
		env[name] = withResultOf(f.gives, func(params ...any) (any, error) {
			args := make([]string, len(params))
			for i, p := range params {
				args[i] = fmt.Sprint(p)
			}
			v, err := f.call(ctx, l, args)
			if err != nil {
				failure = err // expr wraps an error in a report of its own
				return nil, err
			}
			l.record(name, args, v)
			return v, nil
		})
	}
	out, err := expr.Run(x.program, env)
	switch {
	case failure != nil:
		return nil, failure
	case err != nil:
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, usage.Errorf("the condition cannot be evaluated: %s", render.Typed(first))
	}
	return out, nil
}

func (x *expression) checkNodes(ctx context.Context, l *look) error {
	if len(x.named) == 0 {
		return nil
	}
	cluster, err := l.view(ctx)
	if err != nil {
		return err
	}
	for _, n := range x.named {
		if err := CheckNode(cluster, n.name, n.as); err != nil {
			return err
		}
	}
	return nil
}

// record keeps the value of a function for the message.
func (l *look) record(name string, args []string, v any) {
	s := name
	if len(args) > 0 {
		s += "(" + render.Typed(strings.Join(args, ", ")) + ")"
	}
	switch v := v.(type) {
	case string:
		s += " is " + fmt.Sprintf(`"%s"`, escape.TerminalShort([]byte(v), maxText))
	case []string:
		s += " are " + escape.TerminalShort(fmt.Appendf(nil, "%q", v), maxText)
	default:
		s += fmt.Sprintf(" is %v", v)
	}
	if name == "siblings" {
		if g := l.gets[args[0]]; g != nil && len(g.Siblings) > 0 {
			s += " (" + showVersions(g.Siblings) + ")"
		}
	}
	if !slices.Contains(l.notes, s) {
		l.notes = append(l.notes, s)
	}
}

// A patcher turns words into text and bare functions into calls. It joins keys that the parser
// split at hyphens and dots, and collects the nodes that the condition names.
type patcher struct {
	err   error
	calls int
	bare  map[string]int // how often a function that needs arguments stands without them
	words []string       // that name no function
	// key and value are the sides of a comparison of a word, such as cart==milk.
	key, value string
	named      []nodeName
	state      string // as in expression
}

// unknown returns a word of an expression that does not compile, if the word was probably meant to
// name a function. Otherwise it returns "".
func (p *patcher) unknown() string {
	for _, w := range p.words {
		if p.calls == 0 || render.Nearest(w, functionNames) != "" {
			return w
		}
	}
	return ""
}

// Visit implements ast.Visitor.
func (p *patcher) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if f, ok := functions[n.Value]; !ok {
			p.words = append(p.words, n.Value)
			ast.Patch(node, &ast.StringNode{Value: n.Value})
		} else if p.calls++; f.needs == 0 {
			p.uses(n.Value)
			ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: n.Value}})
		} else {
			if p.bare == nil {
				p.bare = map[string]int{}
			}
			p.bare[n.Value]++ // until checkCall finds that it is a callee
		}
	case *ast.CallNode:
		p.checkCall(n)
	case *ast.BinaryNode:
		left, right := keyPart(n.Left), keyPart(n.Right)
		if n.Operator == "-" {
			left, right = p.hyphened(n.Left, n.Right), p.hyphened(n.Right, n.Left)
		}
		if n.Operator == "-" && left != "" && right != "" {
			ast.Patch(node, &ast.StringNode{Value: left + "-" + right})
			return
		}
		p.checkComparison(n)
	case *ast.BuiltinNode:
		p.checkPredicate(n)
	case *ast.MemberNode:
		if left, right := keyPart(n.Node), keyPart(n.Property); left != "" && right != "" {
			ast.Patch(node, &ast.StringNode{Value: left + "." + right})
		}
	}
}

// uses notes that the expression calls a function.
func (p *patcher) uses(name string) {
	if !told[name] && p.state == "" {
		p.state = name
	}
}

// hyphened returns the text of n, which a hyphen joins with another node. The name of a function
// that needs arguments is text beside a word, as in hint-stored, because it is no number.
func (p *patcher) hyphened(n, with ast.Node) string {
	name, ok := n.(*ast.IdentifierNode)
	if _, word := with.(*ast.StringNode); !ok || !word || p.bare[name.Value] == 0 {
		return keyPart(n)
	}
	p.bare[name.Value]--
	return name.Value
}

// keyPart returns the text of a node that can be part of a key, "" for any other node.
func keyPart(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.IntegerNode:
		return fmt.Sprint(n.Value)
	}
	return ""
}
