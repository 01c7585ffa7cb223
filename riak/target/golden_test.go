package target

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"ringside/engine/wire"
	"ringside/riak/kv"
	"ringside/riak/rpb"
)

// recorded is what a live Riak 3.2.0 was sent and answered.
const recorded = "../../testscripts/riak/pb.jsonl"

// A scenario is a line of the record.
type scenario struct {
	Name  string
	Steps []struct {
		Send    json.RawMessage // a frame in hex, or several
		Receive []string
		Closed  *bool
	}
}

// A frame is a recorded frame.
type frame struct {
	scenario string
	code     rpb.Code
	body     []byte
}

func scenarios(t testing.TB) []scenario {
	t.Helper()
	f, err := os.Open(recorded)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []scenario
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var s scenario
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := lines.Err(); err != nil || len(out) < 100 {
		t.Fatalf("%d scenarios, %v", len(out), err)
	}
	return out
}

var filling = regexp.MustCompile(`\$\{fill:(\d+):([0-9a-f]+)\}`)

// expand returns the bytes of a recorded frame. ok is false for a frame with a captured field, or
// of another form.
func expand(text string) (frame []byte, ok bool) {
	text = filling.ReplaceAllStringFunc(text, func(m string) string {
		parts := filling.FindStringSubmatch(m)
		n, _ := strconv.Atoi(parts[1])
		return strings.Repeat(parts[2], n)
	})
	b, err := hex.DecodeString(strings.ReplaceAll(text, "${uniq}", hex.EncodeToString([]byte("abcdefgh"))))
	return b, err == nil && len(b) >= 5
}

// sent and received return the frames of the record that can be expanded.
func sent(t testing.TB) []frame     { return frames(t, true) }
func received(t testing.TB) []frame { return frames(t, false) }

func frames(t testing.TB, sent bool) []frame {
	var out []frame
	for _, s := range scenarios(t) {
		for _, step := range s.Steps {
			texts := step.Receive
			if sent {
				var one string
				if texts = nil; json.Unmarshal(step.Send, &one) == nil {
					texts = []string{one}
				} else if err := json.Unmarshal(step.Send, &texts); err != nil {
					t.Fatal(err)
				}
			}
			for _, text := range texts {
				b, ok := expand(text)
				if !ok {
					continue
				}
				code, body, err := rpb.ReadFrame(bytes.NewReader(b), rpb.MaxReply)
				if err == nil {
					out = append(out, frame{s.Name, code, body})
				}
			}
		}
	}
	return out
}

// Every answer of a real Riak is one that the client understands, with nothing left over.
func TestRecordedAnswersAreUnderstood(t *testing.T) {
	objects, clocks := 0, 0
	for _, f := range received(t) {
		m, known := rpb.NewBody(f.code)
		if !known {
			t.Errorf("%s: code %d is not known", f.scenario, f.code)
			continue
		}
		if m == nil {
			continue
		}
		if err := proto.Unmarshal(f.body, m); err != nil || len(m.ProtoReflect().GetUnknown()) > 0 {
			t.Errorf("%s: code %d: %v, unknown %x", f.scenario, f.code, err, m.ProtoReflect().GetUnknown())
			continue
		}
		var vclock []byte
		var contents []*rpb.Content
		switch m := m.(type) {
		case *rpb.GetResp:
			vclock, contents = m.Vclock, m.Content
		case *rpb.PutResp:
			vclock, contents = m.Vclock, m.Content
		}
		live, deleted, err := versions(contents)
		if err != nil || len(live)+len(deleted) != len(contents) {
			t.Errorf("%s: %d and %d of %d siblings, %v", f.scenario, len(live), len(deleted), len(contents), err)
		}
		for _, v := range live {
			objects++
			if VTag(v) == "" || v.Time < 1e18 {
				t.Errorf("%s: a sibling without vtag or time: %+v", f.scenario, v)
			}
		}
		if len(vclock) == 0 {
			continue
		}
		clocks++
		entries, err := Decode(vclock)
		if err != nil || len(entries) == 0 {
			t.Errorf("%s: vclock %x: %v, %v", f.scenario, vclock, entries, err)
		}
		for _, e := range entries {
			if len(e.Actor) != 12 && len(e.Actor) != 8 || e.Counter == 0 || e.Time.Year() < 2020 || e.Time.Year() > 2100 {
				t.Errorf("%s: vclock %x has the entry %+v", f.scenario, vclock, e)
			}
		}
	}
	if objects < 100 || clocks < 100 {
		t.Errorf("the record has %d siblings and %d vclocks", objects, clocks)
	}
}

// A request of the client is a recorded request, except for the fields that the client always sets
// and for the order of fields.
func TestRequestsAreThoseRecorded(t *testing.T) {
	c := Open(Address{Hosts: []string{"localhost:1"}, Type: kv.DefaultType, Bucket: "b"})
	compared := map[rpb.Code]int{}
	for _, f := range sent(t) {
		own, comparable := ownRequest(t, c, f)
		if !comparable {
			continue
		}
		compared[f.code]++
		got, err := rpb.AppendFrame(nil, f.code, own)
		want := own.ProtoReflect().New().Interface()
		if err := proto.Unmarshal(f.body, want); err != nil {
			t.Fatal(err)
		}
		if err != nil || !proto.Equal(own, want) || len(got) != 5+len(f.body) && f.scenario != "fields_out_of_order" {
			t.Errorf("%s: sent %x, want %x but for the order of fields (%v)", f.scenario, got[5:], f.body, err)
		}
	}
	for code, least := range map[rpb.Code]int{rpb.CodeGetReq: 40, rpb.CodePutReq: 60, rpb.CodeDelReq: 10} {
		if compared[code] < least {
			t.Errorf("only %d requests of code %d were compared", compared[code], code)
		}
	}
}

// ownRequest returns the request of the client for what a recorded request asks, without the fields
// that the client always sets. comparable is false if no command of ringside can ask for that.
func ownRequest(t *testing.T, c *Cluster, f frame) (_ proto.Message, comparable bool) {
	m, known := rpb.NewBody(f.code)
	if !known || m == nil || proto.Unmarshal(f.body, m) != nil || len(m.ProtoReflect().GetUnknown()) > 0 {
		return nil, false
	}
	switch m := m.(type) {
	case *rpb.GetReq:
		q := wire.Quorum{R: int(m.GetR()), PR: int(m.GetPr()), N: int(m.GetNVal()), Strict: m.SloppyQuorum != nil && !*m.SloppyQuorum}
		own := c.getReq(kv.Name{Type: typeOf(m.Type), Bucket: string(m.Bucket), Key: string(m.Key)}, q)
		own.Timeout, own.Deletedvclock = m.Timeout, m.Deletedvclock
		return own, m.IfModified == nil && m.Head == nil && m.NotfoundOk == nil && m.BasicQuorum == nil &&
			m.NodeConfirms == nil && isNamed(m.Type) && inWords(m.R, m.Pr) && !explicit(m.R, m.Pr, m.NVal) && !sloppy(m.SloppyQuorum)
	case *rpb.PutReq:
		q := wire.Quorum{W: int(m.GetW()), PW: int(m.GetPw()), N: int(m.GetNVal()), Strict: m.SloppyQuorum != nil && !*m.SloppyQuorum}
		meta, err := metadata(m.Content)
		if err != nil {
			t.Fatal(err)
		}
		own, err := c.putReq(kv.Name{Type: typeOf(m.Type), Bucket: string(m.Bucket), Key: string(m.Key)},
			wire.PutRequest{Value: m.Content.Value, Meta: meta, Context: m.Vclock, Quorum: q})
		if err != nil {
			t.Fatal(err)
		}
		own.Timeout, own.ReturnHead, own.ReturnBody, own.Dw = m.Timeout, m.ReturnHead, m.ReturnBody, m.Dw
		bare := m.Content.Vtag == nil && m.Content.LastMod == nil && m.Content.Deleted == nil && len(meta) > 0
		return own, bare && m.Key != nil && m.IfNoneMatch == nil && m.IfNotModified == nil && m.Asis == nil &&
			m.NodeConfirms == nil && isNamed(m.Type) && inWords(m.W, m.Pw) && !explicit(m.W, m.Pw, m.NVal) && !sloppy(m.SloppyQuorum)
	case *rpb.DelReq:
		q := wire.Quorum{W: int(m.GetW()), PW: int(m.GetPw()), N: int(m.GetNVal())}
		own := c.delReq(kv.Name{Type: typeOf(m.Type), Bucket: string(m.Bucket), Key: string(m.Key)},
			wire.PutRequest{Context: m.Vclock, Quorum: q})
		own.Timeout, own.Dw = m.Timeout, m.Dw
		return own, m.Rw == nil && m.R == nil && m.Pr == nil && m.SloppyQuorum == nil && isNamed(m.Type) && inWords(m.W, m.Pw) &&
			!explicit(m.W, m.Pw, m.NVal)
	}
	return nil, false
}

func typeOf(field []byte) string {
	if field == nil {
		return kv.DefaultType
	}
	return string(field)
}

// isNamed is false for a request that names the default type, which the client leaves out.
func isNamed(field []byte) bool {
	return string(field) != kv.DefaultType && (field == nil || len(field) > 0)
}

// inWords is false for a quorum that is a word or is none.
func inWords(fields ...*uint32) bool {
	for _, f := range fields {
		if f != nil && *f > wire.MaxNodes {
			return false
		}
	}
	return true
}

// explicit reports whether a field is present and 0, which the client leaves out.
func explicit(fields ...*uint32) bool {
	for _, f := range fields {
		if f != nil && *f == 0 {
			return true
		}
	}
	return false
}

// sloppy reports whether a request asks for what is the default.
func sloppy(field *bool) bool { return field != nil && *field }

// Errors of a real Riak have codes.
func TestRecordedErrors(t *testing.T) {
	unjudged := map[string]bool{}
	for _, f := range received(t) {
		var e rpb.Error
		if f.code != rpb.CodeError || rpb.DecodeBody(f.body, &e) != nil {
			continue
		}
		if v := judge(string(e.Errmsg), true, true); !v.known {
			unjudged[string(e.Errmsg)] = true
		}
	}
	for text := range unjudged {
		// What the client never asks for: conditional puts, properties, codes that do not exist.
		if !regexp.MustCompile(`^(match_found|modified|notfound|Unknown message code|Invalid bucket properties|` +
			`\{error,|\{unknown_content_type|.*is not a supported type|"Counters|\{indexes|Counters|no_default|invalid|.*(not|un)[ _]?supported|.*[Ss]earch|.*map|.*function)`).MatchString(text) {
			t.Errorf("no code for %q", text)
		}
	}
}
