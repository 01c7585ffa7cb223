package wire

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"ringside/engine/member"
	"ringside/engine/vclock"
	"ringside/engine/wire/wirepb"
)

func TestMessageRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := genMessage.Draw(t, "message")
		b, err := AppendMessage([]byte("before"), m)
		if err != nil {
			t.Fatal(err)
		}
		if size := len(b) - len("before"); size != MessageSize(m) {
			t.Fatalf("%d bytes, said to be %d", size, MessageSize(m))
		}
		got, err := ParseMessage(bytes.TrimPrefix(b, []byte("before")))
		if err != nil {
			t.Fatal(err)
		}
		clear(b) // the result must not change
		if !reflect.DeepEqual(got, m) {
			t.Fatalf("got %+v, want %+v", got, m)
		}
	})
}

func TestClientRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Uint64().Draw(t, "id")
		req, reply := genClientRequest.Draw(t, "request"), genClientReply.Draw(t, "reply")
		b, err := AppendClientRequest(nil, id, req)
		if err != nil {
			t.Fatal(err)
		}
		gotID, gotReq, err := ParseClientRequest(b)
		clear(b)
		if err != nil || gotID != id || !reflect.DeepEqual(gotReq, req) {
			t.Fatalf("request: got %d %+v %v, want %d %+v", gotID, gotReq, err, id, req)
		}
		if b, err = AppendClientReply(b[:0], id, reply); err != nil {
			t.Fatal(err)
		}
		gotID, gotReply, err := ParseClientReply(b)
		clear(b)
		if err != nil || gotID != id || !reflect.DeepEqual(gotReply, reply) {
			t.Fatalf("reply: got %d %+v %v, want %d %+v", gotID, gotReply, err, id, reply)
		}
	})
}

// Any error text fits into a reply.
func TestReplyTextIsMadeToFit(t *testing.T) {
	b, err := AppendClientReply(nil, 1, GetReply{Err: BadRequest, Message: "bad \xff" + strings.Repeat("é", MaxText)})
	if err != nil {
		t.Fatal(err)
	}
	_, r, err := ParseClientReply(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.(GetReply).Message; !strings.HasPrefix(got, "bad éé") || len(got) > MaxText {
		t.Errorf("message of %d bytes: %.20q", len(got), got)
	}
}

func write(vs ...vclock.Version) Message {
	return Message{From: "n1", To: "n2", Body: Write{Key: []byte("k"), Siblings: vs}}
}

func version(node string, counter uint64) vclock.Version {
	return vclock.Version{Dot: dot(node, counter), Value: []byte("v")}
}

func dot(node string, counter uint64) vclock.Dot {
	return vclock.Dot{Actor: vclock.Actor{Node: node}, Counter: counter}
}

func upTo(node string, counter uint64) vclock.Entry {
	return vclock.Entry{Actor: vclock.Actor{Node: node}, Counter: counter}
}

func many(n int) vclock.Siblings {
	var s vclock.Siblings
	for i := range n {
		s = append(s, version(fmt.Sprintf("n%08d", i), 1))
	}
	return s
}

// Both sides refuse what no node may send: the sender when it encodes, and the receiver of bytes
// that another program made.
func TestRefusedMessages(t *testing.T) {
	past := func(c ...vclock.Entry) vclock.Version {
		return vclock.Version{Dot: dot("n9", 9), Past: c}
	}
	for name, c := range map[string]struct {
		m        Message
		says     string
		tooLarge bool
	}{
		"no body":        {Message{From: "n1", To: "n2"}, "body", false},
		"no sender":      {Message{To: "n2", Body: Ping{}}, "from: no node name", false},
		"name":           {Message{From: "n1", To: "n_2", Body: Ping{}}, `to: no node name "n_2"`, false},
		"long name":      {Message{From: strings.Repeat("n", MaxName+1), To: "n2", Body: Ping{}}, "from: no node name", false},
		"key":            {Message{From: "n1", To: "n2", Body: Read{Key: make([]byte, MaxKey+1)}}, "key", true},
		"value":          {write(vclock.Version{Dot: dot("n1", 1), Value: make([]byte, MaxValue+1)}), "value", true},
		"siblings":       {write(many(MaxMerged + 1)...), "siblings", true},
		"sibling order":  {write(version("n2", 1), version("n1", 1)), "order", false},
		"sibling twice":  {write(version("n1", 1), version("n1", 1)), "order", false},
		"no dot":         {write(vclock.Version{}), "dot", false},
		"counter 0":      {write(version("n1", 0)), "counter 0", false},
		"dot's name":     {write(version("N1", 1)), "dot: no node name", false},
		"full tombstone": {write(vclock.Version{Dot: dot("n1", 1), Deleted: true, Value: []byte("x")}), "tombstone", false},
		"clock order":    {write(past(upTo("n2", 1), upTo("n1", 1))), "out of order", false},
		"clock double":   {write(past(upTo("n1", 1), upTo("n1", 2))), "out of order", false},
		"clock zero":     {write(past(upTo("n1", 0))), "zero", false},
		"clock's name":   {write(past(upTo("../n", 1))), "clock: no node name", false},
		"clock too long": {write(past(many(MaxClock + 1).Context()...)), "clock", true},
		"own past":       {write(past(upTo("n9", 9))), "own dot", false},
		"purpose":        {Message{From: "n1", To: "n2", Body: Write{Purpose: Transfer + 1}}, "purpose", false},
		"question":       {Message{From: "n1", To: "n2", Body: Sync{Ask: AskKeys + 1}}, "question", false},
		"depth":          {Message{From: "n1", To: "n2", Body: Sync{Depth: MaxSyncDepth + 1}}, "depth", false},
		"level":          {Message{From: "n1", To: "n2", Body: Sync{Depth: 3, Level: 4}}, "level", false},
		"tree node":      {Message{From: "n1", To: "n2", Body: Sync{Depth: 3, Level: 2, Nodes: []uint32{4}}}, "node 4", false},
		"bucket":         {Message{From: "n1", To: "n2", Body: Sync{Depth: 3, Ask: AskBuckets, Nodes: []uint32{8}}}, "node 8", false},
		"tree order":     {Message{From: "n1", To: "n2", Body: Sync{Depth: 3, Level: 2, Nodes: []uint32{1, 1}}}, "order", false},
		"tree nodes":     {Message{From: "n1", To: "n2", Body: Sync{Depth: 8, Level: 8, Nodes: ascending(MaxSyncNodes + 1)}}, "nodes", true},
		"hashes":         {Message{From: "n1", To: "n2", Body: SyncReply{Hashes: make([]uint64, MaxSyncHashes+1)}}, "hashes", true},
		"entries":        {Message{From: "n1", To: "n2", Body: SyncReply{Entries: make([]Entry, MaxSyncEntries+1)}}, "entries", true},
		"entry's key":    {Message{From: "n1", To: "n2", Body: SyncReply{Entries: []Entry{{Key: make([]byte, MaxKey+1)}}}}, "key", true},
		"change order":   {Message{From: "n1", To: "n2", Body: Gossip{Changes: member.History{{Time: 2, By: "n1", Node: "n1", Weight: 1}, {Time: 1, By: "n1", Node: "n2", Weight: 1}}}}, "order", false},
		"change kind":    {Message{From: "n1", To: "n2", Body: Gossip{Changes: member.History{{Time: 2, By: "n1", Node: "n1", Kind: member.Gone + 1}}}}, "kind", false},
		"change weight":  {Message{From: "n1", To: "n2", Body: Gossip{Changes: member.History{{Time: 2, By: "n1", Node: "n1"}}}}, "weight", false},
		"change time":    {Message{From: "n1", To: "n2", Body: Gossip{Changes: member.History{{By: "n1", Node: "n1", Weight: 1}}}}, "time", false},
		"changes":        {Message{From: "n1", To: "n2", Body: Gossip{Changes: make(member.History, member.MaxChanges+1)}}, "changes", true},
		"offer's phase":  {Message{From: "n1", To: "n2", Body: Offer{Phase: OfferAsk + 1}}, "phase", true},
		"offer's answer": {Message{From: "n1", To: "n2", Body: OfferReply{Answer: OfferNothing + 1}}, "answer", true},
		"collect phase":  {Message{From: "n1", To: "n2", Body: Collect{Phase: CollectDrop + 1}}, "phase", true},
		"collect key":    {Message{From: "n1", To: "n2", Body: Collect{Tombstones: []Tombstone{{Key: make([]byte, MaxKey+1)}}}}, "key", true},
		"collect keys":   {Message{From: "n1", To: "n2", Body: Collect{Tombstones: make([]Tombstone, MaxTombstones+1)}}, "tombstones", true},
		"collect answer": {Message{From: "n1", To: "n2", Body: CollectReply{Answers: []CollectAnswer{CollectChanged + 1}}}, "answer", false},
		"answers":        {Message{From: "n1", To: "n2", Body: CollectReply{Answers: make([]CollectAnswer, MaxTombstones+1)}}, "answers", true},
		"for":            {Message{From: "n1", To: "n2", Body: Write{For: "N"}}, "for", false},
		"code":           {Message{From: "n1", To: "n2", Body: WriteReply{Err: Pending + 1}}, "code", false},
		"full delete":    {Message{From: "n1", To: "n2", Body: Forward{Put: PutRequest{Delete: true, Value: []byte("x")}}}, "delete", false},
		"quorum":         {Message{From: "n1", To: "n2", Body: Forward{Put: PutRequest{Quorum: Quorum{R: MaxNodes + 1}}}}, "quorum", false},
		"context":        {Message{From: "n1", To: "n2", Body: Forward{Put: PutRequest{Context: make([]byte, MaxToken+1)}}}, "context", true},
		"no dot, past":   {Message{From: "n1", To: "n2", Body: ForwardReply{Reply: PutReply{Version: vclock.Version{Time: 1}}}}, "without a dot", false},
		"acks":           {Message{From: "n1", To: "n2", Body: ForwardReply{Reply: PutReply{Acks: make([]string, MaxNodes+1)}}}, "acks", true},
		"ack's name":     {Message{From: "n1", To: "n2", Body: ForwardReply{Reply: PutReply{Acks: []string{""}}}}, "acks", false},
		"hint's name":    {Message{From: "n1", To: "n2", Body: ForwardReply{Reply: PutReply{Hinted: []Hint{{}}}}}, "holder", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := AppendMessage(nil, c.m)
			refused(t, "AppendMessage", err, c.says, c.tooLarge)
			b, err := proto.Marshal(messageToPB(c.m))
			if err != nil {
				t.Fatal(err)
			}
			_, err = ParseMessage(b)
			if name == "no dot, past" { // cannot even be written down
				return
			}
			refused(t, "ParseMessage", err, c.says, c.tooLarge)
		})
	}
}

func ascending(n uint32) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}

func refused(t *testing.T, what string, err error, says string, tooLarge bool) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("%s: not refused", what)
	case errors.Is(err, ErrTooLarge) != tooLarge:
		t.Errorf("%s: %v: ErrTooLarge is %v", what, err, !tooLarge)
	case !strings.Contains(err.Error(), says):
		t.Errorf("%s: %q does not say %q", what, err, says)
	}
}

// The largest clock and the largest number of siblings are accepted.
func TestLimitsAreInclusive(t *testing.T) {
	full := many(MaxMerged)
	full[0].Past = many(MaxClock + 1)[1:].Context()
	full[0].Value = make([]byte, MaxValue)
	b, err := AppendMessage(nil, write(full...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseMessage(b); err != nil {
		t.Fatal(err)
	}
}

func TestRefusedBytes(t *testing.T) {
	ping := func(more ...byte) []byte {
		return append([]byte{0x0a, 2, 'n', '1', 0x12, 2, 'n', '2', 0x2a, 0}, more...)
	}
	if _, err := ParseMessage(ping()); err != nil {
		t.Fatal(err)
	}
	// This is a write of many empty versions. Each has two bytes, and protobuf would make more than
	// a hundred of them.
	flood := append([]byte{0x0a, 2, 'n', '1', 0x12, 2, 'n', '2', 0x4a, 0x80, 0x80, 0x10}, bytes.Repeat([]byte{0x12, 0}, 1<<17)...)
	manyVersions := append([]byte{0x0a, 2, 'n', '1', 0x12, 2, 'n', '2', 0x4a, 0x80, 0x80, 0x20}, bytes.Repeat([]byte{0x12, 6, 0x0a, 2, 'n', '1', 0x18, 1}, 1<<16)...)
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"nothing":       {nil, "no body"},
		"text":          {[]byte("GET / HTTP/1.1\r\n\r\n"), "wire: decode message"},
		"unknown field": {ping(0x78, 1), "unknown field 15"},
		"high field":    {ping(0xf8, 0x07, 1), "unknown field 127"},
		"wrong type":    {ping(0x18 + 1), "unknown field 3"},
		"twice":         {ping(0x0a, 2, 'n', '3'), "twice"},
		"torn":          {ping()[:5], "not protobuf"},
		"not UTF-8":     {append([]byte{0x0a, 2, 0xff, 0xfe}, ping()[4:]...), "no node name"},
		"huge code":     {append(ping()[:8:8], 0x52, 3, 0x08, 0x80, 0x02), "no code 255"},
		"flood":         {flood, "dot: no node name"},
		"many versions": {manyVersions, "siblings of 1025 over the limit"},
		"uneven clock":  {append(ping()[:8:8], 0x42, 0x0c, 0x12, 0x0a, 0x0a, 2, 'n', '1', 0x18, 1, 0x22, 0x02, 0x1a, 0x00), ""},
	} {
		_, err := ParseMessage(c.b)
		if name == "uneven clock" { // an empty packed column is no column
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v does not say %q", name, err, c.says)
		}
	}
}

func TestUnevenClockColumns(t *testing.T) {
	one, two := []uint64{1}, []uint64{1, 2}
	for name, past := range map[string]*wirepb.Clock{
		"epoch": {Node: []string{"n2"}, Counter: one}, "counter": {Node: []string{"n2"}, Epoch: one, Counter: two},
		"from": {Node: []string{"n2"}, Epoch: one, Counter: one, From: two}, "time": {Node: []string{"n2"}, Epoch: one, Counter: one, Time: two},
	} {
		b, err := proto.Marshal(&wirepb.Message{From: "n1", To: "n2", Body: &wirepb.Message_Write{Write: &wirepb.Write{
			Siblings: []*wirepb.Version{{Node: "n1", Counter: 1, Past: past}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseMessage(b); err == nil || !strings.Contains(err.Error(), "columns") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// allocated returns the number of bytes that one call of f allocates.
func allocated(f func()) uint64 {
	const calls = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		f()
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / calls
}

// Decoding garbage of any size takes no more memory than a small multiple of its size.
func TestRefusalAllocatesLittle(t *testing.T) {
	flood := append([]byte{0x4a, 0x80, 0x80, 0x10}, bytes.Repeat([]byte{0x12, 0}, 1<<17)...)
	got := allocated(func() {
		if _, err := ParseMessage(flood); err == nil {
			t.Fatal("not refused")
		}
	})
	if got > 4<<10 {
		t.Errorf("%d bytes for the refusal of %d", got, len(flood))
	}
}

// twins pairs each encoded type with its protobuf message.
var twins = []struct {
	plain any
	pb    proto.Message
}{
	{Read{}, &wirepb.Read{}}, {ReadReply{}, &wirepb.ReadReply{}}, {Write{}, &wirepb.Write{}},
	{WriteReply{}, &wirepb.WriteReply{}}, {Forward{}, &wirepb.Forward{}}, {ForwardReply{}, &wirepb.ForwardReply{}},
	{Quorum{}, &wirepb.Quorum{}}, {GetRequest{}, &wirepb.GetRequest{}}, {PutRequest{}, &wirepb.PutRequest{}},
	{GetReply{}, &wirepb.GetReply{}}, {PutReply{}, &wirepb.PutReply{}}, {Hint{}, &wirepb.Hint{}},
	{MembershipRequest{}, &wirepb.MembershipRequest{}}, {MembershipReply{}, &wirepb.MembershipReply{}},
	{Context{}, &wirepb.Context{}},
	{Message{}, &wirepb.Message{}}, {Ping{}, &wirepb.Ping{}}, {Pong{}, &wirepb.Pong{}}, {Sync{}, &wirepb.Sync{}},
	{SyncReply{}, &wirepb.SyncReply{}}, {Gossip{}, &wirepb.Gossip{}}, {member.Change{}, &wirepb.Change{}},
	{Offer{}, &wirepb.Offer{}}, {OfferReply{}, &wirepb.OfferReply{}}, {Collect{}, &wirepb.Collect{}},
	{CollectReply{}, &wirepb.CollectReply{}}, {Tombstone{}, &wirepb.Tombstone{}},
	{Keys{}, &wirepb.Keys{}}, {KeysReply{}, &wirepb.KeysReply{}}, {ListedKey{}, &wirepb.ListedKey{}},
	{ListRequest{}, &wirepb.ListRequest{}}, {ListReply{}, &wirepb.ListReply{}},
	{ForgetRequest{}, &wirepb.ForgetRequest{}}, {ForgetReply{}, &wirepb.ForgetReply{}},
	{struct {
		ID   uint64
		Body ClientRequest
	}{}, &wirepb.ClientRequest{}},
	{struct {
		ID   uint64
		Body ClientReply
	}{}, &wirepb.ClientReply{}},
	{struct { // an Entry of a Clock with its actor laid open
		Node                       string
		Epoch, Counter, From, Time uint64
	}{}, &wirepb.Clock{}},
	{struct { // a Version with its dot laid open
		Node           string
		Epoch, Counter uint64
		Past           vclock.Clock
		Value          []byte
		Deleted        bool
		Time           int64
		Request        uint64
		Literal        bool
		Meta           []byte
	}{}, &wirepb.Version{}},
}

// A field that is added to a message and forgotten in wire.proto would be lost. The two must have
// as many fields.
func TestNoFieldIsForgotten(t *testing.T) {
	paired := map[string]bool{"Record": true, "Own": true, "Self": true, "Membership": true, "Pending": true} // stored; package record pairs them
	for _, c := range twins {
		typ, pb := reflect.TypeOf(c.plain), c.pb.ProtoReflect().Descriptor()
		paired[string(pb.Name())] = true
		fields := pb.Fields().Len()
		for i := range pb.Oneofs().Len() { // a oneof is one field of the Go type
			fields += 1 - pb.Oneofs().Get(i).Fields().Len()
		}
		if want := typ.NumField(); fields != want {
			t.Errorf("%v has %d fields, its protobuf %d", typ, want, fields)
		}
	}
	all := wirepb.File_wire_proto.Messages()
	for i := range all.Len() {
		if name := string(all.Get(i).Name()); !paired[name] {
			t.Errorf("the protobuf message %s has no twin", name)
		}
	}
	if n := reflect.TypeOf(vclock.Version{}).NumField(); n != 8 {
		t.Errorf("vclock.Version has %d fields; see to wire.proto", n)
	}
	if n := reflect.TypeOf(vclock.Entry{}).NumField(); n != 4 {
		t.Errorf("vclock.Entry has %d fields; see to wire.proto", n)
	}
}

// The generators draw each kind of message, request and reply; the tests above depend on that.
func TestEveryKindIsDrawn(t *testing.T) {
	drawn := map[protoreflect.FullName]bool{}
	note := func(m proto.Message) {
		pb := m.ProtoReflect()
		drawn[pb.WhichOneof(pb.Descriptor().Oneofs().Get(0)).FullName()] = true
	}
	for seed := range 300 {
		note(messageToPB(Message{From: "n1", To: "n2", Body: genBody.Example(seed)}))
		var request wirepb.ClientRequest
		var reply wirepb.ClientReply
		b, err := AppendClientRequest(nil, 1, genClientRequest.Example(seed))
		if err := errors.Join(err, proto.Unmarshal(b, &request)); err != nil {
			t.Fatal(err)
		}
		b, err = AppendClientReply(nil, 1, genClientReply.Example(seed))
		if err := errors.Join(err, proto.Unmarshal(b, &reply)); err != nil {
			t.Fatal(err)
		}
		note(&request)
		note(&reply)
	}
	for _, m := range []proto.Message{&wirepb.Message{}, &wirepb.ClientRequest{}, &wirepb.ClientReply{}} {
		all := m.ProtoReflect().Descriptor().Oneofs().Get(0).Fields()
		for i := range all.Len() {
			if !drawn[all.Get(i).FullName()] {
				t.Errorf("no generator draws %s", all.Get(i).FullName())
			}
		}
	}
}
