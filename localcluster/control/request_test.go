package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"

	"ringside/engine/usage"
	"ringside/engine/wire"
)

// doLine returns a request for a get as a line of the control socket.
func doLine(t testing.TB, more string) string {
	b, err := wire.AppendClientRequest(nil, 0, wire.GetRequest{Key: []byte("k")})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return `{"method":"do","request":` + string(text) + more + `}`
}

// A refusal is a line that must be refused, and a part of the reason.
type refusal struct{ line, want string }

// hostile returns requests that must be refused.
func hostile(t testing.TB) []refusal {
	return []refusal{
		// A missing field must not be taken for zero, because the zero change of the membership is
		// a join.
		{`{"method":"member","member":{}}`, "member.kind is missing"},
		{`{"method":"member","member":{"kind":null}}`, "member.kind is missing"},
		{`{"method":"member","member":null}`, "member is missing"},
		{`{"method":"member"}`, "member is missing"},
		{`{"method":"member","member":{"kind":"leave"}}`, "no node is named"},
		{`{"method":"member","member":{"kind":"gone","node":"n1"}}`, "want join, leave or remove"},
		{`{"method":"member","member":{"kind":"eject","node":"n1"}}`, "invalid kind"},
		{`{"method":"member","member":{"kind":0,"node":"n9"}}`, "malformed"},
		{`{"method":"member","member":{"kind":"join","weight":-1}}`, "weight -1"},
		{`{"method":"member","member":{"kind":"join","weight":101}}`, "weight 101"},
		{`{"method":"member","member":{"kind":"join","weight":1e99}}`, "malformed"},
		{`{"method":"member","member":{"kind":"join","node":"../x"}}`, "invalid node name"},
		{`{"method":"member","member":{"kind":"join","zone":"Z\u202e"}}`, "invalid zone name"},
		{`{"method":"member","member":{"kind":"join","via":"?"}}`, "invalid node name"},
		{`{"method":"member","member":{"kind":"join","force":true}}`, "no field"},
		{`{"method":"member","member":{"kind":"leave","node":"n1","weight":2}}`, "only a node that joins"},
		{`{"method":"fault","fault":{}}`, "fault.kind is missing"},
		{`{"method":"fault"}`, "fault is missing"},
		{`{"method":"fault","fault":{"kind":"flood"}}`, "invalid fault"},
		{`{"method":"fault","fault":{"kind":"kill","nodes":["n1"],"for":5}}`, "field for does not belong"},
		{`{"method":"fault","fault":{"kind":"heal","nodes":["n1"]}}`, "field nodes does not belong"},
		{`{"method":"fault","fault":{"kind":"loss","link":"n1","percent":101}}`, "want 0 to 100"},
		{`{"method":"fault","fault":{"kind":"loss","link":"n1","percent":-1}}`, "want 0 to 100"},
		{`{"method":"fault","fault":{"kind":"slow","link":"n1","delay":-1}}`, "want 0 to"},
		{`{"method":"fault","fault":{"kind":"slow","link":"n1","delay":9000000000000000000}}`, "want 0 to"},
		{`{"method":"fault","fault":{"kind":"partition","for":5}}`, "no groups"},
		{`{"method":"fault","fault":{"kind":"partition","groups":[["n1"]],"for":-5}}`, "duration -5ns"},
		{`{"method":"fault","fault":{"kind":"partition","groups":[["n1"]],"for":9000000000000000000}}`, "want up to 168h"},
		{`{"method":"fault","fault":{"kind":"kill","nodes":["n1"],"hard":true}}`, "no field"},
		{`{"method":"fault","fault":{"kind":"kill","nodes":"n1"}}`, "malformed"},
		{`{"method":"down","member":{"kind":"join"}}`, "no field"},
		{`{"method":"down","yes":true}`, "no field"},
		{`{"method":"events","follow":"true"}`, "malformed"},
		{`{"method":"events","after":-1}`, "malformed"},
		{`{"method":"events","kinds":["flood"]}`, "no kind of event"},
		{`{"method":"events","rate":-1}`, "events a second"},
		{`{"method":"events","node":"A!"}`, "node name"},
		{`{"method":"events","key":"` + strings.Repeat("QUFB", wire.MaxKey) + `"}`, "a key of"},
		{`{"method":"events","Method":"down"}`, "no field"},
		{`{"METHOD":"down"}`, "no field"},
		{`{"method":"snapshot","keys":["` + strings.Repeat("QUFB", wire.MaxKey/3+1) + `"]}`, "want at most"},
		{`{"method":"snapshot","keys":[` + strings.Repeat(`"QQ==",`, maxKeysAsked) + `"QQ=="]}`, "want at most"},
		{`{"method":"compare","ranges":[` + strings.Repeat(`{},`, maxRangesAsked) + `{}]}`, "want at most"},
		{`{"method":"do"}`, "request is missing"},
		{`{"method":"do","request":""}`, "no body"},
		{`{"method":"do","request":"AAAA"}`, "decode"},
		{doLine(t, `,"via":"n1 "`), "invalid node name"},
		{doLine(t, `,"fault":{"kind":"heal"`), "malformed"},
		{doLine(t, `,"follow":true`), "no field"},
		{`{}`, "no method"},
		{`{"method":"format"}`, "no method"},
		{`{"method":["down"]}`, "malformed"},
		{`{"method":"down"}{"method":"down"}`, "malformed"},
		{`{"method":"down"} x`, "malformed"},
		{`[{"method":"down"}]`, "malformed"},
		{`null`, "no method"},
		{``, "malformed"},
		{strings.Repeat(`{"member":`, 5000), "malformed"},
	}
}

// Each request is refused unless it is one of those that the socket understands. A refused request
// does not reach the cluster.
func TestHostileRequests(t *testing.T) {
	_, s, c := serve(t)
	for _, r := range hostile(t) {
		resp := s.send(t, r.line)
		if resp.Error == nil || resp.Error.Code != codeUsage || !strings.Contains(resp.Error.Message, r.want) ||
			!resp.Last {
			t.Errorf("%.120s: got %+v, want a usage error with %q", r.line, resp.Error, r.want)
		}
	}
	if n := c.calls.Load(); n > 0 {
		t.Errorf("%d calls of the cluster", n)
	}
}

// Every request that the command line sends is accepted.
func TestRequestsOfTheCommandLine(t *testing.T) {
	for _, line := range []string{
		`{"method":"member","member":{"kind":"join"}}`,
		`{"method":"member","member":{"kind":"join","node":"n9","via":"n1","weight":2,"zone":"a"}}`,
		`{"method":"member","member":{"kind":"remove","node":"n1"}}`,
		`{"method":"fault","fault":{"kind":"partition","groups":[["n1"],["n2"]],"one_way":true,"for":5}}`,
		`{"method":"fault","fault":{"kind":"loss","link":"n1","percent":0.5}}`,
		`{"method":"snapshot"}`, `{"method":"snapshot","keys":["QQ=="]}`, `{"method":"compare","look":true}`,
		`{"method":"events","after":3,"follow":true}`, `{"method":"events","follow":true,"screen":true}`,
		`{"method":"events","rate":5000,"kinds":["ack"],"node":"n1","key":"QQ==","about":7,"lines":true}`, `{"method":"down"}`, doLine(t, `,"via":"n1"`),
	} {
		if _, err := parse([]byte(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// FuzzControl checks that the decoder of the control socket does not panic. A refused request does
// not reach the cluster. An accepted request is within its bounds, and reads the same when it is
// written again.
func FuzzControl(f *testing.F) {
	for _, r := range hostile(f) {
		if len(r.line) < 4<<10 {
			f.Add([]byte(r.line))
		}
	}
	f.Add([]byte(`{"method":"member","member":{"kind":"join","node":"n9","weight":2}}`))
	f.Add([]byte(`{"method":"fault","fault":{"kind":"partition","groups":[["n1"],["n2"]],"for":5}}`))
	f.Add([]byte(doLine(f, `,"via":"n1"`)))
	f.Fuzz(func(t *testing.T, line []byte) {
		req, err := parse(line)
		if err == nil {
			checkPassed(t, req)
			return
		}
		var refused *usage.Error
		if !errors.Is(err, errMalformed) && !errors.As(err, &refused) {
			t.Fatalf("%q: neither malformed nor a usage error: %v", line, err)
		}
		c := &stub{}
		s := &Server{cluster: c, ctx: t.Context()}
		near, far := net.Pipe()
		defer far.Close()
		go func() {
			s.answer(t.Context(), near, line)
			_ = near.Close()
		}()
		if resp := lastResponse(t, far); resp.Error == nil || resp.Error.Code != codeUsage {
			t.Errorf("%q: answered with %+v", line, resp)
		}
		if c.calls.Load() > 0 {
			t.Errorf("%q: it reached the cluster", line)
		}
	})
}

// checkPassed checks a request that the decoder accepted.
func checkPassed(t *testing.T, req request) {
	m, known := methods[req.Method]
	if !known || (req.Method == "member") != (req.Member != nil) || (req.Method == "fault") != (req.Fault != nil) {
		t.Fatalf("let pass: %+v", req)
	}
	if m.check != nil && m.check(req) != nil {
		t.Fatalf("let pass: %+v: %v", req, m.check(req))
	}
	line, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if b, err := json.Marshal(again); err != nil || !bytes.Equal(b, line) {
		t.Fatalf("%s reads as %s", line, b)
	}
}
