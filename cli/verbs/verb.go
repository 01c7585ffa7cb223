package verbs

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A Verb is one command of the language.
type Verb struct {
	Name    string
	Group   string // the heading in help
	Args    []Arg
	Usage   string // one line
	Help    string // the rest of the help, with the JSON
	Section string // the sections of the paper that the verb shows
	Flags   []Flag
	Nests   bool // the words after argument 0 are another command, with its own flags
	Streams bool // with JSON, the verb prints any number of objects, one a line
	Run     func(context.Context, *Env, *Call) error
}

// An Arg is one positional argument.
type Arg struct {
	Name     string
	Complete Completion
	Words    []string // the possible values, if they are few
	Optional bool
	Many     bool // takes all further arguments; only the last Arg
}

// A Kind is the type of a flag's value.
type Kind int

const (
	Bool Kind = iota
	String
	Int // at least 1
	Duration
	Port // 0 to Max; a flag without =PORT has the port Value
)

// A Flag of a verb.
type Flag struct {
	Name       string
	Aliases    []string
	Kind       Kind
	Default    string // as typed
	Value      string // the placeholder of the value in help
	Help       string
	Complete   Completion
	Words      []string // the possible values, if they are few
	MayBeEmpty bool     // "" is a value; otherwise it is taken for an unset shell variable

	// Bounds of a number and of a duration. A test checks that each such flag has bounds.
	Max     int           // for Int and Port: the largest value
	Longest time.Duration // for Duration: the longest
	Zero    string        // advice instead of 0; a Duration without this advice may be 0
}

// A Completion is the kind of words that can stand in a place.
type Completion string

const (
	CompleteNothing    Completion = ""
	CompleteKeys       Completion = "key"
	CompleteNodes      Completion = "node"
	CompleteNodeLists  Completion = "nodes" // n1,n2
	CompleteConditions Completion = "condition"
	CompleteVerbs      Completion = "verb"
	CompleteContexts   Completion = "context"
	CompleteRequests   Completion = "request"
	CompleteFiles      Completion = "file"
	CompleteClients    Completion = "client"
)

// Groups of verbs, in the order of help.
const (
	GroupData    = "Data"
	GroupFaults  = "Faults"
	GroupRing    = "The ring"
	GroupLook    = "What the cluster holds"
	GroupScript  = "Waiting and checking"
	GroupCluster = "Clusters"
)

// registry has all verbs in the order of help. init fills it because some verbs refer to it.
var registry []*Verb

func init() {
	registry = []*Verb{
		getVerb, putVerb, delVerb, resolveVerb, cartVerb, asVerb, loadVerb, keysVerb,
		partitionVerb, healVerb, killVerb, pauseVerb, resumeVerb, restartVerb, wipeVerb, slowVerb, lossVerb, skewVerb,
		joinVerb, leaveVerb,
		statusVerb, ringVerb, whereVerb, inspectVerb, clockVerb, hintsVerb, merkleVerb, syncVerb, traceVerb, eventsVerb,
		exportVerb, whyVerb, fateVerb,
		waitVerb, settleVerb, expectVerb, helpVerb,
		downVerb,
	}
}

// All returns the verbs in the order of help. Callers must not change them.
func All() []*Verb { return registry }

// Lookup returns the verb called name, nil if there is none.
func Lookup(name string) *Verb {
	i := slices.IndexFunc(registry, func(v *Verb) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return registry[i]
}

// Synopsis returns how the verb is written: get KEY [--via NODE] ...
func (v *Verb) Synopsis() string {
	parts := v.positional()
	for _, f := range v.Flags {
		parts = append(parts, "["+f.synopsis()+"]")
	}
	return strings.Join(parts, " ")
}

// manyFlags is the number of flags from which an error does not list them, since they would hide
// its message.
const manyFlags = 20

// brief returns the Synopsis for an error.
func (v *Verb) brief() string {
	if len(v.Flags) < manyFlags {
		return v.Synopsis()
	}
	return strings.Join(v.positional(), " ") + " [FLAGS]; ringside help " + v.Name + " lists them"
}

// positional returns the name of the verb, and how its arguments are written.
func (v *Verb) positional() []string {
	parts := []string{v.Name}
	for _, a := range v.Args {
		parts = append(parts, a.synopsis())
	}
	return parts
}

func (a Arg) synopsis() string {
	s := a.Name
	if a.Many {
		s += "..."
	}
	if a.Optional {
		s = "[" + s + "]"
	}
	return s
}

func (f Flag) synopsis() string { return f.withValue(Dashed(f.Name)) }

// withValue returns the names of the flag with the placeholder of its value.
func (f Flag) withValue(s string) string {
	switch f.Kind {
	case Bool:
		return s
	case Port:
		return s + "[=" + f.Value + "]"
	}
	return s + " " + f.Value
}

// TakesWord reports whether the word after the flag is its value.
func (f Flag) TakesWord() bool { return f.Kind != Bool && f.Kind != Port }

// Dashed returns a flag's name with its dashes: -R, --via.
func Dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// flag returns the flag called name or an alias of it, nil if there is none.
func (v *Verb) flag(name string) *Flag {
	for i, f := range v.Flags {
		if f.Name == name || slices.Contains(f.Aliases, name) {
			return &v.Flags[i]
		}
	}
	return nil
}
