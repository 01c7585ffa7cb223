package httpdoor

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// negotiate chooses the media type, the character set and the encoding of the answer. It does so as
// Webmachine does, which differs from RFC 9110 for a quality of 0 and for equal qualities.
func negotiate(x *exchange, res resource) int {
	types := res.types(x)
	x.mediaType = types[0]
	if accept, given := x.header("Accept"); given {
		chosen, ok := chooseType(types, accept)
		if !ok {
			return http.StatusNotAcceptable
		}
		x.mediaType = chosen
	}
	contentType := x.mediaType
	if set := res.charset(x); set != "" {
		accept, given := x.header("Accept-Charset")
		if !given {
			accept = "*"
		}
		if _, ok := choose([]string{set}, accept, "ISO-8859-1"); !ok {
			return http.StatusNotAcceptable
		}
		contentType += "; charset=" + set
	}
	x.set("Content-Type", contentType)
	encodings := []string{"identity", "gzip"}
	stored := res.encoding(x)
	if stored != "" {
		encodings = []string{stored}
	}
	accept, given := x.header("Accept-Encoding")
	if !given {
		accept = "identity;q=1.0,*;q=0.5"
	}
	chosen, ok := choose(encodings, accept, "identity")
	if !ok {
		return http.StatusNotAcceptable
	}
	if chosen != "identity" {
		x.set("Content-Encoding", chosen)
	}
	x.gzip = stored == "" && chosen == "gzip"
	x.vary(len(types) > 1, stored == "")
	return 0
}

// vary names the headers of requests on which the answer depends.
func (x *exchange) vary(types, encodings bool) {
	var headers []string
	if types {
		headers = append(headers, "Accept")
	}
	if encodings {
		headers = append(headers, "Accept-Encoding")
	}
	if headers != nil {
		x.set("Vary", strings.Join(headers, ", "))
	}
}

// A mediaRange is one range of an Accept header.
type mediaRange struct {
	quality float64
	typ     string
	params  bool // other than the quality; no type of the door has any
}

// chooseType returns the type that an Accept header prefers. Of ranges with equal quality, the last
// one counts.
func chooseType(types []string, accept string) (string, bool) {
	var ranges []mediaRange
	for _, item := range strings.Split(accept, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		r, ok := parseRange(item)
		if !ok {
			return "", false
		}
		ranges = append(ranges, r)
	}
	slices.SortStableFunc(ranges, func(a, b mediaRange) int { return cmp.Compare(a.quality, b.quality) })
	for _, r := range slices.Backward(ranges) {
		if i := slices.IndexFunc(types, r.matches); i >= 0 {
			return types[i], true
		}
	}
	return "", false
}

// parseRange parses one range of an Accept header. Its first quality counts.
func parseRange(item string) (mediaRange, bool) {
	parts := strings.Split(item, ";")
	r := mediaRange{quality: 1, typ: strings.ToLower(strings.TrimSpace(parts[0]))}
	rated := false
	for _, part := range parts[1:] {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case !ok || name == "" || value == "": // skipped
		case !rated && strings.EqualFold(strings.TrimSpace(name), "q"):
			rated = true
			if r.quality, ok = parseQuality(strings.Trim(strings.TrimSpace(value), `"`)); !ok {
				return r, false
			}
		default:
			r.params = true
		}
	}
	return r, r.typ != ""
}

// parseQuality parses a quality such as 1, 0.5 and .5.
func parseQuality(s string) (float64, bool) {
	if strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	q, err := strconv.ParseFloat(s, 64)
	return q, err == nil
}

// matches reports whether the range includes a type.
func (r mediaRange) matches(typ string) bool {
	if r.params {
		return false
	}
	class, star := strings.CutSuffix(r.typ, "/*")
	typeClass, _, _ := strings.Cut(typ, "/")
	return r.typ == "*" || r.typ == "*/*" || r.typ == typ || star && class == typeClass
}

// choose returns the choice that a header such as Accept-Encoding prefers. The default is one that
// is acceptable unless the header excludes it.
func choose(choices []string, header, byDefault string) (string, bool) {
	type item struct {
		quality float64
		name    string
	}
	var items []item
	defaultOK, anyOK, named := true, false, false
	for _, part := range strings.Split(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		it := item{1, strings.TrimSpace(name)}
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			if v, ok := parseQuality(q); ok {
				it.quality = v
			}
		}
		switch it.name {
		case "":
			continue
		case byDefault:
			named, defaultOK = true, it.quality > 0
		case "*":
			anyOK = it.quality > 0
			if !named {
				defaultOK = anyOK
			}
		}
		items = append(items, it)
	}
	slices.SortStableFunc(items, func(a, b item) int {
		return cmp.Or(cmp.Compare(b.quality, a.quality), cmp.Compare(b.name, a.name))
	})
	left := slices.Clone(choices)
	for _, it := range items {
		i := slices.IndexFunc(left, func(c string) bool { return strings.EqualFold(c, it.name) })
		switch {
		case it.quality == 0:
			left = slices.DeleteFunc(left, func(c string) bool { return c == it.name })
		case i >= 0:
			return left[i], true
		}
	}
	switch {
	case len(left) > 0 && anyOK:
		return left[0], true
	case defaultOK && slices.Contains(left, byDefault):
		return byDefault, true
	}
	return "", false
}
