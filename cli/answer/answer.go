package answer

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/verbs"
)

// An Answer is what one command printed, and how it ended. Exactly one of Result, Results and Text
// is set if the command printed anything to its standard output.
type Answer struct {
	Command string            `json:"command,omitempty"` // as its caller wrote it
	Exit    int               `json:"exit"`
	Result  json.RawMessage   `json:"result,omitempty"` // the object that the command prints
	Results []json.RawMessage `json:"results,omitzero"` // the objects of a command that prints one a line
	Text    string            `json:"text,omitempty"`   // of a command without JSON
	Notes   []string          `json:"notes,omitempty"`  // lines of messages
	Error   any               `json:"error,omitempty"`  // as {"error"} of --json; nil if Exit is 0
	code    string            // of Error
}

// New returns the answer for a command that printed out and notes and ended with err. stream says
// that the command prints any number of objects.
func New(stream bool, out, notes []byte, err error) Answer {
	a := Answer{Error: exit.Field(err)}
	if e := exit.As(err); e != nil {
		a.Exit, a.code = e.Exit, e.Code
	}
	for line := range strings.Lines(string(notes)) {
		if line = strings.TrimRight(line, "\n"); strings.TrimSpace(line) != "" {
			a.Notes = append(a.Notes, line)
		}
	}
	if stream {
		a.Results = []json.RawMessage{}
	}
	objects, isJSON := split(out)
	switch {
	case !isJSON:
		a.Text = string(out)
	case len(objects) == 1 && !stream:
		a.Result = objects[0]
	case len(objects) > 0:
		a.Results = objects
	}
	return a
}

// split returns the JSON objects of an output. ok is false if the output has anything else.
func split(out []byte) (objects []json.RawMessage, ok bool) {
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var o json.RawMessage
		switch err := d.Decode(&o); {
		case err == io.EOF:
			return objects, true
		case err != nil || o[0] != '{':
			return nil, false
		}
		objects = append(objects, o)
	}
}

// Run runs a verb in the surroundings of env, except for its output. explain returns the error that
// the user reads for one of a verb.
func Run(ctx context.Context, env *verbs.Env, words []string, explain func(error) error) Answer {
	var out, notes bytes.Buffer
	e := *env
	e.Out, e.Err, e.JSON, e.Color, e.Terminal, e.Progress = &out, &notes, true, false, false, nil
	err := explain(verbs.Run(ctx, &e, words))
	return New(Streams(words), out.Bytes(), notes.Bytes(), err)
}

// Streams reports whether the verb of a command prints any number of JSON objects.
func Streams(words []string) bool {
	if len(words) == 0 {
		return false
	}
	v := verbs.Lookup(words[0])
	if v != nil && v.Nests && len(words) > 1 {
		if c, err := verbs.Parse(v, words[1:]); err == nil {
			return Streams(c.Nested())
		}
	}
	return v != nil && v.Streams
}

// Code returns the code of the error, "" if there is none.
func (a *Answer) Code() string { return a.code }
