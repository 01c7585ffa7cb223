package verbs

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"ringside/cli/render"
	"ringside/engine/wire"
)

// Exit codes: a contract with scripts.
const (
	ExitOK          = 0
	ExitInternal    = 1
	ExitUsage       = 2
	ExitNotFound    = 3
	ExitSiblings    = 4 // siblings where one value was asked for
	ExitQuorum      = 5 // quorum not reached; also the refusals of a node that is down or overloaded: try again later
	ExitContext     = 6
	ExitNoCluster   = 7
	ExitExpectation = 8 // an expect or wait that does not hold
	ExitInterrupted = 130
)

// exitCodes lists every code that a command can end with.
var exitCodes = []int{ExitOK, ExitInternal, ExitUsage, ExitNotFound, ExitSiblings, ExitQuorum, ExitContext,
	ExitNoCluster, ExitExpectation, ExitInterrupted}

// An Error ends a command: with an exit code for the shell and a code for JSON.
type Error struct {
	Exit    int
	Code    string // as in {"error":{"code":...}}
	Message string
	// Reported says that the command's own output told it already, so that
	// nothing but the exit code is left to say.
	Reported bool
	// Request and Unknown are of a request that failed: its number, and whether
	// the write may have happened all the same.
	Request uint64
	Unknown bool
	// Missing lists the nodes that a request needed and that did not answer.
	Missing []string
}

func (e *Error) Error() string { return e.Message }

// A UsageError says what is wrong with what was asked for, and what to do.
type UsageError struct {
	Err  error
	Verb *Verb // whose synopsis helps; nil for none
}

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{Err: fmt.Errorf(format, args...)} }

// misused returns a UsageError of the call's verb, with the verb's name before the message.
func (c *Call) misused(format string, args ...any) error {
	return &UsageError{Verb: c.Verb, Err: fmt.Errorf(c.Verb.Name+": "+format, args...)}
}

// AsError makes of any error the one that the shell is told.
func AsError(err error) *Error {
	var e *Error
	var usage *UsageError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case errors.As(err, &usage):
		msg := err.Error()
		if usage.Verb != nil {
			msg += "\n  usage: " + usage.Verb.Synopsis()
		}
		return &Error{Exit: ExitUsage, Code: "usage", Message: msg}
	case errors.Is(err, context.Canceled):
		return &Error{Exit: ExitInterrupted, Code: "interrupted", Message: "interrupted"}
	}
	return &Error{Exit: ExitInternal, Code: "internal", Message: outside(err.Error())}
}

// inside is what our packages say of where an error arose, which is nothing to its reader.
var inside = regexp.MustCompile(`(^|: )wire: ((en|de)code [a-z ]+: |(open|seal) context: |frame of [0-9a-z ,]+: )?`)

func outside(message string) string { return inside.ReplaceAllString(message, "$1") }

// exits maps the codes of failed requests to exit codes.
var exits = map[wire.Code]int{
	wire.QuorumNotReached: ExitQuorum,
	wire.NodeDown:         ExitQuorum,
	wire.Overloaded:       ExitQuorum,
	wire.ContextRefused:   ExitContext,
	wire.TooLarge:         ExitUsage,
	wire.BadRequest:       ExitUsage,
}

// failed makes an Error of a reply that is no success.
func failed(op string, key []byte, code wire.Code, message string) *Error {
	exit, ok := exits[code]
	if !ok {
		exit = ExitInternal
	}
	msg := fmt.Sprintf("%s %s: %s", op, render.Key(key), render.Outcome(code))
	if message = strings.TrimSuffix(message, ": "+render.Outcome(code)); message != "" {
		msg += ": " + render.Text(outside(message))
	}
	return &Error{Exit: exit, Code: code.String(), Message: msg}
}

// ErrorJSON is the object that --json prints for an error.
func ErrorJSON(e *Error) any { return map[string]any{"error": errorOf(e)} }

// errorOf returns the field "error" of an object for err, nil if there is no error.
func errorOf(err error) any {
	if err == nil {
		return nil
	}
	e := AsError(err)
	return struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Request uint64 `json:"request,omitempty"`
		Unknown bool   `json:"unknown,omitempty"`
		// Missing lists the nodes that a request needed and that did not answer.
		Missing []string `json:"missing,omitempty"`
	}{e.Code, e.Message, e.Request, e.Unknown, e.Missing}
}
