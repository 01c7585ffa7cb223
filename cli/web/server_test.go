package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"ringside/cli/verbs"
	"ringside/engine/settings"
	"ringside/engine/wire"
	"ringside/localcluster"
)

const token = "a-token-of-the-test"

// serve serves a new cluster of five nodes in memory.
func serve(t *testing.T) (*Server, *localcluster.Cluster) {
	t.Helper()
	home, err := os.MkdirTemp("/tmp", "rw") // a short path, for the name of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	c, err := localcluster.Start(t.Context(), localcluster.Options{Name: "test", Home: home, Mem: true,
		Settings: settings.Cluster{Nodes: settings.NodeNames(5)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s, err := Serve(Options{Addr: "127.0.0.1:0", Token: token, Env: &verbs.Env{Cluster: c, Name: "test", NoFiles: true},
		Explain: func(err error) error { return err }, Log: func(text string) { t.Log(text) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, c
}

// A reply is a response with its body as JSON.
type reply struct {
	status int
	header http.Header
	text   string
	Exit   int
	Result struct {
		Context  string
		Siblings []struct {
			Value  string
			Base64 string `json:"value_base64"`
		}
		Held bool
	}
	Error struct{ Code, Message string }
}

// ask sends a request with the token. Each pair of change is a header and its value.
func ask(t *testing.T, s *Server, method, path, body string, change ...string) reply {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(change); i += 2 {
		if change[i] == "Host" {
			q.Host = change[i+1]
		} else {
			q.Header.Set(change[i], change[i+1])
		}
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, text: string(b)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && method != http.MethodHead {
		var object struct{ Result map[string]json.RawMessage }
		if err := json.Unmarshal(b, &object); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, b)
		}
		if method == http.MethodGet || strings.HasSuffix(path, "expect") { // siblings of a put is a number
			_ = json.Unmarshal(b, &r)
		} else {
			var e struct {
				Exit  int
				Error struct{ Code, Message string }
			}
			_ = json.Unmarshal(b, &e)
			r.Exit, r.Error = e.Exit, e.Error
		}
	}
	return r
}

// Requests that a web page may have caused, and those without the token, reach no command.
func TestRefusals(t *testing.T) {
	s, _ := serve(t)
	port := strings.TrimPrefix(s.URL(), "http://127.0.0.1")
	for name, tt := range map[string]struct {
		change []string
		status int
		code   string
	}{
		"plain":               {nil, 200, ""},
		"localhost":           {[]string{"Host", "localhost" + port}, 200, ""},
		"IPv6":                {[]string{"Host", "[::1]" + port}, 200, ""},
		"other loopback":      {[]string{"Host", "127.1.2.3" + port}, 200, ""},
		"foreign host":        {[]string{"Host", "evil.example" + port}, 403, "forbidden"},
		"suffix of a host":    {[]string{"Host", "localhost.evil.example" + port}, 403, "forbidden"},
		"rebound name":        {[]string{"Host", "127.0.0.1.nip.io" + port}, 403, "forbidden"},
		"other machine":       {[]string{"Host", "10.0.0.1" + port}, 403, "forbidden"},
		"any address":         {[]string{"Host", "0.0.0.0" + port}, 403, "forbidden"},
		"other port":          {[]string{"Host", "127.0.0.1:1"}, 403, "forbidden"},
		"no port":             {[]string{"Host", "127.0.0.1"}, 403, "forbidden"},
		"origin":              {[]string{"Origin", "http://evil.example"}, 403, "forbidden"},
		"own origin":          {[]string{"Origin", s.URL()}, 403, "forbidden"},
		"null origin":         {[]string{"Origin", "null"}, 403, "forbidden"},
		"empty origin":        {[]string{"Origin", ""}, 403, "forbidden"},
		"cross site":          {[]string{"Sec-Fetch-Site", "cross-site"}, 403, "forbidden"},
		"same site":           {[]string{"Sec-Fetch-Site", "same-site"}, 403, "forbidden"},
		"odd site":            {[]string{"Sec-Fetch-Site", "NONE"}, 403, "forbidden"},
		"same origin":         {[]string{"Sec-Fetch-Site", "same-origin"}, 200, ""},
		"address bar":         {[]string{"Sec-Fetch-Site", "none"}, 200, ""},
		"no token":            {[]string{"Authorization", ""}, 401, "unauthorized"},
		"other token":         {[]string{"Authorization", "Bearer a-token-of-the-tesT"}, 401, "unauthorized"},
		"longer token":        {[]string{"Authorization", "Bearer " + token + "x"}, 401, "unauthorized"},
		"basic":               {[]string{"Authorization", "Basic " + token}, 401, "unauthorized"},
		"bearer, small":       {[]string{"Authorization", "bearer " + token}, 200, ""},
		"origin before token": {[]string{"Origin", "x", "Authorization", ""}, 403, "forbidden"},
	} {
		r := ask(t, s, "GET", "/v1/status", "", tt.change...)
		if r.status != tt.status || r.Error.Code != tt.code {
			t.Errorf("%s: status %d, %s", name, r.status, r.text)
		}
		for header := range r.header {
			if strings.HasPrefix(header, "Access-Control-") {
				t.Errorf("%s: the response has %s", name, header)
			}
		}
		if r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", name, r.header)
		}
	}
	preflight := ask(t, s, "OPTIONS", "/v1/keys/cart", "", "Origin", "http://evil.example", "Authorization", "",
		"Access-Control-Request-Method", "PUT")
	if preflight.status != 403 {
		t.Errorf("preflight: status %d", preflight.status)
	}
	if r := ask(t, s, "GET", openAPIPath, "", "Authorization", ""); r.status != 200 {
		t.Errorf("the description without a token: status %d", r.status)
	}
	if r := ask(t, s, "GET", openAPIPath, "", "Host", "evil.example"); r.status != 403 {
		t.Errorf("the description for a foreign host: status %d", r.status)
	}
}

// The API listens on loopback only, and says why.
func TestAddresses(t *testing.T) {
	for addr, want := range map[string]string{
		"": "want HOST:PORT", "8080": "want HOST:PORT", "127.0.0.1": "want HOST:PORT", "127.0.0.1:": "want HOST:PORT",
		":8080": "127.0.0.1, [::1] or localhost only", "0.0.0.0:0": "only, because", "[::]:0": "only, because",
		"10.1.2.3:0": "only, because", "example.com:80": "only, because", "127.0.0.1:99999": "invalid port",
		"localhost.evil.example:0": "only, because", "[fe80::1%lo]:0": "only, because",
	} {
		s, err := Serve(Options{Addr: addr})
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", addr, err, want)
		}
	}
	s, err := Serve(Options{Addr: "localhost:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	taken := strings.TrimPrefix(s.URL(), "http://")
	if again, err := Serve(Options{Addr: taken}); err == nil || !strings.Contains(err.Error(), "choose another port") {
		t.Errorf("a port that is in use: %v, %v", again, err)
	}
}

// Invalid requests are refused with a reason, and with the status of their exit code.
func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	large := strings.Repeat("x", wire.MaxValue)
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/v1/nothing", "", 404, "no such path"},
		{"GET", "/", "", 404, "no such path"},
		{"POST", "/v1/status", "", 405, "the path takes GET"},
		{"PATCH", "/v1/keys/cart", "", 405, "the path takes GET, PUT, POST, DELETE"},
		{"GET", "/v1/keys/cart?Q=1", "", 400, `unknown parameter \"Q\"; get takes: via R pr strict`},
		{"GET", "/v1/status?Q=1", "", 400, `unknown parameter \"Q\"; status takes no parameters"`},
		{"GET", "/v1/keys/cart?R=1&R=2", "", 400, "2 times"},
		{"GET", "/v1/keys/cart?R=0", "", 400, "whole number"},
		{"GET", "/v1/keys/cart?strict=perhaps", "", 400, "neither true nor false"},
		{"GET", "/v1/keys/nothing", "", 404, "no value"},
		{"GET", "/v1/keys/" + strings.Repeat("k", wire.MaxKey+1), "", 413, "over the limit"},
		{"PUT", "/v1/keys/cart", large + "y", 413, "larger than the limit"},
		{"PUT", "/v1/keys/cart", large + large + large, 413, "larger than the limit"},
		{"PUT", "/v1/keys/large", large, 200, ""},
		{"PUT", "/v1/keys/cart?c=nonsense", "x", 422, "not a context"},
		{"PUT", "/v1/keys/cart?c=@./file", "x", 400, "no files are read or written here"},
		{"PUT", "/v1/keys/cart?c=@name", "x", 400, "no contexts are saved by name here"},
		{"PUT", "/v1/keys/cart?save=@./file", "x", 400, "no files are read or written here"},
		{"DELETE", "/v1/keys/cart", "", 400, "CTX is missing"},
		{"POST", "/v1/keys/cart", "", 400, "neither value nor value_base64"},
		{"POST", "/v1/keys/cart", `{"value":"a","value_base64":"YQ=="}`, 400, "both"},
		{"POST", "/v1/keys/cart", `{"value":1}`, 400, "not a string"},
		{"POST", "/v1/keys/cart", `{"value_base64":"?"}`, 400, "not base64"},
		{"POST", "/v1/keys/cart", `{"value":"a","W":{}}`, 400, "neither a string"},
		{"POST", "/v1/keys/cart?W=1", `{"value":"a","W":2}`, 400, "in the query and in the body"},
		{"POST", "/v1/keys/cart", `{"value":"a"} x`, 400, "not one JSON object"},
		{"POST", "/v1/keys/cart", "[1]", 400, "not one JSON object"},
		{"POST", "/v1/keys/cart", `{"value":"` + strings.Repeat("x", maxJSON) + `"}`, 413, "too large"},
		{"POST", "/v1/partition", "", 400, `parameter \"group\" is missing`},
		{"POST", "/v1/partition", `{"group":["n1","n9"]}`, 400, "n9"},
		{"POST", "/v1/nodes/n9/kill", "", 400, "n9"},
		{"POST", "/v1/links/n1-n2/slow", "", 400, `parameter \"delay\" is missing`},
		{"POST", "/v1/expect", `{"condition":"hints==7"}`, 412, "hints"},
		{"POST", "/v1/expect", `{"condition":["--","down"],"exit":"0"}`, 400, "is not a condition"},
		{"POST", "/v1/wait", `{"condition":"hints==7","timeout":"1ms"}`, 412, "does not hold"},
		{"GET", "/v1/events?kind=nonsense", "", 400, "no kind of event"},
		{"GET", "/v1/events?follow=true&kind=nonsense", "", 400, "no kind of event"},
		{"POST", "/v1/commands", "", 400, "want {"},
		{"POST", "/v1/commands", `{"command":"get cart","words":["get"]}`, 400, "want {"},
		{"POST", "/v1/commands", `{"command":"get cart","more":1}`, 400, "want {"},
		{"POST", "/v1/commands", `{"command":""}`, 400, "empty"},
		{"POST", "/v1/commands", `{"command":"git cart"}`, 400, "did you mean get"},
		{"POST", "/v1/commands", `{"command":"get 'cart"}`, 400, "quote"},
		{"POST", "/v1/commands", `{"command":"events -f"}`, 400, "follow=true"},
		{"POST", "/v1/commands", `{"command":"as alice events -f"}`, 400, "follow=true"},
		{"POST", "/v1/commands", `{"command":"export x.jsonl"}`, 400, "no files"},
		{"POST", "/v1/commands", `{"command":"trace last --svg x.svg"}`, 400, "no files"},
		{"POST", "/v1/commands", `{"command":"get large --cluster other"}`, 400, "unknown flag"},
	} {
		r := ask(t, s, tt.method, tt.path, tt.body)
		if r.status != tt.status || !strings.Contains(r.text, tt.want) || (tt.status == 200) != (r.Exit == 0) {
			t.Errorf("%s %.60s %.60s: status %d, exit %d, %.400s", tt.method, tt.path, tt.body, r.status, r.Exit, r.text)
		}
	}
	if r := ask(t, s, "POST", "/v1/status", ""); r.header.Get("Allow") != "GET" {
		t.Errorf("405 has Allow: %q", r.header.Get("Allow"))
	}
}

// Keys and values are bytes, and a context goes in the header or in the body.
func TestValuesAndContexts(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	for _, key := range []string{"cart", "a%2Fb%20c", "-R", "--", "%FF%FE", "%E2%98%83", "-"} {
		path := "/v1/keys/" + key
		for _, value := range []string{"milk", "", "\xff\xfe\x00", `{"a":[1]}`, "-"} {
			context := ask(t, s, "GET", path, "").Result.Context
			if r := ask(t, s, "PUT", path, value, contextHeader, context); r.status != 200 {
				t.Fatalf("PUT %s: %d %s", key, r.status, r.text)
			}
			got := ask(t, s, "GET", path+"?one=true&R=2", "")
			if len(got.Result.Siblings) != 1 {
				t.Fatalf("GET %s: %s", key, got.text)
			}
			v := got.Result.Siblings[0]
			b, _ := base64.StdEncoding.DecodeString(v.Base64)
			if v.Value+string(b) != value {
				t.Errorf("%s holds %q, want %q", key, v.Value+string(b), value)
			}
			body, _ := json.Marshal(map[string]any{"value_base64": []byte(value), "context": got.Result.Context, "W": 2, "strict": true})
			if r := ask(t, s, "POST", path, string(body)); r.status != 200 {
				t.Errorf("POST %s: %d %s", key, r.status, r.text)
			}
			if got := ask(t, s, "GET", path, ""); len(got.Result.Siblings) != 1 {
				t.Errorf("after a POST with a context: %s", got.text)
			}
		}
		got := ask(t, s, "GET", path, "")
		if r := ask(t, s, "DELETE", path, "", contextHeader, got.Result.Context); r.status != 200 {
			t.Errorf("DELETE %s: %d %s", key, r.status, r.text)
		}
		if r := ask(t, s, "GET", path, ""); r.status != 404 || r.Exit != 3 {
			t.Errorf("after the DELETE: %d %s", r.status, r.text)
		}
	}
}

// A stream begins before the first event, sends events as they happen, and ends with the cluster.
func TestStream(t *testing.T) {
	t.Parallel()
	s, c := serve(t)
	q, err := http.NewRequestWithContext(t.Context(), "GET", s.URL()+"/v1/events?follow=true&kind=heal", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	lines := bufio.NewScanner(resp.Body)
	for range 3 {
		if r := ask(t, s, "POST", "/v1/heal", ""); r.status != 200 {
			t.Fatal(r.text)
		}
		if !lines.Scan() || !strings.Contains(lines.Text(), `"kind":"heal"`) {
			t.Fatalf("%q, %v", lines.Text(), lines.Err())
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if !lines.Scan() || !strings.Contains(lines.Text(), `"exit":`) || lines.Scan() || lines.Err() != nil {
		t.Errorf("the last line is %q, %v", lines.Text(), lines.Err())
	}
	if r := ask(t, s, "GET", "/v1/status", ""); r.status == 200 {
		t.Errorf("without a cluster: %s", r.text)
	}
}

// Close ends the requests that are under way, and closes the port.
func TestClose(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	begun := make(chan struct{})
	ended := make(chan error)
	go func() {
		q, _ := http.NewRequestWithContext(ctx, "GET", s.URL()+"/v1/events?follow=true&kind=heal", nil)
		q.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(q)
		close(begun)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		ended <- err
	}()
	<-begun
	start := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-ended
	if time.Since(start) > closeTime+20*time.Second {
		t.Errorf("Close took %v", time.Since(start))
	}
	if conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://")); err == nil {
		_ = conn.Close()
		t.Error("the port is still open")
	}
}

// A client that does not send all of a header is dropped, and others are served meanwhile.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /v1/status HTTP/1.1\r\nHost: "); err != nil {
		t.Fatal(err)
	}
	if r := ask(t, s, "GET", "/v1/status", ""); r.status != 200 {
		t.Errorf("status %d", r.status)
	}
	_ = conn.SetReadDeadline(time.Now().Add(headerTime + 20*time.Second))
	if b, err := io.ReadAll(conn); err != nil || bytes.Contains(b, []byte("200 OK")) {
		t.Errorf("%q, %v", b, err)
	}
}
