package wire

import (
	"fmt"
	"math"
	"unicode/utf8"

	"ringside/engine/member"
	"ringside/engine/vclock"
	"ringside/engine/wire/field"
)

// The functions and methods below encode and decode the parts that messages and the stored values
// of package record have in common. The functions that write check no limit, so that a node can
// always store what it holds.

// WriteVersions writes s as the repeated field num. It panics if a name is not UTF-8.
func WriteVersions(w *field.Writer, num int, s vclock.Siblings) {
	for i := range s {
		mustBeUTF8(s[i].Dot.Node)
		mustBeClock(s[i].Past)
	}
	putVersions(w, num, s)
}

// WriteHistory writes h as the repeated field num. It panics if a name is not UTF-8.
func WriteHistory(w *field.Writer, num int, h member.History) {
	for i := range h {
		mustBeUTF8(h[i].By)
		mustBeUTF8(h[i].Node)
		mustBeUTF8(h[i].Zone)
	}
	putChanges(w, num, h)
}

// WriteNames writes names as the repeated field num. It panics if a name is not UTF-8.
func WriteNames(w *field.Writer, num int, names []string) {
	for _, name := range names {
		mustBeUTF8(name)
	}
	w.Strings(num, names)
}

// AddVersion decodes one version of a repeated field. Versions returns it with the others. Their
// number is not limited.
func (d *Decoder) AddVersion(r *field.Reader) { d.sibling(0, math.MaxInt, r) }

// Versions returns the versions that AddVersion has decoded since the last call, in memory that may
// be shared as the Decoder says. It returns an error if no node can have made the versions.
func (d *Decoder) Versions() (vclock.Siblings, error) {
	defer d.reset()
	s := d.versions[0]
	if err := checkVersions(s); err != nil {
		return nil, err
	}
	room := d.memory(0, s)
	return room.siblings(s), nil
}

// AddName decodes one name of a repeated field. Names returns it with the others.
func (d *Decoder) AddName(r *field.Reader) { d.node(0, "names", r) }

// Names returns the names that AddName has decoded since the last call. It returns an error that
// names the field what if they are not names of nodes, or more than MaxNodes.
func (d *Decoder) Names(what string) ([]string, error) {
	defer d.reset()
	list := d.lists[0]
	if err := checkNames(what, list); err != nil {
		return nil, err
	}
	return copyOf(list), nil
}

// AddChange decodes one change of a repeated field and appends it to h.
func (d *Decoder) AddChange(h member.History, r *field.Reader) member.History { return d.change(h, r) }

// CheckHistory returns an error if no node can have the history h.
func CheckHistory(h member.History) error { return checkChanges(h) }

// mustBeUTF8 panics if a name is not UTF-8, which protobuf refuses. The node let the name in by
// mistake.
func mustBeUTF8(name string) {
	if !utf8.ValidString(name) {
		panic(fmt.Sprintf("wire: encode name %q: it is not UTF-8", name))
	}
}

// mustBeClock panics if a name of c is not UTF-8.
func mustBeClock(c vclock.Clock) {
	for i := range c {
		mustBeUTF8(c[i].Node)
	}
}
