package condition

import (
	"context"
	"fmt"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/escape"
	"ringside/engine/vclock"
	"ringside/engine/view"
)

// A function of the expression language takes strings. The first `needs` arguments are required;
// the others are optional. A function that needs no argument may be written without parentheses.
type function struct {
	needs int    // the number of arguments that must be given
	takes []Role // the role of each argument
	gives any    // a value of the result's type: int, bool, string or []string
	nodes bool   // the result is names of nodes
	call  func(ctx context.Context, l *look, args []string) (any, error)
}

var (
	oneKey  = []Role{Key}
	oneNode = []Role{Node}
)

var functions = map[string]function{
	"siblings": {needs: 1, takes: oneKey, gives: 0,
		call: ofGet(func(g *getResult) (any, error) { return len(g.Siblings), nil })},
	"found": {needs: 1, takes: oneKey, gives: false,
		call: ofGet(func(g *getResult) (any, error) { return len(g.Siblings) > 0, nil })},
	"deleted": {needs: 1, takes: oneKey, gives: false,
		call: ofGet(func(g *getResult) (any, error) { return g.Deleted(), nil })},
	"value": {needs: 1, takes: oneKey, gives: "", call: ofGet(singleValue)},
	"values": {needs: 1, takes: oneKey, gives: []string{}, call: ofGet(func(g *getResult) (any, error) {
		return eachSibling(g, func(v vclock.Version) string { return string(v.Value) }), nil
	})},
	"clock": {needs: 1, takes: oneKey, gives: "",
		call: ofGet(func(g *getResult) (any, error) { return g.Siblings.String(), nil })},
	"clocks": {needs: 1, takes: oneKey, gives: []string{},
		call: ofGet(func(g *getResult) (any, error) { return eachSibling(g, vclock.Version.Notation), nil })},
	"coordinator": {needs: 1, takes: oneKey, gives: "", nodes: true,
		call: ofGet(func(g *getResult) (any, error) {
			return strings.Join(eachSibling(g, func(v vclock.Version) string { return v.Dot.Node }), " "), nil
		})},
	"homes": {needs: 1, takes: oneKey, gives: []string{}, nodes: true,
		call: ofView(func(v *view.Cluster, args []string) (any, error) { return v.Ring.Homes([]byte(args[0])), nil })},
	"converged": {takes: oneKey, gives: false, call: isConverged},
	"preference": {needs: 1, takes: oneKey, gives: []string{}, nodes: true,
		call: ofView(func(v *view.Cluster, args []string) (any, error) { return v.Ring.Preference([]byte(args[0])), nil })},
	"replica":     {needs: 2, takes: []Role{Node, Key, FormerNode}, gives: "", call: replicaClocks},
	"held":        {needs: 2, takes: []Role{Node, Key}, gives: 0, call: heldCount},
	"holders":     {needs: 1, takes: oneKey, gives: []string{}, nodes: true, call: holders},
	"keepers":     {needs: 1, takes: oneKey, gives: []string{}, nodes: true, call: keepers},
	"relation":    {needs: 3, takes: []Role{Node, Node, Key}, gives: "", call: relationOf},
	"members":     {needs: 1, takes: oneNode, gives: []string{}, nodes: true, call: membersOf},
	"suspects":    {needs: 1, takes: oneNode, gives: []string{}, nodes: true, call: suspectsOf},
	"tokens":      {needs: 1, takes: []Role{FormerNode}, gives: 0, call: ofView(tokenCount)},
	"suspectedby": {needs: 1, takes: oneNode, gives: []string{}, nodes: true, call: ofView(suspectedBy)},
	"lossy": {gives: false,
		call: ofView(func(v *view.Cluster, _ []string) (any, error) { return len(v.Loss) > 0, nil })},
	"apart":     {needs: 2, takes: []Role{Node, Node}, gives: false, call: ofView(areApart)},
	"requests":  {needs: 2, takes: []Role{Word, Key, Word}, gives: 0, call: requestCount},
	"refused":   {needs: 2, takes: []Role{Word, Key, Word}, gives: 0, call: refusedCount},
	"took":      {needs: 2, takes: []Role{Word, Key, Word}, gives: 0, call: lastTook},
	"acks":      {needs: 2, takes: []Role{Word, Key, Word}, gives: []string{}, nodes: true, call: lastAcks},
	"via":       {needs: 2, takes: []Role{Word, Key, Word}, gives: "", nodes: true, call: lastVia},
	"wiped":     {needs: 1, takes: oneNode, gives: false, call: wasWiped},
	"seq":       {needs: 1, takes: []Role{Word, FormerNode}, gives: 0, call: lastSeq},
	"writers":   {needs: 1, takes: oneKey, gives: []string{}, nodes: true, call: writersOf},
	"stored":    {needs: 2, takes: []Role{Node, Key}, gives: "", call: lastStored},
	"syncbytes": {gives: 0, call: ofPast(func(v *view.Cluster) any { return v.Sync.Bytes })},
	"copybytes": {gives: 0, call: ofPast(func(v *view.Cluster) any { return v.Sync.FullCopy })},
	"strict":    {needs: 2, takes: []Role{Word, Key, Node}, gives: 0, call: strictCount},
	"blind":     {needs: 1, takes: oneKey, gives: 0, call: blindCount},
	"keys":      {needs: 1, takes: oneNode, gives: 0, call: ofNode(func(n *view.Node) any { return n.Keys })},
	"up":        {takes: oneNode, gives: false, call: statusIs(view.Up)},
	"down":      {needs: 1, takes: oneNode, gives: false, call: statusIs(view.Down)},
	"paused":    {needs: 1, takes: oneNode, gives: false, call: statusIs(view.Paused)},
	"nodes": {gives: []string{}, nodes: true,
		call: ofView(func(v *view.Cluster, _ []string) (any, error) { return v.Settings.Nodes, nil })},
	"split": {gives: false,
		call: ofView(func(v *view.Cluster, _ []string) (any, error) { return v.Groups != nil, nil })},
	"hints":    {takes: []Role{Node, FormerNode}, gives: 0, call: ofView(hintCount)},
	"lost":     {gives: 0, call: lostCount},
	"buffered": {takes: oneNode, gives: 0, call: ofView(bufferedCount)},
}

func ofGet(f func(*getResult) (any, error)) func(context.Context, *look, []string) (any, error) {
	return func(ctx context.Context, l *look, args []string) (any, error) {
		g, err := l.get(ctx, args[0])
		if err != nil {
			return nil, err
		}
		return f(g)
	}
}

func ofView(f func(*view.Cluster, []string) (any, error)) func(context.Context, *look, []string) (any, error) {
	return func(ctx context.Context, l *look, args []string) (any, error) {
		v, err := l.view(ctx)
		if err != nil {
			return nil, err
		}
		return f(v, args)
	}
}

func ofNode(f func(*view.Node) any) func(context.Context, *look, []string) (any, error) {
	return ofView(func(v *view.Cluster, args []string) (any, error) {
		n, err := nodeOf(v, args[0])
		if err != nil {
			return nil, err
		}
		return f(n), nil
	})
}

// statusIs returns the function that reports whether the node of its argument has a status. Without
// an argument, the function reports whether every node has the status.
func statusIs(want view.Status) func(context.Context, *look, []string) (any, error) {
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

// singleValue returns the value of a key, "" if there is none, and an error for siblings.
func singleValue(g *getResult) (any, error) {
	if len(g.Siblings) > 1 {
		return nil, &exit.Error{Exit: exit.Siblings, Code: "siblings",
			Message: fmt.Sprintf("value(%s): there are %d siblings: %s",
				escape.Terminal(g.key), len(g.Siblings), showVersions(g.Siblings))}
	}
	return strings.Join(eachSibling(g, func(v vclock.Version) string { return string(v.Value) }), ""), nil
}

func isConverged(ctx context.Context, l *look, args []string) (any, error) {
	blocks, err := "", error(nil)
	if len(args) == 1 {
		blocks, err = converged(ctx, l, []byte(args[0]))
	} else {
		blocks, err = allConverged(ctx, l)
	}
	if blocks != "" {
		l.notes = append(l.notes, blocks)
	}
	return blocks == "", err
}

func replicaClocks(ctx context.Context, l *look, args []string) (any, error) {
	node, key := args[0], []byte(args[1])
	cluster, err := l.viewOf(ctx, key)
	if err != nil {
		return nil, err
	}
	if _, err := nodeOf(cluster, node); err != nil {
		return nil, err
	}
	home := ""
	if len(args) > 2 {
		home = args[2]
	}
	if k := cluster.Key(key); k != nil {
		return k.Held[node][home].String(), nil
	}
	return "", nil
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
	if err := CheckNode(v, args[1], FormerNode); err != nil {
		return nil, err
	}
	return n.Hints[args[1]].Keys, nil
}

// lostCount returns the number of acknowledged writes that last write wins lost. A node's count
// starts at zero when the node starts, so the event log may show more lost writes than the nodes
// do.
func lostCount(ctx context.Context, l *look, _ []string) (any, error) {
	now, err := l.view(ctx)
	if err != nil {
		return nil, err
	}
	past, err := l.past(ctx)
	return max(past.Lost(), now.Lost()), err
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
	return v.Node(name), CheckNode(v, name, Node)
}

func eachSibling(g *getResult, f func(vclock.Version) string) []string {
	out := make([]string, len(g.Siblings))
	for i, v := range g.Siblings {
		out[i] = f(v)
	}
	return out
}

// showVersions returns the clock and the value of each version.
func showVersions(s vclock.Siblings) string {
	parts := make([]string, len(s))
	for i, v := range s {
		parts[i] = render.Value(v, render.MaxKey)
		if v.Dot.Counter > 0 { // a version of a foreign cluster has no clock
			parts[i] = v.Notation() + " " + parts[i]
		}
	}
	return strings.Join(parts, " ‖ ")
}
