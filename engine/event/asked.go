package event

import (
	"fmt"
	"slices"
)

// A Quorum says which nodes may count toward R and W of a client's request (§4.5, §4.6).
type Quorum uint8

// The quorums of a request. The zero value is that of events that are not Requested, and of
// recordings made before Requested had the field.
const (
	QuorumUnsaid Quorum = iota
	SloppyQuorum        // fallbacks count
	StrictQuorum        // only the key's homes count
)

// QuorumOf returns the quorum of a request that is strict or not.
func QuorumOf(strict bool) Quorum {
	if strict {
		return StrictQuorum
	}
	return SloppyQuorum
}

// A Context says whether a client's put came with the context of an earlier get or put (§4.4).
type Context uint8

// The contexts of a put. The zero value is that of a get, of events that are not Requested, and of
// recordings made before Requested had the field.
const (
	ContextUnsaid Context = iota
	ContextGiven
	NoContext // the put is blind: its version descends from no version that the client has seen
)

// ContextOf returns the Context of a put with the token.
func ContextOf(token []byte) Context {
	if len(token) == 0 {
		return NoContext
	}
	return ContextGiven
}

var (
	quorumWords  = [...]string{QuorumUnsaid: "", SloppyQuorum: "sloppy", StrictQuorum: "strict"}
	contextWords = [...]string{ContextUnsaid: "", ContextGiven: "given", NoContext: "none"}
)

// String returns the word of q in JSON: sloppy, strict, or "" for QuorumUnsaid.
func (q Quorum) String() string { return wordOf(quorumWords[:], int(q)) }

// String returns the word of c in JSON: given, none, or "" for ContextUnsaid.
func (c Context) String() string { return wordOf(contextWords[:], int(c)) }

func wordOf(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}

// askedIn returns the values whose words are quorum and context. It returns an error for another
// word.
func askedIn(quorum, context string) (Quorum, Context, error) {
	q, err := indexOf(quorumWords[:], "quorum", quorum)
	if err != nil {
		return 0, 0, err
	}
	c, err := indexOf(contextWords[:], "context", context)
	return Quorum(q), Context(c), err
}

func indexOf(words []string, field, word string) (int, error) {
	if i := slices.Index(words, word); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("decode event: %s %q; want %s or %s", field, word, words[1], words[2])
}
