package httpdoor

import (
	"net/http"
	"strings"
)

// A query has the parameters of a request in their order.
type query []parameter

// A parameter is a name and a value of a query, decoded.
type parameter struct{ name, value string }

// get returns the value of the first parameter with that name.
func (q query) get(name string) (value string, given bool) {
	for _, p := range q {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

// is reports whether the first parameter with that name has that value.
func (q query) is(name, value string) bool {
	v, given := q.get(name)
	return given && v == value
}

// parseTarget returns the parts of a request's path, not decoded and without empty ones, and its
// query.
func parseTarget(r *http.Request) (parts []string, q query) {
	target, _, _ := strings.Cut(r.RequestURI, "#")
	if _, after, absolute := strings.Cut(target, "://"); absolute && !strings.HasPrefix(target, "/") {
		_, path, _ := strings.Cut(after, "/")
		target = "/" + path
	}
	path, rest, _ := strings.Cut(target, "?")
	parts = strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
	for _, pair := range strings.FieldsFunc(rest, func(c rune) bool { return c == '&' || c == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		q = append(q, parameter{unquote(name), unquote(value)})
	}
	return parts, q
}

const upperHex = "0123456789ABCDEF"

// unquote decodes a part of a path or of a query: a plus is a blank, and a percent sign with two
// hexadecimal digits is a byte. Another percent sign stands for itself.
func unquote(s string) string {
	if !strings.ContainsAny(s, "+%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			out = append(out, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// hexDigit returns the value of a hexadecimal digit, -1 for another byte.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// quote is the reverse of unquote.
func quote(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(".-~_", c) >= 0:
			out.WriteByte(c)
		case c == ' ':
			out.WriteByte('+')
		default:
			out.WriteByte('%')
			out.WriteByte(upperHex[c>>4])
			out.WriteByte(upperHex[c&15])
		}
	}
	return out.String()
}
