package condition

import (
	"context"
	"errors"
	"fmt"

	"ringside/cli/render"
)

// An Expression is an expression of the language of conditions. Its value may have any type of that
// language: int, bool, string or []string. It can be evaluated any number of times.
type Expression struct{ x *expression }

// ParseExpression reads an expression. The error says what is wrong with text.
func ParseExpression(text string) (*Expression, error) {
	if len(text) > maxExpression {
		return nil, fmt.Errorf("the expression is longer than %d bytes", maxExpression)
	}
	p := &patcher{}
	program, reason := p.compileValue(text)
	if reason != "" {
		return nil, fmt.Errorf("invalid expression %s: %s", render.Quoted(text), reason)
	}
	return &Expression{&expression{program: program, named: p.named}}, nil
}

// Value looks at the cluster once and returns the value of the expression. Gets repair nothing.
func (e *Expression) Value(ctx context.Context, src Source) (any, error) {
	v, err := e.x.value(ctx, newLook(src, &Condition{}))
	switch v := v.(type) {
	case []any: // expr's own lists, such as a slice of a list
		out := make([]string, len(v))
		for i, s := range v {
			out[i] = fmt.Sprint(s)
		}
		return out, err
	case int, bool, string, []string, nil:
		return v, err
	}
	return nil, errors.Join(err, fmt.Errorf("the expression is %T; want a number, text, a list, true or false", v))
}
