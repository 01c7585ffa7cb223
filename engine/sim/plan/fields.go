package plan

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fields reads the words of one line of a script. It keeps the first error.
type fields struct {
	words []string
	err   error
}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

// word returns the word at index i.
func (f *fields) word(i int) string {
	if i >= len(f.words) {
		f.fail("word %d is missing", i+1)
		return ""
	}
	return f.words[i]
}

// number reads the word at index i as a number.
func (f *fields) number(i, low, high int) int { return f.parseNumber(f.word(i), low, high) }

func (f *fields) parseNumber(word string, low, high int) int {
	n, err := strconv.Atoi(word)
	if err != nil || n < low || n > high {
		f.fail("invalid number %q: want %d to %d", word, low, high)
		return 0
	}
	return n
}

func (f *fields) unsigned(i int) uint64 {
	n, err := strconv.ParseUint(f.word(i), 10, 64)
	if err != nil {
		f.fail("invalid number %q", f.word(i))
	}
	return n
}

// between reads the word at index i as a duration.
func (f *fields) between(i int, low, high time.Duration) time.Duration {
	d, err := time.ParseDuration(f.word(i))
	if err != nil || d < low || d > high {
		f.fail("invalid duration %q: want %v to %v", f.word(i), low, high)
	}
	return d
}

// value returns the text after name= in the line.
func (f *fields) value(name string) string {
	for _, w := range f.words {
		if v, ok := strings.CutPrefix(w, name+"="); ok {
			return v
		}
	}
	f.fail("%s= is missing", name)
	return ""
}

// named reads the number after name=.
func (f *fields) named(name string, high int) int {
	n, err := strconv.Atoi(f.value(name))
	if err != nil || n < 1 || n > high {
		f.fail("invalid %s=%s: want 1 to %d", name, f.value(name), high)
	}
	return n
}

// rate reads the number after name=.
func (f *fields) rate(name string) float64 {
	x, err := strconv.ParseFloat(f.value(name), 64)
	if err != nil {
		f.fail("%s: %w", name, err)
	}
	return x
}

// duration reads the duration after name=.
func (f *fields) duration(name string) time.Duration {
	d, err := time.ParseDuration(f.value(name))
	if err != nil {
		f.fail("%s: %w", name, err)
	}
	return d
}

// isNode checks that the line is the one of node n.
func (f *fields) isNode(setting string, n int) {
	if want := fmt.Sprintf("n%d", n); f.word(0) != want {
		f.fail("%s %s: want %s %s, since nodes come in order", setting, f.word(0), setting, want)
	}
}
