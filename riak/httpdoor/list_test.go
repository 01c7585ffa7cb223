package httpdoor_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// Lists are JSON, whatever bytes the names have.
func TestLists(t *testing.T) {
	s := start(t, nil)
	for _, key := range []string{"a", "b%2Fc", "d+e", "%C3%BC", "%FF", "%22%5C"} {
		s.want(204, "PUT /buckets/b/keys/"+key+"?w=3"+text+"\n\nv")
	}
	for _, c := range []struct{ request, name, front string }{
		{"GET /buckets/b/keys?keys=true", "keys", ""},
		{"GET /types/default/buckets/b/keys?keys=true", "keys", ""},
		{"GET /riak/b?keys=true&props=false", "keys", ""},
		{"GET /riak/b?keys=true", "keys", "props"},
	} {
		a := s.want(200, c.request)
		var got map[string]json.RawMessage
		var names []string
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || json.Unmarshal(got[c.name], &names) != nil {
			t.Errorf("%s: %v: %s", c.request, err, a.body)
		}
		slices.Sort(names)
		if want := []string{"\"\\", "a", "b/c", "d e", "ü", "\ufffd"}; !slices.Equal(names, want) {
			t.Errorf("%s: %q, want %q", c.request, names, want)
		}
		if (got["props"] != nil) != (c.front != "") {
			t.Errorf("%s: %s", c.request, a.body)
		}
	}
	stream := s.want(200, "GET /riak/b?keys=stream&props=false")
	if !strings.HasPrefix(stream.body, "{}{") || !strings.HasSuffix(stream.body, `{"keys":[]}`) {
		t.Errorf("the stream is %s", stream.body)
	}
	if a := s.want(200, "GET /buckets/b/keys"); a.body != "{}" {
		t.Errorf("keys that were not asked for: %s", a.body)
	}
	if a := s.want(200, "GET /buckets/none/keys?keys=true"); a.body != `{"keys":[]}` {
		t.Errorf("keys of an empty bucket: %s", a.body)
	}
	if a := s.want(200, "GET /buckets?buckets=true"); a.body != `{"buckets":["b"]}` {
		t.Errorf("buckets: %s", a.body)
	}
	s.want(400, "GET /riak")
	s.want(404, "GET /types/nosuch/buckets?buckets=stream")
	s.want(503, "GET /buckets?buckets=true&timeout=0")
	if a := s.want(200, "GET /buckets?buckets=stream&timeout=-1"); a.body != `{"error":"timeout"}` {
		t.Errorf("a stream that had no time: %s", a.body)
	}
	s.want(200, "HEAD /buckets?buckets=true")
}

func TestProperties(t *testing.T) {
	s := start(t, nil)
	s.want(204, "PUT /buckets/b/props\nContent-Type: application/json; charset=utf-8\n\n{\"props\":{\"allow_mult\":true}}")
	all := s.want(200, "GET /buckets/b/props")
	s.want(204, "PUT /buckets/b/props\nContent-Type: application/json\n\n"+all.body) // what a client got, it may send
	if again := s.want(200, "GET /riak/b"); again.body != all.body || !strings.Contains(again.body, `"allow_mult":true`) {
		t.Errorf("properties are %s, were %s", again.body, all.body)
	}
	typed := s.want(200, "GET /types/tests/props")
	s.want(204, "PUT /types/tests/props\nContent-Type: application/json\n\n"+typed.body)
	for body, want := range map[string]string{
		`{"props":{"nosuch":1}}`:            `{"nosuch":"unknown property"}`,
		`{"props":{"r":"most","n_val":-1}}`: `{"n_val":"not_integer","r":"not_valid_quorum"}`,
		`{"props":null}`:                    "bucket PUT must be a JSON object of the form:\n{\"props\":{...bucket properties...}}",
		`{"props":[]}`:                      "bucket PUT must be a JSON object of the form:\n{\"props\":{...bucket properties...}}",
		``:                                  "bucket PUT must be a JSON object of the form:\n{\"props\":{...bucket properties...}}",
	} {
		if a := s.want(400, "PUT /buckets/b/props\nContent-Type: application/json\n\n"+body); a.body != want {
			t.Errorf("%s: %s, want %s", body, a.body, want)
		}
	}
	if a := s.want(400, "PUT /types/default/props\nContent-Type: application/json\n\n{\"props\":{\"r\":1}}"); a.body != `"no_default_update"` {
		t.Errorf("properties of the type default: %s", a.body)
	}
	s.want(204, "DELETE /buckets/b/props")
	if a := s.want(200, "GET /buckets/b/props"); !strings.Contains(a.body, `"allow_mult":false`) {
		t.Errorf("properties after DELETE: %s", a.body)
	}
}

// A walk gives the objects of each step that is kept, and a step follows links by bucket and tag.
func TestWalk(t *testing.T) {
	s := start(t, nil)
	put := func(key, links string) {
		s.want(204, "PUT /buckets/b/keys/"+key+text+"\nLink: "+links+"\n\nvalue of "+key)
	}
	put("a", `</buckets/b/keys/b>; riaktag="x", </buckets/b/keys/c>; riaktag="y", </buckets/c/keys/none>; riaktag="x"`)
	put("b", `</buckets/b/keys/d>; riaktag="x", </buckets/b/keys/c>; riaktag="x"`)
	s.want(204, "PUT /buckets/b/keys/c"+text+"\n\nvalue of c")
	s.want(204, "PUT /buckets/b/keys/d"+text+"\n\nvalue of d")
	for walk, want := range map[string]string{
		"_,_,_":          "b c",
		"b,_,_":          "b c",
		"_,x,0":          "b", // the only step is kept
		"c,_,1":          "",
		"_,_,_/_,_,_":    "c d",
		"_,x,1/_,_,1":    "b c d",
		"_,x,1/_,x,0":    "b",
		"_,_,0/_,none,_": "",
	} {
		a := s.want(200, "GET /buckets/b/keys/a/"+walk)
		var got []string
		for line := range strings.Lines(a.body) {
			if key, ok := strings.CutPrefix(line, "value of "); ok {
				got = append(got, strings.TrimSpace(key))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: objects %q, want %s\n%s", walk, got, want, a.body)
		}
	}
	a := s.want(200, "GET /riak/b/a/_,y,_")
	if !strings.Contains(a.body, "\r\nLocation: /riak/b/c\r\n") || strings.Count(a.body, "\r\n--") != 4 {
		t.Errorf("a walk by the old path: %s", a.body)
	}
	s.want(400, "GET /buckets/b/keys/a/_,_")
	s.want(404, "GET /buckets/b/keys/none/_,_,_")
	s.want(404, "GET /types/nosuch/buckets/b/keys/a/_,_,_")
}

func TestOthers(t *testing.T) {
	s := start(t, nil)
	s.has(s.want(200, "GET /ping"), "Content-Type: text/html", "Content-Length: 2")
	s.has(s.want(200, "HEAD /ping"), "Content-Type: text/html", "Content-Length: 2")
	if a := s.want(200, "GET /\nAccept: application/json"); !strings.Contains(a.body, `"riak_kv_wm_buckets":"/buckets"`) {
		t.Errorf("paths: %s", a.body)
	}
	s.has(s.want(200, "GET /"), "Content-Type: text/html")
	if a := s.want(200, "GET /types/plain/buckets/b/keys/k/preflist"); strings.Count(a.body, `"primary":true`) != 3 {
		t.Errorf("preflist: %s", a.body)
	}
}
