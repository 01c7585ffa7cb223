package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A field reads the words of a script's line. The first error stays.
type field struct {
	words []string
	err   error
}

func fields(words []string) field { return field{words: words} }

func (f *field) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

func (f *field) word(i int) string {
	if i >= len(f.words) {
		f.fail("word %d is missing", i+1)
		return ""
	}
	return f.words[i]
}

func (f *field) number(i, low, high int) int {
	n, err := strconv.Atoi(f.word(i))
	if err != nil || n < low || n > high {
		f.fail("%q is no number from %d to %d", f.word(i), low, high)
		return 0
	}
	return n
}

func (f *field) unsigned(i int) uint64 {
	n, err := strconv.ParseUint(f.word(i), 10, 64)
	if err != nil {
		f.fail("%q is no number", f.word(i))
	}
	return n
}

// into reads f's only word as a number, and leaves what is wrong in o.
func (f field) into(o *field, low, high int) int {
	n := f.number(0, low, high)
	if f.err != nil && o.err == nil {
		o.err = f.err
	}
	return n
}

// value returns what follows name= among the words.
func (f *field) value(name string) string {
	for _, w := range f.words {
		if v, ok := strings.CutPrefix(w, name+"="); ok {
			return v
		}
	}
	f.fail("%s= is missing", name)
	return ""
}

func (f *field) named(name string, high int) int {
	n, err := strconv.Atoi(f.value(name))
	if f.err == nil && (err != nil || n < 1 || n > high) {
		f.fail("%s=%s, want 1 to %d", name, f.value(name), high)
	}
	return n
}

func (f *field) rate(name string) float64 {
	x, err := strconv.ParseFloat(f.value(name), 64)
	if f.err == nil && err != nil {
		f.fail("%s: %w", name, err)
	}
	return x
}

func (f *field) duration(name string) time.Duration {
	d, err := time.ParseDuration(f.value(name))
	if f.err == nil && err != nil {
		f.fail("%s: %w", name, err)
	}
	return d
}

// count says that the line for node n comes in its turn.
func (f *field) count(what string, n int) {
	if want := fmt.Sprintf("n%d", n); f.word(0) != want {
		f.fail("%s %s stands where that of %s is due", what, f.word(0), want)
	}
}
