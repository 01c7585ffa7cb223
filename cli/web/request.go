package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"ringside/cli/verbs"
	"ringside/engine/usage"
	"ringside/engine/wire"
)

const (
	// maxValue is one byte more than a value may have, so that the command refuses a larger value as
	// it always does.
	maxValue = wire.MaxValue + 1
	// maxJSON bounds the bytes of a JSON body: a value of the largest size in base64, and room for a
	// context and other parameters.
	maxJSON = 2*wire.MaxValue + 160<<10
)

// errTooLarge is the error of a body that is larger than its bound.
var errTooLarge = errors.New("the body is too large")

// A call is a request as a command.
type call struct {
	text  string // as the client wrote it; "" for a route that is not a whole command
	words []string
	input []byte // standard input of the command
}

// callOf returns the command of a request. The error is a *usage.Error, or wraps errTooLarge, or
// says that the body did not arrive.
func callOf(w http.ResponseWriter, q *http.Request, r route) (call, error) {
	given := fields{}
	for name, values := range q.URL.Query() {
		given[name] = values
	}
	var c call
	var err error
	switch r.body {
	case noBody:
	case valueBody:
		if c.input, err = readBody(w, q, maxValue); errors.Is(err, errTooLarge) {
			err = fmt.Errorf("%w: the value is larger than the limit of %d bytes", errTooLarge, wire.MaxValue)
		}
	case params, valueJSON:
		c.input, err = given.read(w, q, r.body == valueJSON)
	case command:
		return readCommand(w, q)
	}
	if err != nil {
		return call{}, err
	}
	if token := q.Header.Get(contextHeader); token != "" {
		given[contextFlag] = []string{token}
	}
	c.words, err = given.words(q, r)
	return c, err
}

// contextFlag is the name of the flag with the context of a request.
const contextFlag = "c"

// readBody returns the body of a request, of at most limit bytes. It waits for at most bodyTime.
func readBody(w http.ResponseWriter, q *http.Request, limit int64) ([]byte, error) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyTime)) // fails for a recorder of a test only
	b, err := io.ReadAll(http.MaxBytesReader(w, q.Body, limit))
	_ = rc.SetReadDeadline(time.Time{}) // a command may take longer
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, fmt.Errorf("%w: at most %d bytes", errTooLarge, limit)
	case err != nil:
		return nil, fmt.Errorf("read the body: %w", err)
	}
	return b, nil
}

// readObject reads a JSON object from the body. It returns nil for an empty body.
func readObject(w http.ResponseWriter, q *http.Request) (map[string]any, error) {
	b, err := readBody(w, q, maxJSON)
	if err != nil || len(bytes.TrimSpace(b)) == 0 {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out map[string]any
	if err := d.Decode(&out); err != nil || d.More() {
		return nil, usage.Errorf("the body is not one JSON object")
	}
	return out, nil
}

// fields are the parameters of a request, by name.
type fields map[string][]string

// read adds the parameters of a JSON body. If value is set, it returns the value in the body.
func (f fields) read(w http.ResponseWriter, q *http.Request, value bool) ([]byte, error) {
	object, err := readObject(w, q)
	if err != nil {
		return nil, err
	}
	var input []byte
	if value {
		if input, err = takeBytes(object, "value"); err == nil && input == nil {
			err = usage.Errorf("the body has neither value nor value_base64")
		}
		if err != nil {
			return nil, err
		}
	}
	for name, v := range object {
		if f[name] != nil {
			return nil, usage.Errorf("the parameter %q is in the query and in the body", name)
		}
		if f[name], err = texts(name, v); err != nil {
			return nil, err
		}
	}
	return input, nil
}

// takeBytes removes the field called name, or name_base64, and returns its bytes. It returns nil if
// there is none.
func takeBytes(object map[string]any, name string) ([]byte, error) {
	encoded := name + "_base64"
	text, plain := object[name]
	b64, coded := object[encoded]
	delete(object, name)
	delete(object, encoded)
	s, ok := text.(string)
	switch {
	case plain && coded:
		return nil, usage.Errorf("the body has both %s and %s", name, encoded)
	case plain && !ok:
		return nil, usage.Errorf("%s is not a string", name)
	case plain:
		return []byte(s), nil
	case !coded:
		return nil, nil
	}
	s, _ = b64.(string)
	out, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, usage.Errorf("%s is not base64", encoded)
	}
	return out, nil
}

// texts returns a parameter in JSON as the words of a command have it.
func texts(name string, v any) ([]string, error) {
	switch v := v.(type) {
	case string:
		return []string{v}, nil
	case json.Number:
		return []string{v.String()}, nil
	case bool:
		return []string{strconv.FormatBool(v)}, nil
	case []any:
		var out []string
		for _, element := range v {
			if list, ok := element.([]any); ok { // a group of nodes as a list of its own
				inner, err := texts(name, list)
				if err != nil {
					return nil, err
				}
				out = append(out, strings.Join(inner, ","))
				continue
			}
			inner, err := texts(name, element)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		}
		return out, nil
	}
	return nil, usage.Errorf("%q is neither a string, a number, true, false, nor a list of these", name)
}

// words returns the words of the route's command.
func (f fields) words(q *http.Request, r route) ([]string, error) {
	var args, flags []string
	taken := r.parameters()
	for _, a := range r.args {
		name := parameter(a)
		values := f[name]
		switch {
		case a == "-":
			args = append(args, a)
		case strings.HasPrefix(a, "-"):
			flags = append(flags, a)
		case name == "":
			args = append(args, q.PathValue(strings.Trim(a, "{}")))
		case len(values) > 1 && !strings.HasSuffix(a, "..."):
			return nil, severalTimes(name, values)
		case len(values) == 0 && !strings.HasPrefix(a, "["):
			return nil, usage.Errorf("the parameter %q is missing", name)
		default:
			args = append(args, values...)
		}
	}
	for name, values := range f {
		i := slices.IndexFunc(r.flags(), func(g verbs.Flag) bool {
			return g.Name == name || slices.Contains(g.Aliases, name)
		})
		switch {
		case slices.Contains(taken, name):
			continue
		case i < 0:
			return nil, r.unknown(name)
		case len(values) != 1:
			return nil, severalTimes(name, values)
		}
		flags = append(flags, verbs.Dashed(name)+"="+values[0])
	}
	slices.Sort(flags)
	words := append([]string{r.verb}, flags...)
	if r.verb != "expect" {
		return slices.Concat(words, []string{"--"}, args), nil
	}
	for _, a := range args { // the words of expect after -- are a command
		if strings.HasPrefix(a, "-") {
			return nil, usage.Errorf("%q is not a condition", a)
		}
	}
	return append(words, args...), nil
}

// names lists the parameters of the route.
func (r route) names() []string {
	out := r.parameters()
	for _, f := range r.flags() {
		out = append(out, f.Name)
	}
	return out
}

// unknown returns the usage error for a parameter that the command does not have.
func (r route) unknown(name string) error {
	if len(r.names()) == 0 {
		return usage.Errorf("unknown parameter %q; %s takes no parameters", name, r.verb)
	}
	return usage.Errorf("unknown parameter %q; %s takes: %s", name, r.verb, strings.Join(r.names(), " "))
}

// severalTimes returns the usage error for a parameter that may have one value only.
func severalTimes(name string, values []string) error {
	return usage.Errorf("the parameter %q is given %d times; it takes one value", name, len(values))
}

// readCommand reads the body of a whole command: {"command"} or {"words"}, and {"input"} or
// {"input_base64"}.
func readCommand(w http.ResponseWriter, q *http.Request) (call, error) {
	object, err := readObject(w, q)
	if err != nil {
		return call{}, err
	}
	var c call
	if c.input, err = takeBytes(object, "input"); err != nil {
		return call{}, err
	}
	line, one := object["command"].(string)
	list, many := object["words"].([]any)
	switch {
	case one == many || len(object) != 1:
		return call{}, usage.Errorf(`want {"command":"put cart milk"} or {"words":["put","cart","milk"]}, ` +
			`and "input" or "input_base64" for the command's standard input`)
	case many:
		c.words, err = texts("words", list)
		c.text = verbs.Join(c.words)
	default:
		c.text = line
		c.words, err = verbs.Split(line)
	}
	c.words = verbs.Bare(c.words)
	if err == nil && len(c.words) == 0 {
		err = usage.Errorf("the command is empty")
	}
	return c, err
}
