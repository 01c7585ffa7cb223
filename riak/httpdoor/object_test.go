package httpdoor_test

import (
	"compress/gzip"
	"io"
	"slices"
	"strings"
	"testing"

	"ringside/engine/fault"
)

// The order of the questions decides which status a request gets that is wrong twice.
func TestOrderOfQuestions(t *testing.T) {
	s := start(t, nil)
	s.want(204, "PUT "+plain+"k"+text+"\n\nv")
	for request, status := range map[string]int{
		// the method is looked at first, and only on a path that exists
		"PATCH /nosuch":                                404,
		"PATCH " + plain + "k?r=x":                     501,
		"OPTIONS " + plain + "k":                       405,
		"POST /buckets/b/props?timeout=x":              405,
		"DELETE /riak/b":                               405,
		"PUT /buckets/b/keys" + text:                   405,
		"POST /types/plain/props":                      405,
		"DELETE /types/plain/props":                    405,
		"GET /types/plain":                             404,
		"GET /types/plain/props/x":                     404,
		"GET /riak/b?props=false":                      404,
		"PUT /riak/b?keys=true" + text:                 405,
		"GET /buckets/b/keys/k/preflist":               200,
		"DELETE /buckets/b/keys/k/preflist":            405,
		"GET /types/nosuch/buckets/b/keys/k/preflist":  404,
		"GET /types/plain/buckets/b/counters/k":        404,
		"GET /buckets/b/datatypes/k":                   404,
		"GET /types/plain/buckets/b/datatypes":         404,
		"POST /types/plain/buckets/b/datatypes" + text: 501,
		"POST /mapred" + text + "\n\n{}":               501,
		"GET /buckets/b/index/f_bin/x/y":               501,
		// then the form of the request
		"PUT " + plain + "k?w=x":                                                             400,
		"PUT /types/nosuch/buckets/b/keys/k?w=x" + text:                                      400,
		"GET /types/nosuch/buckets/b/keys/k?r=x":                                             400,
		"GET " + plain + "none?r=x\nAccept: image/png":                                       400,
		"GET " + plain + "k\nContent-MD5: AAAA":                                              400,
		"PUT " + plain + "m" + text + "\nContent-MD5: AAAA\n\nv":                             400,
		"PUT " + plain + "m" + text + "\nContent-MD5: nhB9nTcrtoJr2B01QqQZ1g==\n\nthe quick": 400,
		// then what must exist
		"GET " + plain + "none\nAccept: image/png\nIf-Match: \"x\"":   404,
		"DELETE " + plain + "none\nAccept: image/png":                 404,
		"PUT /types/nosuch/buckets/b/keys/k" + text + "\nAccept: a/b": 404,
		"POST /types/nosuch/buckets/b/keys" + text:                    404,
		// then negotiation
		"GET " + plain + "k?vtag=none\nAccept: image/png":       406,
		"DELETE " + plain + "k\nAccept: image/png":              406,
		"GET " + plain + "k\nAccept-Encoding: *;q=0":            406,
		"POST " + plain + "k" + text + "\nAccept: image/png":    406,
		"GET /ping\nAccept: application/json":                   406,
		"GET /buckets/b/keys?keys=true\nAccept: text/plain":     406,
		"GET /types/nosuch/buckets/b/props\nAccept: text/plain": 406,
		// then existence and conditions
		"GET " + plain + "k?vtag=none":                                              404,
		"GET " + plain + "k?vtag=none\nIf-Match: *":                                 412,
		"DELETE " + plain + "k?vtag=none":                                           404,
		"GET " + plain + "k\nIf-Match: \"x\"\nIf-None-Match: *":                     412,
		"GET " + plain + "k\nIf-Match: *\nIf-None-Match: *":                         304,
		"DELETE " + plain + "k\nIf-Match: \"x\"":                                    412,
		"DELETE " + plain + "k\nIf-None-Match: *":                                   412,
		"PUT " + plain + "k" + text + "\nIf-None-Match: *\nIf-Match: *":             412,
		"PUT " + plain + "none" + text + "\nIf-Match: *":                            412,
		"POST " + plain + "k" + text + "\nIf-None-Match: *":                         412,
		"POST /types/plain/buckets/b/keys" + text + "\nIf-Match: *":                 412,
		"POST /types/plain/buckets/b/keys" + text + "\nIf-None-Match: *":            201,
		"GET " + plain + "k\nIf-Unmodified-Since: not a date":                       200,
		"GET " + plain + "k\nIf-Modified-Since: not a date":                         200,
		"GET " + plain + "k\nIf-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT":      200, // a date to come does not count
		"GET " + plain + "k\nIf-Unmodified-Since: Thursday, 01-Jan-15 00:00:00 GMT": 412,
		"GET " + plain + "k\nIf-Unmodified-Since: Thu Jan  1 00:00:00 2015":         412,
		// at last the action
		"PUT " + plain + "m\nContent-Type: odd\n\nv":        415,
		"PUT " + plain + "m\nContent-Type: Text/Plain\n\nv": 415,
		"PUT " + plain + "m\nContent-Type: a/b/c\n\nv":      415,
		"POST " + plain + "m\nContent-Type: odd\n\nv":       204, // a POST to a key is not checked
		"POST /buckets/b/keys\nContent-Type: odd\n\nv":      415,
		"PUT /types/nosuch/props\n\n{\"props\":{}}":         415,
		"PUT /types/nosuch/props\n\n[]":                     400,
	} {
		s.want(status, request)
	}
}

func TestSiblingsAfterPut(t *testing.T) {
	s := start(t, nil)
	s.want(204, "PUT "+plain+"k"+text+"\n\nv1")
	a := s.want(300, "PUT "+plain+"k?returnbody=true"+text+"\n\nv2")
	if lines := strings.Split(a.body, "\n"); len(lines) != 4 || lines[0] != "Siblings:" {
		t.Errorf("siblings are %q", a.body)
	}
	if a.header.Get("Etag") == "" || a.header.Get("Last-Modified") == "" || a.header.Get("X-Riak-Vclock") == "" {
		t.Errorf("headers are %v", a.header)
	}
	a = s.want(300, "POST "+plain+"k?returnbody=true"+text+"\nAccept: */*\n\nv3")
	if !strings.HasPrefix(a.header.Get("Content-Type"), "multipart/mixed; boundary=") || strings.Count(a.body, "Etag: ") != 3 {
		t.Errorf("%v\n%s", a.header, a.body)
	}
	before := s.want(300, "GET "+plain+"k")
	s.want(304, "GET "+plain+"k\nIf-None-Match: "+before.header.Get("Etag"))
	s.want(406, "DELETE "+plain+"k\nAccept: image/png")
	s.want(412, "PUT "+plain+"k"+text+"\nIf-Match: \"other\"\n\nv")
	s.want(204, "PUT "+plain+"k"+text+"\nIf-Match: "+before.header.Get("Etag")+"\nX-Riak-Vclock: "+before.header.Get("X-Riak-Vclock")+"\n\nv")
	if a := s.want(200, "GET "+plain+"k"); a.body != "v" || a.header.Get("Etag") == before.header.Get("Etag") {
		t.Errorf("%q %v", a.body, a.header)
	}
}

// A deleted sibling has a vtag, and its value is empty.
func TestDeletedSibling(t *testing.T) {
	s := start(t, nil)
	s.want(204, "PUT "+plain+"k"+text+"\n\nv")
	s.want(204, "DELETE "+plain+"k")
	s.want(204, "PUT "+plain+"k"+text+"\n\nnew")
	list := s.want(300, "GET "+plain+"k")
	deleted := 0
	for _, vtag := range strings.Fields(list.body)[1:] {
		a := s.want(200, "GET "+plain+"k?vtag="+vtag)
		if a.header.Get("X-Riak-Deleted") == "true" {
			deleted++
			s.has(a, "Content-Type: application/octet-stream")
			if a.body != "" {
				t.Errorf("the tombstone has the value %q", a.body)
			}
		} else if a.body != "new" {
			t.Errorf("the live sibling is %q", a.body)
		}
	}
	if deleted != 1 {
		t.Errorf("%d siblings are deleted, want 1", deleted)
	}
}

func TestEncodings(t *testing.T) {
	s := start(t, nil)
	long := strings.Repeat("ringside ", 100)
	s.want(204, "PUT "+plain+"k"+text+"\n\n"+long)
	a := s.want(200, "GET "+plain+"k\nAccept-Encoding: gzip, deflate")
	s.has(a, "Content-Encoding: gzip", "Vary: Accept-Encoding")
	if got := gunzip(t, a.body); got != long {
		t.Errorf("the compressed value is %q", got)
	}
	s.has(s.want(200, "GET "+plain+"k"), "Content-Encoding: -")
	s.has(s.want(204, "PUT "+plain+"e"+text+"\nContent-Encoding: br\n\nx"), "Content-Encoding: -")
	s.has(s.want(200, "GET "+plain+"e"), "Content-Encoding: br", "Vary: -")
	s.want(406, "GET "+plain+"e\nAccept-Encoding: gzip")
	s.has(s.want(204, "PUT "+plain+"c\nContent-Type: text/plain;charset=latin1\n\nx"), "Content-Type: text/plain; charset=latin1")
	s.has(s.want(200, "GET "+plain+"c\nAccept-Charset: latin1"), "Content-Type: text/plain; charset=latin1")
	s.want(406, "GET "+plain+"c\nAccept-Charset: utf-8")
	a = s.want(200, "GET /types/plain/buckets/b/keys?keys=stream\nAccept-Encoding: gzip")
	if got := gunzip(t, a.body); !strings.HasSuffix(got, `{"keys":[]}`) || strings.Count(got, `"k"`) != 1 {
		t.Errorf("the compressed stream is %q", got)
	}
}

func TestMetadata(t *testing.T) {
	s := start(t, nil)
	s.want(204, "PUT "+plain+"k"+text+"\nX-Riak-Meta-A: 1\nx-riak-meta-a: 2\nX-Riak-Index-N_int: 007, 8"+
		"\nX-Riak-Index-Colour_bin: red\n\nv")
	s.has(s.want(200, "GET "+plain+"k"), "X-Riak-Meta-A: 1, 2", "X-Riak-Index-N_int: 7, 8", "X-Riak-Index-Colour_bin: red")
	for header, why := range map[string]string{
		"X-Riak-Index-N: 1":                      "Unknown field type for field: 'n'.\n",
		"X-Riak-Index-N_int: x":                  "Could not parse field 'n_int', value 'x'.\n",
		"Link: </buckets/other>; rel=\"up\"":     "",
		"Link: </buckets/b>; rel=\"down\"":       "",
		"Link: </buckets/b/keys>; riaktag=\"t\"": "",
	} {
		a := s.want(400, "PUT "+plain+"k"+text+"\n"+header+"\n\nv")
		if why == "" {
			why = "Invalid Link header. Links must be of the form\n</buckets/BUCKET/keys/KEY>; riaktag=\"TAG\"\n"
		}
		if a.body != why {
			t.Errorf("%s: %q, want %q", header, a.body, why)
		}
	}
	s.want(204, "PUT "+plain+"k"+text+"\nLink: </buckets/b>; rel=\"up\", </buckets/c/keys/d>;riaktag=\"e\"\n\nv")
}

// The answer to several bad parameters names each of them.
func TestBadParameters(t *testing.T) {
	s := start(t, nil)
	a := s.want(400, "PUT "+plain+"k?pr=x&r=1.5&w=&asis=x&basic_quorum=1&notfound_ok=TRUE"+text+"\n\nv")
	var names []string
	for line := range strings.Lines(a.body) {
		names = append(names, strings.Fields(line)[0])
	}
	if want := []string{"r", "w", "pr", "basic_quorum", "asis"}; !slices.Equal(names, want) {
		t.Errorf("bad parameters are %q, want %q", names, want)
	}
	s.want(400, "GET "+plain+"k?sync_on_write=x")
	s.want(404, "GET "+plain+"k?sync_on_write=All&r=1&r=x")
	s.want(503, "GET "+plain+"k?timeout=0")
	s.want(204, "PUT "+plain+"k?timeout=99999999999999999999&w=-5&dw=default"+text+"\n\nv")
	for _, q := range []string{"w", "dw", "pw", "r", "pr"} {
		method, rest := "PUT", text+"\n\nv"
		if q[len(q)-1] == 'r' {
			method, rest = "GET", ""
		}
		a := s.want(400, method+" "+plain+"k?"+q+"=4294967294"+rest)
		if a.body != "Specified w/dw/pw/node_confirms values invalid for bucket n value of 3\n" {
			t.Errorf("%s over n: %q", q, a.body)
		}
	}
	s.want(400, "PUT "+plain+"k?node_confirms=4"+text+"\n\nv")
	s.want(200, "GET /stats?timeout=5")
	s.want(400, "GET /stats?timeout=0")
}

// With a home down, a quorum of primaries is not reached, and the answer says how many were.
func TestPrimariesDown(t *testing.T) {
	s := start(t, nil)
	s.want(204, "PUT "+plain+"k"+text+"\n\nv")
	if err := s.c.Fault(t.Context(), fault.Fault{Kind: fault.Kill, Nodes: s.c.Running()[2:]}); err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]string{
		"GET " + plain + "k?pr=3":                    "PR-value unsatisfied: 2/3\n",
		"PUT " + plain + "k?pw=all" + text + "\n\nv": "PW-value unsatisfied: 2/3\n",
		"DELETE " + plain + "k?pw=3":                 "PW-value unsatisfied: 2/3\n",
		"DELETE " + plain + "k?pr=3":                 "PR-value unsatisfied: 2/3\n",
	} {
		if a := s.want(503, request); a.body != want {
			t.Errorf("%s: %q, want %q", request, a.body, want)
		}
	}
	s.want(204, "PUT "+plain+"k2?pw=2"+text+"\n\nv")
	s.want(200, "GET "+plain+"k2?pr=quorum")
}

func gunzip(t *testing.T, s string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
