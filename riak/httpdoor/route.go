package httpdoor

import (
	"net/http"

	"ringside/riak/kv"
)

// A place is what a path names.
type place struct {
	style            style
	typ, bucket, key string
	hasKey           bool
}

// A style is the form of a path. Links and locations in an answer have the form of the request.
type style int

const (
	oldStyle   style = 1 // /riak/B/K
	newStyle   style = 2 // /buckets/B/keys/K
	typedStyle style = 3 // /types/T/buckets/B/keys/K
)

// object returns the name of the object.
func (p place) object() kv.Name { return kv.Name{Type: p.typ, Bucket: p.bucket, Key: p.key} }

// path returns the path of an object in the style. Types have no links, so a link of an object of a
// type has the new style.
func (s style) path(bucket, key string) string {
	if s == oldStyle {
		return "/riak/" + quote(bucket) + "/" + quote(key)
	}
	return "/buckets/" + quote(bucket) + "/keys/" + quote(key)
}

// route returns the resource for a request, nil if there is none.
func route(x *exchange) resource {
	var parts []string
	parts, x.q = parseTarget(x.r)
	x.at = place{style: newStyle, typ: kv.DefaultType}
	if len(parts) == 0 {
		return &paths{}
	}
	switch {
	case parts[0] == "riak":
		x.at.style = oldStyle
		return routeOld(x, parts[1:])
	case parts[0] == "types" && len(parts) >= 3:
		x.at.style, x.at.typ = typedStyle, unquote(parts[1])
		if parts[2] == "props" && len(parts) == 3 {
			return &typeProps{}
		}
		return routeBuckets(x, parts[2:])
	case len(parts) == 1 && parts[0] == "ping":
		return &ping{}
	case len(parts) == 1 && parts[0] == "stats":
		return &stats{}
	case len(parts) == 1 && parts[0] == "mapred":
		return &unsupported{service: "map-reduce"}
	}
	return routeBuckets(x, parts)
}

// routeOld returns the resource for a path below /riak.
func routeOld(x *exchange, parts []string) resource {
	if len(parts) > 0 {
		x.at.bucket = unquote(parts[0])
	}
	if len(parts) > 1 {
		x.at.key, x.at.hasKey = unquote(parts[1]), true
	}
	listed := x.q.is("keys", "true") || x.q.is("keys", "stream")
	switch len(parts) {
	case 0:
		return &buckets{}
	case 1:
		switch {
		case x.r.Method == http.MethodPost:
			return &object{}
		case listed:
			return &keys{withProps: !x.q.is("props", "false")}
		case x.q.is("props", "false"):
			return nil
		}
		return &bucketProps{oldPath: true}
	case 2:
		return &object{}
	}
	return &walk{parts: parts[2:]}
}

// routeBuckets returns the resource for a path that begins with buckets, or with that of a type.
func routeBuckets(x *exchange, parts []string) resource {
	switch {
	case parts[0] != "buckets" || len(parts) == 2:
		return nil
	case len(parts) == 1:
		return &buckets{}
	}
	x.at.bucket = unquote(parts[1])
	if len(parts) > 3 {
		x.at.key, x.at.hasKey = unquote(parts[3]), true
	}
	switch what, rest := parts[2], parts[3:]; {
	case what == "props" && len(rest) == 0:
		return &bucketProps{}
	case what == "keys" && len(rest) == 0:
		if x.r.Method == http.MethodPost {
			return &object{}
		}
		return &keys{}
	case what == "keys" && len(rest) == 1:
		return &object{}
	case what == "keys" && len(rest) == 2 && rest[1] == "preflist":
		return &preflist{}
	case what == "keys":
		return &walk{parts: rest[1:]}
	case what == "index" && len(rest) > 0:
		return &unsupported{service: "secondary indexes"}
	case what == "counters" && len(rest) == 1 && x.at.style == newStyle:
		return &unsupported{service: "counters"}
	case what == "datatypes" && x.at.style == typedStyle &&
		(len(rest) == 1 || len(rest) == 0 && x.r.Method == http.MethodPost):
		return &unsupported{service: "data types"}
	}
	return nil
}
