package wire

import (
	"testing"

	"ringside/engine/vclock"
)

func benchWrite() Message {
	n := func(s string) vclock.Actor { return vclock.Actor{Node: s, Epoch: 0x1234567812345678} }
	return Message{From: "n1", To: "n2", Request: 123456, Op: 99999, Body: Write{
		Key: []byte("cart:4711"),
		Siblings: vclock.Siblings{{
			Dot:   vclock.Dot{Actor: n("n1"), Counter: 17},
			Past:  vclock.Clock{{Actor: n("n1"), Counter: 16}, {Actor: n("n2"), Counter: 3}, {Actor: n("n3"), Counter: 1}},
			Value: make([]byte, 100), Time: 1700000000000000000,
		}},
	}}
}

func BenchmarkAppendMessage(b *testing.B) {
	m, buf := benchWrite(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AppendMessage(buf, m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseMessage(b *testing.B) {
	enc, err := AppendMessage(nil, benchWrite())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(enc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseMessage(enc); err != nil {
			b.Fatal(err)
		}
	}
}
