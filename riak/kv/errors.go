package kv

import (
	"fmt"
	"strings"
)

// A riakError is the text of an error of Riak, some of which begin with a capital letter.
type riakError string

func (e riakError) Error() string { return string(e) }

// Errors without details. Their texts are those of Riak.
var (
	ErrTimeout       error = riakError("timeout")
	ErrOverload      error = riakError("overload")
	ErrNoType        error = riakError("no_type")
	ErrMatchFound    error = riakError("match_found")
	ErrModified      error = riakError("modified")
	ErrNotFound      error = riakError("notfound")
	ErrTooLarge      error = riakError("too_large")
	ErrDamagedVClock error = riakError("Error processing incoming message: error:data_error")
	// ErrNodeDown means that the node does not run, or went down before it answered.
	ErrNodeDown error = riakError("node_down")
	// ErrNoDefaultUpdate and ErrNotActive are for the properties of types.
	ErrNoDefaultUpdate error = riakError("Invalid bucket properties: no_default_update")
	ErrNotActive       error = riakError("Invalid bucket properties: not_active")
	// ErrNoCoverage means that so many nodes could not be asked that a list might lack names.
	ErrNoCoverage error = riakError("insufficient_vnodes_available")
)

// NValViolation is the error for a quorum over n_val, and for an n_val over that of the bucket. N
// is the n_val that counts, or the one that the request asked for.
type NValViolation struct{ N uint32 }

func (e *NValViolation) Error() string { return fmt.Sprintf("{n_val_violation,%d}", e.N) }

// Unsatisfied is the error for a quorum that was not reached in time.
type Unsatisfied struct {
	Quorum    string // r, pr, w, dw or pw
	Want, Got int    // nodes; for pr and pw, primaries
}

func (e *Unsatisfied) Error() string {
	return fmt.Sprintf("{%s_val_unsatisfied,%d,%d}", e.Quorum, e.Want, e.Got)
}

// Insufficient is the error for a request that needs more nodes than there are.
type Insufficient struct {
	Nodes      bool // node_confirms asks for distinct nodes
	Have, Need int
}

func (e *Insufficient) Error() string {
	what := "vnodes"
	if e.Nodes {
		what = "nodes"
	}
	return fmt.Sprintf("{insufficient_%s,%d,need,%d}", what, e.Have, e.Need)
}

// ZeroLength is the error for a name with an empty part.
type ZeroLength struct{ Part string } // Bucket, Key or Type

func (e *ZeroLength) Error() string { return e.Part + " cannot be zero-length" }

// UnknownType is the error of lists and of properties of buckets for a type that does not exist.
type UnknownType struct{ Type string }

func (e *UnknownType) Error() string { return fmt.Sprintf("No bucket-type named '%s'", e.Type) }

// InvalidType is the error of properties of types for a type that does not exist.
type InvalidType struct{ Type string }

func (e *InvalidType) Error() string {
	if e.Type == "" {
		return "Invalid bucket type: <<>>"
	}
	return fmt.Sprintf("Invalid bucket type: <<%q>>", e.Type)
}

// InvalidProps is the error for properties that cannot be set.
type InvalidProps []InvalidProp

// An InvalidProp says why a property cannot be set. Reason is an atom such as not_integer, or a
// sentence if it has a blank.
type InvalidProp struct{ Name, Reason string }

func (e InvalidProps) Error() string {
	terms := make([]string, len(e))
	for i, p := range e {
		reason := p.Reason
		if strings.Contains(reason, " ") {
			reason = fmt.Sprintf("%q", reason)
		}
		terms[i] = "{" + p.Name + "," + reason + "}"
	}
	return "Invalid bucket properties: [" + strings.Join(terms, ",") + "]"
}

// UnknownProp is the error for properties in JSON that have a name which Riak does not know.
type UnknownProp struct{ Name string }

func (e *UnknownProp) Error() string { return fmt.Sprintf("unknown bucket property %q", e.Name) }
