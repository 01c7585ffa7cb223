package wire

import "fmt"

// A Code says how a request ended.
type Code uint8

const (
	OK               Code = iota
	QuorumNotReached      // fewer than R or W nodes answered
	ContextRefused        // the context is for another key or another cluster, or was altered
	TooLarge              // key, value or siblings exceed a limit
	Overloaded            // a named limit was reached; nothing of the request was written
	NodeDown              // the node that the client named does not run
	BadRequest            // the request is invalid
	Damaged               // the replica's record fails its checksum
	// Pending: the node was not given the key's range yet; or it is not a home in the ring that it
	// knows; or it has left and takes no more replicas; or it knows another ring than the node that
	// asks.
	Pending
)

var codeNames = [...]string{
	"ok", "quorum_not_reached", "context_refused", "too_large", "overloaded", "node_down", "bad_request", "damaged",
	"pending",
}

// Valid reports whether c is a known code. Decoders check it.
func (c Code) Valid() bool { return int(c) < len(codeNames) }

// String returns the code as JSON has it, such as quorum_not_reached.
func (c Code) String() string {
	if !c.Valid() {
		return fmt.Sprintf("code_%d", uint8(c))
	}
	return codeNames[c]
}

// ParseCode returns the code with the name s. An empty name means OK.
func ParseCode(s string) (Code, error) {
	if s == "" {
		return OK, nil
	}
	for i, n := range codeNames {
		if n == s {
			return Code(i), nil
		}
	}
	return BadRequest, fmt.Errorf("invalid code %q", s)
}
