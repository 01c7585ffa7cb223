package httpdoor

import (
	"reflect"
	"testing"
)

func TestChooseType(t *testing.T) {
	siblings := []string{"text/plain", "multipart/mixed"}
	for _, c := range []struct {
		types  []string
		accept string
		want   string // "" if none is acceptable
	}{
		{siblings, "*/*", "text/plain"},
		{siblings, "*", "text/plain"},
		{siblings, "multipart/mixed", "multipart/mixed"},
		{siblings, "multipart/*", "multipart/mixed"},
		{siblings, "MULTIPART/Mixed", "multipart/mixed"},
		{siblings, "multipart/mixed, */*", "text/plain"}, // of equal qualities the last one counts
		{siblings, "*/*, multipart/mixed", "multipart/mixed"},
		{siblings, "multipart/mixed, */*;q=0.5", "multipart/mixed"},
		{siblings, "multipart/mixed;q=.4, text/plain;q=0.3", "multipart/mixed"},
		{siblings, "application/json", ""},
		{siblings, "application/json, text/plain;q=0", "text/plain"}, // as Webmachine
		{siblings, "", ""},
		{siblings, "text/plain;level=1", ""},
		{siblings, "text/plain;q=high", ""},
		{siblings, ", ,text/plain", "text/plain"},
		{[]string{"text/plain; charset=utf-8"}, "text/plain", ""},
		{[]string{"text/plain; charset=utf-8"}, "text/*", "text/plain; charset=utf-8"},
		{[]string{"odd"}, "text/*", ""},
		{[]string{"odd"}, "*/*", "odd"},
	} {
		if got, ok := chooseType(c.types, c.accept); got != c.want || ok != (c.want != "") {
			t.Errorf("chooseType(%q, %q) = %q %v, want %q", c.types, c.accept, got, ok, c.want)
		}
	}
}

func TestChoose(t *testing.T) {
	both := []string{"identity", "gzip"}
	for _, c := range []struct {
		choices []string
		header  string
		want    string // "" if none is acceptable
	}{
		{both, "identity;q=1.0,*;q=0.5", "identity"},
		{both, "gzip", "gzip"},
		{both, "GZIP", "gzip"},
		{both, "gzip, deflate", "gzip"},
		{both, "deflate", "identity"},
		{both, "", "identity"},
		{both, "gzip;q=0", "identity"},
		{both, "identity;q=0, gzip", "gzip"},
		{both, "identity;q=0", ""},
		{both, "*;q=0", ""},
		{both, "*;q=0, gzip", "gzip"},
		{both, "gzip;q=0.5, identity", "identity"},
		{both, "*", "identity"},
		{[]string{"br"}, "identity;q=1.0,*;q=0.5", "br"},
		{[]string{"br"}, "gzip", ""},
	} {
		if got, ok := choose(c.choices, c.header, "identity"); got != c.want || ok != (c.want != "") {
			t.Errorf("choose(%q, %q) = %q %v, want %q", c.choices, c.header, got, ok, c.want)
		}
	}
}

func TestQuotedStrings(t *testing.T) {
	for in, want := range map[string][]string{
		`"a"`: {"a"}, `"a", W/"b"`: {"a", "b"}, `a`: nil, `"a\"b"`: {`a"b`}, `"open`: {"open"}, `""`: {""}, `"`: {""}, `"\`: {`\`},
	} {
		if got := quotedStrings(in); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("quotedStrings(%q) = %q, want %q", in, got, want)
		}
	}
}
