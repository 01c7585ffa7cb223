package client

import (
	"fmt"
	"strings"
	"time"

	"ringside/engine/sim/plan"
	"ringside/engine/vclock"
	"ringside/engine/wire"
)

// An Outcome is the end of an operation as its client saw it.
type Outcome int

// Outcomes. Their numbers are part of the trace hash.
const (
	Unknown Outcome = iota // no reply, or a reply that says that the outcome is unknown
	OK
	Failed // certainly not carried out
)

func (o Outcome) String() string { return [...]string{"unknown", "ok", "failed"}[o] }

// An Operation is one request of a client. For a put, the ID of the operation is part of the value.
type Operation struct {
	plan.Op
	Began   time.Duration
	Ended   time.Duration // 0: the operation has not ended
	Outcome Outcome
	Code    wire.Code       // of a failed operation
	Acks    []string        // nodes that acknowledged a put
	Parents map[uint64]bool // writes that the context of a put covers, as far as its client read them; nil: no context

	whenDone func(wire.ClientReply) // may be nil
}

func (op *Operation) quorum() wire.Quorum {
	q := wire.Quorum{R: op.R, W: op.W, Strict: op.Strict}
	if op.Kind == plan.Get {
		q.PR = op.Primaries
	} else {
		q.PW = op.Primaries
	}
	return q
}

// An Observer is told of operations. Its methods must not change the World.
type Observer interface {
	// Began is called when an operation begins.
	Began(op *Operation)
	// Ended is called when an operation ends. r is nil if no reply came.
	Ended(op *Operation, r wire.ClientReply)
}

// An Observation is the record of one operation.
type Observation struct {
	plan.Op
	Began, Ended time.Duration  // since the start of the run; Ended 0: no reply came, or an unknown outcome
	Outcome      string         // ok, failed (certainly not carried out) or unknown
	Code         wire.Code      // of a failed operation
	Acks         []string       // of a put
	Version      vclock.Version // of a put, as its coordinator stamped it
	Read         []uint64       // writes that a get returned, without tombstones
}

// Ending describes how the operation ended, as its client saw it.
func (o Observation) Ending() string {
	text := o.Outcome
	if o.Kind == plan.Get && o.Outcome == OK.String() {
		text = "found nothing"
		if len(o.Read) > 0 {
			text = "found " + numbers(o.Read)
		}
	}
	if o.Code != wire.OK {
		text += ": " + o.Code.String()
	}
	if len(o.Acks) > 0 {
		text = "acked by " + strings.Join(o.Acks, " ") + " as " + o.Version.Notation()
	}
	return text
}

func numbers(ids []uint64) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = fmt.Sprintf("#%d", id)
	}
	return strings.Join(parts, " ")
}

// Value returns the value that operation id writes, with size bytes if that is more than it needs.
func Value(id uint64, size int) []byte {
	v := fmt.Appendf(make([]byte, 0, max(size, 0)), "op%d", id)
	for len(v) < size {
		v = append(v, filler)
	}
	return v
}

// filler fills values up. Events show the beginning of a value only.
const filler = '.'

// ValueID returns the operation that wrote a value. It returns false if no operation writes that
// value.
func ValueID(b []byte) (id uint64, ok bool) {
	if len(b) < 3 || string(b[:2]) != "op" || b[2] == filler {
		return 0, false
	}
	for _, c := range b[2:] {
		if c == filler {
			break
		}
		if c < '0' || c > '9' {
			return 0, false
		}
		id = 10*id + uint64(c-'0')
	}
	return id, true
}
