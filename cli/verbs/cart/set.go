package cart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A Set is an observed-remove set of items. Each addition of an item has a tag of its own,
// and a removal takes the tags that it has seen: so an addition which it has not seen stays
// (add wins), and a removal is not undone by a cart that has not heard of it. Removed tags are
// remembered for ever, as tombstones are. Sets are immutable.
type Set struct {
	tags    map[string]map[string]bool // item → its additions that are in force
	removed map[string]bool            // additions that are not any more
}

// setKind marks a value as a Set.
const setKind = "or-set"

// setJSON is a Set as a value.
type setJSON struct {
	Kind    string              `json:"cart"`
	Items   map[string][]string `json:"items"`
	Removed []string            `json:"removed"`
}

// IsSet says whether value looks like what Encode wrote.
func IsSet(value []byte) bool {
	var head struct {
		Kind string `json:"cart"`
	}
	return json.Unmarshal(value, &head) == nil && head.Kind == setKind
}

// ParseSet reads what Encode wrote.
func ParseSet(value []byte) (Set, error) {
	var j setJSON
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&j); err != nil {
		return Set{}, fmt.Errorf("read or-set: %w", err)
	}
	if j.Kind != setKind || dec.More() {
		return Set{}, errors.New("read or-set: it is something else")
	}
	s := Set{tags: map[string]map[string]bool{}, removed: setOf(j.Removed)}
	for item, tags := range j.Items {
		s.tags[item] = setOf(tags)
	}
	return s.Merge(Set{}), nil // which leaves out what it says is removed
}

// Encode returns the set as a value. Equal sets encode alike.
func (s Set) Encode() []byte {
	j := setJSON{Kind: setKind, Items: map[string][]string{}, Removed: sorted(s.removed)}
	for item, tags := range s.tags {
		j.Items[item] = sorted(tags)
	}
	return encode(j)
}

// Items lists what is in the cart, sorted.
func (s Set) Items() []string { return slices.Sorted(maps.Keys(s.tags)) }

// Add returns the set with one more addition of item. Nobody has used tag before.
func (s Set) Add(item, tag string) Set {
	return s.Merge(Set{tags: map[string]map[string]bool{item: {tag: true}}})
}

// Remove returns the set without the additions of item that are in it.
func (s Set) Remove(item string) Set { return s.Merge(Set{removed: s.tags[item]}) }

// Merge returns what both sets together say: every addition that neither knows to be removed.
func (s Set) Merge(o Set) Set {
	out := Set{tags: map[string]map[string]bool{}, removed: map[string]bool{}}
	maps.Copy(out.removed, s.removed)
	maps.Copy(out.removed, o.removed)
	for _, from := range []Set{s, o} {
		for item, tags := range from.tags {
			for tag := range tags {
				if out.removed[tag] {
					continue
				}
				if out.tags[item] == nil {
					out.tags[item] = map[string]bool{}
				}
				out.tags[item][tag] = true
			}
		}
	}
	return out
}

// Equal says whether both hold the same additions and removals.
func (s Set) Equal(o Set) bool { return bytes.Equal(s.Encode(), o.Encode()) }

func setOf(list []string) map[string]bool {
	out := map[string]bool{}
	for _, x := range list {
		out[x] = true
	}
	return out
}

func sorted(set map[string]bool) []string {
	out := slices.AppendSeq([]string{}, maps.Keys(set))
	slices.Sort(out)
	return out
}
