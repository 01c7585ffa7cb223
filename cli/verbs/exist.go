package verbs

// A node or kind of event that a command or condition names must exist. Otherwise a
// condition on a mistyped name could always hold.

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"ringside/cli/render"
	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/engine/view"
)

// A nodeName is a node that a condition names, and the role in which the condition names it.
type nodeName struct {
	name string
	as   role
}

// checkName returns a usage error if there is no node of that name. For aFormerNode, a node that
// was a member is sufficient.
func checkName(v *view.Cluster, name string, as role) error {
	if v.Node(name) != nil {
		return nil
	}
	if _, was := v.History.Latest()[name]; was && as == aFormerNode {
		return nil
	}
	return usage.Errorf("there is no node %s; there are %s", render.Quoted(name), render.Nodes(v.Settings.Nodes))
}

// checkKinds returns an error if the list names a kind of event that does not exist.
func checkKinds(list string) error {
	for kind := range strings.SplitSeq(list, ",") {
		if _, ok := event.Sections[event.Kind(kind)]; ok {
			continue
		}
		var all []string
		for k := range event.Sections {
			all = append(all, string(k))
		}
		slices.Sort(all)
		return fmt.Errorf("there is no kind of event %s%s; there are %s",
			render.Quoted(kind), render.DidYouMean(kind, all), strings.Join(all, " "))
	}
	return nil
}

// compare checks a comparison. It notes the nodes that the comparison names, and refuses a
// comparison of a count that always has the same result.
func (p *patcher) compare(n *ast.BinaryNode) {
	switch n.Operator {
	case "==", "!=", "in":
		p.nameEach(n.Left, n.Right, givesNodes)
		p.nameEach(n.Right, n.Left, givesNodes)
	}
	if p.err == nil && (vacuous(n.Left, n.Operator, n.Right) || vacuous(n.Right, mirrored[n.Operator], n.Left)) {
		p.err = fmt.Errorf("invalid condition %s: the result is always the same, "+
			"because a count is a whole number of at least 0",
			render.Quoted(n.String()))
	}
}

// each notes the nodes that the predicate of all, any or none names: all(nodes, # != n9).
func (p *patcher) each(n *ast.BuiltinNode) {
	if len(n.Arguments) < 2 || !givesNodes(n.Arguments[0]) {
		return
	}
	predicate := n.Arguments[1]
	ast.Walk(&predicate, visit(func(inner ast.Node) {
		if b, ok := inner.(*ast.BinaryNode); ok && slices.Contains([]string{"==", "!=", "in"}, b.Operator) {
			p.nameEach(b.Left, b.Right, isElement)
			p.nameEach(b.Right, b.Left, isElement)
		}
	}))
}

type visit func(ast.Node)

func (f visit) Visit(n *ast.Node) { f(*n) }

// nameEach notes the nodes that text names, if the other side of the comparison is names of nodes.
func (p *patcher) nameEach(nodes, text ast.Node, isNodes func(ast.Node) bool) {
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
				p.named = append(p.named, nodeName{name, aFormerNode})
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

func isElement(n ast.Node) bool { _, ok := n.(*ast.PointerNode); return ok }

// mirrored maps each comparison to the one with its sides exchanged.
var mirrored = map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// vacuous reports whether n is a count whose comparison with a number always has the same result.
func vacuous(n ast.Node, operator string, with ast.Node) bool {
	switch c := n.(type) {
	case *ast.CallNode:
		if _, ok := functions[callee(c)].gives.(int); !ok {
			return false
		}
	case *ast.BuiltinNode:
		if c.Name != "len" {
			return false
		}
	default:
		return false
	}
	if _, ok := mirrored[operator]; !ok {
		return false
	}
	if u, ok := with.(*ast.UnaryNode); ok && u.Operator == "-" {
		_, number := u.Node.(*ast.IntegerNode)
		return number
	}
	if f, ok := with.(*ast.FloatNode); ok {
		return f.Value != math.Trunc(f.Value) && (operator == "==" || operator == "!=")
	}
	i, ok := with.(*ast.IntegerNode)
	return ok && i.Value == 0 && (operator == "<" || operator == ">=")
}
