package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"ringside/cli/answer"
	"ringside/cli/exit"
	"ringside/cli/verbs"
	"ringside/engine/escape"
	"ringside/engine/event"
	"ringside/engine/usage"
	"ringside/engine/wire"
)

// statuses maps exit codes to statuses. An exit code that is absent is 500.
var statuses = map[int]int{
	exit.OK:          http.StatusOK,
	exit.Usage:       http.StatusBadRequest,
	exit.NotFound:    http.StatusNotFound,
	exit.Siblings:    http.StatusConflict,
	exit.Quorum:      http.StatusServiceUnavailable,
	exit.Context:     http.StatusUnprocessableEntity,
	exit.NoCluster:   http.StatusServiceUnavailable,
	exit.Expectation: http.StatusPreconditionFailed,
	exit.Interrupted: http.StatusServiceUnavailable,
}

// statusOf returns the status of an answer.
func statusOf(a answer.Answer) int {
	if a.Code() == wire.TooLarge.String() {
		return http.StatusRequestEntityTooLarge
	}
	if status, ok := statuses[a.Exit]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// refuse answers a request that runs no command.
func refuse(w http.ResponseWriter, status int, code, message string) {
	send(w, status, answer.New(false, nil, nil, &exit.Error{Exit: exit.Usage, Code: code, Message: message}))
}

// send writes an answer as the whole response.
func send(w http.ResponseWriter, status int, a answer.Answer) {
	b, err := escape.JSON(a)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"exit":1}`)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTime)) // fails for a recorder of a test only
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the client may be gone
}

// serve answers a request by the command of its route.
func (h handler) serve(w http.ResponseWriter, q *http.Request, r route) {
	c, err := callOf(w, q, r)
	var misuse *usage.Error
	switch {
	case errors.Is(err, errTooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, wire.TooLarge.String(), err.Error())
		return
	case errors.As(err, &misuse):
		send(w, http.StatusBadRequest, answer.New(false, nil, nil, err))
		return
	case err != nil:
		refuse(w, http.StatusRequestTimeout, "no_body", err.Error())
		return
	}
	env := *h.o.Env
	env.In = bytes.NewReader(c.input)
	if r.stream {
		h.stream(w, q.Context(), &env, c)
		return
	}
	if env.Follows(c.words) {
		refuse(w, http.StatusBadRequest, "usage", "events: -f would not end here; GET /v1/events?follow=true follows")
		return
	}
	a := answer.Run(q.Context(), &env, c.words, h.o.Explain)
	a.Command = c.text
	send(w, statusOf(a), a)
}

// stream sends what a command prints as it comes. An error before the first line is an answer with
// a status, and a later error is a last line.
func (h handler) stream(w http.ResponseWriter, ctx context.Context, env *verbs.Env, c call) {
	out := &streamWriter{w: w, rc: http.NewResponseController(w)}
	var notes bytes.Buffer
	env.Out, env.Err, env.JSON = out, &notes, true
	env.Cluster = announced{env.Cluster, out.begin}
	err := h.o.Explain(verbs.Run(ctx, env, c.words))
	switch a := answer.New(false, nil, notes.Bytes(), err); {
	case err != nil && !out.begun:
		send(w, statusOf(a), a)
	case err != nil:
		if b, failed := escape.JSON(a); failed == nil {
			_, _ = out.Write(append(b, '\n')) // the client may be gone
		}
	default:
		out.begin()
	}
}

// announced is a cluster that says when the reading of its events begins. The header of a stream
// leaves then, so that the client of a quiet cluster knows that its request was understood.
type announced struct {
	verbs.Cluster
	begin func()
}

// Events implements verbs.Cluster.
func (a announced) Events(ctx context.Context, q event.Query, fn func([]event.Event) error) error {
	a.begin()
	return a.Cluster.Events(ctx, q, fn)
}

// A streamWriter sends each write at once.
type streamWriter struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	begun bool
}

// begin sends the header.
func (s *streamWriter) begin() {
	if !s.begun {
		s.begun = true
		s.w.Header().Set("Content-Type", "application/x-ndjson")
		s.w.WriteHeader(http.StatusOK)
		_ = s.rc.Flush() // the next write reports an error
	}
}

// Write implements io.Writer.
func (s *streamWriter) Write(b []byte) (int, error) {
	s.begin()
	_ = s.rc.SetWriteDeadline(time.Now().Add(writeTime)) // fails for a recorder of a test only
	n, err := s.w.Write(b)
	if err == nil {
		err = s.rc.Flush()
	}
	return n, err
}
