package wire

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// An Encoder encodes like AppendMessage, whatever it has encoded before.
func TestEncoderLikeAppendMessage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var e Encoder
		var kept []Message
		for range rapid.IntRange(1, 8).Draw(t, "messages") {
			m := genMessage.Draw(t, "message")
			if len(kept) > 0 && rapid.Bool().Draw(t, "again") {
				m.Body = rapid.SampledFrom(kept).Draw(t, "earlier").Body
				if b, ok := m.Body.(Write); ok && rapid.Bool().Draw(t, "changed") {
					b.Lazy = !b.Lazy
					m.Body = b
				}
			}
			kept = append(kept, m)
			got, err := e.Append([]byte("before"), m)
			want, _ := AppendMessage([]byte("before"), m)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("got  %x, %v\nwant %x", got, err, want)
			}
		}
	})
}

func TestEncoderRepeats(t *testing.T) {
	m := benchWrite()
	var e Encoder
	encode := func() []byte {
		t.Helper()
		b, err := e.Append(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first := encode()
	value := m.Body.(Write).Siblings[0].Value
	value[0]++ // breaks the contract, and so shows that the second encoding is a copy
	m.To = "n3"
	if second := encode(); len(second) != len(first) || bytes.Equal(second, first) || !bytes.Contains(second, first[len(first)-50:]) {
		t.Error("the second encoding is not a copy of the first one's body")
	}
	e.Reset()
	if third, _ := AppendMessage(nil, m); !bytes.Equal(encode(), third) {
		t.Error("Reset has not forgotten the Write")
	}
	m.From = "N"
	if b, err := e.Append([]byte("x"), m); err == nil || string(b) != "x" {
		t.Errorf("an invalid name in a repeated Write: %q, %v", b, err)
	}
}

// An invalid Write is refused each time.
func TestEncoderRefuses(t *testing.T) {
	var e Encoder
	for range 2 {
		if b, err := e.Append([]byte("x"), write(version("n2", 1), version("n1", 1))); err == nil || string(b) != "x" {
			t.Errorf("got %q, %v", b, err)
		}
	}
}

// An Encoder remembers no long body.
func TestEncoderIsSmall(t *testing.T) {
	v := version("n1", 1)
	v.Value = make([]byte, maxRepeat)
	var e Encoder
	for range 2 {
		if _, err := e.Append(nil, write(v)); err != nil || len(e.body) > 0 {
			t.Errorf("%d bytes remembered, %v", len(e.body), err)
		}
	}
}

// To encode allocates nothing if the buffer has room.
func TestEncodingAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 4096)
	for _, c := range benchCoded() {
		if n := testing.AllocsPerRun(100, func() { _, _ = c.encode(buf) }); n > 0 {
			t.Errorf("%s: %v allocations", c.name, n)
		}
	}
	m := benchWrite()
	var e Encoder
	if n := testing.AllocsPerRun(100, func() { _, _ = e.Append(buf, m) }); n > 0 {
		t.Errorf("Encoder: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { MessageSize(m) }); n > 0 {
		t.Errorf("MessageSize: %v allocations", n)
	}
}
