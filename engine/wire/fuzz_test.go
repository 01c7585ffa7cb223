package wire

import (
	"bytes"
	"reflect"
	"testing"

	"ringside/engine/vclock"
)

// stable requires that a parsed value keeps its meaning: encoded and parsed again it is equal, and
// its encoding stays the same.
func stable[T any](t *testing.T, x T, encode func(T) ([]byte, error), parse func([]byte) (T, error)) {
	t.Helper()
	b, err := encode(x)
	if err != nil {
		t.Fatalf("parsed, but does not encode: %v", err)
	}
	y, err := parse(b)
	if err != nil || !reflect.DeepEqual(x, y) {
		t.Fatalf("got %+v %v, want %+v", y, err, x)
	}
	if again, err := encode(y); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("encodes as %x, then %x, %v", b, again, err)
	}
}

// exampleSeeds is how many drawn values of each kind a fuzz target begins with.
const exampleSeeds = 40

// FuzzParseMessage, like the targets below, also compares the codec with protobuf.
func FuzzParseMessage(f *testing.F) {
	for seed := range exampleSeeds {
		f.Add(referenceEncode(messageToPB(benchMessage(genBody.Example(seed)))))
	}
	for _, body := range []Body{Ping{}, ReadReply{Siblings: many(2)}, benchWrite().Body} {
		b, err := AppendMessage(nil, Message{From: "n1", To: "n2", Request: 1, Op: 2, Body: body})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sameAnswer(t, b, ParseMessage, referenceParseMessage)
		if m, err := ParseMessage(b); err == nil {
			stable(t, m, func(m Message) ([]byte, error) { return AppendMessage(nil, m) }, ParseMessage)
		}
	})
}

func FuzzParseClientRequest(f *testing.F) {
	for seed := range exampleSeeds {
		f.Add(referenceEncode(requestToPB(7, genClientRequest.Example(seed))))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sameAnswer(t, b, parseRequest, referenceParseRequest)
		if r, err := parseRequest(b); err == nil {
			stable(t, r, func(r numbered[ClientRequest]) ([]byte, error) { return AppendClientRequest(nil, r.id, r.r) }, parseRequest)
		}
	})
}

func FuzzParseClientReply(f *testing.F) {
	for seed := range exampleSeeds {
		f.Add(referenceEncode(replyToPB(7, genClientReply.Example(seed))))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sameAnswer(t, b, parseReply, referenceParseReply)
		if r, err := parseReply(b); err == nil {
			stable(t, r, func(r numbered[ClientReply]) ([]byte, error) { return AppendClientReply(nil, r.id, r.r) }, parseReply)
		}
	})
}

func parseRequest(b []byte) (numbered[ClientRequest], error) {
	id, r, err := ParseClientRequest(b)
	return numbered[ClientRequest]{id, r}, err
}

func parseReply(b []byte) (numbered[ClientReply], error) {
	id, r, err := ParseClientReply(b)
	return numbered[ClientReply]{id, r}, err
}

// The frames that are read from a stream make the same stream again.
func FuzzFrame(f *testing.F) {
	f.Add(AppendFrame(AppendFrame(nil, []byte("one")), []byte("two")))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Add(AppendFrame(nil, []byte("torn"))[:9])
	f.Fuzz(func(t *testing.T, stream []byte) {
		var again []byte
		for r := NewFrameReader(bytes.NewReader(stream), 1<<16); ; {
			p, err := r.Next()
			if err != nil {
				break
			}
			again = AppendFrame(again, p)
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatalf("%x read as %x", stream, again)
		}
	})
}

// FuzzOpenContext also tries each input as the content of a sealed token, because a fuzzer cannot
// make a seal.
func FuzzOpenContext(f *testing.F) {
	key := []byte("k")
	for _, c := range []Context{{}, {Clock: vclock.Clock{upTo("n1", 1), upTo("n3", 300)}, Time: 5}} {
		f.Add(NewSealer(secretA).Seal(key, c))
		sealed := NewSealer(secretA).Seal(key, c)
		f.Add(sealed[1 : len(sealed)-tokenMAC])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Decoder
		sameAnswer(t, b, d.context, referenceParseContext)
		body := append([]byte{tokenFormat}, b...)
		for _, token := range [][]byte{b, append(body, NewSealer(secretA).sign(key, body)...)} {
			if c, err := NewSealer(secretA).Open(key, token); err == nil {
				stable(t, c,
					func(c Context) ([]byte, error) { return NewSealer(secretA).Seal(key, c), nil },
					func(b []byte) (Context, error) { return NewSealer(secretA).Open(key, b) })
			}
		}
	})
}
