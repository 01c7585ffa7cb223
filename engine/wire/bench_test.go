package wire

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	"ringside/engine/vclock"
)

func benchSiblings() vclock.Siblings {
	n := func(s string) vclock.Actor { return vclock.Actor{Node: s, Epoch: 0x1234567812345678} }
	return vclock.Siblings{{
		Dot:   vclock.Dot{Actor: n("n1"), Counter: 17},
		Past:  vclock.Clock{{Actor: n("n1"), Counter: 16}, {Actor: n("n2"), Counter: 3}, {Actor: n("n3"), Counter: 1}},
		Value: make([]byte, 100), Time: 1700000000000000000, Request: 123456,
	}}
}

// benchContext is the content of a token for benchSiblings.
func benchContext() Context {
	return Context{Clock: benchSiblings().Context(), Time: 1700000000000000000, Fastest: "n2"}
}

func benchMessage(body Body) Message {
	return Message{From: "n1", To: "n2", Request: 123456, Op: 99999, Digest: 0x1234567812345678, Body: body}
}

func benchWrite() Message {
	return benchMessage(Write{Key: []byte("cart:4711"), Siblings: benchSiblings()})
}

// coded is a value that is encoded and decoded, with both codecs.
type coded struct {
	name      string
	encode    func(dst []byte) ([]byte, error)
	parse     func(d *Decoder, b []byte) error
	toPB      func() proto.Message
	parsePB   func(b []byte) error
	parseOnce func(b []byte) error
}

func codedMessage(name string, body Body) coded {
	m := benchMessage(body)
	return coded{
		name:      name,
		encode:    func(dst []byte) ([]byte, error) { return AppendMessage(dst, m) },
		parse:     func(d *Decoder, b []byte) error { _, err := d.Message(b); return err },
		toPB:      func() proto.Message { return messageToPB(m) },
		parsePB:   func(b []byte) error { _, err := referenceParseMessage(b); return err },
		parseOnce: func(b []byte) error { _, err := ParseMessage(b); return err },
	}
}

func codedRequest(name string, r ClientRequest) coded {
	return coded{
		name:      name,
		encode:    func(dst []byte) ([]byte, error) { return AppendClientRequest(dst, 4711, r) },
		parse:     func(d *Decoder, b []byte) error { _, _, err := d.ClientRequest(b); return err },
		toPB:      func() proto.Message { return requestToPB(4711, r) },
		parsePB:   func(b []byte) error { _, err := referenceParseRequest(b); return err },
		parseOnce: func(b []byte) error { _, _, err := ParseClientRequest(b); return err },
	}
}

func codedReply(name string, r ClientReply) coded {
	return coded{
		name:      name,
		encode:    func(dst []byte) ([]byte, error) { return AppendClientReply(dst, 4711, r) },
		parse:     func(d *Decoder, b []byte) error { _, _, err := d.ClientReply(b); return err },
		toPB:      func() proto.Message { return replyToPB(4711, r) },
		parsePB:   func(b []byte) error { _, err := referenceParseReply(b); return err },
		parseOnce: func(b []byte) error { _, _, err := ParseClientReply(b); return err },
	}
}

// benchCoded has what a put and a get of a value of 100 bytes send.
func benchCoded() []coded {
	key, siblings := []byte("cart:4711"), benchSiblings()
	token := NewSealer(secretA).Seal(key, benchContext())
	written := siblings[0]
	written.Value = nil
	return []coded{
		codedMessage("Write", Write{Key: key, Siblings: siblings}),
		codedMessage("WriteReply", WriteReply{}),
		codedMessage("Read", Read{Key: key}),
		codedMessage("ReadReply", ReadReply{Siblings: siblings, Home: true}),
		codedRequest("PutRequest", PutRequest{Request: 123456, Key: key, Context: token, Value: siblings[0].Value, Digest: 1 << 60}),
		codedReply("PutReply", PutReply{
			Request: 123456, Version: written, Siblings: 1, Context: token, Coordinator: "n1", Acks: []string{"n1", "n2"},
		}),
		codedRequest("GetRequest", GetRequest{Request: 123456, Key: key, Digest: 1 << 60}),
		codedReply("GetReply", GetReply{
			Request: 123456, Siblings: siblings, Context: token, Coordinator: "n1", Replied: []string{"n1", "n2"},
		}),
	}
}

// bench runs f as a benchmark of the message and the codec.
func (c coded) bench(b *testing.B, codec string, f func() error) {
	b.Run("body="+c.name+"/codec="+codec, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	buf := make([]byte, 0, 4096)
	for _, c := range benchCoded() {
		c.bench(b, "direct", func() error { _, err := c.encode(buf); return err })
		c.bench(b, "protobuf", func() error { _, err := deterministic.MarshalAppend(buf, c.toPB()); return err })
	}
}

// BenchmarkParse also measures the functions that use a Decoder once.
func BenchmarkParse(b *testing.B) {
	var d Decoder
	for _, c := range benchCoded() {
		enc, err := c.encode(nil)
		if err != nil {
			b.Fatal(err)
		}
		c.bench(b, "direct", func() error { return c.parse(&d, enc) })
		c.bench(b, "once", func() error { return c.parseOnce(enc) })
		c.bench(b, "protobuf", func() error { return c.parsePB(enc) })
	}
}

// BenchmarkReplicas encodes what the coordinator of a put sends to two replicas.
func BenchmarkReplicas(b *testing.B) {
	m, buf := benchWrite(), make([]byte, 0, 4096)
	run := func(name string, encode func(m Message) error, done func()) {
		b.Run("codec="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, to := range []string{"n2", "n3"} {
					m.To = to
					if err := encode(m); err != nil {
						b.Fatal(err)
					}
				}
				done()
			}
		})
	}
	var e Encoder
	run("append", func(m Message) error { _, err := AppendMessage(buf, m); return err }, func() {})
	run("encoder", func(m Message) error { _, err := e.Append(buf, m); return err }, e.Reset)
}

// BenchmarkFrame appends a frame of a Write, and reads it from a stream of many.
func BenchmarkFrame(b *testing.B) {
	payload, err := AppendMessage(nil, benchWrite())
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 4096)
	b.Run("Append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			AppendFrame(buf, payload)
		}
	})
	var stream []byte
	for range 1000 {
		stream = AppendFrame(stream, payload)
	}
	b.Run("Next", func(b *testing.B) {
		src := bytes.NewReader(stream)
		r := NewFrameReader(src, MaxFrame)
		b.ReportAllocs()
		for b.Loop() {
			if src.Len() == 0 {
				src.Reset(stream)
			}
			if _, err := r.Next(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMessageSize(b *testing.B) {
	m := benchWrite()
	b.ReportAllocs()
	for b.Loop() {
		if MessageSize(m) == 0 {
			b.Fatal("no bytes")
		}
	}
}

func BenchmarkContext(b *testing.B) {
	s, key := NewSealer(secretA), []byte("cart:4711")
	c := benchContext()
	token := s.Seal(key, c)
	b.Run("Seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Seal(key, c)
		}
	})
	b.Run("Open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Open(key, token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("NewSealer/Seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NewSealer(secretA).Seal(key, c)
		}
	})
}
