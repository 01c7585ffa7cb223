package verbs

// Contexts and values that the user names.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"ringside/cli/exit"
	"ringside/cli/render"
	"ringside/engine/usage"
	"ringside/engine/wire"
)

// maxContextFile bounds the bytes that are read of a file with a context. A token is far smaller.
const maxContextFile = 1 << 20

// loadContext returns the context that -c names: @NAME, @./FILE, or the context itself. A saved
// context may be empty, which is the context of a key without a value.
func (e *Env) loadContext(ctx context.Context, arg string) ([]byte, error) {
	text := arg
	if name, ok := strings.CutPrefix(arg, "@"); ok {
		var err error
		if text, err = e.namedContext(ctx, name); err != nil {
			return nil, err
		}
	}
	if text = strings.TrimSpace(text); text == "" {
		if arg != "" && !strings.HasPrefix(arg, "@") {
			return nil, usage.Errorf("-c: %w", ErrEmpty)
		}
		return nil, nil
	}
	token, err := wire.DecodeToken(text)
	if err != nil {
		return nil, &exit.Error{Exit: exit.Context, Code: wire.ContextRefused.String(),
			Message: fmt.Sprintf("context refused: %s is not a context; "+
				"use --save @NAME with get, or the field context of get --json",
				render.Quoted(arg))}
	}
	return token, nil
}

func (e *Env) namedContext(ctx context.Context, name string) (string, error) {
	if isPath(name) {
		path, err := e.path(name)
		if err != nil {
			return "", err
		}
		b, err := untilDone(ctx, func() ([]byte, error) { return readStart(path, maxContextFile) })
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err != nil:
			return "", usage.Errorf("read context: %w; name a file that --save @./FILE wrote", err)
		}
		return string(b), nil
	}
	if e.Contexts == nil {
		return "", usage.Errorf("no contexts are saved by name here; use @./FILE or the context itself")
	}
	text, err := e.Contexts.Load(name)
	if errors.Is(err, os.ErrNotExist) {
		return "", usage.Errorf("no context is saved as %s; get KEY --save @%s saves one",
			render.Quoted("@"+name), render.Typed(name))
	}
	return text, err
}

// isPath reports whether the name of a context is a path.
func isPath(name string) bool { return strings.ContainsAny(name, `/\`) }

// encodeToken returns a context as text, "" if it covers nothing.
func encodeToken(token []byte) string {
	if len(token) == 0 {
		return ""
	}
	return wire.EncodeToken(token)
}

// readValue returns a put's value: the argument, or standard input for "-".
func (e *Env) readValue(ctx context.Context, arg string) ([]byte, error) {
	if arg != "-" {
		return []byte(arg), checkValue([]byte(arg))
	}
	if e.In == nil {
		return nil, usage.Errorf("there is no standard input here; write the value itself")
	}
	b, err := untilDone(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(e.In, wire.MaxValue+1)) })
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, fmt.Errorf("read value from standard input: %w", err)
	}
	return b, checkValue(b)
}

// untilDone returns the result of read, or the error of ctx once ctx is done, because the other
// end of a pipe may never write. The goroutine of read then stays until the process ends.
func untilDone(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		b, err := read()
		done <- result{b, err}
	}()
	select {
	case r := <-done:
		return r.b, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// readStart returns the first bytes of a file, at most limit of them.
func readStart(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// checkValue returns an error for a value that is too large.
func checkValue(b []byte) error {
	if len(b) <= wire.MaxValue {
		return nil
	}
	return &exit.Error{Exit: exit.Usage, Code: wire.TooLarge.String(),
		Message: fmt.Sprintf("the value is larger than the limit of %d bytes: "+
			"the paper's objects are \"usually less than 1 MB\" (§2)", wire.MaxValue)}
}
