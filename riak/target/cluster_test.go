package target

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"ringside/engine/usage"
	"ringside/engine/wire"
	"ringside/riak/rpb"
)

// A player is a server that answers each request with the next frames of a list, whatever the
// request is. A nil element closes the connection, and an empty one leaves the request unanswered.
type player struct {
	net.Listener
	mu       sync.Mutex
	answers  [][]byte
	requests []frame
	over     chan struct{} // closed when the test ends
}

func play(t *testing.T, answers ...[]byte) *player {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &player{Listener: l, answers: answers, over: make(chan struct{})}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); close(p.over); all.Wait() })
	return p
}

func (p *player) serve(c net.Conn) {
	defer c.Close()
	closed := make(chan struct{})
	defer close(closed)
	go func() {
		select {
		case <-p.over:
			_ = c.Close()
		case <-closed:
		}
	}()
	for {
		code, body, err := rpb.ReadFrame(c, rpb.MaxReply)
		if err != nil {
			return
		}
		if code == rpb.CodePingReq {
			_, _ = c.Write([]byte{0, 0, 0, 1, byte(rpb.CodePingResp)})
			continue
		}
		p.mu.Lock()
		p.requests = append(p.requests, frame{code: code, body: body})
		var answer []byte
		if len(p.answers) > 0 {
			answer, p.answers = p.answers[0], p.answers[1:]
		}
		p.mu.Unlock()
		if answer == nil {
			return
		}
		_, _ = c.Write(answer)
	}
}

func (p *player) asked() []frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

// answersOf returns the answers to the steps of a recorded scenario, each with all its frames.
func answersOf(t *testing.T, name string) [][]byte {
	for _, s := range scenarios(t) {
		if s.Name != name {
			continue
		}
		var out [][]byte
		for _, step := range s.Steps {
			var all []byte
			for _, text := range step.Receive {
				b, ok := expand(text)
				if !ok {
					t.Fatalf("%s: a frame that cannot be expanded", name)
				}
				all = append(all, b...)
			}
			out = append(out, all)
		}
		return out
	}
	t.Fatalf("no scenario %s", name)
	return nil
}

func open(t *testing.T, timeout time.Duration, servers ...*player) *Cluster {
	var hosts []string
	for _, s := range servers {
		hosts = append(hosts, s.Addr().String())
	}
	c := Open(Address{Hosts: hosts, Type: "plain", Bucket: "carts", Timeout: timeout})
	t.Cleanup(c.Close)
	return c
}

const long = time.Minute

// The siblings that a real Riak answered with are those of the reply, and its vclock goes back to
// Riak as it came.
func TestSiblings(t *testing.T) {
	answers := answersOf(t, "stale_vclock")
	s := play(t, answers[3], answers[1])
	c := open(t, long, s)
	reply, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte("cart"), Quorum: wire.Quorum{R: 2, PR: 1, Strict: true}})
	g, ok := reply.(wire.GetReply)
	if err != nil || !ok || g.Err != wire.OK || len(g.Siblings) != 2 || g.Coordinator != s.Addr().String() {
		t.Fatalf("%+v, %v", reply, err)
	}
	if a, b := string(g.Siblings[0].Value), string(g.Siblings[1].Value); a != "a" || b != "b" {
		t.Errorf("values %s and %s", a, b)
	}
	if m := MetaOf(g.Siblings[0].Meta); m.ContentType != "text/plain" {
		t.Errorf("metadata %+v", m)
	}
	if shown := Show(g.Context); shown.Text != "{c552b10b:3}" || shown.Counters["c552b10b"] != 3 {
		t.Errorf("vclock %+v", shown)
	}
	put := wire.PutRequest{Key: []byte("riak:a%2Fb/c/d/e"), Value: []byte("x"), Context: g.Context, Meta: g.Siblings[0].Meta}
	if _, err := c.Do(t.Context(), "", put); err != nil {
		t.Fatal(err)
	}
	var get rpb.GetReq
	var sent rpb.PutReq
	if err := errors.Join(rpb.DecodeBody(s.asked()[0].body, &get), rpb.DecodeBody(s.asked()[1].body, &sent)); err != nil {
		t.Fatal(err)
	}
	if string(get.Bucket) != "carts" || string(get.Type) != "plain" || get.GetR() != 2 || get.GetPr() != 1 ||
		get.SloppyQuorum == nil || *get.SloppyQuorum || get.GetTimeout() != 54_000 {
		t.Errorf("get %v", &get)
	}
	if !bytes.Equal(sent.Vclock, g.Context) || string(sent.Type) != "a/b" || string(sent.Bucket) != "c" ||
		string(sent.Key) != "d/e" || string(sent.Content.ContentType) != "text/plain" || sent.W != nil {
		t.Errorf("put %v", &sent)
	}
}

// A put answers with the number of siblings and the vclock, a delete with what is left.
func TestPutAndDelete(t *testing.T) {
	answers := answersOf(t, "delete_stale_vclock")
	s := play(t, answers[0], answers[2], answers[3])
	c := open(t, long, s)
	reply, err := c.Do(t.Context(), "", wire.PutRequest{Key: []byte("cart"), Value: []byte("v1"), Quorum: wire.Quorum{W: 3, PW: 1}})
	p, ok := reply.(wire.PutReply)
	if err != nil || !ok || p.Siblings != 1 || p.Deletes != 0 || VTag(p.Version) == "" {
		t.Fatalf("%+v, %v", reply, err)
	}
	reply, err = c.Do(t.Context(), "", wire.PutRequest{Key: []byte("cart"), Delete: true, Context: p.Context})
	d, ok := reply.(wire.PutReply)
	if err != nil || !ok || d.Siblings != 1 || d.Deletes != 1 || bytes.Equal(d.Context, p.Context) || len(d.Context) == 0 {
		t.Fatalf("%+v, %v", reply, err)
	}
	var put rpb.PutReq
	if err := rpb.DecodeBody(s.asked()[0].body, &put); err != nil || put.GetW() != 3 || put.GetDw() != 3 || put.GetPw() != 1 {
		t.Errorf("put %v, %v", &put, err)
	}
	// A delete without a context would delete what the client has not seen.
	reply, err = c.Do(t.Context(), "", wire.PutRequest{Key: []byte("cart"), Delete: true})
	if d, ok := reply.(wire.PutReply); err != nil || !ok || d.Err != wire.BadRequest || len(s.asked()) != 3 {
		t.Errorf("%+v, %v", reply, err)
	}
}

// An absent key has nothing, and a deleted one a vclock and a tombstone.
func TestAbsentAndDeleted(t *testing.T) {
	answers := answersOf(t, "delete_with_vclock")
	c := open(t, long, play(t, answers[2], answers[3]))
	for _, deleted := range []bool{false, true} {
		reply, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte("cart")})
		g, ok := reply.(wire.GetReply)
		if err != nil || !ok || len(g.Siblings) != 0 || g.Deleted() != deleted || len(g.Context) > 0 != deleted {
			t.Errorf("deleted %t: %+v, %v", deleted, reply, err)
		}
	}
}

// errorFrame returns a frame with an error of Riak.
func errorFrame(text string) []byte {
	b, err := rpb.AppendFrame(nil, rpb.CodeError, &rpb.Error{Errmsg: []byte(text), Errcode: new(uint32)})
	if err != nil {
		panic(err)
	}
	return b
}

// Errors of Riak become the codes of package wire.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text    string
		context string
		code    wire.Code
		unknown bool
	}{
		{"{w_val_unsatisfied,2,1}", "", wire.QuorumNotReached, true},
		{"{dw_val_unsatisfied,2,1}", "", wire.QuorumNotReached, true},
		{"{pw_val_unsatisfied,2,1}", "", wire.QuorumNotReached, true},
		{"{pr_val_unsatisfied,2,1}", "", wire.QuorumNotReached, false},
		{"{insufficient_vnodes,1,need,2}", "", wire.QuorumNotReached, false},
		{"insufficient_vnodes_available", "", wire.QuorumNotReached, false},
		{"timeout", "", wire.QuorumNotReached, true},
		{"overload", "", wire.Overloaded, false},
		{"{n_val_violation,3}", "", wire.BadRequest, false},
		{"no_type", "", wire.BadRequest, false},
		{"Error processing incoming message: error:data_error", "x", wire.ContextRefused, false},
	} {
		cluster := open(t, long, play(t, errorFrame(c.text)))
		reply, err := cluster.Do(t.Context(), "", wire.PutRequest{Key: []byte("cart"), Context: []byte(c.context)})
		if p, ok := reply.(wire.PutReply); err != nil || !ok || p.Err != c.code || p.Unknown != c.unknown {
			t.Errorf("%s: %+v, %v; want %v, unknown %t", c.text, reply, err, c.code, c.unknown)
		}
	}
	cluster := open(t, long, play(t, errorFrame("function_clause\x1b[2J")))
	_, err := cluster.Do(t.Context(), "", wire.GetRequest{Key: []byte("cart")})
	if err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("an error without a code: %v", err)
	}
}

// A host that is down is passed over, and if all are down nothing was sent.
func TestHostsThatAreDown(t *testing.T) {
	answers := answersOf(t, "stale_vclock")
	down, up := play(t), play(t, answers[0], answers[0], answers[0])
	_ = down.Listener.Close()
	c := open(t, long, down, up)
	for range 3 {
		if reply, err := c.Do(t.Context(), "", wire.PutRequest{Key: []byte("cart"), Value: []byte("x")}); err != nil {
			t.Fatalf("%+v, %v", reply, err)
		}
	}
	if len(up.asked()) != 3 {
		t.Errorf("%d puts arrived", len(up.asked()))
	}
	none := open(t, long, down)
	var unreachable *Unreachable
	if _, err := none.Do(t.Context(), "", wire.GetRequest{Key: []byte("cart")}); !errors.As(err, &unreachable) {
		t.Errorf("all hosts are down: %v", err)
	}
	var misuse *usage.Error
	if _, err := c.Do(t.Context(), "nowhere", wire.GetRequest{Key: []byte("cart")}); !errors.As(err, &misuse) {
		t.Errorf("via an unknown node: %v", err)
	}
}

// A get that gets no answer is sent to another host. A put is not: it may have happened.
func TestLostAnswers(t *testing.T) {
	answers := answersOf(t, "stale_vclock")
	for _, silent := range [][]byte{nil, {}} { // the connection is closed; the server hangs
		first, second := play(t, silent), play(t, answers[3])
		c := open(t, 200*time.Millisecond, first, second)
		reply, err := c.Do(t.Context(), "", wire.PutRequest{Key: []byte("cart"), Value: []byte("x")})
		p, ok := reply.(wire.PutReply)
		if err != nil || !ok || p.Err != wire.QuorumNotReached || !p.Unknown || len(second.asked()) != 0 {
			t.Errorf("a put that got no answer: %+v, %v", reply, err)
		}
	}
	for limit, silent := range map[time.Duration][]byte{long: nil, time.Second: {}} {
		first, second := play(t, silent), play(t, answers[3])
		c := open(t, limit, first, second)
		reply, err := c.Do(t.Context(), "", wire.GetRequest{Key: []byte("cart")})
		if g, ok := reply.(wire.GetReply); err != nil || !ok || len(g.Siblings) != 2 || len(first.asked()) != 1 {
			t.Errorf("a get that got no answer from the first host within %v: %+v, %v", limit, reply, err)
		}
	}
}

// The end of the context ends a request that waits.
func TestCancel(t *testing.T) {
	s := play(t, []byte{})
	c := open(t, long, s)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(s.asked()) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := c.Do(ctx, "", wire.GetRequest{Key: []byte("cart")}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Keys come from a stream of answers, and a prefix chooses the bucket and the keys.
func TestKeys(t *testing.T) {
	answers := answersOf(t, "list_keys_many")
	stream := answers[60] // after 60 puts
	s := play(t, stream, stream)
	c := open(t, long, s)
	for prefix, begins := range map[string]string{"": "", "riak:plain/b%2F1/": "riak:plain/b%2F1/"} {
		seen := map[string]bool{}
		if err := c.Keys(t.Context(), "", []byte(prefix), func(k []byte) error {
			seen[string(k)] = true
			if !strings.HasPrefix(string(k), begins) {
				t.Errorf("%q: key %q", prefix, k)
			}
			return nil
		}); err != nil || len(seen) != 60 {
			t.Errorf("%q: %d keys, %v", prefix, len(seen), err)
		}
	}
	buckets := map[string]bool{}
	for _, f := range s.asked() {
		var req rpb.ListKeysReq
		if err := rpb.DecodeBody(f.body, &req); err != nil {
			t.Fatal(err)
		}
		buckets[string(req.Bucket)] = true
	}
	if !buckets["carts"] || !buckets["b/1"] {
		t.Errorf("buckets %v", buckets)
	}
	var misuse *usage.Error
	if err := c.Keys(t.Context(), "", []byte("riak:plain"), nil); !errors.As(err, &misuse) {
		t.Errorf("a prefix without a bucket: %v", err)
	}
}

// Properties and the server's name are those that a real Riak tells.
func TestLook(t *testing.T) {
	s := play(t, answersOf(t, "server_info")[0])
	nodes, err := open(t, long, s).Nodes(t.Context(), 0)
	if err != nil || nodes[0].Name != "dev1@127.0.0.1" || nodes[0].Version != "3.2.0" {
		t.Errorf("%+v, %v", nodes, err)
	}
	c := open(t, long, play(t, answersOf(t, "props_get_type")[0]))
	props, err := c.Props(t.Context())
	if err != nil || props.N != 3 || !props.AllowMult || QuorumText(props.R) != "quorum" || props.Count(props.R) != 2 {
		t.Errorf("%v, %v", props, err)
	}
	if _, err := c.Snapshot(t.Context()); err == nil {
		t.Error("a snapshot of a foreign cluster")
	}
}

func TestParse(t *testing.T) {
	a, err := Parse("riak://127.0.0.1:10017,[::1]:8087,db1/a%2Fb/c?timeout=2s")
	if err != nil || strings.Join(a.Hosts, " ") != "127.0.0.1:10017 [::1]:8087 db1:8087" || a.Type != "a/b" ||
		a.Bucket != "c" || a.Timeout != 2*time.Second {
		t.Errorf("%+v, %v", a, err)
	}
	if again, err := Parse(a.String()); err != nil || again.String() != a.String() {
		t.Errorf("%s is read as %s, %v", a, again, err)
	}
	b, err := Parse("riak://db1,[::1],127.0.0.1:10017")
	if err != nil || b.Name() != a.Name() || b.Bucket != DefaultBucket || b.Timeout != DefaultTimeout {
		t.Errorf("%+v, %v", b, err)
	}
	for _, text := range []string{"", "127.0.0.1:8087", "http://h", "riak://", "riak://,h", "riak://h:x", "riak://h:0",
		"riak://u@h", "riak://h/", "riak://h/t/", "riak://h/t/b/k", "riak://h?timeout=0s", "riak://h?r=2",
		"riak://h/%zz", "riak://h?timeout=1h"} {
		var misuse *usage.Error
		if a, err := Parse(text); !errors.As(err, &misuse) {
			t.Errorf("%s: %+v, %v", text, a, err)
		}
	}
}

// A vclock that is none of Riak's is shown by a hash, whatever its bytes are.
func TestShow(t *testing.T) {
	good, _ := hex.DecodeString("6bce61606060cc60ca05523c47833672f7140b3742841219f35819feadac79c2970500")
	if s := Show(good); s.Text != "{c552b10b:1}" {
		t.Errorf("%+v", s)
	}
	for _, bad := range [][]byte{good[:10], append(bytes.Clone(good), 0), []byte("garbage"), {1, 2, 3}} {
		if s := Show(bad); !strings.HasPrefix(s.Text, "#") || len(s.Text) != 1+hashShown || s.Counters != nil {
			t.Errorf("%x: %+v", bad, s)
		}
	}
	if s := Show(nil); s.Text != "{}" {
		t.Errorf("%+v", s)
	}
}

func FuzzDecode(f *testing.F) {
	for _, r := range received(f) {
		var m rpb.GetResp
		if r.code == rpb.CodeGetResp && rpb.DecodeBody(r.body, &m) == nil {
			f.Add(m.Vclock)
		}
	}
	f.Fuzz(func(t *testing.T, vclock []byte) {
		entries, err := Decode(vclock)
		if err == nil && len(entries) > maxActors {
			t.Errorf("%d entries", len(entries))
		}
		if s := Show(vclock); s.Text == "" {
			t.Errorf("%x has no text", vclock)
		}
	})
}
