package kv

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Props are properties by their names in Riak's JSON. The type of a value follows from its name
// (see Kind): uint32, bool, string, ModFun or []Hook. Quorums are uint32, words included.
type Props map[string]any

// A ModFun names a function, which ringside does not run.
type ModFun struct {
	Mod string `json:"mod"`
	Fun string `json:"fun"`
}

// A Hook is a commit hook, which ringside does not run. Properties with hooks are refused, so the
// lists of hooks are empty.
type Hook struct {
	Mod  string `json:"mod,omitempty"`
	Fun  string `json:"fun,omitempty"`
	Name string `json:"name,omitempty"`
}

// A Kind is the type of a property's value.
type Kind int

// Kinds of properties.
const (
	Count     Kind = iota + 1 // uint32, at least 1
	Quorum                    // uint32, at least 1, or a word other than default
	OptQuorum                 // uint32, or a word other than default
	Number                    // uint32
	Switch                    // bool
	Text                      // string
	Function                  // ModFun
	Hooks                     // []Hook
)

// kinds has the kind of each property that a client can set.
var kinds = map[string]Kind{
	"n_val": Count, "allow_mult": Switch, "last_write_wins": Switch, "precommit": Hooks, "postcommit": Hooks,
	"chash_keyfun": Function, "linkfun": Function, "old_vclock": Count, "young_vclock": Number, "big_vclock": Count,
	"small_vclock": Count, "pr": OptQuorum, "r": Quorum, "w": Quorum, "pw": OptQuorum, "dw": OptQuorum, "rw": Quorum,
	"basic_quorum": Switch, "notfound_ok": Switch, "backend": Text, "search": Switch, "repl": Number,
	"search_index": Text, "datatype": Text, "consistent": Switch, "write_once": Switch, "hll_precision": Number,
	"node_confirms": OptQuorum, "dvv_enabled": Switch, "sync_on_write": Text,
}

// KindOf returns the kind of a property, 0 for a name that Riak does not know.
func KindOf(name string) Kind { return kinds[name] }

// reasons are Riak's words for a value of the wrong kind.
var reasons = map[Kind]string{
	Count: "not_integer", Number: "not_integer", Quorum: "not_valid_quorum", OptQuorum: "not_valid_quorum",
	Switch: "not_boolean", Text: "not_valid", Function: "not_valid", Hooks: "not_list",
}

// words are the words for quorums in JSON.
var words = map[string]uint32{"one": One, "quorum": QuorumWord, "all": All, "default": Default}

// ParseQuorum returns the number of a quorum's word: one, quorum, all or default.
func ParseQuorum(word string) (uint32, bool) {
	n, ok := words[word]
	return n, ok
}

// typeDefaults returns the properties of a type that none were given for. n is the cluster's N.
func typeDefaults(n int, claimant string) Props {
	p := defaults(n)
	delete(p, "write_once")
	p["allow_mult"], p["dvv_enabled"], p["active"], p["claimant"] = true, true, true, claimant
	return p
}

// defaults returns the properties of the type default.
func defaults(n int) Props {
	return Props{
		"n_val": uint32(n), "allow_mult": false, "last_write_wins": false, "precommit": []Hook{}, "postcommit": []Hook{},
		"chash_keyfun": ModFun{"riak_core_util", "chash_std_keyfun"},
		"linkfun":      ModFun{"riak_kv_wm_link_walker", "mapreduce_linkfun"},
		"old_vclock":   uint32(86400), "young_vclock": uint32(20), "big_vclock": uint32(50), "small_vclock": uint32(50),
		"pr": uint32(0), "r": QuorumWord, "w": QuorumWord, "pw": uint32(0), "dw": QuorumWord, "rw": QuorumWord,
		"basic_quorum": false, "notfound_ok": true, "write_once": false, "node_confirms": uint32(0), "dvv_enabled": false,
		"sync_on_write": "backend",
	}
}

// with returns p and over, whose values count where both have a property.
func (p Props) with(over Props) Props {
	out := maps.Clone(p)
	maps.Copy(out, over)
	return out
}

// check returns an InvalidProps if a client may not set p. before are the properties that p
// changes, and typed is false for the type default and its buckets.
func (p Props) check(before Props, typed bool) error {
	var errs InvalidProps
	add := func(name, reason string) { errs = append(errs, InvalidProp{name, reason}) }
	if typed && p["datatype"] != nil {
		add("datatype", "`datatype` must not be defined.")
	}
	if typed && p["consistent"] == true {
		add("consistent", "Write once buckets must not be consistent=true")
	}
	if typed && p["write_once"] == true && before["write_once"] != true {
		add("write_once", "Cannot set existing bucket type to `write_once`")
	}
	for _, name := range checkOrder(p) {
		reason := checkValue(kinds[name], p[name])
		if name == "consistent" || name == "write_once" {
			if reason = ""; p[name] != false && !(typed && p[name] == true) { // true was looked at before
				reason = "cannot update " + name + " property"
			}
		}
		if reason != "" {
			add(name, reason)
		}
	}
	after := before.with(p)
	if typed && after["last_write_wins"] == true && after["dvv_enabled"] == true {
		add("dvv_enabled", "If last_write_wins is true, dvv_enabled must be false")
	}
	slices.Reverse(errs)
	for _, name := range []string{"precommit", "postcommit", "search", "search_index"} {
		if v, given := p[name]; given && !isOff(v) {
			errs = append(errs, InvalidProp{name, "ringside has neither commit hooks nor search"})
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// checked are the properties in the order in which Riak checks them. It names the last fault first.
var checked = []string{
	"n_val", "old_vclock", "young_vclock", "big_vclock", "small_vclock", "allow_mult", "last_write_wins", "basic_quorum",
	"notfound_ok", "search", "consistent", "write_once", "precommit", "postcommit", "chash_keyfun", "linkfun", "backend",
	"search_index", "pr", "r", "w", "pw", "dw", "rw", "repl", "datatype",
}

// checkOrder returns the names of p in the order in which Riak checks them, those that Riak's
// protocol has no field for last.
func checkOrder(p Props) []string {
	rank := func(name string) int {
		if i := slices.Index(checked, name); i >= 0 {
			return i
		}
		return len(checked)
	}
	return slices.SortedFunc(maps.Keys(p), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
}

// isOff reports whether a value asks for nothing: no hooks, no search.
func isOff(v any) bool {
	switch v := v.(type) {
	case []Hook:
		return len(v) == 0
	case bool:
		return !v
	case string:
		return v == "" || v == "_dont_index_"
	}
	return false
}

// checkValue returns Riak's reason against a value, "" if the value is good.
func checkValue(k Kind, v any) string {
	ok := false
	switch k {
	case Count:
		n, is := v.(uint32)
		ok = is && n > 0
	case Quorum, OptQuorum:
		n, is := v.(uint32)
		ok = is && n != Default && (n > 0 || k == OptQuorum)
	case Number:
		_, ok = v.(uint32)
	case Switch:
		_, ok = v.(bool)
	case Text:
		_, ok = v.(string)
	case Function:
		_, ok = v.(ModFun)
	case Hooks:
		_, ok = v.([]Hook)
	default:
		return "not_valid"
	}
	if ok {
		return ""
	}
	return reasons[k]
}

// ParseProps reads a JSON object of properties. It returns an *UnknownProp for a name that Riak
// does not know. A value of the wrong kind stays as encoding/json decodes it, and is refused when
// it is set.
func ParseProps(object []byte) (Props, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(object, &raw); err != nil || raw == nil {
		return nil, fmt.Errorf("properties are not a JSON object")
	}
	p := Props{}
	for name, text := range raw {
		k := kinds[name]
		if k == 0 {
			return nil, &UnknownProp{name}
		}
		p[name] = parseValue(name, text)
	}
	return p, nil
}

// coerced are the switches for which Riak also takes texts and integers.
var coerced = []string{"allow_mult", "basic_quorum", "last_write_wins", "notfound_ok"}

// asSwitch returns the bool for which a JSON value stands: true or false as a text in any case, or
// an integer, of which those above 0 are true.
func asSwitch(text []byte) (on, ok bool) {
	var word string
	if json.Unmarshal(text, &word) == nil {
		on = strings.EqualFold(word, "true")
		return on, on || strings.EqualFold(word, "false")
	}
	var n int64
	if bytes.Equal(text, []byte("null")) || json.Unmarshal(text, &n) != nil {
		return false, false
	}
	return n > 0, true
}

// parseValue returns the value of a property, or whatever JSON it is.
func parseValue(name string, text []byte) any {
	var err error
	switch k := kinds[name]; k {
	case Switch:
		if on, ok := asSwitch(text); ok && slices.Contains(coerced, name) {
			return on
		}
	case Count, Number, Quorum, OptQuorum:
		var n uint32
		if err = json.Unmarshal(text, &n); err == nil && !bytes.Equal(text, []byte("null")) {
			return n
		}
		var word string
		if json.Unmarshal(text, &word) == nil && (k == Quorum || k == OptQuorum) {
			if n, ok := words[word]; ok {
				return n
			}
		}
	case Function:
		var f ModFun
		if err = json.Unmarshal(text, &f); err == nil && f.Mod != "" {
			return f
		}
	case Hooks:
		var h []Hook
		if err = json.Unmarshal(text, &h); err == nil && h != nil {
			return h
		}
	}
	var v any
	_ = json.Unmarshal(text, &v) // it is valid JSON, because it is a part of valid JSON
	return v
}

// MarshalJSON returns the properties as Riak's JSON has them, with words for quorums.
func (p Props) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, len(p))
	for name, v := range p {
		if n, ok := v.(uint32); ok && (kinds[name] == Quorum || kinds[name] == OptQuorum) {
			for word, number := range words {
				if n == number {
					v = word
				}
			}
		}
		out[name] = v
	}
	return json.Marshal(out)
}
