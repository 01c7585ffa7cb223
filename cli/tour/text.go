package tour

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"ringside/cli/condition"
	"ringside/cli/render"
	"ringside/engine/escape"
)

// A Text is prose of a lesson. It may have ${EXPRESSION}, which a session replaces, and **word**,
// which marks a word of the glossary. An empty line separates paragraphs.
type Text string

// A Span is a part of a Text without marks.
type Span struct {
	Text string
	Bold bool
}

var bold = regexp.MustCompile(`\*\*([^*]+)\*\*`)

// Spans returns the parts of the text, with the marked words as bold parts.
func (t Text) Spans() []Span {
	var out []Span
	s := string(t)
	for {
		m := bold.FindStringSubmatchIndex(s)
		if m == nil {
			break
		}
		if m[0] > 0 {
			out = append(out, Span{Text: s[:m[0]]})
		}
		out = append(out, Span{Text: s[m[2]:m[3]], Bold: true})
		s = s[m[1]:]
	}
	if s != "" {
		out = append(out, Span{Text: s})
	}
	return out
}

// Plain returns the text without marks.
func (t Text) Plain() string { return bold.ReplaceAllString(string(t), "$1") }

// words returns the marked words, in lower case.
func (t Text) words() []string {
	var out []string
	for _, m := range bold.FindAllStringSubmatch(string(t), -1) {
		out = append(out, strings.ToLower(strings.Join(strings.Fields(m[1]), " ")))
	}
	return out
}

var embedded = regexp.MustCompile(`\$\{([^}]+)\}`)

// readTimeout bounds the reading of values for one text, which takes milliseconds.
const readTimeout = 5 * time.Second

// unbroken returns a context that ends after a time, and that an interrupt of ctx does not end. An
// interrupt must not leave values or commands out of a step that has begun.
func unbroken(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), timeout)
}

// fill replaces each ${EXPRESSION} by its value. An expression that cannot be evaluated, because a
// node does not run, reads "unknown".
func (t Text) fill(ctx context.Context, src condition.Source) Text {
	ctx, cancel := unbroken(ctx, readTimeout)
	defer cancel()
	return Text(embedded.ReplaceAllStringFunc(string(t), func(m string) string {
		v, err := evaluate(ctx, src, embedded.FindStringSubmatch(m)[1])
		if err != nil {
			return "unknown"
		}
		return shown(v)
	}))
}

// evaluate returns the value of an expression.
func evaluate(ctx context.Context, src condition.Source, expression string) (any, error) {
	x, err := condition.ParseExpression(expression)
	if err != nil {
		return nil, err
	}
	return x.Value(ctx, src)
}

// shown returns a value as a learner reads it.
func shown(v any) string {
	switch v := v.(type) {
	case []string:
		parts := make([]string, len(v))
		for i, s := range v {
			parts[i] = safe(s)
		}
		if len(v) == 0 {
			return "none"
		}
		return strings.Join(parts, " ")
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case string:
		if v == "" {
			return "nothing"
		}
		return safe(v)
	}
	return fmt.Sprint(v)
}

// safe returns text without anything that a terminal would obey.
func safe(s string) string { return escape.TerminalShort([]byte(s), render.MaxValue) }
