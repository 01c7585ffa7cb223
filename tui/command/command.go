package command

import (
	"regexp"
	"strings"

	"ringside/cli/verbs"
)

// A Command is a line that was parsed.
type Command struct {
	Verb   *verbs.Verb // nil if the line is empty or begins with no verb
	Client string      // who runs the command: the name after "as"
	call   *verbs.Call // nil if the words after the verb are not valid
}

// Parse parses a line. extra are the flags that every verb has beyond its own. A line that is not
// valid gives a Command without a key and without flags.
func Parse(line string, extra []verbs.Flag) Command {
	words, err := verbs.Split(line)
	if err != nil || len(words) == 0 {
		return Command{}
	}
	v := verbs.Lookup(words[0])
	if v == nil {
		return Command{}
	}
	call, err := verbs.Parse(v, words[1:], extra...)
	if err != nil {
		return Command{Verb: v}
	}
	if inner := call.Nested(); len(inner) > 0 {
		c := Parse(verbs.Join(inner), extra)
		c.Client = call.Arg(0)
		return c
	}
	c := Command{Verb: v, call: call}
	if v.Nests {
		c.Client = call.Arg(0)
	}
	return c
}

// Introduces reports whether the command only names a client, whose later commands follow.
func (c Command) Introduces() bool { return c.Client != "" && c.Verb != nil && c.Verb.Nests }

// For returns the line that runs line as a client. A line that reads or writes no key is returned
// unchanged, as is a line that names a client itself.
func For(client, line string, extra []verbs.Flag) string {
	c := Parse(line, extra)
	if client == "" || c.Client != "" || c.Verb == nil || !c.Verb.KeepsContext() {
		return line
	}
	return "as " + client + " " + line
}

// Is reports whether the line's verb is one of names.
func (c Command) Is(names ...string) bool {
	for _, n := range names {
		if c.Verb != nil && c.Verb.Name == n {
			return true
		}
	}
	return false
}

// rangeName is how ranges of the ring are named: p07.
var rangeName = regexp.MustCompile(`^p[0-9]+$`)

// Key returns the key that the command is about, "" if it is about none.
func (c Command) Key() string {
	if c.call == nil {
		return ""
	}
	for i, a := range c.Verb.Args {
		switch word := c.call.Arg(i); {
		case a.Name == "KEY":
			return word
		case a.Name == "KEY|RANGE" && !rangeName.MatchString(word):
			return word
		}
	}
	return ""
}

// Nodes returns the nodes that the command names as groups of a split, or as its coordinator.
// whole reports whether the groups are all sides of the split; else the other nodes form one more.
func (c Command) Nodes() (nodes []string, whole bool) {
	if via := c.Flag("via"); via != "" {
		nodes = append(nodes, via)
	}
	if c.call == nil || !c.Is("partition") {
		return nodes, false
	}
	groups := strings.Split(strings.Join(c.call.Args, "|"), "|")
	for _, g := range groups {
		nodes = append(nodes, strings.Split(g, ",")...)
	}
	return nodes, len(groups) > 1
}

// Writes reports whether the command writes a key.
func (c Command) Writes() bool {
	return c.Is("put", "del", "resolve") || c.Is("cart") && c.call != nil && c.call.Arg(0) != "show"
}

// Flag returns the value of a flag, "" if it was not given.
func (c Command) Flag(name string) string {
	if c.call == nil || !c.call.Has(name) {
		return ""
	}
	return c.call.String(name)
}

// Quote returns a word as it is written in a line.
func Quote(word string) string {
	if word != "" && !strings.ContainsAny(word, " '\"\\|&;<>()$`*?#~\t\n[]{}!") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// On returns the line of a verb on a key. Flags come after the key, as people write them, or before
// a key that looks like a flag.
func On(verb, key string, flags ...string) string {
	words := append([]string{verb, Quote(key)}, flags...)
	if strings.HasPrefix(key, "-") {
		words = append(append([]string{verb}, flags...), "--", Quote(key))
	}
	return strings.Join(words, " ")
}
