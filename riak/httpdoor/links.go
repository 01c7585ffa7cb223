package httpdoor

import (
	"regexp"
	"slices"
	"strings"

	"ringside/riak/kv"
)

// A linkForm has the expressions for the two kinds of links in paths of one style.
type linkForm struct{ up, object *regexp.Regexp }

var (
	oldLinks = linkForm{regexp.MustCompile(`</riak/([^/]+)>; ?rel="([^"]+)"`),
		regexp.MustCompile(`</riak/([^/]+)/([^/]+)>; ?riaktag="([^"]+)"`)}
	newLinks = linkForm{regexp.MustCompile(`</buckets/([^/]+)>; ?rel="([^"]+)"`),
		regexp.MustCompile(`</buckets/([^/]+)/keys/([^/]+)>; ?riaktag="([^"]+)"`)}
)

// parseLinks returns the links of the request. ok is false if a link has another form than the path
// of the request, or if it names another bucket as the one above.
func parseLinks(x *exchange) (links []kv.Link, ok bool) {
	form := newLinks
	if x.at.style == oldStyle {
		form = oldLinks
	}
	header, _ := x.header("Link")
	ups := 0
	for _, text := range strings.FieldsFunc(header, func(c rune) bool { return c == ',' }) {
		if m := form.up.FindStringSubmatch(text); m != nil {
			if ups++; ups > 1 || unquote(m[1]) != x.at.bucket || unquote(m[2]) != "up" {
				return nil, false
			}
			continue
		}
		m := form.object.FindStringSubmatch(text)
		if m == nil {
			return nil, false
		}
		links = append(links, kv.Link{Bucket: unquote(m[1]), Key: unquote(m[2]), Tag: unquote(m[3])})
	}
	return links, true
}

// linkHeader returns the links of an object, and the one to its bucket.
func linkHeader(at place, links []kv.Link) string {
	lines := make([]string, 0, len(links)+1)
	for _, l := range links {
		lines = append(lines, "<"+at.style.path(l.Bucket, l.Key)+`>; riaktag="`+quote(l.Tag)+`"`)
	}
	up := "</buckets/"
	if at.style == oldStyle {
		up = "</riak/"
	}
	return strings.Join(append(lines, up+quote(at.bucket)+`>; rel="up"`), ", ")
}

// compareLinks orders links.
func compareLinks(a, b kv.Link) int {
	return slices.Compare([]string{a.Bucket, a.Key, a.Tag}, []string{b.Bucket, b.Key, b.Tag})
}
