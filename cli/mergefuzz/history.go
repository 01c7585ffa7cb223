package mergefuzz

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

const (
	// sides is the number of sides of a partition. Three are enough for associativity.
	sides = 3
	// maxSteps bounds the steps of a history. Faults of a merge show in fewer than five.
	maxSteps = 9
)

// items are what clients add and remove.
var items = []string{"milk", "eggs", "tea"}

// A Step is one step of a history.
type Step struct {
	Do    string `json:"do"`              // add, remove or merge
	Side  int    `json:"side"`            // of the client, from 1
	Item  string `json:"item,omitempty"`  // of add and remove
	Other int    `json:"other,omitempty"` // merge: the other side, which the network reaches again
}

// Steps of a history.
const (
	doAdd    = "add"
	doRemove = "remove"
	doMerge  = "merge"
)

// A Case is what one check begins with: a history, or values of the user.
type Case struct {
	Steps  []Step
	Values []json.RawMessage // three; nil for a history
}

// draw returns a random case.
func (s *search) draw(r *rand.Rand) Case {
	if s.o.Values != nil {
		c := Case{}
		for range sides {
			c.Values = append(c.Values, s.o.Values[r.IntN(len(s.o.Values))])
		}
		return c
	}
	var c Case
	for range 1 + r.IntN(maxSteps) {
		side := r.IntN(sides)
		step := Step{Do: doAdd, Side: side + 1, Item: items[r.IntN(len(items))]}
		switch n := r.IntN(4); {
		case n == 0:
			step = Step{Do: doMerge, Side: side + 1, Other: (side+1+r.IntN(sides-1))%sides + 1}
		case n == 1 && s.o.Kind.Removes:
			step.Do = doRemove
		}
		c.Steps = append(c.Steps, step)
	}
	return c
}

// A side is what one side of the partition holds.
type side struct {
	value   json.RawMessage
	past    map[int]bool   // the writes that the value descends from, with its own
	added   map[int]string // the item of each addition that the side knows of, by its step
	removed map[int]bool   // additions of which the side knows that they were removed
}

// A played case has the values at its end, and what went wrong on the way.
type played struct {
	sides  [sides]side
	values []json.RawMessage
	told   []string // the steps in words
	broken map[Property]*Violation
}

// play plays a case. Where a side has seen all writes of the other one, the newer value takes the
// place of the older one, and nothing is merged.
func (s *search) play(ctx context.Context, c Case) (*played, error) {
	p := &played{values: c.Values, broken: map[Property]*Violation{}}
	if c.Values != nil {
		return p, nil
	}
	for i := range p.sides {
		p.sides[i] = side{json.RawMessage(s.o.Kind.empty), map[int]bool{}, map[int]string{}, map[int]bool{}}
	}
	for n, step := range c.Steps {
		at := &p.sides[step.Side-1]
		if step.Do == doMerge {
			if err := s.meet(ctx, p, step, n); err != nil {
				return nil, err
			}
			continue
		}
		var err error
		if step.Do == doAdd {
			at.value, err = s.o.Kind.add(at.value, step.Item, fmt.Sprint("t", n))
			at.added[n] = step.Item
		} else {
			at.value, err = s.o.Kind.remove(at.value, step.Item)
			for tag, item := range at.added {
				at.removed[tag] = at.removed[tag] || item == step.Item
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", step.Do, step.Item, err) // cannot happen: meet has checked the value
		}
		at.past[n] = true
		p.told = append(p.told, fmt.Sprintf("side %d: %s %s → %s", step.Side, step.Do, step.Item, at.value))
	}
	for i := range p.sides {
		p.values = append(p.values, p.sides[i].value)
	}
	return p, nil
}

// meet lets a client merge what two sides hold, and write the result to both. n is the number of
// the step.
func (s *search) meet(ctx context.Context, p *played, step Step, n int) error {
	a, b := &p.sides[step.Side-1], &p.sides[step.Other-1]
	into := side{value: a.value, past: union(a.past, b.past), added: union(a.added, b.added),
		removed: union(a.removed, b.removed)}
	switch {
	case len(a.past) == len(b.past) && len(into.past) == len(a.past):
	case len(into.past) == len(a.past):
		p.told = append(p.told, fmt.Sprintf("sides %d and %d meet, and side %d takes %s", step.Side, step.Other, step.Other,
			a.value))
	case len(into.past) == len(b.past):
		into.value = b.value
		p.told = append(p.told, fmt.Sprintf("sides %d and %d meet, and side %d takes %s", step.Side, step.Other, step.Side,
			b.value))
	default:
		input := []json.RawMessage{a.value, b.value}
		merged, err := s.merge(ctx, input...)
		if err != nil {
			return err
		}
		into.value, into.past[n] = merged, true
		p.told = append(p.told, fmt.Sprintf("sides %d and %d meet, and merge %s and %s → %s", step.Side, step.Other,
			a.value, b.value, merged))
		s.judge(p, &into, Call{input, merged})
	}
	*a = into
	*b = side{into.value, maps.Clone(into.past), maps.Clone(into.added), maps.Clone(into.removed)}
	return nil
}

// judge checks which items a merge has kept. The merge has checked that the value has items.
func (s *search) judge(p *played, at *side, call Call) {
	kept, _ := s.o.Kind.items(at.value)
	live := map[string]bool{}
	for tag, item := range at.added {
		if at.removed[tag] {
			continue
		}
		live[item] = true
		if !slices.Contains(kept, item) && p.broken[Additions] == nil {
			p.broken[Additions] = &Violation{Told: slices.Clone(p.told), Calls: []Call{call},
				Text: fmt.Sprintf("%s was added and never removed, and the merge lacks it", item)}
		}
	}
	for _, item := range kept {
		if !live[item] && p.broken[Removals] == nil {
			p.broken[Removals] = &Violation{Told: slices.Clone(p.told), Calls: []Call{call},
				Text: fmt.Sprintf("%s is in the merge, and a client that knew each addition of it has removed it", item)}
		}
	}
}

func union[K comparable, V any](a, b map[K]V) map[K]V {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}
