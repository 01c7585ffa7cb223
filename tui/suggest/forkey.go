package suggest

import (
	"slices"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/tui/command"
	"ringside/tui/replicas"
)

// forKey returns the proposals that follow from the state of a key.
func (m *Model) forKey(sum replicas.Summary) []string {
	v, key := m.state.View, command.Quote(string(sum.Key))
	if escape.Terminal(sum.Key) != string(sum.Key) || strings.HasPrefix(key, "-") { // it is hard to type
		return []string{"events", "hints"}
	}
	if m.state.Playback != nil { // a recording cannot be changed
		return []string{"inspect " + key, "trace last"}
	}
	context, saved := m.contextOf(string(sum.Key))
	get := "get " + key
	read := get + " --save " + context
	for _, h := range sum.Homes {
		if n := v.Node(h); n != nil && n.Status != view.Up && len(v.Groups) == 0 {
			return []string{wake(n), get}
		}
	}
	diverged := sum.Siblings() > 1 || len(sum.Stale) > 0
	switch {
	case len(sum.Heads) == 0 && v.Key(sum.Key) == nil: // no replica was seen yet
		return []string{read}
	case len(sum.Heads) == 0:
		return []string{"put " + key + " milk --save " + context}
	case len(v.Groups) > 0:
		return m.inSplit(sum, context, saved)
	case sum.Siblings() > 1 && sum.Agreed(v):
		return []string{"resolve " + key + " --union", "why " + key, read}
	case diverged && v.Hints() > 0:
		return []string{"wait hints=0", get}
	case diverged:
		return []string{read, "hints"}
	case !saved:
		return []string{read, m.split(sum), "trace last"}
	}
	return []string{m.split(sum), get, "trace last"}
}

// inSplit returns the proposals during a split. They lead to a conflict by two writes that have
// read the version that they replace: one on each side.
func (m *Model) inSplit(sum replicas.Summary, context string, saved bool) []string {
	key, far := command.Quote(string(sum.Key)), m.otherSide(sum.Homes[0])
	if sum.Siblings() > 1 {
		return []string{"heal", "get " + key + " --via " + far, "trace last"}
	}
	if !saved {
		return []string{"get " + key + " --save " + context, "heal"}
	}
	via, items, base := far, []string{"beer", "bread", "tea"}, sum.Heads[0]
	if behind, old := m.behind(sum); behind != "" {
		via, items, base = behind, []string{"eggs", "salt", "jam"}, old
	}
	value := command.Quote(withItem(base, items))
	return []string{"put " + key + " " + value + " -c " + context + " --via " + via, "heal"}
}

// behind returns a home on a side of the split that lacks the newest version, and the version that
// the home holds instead. It returns "" if there is no such home.
func (m *Model) behind(sum replicas.Summary) (node string, old vclock.Version) {
	v := m.state.View
	for _, h := range sum.Homes {
		n := v.Node(h)
		if n == nil || n.Status != view.Up || !slices.Contains(sum.Stale, h) || m.sideHolds(sum, v.Side(h)) {
			continue
		}
		if held := v.Key(sum.Key).Held[h][""]; len(held) > 0 {
			old = held[0]
		}
		return h, old
	}
	return "", old
}

// sideHolds reports whether a node on a side of the split holds the newest version.
func (m *Model) sideHolds(sum replicas.Summary, side int) bool {
	v := m.state.View
	for _, h := range sum.Holdings {
		if !h.Siblings.Equal(sum.Heads) {
			continue
		}
		if slices.ContainsFunc(h.Homes, func(n string) bool { return v.Side(n) == side }) ||
			slices.ContainsFunc(h.Hints, func(x replicas.Hint) bool { return v.Side(x.Holder) == side }) {
			return true
		}
	}
	return false
}

// otherSide returns a node on another side of the split than node, or node if there is none.
func (m *Model) otherSide(node string) string {
	v := m.state.View
	for _, n := range v.Nodes {
		if n.Status == view.Up && v.Side(n.Name) != v.Side(node) {
			return n.Name
		}
	}
	return node
}

// maxCut is how many nodes a proposal names as one side of a split.
const maxCut = 6

// split returns the proposal of a split: the first home and some fallbacks on one side.
func (m *Model) split(sum replicas.Summary) string {
	nodes := m.state.View.Nodes
	if len(nodes) < 2 {
		return "status"
	}
	var cut []string
	for _, n := range nodes {
		if n.Name == sum.Homes[0] || len(cut) < len(nodes)/2 && slices.Contains(sum.Fallbacks, n.Name) {
			cut = append(cut, n.Name)
		}
	}
	if len(cut) == len(nodes) || len(cut) > maxCut {
		return "partition " + sum.Homes[0]
	}
	return "partition " + strings.Join(cut, ",")
}
