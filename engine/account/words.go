package account

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// maxMessage bounds the runes of a message of another node in a text.
const maxMessage = 200

// named returns a node's name for a text.
func named(node string) string { return escape.TerminalShort([]byte(node), wire.MaxName) }

// list returns names as in "n1, n2 and n3".
func list(nodes []string) string {
	switch len(nodes) {
	case 0:
		return "no node"
	case 1:
		return named(nodes[0])
	}
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = named(n)
	}
	return andList(out)
}

// andList returns texts as in "a, b and c".
func andList(texts []string) string {
	if len(texts) == 1 {
		return texts[0]
	}
	return strings.Join(texts[:len(texts)-1], ", ") + " and " + texts[len(texts)-1]
}

// clock returns the clock of a version.
func clock(v vclock.Version) string { return escape.Terminal([]byte(v.Notation())) }

// at returns a moment as a person reads a clock, in UTC: 12:04:25.
func at(t time.Duration) string { return event.Timestamp(t)[11:19] }

// keyName returns a key for a sentence.
func keyName(key []byte) string { return escape.TerminalShort(key, maxKey) }

// maxKey bounds the runes of a key in a text.
const maxKey = 40

// sides returns the groups of a split: "n1 n2 │ n3 n4 n5". Only a few nodes of a group are named.
func sides(groups [][]string) string {
	out := make([]string, len(groups))
	for i, g := range groups {
		names := make([]string, 0, maxNamed)
		for k, n := range g {
			if k == maxNamed {
				names = append(names, fmt.Sprintf("and %d more", len(g)-k))
				break
			}
			names = append(names, named(n))
		}
		out[i] = strings.Join(names, " ")
	}
	return strings.Join(out, " │ ")
}

// maxNamed bounds the nodes of a group that a text names.
const maxNamed = 6

// verb returns the form of a verb in -s for one thing, and without it for several.
func verb(n int, word string) string {
	if n == 1 {
		return word + "s"
	}
	return word
}

// ref names the write of a version: "#3 {n3:2}". A write of an earlier run has no number that a
// reader could look up.
func (a *Account) ref(v vclock.Version) string {
	if v.Request == 0 || time.Duration(v.Time) < a.known.Since {
		return clock(v)
	}
	return event.RequestName(v.Request) + " " + clock(v)
}

// what names what a write did: a put or a delete.
func what(v vclock.Version) string {
	if v.Deleted {
		return "delete"
	}
	return "put"
}

// inWords says the fate of a write in words.
func (s *state) inWords(w *write, out *Write) string {
	switch out.Fate {
	case Superseded:
		text := "replaced by " + s.ref(*out.By) + ", which had seen it"
		if s.isLWW() && w.version.Compare(*out.By) != vclock.Before {
			text = "overwritten by " + s.ref(*out.By) + " while it was on its way to " + named(out.By.Dot.Node)
		}
		if stale := out.holders(); len(stale) > 0 {
			text += "; " + list(stale) + " still " + verb(len(stale), "hold") + " it"
		}
		return text
	case Sibling:
		end := ": neither descends from the other"
		if s.isLWW() {
			end = ", which has a later time: last write wins will drop this one"
		}
		return "current on " + list(out.Homes) + ", beside " + s.rivals(w) + end
	case Visible:
		return s.visibleInWords(w, out)
	case Hint:
		return "no home holds it: " + heldOutside(out)
	case Buffer:
		return "in the memory of " + list(out.holders()) + ", and no node has said that it is on a disk: a crash may lose it"
	case Lost:
		return s.lostInWords(w, out)
	}
	return s.unknownInWords(w, out)
}

// holders lists the nodes that hold the write in any role.
func (w *Write) holders() []string {
	out := append([]string(nil), w.Homes...)
	for _, h := range w.Hints {
		out = append(out, h.Holder)
	}
	return append(out, w.Elsewhere...)
}

// rivals names the versions that stand beside a write.
func (s *state) rivals(w *write) string {
	var out []string
	for _, v := range s.current {
		if v.Dot != w.version.Dot {
			out = append(out, s.ref(v))
		}
	}
	return strings.Join(out, " and ")
}

func (a *Account) visibleInWords(w *write, out *Write) string {
	if len(out.Homes) == 0 {
		return "the key stays deleted: no node can hold anything older, so the tombstone was collected"
	}
	s := "current on " + list(out.Homes)
	if out.Version.Deleted {
		s = "in force: the tombstone is on " + list(out.Homes)
	}
	if len(out.Missing) > 0 {
		s += "; " + list(out.Missing) + " still " + verb(len(out.Missing), "lack") + " it"
	}
	if len(out.Hints) > 0 {
		s += "; " + heldOutside(&Write{Hints: out.Hints})
	}
	if len(out.Durable) > 0 && len(out.Durable) < len(out.holders()) {
		s += "; on the disk of " + list(out.Durable) + " only"
	}
	return s
}

// heldOutside says which nodes that are not homes hold a write.
func heldOutside(out *Write) string {
	var parts []string
	for _, hint := range out.Hints {
		parts = append(parts, named(hint.Holder)+" keeps it as a hint for "+named(hint.For))
	}
	if len(out.Elsewhere) > 0 {
		parts = append(parts, list(out.Elsewhere)+" "+verb(len(out.Elsewhere), "hold")+" it and "+
			verb(len(out.Elsewhere), "hand")+" it over to the homes")
	}
	return strings.Join(parts, "; ")
}

func (a *Account) lostInWords(w *write, out *Write) string {
	switch {
	case out.By != nil:
		return "last write wins dropped it for " + a.ref(*out.By) + ", which had not seen it" + a.skewInWords(*out.By)
	case w.lost >= 0:
		return "last write wins dropped it for a version that had not seen it"
	}
	s := "no replica is left"
	if why := a.destruction(out.Key, w); why != "" {
		s += ": " + why
	}
	return s
}

// skewInWords says that a version won because the clock of its coordinator is ahead, "" if it is
// not.
func (a *Account) skewInWords(v vclock.Version) string {
	if d := a.view.Skew[v.Dot.Node]; d > 0 {
		return "; the clock of " + named(v.Dot.Node) + " is " + d.String() + " ahead"
	}
	return ""
}

func (a *Account) unknownInWords(w *write, out *Write) string {
	if len(out.Doubtful) > 0 {
		return list(out.Doubtful) + " stored it, and what became of that is not known"
	}
	if w.coordinated < 0 || a.events[w.coordinated].Time < a.known.Since {
		return "it was written before " + at(a.known.Since) + ", when the known events begin"
	}
	return list(w.nodes) + " stored it, and what " + verb(len(w.nodes), "hold") + " now is not known"
}

// destruction says what took the replicas of a write of a key from the nodes that had stored it.
func (a *Account) destruction(key []byte, w *write) string {
	var parts []string
	for _, node := range w.nodes {
		for i := len(a.events) - 1; i > w.first; i-- {
			e := &a.events[i]
			about := e.Node == node && (e.Key == nil || bytes.Equal(e.Key, key))
			if why := destroyed[e.Kind]; about && why != "" {
				parts = append(parts, named(node)+" "+why+" at "+at(e.Time))
				break
			}
		}
	}
	return strings.Join(parts, ", ")
}

// destroyed says in words what events took from a node.
var destroyed = map[event.Kind]string{
	event.NodeWiped:  "lost its disk",
	event.BufferLost: "crashed with it in memory only",
	event.HintLost:   "found its hint damaged",
	event.Damaged:    "found its record damaged",
	event.RolledBack: "started on an older disk",
}
