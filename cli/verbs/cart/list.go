package cart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A List is a cart with its items in the order of their addition: a JSON array, or items separated
// by commas. A List does not show whether a missing item was removed or never there, so a merge can
// only be the union. Lists are immutable.
type List struct {
	json  bool
	items []listItem
}

// A listItem is one item. Items are the same if their ids are.
type listItem struct {
	id   string
	name string          // as a user types it
	raw  json.RawMessage // as in the JSON, for a cart that is JSON
}

// ParseList reads any value. A value that is not a JSON array is read as items separated by commas.
func ParseList(value []byte) List {
	var raw []json.RawMessage
	if err := json.Unmarshal(value, &raw); err == nil && raw != nil && utf8.Valid(value) {
		items := make([]listItem, len(raw))
		for i, r := range raw {
			items[i] = jsonItem(r)
		}
		return List{json: true}.with(items...)
	}
	var items []listItem
	for name := range strings.SplitSeq(string(value), ",") {
		if name = strings.TrimSpace(name); name != "" {
			items = append(items, plainItem(name))
		}
	}
	return List{}.with(items...)
}

func plainItem(name string) listItem { return listItem{id: name, name: name} }

func jsonItem(raw json.RawMessage) listItem {
	i := listItem{id: canonical(raw), raw: raw}
	if json.Unmarshal(raw, &i.name) != nil {
		i.name = i.id
	}
	return i
}

// with returns the list with the items that it lacks.
func (l List) with(items ...listItem) List {
	out := List{json: l.json, items: slices.Clone(l.items)}
	seen := map[string]bool{}
	for _, item := range l.items {
		seen[item.id] = true
	}
	for _, item := range items {
		if !seen[item.id] {
			seen[item.id] = true
			out.items = append(out.items, item)
		}
	}
	return out
}

// Merge returns the union: the items of l, then the other items of o. The union of an array and of
// items separated by commas is of the second kind.
func (l List) Merge(o List) List {
	if l.json != o.json {
		l, o = l.plain(), o.plain()
	}
	return l.with(o.items...)
}

// plain returns the list as items separated by commas.
func (l List) plain() List {
	items := make([]listItem, len(l.items))
	for i, item := range l.items {
		items[i] = plainItem(item.name)
	}
	return List{}.with(items...)
}

// Items returns the items, strings without quotes.
func (l List) Items() []string {
	out := make([]string, len(l.items))
	for i, item := range l.items {
		out[i] = item.name
	}
	return out
}

// Add returns the list with the item.
func (l List) Add(name string) (List, error) {
	if l.json {
		return l.with(jsonItem(encode(name))), nil
	}
	if strings.Contains(name, ",") {
		return l, errors.New("an item of this cart cannot have a comma, which separates items")
	}
	return l.with(plainItem(name)), nil
}

// Remove returns the list without the item.
func (l List) Remove(name string) List {
	l.items = slices.DeleteFunc(slices.Clone(l.items), func(i listItem) bool { return i.name == name })
	return l
}

// Encode returns the list as a value.
func (l List) Encode() []byte {
	if !l.json {
		return []byte(strings.Join(l.Items(), ","))
	}
	raw := []json.RawMessage{}
	for _, item := range l.items {
		raw = append(raw, item.raw)
	}
	return encode(raw)
}

// canonical returns the same text for the same JSON value: members sorted, no spaces. Numbers stay
// as written, so 1 and 1.0 differ.
func canonical(item json.RawMessage) string {
	dec := json.NewDecoder(bytes.NewReader(item))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return strconv.Quote(string(item))
	}
	b, err := json.Marshal(v)
	if err != nil {
		return strconv.Quote(string(item))
	}
	return string(b)
}

// encode returns v as JSON without the escapes for web pages.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("cart: %v", err)) // cannot happen: strings, or values that were JSON
	}
	return bytes.TrimSpace(buf.Bytes())
}
