package tour

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ringside/cli/condition"
	"ringside/engine/usage"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// numbers are the numbers that a learner may write as words.
var numbers = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}

// read returns what a learner answered in the form in which answers are compared. The error is a
// *usage.Error that says what answers look like.
func (q *Question) read(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch q.Kind {
	case Nodes:
		names := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,;&+\t", r) })
		names = slices.DeleteFunc(names, func(n string) bool { return strings.EqualFold(n, "and") })
		for _, n := range names {
			if !wire.ValidName(n) {
				return "", q.want()
			}
		}
		if len(names) == 1 && names[0] == "none" {
			return "", nil
		}
		slices.Sort(names)
		if len(names) == 0 {
			return "", q.want()
		}
		return strings.Join(slices.Compact(names), " "), nil
	case Number:
		word := strings.ToLower(strings.Trim(text, "., "))
		if i := slices.Index(numbers, word); i >= 0 {
			return strconv.Itoa(i), nil
		}
		n, err := strconv.Atoi(word)
		if err != nil {
			return "", q.want()
		}
		return strconv.Itoa(n), nil
	case YesNo:
		switch strings.ToLower(strings.Trim(text, "., ")) {
		case "y", "yes":
			return "yes", nil
		case "n", "no":
			return "no", nil
		}
		return "", q.want()
	case Choice:
		return q.readChoice(text)
	case Clock:
		bare := strings.NewReplacer(",", " ", "=", ":", "{", " ", "}", " ").Replace(text)
		c, err := vclock.ParseClock("{" + strings.Join(strings.Fields(bare), " ") + "}")
		if err != nil || len(c) == 0 {
			return "", q.want()
		}
		return c.String(), nil
	}
	return "", fmt.Errorf("the question %q has no kind", q.Ask)
}

// nodeName matches the names of nodes in texts of lessons.
var nodeName = regexp.MustCompile(`\bn[0-9]+\b`)

// read reads the answer to the question of the step. A name is refused if it is not one of a node
// that runs, has run, or is named by the step.
func (st *Step) read(ctx context.Context, src condition.Source, text string) (string, error) {
	said, err := st.Question.read(text)
	if err != nil || st.Question.Kind != Nodes {
		return said, err
	}
	v, err := evaluate(ctx, src, "nodes")
	if err != nil {
		return "", err
	}
	known, _ := v.([]string)
	known = slices.Concat(known, nodeName.FindAllString(string(st.Say+" "+st.Question.Ask), -1))
	for _, name := range strings.Fields(said) {
		if !slices.Contains(known, name) {
			return "", usage.Errorf("there is no node %s; %w", quoted(name), st.Question.want())
		}
	}
	return said, nil
}

// readChoice reads a letter, or the text of an option.
func (q *Question) readChoice(text string) (string, error) {
	word := strings.ToLower(strings.Trim(text, ".,() "))
	for i, o := range q.Options {
		if word == letter(i) || word == strings.ToLower(o) {
			return o, nil
		}
	}
	return "", q.want()
}

func letter(i int) string { return string(rune('a' + i)) }

// want returns the error for an answer of another kind.
func (q *Question) want() error {
	switch q.Kind {
	case Nodes:
		return usage.Errorf("want names of nodes, as in: answer n1 n2")
	case Number:
		return usage.Errorf("want a whole number, as in: answer 2")
	case YesNo:
		return usage.Errorf("want: answer yes, or: answer no")
	case Choice:
		return usage.Errorf("want a letter from a to %s, as in: answer a", letter(len(q.Options)-1))
	}
	return usage.Errorf("want a clock, as in: answer {n1:1 n3:2}")
}

// form returns how to answer, for a prompt.
func (q *Question) form() string {
	if q.Kind != Choice {
		return "Answer with " + string(q.Kind) + "."
	}
	var b strings.Builder
	for i, o := range q.Options {
		fmt.Fprintf(&b, "%s) %s\n", letter(i), o)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// right evaluates the right answer on the cluster and returns it in the form of read.
func (q *Question) right(ctx context.Context, src condition.Source) (string, error) {
	v, err := evaluate(ctx, src, q.Answer)
	if err != nil {
		return "", fmt.Errorf("compute the answer: %w", err)
	}
	switch v := v.(type) {
	case []string:
		sorted := slices.Sorted(slices.Values(v))
		return strings.Join(sorted, " "), nil
	case bool:
		return shown(v), nil
	case int:
		return strconv.Itoa(v), nil
	case string:
		if q.Kind == Clock {
			c, err := vclock.ParseClock(v)
			if err != nil {
				return "", fmt.Errorf("compute the answer: %w", err)
			}
			return c.String(), nil
		}
		return v, nil
	}
	return "", fmt.Errorf("compute the answer: the value is %T", v)
}

// judge compares an answer with the right one, both in the form of read, and returns what to say.
// The explanation is not filled in.
func (q *Question) judge(said, right string) []Message {
	if said == right {
		return append([]Message{{Right, Text("Right: " + orNone(right) + ".")}}, q.why()...)
	}
	text := fmt.Sprintf("You said %s; the cluster says %s.", orNone(said), orNone(right))
	out := []Message{{Wrong, Text(text)}}
	if slip := q.Slips[said]; slip != "" {
		out = append(out, Message{Say, slip})
	}
	return append(out, q.why()...)
}

// orNone returns an answer as a learner reads it.
func orNone(answer string) string {
	if answer == "" {
		return "none"
	}
	return safe(answer)
}

func (q *Question) why() []Message {
	if q.Why == "" {
		return nil
	}
	return []Message{{Say, q.Why}}
}
