package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"

	"ringside/engine/event"
	"ringside/engine/fault"
	"ringside/engine/member"
	"ringside/engine/usage"
)

const (
	// maxRequestLine bounds a request in bytes. The largest put fits in base64.
	maxRequestLine = 4 << 20
	// maxResponseLine bounds a response in bytes. The largest frame fits in base64.
	maxResponseLine = 96 << 20
	// firstLine is the size in bytes of the line buffer that a connection begins with.
	firstLine = 16 << 10
	// maxKept is the size in bytes of the largest buffer that is kept for the next batch of events.
	maxKept = 1 << 20
)

// A request asks for one method of a cluster.
type request struct {
	Method  string          `json:"method"`            // a key of methods
	Via     string          `json:"via,omitempty"`     // do
	Request []byte          `json:"request,omitempty"` // do: encoded as on the wire between clients and nodes
	Fault   *fault.Fault    `json:"fault,omitempty"`
	Member  *member.Request `json:"member,omitempty"`
	Keys    [][]byte        `json:"keys,omitempty"`   // snapshot
	DryRun  bool            `json:"look,omitempty"`   // compare
	Ranges  []event.Span    `json:"ranges,omitempty"` // compare
	eventsQuery
}

// An eventsQuery has the fields of a request for events: an event.Query, and the form of the
// answer.
type eventsQuery struct {
	After  uint64       `json:"after,omitempty"`
	Follow bool         `json:"follow,omitempty"`
	Screen bool         `json:"screen,omitempty"`
	Rate   int          `json:"rate,omitempty"`
	Kinds  []event.Kind `json:"kinds,omitempty"`
	Node   string       `json:"node,omitempty"`
	Key    []byte       `json:"key,omitempty"`
	About  uint64       `json:"about,omitempty"` // the client's request, of which events are wanted
	// Lines asks for each event on a line of its own, outside of responses. A response without
	// fields ends each batch of lines.
	Lines bool `json:"lines,omitempty"`
}

func eventsRequest(q event.Query, lines bool) request {
	return request{Method: "events", eventsQuery: eventsQuery{
		After: q.After, Follow: q.Follow, Screen: q.Screen, Rate: q.Rate, Kinds: q.Kinds, Node: q.Node, Key: q.Key,
		About: q.Request, Lines: lines,
	}}
}

func (q *eventsQuery) query() event.Query {
	return event.Query{After: q.After, Follow: q.Follow, Screen: q.Screen, Rate: q.Rate,
		Filter: event.Filter{Kinds: q.Kinds, Node: q.Node, Key: q.Key, Request: q.About}}
}

// A response is one line of the answer to a request.
type response struct {
	Reply  []byte         `json:"reply,omitempty"`  // do
	Change *member.Change `json:"change,omitempty"` // member
	Events []event.Event  `json:"events,omitempty"` // snapshot, compare, events: some of them
	Error  *failure       `json:"error,omitempty"`
	Last   bool           `json:"last,omitempty"`

	lines []byte // the lines of events that came before this response; valid until the next one
}

// A failure is an error in a response.
type failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// The codes of failures.
const (
	codeUsage      = "usage"       // a *usage.Error
	codeNotRunning = "not_running" // ErrStopped
	codeOverloaded = "overloaded"  // too many connections
	codeInternal   = "internal"    // any other error
)

// ErrNotRunning means that no cluster of the name is running.
var ErrNotRunning = errors.New("no such cluster running")

// ErrStopped is the error of a call to a cluster that is going down or is down.
var ErrStopped = fmt.Errorf("the cluster is stopped: %w", ErrNotRunning)

// ErrGone is the error of a request that got no complete answer, because the process of the cluster
// ended. The request may have been carried out.
var ErrGone = fmt.Errorf("the cluster ended during the request: %w", ErrNotRunning)

// encodeError returns err as a failure.
func encodeError(err error) *failure {
	code := codeInternal
	var refused *usage.Error
	switch {
	case errors.As(err, &refused):
		code = codeUsage
	case errors.Is(err, ErrNotRunning):
		code = codeNotRunning
	}
	return &failure{Code: code, Message: err.Error()}
}

// decode returns the failure as an error.
func (f *failure) decode() error {
	switch f.Code {
	case codeUsage:
		return &usage.Error{Err: errors.New(f.Message)}
	case codeNotRunning:
		return ErrStopped
	}
	return errors.New(f.Message)
}

// An eventsWriter writes batches of events to a connection. It does what respond does, without
// reflection for the common events.
type eventsWriter struct {
	conn  net.Conn
	lines bool // each event is a line
	buf   []byte
}

// linePrefix begins the line of an event, and no response.
const linePrefix = `{"seq":`

func (w *eventsWriter) write(batch []event.Event) error {
	begin, between, end := `{"events":[`, `,`, "]}\n"
	if w.lines {
		begin, between, end = "", "\n", "\n{}\n"
	}
	w.buf = append(w.buf[:0], begin...)
	for i := range batch {
		if i > 0 {
			w.buf = append(w.buf, between...)
		}
		var err error
		if w.buf, err = event.AppendJSON(w.buf, &batch[i]); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, end...)
	_, err := w.conn.Write(w.buf)
	if cap(w.buf) > maxKept {
		w.buf = nil
	}
	return err
}

// respond writes one line.
func respond(conn net.Conn, r response) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = conn.Write(append(b, '\n'))
	return err
}

// refuse writes the last response of a request that failed. The error of the connection is ignored:
// the connection is closed next.
func refuse(conn net.Conn, code, message string) {
	_ = respond(conn, response{Last: true, Error: &failure{code, message}})
}
