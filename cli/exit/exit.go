package exit

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"ringside/cli/render"
	"ringside/engine/usage"
	"ringside/engine/wire"
)

// Exit codes.
const (
	OK          = 0
	Internal    = 1
	Usage       = 2
	NotFound    = 3
	Siblings    = 4 // siblings where one value was asked for
	Quorum      = 5 // quorum not reached, a node that is down or overloaded: try again later
	Context     = 6 // context refused
	NoCluster   = 7
	Expectation = 8 // an expect or wait that does not hold, a script that fails
	Interrupted = 130
)

// Exit codes of up with a command, beside those of the command. They are those of docker run.
const (
	UpFailed  = 125 // the cluster, and not the command, failed
	CannotRun = 126
	NoCommand = 127
)

// Codes lists every exit code of a command on a cluster.
var Codes = []int{OK, Internal, Usage, NotFound, Siblings, Quorum, Context, NoCluster, Expectation, Interrupted}

// An Error ends a command.
type Error struct {
	Exit    int
	Code    string // as in {"error":{"code":...}}
	Message string
	// Reported is set if the command's own output holds the message already. Then only the exit
	// code remains to be given.
	Reported bool
	// Request is the number of the request that failed, 0 if there is none. Unknown is set if the
	// write of that request may have happened nevertheless.
	Request uint64
	Unknown bool
	// Missing lists the nodes that a request needed and that did not answer.
	Missing []string
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// As returns the Error for any error, nil for nil. An error that is neither
// an *Error, a *usage.Error nor context.Canceled is an internal one.
func As(err error) *Error {
	var e *Error
	var misuse *usage.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case errors.As(err, &misuse):
		msg := err.Error()
		if misuse.Synopsis != "" {
			msg += "\n  usage: " + misuse.Synopsis
		}
		return &Error{Exit: Usage, Code: "usage", Message: msg}
	case errors.Is(err, context.Canceled):
		return &Error{Exit: Interrupted, Code: "interrupted", Message: "interrupted"}
	}
	return &Error{Exit: Internal, Code: "internal", Message: withoutOrigin(err.Error())}
}

// Reported returns err as an *Error whose message the output holds already, nil for nil.
func Reported(err error) error {
	if err == nil {
		return nil
	}
	out := *As(err)
	out.Reported = true
	return &out
}

// origin is the part of a message that names the package where the error arose, which does not
// help the reader.
var origin = regexp.MustCompile(`(^|: )wire: ((en|de)code [a-z ]+: |(open|seal) context: |frame of [0-9a-z ,]+: )?`)

func withoutOrigin(message string) string { return origin.ReplaceAllString(message, "$1") }

// exits maps the codes of failed requests to exit codes. A code that is absent is Internal.
var exits = map[wire.Code]int{
	wire.QuorumNotReached: Quorum,
	wire.NodeDown:         Quorum,
	wire.Overloaded:       Quorum,
	wire.ContextRefused:   Context,
	wire.TooLarge:         Usage,
	wire.BadRequest:       Usage,
}

// OfCode returns the exit code of a request that failed with a code.
func OfCode(code wire.Code) int {
	if exit, ok := exits[code]; ok {
		return exit
	}
	return Internal
}

// OfReply returns the Error for a reply that is not a success. op is the command, key is what it
// was about, if anything, and message is what the node said.
func OfReply(op string, key []byte, code wire.Code, message string) *Error {
	if len(key) > 0 {
		op += " " + render.Key(key)
	}
	msg := op + ": " + render.Outcome(code)
	if message = strings.TrimSuffix(message, ": "+render.Outcome(code)); message != "" {
		msg += ": " + render.Text(withoutOrigin(message))
	}
	return &Error{Exit: OfCode(code), Code: code.String(), Message: msg}
}

// JSON returns the object that --json prints for an error.
func JSON(e *Error) any { return map[string]any{"error": Field(e)} }

// Field returns the value of the field "error" of an object for err, nil for nil.
func Field(err error) any {
	if err == nil {
		return nil
	}
	e := As(err)
	return struct {
		Code    string   `json:"code"`
		Message string   `json:"message"`
		Request uint64   `json:"request,omitempty"`
		Unknown bool     `json:"unknown,omitempty"`
		Missing []string `json:"missing,omitempty"`
	}{e.Code, e.Message, e.Request, e.Unknown, e.Missing}
}
