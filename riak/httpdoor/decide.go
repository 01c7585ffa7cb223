package httpdoor

import (
	"crypto/md5"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A resource answers the questions of decide. A status of 0 means that the request goes on. Any
// other status ends the request; the resource has then set what else the answer has.
type resource interface {
	methods() []string
	// malformed looks at parameters, headers and, if it must, the body.
	malformed(x *exchange) int
	// permitted looks at what must exist for any answer.
	permitted(x *exchange) int
	// types returns the media types of the answer, the preferred one first.
	types(x *exchange) []string
	// charset returns the character set of the answer, "" if there is none.
	charset(x *exchange) string
	// encoding returns the content encoding that the value has, "" if the door may choose one.
	encoding(x *exchange) string
	exists(x *exchange) (bool, int)
	etag(x *exchange) string        // "" if there is none
	modified(x *exchange) time.Time // zero if there is none
	// show makes the body of the answer to GET and HEAD, and returns the status.
	show(x *exchange) int
	// accept does what PUT and POST ask for, and returns the status.
	accept(x *exchange) int
	// remove does what DELETE asks for, and returns the status.
	remove(x *exchange) int
}

// A base is a resource that only exists: it allows GET and HEAD and has no ETag.
type base struct{}

func (base) methods() []string                { return []string{http.MethodGet, http.MethodHead} }
func (base) malformed(*exchange) int          { return 0 }
func (base) permitted(*exchange) int          { return 0 }
func (base) types(*exchange) []string         { return []string{"application/json"} }
func (base) charset(*exchange) string         { return "" }
func (base) encoding(*exchange) string        { return "" }
func (base) exists(*exchange) (bool, int)     { return true, 0 }
func (base) etag(*exchange) string            { return "" }
func (base) modified(*exchange) (t time.Time) { return t }
func (base) accept(*exchange) int             { return http.StatusMethodNotAllowed }
func (base) remove(*exchange) int             { return http.StatusMethodNotAllowed }

// known are the methods that HTTP/1.1 defines. Others are not implemented, whatever the resource.
var known = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete,
	http.MethodTrace, http.MethodConnect, http.MethodOptions}

// decide asks the questions of a request in their order, and returns the status of the answer.
func decide(x *exchange, res resource) int {
	method := x.r.Method
	if !slices.Contains(known, method) {
		return http.StatusNotImplemented
	}
	if allowed := res.methods(); !slices.Contains(allowed, method) {
		x.set("Allow", strings.Join(allowed, ", "))
		return http.StatusMethodNotAllowed
	}
	for _, question := range []func(*exchange) int{checkSum, res.malformed, res.permitted} {
		if status := question(x); status != 0 {
			return status
		}
	}
	if status := negotiate(x, res); status != 0 {
		return status
	}
	exists, status := res.exists(x)
	if status != 0 {
		return status
	}
	if status := conditions(x, res, exists); status != 0 {
		return status
	}
	switch {
	case method == http.MethodPut || method == http.MethodPost:
		return res.accept(x)
	case !exists:
		return http.StatusNotFound
	case method == http.MethodDelete:
		return res.remove(x)
	}
	if tag := res.etag(x); tag != "" {
		x.set("ETag", quoted(tag))
	}
	if t := res.modified(x); !t.IsZero() {
		x.set("Last-Modified", t.UTC().Format(http.TimeFormat))
	}
	return res.show(x)
}

// checkSum compares the body with the header Content-MD5.
func checkSum(x *exchange) int {
	given, ok := x.header("Content-MD5")
	if !ok {
		return 0
	}
	body, status := x.content()
	if status != 0 {
		return status
	}
	want, err := base64.StdEncoding.DecodeString(given)
	if sum := md5.Sum(body); err != nil || string(want) != string(sum[:]) {
		return http.StatusBadRequest
	}
	return 0
}

// conditions checks the conditional headers. A condition on what does not exist fails if it asks
// for a version, and holds otherwise.
func conditions(x *exchange, res resource, exists bool) int {
	match, given := x.header("If-Match")
	if !exists {
		if given {
			return http.StatusPreconditionFailed
		}
		return 0
	}
	if given && match != "*" && !slices.Contains(quotedStrings(match), res.etag(x)) {
		return http.StatusPreconditionFailed
	}
	if since, ok := x.date("If-Unmodified-Since"); ok && second(res.modified(x)).After(since) {
		return http.StatusPreconditionFailed
	}
	reads := x.r.Method == http.MethodGet || x.r.Method == http.MethodHead
	none, given := x.header("If-None-Match")
	if given && (none == "*" || slices.Contains(quotedStrings(none), res.etag(x))) {
		if !reads {
			return http.StatusPreconditionFailed
		}
		return x.notModified(res)
	}
	since, ok := x.date("If-Modified-Since")
	modified := res.modified(x)
	if ok && !since.After(time.Now()) && !modified.IsZero() && !second(modified).After(since) {
		return x.notModified(res)
	}
	return 0
}

// notModified makes the answer of a request whose client has the version.
func (x *exchange) notModified(res resource) int {
	if tag := res.etag(x); tag != "" {
		x.set("ETag", quoted(tag))
	}
	return http.StatusNotModified
}

// second returns t without what HTTP dates do not have.
func second(t time.Time) time.Time { return t.Truncate(time.Second) }

// date returns a header that has a date. A header that has none does not count.
func (x *exchange) date(name string) (time.Time, bool) {
	text, _ := x.header(name)
	t, err := http.ParseTime(text)
	return t, err == nil
}

// quoted returns s as a quoted string of HTTP. Tags have no characters that need more.
func quoted(s string) string { return `"` + s + `"` }

// quotedStrings returns the quoted strings in a header, without their quotes. What is not quoted
// does not count.
func quotedStrings(s string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(s, `"`)
		if !ok {
			return out
		}
		var one []byte
		i := 0
		for ; i < len(rest) && rest[i] != '"'; i++ {
			if rest[i] == '\\' && i+1 < len(rest) {
				i++
			}
			one = append(one, rest[i])
		}
		out = append(out, string(one))
		s = rest[min(i+1, len(rest)):]
	}
}
