package target

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"ringside/engine/escape"
	"ringside/engine/wire"
)

// A Refusal is an Error with which Riak answered.
type Refusal struct{ Host, Text string }

func (e *Refusal) Error() string {
	return e.Host + ": " + escape.TerminalShort([]byte(e.Text), maxShown)
}

// An Unreachable error says that no host accepted a connection and speaks Riak's protocol buffers.
// No request was sent.
type Unreachable struct {
	Target string
	Causes []error // one for each host
}

func (e *Unreachable) Error() string { return e.Text(e.Target, error.Error) }

// rightPort says how to find the port that a target takes.
const rightPort = "status of a cluster of ringside shows the right port below riak, and that of Riak itself is 8087"

// Text returns the error with another name of the target. show returns the text of a cause.
func (e *Unreachable) Text(name string, show func(error) string) string {
	texts, others := make([]string, len(e.Causes)), 0
	for i, c := range e.Causes {
		var other *NotRiak
		if errors.As(c, &other) {
			others++
		}
		texts[i] = show(c)
	}
	lacks, advice := "accepts connections", ""
	if others > 0 {
		advice = "; " + rightPort
		if lacks = "can be used"; others == len(texts) {
			lacks = "speaks Riak's protocol buffers"
		}
	}
	return fmt.Sprintf("no host of %s %s: %s%s", name, lacks, strings.Join(texts, "; "), advice)
}

// Reason returns why one host does not answer, without the name of the target.
func Reason(err error) string {
	var none *Unreachable
	if errors.As(err, &none) && len(none.Causes) == 1 {
		err = none.Causes[0]
	}
	return err.Error()
}

// A Silence is a request that was sent and got no complete answer. It may have been carried out.
type Silence struct {
	Host  string
	After time.Duration // 0 if the connection was lost before the time limit
	Never bool          // the host has not answered anything yet
	Cause error
}

func (e *Silence) Error() string {
	if e.After > 0 {
		return fmt.Sprintf("%s: no answer within %s", e.Host, e.After)
	}
	text := fmt.Sprintf("%s: the connection was lost before the answer: %v", e.Host, e.Cause)
	if e.Never {
		text += "; this port may not speak Riak's protocol buffers: " + rightPort
	}
	return text
}

func (e *Silence) Unwrap() error { return e.Cause }

// Judge returns the code and the message of a request that reads and that failed with err. ok is
// false if there is no code for the error.
func Judge(err error) (code wire.Code, message string, ok bool) {
	code, message, _, err = failure(err, false, false)
	return code, message, err == nil
}

// Patterns of Riak's errors.
var (
	quorumFailure = regexp.MustCompile(`^\{(r|pr|w|dw|pw|rw)_val_unsatisfied,(\d+),(\d+)\}$`)
	tooFewNodes   = regexp.MustCompile(`^\{insufficient_(v?nodes),(\d+),need,(\d+)\}$`)
	overN         = regexp.MustCompile(`^\{n_val_violation,(-?\d+)\}$`)
)

// crashed begins the error for a request that Riak could not decode. Riak then closes the
// connection.
const crashed = "Error processing incoming message"

// A verdict is what an error of Riak means for a request of package wire.
type verdict struct {
	code    wire.Code
	message string
	unknown bool // a write may have happened
	known   bool // there is a code for the error
}

// judge returns what the error that answers a request means. context says that the request had a
// vclock, and write that it was a put or a delete.
func judge(text string, write, context bool) verdict {
	if m := quorumFailure.FindStringSubmatch(text); m != nil {
		return verdict{code: wire.QuorumNotReached, unknown: write && !strings.HasSuffix(m[1], "r"), known: true,
			message: fmt.Sprintf("%s of %s needed (%s)", m[3], m[2], m[1])}
	}
	if m := tooFewNodes.FindStringSubmatch(text); m != nil {
		return verdict{code: wire.QuorumNotReached, known: true,
			message: fmt.Sprintf("%s %s up, and %s needed", m[2], m[1], m[3])}
	}
	if m := overN.FindStringSubmatch(text); m != nil {
		return verdict{code: wire.BadRequest, known: true,
			message: fmt.Sprintf("a quorum does not fit n_val: %s", text)}
	}
	switch {
	case text == "timeout":
		return verdict{code: wire.QuorumNotReached, message: "Riak gave up: timeout", unknown: write, known: true}
	case text == "insufficient_vnodes_available":
		return verdict{code: wire.QuorumNotReached, message: "too few vnodes are up to list all keys", known: true}
	case text == "overload":
		return verdict{code: wire.Overloaded, message: "Riak is overloaded", known: true}
	case text == "no_type", strings.HasPrefix(text, "No bucket-type named "),
		strings.HasPrefix(text, "Invalid bucket type"):
		return verdict{code: wire.BadRequest, known: true,
			message: "there is no such bucket type: operators make types (riak admin bucket-type create)"}
	case text == "too_large", strings.Contains(text, "too_large"):
		return verdict{code: wire.TooLarge, message: text, known: true}
	case strings.HasSuffix(text, "cannot be zero-length"):
		return verdict{code: wire.BadRequest, message: text, known: true}
	case context && strings.HasPrefix(text, crashed):
		return verdict{code: wire.ContextRefused, known: true,
			message: "Riak cannot decode the vclock: it is one of another cluster, or damaged"}
	}
	return verdict{message: cmp.Or(text, "an error without a text")}
}
