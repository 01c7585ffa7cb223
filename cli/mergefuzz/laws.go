package mergefuzz

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// check returns a violation of a law in a case, nil if there is none.
func (s *search) check(ctx context.Context, c Case, p Property) (*Violation, error) {
	end, err := s.play(ctx, c)
	if err != nil {
		return nil, err
	}
	v := end.broken[p]
	if p != Additions && p != Removals {
		l := &law{search: s, ctx: ctx}
		v = l.check(p, end.values)
		if l.err != nil {
			return nil, l.err
		}
		if v != nil {
			v.Told = end.told
		}
	}
	if v != nil {
		v.Property, v.Steps = p, c.Steps
	}
	return v, nil
}

// A law checks one law. It keeps the first error, after which all results are empty.
type law struct {
	*search
	ctx   context.Context
	calls []Call
	err   error
}

// of returns the merge of siblings, and notes the call.
func (l *law) of(siblings ...json.RawMessage) json.RawMessage {
	if l.err != nil {
		return nil
	}
	var v json.RawMessage
	v, l.err = l.merge(l.ctx, siblings...)
	same := func(c Call) bool { return string(array(c.Siblings)) == string(array(siblings)) }
	if !slices.ContainsFunc(l.calls, same) {
		l.calls = append(l.calls, Call{siblings, v})
	}
	return v
}

// differ returns a violation if two values differ.
func (l *law) differ(x, y json.RawMessage, format string, args ...any) *Violation {
	if l.err != nil || canonical(x, l.o.Ordered) == canonical(y, l.o.Ordered) {
		l.calls = nil
		return nil
	}
	return &Violation{Text: fmt.Sprintf(format, args...), Calls: slices.Clone(l.calls)}
}

// check returns a violation of a law for three values, which are what the sides hold.
func (l *law) check(p Property, v []json.RawMessage) *Violation {
	a, b, c := v[0], v[1], v[2]
	switch p {
	case Deterministic:
		return l.twice(a, b)
	case Commutative:
		return l.differ(l.of(a, b), l.of(b, a), "the order of siblings matters")
	case Associative:
		left, right := l.of(l.of(a, b), c), l.of(a, l.of(b, c))
		if v := l.differ(left, right, "it matters which two of three siblings are merged first"); v != nil {
			return v
		}
		return l.differ(l.of(l.of(a, b), c), l.of(a, b, c), "three siblings at once become another value than two by two")
	case Idempotent:
		if v := l.differ(l.of(a, a), a, "merging a value with itself changes it"); v != nil {
			return v
		}
		ab := l.of(a, b)
		return l.differ(l.of(ab, b), ab, "merging a value once more changes the result")
	}
	panic("mergefuzz: no such law: " + string(p))
}

// twice compares two calls with the same siblings, byte by byte.
func (l *law) twice(a, b json.RawMessage) *Violation {
	x := l.of(a, b)
	if l.err != nil {
		return nil
	}
	var y json.RawMessage
	if y, l.err = l.again(l.ctx, []json.RawMessage{a, b}); l.err != nil || string(x) == string(y) {
		return nil
	}
	return &Violation{Text: "the same siblings give different results",
		Calls: append(l.calls, Call{[]json.RawMessage{a, b}, y})}
}

// shrink returns the violation of the smallest case that it finds: it leaves out steps and makes
// values equal, as long as the law is broken. It ends early if ctx does.
func (s *search) shrink(ctx context.Context, c Case, p Property, found Violation) Violation {
	for smaller := true; smaller; {
		smaller = false
		for _, next := range c.smaller() {
			v, err := s.check(ctx, next, p)
			if err != nil {
				return found
			}
			if v != nil {
				c, found, smaller = next, *v, true
				break
			}
		}
	}
	return found
}

// smaller returns the cases that are one step smaller.
func (c Case) smaller() []Case {
	var out []Case
	for i := range c.Steps {
		out = append(out, Case{Steps: slices.Delete(slices.Clone(c.Steps), i, i+1)})
	}
	for i := range c.Values { // only to the first value, so that shrinking ends
		if string(c.Values[i]) != string(c.Values[0]) {
			values := slices.Clone(c.Values)
			values[i] = values[0]
			out = append(out, Case{Values: values})
		}
	}
	return out
}
