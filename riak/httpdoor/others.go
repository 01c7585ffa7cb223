package httpdoor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// ping is the resource that says that the node is up.
type ping struct{ base }

func (ping) types(*exchange) []string { return []string{"text/html"} }

func (ping) show(x *exchange) int {
	x.body = []byte("OK")
	return http.StatusOK
}

// stats is the resource of the node's numbers.
type stats struct{ base }

func (stats) types(*exchange) []string { return []string{"application/json", "text/plain"} }

func (stats) malformed(x *exchange) int {
	text, given := x.q.get("timeout")
	if n, ok := parseInteger(text); !given || ok && n.Sign() > 0 {
		return 0
	}
	return x.text(http.StatusBadRequest, "Bad timeout value %s expected milliseconds > 0", erlangString(text))
}

func (stats) show(x *exchange) int {
	x.body = encodeJSON(x.s.o.Store.Stats())
	if x.mediaType == "text/plain" {
		var out bytes.Buffer
		if err := json.Indent(&out, x.body, "", "    "); err == nil { // encodeJSON makes valid JSON
			x.body = out.Bytes()
		}
	}
	return http.StatusOK
}

// served are the paths of the door by Riak's names for what serves them. Clients look up where a
// path begins, so names of services that ringside does not have are among them.
var served = [][2]string{
	{"riak_kv_wm_buckets", "/buckets"}, {"riak_kv_wm_buckets", "/riak"}, {"riak_kv_wm_buckets", "/types"},
	{"riak_kv_wm_counter", "/buckets"}, {"riak_kv_wm_crdt", "/types"}, {"riak_kv_wm_index", "/buckets"},
	{"riak_kv_wm_index", "/types"}, {"riak_kv_wm_keylist", "/buckets"}, {"riak_kv_wm_keylist", "/riak"},
	{"riak_kv_wm_keylist", "/types"}, {"riak_kv_wm_link_walker", "/buckets"}, {"riak_kv_wm_link_walker", "/riak"},
	{"riak_kv_wm_link_walker", "/types"}, {"riak_kv_wm_mapred", "/mapred"}, {"riak_kv_wm_object", "/buckets"},
	{"riak_kv_wm_object", "/riak"}, {"riak_kv_wm_object", "/types"}, {"riak_kv_wm_ping", "/ping"},
	{"riak_kv_wm_preflist", "/buckets"}, {"riak_kv_wm_preflist", "/types"}, {"riak_kv_wm_props", "/buckets"},
	{"riak_kv_wm_props", "/riak"}, {"riak_kv_wm_props", "/types"}, {"riak_kv_wm_stats", "/stats"},
}

// paths is the resource that lists the paths of the door.
type paths struct{ base }

func (paths) types(*exchange) []string { return []string{"text/html", "application/json"} }

func (paths) show(x *exchange) int {
	links := make([]string, len(served))
	byName := map[string]string{}
	var html strings.Builder
	html.WriteString("<html><body><ul>")
	for i, s := range served {
		links[i] = fmt.Sprintf(`<%s>; rel="%s"`, s[1], s[0])
		fmt.Fprintf(&html, `<li><a href="%s">%s</a></li>`, s[1], s[0])
		if byName[s[0]] == "" {
			byName[s[0]] = s[1]
		}
	}
	html.WriteString("</ul></body></html>")
	x.set("Link", strings.Join(links, ","))
	if x.mediaType == "application/json" {
		x.body = encodeJSON(byName)
	} else {
		x.body = []byte(html.String())
	}
	return http.StatusOK
}

// preflist is the resource of a key's homes.
type preflist struct{ base }

func (preflist) permitted(x *exchange) int {
	exists, status := x.typeExists()
	if status == 0 && !exists {
		return x.text(http.StatusNotFound, "Unknown bucket type: %s", x.at.typ)
	}
	return status
}

func (preflist) show(x *exchange) int {
	items, err := x.s.o.Store.Preflist(x.ctx, x.at.object())
	if err != nil {
		return x.failed(err)
	}
	type item struct {
		Partition int64  `json:"partition"`
		Node      string `json:"node"`
		Primary   bool   `json:"primary"`
	}
	list := make([]item, len(items))
	for i, it := range items {
		list[i] = item(it)
	}
	x.body = encodeJSON(map[string]any{"preflist": list})
	return http.StatusOK
}

// unsupported is the resource of a service that ringside does not have.
type unsupported struct {
	base
	service string
}

func (u *unsupported) methods() []string {
	return []string{http.MethodHead, http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}
}

func (u *unsupported) malformed(x *exchange) int {
	return x.text(http.StatusNotImplemented, "ringside does not support %s\n", u.service)
}

func (u *unsupported) show(*exchange) int { return http.StatusNotImplemented }
