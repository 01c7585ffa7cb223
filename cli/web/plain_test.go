package web

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A request that no handler sees is answered in JSON as well, and a path is never taken for another
// one.
func TestBrokenRequestsAreAnsweredInJSON(t *testing.T) {
	s, _ := serve(t)
	for text, want := range map[string]int{
		"GET /v1/keys/%zz HTTP/1.1\r\nHost: x\r\n\r\n":                                     http.StatusBadRequest,
		"GET /v1/status HTTP/1.1\r\nHost: x\r\nbroken header\r\n\r\n":                      http.StatusBadRequest,
		"GET /v1/status HTTP/1.1\r\n\r\n":                                                  http.StatusBadRequest,
		"nonsense\r\n\r\n":                                                                 http.StatusBadRequest,
		"GET / HTTP/7.0\r\nHost: x\r\n\r\n":                                                http.StatusHTTPVersionNotSupported,
		"PUT /v1/keys/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: odd\r\n\r\n":             http.StatusNotImplemented,
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n": http.StatusRequestHeaderFieldsTooLarge,
	} {
		conn, err := net.Dial("tcp", s.addr.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		go func() { _, _ = io.WriteString(conn, text) }() // the server may hang up early
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%.60q: %v", text, err)
			continue
		}
		var a struct {
			Exit  int
			Error struct{ Code, Message string }
		}
		err = json.NewDecoder(r.Body).Decode(&a)
		_ = r.Body.Close()
		_ = conn.Close()
		if err != nil || r.StatusCode != want || r.Header.Get("Content-Type") != "application/json" || a.Exit != 2 ||
			!strings.Contains(a.Error.Message, "cannot be read") {
			t.Errorf("%.60q: %v, %s %v, %+v", text, err, r.Status, r.Header, a)
		}
	}
	for _, p := range []string{"/v1/keys//cart", "/v1/keys/a%2F%2Fb", "/v1//status", "/v1/keys/%2E%2E"} {
		if r := ask(t, s, "GET", p, ""); r.status != http.StatusBadRequest || !strings.Contains(r.text, "bad_path") {
			t.Errorf("%s: %d %s", p, r.status, r.text)
		}
	}
}
