package httpdoor

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An exchange is one request and its answer.
type exchange struct {
	s   *Server
	w   http.ResponseWriter
	r   *http.Request
	ctx context.Context
	q   query
	at  place

	mediaType string // the one of the answer, after negotiation
	gzip      bool   // the answer's body is compressed, after negotiation
	body      []byte // of the answer
	// stream calls emit with each part of the answer's body, if the body may be too long for body. It
	// sets body if it turns out not to be.
	stream func(emit func(part []byte) error) error

	read   []byte // the body of the request, after content was called
	loaded bool
}

// header returns a header of the request. Values of a repeated header are joined, as in Riak.
func (x *exchange) header(name string) (value string, given bool) {
	values := x.r.Header.Values(name)
	return strings.Join(values, ", "), len(values) > 0
}

// set sets a header of the answer.
func (x *exchange) set(name, value string) { x.w.Header().Set(name, value) }

// text makes an answer of plain text, and returns its status.
func (x *exchange) text(status int, format string, args ...any) int {
	x.set("Content-Type", "text/plain")
	x.body = fmt.Appendf(nil, format, args...)
	return status
}

// content returns the body of the request. If the body cannot be read, the status of the answer is
// not 0.
func (x *exchange) content() ([]byte, int) {
	if x.loaded {
		return x.read, 0
	}
	x.loaded = true
	if x.r.ContentLength > maxBody {
		return nil, x.tooLarge()
	}
	var buf bytes.Buffer
	if x.r.ContentLength > 0 {
		buf.Grow(int(x.r.ContentLength) + bytes.MinRead) // or else ReadFrom would grow it at the end
	}
	control := http.NewResponseController(x.w)
	if x.r.ContentLength != 0 {
		_ = control.SetReadDeadline(time.Now().Add(bodyTime))
		defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	}
	_, err := buf.ReadFrom(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return nil, x.tooLarge()
	case err != nil:
		return nil, x.text(http.StatusBadRequest, "the body of the request cannot be read\n")
	}
	x.read = buf.Bytes()
	return x.read, 0
}

func (x *exchange) tooLarge() int {
	return x.text(http.StatusRequestEntityTooLarge, "the body of a request is at most %d bytes\n", maxBody)
}

// finish sends the answer with its status.
func (x *exchange) finish(status int) {
	h := x.w.Header()
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(writeTime))
	switch {
	case status == http.StatusNotModified:
		h.Del("Content-Type")
		x.body, x.stream = nil, nil
	case status >= http.StatusBadRequest && len(x.body) == 0:
		x.set("Content-Type", "text/html")
		reason := http.StatusText(status)
		x.body = fmt.Appendf(nil, "<html><head><title>%d %s</title></head><body><h1>%s</h1></body></html>\n",
			status, reason, reason)
	}
	if x.stream != nil {
		x.finishStream(status)
		return
	}
	if x.gzip && len(x.body) > 0 {
		x.body = compressed(x.body)
	}
	if _, typed := h["Content-Type"]; !typed {
		h["Content-Type"] = nil // net/http would guess one
	}
	if status != http.StatusNoContent && status != http.StatusNotModified {
		x.set("Content-Length", strconv.Itoa(len(x.body)))
	}
	x.w.WriteHeader(status)
	_, _ = x.w.Write(x.body) // net/http leaves it out for HEAD; an error means that the client has gone
}

// finishStream sends the answer with a body of parts. Each part is compressed alone, as in Riak, so
// that the client can read it at once. If the first part fails, the answer is that of the failure.
func (x *exchange) finishStream(status int) {
	if x.r.Method == http.MethodHead {
		x.w.WriteHeader(status)
		return
	}
	control := http.NewResponseController(x.w)
	begun := false
	err := x.stream(func(part []byte) error {
		if x.gzip {
			part = compressed(part)
		}
		x.s.awaitNode(x.ctx)
		_ = control.SetWriteDeadline(time.Now().Add(writeTime))
		if !begun {
			begun = true
			x.w.WriteHeader(status)
		}
		if _, err := x.w.Write(part); err != nil {
			return err
		}
		return control.Flush()
	})
	switch {
	case begun && err != nil:
		panic(http.ErrAbortHandler) // the client sees that the body is not complete
	case begun:
		return
	case err != nil:
		status = x.failedList(err)
	}
	x.stream = nil
	x.finish(status)
}

// compressed returns b in the format of gzip.
func compressed(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(b)
	if err = errors.Join(err, z.Close()); err != nil {
		panic("httpdoor: compress: " + err.Error()) // a buffer takes all
	}
	return out.Bytes()
}
