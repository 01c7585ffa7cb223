package mergefuzz

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/kballard/go-shellquote"

	"ringside/cli/exit"
	"ringside/cli/process"
	"ringside/engine/escape"
)

const (
	// maxOutput bounds the bytes that a program may print, and those of its messages.
	maxOutput = 1 << 20
	// pipeTime is how long the output of a program that was killed is read, because a child of the
	// program may keep it open.
	pipeTime = 500 * time.Millisecond
	// maxShown bounds the runes of a program's message in an error.
	maxShown = 500
)

// A Program is a program that merges: it reads an array of siblings from standard input, and prints
// the merged value.
type Program struct {
	Args    []string      // the program and its arguments
	Dir     string        // the working folder; "" for the one of the process
	Timeout time.Duration // of one call
}

// Find returns an error with exit code 126 or 127 if the program cannot be run.
func (p Program) Find() error { return process.Find(p.command(context.Background())) }

func (p Program) command(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.Args[0], p.Args[1:]...)
	cmd.Dir, cmd.WaitDelay = p.Dir, pipeTime
	endGroup(cmd)
	return cmd
}

// Merge is a Merge that runs the program. The error of a program that fails, that does not end in
// time, or that prints something else than one JSON value, says how to repeat the call.
func (p Program) Merge(ctx context.Context, siblings []json.RawMessage) (json.RawMessage, error) {
	limited, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	cmd := p.command(limited)
	input := array(siblings)
	out, messages := &bounded{}, &bounded{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(input, '\n')), out, messages
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, p.failure("merge_hangs", input, fmt.Sprintf("it did not end within %v (--timeout)", p.Timeout), messages)
	case errors.As(err, &ended):
		return nil, p.failure("merge_failed", input, "it failed: "+ended.Error(), messages)
	case errors.Is(err, exec.ErrWaitDelay):
		return nil, p.failure("merge_failed", input, "it ended, and a child of it keeps its output open", messages)
	case err != nil && !isBrokenPipe(err): // a program need not read all of its input
		return nil, p.failure("merge_failed", input, err.Error(), messages)
	case out.over:
		return nil, p.failure("merge_failed", input, fmt.Sprintf("it printed more than %d bytes", maxOutput), messages)
	}
	var v json.RawMessage
	if err := json.Unmarshal(out.Bytes(), &v); err != nil {
		return nil, p.failure("merge_failed", input, fmt.Sprintf("it printed %s, which is not one JSON value",
			escape.TerminalShort(bytes.TrimSpace(out.Bytes()), maxShown)), messages)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, v); err != nil {
		return nil, err // cannot happen: v is JSON
	}
	return compact.Bytes(), nil
}

// failure returns the error of a call. what says what went wrong.
func (p Program) failure(code string, input []byte, what string, messages *bounded) error {
	text := fmt.Sprintf("fuzz-merge: the merge does not work: %s; repeat the call with\n  %s", what,
		escape.Typed([]byte(p.line(input))))
	if said := strings.TrimSpace(messages.String()); said != "" {
		text += "\nits messages:\n  " + escape.TerminalShort([]byte(said), maxShown)
	}
	return &exit.Error{Exit: exit.Internal, Code: code, Message: text}
}

// line returns a line of a shell that calls the program with an input. The echo of some shells
// would change backslashes.
func (p Program) line(input []byte) string {
	quoted := strings.ReplaceAll(string(input), "'", `'\''`)
	return `printf '%s\n' '` + quoted + "' | " + shellquote.Join(p.Args...)
}

// isBrokenPipe reports whether a program ended before it had read its input.
func isBrokenPipe(err error) bool {
	return errors.Is(err, io.ErrClosedPipe) || strings.Contains(err.Error(), "broken pipe")
}

// bounded keeps the first maxOutput bytes.
type bounded struct {
	bytes.Buffer
	over bool
}

// Write implements io.Writer. It takes everything, so that the program is not stopped.
func (b *bounded) Write(p []byte) (int, error) {
	if room := maxOutput - b.Len(); len(p) > room {
		b.over = true
		b.Buffer.Write(p[:room])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}
