package mergefuzz

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ringside/cli/verbs/cart"
)

// of returns a Merge of lists that never fails.
func of(merge func(lists [][]string) []string) Merge {
	return func(_ context.Context, siblings []json.RawMessage) (json.RawMessage, error) {
		lists := make([][]string, len(siblings))
		for i, v := range siblings {
			if err := json.Unmarshal(v, &lists[i]); err != nil {
				return nil, err
			}
		}
		return json.Marshal(append([]string{}, merge(lists)...))
	}
}

// all returns the items of all lists, sorted and each once.
func all(lists [][]string) []string {
	out := slices.Concat(lists...)
	slices.Sort(out)
	return slices.Compact(out)
}

var (
	union2 = of(all)
	last   = of(func(lists [][]string) []string { return lists[len(lists)-1] })
	sets   = Merge(func(_ context.Context, siblings []json.RawMessage) (json.RawMessage, error) {
		var out cart.Set
		for _, v := range siblings {
			s, err := cart.ParseSet(v)
			if err != nil {
				return nil, err
			}
			out = out.Merge(s)
		}
		return out.Encode(), nil
	})
)

func options2(kind Kind) Options { return Options{Kind: kind, Cases: 300, For: time.Minute, Seed: 1} }

func found(t *testing.T, o Options, m Merge) map[Property]Violation {
	t.Helper()
	r, err := Search(t.Context(), o, m)
	if err != nil {
		t.Fatal(err)
	}
	out := map[Property]Violation{}
	for _, v := range r.Violations {
		out[v.Property] = v
	}
	return out
}

func TestRightMergesPass(t *testing.T) {
	for name, v := range map[string]map[Property]Violation{
		"union":  found(t, options2(List), union2),
		"or-set": found(t, options2(Set), sets),
	} {
		if len(v) > 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// Each law is broken by a merge that breaks it, and the history is as small as it can be.
func TestWrongMergesAreFound(t *testing.T) {
	n := 0
	removing := List
	removing.Removes = true
	for name, c := range map[string]struct {
		kind  Kind
		merge Merge
		law   Property
		steps int
	}{
		"last loses an item":        {List, last, Additions, 3},
		"last depends on the order": {List, last, Commutative, 1},
		"union brings items back":   {removing, union2, Removals, 5},
		"intersection loses an item": {List, of(func(l [][]string) []string {
			return slices.DeleteFunc(all(l), func(i string) bool {
				return slices.ContainsFunc(l, func(x []string) bool { return !slices.Contains(x, i) })
			})
		}), Additions, 3},
		"concatenation": {List, of(func(l [][]string) []string { return slices.Concat(l...) }), Idempotent, 1},
		"a counter": {List, of(func(l [][]string) []string { n++; return append(all(l), strings.Repeat("x", n)) }),
			Deterministic, 0},
		"the longer one and its length": {List, of(func(l [][]string) []string {
			return []string{strings.Repeat("x", len(strings.Join(slices.Concat(l...), "-")))}
		}), Associative, 1},
		"only two": {List, of(func(l [][]string) []string { return all(l[:min(2, len(l))]) }), Associative, 1},
	} {
		t.Run(name, func(t *testing.T) {
			v, ok := found(t, options2(c.kind), c.merge)[c.law]
			if !ok {
				t.Fatalf("no case breaks the law %s", c.law)
			}
			if len(v.Steps) > c.steps || v.Text == "" || len(v.Calls) == 0 {
				t.Errorf("%d steps, want %d: %+v", len(v.Steps), c.steps, v)
			}
		})
	}
}

// The order of arrays counts only if that is asked for.
func TestOrdered(t *testing.T) {
	joined := of(func(l [][]string) []string {
		var out []string
		for _, i := range slices.Concat(l...) {
			if !slices.Contains(out, i) {
				out = append(out, i)
			}
		}
		return out
	})
	o := options2(List)
	if v := found(t, o, joined); len(v) > 0 {
		t.Errorf("%+v", v)
	}
	o.Ordered = true
	if _, ok := found(t, o, joined)[Commutative]; !ok {
		t.Error("the order did not count")
	}
}

// Values of the user are checked as they are.
func TestValues(t *testing.T) {
	o := options2(List)
	o.Values = []json.RawMessage{[]byte(`{"n":1}`), []byte(`{"n":2}`), []byte(`{"n":3,"m":[1,2.0]}`)}
	first := Merge(func(_ context.Context, siblings []json.RawMessage) (json.RawMessage, error) { return siblings[0], nil })
	v := found(t, o, first)
	if _, ok := v[Commutative]; !ok || len(v) != 1 {
		t.Errorf("%+v", v)
	}
	greatest := Merge(func(_ context.Context, siblings []json.RawMessage) (json.RawMessage, error) {
		return slices.MaxFunc(siblings, func(a, b json.RawMessage) int { return strings.Compare(string(a), string(b)) }), nil
	})
	if v := found(t, o, greatest); len(v) > 0 {
		t.Errorf("%+v", v)
	}
}

// The same seed plays the same cases; the time bounds a search; an error ends it.
func TestSearchIsBounded(t *testing.T) {
	s := &search{o: options2(Set)}
	a, b := rand.New(rand.NewPCG(7, 0)), rand.New(rand.NewPCG(7, 0))
	for range 20 {
		if x, y := s.draw(a), s.draw(b); !slices.Equal(x.Steps, y.Steps) {
			t.Fatal(x, y)
		}
	}
	o := options2(List)
	o.For = time.Millisecond
	wait := Merge(func(ctx context.Context, _ []json.RawMessage) (json.RawMessage, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	if r, err := Search(t.Context(), o, wait); err != nil || !r.Cut || r.Cases != 0 {
		t.Errorf("%+v %v", r, err)
	}
	broken := errors.New("broken")
	fails := Merge(func(context.Context, []json.RawMessage) (json.RawMessage, error) { return nil, broken })
	if _, err := Search(t.Context(), options2(List), fails); !errors.Is(err, broken) {
		t.Error(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Search(over, options2(List), wait); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		a, b          string
		same, ordered bool
	}{
		{`[1,2]`, `[2,1]`, true, false},
		{`[1,2]`, `[2,1]`, false, true},
		{`{"a":[{"x":1,"y":[]}],"b":null}`, `{"b":null,"a":[{"y":[],"x":1}]}`, true, true},
		{`1`, `1.0`, false, false},
		{`"1"`, `1`, false, false},
		{`[[1],[2,3]]`, `[[3,2],[1]]`, true, false},
	} {
		if same := canonical([]byte(c.a), c.ordered) == canonical([]byte(c.b), c.ordered); same != c.same {
			t.Errorf("%s and %s: %t", c.a, c.b, same)
		}
	}
}
