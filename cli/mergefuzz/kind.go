package mergefuzz

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"ringside/cli/verbs/cart"
)

// A Kind is a kind of values that histories can change.
type Kind struct {
	Name    string
	empty   string
	add     func(v json.RawMessage, item, tag string) (json.RawMessage, error)
	remove  func(v json.RawMessage, item string) (json.RawMessage, error)
	items   func(v json.RawMessage) ([]string, error)
	Removes bool // clients also remove items, and removed items must stay away
}

// List is a JSON array of strings, as in the paper's shopping cart. An array does not show whether
// an item was removed or never there.
var List = Kind{
	Name: "list", empty: `[]`,
	add: func(v json.RawMessage, item, _ string) (json.RawMessage, error) {
		items, err := listItems(v)
		if err != nil || slices.Contains(items, item) {
			return v, err
		}
		return json.Marshal(append(items, item))
	},
	remove: func(v json.RawMessage, item string) (json.RawMessage, error) {
		items, err := listItems(v)
		if err != nil {
			return v, err
		}
		return json.Marshal(slices.DeleteFunc(items, func(i string) bool { return i == item }))
	},
	items: listItems,
}

// Set is an observed-remove set, as ringside cart --merge or-set writes it.
var Set = Kind{
	Name: "or-set", empty: string(cart.Set{}.Encode()), Removes: true,
	add: func(v json.RawMessage, item, tag string) (json.RawMessage, error) {
		s, err := cart.ParseSet(v)
		return s.Add(item, tag).Encode(), err
	},
	remove: func(v json.RawMessage, item string) (json.RawMessage, error) {
		s, err := cart.ParseSet(v)
		return s.Remove(item).Encode(), err
	},
	items: func(v json.RawMessage) ([]string, error) {
		s, err := cart.ParseSet(v)
		return s.Items(), err
	},
}

// Kinds lists the kinds.
var Kinds = []Kind{List, Set}

func listItems(v json.RawMessage) ([]string, error) {
	out := []string{}
	if err := json.Unmarshal(v, &out); err != nil || out == nil {
		return nil, fmt.Errorf("want an array of strings")
	}
	return out, nil
}

// canonical returns the same text for the same value. The order of the members of an object does
// not count. Unless ordered is set, the order of an array does not count either.
func canonical(v json.RawMessage, ordered bool) string {
	var parsed any
	dec := json.NewDecoder(strings.NewReader(string(v)))
	dec.UseNumber()
	if err := dec.Decode(&parsed); err != nil {
		return string(v)
	}
	return encoded(parsed, ordered)
}

func encoded(v any, ordered bool) string {
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = encoded(x, ordered)
		}
		if !ordered {
			slices.Sort(parts)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		parts := make([]string, 0, len(v))
		for name, x := range v {
			parts = append(parts, encoded(name, ordered)+":"+encoded(x, ordered))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("mergefuzz: %v", err)) // cannot happen: v was JSON
	}
	return string(b)
}
