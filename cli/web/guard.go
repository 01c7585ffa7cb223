package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// tokenBytes is the number of random bytes of a token.
const tokenBytes = 32

// NewToken returns a token that cannot be guessed.
func NewToken() string {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // Read never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// A guard lets a request through if it comes from a program of this machine that has the token. A
// web page in a browser reaches the port as well, possibly by a name of its own (DNS rebinding). So
// the guard refuses a foreign Host, and all that a browser sends for a page.
type guard struct {
	token string
	port  uint16
	next  http.Handler
}

// ServeHTTP implements http.Handler.
func (g guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	if why := g.foreign(r); why != "" {
		refuse(w, http.StatusForbidden, "forbidden", why)
		return
	}
	if r.URL.Path != openAPIPath && !g.hasToken(r) {
		h.Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "unauthorized", "the header Authorization: Bearer TOKEN is missing or has "+
			"another token; the token is in the file that up names, and in RINGSIDE_TOKEN")
		return
	}
	g.next.ServeHTTP(w, r)
}

// foreign returns why a request is refused: its Host is not this server, or a web page caused it.
func (g guard) foreign(r *http.Request) string {
	if !g.isHere(r.Host) {
		return fmt.Sprintf("the Host is not this server; use http://127.0.0.1:%d", g.port)
	}
	if len(r.Header.Values("Origin")) > 0 {
		return "the request has an Origin, so a web page sent it; pages have no access"
	}
	for _, site := range r.Header.Values("Sec-Fetch-Site") {
		if site != "none" && site != "same-origin" {
			return "Sec-Fetch-Site says that another site caused the request; pages have no access"
		}
	}
	return ""
}

// isHere reports whether a Host names this server.
func (g guard) isHere(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil { // without a port, which stands for that of the scheme
		name, port = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), "80"
	}
	return port == strconv.Itoa(int(g.port)) && isLoopback(name)
}

// hasToken reports whether the request carries the token.
func (g guard) hasToken(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(token), []byte(g.token)) == 1
}
