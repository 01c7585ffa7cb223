package condition

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"ringside/cli/render"
	"ringside/engine/usage"
	"ringside/engine/view"
)

// A Role is the kind of thing that an argument names.
type Role int

// Roles.
const (
	Key        Role = iota
	Node            // a node of the cluster
	FormerNode      // a node of the cluster, or a former member
	Word            // any other text, such as put
)

// A nodeName is a node that a condition names, and the role in which the condition names it.
type nodeName struct {
	name string
	as   Role
}

// CheckNode returns a usage error if there is no node of that name in the role Node or FormerNode.
// Otherwise a condition on a mistyped name could hold always.
func CheckNode(v *view.Cluster, name string, as Role) error {
	if v.Node(name) != nil {
		return nil
	}
	if _, was := v.History.Latest()[name]; was && as == FormerNode {
		return nil
	}
	return &noNode{name, usage.Errorf("there is no node %s; there are %s", render.Quoted(name),
		render.Nodes(v.Settings.Nodes))}
}

// A noNode is the usage error for a node that the view lacks.
type noNode struct {
	name string
	error
}

func (e *noNode) Unwrap() error { return e.error }

// hostOf returns the node that answers at an address, nil if there is none. The name of such a node
// is known only while it answers, so conditions on its state may use the address.
func hostOf(v *view.Cluster, addr string) *view.Node {
	i := slices.IndexFunc(v.Nodes, func(n *view.Node) bool { return n.Addr == addr })
	if v.Ring != nil || i < 0 { // a cluster of ringside always knows the names of its nodes
		return nil
	}
	return v.Nodes[i]
}

// checkCall undoes the patch of a callee and checks the arguments.
func (p *patcher) checkCall(n *ast.CallNode) {
	if inner, ok := n.Callee.(*ast.CallNode); ok {
		n.Callee = inner.Callee
	}
	name := callee(n)
	if p.bare[name] > 0 {
		p.bare[name]--
	}
	f, ok := functions[name]
	switch {
	case p.err != nil:
	case !ok:
		p.err = fmt.Errorf("there is no function %s%s; there are %s", render.Quoted(name),
			render.DidYouMean(name, functionNames), strings.Join(functionNames, " "))
	case len(n.Arguments) < f.needs || len(n.Arguments) > len(f.takes):
		p.err = fmt.Errorf("%s takes %s, not %d", name, arity(f), len(n.Arguments))
	default:
		p.uses(name)
		for i, arg := range n.Arguments {
			if s, ok := arg.(*ast.StringNode); ok && f.takes[i] != Key && f.takes[i] != Word {
				p.named = append(p.named, nodeName{name: s.Value, as: f.takes[i]})
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

// nameComparisons are the operators that compare names of nodes with text.
var nameComparisons = []string{"==", "!=", "in"}

// checkComparison collects the nodes that a comparison names, and refuses a comparison of a count
// whose result is fixed.
func (p *patcher) checkComparison(n *ast.BinaryNode) {
	if slices.Contains(nameComparisons, n.Operator) {
		p.collectNames(n.Left, n.Right, givesNodes)
		p.collectNames(n.Right, n.Left, givesNodes)
	}
	if p.err == nil && mirrored[n.Operator] != "" {
		p.err = cmp.Or(mismatch(n.Left, n.Operator, n.Right), mismatch(n.Right, mirrored[n.Operator], n.Left))
		if key, word := n.Left.(*ast.StringNode); word && slices.Contains(p.words, key.Value) {
			p.key, p.value = key.Value, keyPart(n.Right)
		}
	}
	if p.err == nil && (isVacuous(n.Left, n.Operator, n.Right) || isVacuous(n.Right, mirrored[n.Operator], n.Left)) {
		p.err = errors.New("the result is always the same, because a count is a whole number of at least 0")
	}
}

// plainWord matches text that needs no quotes in a condition.
var plainWord = regexp.MustCompile(`^[A-Za-z]\w*$`)

// typedCall returns a call as a user writes it: hints, up(n1), value("shopping list").
func typedCall(call *ast.CallNode) string {
	if len(call.Arguments) == 0 {
		return callee(call)
	}
	args := make([]string, len(call.Arguments))
	for i, arg := range call.Arguments {
		if args[i] = keyPart(arg); !plainWord.MatchString(args[i]) {
			args[i] = arg.String()
		}
	}
	return callee(call) + "(" + strings.Join(args, ",") + ")"
}

// mismatch returns an error if n is a function that is compared with a literal of another type.
func mismatch(n ast.Node, operator string, with ast.Node) error {
	call, ok := n.(*ast.CallNode)
	if !ok {
		return nil
	}
	_, number := with.(*ast.IntegerNode)
	literal := keyPart(with)
	name := render.Typed(typedCall(call))
	switch functions[callee(call)].gives.(type) {
	case int:
		if literal != "" && !number {
			return fmt.Errorf("%s is a number; compare it with a number, as in %[1]s==2", name)
		}
	case string:
		if number {
			return fmt.Errorf("%s is text; compare it with text, as in %[1]s%s%q", name, operator, literal)
		}
	case []string:
		if number {
			return fmt.Errorf("%s is a list; compare its length, as in len(%[1]s)%s%s", name, operator, literal)
		}
		if literal != "" {
			return fmt.Errorf("%s is a list; look for an element, as in %s in %[1]s", name,
				render.Typed(fmt.Sprintf("%q", literal)))
		}
	case bool:
		if literal != "" {
			return fmt.Errorf("%s is true or false; leave out the comparison", name)
		}
	}
	return nil
}

// checkPredicate collects the nodes that the predicate of all, any or none names: all(nodes, # !=
// n9).
func (p *patcher) checkPredicate(n *ast.BuiltinNode) {
	if len(n.Arguments) < 2 || !givesNodes(n.Arguments[0]) {
		return
	}
	predicate := n.Arguments[1]
	ast.Walk(&predicate, visit(func(inner ast.Node) {
		if b, ok := inner.(*ast.BinaryNode); ok && slices.Contains(nameComparisons, b.Operator) {
			p.collectNames(b.Left, b.Right, isElement)
			p.collectNames(b.Right, b.Left, isElement)
		}
	}))
}

// visit is an ast.Visitor that changes nothing.
type visit func(ast.Node)

// Visit implements ast.Visitor.
func (f visit) Visit(n *ast.Node) { f(*n) }

// collectNames collects the nodes that text names, if the other side of the comparison is names of
// nodes.
func (p *patcher) collectNames(nodes, text ast.Node, isNodes func(ast.Node) bool) {
	if !isNodes(nodes) {
		return
	}
	list := []ast.Node{text}
	if a, ok := text.(*ast.ArrayNode); ok {
		list = a.Nodes
	}
	for _, n := range list {
		if s, ok := n.(*ast.StringNode); ok {
			for _, name := range strings.Fields(s.Value) { // coordinator returns several names as one text
				p.named = append(p.named, nodeName{name: name, as: FormerNode})
			}
		}
	}
}

// givesNodes reports whether the value of n is names of nodes.
func givesNodes(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallNode:
		return functions[callee(n)].nodes
	case *ast.MemberNode:
		return givesNodes(n.Node)
	case *ast.SliceNode:
		return givesNodes(n.Node)
	}
	return false
}

// isElement reports whether n is #, the element of a predicate.
func isElement(n ast.Node) bool { _, ok := n.(*ast.PointerNode); return ok }

// mirrored maps each comparison to the one with its sides exchanged.
var mirrored = map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// isVacuous reports whether n is a count whose comparison with a number has a fixed result.
func isVacuous(n ast.Node, operator string, with ast.Node) bool {
	if _, ok := mirrored[operator]; !ok || !isCount(n) {
		return false
	}
	switch w := with.(type) {
	case *ast.UnaryNode:
		_, number := w.Node.(*ast.IntegerNode)
		return w.Operator == "-" && number
	case *ast.FloatNode:
		return w.Value != math.Trunc(w.Value) && (operator == "==" || operator == "!=")
	case *ast.IntegerNode:
		return w.Value == 0 && (operator == "<" || operator == ">=")
	}
	return false
}

// isCount reports whether the value of n is a whole number of at least 0.
func isCount(n ast.Node) bool {
	switch c := n.(type) {
	case *ast.CallNode:
		_, ok := functions[callee(c)].gives.(int)
		return ok
	case *ast.BuiltinNode:
		return c.Name == "len"
	}
	return false
}
