package usage

import "fmt"

// An Error says what is wrong with a request and what to ask for instead.
type Error struct {
	Err error
	// Synopsis is how the command is written, for the reader of the message. It is "" if it would
	// not help.
	Synopsis string
}

// Error returns the text of Err.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an *Error. Its format is that of fmt.Errorf.
func Errorf(format string, args ...any) error { return &Error{Err: fmt.Errorf(format, args...)} }
