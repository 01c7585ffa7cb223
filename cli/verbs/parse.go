package verbs

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/cli/render"
	"ringside/engine/usage"
)

// ErrHelp is returned by Parse for --help, together with the Call.
var ErrHelp = errors.New("help requested")

// ErrEmpty is the error of a flag whose value is empty. The flag is not ignored, because a put
// without its context would be a blind write.
var ErrEmpty = errors.New("the value is empty (an unset shell variable?); give one, or leave the flag out")

// Common are the flags that every verb has.
var Common = []Flag{
	{Name: "json", Kind: Bool, Help: "print JSON: one object, or one a line for streams"},
	{Name: "help", Aliases: []string{"h"}, Kind: Bool, Help: "show this help"},
}

// A Call is a verb with its arguments and flags.
type Call struct {
	Verb  *Verb
	Args  []string
	Rest  []string // the words after --, which are also in Args
	Dash  bool     // whether there was a --
	Words []string // all words after the verb's name, without the flags that all commands have
	flags map[string]*flagValue
}

// Arg returns argument i, "" if it was left out.
func (c *Call) Arg(i int) string {
	if i >= len(c.Args) {
		return ""
	}
	return c.Args[i]
}

// Has reports whether the flag was given.
func (c *Call) Has(name string) bool { return c.flags[name] != nil && c.flags[name].given }

// String returns a flag's value as it was typed, or its default.
func (c *Call) String(name string) string { return c.flags[name].text }

// Strings returns the values of a flag that may be given several times, in their order.
func (c *Call) Strings(name string) []string { return c.flags[name].texts }

// Bool returns the value of a flag without argument.
func (c *Call) Bool(name string) bool { return c.flags[name] != nil && c.flags[name].on }

// Int returns the value of a flag of kind Int, 0 if it was not given and has no default, or the
// port of a flag of kind Port.
func (c *Call) Int(name string) int { return c.flags[name].number }

// Duration returns the value of a flag of kind Duration.
func (c *Call) Duration(name string) time.Duration { return c.flags[name].duration }

// Parse reads the words after a verb's name. Flags may stand before or after arguments. The word -
// and every word after -- are arguments. extra are flags of the caller, beyond the verb's own and
// Common.
func Parse(v *Verb, words []string, extra ...Flag) (*Call, error) {
	c, err := parse(v, words, append(Common, extra...))
	var misuse *usage.Error
	if errors.As(err, &misuse) && misuse.Synopsis == "" {
		misuse.Synopsis = v.brief()
	}
	return c, err
}

func parse(v *Verb, words []string, common []Flag) (*Call, error) {
	c := &Call{Verb: v, flags: map[string]*flagValue{}}
	fs := c.flagSet(common)
	for len(words) > 0 {
		w := words[0]
		from := words
		switch {
		case v.Nests && len(c.Args) > 0 && !strings.HasPrefix(w, "-"):
			c.Args, words = append(c.Args, words...), nil
		case w == "--":
			c.Dash, c.Rest = true, words[1:]
			c.Args = append(c.Args, c.Rest...)
			words = nil
		case w == "-" || !strings.HasPrefix(w, "-"):
			c.Args = append(c.Args, w)
			words = words[1:]
		default:
			n, err := parseFlag(fs, v, words)
			if err != nil {
				return nil, err
			}
			words = words[n:]
			if name, _, _ := strings.Cut(strings.TrimLeft(w, "-"), "="); v.flag(name) == nil {
				continue
			}
		}
		c.Words = append(c.Words, from[:len(from)-len(words)]...)
	}
	if c.Bool("help") {
		return c, ErrHelp
	}
	return c, c.checkArgs()
}

// flagSet returns the flags of the verb, and those of common that the verb does not have.
func (c *Call) flagSet(common []Flag) *flag.FlagSet {
	fs := flag.NewFlagSet(c.Verb.Name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	add := func(f Flag) {
		val := &flagValue{kind: f.Kind, mayBeEmpty: f.MayBeEmpty, most: f.Max, longest: f.Longest, zero: f.Zero}
		if f.Kind == Port {
			val.number, _ = strconv.Atoi(f.Value) // a test checks the flags
		}
		if f.Default != "" {
			_ = val.Set(f.Default) // a test checks every default
			val.given = false
		}
		c.flags[f.Name] = val
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if fs.Lookup(name) == nil {
				fs.Var(val, name, f.Help)
			}
		}
	}
	for _, f := range c.Verb.Flags {
		add(f)
	}
	for _, f := range common {
		if c.Verb.flag(f.Name) == nil {
			add(f)
		}
	}
	return fs
}

// parseFlag reads the flag at the beginning of words and returns the number of words that it took.
// It parses one flag at a time, because a FlagSet stops at the first argument.
func parseFlag(fs *flag.FlagSet, v *Verb, words []string) (int, error) {
	name, _, joined := strings.Cut(strings.TrimLeft(words[0], "-"), "=")
	f := fs.Lookup(name)
	if f == nil || strings.HasPrefix(words[0], "---") {
		return 0, usage.Errorf("%s: unknown flag %s%s; put -- before a value that begins with -", v.Name,
			render.Quoted(words[0]), render.DidYouMean(Dashed(name), flagNames(fs)))
	}
	n := 1
	if !joined && !f.Value.(*flagValue).IsBoolFlag() {
		if n = 2; len(words) < n {
			return 0, usage.Errorf("%s: %s wants a value", v.Name, Dashed(name))
		}
	}
	if err := fs.Parse(words[:n]); err != nil {
		return 0, usage.Errorf("%s: %s: %w", v.Name, Dashed(name), f.Value.(*flagValue).problem)
	}
	return n, nil
}

func flagNames(fs *flag.FlagSet) []string {
	var out []string
	fs.VisitAll(func(f *flag.Flag) { out = append(out, Dashed(f.Name)) })
	return out
}

// checkArgs checks the number of arguments, and names a wrong word if one is missing.
func (c *Call) checkArgs() error {
	need, most := 0, len(c.Verb.Args)
	for _, a := range c.Verb.Args {
		if !a.Optional {
			need++
		}
		if a.Many {
			most = len(c.Args)
		}
	}
	for i, a := range c.Verb.Args[:min(len(c.Args), len(c.Verb.Args))] {
		if word := c.Args[i]; len(c.Args) < need && len(a.Words) > 0 && !slices.Contains(a.Words, word) {
			return usage.Errorf("%s: %s is not one of: %s%s", c.Verb.Name, render.Quoted(word),
				strings.Join(a.Words, " "),
				render.DidYouMean(word, a.Words))
		}
	}
	if len(c.Args) < need {
		return usage.Errorf("%s: %s is missing", c.Verb.Name, c.Verb.Args[len(c.Args)].Name)
	}
	if len(c.Args) > most {
		return usage.Errorf("%s: %s is one argument too many%s", c.Verb.Name, render.Quoted(c.Args[most]),
			c.surplusAdvice(c.Args[most]))
	}
	return nil
}

// surplusAdvice says what to do about a word that is one argument too many. Quotes help only a verb
// that takes a value.
func (c *Call) surplusAdvice(word string) string {
	switch args := c.Verb.Args; {
	case c.Verb.Name == downVerb.Name:
		return "; say --cluster " + Join([]string{render.Typed(word)})
	case slices.ContainsFunc(args, func(a Arg) bool { return strings.Contains(a.Name, "VALUE") }),
		slices.ContainsFunc(c.Verb.Flags, func(f Flag) bool { return f.Value == "VALUE" }):
		return "; quote a value that has spaces"
	}
	return ""
}

// A flagValue is the value of one flag of any kind. It implements flag.Value.
type flagValue struct {
	kind     Kind
	given    bool
	text     string   // as typed
	texts    []string // of each time that the flag was given
	on       bool
	number   int
	duration time.Duration
	problem  error // of the last Set

	mayBeEmpty bool // as the fields of Flag
	most       int
	longest    time.Duration
	zero       string
}

// String implements flag.Value.
func (f *flagValue) String() string { return f.text }

// IsBoolFlag reports whether the flag may stand without a value.
func (f *flagValue) IsBoolFlag() bool { return f.kind == Bool || f.kind == Port }

// Set implements flag.Value.
func (f *flagValue) Set(s string) error {
	f.given, f.text, f.texts = true, s, append(f.texts, s)
	var err error
	switch f.kind {
	case String:
		if s == "" && !f.mayBeEmpty {
			err = ErrEmpty
		}
	case Bool:
		if f.on, err = strconv.ParseBool(s); err != nil {
			err = fmt.Errorf("%s is neither true nor false", render.Quoted(s))
		}
	case Int:
		f.number, err = f.parseInt(s)
	case Duration:
		f.duration, err = f.parseDuration(s)
	case Port:
		err = f.setPort(s)
	}
	f.problem = err
	return err
}

func (f *flagValue) parseInt(s string) (int, error) {
	n, err := strconv.Atoi(s)
	switch {
	case err == nil && n == 0 && f.zero != "":
		return 0, errors.New("0 makes no sense: " + f.zero)
	case err != nil && !errors.Is(err, strconv.ErrRange) || n < 1:
		return 0, fmt.Errorf("%s is not a whole number from 1 to %d", render.Quoted(s), f.most)
	case n > f.most: // or too large for an int
		return 0, fmt.Errorf("%s is too large: want at most %d", render.Quoted(s), f.most)
	}
	return n, nil
}

// setPort sets the port. The flag package says true for a flag without a value, which then has its
// usual port.
func (f *flagValue) setPort(s string) error {
	if s == "true" {
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > f.most {
		return fmt.Errorf("%s is not a port: want 0 to %d", render.Quoted(s), f.most)
	}
	f.number = n
	return nil
}

func (f *flagValue) parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil || d < 0:
		return 0, fmt.Errorf("%s is not a duration such as 200ms, 5s or 1m", render.Quoted(s))
	case d == 0 && f.zero != "":
		return 0, errors.New("0 makes no sense: " + f.zero)
	case d > f.longest:
		return 0, fmt.Errorf("%s is too long: want at most %v", render.Quoted(s), f.longest)
	}
	return d, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Misusef returns a usage error of the call, with the verb's name before the message and its
// synopsis after it.
func (c *Call) Misusef(format string, args ...any) error {
	return c.Misuse(fmt.Errorf(c.Verb.Name+": "+format, args...))
}

// Misuse returns err as a usage error of the call, with the verb's synopsis.
func (c *Call) Misuse(err error) error { return &usage.Error{Err: err, Synopsis: c.Verb.brief()} }
