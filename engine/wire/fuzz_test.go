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

func FuzzParseMessage(f *testing.F) {
	for _, body := range []Body{
		Ping{}, Read{Key: []byte("k")}, WriteReply{Err: Overloaded}, ReadReply{Siblings: many(2)},
		benchWrite().Body, Forward{Put: PutRequest{Key: []byte("k"), Delete: true, Quorum: Quorum{R: 1, W: 2, Strict: true}}},
		ForwardReply{Reply: PutReply{Version: version("n1", 1), Acks: []string{"n1"}, Hinted: []Hint{{"n1", "n2"}}}},
	} {
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
	for _, r := range []ClientRequest{
		GetRequest{Request: 1, Key: []byte("k"), Quorum: Quorum{R: 2}},
		PutRequest{Request: 1, Key: []byte("k"), Context: []byte("c"), Value: []byte("v"), Balanced: true},
	} {
		b, err := AppendClientRequest(nil, 7, r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		id, r, err := ParseClientRequest(b)
		if err != nil {
			return
		}
		stable(t, r,
			func(r ClientRequest) ([]byte, error) { return AppendClientRequest(nil, id, r) },
			func(b []byte) (ClientRequest, error) { _, r, err := ParseClientRequest(b); return r, err })
	})
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
