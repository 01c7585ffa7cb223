package kv

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxTypeName bounds the bytes of the name of a new type. So the keys of its objects have room for
// a bucket and a key, even if each byte of the name is escaped.
const MaxTypeName = 256

// A BadTypeName is the error for a type that cannot have its name.
type BadTypeName struct{ Name string }

func (e *BadTypeName) Error() string { return "invalid name of a bucket type" }

// CheckType returns why no cluster can have a type with the properties p that is created, nil if
// each cluster can. The error may be InvalidProps, ErrNoDefaultUpdate and *BadTypeName.
func CheckType(typ string, p Props) error {
	switch {
	case typ == DefaultType:
		return ErrNoDefaultUpdate
	case typ == "" || len(typ) > MaxTypeName || !utf8.ValidString(typ) || strings.TrimSpace(typ) != typ,
		strings.ContainsFunc(typ, unicode.IsControl):
		return &BadTypeName{typ}
	}
	before := typeDefaults(1, "") // check looks at none of the properties in which clusters differ
	if p["write_once"] == true {
		before = before.with(Props{"write_once": true})
	}
	return p.check(before, true)
}

// PropNames returns the names of the properties that a client can set, in their order.
func PropNames() []string { return slices.Sorted(maps.Keys(kinds)) }

// wants are the values of each kind in words.
var wants = map[Kind]string{
	Count: "a whole number of at least 1", Number: "a whole number of at least 0",
	Quorum:    `a whole number of at least 1, or "one", "quorum" or "all"`,
	OptQuorum: `a whole number of at least 0, or "one", "quorum" or "all"`,
	Switch:    "true or false", Text: "a text in quotes", Function: `{"mod":"MODULE","fun":"FUNCTION"}`,
	Hooks: "[], because ringside runs no commit hooks",
}

// wantsOf are the values that a type in creation may have, where those of the kind are too many.
var wantsOf = map[string]string{
	"datatype":     "nothing, because ringside has no data types; leave the property out",
	"consistent":   "false, because ringside has no strongly consistent buckets",
	"dvv_enabled":  "false, if last_write_wins is true",
	"search":       "false, because ringside has no search",
	"search_index": `"_dont_index_", because ringside has no search`,
}

// Want returns which values of the property are valid for a new type, in words: "n_val: want a
// whole number of at least 1".
func (p InvalidProp) Want() string {
	want, special := wantsOf[p.Name]
	if !special || strings.HasPrefix(p.Reason, "not_") && p.Name == "dvv_enabled" {
		want = wants[kinds[p.Name]]
	}
	return p.Name + ": want " + want
}
