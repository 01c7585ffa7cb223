package ringsidetest

import "bytes"

// maxExamples bounds the values of CheckMerge, which looks at all triples of them.
const maxExamples = 40

// CheckMerge fails the test unless the codec's Merge is commutative, associative and idempotent for
// values, at most 40, and unless it gives the same twice. Clients merge the same siblings in any
// order and again and again; without these laws their results are siblings again, or differ for
// ever. Results are compared as Encode writes them. The command ringside fuzz-merge looks for such
// faults in a program of any language.
func CheckMerge[T any](tb TB, codec Codec[T], values ...T) {
	tb.Helper()
	switch {
	case codec.Merge == nil:
		tb.Fatalf("ringsidetest: check merge: the codec has no Merge; set Codec.Merge")
	case len(values) == 0 || len(values) > maxExamples:
		tb.Fatalf("ringsidetest: check merge: %d values; want 1 to %d", len(values), maxExamples)
	}
	l := &laws[T]{tb: tb, codec: codec}
	for _, a := range values {
		l.same("idempotent", "merge(a, a) and a", l.merge(a, a), l.encode(a), a)
		for _, b := range values {
			ab := l.merge(a, b)
			l.same("deterministic", "merge(a, b) twice", ab, l.merge(a, b), a, b)
			l.same("commutative", "merge(a, b) and merge(b, a)", ab, l.merge(b, a), a, b)
			for _, c := range values {
				l.same("associative", "merge(merge(a, b), c) and merge(a, merge(b, c))",
					l.merge(l.decode(ab), c), l.merge(a, l.decode(l.merge(b, c))), a, b, c)
			}
		}
	}
}

// laws checks the laws of a merge. It reports the first violation of each.
type laws[T any] struct {
	tb     TB
	codec  Codec[T]
	broken map[string]bool
}

// merge returns the merge of two values that have no memory in common with them, because a Merge
// may change its arguments.
func (l *laws[T]) merge(a, b T) []byte {
	l.tb.Helper()
	m, err := l.codec.Merge(l.decode(l.encode(a)), l.decode(l.encode(b)))
	if err != nil {
		l.tb.Fatalf("ringsidetest: merge %s and %s: %v", l.encode(a), l.encode(b), err)
	}
	return l.encode(m)
}

func (l *laws[T]) encode(v T) []byte {
	l.tb.Helper()
	b, err := l.codec.Encode(v)
	if err != nil {
		l.tb.Fatalf("ringsidetest: encode %v: %v", v, err)
	}
	return b
}

func (l *laws[T]) decode(b []byte) T {
	l.tb.Helper()
	v, err := l.codec.Decode(b)
	if err != nil {
		l.tb.Fatalf("ringsidetest: decode %s: %v", b, err)
	}
	return v
}

// same reports a violation of a law for values a, b and c, unless x and y are equal. what names
// both.
func (l *laws[T]) same(law, what string, x, y []byte, values ...T) {
	l.tb.Helper()
	if bytes.Equal(x, y) || l.broken[law] {
		return
	}
	if l.broken == nil {
		l.broken = map[string]bool{}
	}
	l.broken[law] = true
	of := ""
	for i, v := range values {
		of += "\n  " + string(rune('a'+i)) + " = " + string(l.encode(v))
	}
	l.tb.Errorf("ringsidetest: the merge is not %s:%s\n  %s are\n    %s\n    %s", law, of, what, x, y)
}
