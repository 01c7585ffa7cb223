package engine

// §4.5: which requests are refused, and what a node tries before it refuses one.

import (
	"testing"
	"time"

	"ringside/engine/event"
	"ringside/engine/wire"
)

// A strict put through a node that is not a home tries suspected homes before it is refused.
func TestStrictPutAsksTheSuspected(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	w.split(false, []string{"n1"}, []string{"n2", "n3", "n4", "n5"})
	w.put("n1", key, "v", nil)
	for _, home := range []string{"n3", "n4", "n5"} {
		if w.nodes["n1"].detector.healthy(home) {
			t.Fatalf("n1 does not suspect %s", home)
		}
	}
	w.heal(false)
	r := w.do("n1", wire.PutRequest{Key: []byte(key), Value: []byte("x"), Quorum: wire.Quorum{Strict: true, W: 1}}).(wire.PutReply)
	if r.Err != wire.OK {
		t.Fatalf("%v %s", r.Err, r.Message)
	}
}

// Suspected fallbacks are tried before a put or a get is refused.
func TestSuspectedFallbacksAreTried(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	w.nodes["n3"].detector.silent("n1")
	w.nodes["n3"].detector.silent("n2")
	w.step("n3", PeerDown{"n4"})
	w.step("n3", PeerDown{"n5"})
	w.mustPut("n3", key, "v", nil)
	if r := w.get("n3", key); r.Err != wire.OK {
		t.Fatalf("get: %v %s", r.Err, r.Message)
	}
}

// A forwarded put counts toward the limit of the node that forwards it.
func TestForwardedPutsAreBounded(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	w.split(false, []string{"n1"}, []string{"n2", "n3", "n4", "n5"}) // no node answers n1's pings
	for i := range uint64(MaxRequests + 1) {
		w.step("n1", &Request{Client: 1000 + i, Body: wire.PutRequest{Key: []byte(key)}})
	}
	if r, ok := w.replies[1000+MaxRequests].(wire.PutReply); !ok || r.Err != wire.Overloaded {
		t.Fatalf("request %d: %+v", MaxRequests+1, w.replies[1000+MaxRequests])
	}
	if w.replies[1000] != nil {
		t.Fatalf("the first is answered already: %+v", w.replies[1000])
	}
	w.pass(10 * time.Second)
	if n := w.nodes["n1"].coordinator.requests; n != 0 {
		t.Fatalf("%d requests never ended", n)
	}
}

// A get that is refused before any node is asked is answered, and leaves nothing behind.
func TestRefusedGets(t *testing.T) {
	w := five(t)
	refused := func(want wire.Code, req wire.GetRequest) {
		t.Helper()
		w.step("n1", &Request{Client: 7, Body: req})
		if r, ok := w.replies[7].(wire.GetReply); !ok || r.Err != want || r.Message == "" || len(r.Replied) > 0 {
			t.Fatalf("%+v, want %v", w.replies[7], want)
		}
	}
	refused(wire.BadRequest, wire.GetRequest{})
	refused(wire.BadRequest, wire.GetRequest{Key: make([]byte, wire.MaxKey+1)})
	refused(wire.BadRequest, wire.GetRequest{Key: []byte("k"), Quorum: wire.Quorum{R: 4}})
	w.nodes["n1"].coordinator.requests = MaxRequests
	refused(wire.Overloaded, wire.GetRequest{Key: []byte("k")})
}

// Requested says whether the quorum is strict, by the request or by the cluster, and whether a put
// came with a context.
func TestRequestedSaysWhatTheClientAsked(t *testing.T) {
	w := five(t)
	key := w.keyAt("n3", "n4", "n5")
	asked := func(req wire.ClientRequest) event.Event {
		t.Helper()
		w.do("n3", req)
		all := w.saw(event.Requested)
		return all[len(all)-1]
	}
	strict := wire.Quorum{Strict: true}
	w.mustPut("n3", key, "v", nil)
	token := w.get("n3", key).Context
	for name, c := range map[string]struct {
		req     wire.ClientRequest
		quorum  event.Quorum
		context event.Context
	}{
		"get":             {wire.GetRequest{Key: []byte(key)}, event.SloppyQuorum, event.ContextUnsaid},
		"strict get":      {wire.GetRequest{Key: []byte(key), Quorum: strict}, event.StrictQuorum, event.ContextUnsaid},
		"blind put":       {wire.PutRequest{Key: []byte(key)}, event.SloppyQuorum, event.NoContext},
		"strict put":      {wire.PutRequest{Key: []byte(key), Quorum: strict, Context: token}, event.StrictQuorum, event.ContextGiven},
		"refused context": {wire.PutRequest{Key: []byte(key), Context: []byte("?")}, event.SloppyQuorum, event.ContextGiven},
		"blind del":       {wire.PutRequest{Key: []byte(key), Delete: true}, event.SloppyQuorum, event.NoContext},
	} {
		if e := asked(c.req); e.Quorum != c.quorum || e.Context != c.context {
			t.Errorf("%s: quorum %q, context %q; want %q, %q", name, e.Quorum, e.Context, c.quorum, c.context)
		}
	}
	w.restart(func(cfg *Config) { cfg.Quorum.Strict = true })
	if e := asked(wire.PutRequest{Key: []byte(key)}); e.Quorum != event.StrictQuorum {
		t.Errorf("in a strict cluster: quorum %q", e.Quorum)
	}
}
