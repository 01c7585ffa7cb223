package loopback

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestForeign(t *testing.T) {
	own := Server{Port: 4000}
	bare := Server{Port: 4000, BarePort: true}
	for name, c := range map[string]struct {
		server Server
		host   string
		header []string // name and value
		served bool
	}{
		"address":                   {own, "127.0.0.1:4000", nil, true},
		"other loopback address":    {own, "127.8.8.8:4000", nil, true},
		"IPv6":                      {own, "[::1]:4000", nil, true},
		"name":                      {own, "LocalHost:4000", nil, true},
		"other port":                {own, "127.0.0.1:4001", nil, false},
		"no port":                   {own, "127.0.0.1", nil, false},
		"no port, port 80":          {Server{Port: 80}, "localhost", nil, true},
		"bare address":              {bare, "127.0.0.1", nil, true},
		"bare IPv6":                 {bare, "[::1]", nil, true},
		"bare foreign name":         {bare, "evil.example", nil, false},
		"bare, other port":          {bare, "127.0.0.1:4001", nil, false},
		"no Host":                   {bare, "", nil, false},
		"foreign name":              {own, "evil.example:4000", nil, false},
		"name that only begins so":  {own, "localhost.evil.example:4000", nil, false},
		"address with a zone":       {own, "[::1%25eth0]:4000", nil, false},
		"Origin":                    {own, "127.0.0.1:4000", []string{"Origin", "http://evil.example"}, false},
		"null Origin":               {own, "127.0.0.1:4000", []string{"Origin", "null"}, false},
		"own Origin":                {own, "127.0.0.1:4000", []string{"Origin", "http://127.0.0.1:4000"}, false},
		"cross-site":                {own, "127.0.0.1:4000", []string{"Sec-Fetch-Site", "cross-site"}, false},
		"same-site":                 {own, "127.0.0.1:4000", []string{"Sec-Fetch-Site", "same-site"}, false},
		"typed address":             {own, "127.0.0.1:4000", []string{"Sec-Fetch-Site", "none"}, true},
		"foreign Referer":           {own, "127.0.0.1:4000", []string{"Referer", "http://evil.example/a"}, false},
		"Referer that is not a URL": {own, "127.0.0.1:4000", []string{"Referer", "::"}, false},
		"own Referer":               {own, "127.0.0.1:4000", []string{"Referer", "http://localhost:4000/a"}, true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = c.host
		if c.header != nil {
			r.Header.Set(c.header[0], c.header[1])
		}
		if why := c.server.Foreign(r); (why == "") != c.served {
			t.Errorf("%s: refused because %q, want served %v", name, why, c.served)
		}
	}
}
