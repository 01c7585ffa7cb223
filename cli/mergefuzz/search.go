package mergefuzz

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"ringside/engine/usage"
)

// A Property is a law of merges.
type Property string

// The laws. Values are compared without the order of arrays, unless Options.Ordered is set.
const (
	Deterministic Property = "deterministic" // the same siblings give the same bytes
	Commutative   Property = "commutative"   // the order of siblings does not matter
	Associative   Property = "associative"   // siblings may be merged in any groups, and all at once
	Idempotent    Property = "idempotent"    // merging what is merged already changes nothing
	Additions     Property = "additions"     // no added item is lost
	Removals      Property = "removals"      // a removed item stays away, unless it is added again
)

// maxKnown bounds the results that a search remembers.
const maxKnown = 20_000

// A Merge returns what siblings become. An error ends a search.
type Merge func(ctx context.Context, siblings []json.RawMessage) (json.RawMessage, error)

// Options of a search.
type Options struct {
	Kind    Kind
	Values  []json.RawMessage // values of the user, whose items are not known; nil: values of Kind
	Ordered bool              // the order of arrays counts
	Cases   int               // at most
	For     time.Duration     // at most
	Seed    uint64
}

// Properties lists the laws that a search with the options checks.
func (o Options) Properties() []Property {
	out := []Property{Deterministic, Commutative, Associative, Idempotent}
	if o.Values == nil {
		out = append(out, Additions)
		if o.Kind.Removes {
			out = append(out, Removals)
		}
	}
	return out
}

// A Call is one call of the merge, and its result.
type Call struct {
	Siblings []json.RawMessage `json:"siblings"`
	Merged   json.RawMessage   `json:"merged"`
}

// A Violation is a counterexample to a law.
type Violation struct {
	Property Property `json:"property"`
	Text     string   `json:"text"`            // what is wrong, in a sentence
	Steps    []Step   `json:"steps,omitempty"` // the history
	Told     []string `json:"history"`         // the history in words
	Calls    []Call   `json:"calls"`           // that show the fault
}

// A Result is what a search found.
type Result struct {
	Cases      int         // that were played
	Merges     int         // calls of the merge
	Cut        bool        // the time was over before all cases were played
	Violations []Violation // one for each law that is broken, in the order of the laws
}

// A search is one call of Search.
type search struct {
	o      Options
	run    Merge
	merges int
	known  map[string]json.RawMessage // results by siblings
}

// errTime is the end of Options.For.
var errTime = errors.New("the time is over")

// Search looks for violations until each law is broken, or until Options bound it. The same options
// give the same cases. The error is that of ctx or of merge.
func Search(ctx context.Context, o Options, merge Merge) (Result, error) {
	s := &search{o: o, run: merge, known: map[string]json.RawMessage{}}
	limited, cancel := context.WithTimeoutCause(ctx, o.For, errTime)
	defer cancel()
	var out Result
	r := rand.New(rand.NewPCG(o.Seed, 0))
	left := o.Properties()
	var err error
	for out.Cases < o.Cases && len(left) > 0 && err == nil {
		c := s.draw(r)
		for _, p := range slices.Clone(left) {
			var v *Violation
			if v, err = s.check(limited, c, p); err != nil {
				break
			}
			if v == nil {
				continue
			}
			left = slices.DeleteFunc(left, func(x Property) bool { return x == p })
			out.Violations = append(out.Violations, s.shrink(limited, c, p, *v))
		}
		if err == nil {
			out.Cases++
		}
	}
	out.Merges = s.merges
	if err != nil && ctx.Err() == nil && context.Cause(limited) == errTime {
		out.Cut, err = true, nil
	}
	slices.SortStableFunc(out.Violations, func(a, b Violation) int {
		order := o.Properties()
		return slices.Index(order, a.Property) - slices.Index(order, b.Property)
	})
	return out, err
}

// merge returns the merge of siblings. It calls the function once for the same siblings.
func (s *search) merge(ctx context.Context, siblings ...json.RawMessage) (json.RawMessage, error) {
	key := string(array(siblings))
	if v, ok := s.known[key]; ok {
		return v, nil
	}
	v, err := s.again(ctx, siblings)
	if err == nil && len(s.known) < maxKnown {
		s.known[key] = v
	}
	return v, err
}

// again calls the function, whether or not the result is known.
func (s *search) again(ctx context.Context, siblings []json.RawMessage) (json.RawMessage, error) {
	s.merges++
	v, err := s.run(ctx, siblings)
	if err != nil {
		return nil, err
	}
	if s.o.Values == nil {
		if _, err := s.o.Kind.items(v); err != nil {
			return nil, usage.Errorf("fuzz-merge: the merge of %s is %s: %w; choose the values with --value or --values",
				array(siblings), v, err)
		}
	}
	return v, nil
}

// array returns siblings as the merge reads them.
func array(siblings []json.RawMessage) []byte {
	out := []byte{'['}
	for i, v := range siblings {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, v...)
	}
	return append(out, ']')
}
