package httpdoor

import (
	"net/http"
	"net/url"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestParseTarget(t *testing.T) {
	for target, want := range map[string]struct {
		parts []string
		q     query
	}{
		"/":                              {nil, nil},
		"*":                              {[]string{"*"}, nil},
		"/buckets//b/keys/":              {[]string{"buckets", "b", "keys"}, nil},
		"/a%2Fb/c+d?x=1&y=%20z&x=2":      {[]string{"a%2Fb", "c+d"}, query{{"x", "1"}, {"y", " z"}, {"x", "2"}}},
		"/a?b;c=+":                       {[]string{"a"}, query{{"b", ""}, {"c", " "}}},
		"/a?b=c=d#e":                     {[]string{"a"}, query{{"b", "c=d"}}},
		"http://127.0.0.1:8098/ping?a=b": {[]string{"ping"}, query{{"a", "b"}}},
		"http://127.0.0.1:8098":          {nil, nil},
		"/a?b=http://c/d":                {[]string{"a"}, query{{"b", "http://c/d"}}},
	} {
		parts, q := parseTarget(&http.Request{RequestURI: target, URL: &url.URL{}})
		if len(parts)+len(want.parts) > 0 && !reflect.DeepEqual(parts, want.parts) || !reflect.DeepEqual(q, want.q) {
			t.Errorf("%s: %q %v, want %q %v", target, parts, q, want.parts, want.q)
		}
	}
}

func TestUnquote(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a+b": "a b", "%2B": "+", "%c3%BC": "ü", "%": "%", "%4": "%4", "%zz%41": "%zzA", "%2520": "%20", "%00": "\x00",
	} {
		if got := unquote(in); got != want {
			t.Errorf("unquote(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestUnquoteReversesQuote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "s"))
		if got := unquote(quote(s)); got != s {
			t.Fatalf("unquote(quote(%q)) = %q", s, got)
		}
	})
}

func TestParseQuorum(t *testing.T) {
	for in, want := range map[string]uint32{
		"0": 0, "3": 3, "+3": 3, "-1": 0, "007": 7, "one": 4294967294, "quorum": 4294967293, "all": 4294967292,
		"default": 4294967291, "4294967294": tooMany, "99999999999999999999": tooMany,
	} {
		if got, ok := parseQuorum(in); !ok || got != want {
			t.Errorf("parseQuorum(%q) = %d %v, want %d", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "x", "2.5", "1_0", " 1", "1 ", "0x1", "--1", "+", "One"} {
		if got, ok := parseQuorum(in); ok {
			t.Errorf("parseQuorum(%q) = %d, want none", in, got)
		}
	}
}

func TestErlangString(t *testing.T) {
	for in, want := range map[string]string{"x": `"x"`, "": "[]", `a"b`: `"a\"b"`, "\x01a": "[1,97]", "1.5": `"1.5"`} {
		if got := erlangString(in); got != want {
			t.Errorf("erlangString(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestParseIndex(t *testing.T) {
	for _, c := range []struct{ field, value, want, why string }{
		{"f_bin", "x", "x", ""},
		{"f_int", "007", "7", ""},
		{"f_int", "-1", "-1", ""},
		{"f_int", "1_0", "", "Could not parse field 'f_int', value '1_0'.\n"},
		{"f_int", "x", "", "Could not parse field 'f_int', value 'x'.\n"},
		{"f", "x", "", "Unknown field type for field: 'f'.\n"},
		{"$bucket", "b", "b", ""},
	} {
		if got, why := parseIndex(c.field, c.value); got != c.want || why != c.why {
			t.Errorf("parseIndex(%q, %q) = %q %q, want %q %q", c.field, c.value, got, why, c.want, c.why)
		}
	}
}
