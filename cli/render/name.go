package render

import (
	"fmt"
	"strconv"
	"strings"

	"ringside/engine/escape"
	"ringside/engine/ring"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// Limits on untrusted text in one line, in runes.
const (
	MaxKey   = 40  // of a key in a sentence
	MaxWord  = 60  // of a word that the user typed, in an error
	MaxValue = 400 // of a value on a line of its own
)

// Node returns a node's name. A name longer than wire.MaxName comes from a forged cluster, and is
// cut.
func Node(name string) string { return escape.TerminalShort([]byte(name), wire.MaxName) }

// Nodes returns the names of nodes with spaces between them.
func Nodes(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = Node(n)
	}
	return strings.Join(out, " ")
}

// FewNodes returns the names of the first limit nodes, and the number of the others.
func FewNodes(names []string, limit int) string {
	if len(names) <= limit {
		return Nodes(names)
	}
	return fmt.Sprintf("%s and %d more", Nodes(names[:limit]), len(names)-limit)
}

// Sides returns the groups of a split: "n1 n2 │ n3 n4 n5". A group of more than limit nodes is
// counted instead, as in "B 15 nodes"; with limit 0 every node is named.
func Sides(groups [][]string, limit int) string {
	out := make([]string, len(groups))
	for i, g := range groups {
		out[i] = Nodes(g)
		if limit > 0 && len(g) > limit {
			out[i] = Side(i) + " " + Count(len(g), "node")
		}
	}
	return strings.Join(out, " │ ")
}

// Side returns the letter of the i-th side of a split: A to Z, then numbers from 27 on. For a
// negative i, which stands for no side, it returns "".
func Side(i int) string {
	switch {
	case i < 0:
		return ""
	case i < 26:
		return string(rune('A' + i))
	}
	return strconv.Itoa(i + 1)
}

// Key returns a key for a sentence, cut to MaxKey runes in its middle.
func Key(key []byte) string { return KeyIn(key, MaxKey) }

// KeyIn returns a key of at most limit runes. An ellipsis takes the place of the middle of a longer
// key: the keys of one bucket of Riak begin alike, and differ at their ends.
func KeyIn(key []byte, limit int) string {
	all := []rune(escape.Terminal(key))
	if len(all) <= limit {
		return string(all)
	}
	kept := max(limit-1, 0) // beside the ellipsis
	return string(all[:kept-kept/2]) + "…" + string(all[len(all)-kept/2:])
}

// Short returns a word or a value for a sentence, cut to MaxKey runes at its end.
func Short(b []byte) string { return escape.TerminalShort(b, MaxKey) }

// Text returns untrusted text of any length: an error or a message of another node.
func Text(s string) string { return escape.Terminal([]byte(s)) }

// Typed returns what the user typed, of any length: a command, a condition or the name of a file.
// Unlike Text it leaves backslashes as they are.
func Typed(s string) string { return escape.Typed([]byte(s)) }

// Quoted returns a word that the user typed, in single quotes and cut to MaxWord runes.
func Quoted(s string) string { return "'" + escape.TypedShort([]byte(s), MaxWord) + "'" }

// Value returns a version's value, cut to limit runes. A delete is "(deleted)", and a value
// without bytes is "(empty)".
func Value(v vclock.Version, limit int) string {
	switch {
	case v.Deleted:
		return "(deleted)"
	case len(v.Value) == 0:
		return "(empty)"
	}
	return escape.TerminalShort(v.Value, max(limit, 1))
}

// Clock returns a version's clock in the notation of package vclock: {n1:1 n3:.2}.
func Clock(v vclock.Version) string { return Text(v.Notation()) }

// Clocks returns the clocks of siblings, "nothing" if there are none.
func Clocks(s vclock.Siblings) string {
	if len(s) == 0 {
		return "nothing"
	}
	return Text(s.String())
}

// Versions returns how many versions there are. A delete is not a sibling of values, so deletes
// are counted apart: "2 versions", "1 version and 1 delete".
func Versions(s vclock.Siblings) string {
	live := len(s.Live())
	deletes := len(s) - live
	switch {
	case deletes == 0:
		return Count(live, "version")
	case live == 0:
		return Count(deletes, "delete")
	}
	return Count(live, "version") + " and " + Count(deletes, "delete")
}

// Position returns the first digits of a position on the ring.
func Position(p ring.Position) string { return p.String()[:8] + "…" }

// outcomes are the words for the codes with which a request fails.
var outcomes = map[wire.Code]string{
	wire.QuorumNotReached: "quorum not reached",
	wire.NodeDown:         "node is down",
	wire.Overloaded:       "overloaded, nothing was written",
	wire.ContextRefused:   "context refused",
	wire.TooLarge:         "too large",
	wire.BadRequest:       "bad request",
	wire.Damaged:          "replica is damaged",
}

// Outcome returns the words for the code of a failed request.
func Outcome(code wire.Code) string {
	if s, ok := outcomes[code]; ok {
		return s
	}
	return strings.ReplaceAll(code.String(), "_", " ")
}
