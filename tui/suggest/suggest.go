package suggest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/vclock"
	"ringside/engine/view"
	"ringside/tui/command"
	"ringside/tui/replicas"
	"ringside/tui/state"
)

// Proposals for a cluster in which no key is known.
const (
	firstWrite = "put cart milk --save @cart"
	firstRead  = "get cart --save @cart"
)

// A Model remembers which of the steps ran, and which contexts were saved.
type Model struct {
	state    *state.State
	flags    []verbs.Flag // that every verb has beyond its own
	steps    []string
	taken    int               // how many of the steps ran
	contexts map[string]string // name → key whose context a command saved there
	client   bool              // commands are those of a client, which keeps its own contexts
}

// New returns a Model that proposes steps first. flags are those that every verb has beyond its
// own.
func New(s *state.State, steps []string, flags []verbs.Flag) *Model {
	return &Model{state: s, steps: steps, flags: flags, contexts: map[string]string{}}
}

// SpeakAs says whose commands the proposals will be, "" for no client. A client keeps its own
// contexts, so its proposals name none.
func (m *Model) SpeakAs(client string) { m.client = client != "" }

// namedContext matches the flags of a proposal that name a context.
var namedContext = regexp.MustCompile(` (-c|--save) @\S+`)

// First returns the best proposal, "" if there is none.
func (m *Model) First() string {
	if next := m.Next(); len(next) > 0 {
		return next[0]
	}
	return ""
}

// Next returns the proposals, best first. No other proposal has the verb of the first one.
func (m *Model) Next() []string {
	var out []string
	if i := m.step(); i < len(m.steps) && m.state.Playback == nil {
		out = []string{m.steps[i]}
	}
	if n := m.stopped(out); n != nil {
		out = append([]string{wake(n)}, out...)
	}
	for _, line := range m.forState() {
		if len(out) == 0 || verb(line) != verb(out[0]) {
			out = append(out, line)
		}
	}
	if m.client {
		for i := range out {
			out[i] = namedContext.ReplaceAllString(out[i], "")
		}
	}
	return out
}

// forState returns the proposals that follow from what the view knows.
func (m *Model) forState() []string {
	v := m.state.View
	if sum, ok := replicas.Of(v, m.state.Key()); ok {
		return m.forKey(sum)
	}
	if v.Ring == nil || m.state.Playback != nil {
		return nil
	}
	if slices.ContainsFunc(v.Nodes, func(n *view.Node) bool { return n.Keys > 0 || n.HintTotal() > 0 }) {
		return []string{firstRead} // the key may have a value
	}
	return []string{firstWrite}
}

// stopped returns a node that must run before the steps can: one that they name, or any node if
// none runs. It returns nil if there is no such node.
func (m *Model) stopped(steps []string) *view.Node {
	v := m.state.View
	if m.state.Playback != nil {
		return nil
	}
	for _, line := range steps {
		names, _ := command.Parse(line, m.flags).Nodes()
		for _, name := range names {
			if n := v.Node(name); n != nil && n.Status != view.Up {
				return n
			}
		}
	}
	var first *view.Node
	for _, n := range v.Nodes {
		switch {
		case n.Status == view.Up:
			return nil
		case first == nil || first.Status == view.Down && n.Status == view.Paused:
			first = n
		}
	}
	return first
}

// wake returns the command that lets a node run again.
func wake(n *view.Node) string {
	if n.Status == view.Paused {
		return "resume " + n.Name
	}
	return "restart " + n.Name
}

// outdated reports whether a step that is left fits other members than those that there are now: it
// names a node that is gone, or splits the network without one that joined.
func (m *Model) outdated() bool {
	v := m.state.View
	if v.Ring == nil || m.taken > len(m.steps) {
		return false
	}
	for _, line := range m.steps[m.taken:] {
		names, whole := command.Parse(line, m.flags).Nodes()
		for _, name := range names {
			if v.Node(name) == nil || !v.Ring.Has(name) {
				return true
			}
		}
		if whole && slices.ContainsFunc(v.Nodes, func(n *view.Node) bool { return !slices.Contains(names, n.Name) }) {
			return true
		}
	}
	return false
}

// step returns the index of the first step that neither ran nor is pointless now. No step is left
// if the members changed so that a step no longer fits them.
func (m *Model) step() int {
	if m.outdated() {
		return len(m.steps)
	}
	i := m.taken
	for i < len(m.steps) && m.pointless(m.steps[i]) {
		i++
	}
	return i
}

// pointless reports whether a line would do nothing now, or harm: a put without a context over a
// value is a blind write.
func (m *Model) pointless(line string) bool {
	v, c := m.state.View, command.Parse(line, m.flags)
	switch {
	case c.Is("wait"):
		return strings.Contains(line, "hints=0") && v.Hints() == 0
	case c.Is("heal"):
		return len(v.Groups) == 0 && len(v.Slow) == 0 && len(v.Loss) == 0
	case c.Is("partition"):
		return len(v.Groups) > 0
	case c.Is("resolve"):
		sum, ok := replicas.Of(v, []byte(c.Key()))
		return ok && len(sum.Heads) > 0 && sum.Siblings() <= 1
	case c.Is("put") && c.Flag("c") == "":
		return m.hasValue(c.Key())
	case c.Is("put"): // one node or another matters only in a split
		return c.Flag("via") != "" && len(v.Groups) == 0
	}
	return false
}

// hasValue reports whether any node was seen to hold the key.
func (m *Model) hasValue(key string) bool {
	k := m.state.View.Key([]byte(key))
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

// Started notes that a line runs. A step counts as taken once its verb runs.
func (m *Model) Started(line string) {
	if i := m.step(); i < len(m.steps) && verb(line) == verb(m.steps[i]) {
		m.taken = i + 1
	}
}

func verb(line string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return first
}

// Finished notes that a command on a key ran, and under which name it saved the key's context. A
// write in a whole cluster makes older contexts of the key out of date. In a split they stay,
// because the other side has nothing newer.
func (m *Model) Finished(c command.Command) {
	key := c.Key()
	if len(m.state.View.Groups) == 0 && c.Writes() {
		maps.DeleteFunc(m.contexts, func(_, k string) bool { return k == key })
	}
	if name := c.Flag("save"); name != "" {
		m.contexts[name] = key
	}
}

// Forget drops the contexts that were noted. After a heal the versions of both sides meet, so a key
// should be read again.
func (m *Model) Forget() { clear(m.contexts) }

// maxContextName is how long a key may be that names its own context.
const maxContextName = 16

// contextOf returns the name of the context to use for a key, and whether a command saved it.
func (m *Model) contextOf(key string) (name string, saved bool) {
	name = "@c"
	plain := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' }
	if len(key) <= maxContextName && strings.IndexFunc(key, func(r rune) bool { return !plain(r) }) < 0 {
		name = "@" + key
	}
	if m.contexts[name] == key {
		return name, true
	}
	var others []string
	for n, k := range m.contexts {
		if k == key {
			others = append(others, n)
		}
	}
	if len(others) > 0 {
		return slices.Min(others), true
	}
	return name, false
}

// maxBase is how long a value may be that a proposal repeats.
const maxBase = 40

// withItem returns a value with one of items added, as resolve --union reads values: a JSON array,
// or items with commas between them.
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
