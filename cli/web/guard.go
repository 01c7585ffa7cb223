package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"

	"ringside/loopback"
)

// tokenBytes is the number of random bytes of a token.
const tokenBytes = 32

// NewToken returns a token that cannot be guessed.
func NewToken() string {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // Read never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// A guard lets a request through if it comes from a program of this machine that has the token.
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
	if why := (loopback.Server{Port: g.port}).Foreign(r); why != "" {
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

// hasToken reports whether the request carries the token.
func (g guard) hasToken(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(token), []byte(g.token)) == 1
}
