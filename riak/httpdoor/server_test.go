package httpdoor_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/engine/fault"
	"ringside/engine/settings"
	"ringside/localcluster"
	"ringside/riak/httpdoor"
	"ringside/riak/kv"
)

// A site is the door of one node of a cluster in memory.
type site struct {
	t    *testing.T
	c    *localcluster.Cluster
	node string
	url  string
	s    *httpdoor.Server
	http *http.Transport
}

// start starts a cluster of three nodes, and the door of its first node.
func start(t *testing.T, stalled func() <-chan struct{}) *site {
	t.Helper()
	c, err := localcluster.Start(t.Context(), localcluster.Options{
		Home: t.TempDir(), Mem: true, Settings: settings.Cluster{Nodes: settings.NodeNames(3)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	node := c.Running()[0]
	store := kv.NewStore(c, node)
	s := httpdoor.Serve(ln, httpdoor.Options{Store: store, Stalled: stalled})
	t.Cleanup(func() {
		_ = s.Close() // some tests have closed it
		store.Close()
		c.Close()
	})
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &site{t: t, c: c, node: node, url: "http://" + ln.Addr().String(), s: s, http: transport}
}

// An answer is what a test looks at.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request. request is a method and a path, then headers, one a line; a blank line ends
// them, and the rest is the body.
func (s *site) do(request string) answer {
	s.t.Helper()
	head, body, _ := strings.Cut(request, "\n\n")
	lines := strings.Split(head, "\n")
	method, path, _ := strings.Cut(lines[0], " ")
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	a, err := s.http.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{a.StatusCode, a.Header, string(text)}
}

// want sends a request and checks the status of the answer. It sends a GET again while too few
// nodes answer in time, as on a busy machine.
func (s *site) want(status int, request string) answer {
	s.t.Helper()
	a := s.do(request)
	for range 100 {
		if a.status != 503 || status == 503 || !strings.HasPrefix(request, "GET ") {
			break
		}
		time.Sleep(100 * time.Millisecond)
		a = s.do(request)
	}
	if a.status != status {
		s.t.Errorf("%s: status %d %s, want %d", strings.ReplaceAll(request, "\n", " | "), a.status, a.body, status)
	}
	return a
}

// has checks headers of an answer. A value of "-" means that there is none.
func (s *site) has(a answer, headers ...string) {
	s.t.Helper()
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		got, ok := a.header[http.CanonicalHeaderKey(name)]
		if value == "-" && ok || value != "-" && strings.Join(got, ", ") != value {
			s.t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

const (
	plain = "/types/plain/buckets/b/keys/"
	text  = "\nContent-Type: text/plain"
)

// What a web page or another machine causes is refused.
func TestForeign(t *testing.T) {
	s := start(t, nil)
	for _, header := range []string{"Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Referer: http://evil.example"} {
		s.want(403, "GET /ping\n"+header)
		s.want(403, "PUT /buckets/b/keys/k"+text+"\n"+header+"\n\nv")
	}
	s.want(200, "GET /ping\nReferer: "+s.url)
	for host, status := range map[string]int{"evil.example": 403, "127.0.0.1": 200, "localhost:1": 403, "": 400} {
		if got := s.raw("GET /ping HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"); host != "" && got.status != status {
			t.Errorf("Host %q: status %d, want %d", host, got.status, status)
		}
	}
	if got := s.raw("GET /ping HTTP/1.0\r\n\r\n"); got.status != 403 {
		t.Errorf("no Host: status %d, want 403", got.status)
	}
	s.want(404, "GET /buckets/b/keys/k")
}

// raw sends bytes on a connection of its own and reads one answer.
func (s *site) raw(request string) answer {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	return readAnswer(s.t, bufio.NewReader(conn), nil)
}

// readAnswer reads an answer to a request, which is nil for GET.
func readAnswer(t *testing.T, r *bufio.Reader, to *http.Request) answer {
	t.Helper()
	a, err := http.ReadResponse(r, to)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{a.StatusCode, a.Header, string(body)}
}

// A body may come in chunks, after 100 Continue, and on a connection that is used again. A large
// one is refused before it is read.
func TestBodies(t *testing.T) {
	s := start(t, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	send := func(text string) {
		t.Helper()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
	}
	const head = "PUT /buckets/b/keys/k HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n"
	send(head + "Transfer-Encoding: chunked\r\n\r\n5\r\nchunk\r\n1\r\ns\r\n0\r\n\r\n")
	if a := readAnswer(t, r, nil); a.status != 204 {
		t.Errorf("chunks: status %d", a.status)
	}
	send("GET /buckets/b/keys/k HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	if a := readAnswer(t, r, nil); a.body != "chunks" {
		t.Errorf("the value is %q", a.body)
	}
	send(head + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	if line, err := r.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	send("ok")
	if a := readAnswer(t, r, nil); a.status != 204 {
		t.Errorf("after 100 Continue: status %d", a.status)
	}
	big := strings.Repeat("x", 1<<20)
	s.want(204, "PUT /buckets/b/keys/big"+text+"\n\n"+big)
	if a := s.want(200, "GET /buckets/b/keys/big"); a.body != big {
		t.Errorf("the value has %d bytes", len(a.body))
	}
	if a := s.raw(head + "Content-Length: 1048577\r\n\r\n"); a.status != 413 {
		t.Errorf("a value over the limit: status %d", a.status)
	}
	if a := s.raw(head + "Transfer-Encoding: chunked\r\n\r\n100001\r\n" + big + "x\r\n0\r\n\r\n"); a.status != 413 {
		t.Errorf("a value over the limit in chunks: status %d", a.status)
	}
}

// While the node is paused, requests wait. Close ends those that wait.
func TestPaused(t *testing.T) {
	var mu sync.Mutex
	var stalled chan struct{}
	s := start(t, func() <-chan struct{} {
		mu.Lock()
		defer mu.Unlock()
		return stalled
	})
	s.want(204, "PUT /buckets/b/keys/k"+text+"\n\nv")
	pause := func() chan struct{} {
		mu.Lock()
		defer mu.Unlock()
		stalled = make(chan struct{})
		return stalled
	}
	get := func() chan error {
		done := make(chan error, 1)
		go func() {
			a, err := http.Get(s.url + "/buckets/b/keys/k")
			if err == nil {
				_ = a.Body.Close()
			}
			done <- err
		}()
		return done
	}
	goesOn := pause()
	done := get()
	select {
	case err := <-done:
		t.Fatalf("a paused node answered: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	mu.Lock()
	stalled = nil
	mu.Unlock()
	close(goesOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
	pause()
	done = get()
	time.Sleep(50 * time.Millisecond) // so that the request is likely to wait; the test passes in any case
	_ = s.s.Close()
	if err := <-done; err == nil {
		t.Error("a closed door answered")
	}
}

// A node that goes down ends its connections without an answer.
func TestNodeDown(t *testing.T) {
	s := start(t, nil)
	if err := s.c.Fault(t.Context(), fault.Fault{Kind: fault.Kill, Nodes: []string{s.node}}); err != nil {
		t.Fatal(err)
	}
	if a, err := http.Get(s.url + "/buckets/b/keys/k"); err == nil {
		t.Errorf("a node that is down answered: %s", a.Status)
	}
}
