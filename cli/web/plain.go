package web

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"path"
	"strconv"

	"ringside/cli/answer"
	"ringside/cli/exit"
	"ringside/engine/escape"
)

// jsonErrors is a listener whose connections answer requests that are not HTTP in JSON. Such a
// request never reaches a handler, and package net/http answers it by itself, in plain text.
type jsonErrors struct{ net.Listener }

// Accept implements net.Listener.
func (l jsonErrors) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return jsonErrorConn{conn}, nil
}

type jsonErrorConn struct{ net.Conn }

// plainHeader is the header of all answers of net/http to a request that it cannot read. Such an
// answer is one write. No handler of this package sends plain text.
var plainHeader = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// Write implements net.Conn.
func (c jsonErrorConn) Write(b []byte) (int, error) {
	line, text, ok := bytes.Cut(b, plainHeader)
	words := bytes.SplitN(line, []byte(" "), 3)
	if !ok || len(words) < 2 || bytes.Contains(line, []byte("\r\n")) {
		return c.Conn.Write(b)
	}
	status, err := strconv.Atoi(string(words[1]))
	if err != nil {
		return c.Conn.Write(b)
	}
	body, err := escape.JSON(answer.New(false, nil, nil, &exit.Error{Exit: exit.Usage, Code: "bad_request",
		Message: fmt.Sprintf("the request cannot be read: %s; check its line and its headers", text)}))
	if err != nil {
		return c.Conn.Write(b)
	}
	out := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"+
		"X-Content-Type-Options: nosniff\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n",
		status, http.StatusText(status), len(body)+1, body)
	if _, err := c.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// cleanPaths refuses the paths for which http.ServeMux would redirect to another path, and so to
// another key, or answer in plain text.
func cleanPaths(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.Path
		if clean := path.Clean("/" + p); clean != p && clean+"/" != p {
			refuse(w, http.StatusBadRequest, "bad_path", "the path has an empty part, . or ..; POST /v1/commands takes keys "+
				"with such parts")
			return
		}
		next.ServeHTTP(w, r)
	})
}
