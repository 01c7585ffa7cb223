package cli

// up --riak-type: bucket types for clients of Riak, which are checked before the start.

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"ringside/cli/render"
	"ringside/cli/verbs"
	"ringside/riak/kv"
)

// typeExample is a value of --riak-type that is right.
const typeExample = `'pets:{"allow_mult":false,"n_val":2}'`

// riakTypes reads each NAME:{...} of --riak-type.
func riakTypes(c *verbs.Call) (map[string]kv.Props, error) {
	types := map[string]kv.Props{}
	for _, text := range c.Strings(riakTypeFlag) {
		bad := func(format string, args ...any) error {
			return c.Misusef("--%s %s: "+format, slices.Concat([]any{riakTypeFlag, render.Quoted(text)}, args)...)
		}
		name, object, found := strings.Cut(text, ":")
		if !found {
			return nil, bad(`want NAME:{"property":value}, such as %s`, typeExample)
		}
		if _, twice := types[name]; twice {
			return nil, bad("the type %s is given twice; give all its properties at once", render.Text(name))
		}
		p, err := kv.ParseProps([]byte(object))
		var unknown *kv.UnknownProp
		switch {
		case errors.As(err, &unknown):
			advice := render.DidYouMean(unknown.Name, kv.PropNames())
			if advice == "" {
				advice = "; want some of " + strings.Join(kv.PropNames(), " ")
			}
			return nil, bad("unknown bucket property %s%s", render.Quoted(unknown.Name), advice)
		case err != nil:
			return nil, bad("what follows the name must be a JSON object, such as %s", typeExample)
		}
		if again := repeated([]byte(object)); again != "" {
			return nil, bad("the property %s is given twice; leave one out", render.Text(again))
		}
		if err := kv.CheckType(name, p); err != nil {
			return nil, bad("%s", typeAdvice(err))
		}
		types[name] = p
	}
	return types, nil
}

// typeAdvice returns what is right where kv.CheckType returned err.
func typeAdvice(err error) string {
	var name *kv.BadTypeName
	var props kv.InvalidProps
	switch {
	case errors.Is(err, kv.ErrNoDefaultUpdate):
		return "the properties of the type default cannot be changed; name another type, which clients then use"
	case errors.As(err, &name):
		return "invalid name of a type: want 1 to " + render.Count(kv.MaxTypeName, "byte") +
			" of UTF-8, without control characters, and without a blank at an end"
	case !errors.As(err, &props):
		return render.Text(err.Error())
	}
	var wants []string
	for _, p := range props {
		if want := p.Want(); !slices.Contains(wants, want) {
			wants = append(wants, want)
		}
	}
	return strings.Join(wants, "; ")
}

// repeated returns a member that a JSON object has twice, "" if there is none. encoding/json keeps
// the last one of them.
func repeated(object []byte) string {
	dec := json.NewDecoder(bytes.NewReader(object))
	_, err := dec.Token() // the brace
	seen := map[string]bool{}
	for err == nil && dec.More() {
		var t json.Token
		if t, err = dec.Token(); err != nil {
			break
		}
		name, _ := t.(string)
		if seen[name] {
			return name
		}
		seen[name] = true
		var value json.RawMessage
		err = dec.Decode(&value)
	}
	return "" // ParseProps has found the object valid
}
