package httpdoor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"ringside/engine/settings"
	"ringside/engine/wire"
	"ringside/localcluster/config"
	"ringside/riak/kv"
)

// A library is a cluster that lists many keys, and whose list fails before the page fail, unless
// that is 0.
type library struct {
	set         settings.Cluster
	pages, fail int
}

// inPage is the number of keys in a page of a library.
const inPage = 100

func (l library) Settings() settings.Cluster { return l.set }

func (l library) Do(_ context.Context, _ string, req wire.ClientRequest) (wire.ClientReply, error) {
	list, ok := req.(wire.ListRequest)
	if !ok {
		return wire.GetReply{}, nil
	}
	page := len(list.After)
	if page+1 == l.fail {
		return wire.ListReply{Err: wire.QuorumNotReached}, nil
	}
	r := wire.ListReply{After: append(list.After, 0), More: page+1 < l.pages}
	for i := range inPage {
		key := fmt.Appendf(nil, "%s%d-%d-%s", list.Prefix, page, i, strings.Repeat("long", 100))
		r.Keys = append(r.Keys, wire.ListedKey{Key: key})
	}
	return r, nil
}

// The answer with a short list has a Content-Length. The answer with a long list is sent in parts,
// which make one JSON object. If a long list fails, its answer has no end.
func TestLongList(t *testing.T) {
	set, err := config.NewSettings("c", settings.Cluster{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		pages, fail int
		length      bool // the answer has a Content-Length
		status      int  // 0: the answer is cut
	}{
		{pages: 1, length: true, status: 200},
		{pages: 40, status: 200},
		{pages: 40, fail: 40},
		{pages: 2, fail: 2, length: true, status: 503},
	} {
		ln, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		store := kv.NewStore(library{set, c.pages, c.fail}, "n1")
		s := Serve(ln, Options{Store: store})
		client := http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
		a, err := client.Get("http://" + ln.Addr().String() + "/buckets/b/keys?keys=true")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(a.Body)
		_ = a.Body.Close()
		var got struct{ Keys []string }
		switch {
		case c.status == 0 && err == nil:
			t.Errorf("%+v: a list that failed ends as a good one does", c)
		case c.status > 0 && (err != nil || a.StatusCode != c.status || (a.ContentLength >= 0) != c.length):
			t.Errorf("%+v: %v, status %d, length %d", c, err, a.StatusCode, a.ContentLength)
		case c.status == 200 && (json.Unmarshal(body, &got) != nil || len(got.Keys) != c.pages*inPage):
			t.Errorf("%+v: %d keys in %d bytes", c, len(got.Keys), len(body))
		}
		_ = s.Close()
		store.Close()
	}
}
