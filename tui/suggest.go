package tui

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/vclock"
	"ringside/engine/view"
)

// firstSteps are for a cluster in which no key is known.
const (
	firstWrite = "put cart milk --save @cart"
	firstRead  = "get cart --save @cart"
)

// suggestion is what an empty line proposes: the next of the suggested first
// steps, then what the chosen key's state calls for.
func (m *model) suggestion() string {
	if i := m.step(); i < len(m.o.Suggest) {
		return m.o.Suggest[i]
	}
	if a, ok := m.account(); ok {
		if next := m.next(a); len(next) > 0 {
			return next[0]
		}
		return ""
	}
	if m.view.Ring == nil || m.playback() != nil {
		return ""
	}
	if slices.ContainsFunc(m.view.Nodes, func(n *view.Node) bool { return n.Keys > 0 || n.HintTotal() > 0 }) {
		return firstRead // it may have a value
	}
	return firstWrite
}

// step is the first of the suggested steps that is neither taken nor moot.
func (m *model) step() int {
	i := m.prompt.suggested
	for i < len(m.o.Suggest) && m.moot(m.o.Suggest[i]) {
		i++
	}
	return i
}

// moot says whether a suggested line would do nothing, or harm: a put without
// a context over a value is a blind write.
func (m *model) moot(line string) bool {
	v, w := m.view, words(line)
	switch verb(line) {
	case "wait":
		return strings.Contains(line, "hints=0") && v.Hints() == 0
	case "heal":
		return len(v.Groups) == 0 && len(v.Slow) == 0 && len(v.Loss) == 0
	case "partition":
		return len(v.Groups) > 0
	case "put":
		return !slices.Contains(w, "-c") && m.hasValue(keyOf(line))
	}
	return false
}

// hasValue says whether any node was seen to hold the key.
func (m *model) hasValue(key string) bool {
	k := m.view.Key([]byte(key))
	if k == nil {
		return false
	}
	for _, held := range k.Held {
		for _, s := range held {
			if len(s) > 0 {
				return true
			}
		}
	}
	return false
}

// noteContext remembers under which name a command saved a key's context. A
// write in a whole cluster makes older contexts of the key out of date; in a
// split they are what the other side still has to go by.
func (m *model) noteContext(line, key string) {
	w := words(line)
	if len(m.view.Groups) == 0 && slices.Contains([]string{"put", "del", "resolve"}, w[0]) {
		maps.DeleteFunc(m.prompt.contexts, func(_, k string) bool { return k == key })
	}
	for i, x := range w {
		name, joined := strings.CutPrefix(x, "--save=")
		if x == "--save" && i+1 < len(w) {
			name, joined = w[i+1], true
		}
		if joined && name != "" {
			if m.prompt.contexts == nil {
				m.prompt.contexts = map[string]string{}
			}
			m.prompt.contexts[name] = key
		}
	}
}

// maxContextName is how long a key may be that names its own context.
const maxContextName = 16

// contextOf names the context to use for a key, and says whether it was saved.
func (m *model) contextOf(key string) (name string, saved bool) {
	name = "@c"
	plain := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' }
	if len(key) <= maxContextName && strings.IndexFunc(key, func(r rune) bool { return !plain(r) }) < 0 {
		name = "@" + key
	}
	if m.prompt.contexts[name] == key {
		return name, true
	}
	var others []string
	for n, k := range m.prompt.contexts {
		if k == key {
			others = append(others, n)
		}
	}
	if len(others) > 0 {
		return slices.Min(others), true
	}
	return name, false
}

// next proposes commands that lead on from the key's state.
func (m *model) next(a account) []string {
	key := quoteWord(string(a.key))
	if escape.Terminal(a.key) != string(a.key) { // no one can type it
		return []string{"events", "hints"}
	}
	if m.playback() != nil { // what happened has happened
		return []string{"inspect " + key, "trace last"}
	}
	context, saved := m.contextOf(string(a.key))
	get := "get " + key
	read := get + " --save " + context
	for _, h := range a.homes {
		if n := m.view.Node(h); n != nil && n.Status == view.Down && len(m.view.Groups) == 0 {
			return []string{"restart " + h, get}
		}
	}
	switch {
	case len(a.heads) == 0 && m.view.Key(a.key) == nil: // nobody told yet
		return []string{read}
	case len(a.heads) == 0:
		return []string{"put " + key + " milk --save " + context}
	case len(m.view.Groups) > 0:
		return m.nextInSplit(a, key, context, saved)
	case len(a.heads) > 1 && m.agreed(a):
		return []string{"resolve " + key + " --union", read}
	case (len(a.heads) > 1 || len(a.stale) > 0) && m.view.Hints() > 0:
		return []string{"wait hints=0", get}
	case len(a.heads) > 1 || len(a.stale) > 0:
		return []string{read, "hints"}
	case !saved:
		return []string{read, m.splitProposal(a), "trace last"}
	}
	return []string{m.splitProposal(a), get, "trace last"}
}

// nextInSplit leads to a conflict by writes that have read what they replace:
// one on each side.
func (m *model) nextInSplit(a account, key, context string, saved bool) []string {
	far := m.otherSide(a.homes[0])
	if len(a.heads) > 1 {
		return []string{"heal", "get " + key + " --via " + far, "trace last"}
	}
	if !saved {
		return []string{"get " + key + " --save " + context, "heal"}
	}
	via, items, base := far, []string{"beer", "bread", "tea"}, a.heads[0]
	if behind, old := m.behind(a); behind != "" {
		via, items, base = behind, []string{"eggs", "salt", "jam"}, old
	}
	return []string{"put " + key + " " + quoteWord(withItem(base, items)) + " -c " + context + " --via " + via, "heal"}
}

// behind is a node on a side of the split where a home has not got the newest
// version, and what it has instead.
func (m *model) behind(a account) (node string, old vclock.Version) {
	for _, h := range a.homes {
		n := m.view.Node(h)
		if n == nil || n.Status != view.Up || !slices.Contains(a.stale, h) || m.sideHolds(a, m.view.Side(h)) {
			continue
		}
		if held := m.view.Key(a.key).Held[h][""]; len(held) > 0 {
			old = held[0]
		}
		return h, old
	}
	return "", old
}

// sideHolds says whether a node on that side holds the newest version.
func (m *model) sideHolds(a account, side int) bool {
	for _, h := range a.holdings {
		if !h.siblings.Equal(a.heads) {
			continue
		}
		for _, n := range h.homes {
			if m.view.Side(n) == side {
				return true
			}
		}
		for _, x := range h.hints {
			if m.view.Side(x.holder) == side {
				return true
			}
		}
	}
	return false
}

// maxBase is how long a value may be that a suggestion repeats.
const maxBase = 40

// withItem adds one of items to a value as resolve --union reads it: to a JSON
// array, or to items parted by commas.
func withItem(v vclock.Version, items []string) string {
	base, item := string(v.Value), items[0]
	if i := slices.IndexFunc(items, func(s string) bool { return !strings.Contains(base, s) }); i > 0 {
		item = items[i]
	}
	if v.Deleted || base == "" || len(base) > maxBase || escape.Terminal(v.Value) != base {
		return item
	}
	var list []json.RawMessage
	if json.Unmarshal(v.Value, &list) == nil {
		out, err := json.Marshal(append(list, json.RawMessage(`"`+item+`"`)))
		if err == nil {
			return string(out)
		}
	}
	return base + "," + item
}

// otherSide is a node that node cannot reach.
func (m *model) otherSide(node string) string {
	side := m.view.Side(node)
	for _, n := range m.view.Nodes {
		if n.Status == view.Up && m.view.Side(n.Name) != side {
			return n.Name
		}
	}
	return node
}

// splitProposal cuts the fallbacks off from the homes, or the last node off.
func (m *model) splitProposal(a account) string {
	if len(m.view.Nodes) < 2 {
		return "status"
	}
	var cut []string
	for _, n := range m.view.Nodes {
		if n.Name == a.homes[0] || len(cut) < len(m.view.Nodes)/2 && m.isFallback(a, n.Name) {
			cut = append(cut, n.Name)
		}
	}
	if len(cut) == len(m.view.Nodes) || len(cut) > sideNodes {
		return "partition " + a.homes[0]
	}
	return "partition " + strings.Join(cut, ",")
}

func (m *model) isFallback(a account, node string) bool {
	for _, f := range a.fallbacks {
		if f == node {
			return true
		}
	}
	return false
}
