// Package cart is the shopping cart of §4.4 as an application keeps it in one value, and
// merges its siblings: "using this reconciliation mechanism, an 'add to cart' operation is
// never lost. However, deleted items can resurface." That is a List. A Set is a cart in
// which they do not.
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

// A List is a cart that holds just its items, in the order in which they came: as JSON, an array,
// or else parted by commas. A cart that lacks an item does not say whether it was
// removed or never there, so the union is all that a merge can be. Lists are immutable.
type List struct {
	json  bool
	items []listItem
}

// A listItem is one item. Two are the same if their ids are.
type listItem struct {
	id   string
	name string          // as people write it
	raw  json.RawMessage // in a cart that is JSON, as it stood there
}

// ParseList reads any value: what is no array of JSON is taken for items parted by commas.
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

// with returns the list with those of items that it lacks.
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

// Merge returns the union: the items of l, then what else o has. An array and items parted by
// commas make the latter.
func (l List) Merge(o List) List {
	if l.json != o.json {
		l, o = l.plain(), o.plain()
	}
	return l.with(o.items...)
}

// plain is the list as one that is parted by commas.
func (l List) plain() List {
	items := make([]listItem, len(l.items))
	for i, item := range l.items {
		items[i] = plainItem(item.name)
	}
	return List{}.with(items...)
}

// Items lists what is in the cart, strings without their quotes.
func (l List) Items() []string {
	out := make([]string, len(l.items))
	for i, item := range l.items {
		out[i] = item.name
	}
	return out
}

// Add returns the list with item in it.
func (l List) Add(name string) (List, error) {
	if l.json {
		return l.with(jsonItem(encode(name))), nil
	}
	if strings.Contains(name, ",") {
		return l, errors.New("an item of this cart cannot have a comma, which parts them")
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

// canonical is the same text for the same JSON value: sorted members, no
// spaces. Numbers stay as written, which never makes two of one that differ.
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

// encode is JSON without the escapes that are meant for web pages.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("cart: %v", err)) // strings and what was JSON before
	}
	return bytes.TrimSpace(buf.Bytes())
}
