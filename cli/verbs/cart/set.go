package cart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A Set is an observed-remove set of items. Each addition of an item has a tag of its own, and a
// removal removes the tags that it has seen. So an addition that the removal has not seen stays
// (add wins), and a cart that does not know of the removal does not undo it. Removed tags are kept
// for ever. Sets are immutable.
type Set struct {
	tags    map[string]map[string]bool // by item: the tags of its additions
	removed map[string]bool            // tags of removed additions
}

// setKind marks a value as a Set.
const setKind = "or-set"

// setJSON is the encoding of a Set.
type setJSON struct {
	Kind    string              `json:"cart"`
	Items   map[string][]string `json:"items"`
	Removed []string            `json:"removed"`
}

// IsSet reports whether value looks like the encoding of a Set.
func IsSet(value []byte) bool {
	var head struct {
		Kind string `json:"cart"`
	}
	return json.Unmarshal(value, &head) == nil && head.Kind == setKind
}

// ParseSet reads the encoding of a Set.
func ParseSet(value []byte) (Set, error) {
	var j setJSON
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&j); err != nil {
		return Set{}, fmt.Errorf("read or-set: %w", err)
	}
	if j.Kind != setKind || dec.More() {
		return Set{}, errors.New("read or-set: the value is not an or-set")
	}
	s := Set{tags: map[string]map[string]bool{}, removed: setOf(j.Removed)}
	for item, tags := range j.Items {
		s.tags[item] = setOf(tags)
	}
	return s.Merge(Set{}), nil // without items whose tags are removed
}

// Encode returns the set as a value. Equal sets have equal encodings.
func (s Set) Encode() []byte {
	j := setJSON{Kind: setKind, Items: map[string][]string{}, Removed: sorted(s.removed)}
	for item, tags := range s.tags {
		j.Items[item] = sorted(tags)
	}
	return encode(j)
}

// Items returns the items, sorted.
func (s Set) Items() []string { return slices.Sorted(maps.Keys(s.tags)) }

// Add returns the set with one more addition of item. tag must be new.
func (s Set) Add(item, tag string) Set {
	return s.Merge(Set{tags: map[string]map[string]bool{item: {tag: true}}})
}

// Remove returns the set without the additions of item that the set has.
func (s Set) Remove(item string) Set { return s.Merge(Set{removed: s.tags[item]}) }

// Merge returns the additions of both sets, without those that either set has removed.
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

// Equal reports whether both sets have the same additions and removals.
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
