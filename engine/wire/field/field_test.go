package field

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"pgregory.net/rapid"
)

// entry is one field, with the value for its type.
type entry struct {
	num    int
	typ    protowire.Type
	number uint64
	bytes  []byte
}

var genNumber = rapid.OneOf(rapid.Uint64Range(0, 300), rapid.Uint64(), rapid.SampledFrom([]uint64{0x7f, 0x80, 0x3fff, 0x4000, math.MaxUint64}))

var genEntry = rapid.Custom(func(t *rapid.T) entry {
	return entry{
		num:    rapid.IntRange(1, MaxNumber).Draw(t, "num"),
		typ:    rapid.SampledFrom([]protowire.Type{protowire.VarintType, protowire.Fixed64Type, protowire.BytesType}).Draw(t, "type"),
		number: genNumber.Draw(t, "number"),
		bytes:  rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "bytes"),
	}
})

// write writes e with a Writer and returns the same field as protowire writes it.
func (e entry) write(w *Writer, dst []byte) []byte {
	num := protowire.Number(e.num)
	switch e.typ {
	case protowire.VarintType:
		w.Uint(e.num, e.number)
		if e.number == 0 {
			return dst
		}
		return protowire.AppendVarint(protowire.AppendTag(dst, num, e.typ), e.number)
	case protowire.Fixed64Type:
		w.Fixed(e.num, e.number)
		if e.number == 0 {
			return dst
		}
		return protowire.AppendFixed64(protowire.AppendTag(dst, num, e.typ), e.number)
	}
	w.Blob(e.num, e.bytes)
	if len(e.bytes) == 0 {
		return dst
	}
	return protowire.AppendBytes(protowire.AppendTag(dst, num, e.typ), e.bytes)
}

// A Writer writes what protowire writes, whatever it is told about the sizes of messages, and
// counts the bytes.
func TestWriterLikeProtowire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(genEntry, 0, 8).Draw(t, "entries")
		about := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 1<<22)).Draw(t, "about")
		var want []byte
		w, n := Append([]byte("before")), Count()
		for _, w := range []*Writer{&w, &n} {
			outer := w.Open(17, about)
			inner := w.Open(3, about/2)
			want = nil
			for _, e := range entries {
				want = e.write(w, want)
			}
			w.Close(inner)
			w.Bool(2, true)
			w.Bool(4, false)
			w.Strings(5, []string{"", "name"})
			w.String(6, "")
			w.Close(outer)
		}
		want = protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), want)
		want = append(want, "\x10\x01\x2a\x00\x2a\x04name"...)
		want = protowire.AppendBytes(protowire.AppendTag([]byte("before"), 17, protowire.BytesType), want)
		if !bytes.Equal(w.Bytes(), want) {
			t.Fatalf("got  %x\nwant %x", w.Bytes(), want)
		}
		if n.Size() != len(want)-len("before") {
			t.Fatalf("%d bytes, counted %d", len(want)-len("before"), n.Size())
		}
	})
}

// A Reader returns the fields that were written, and does not write to the message.
func TestReaderReturnsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfNDistinct(genEntry, 0, 8, func(e entry) int { return e.num }).Draw(t, "entries")
		var b []byte
		for _, e := range entries {
			w := Append(nil)
			b = e.write(&w, b)
		}
		before := bytes.Clone(b)
		r := Read("test", b)
		for _, e := range entries {
			if e.number == 0 && e.typ != protowire.BytesType || len(e.bytes) == 0 && e.typ == protowire.BytesType {
				continue
			}
			if !r.Next() || r.Number() != uint64(e.num) {
				t.Fatalf("field %d, want %d", r.Number(), e.num)
			}
			switch e.typ {
			case protowire.VarintType:
				if got := r.Uint(); got != e.number {
					t.Fatalf("got %d, want %d", got, e.number)
				}
			case protowire.Fixed64Type:
				if got := r.Fixed(); got != e.number {
					t.Fatalf("got %d, want %d", got, e.number)
				}
			default:
				got := r.Blob()
				if !bytes.Equal(got, e.bytes) {
					t.Fatalf("got %x, want %x", got, e.bytes)
				}
				_ = append(got, 0xee)
			}
		}
		if r.Next() || r.Err() != nil || !bytes.Equal(b, before) {
			t.Fatalf("at the end: %v", r.Err())
		}
	})
}

func TestReaderRefuses(t *testing.T) {
	for name, c := range map[string]struct{ message, says string }{
		"torn tag":      {"\x80", "test: not protobuf"},
		"torn varint":   {"\x08\x80", "test: not protobuf"},
		"long varint":   {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "test: not protobuf"},
		"torn fixed":    {"\x11\x00\x00", "test: not protobuf"},
		"torn bytes":    {"\x1a\x02x", "test: not protobuf"},
		"huge length":   {"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", "test: not protobuf"},
		"varint twice":  {"\x08\x00\x08\x01", "test: field 1 comes twice"},
		"bytes twice":   {"\x1a\x00\x1a\x00", "test: field 3 comes twice"},
		"fixed, varint": {"\x10\x01", "test: unknown field 2 of type 0"},
		"varint, bytes": {"\x0a\x00", "test: unknown field 1 of type 2"},
		"number 0":      {"\x00\x00", "test: unknown field 0"},
		"number 32":     {"\x80\x02\x00", "test: unknown field 32"},
		"group":         {"\x0b\x0c", "test: unknown field 1 of type 3"},
		"element":       {"\x20\x00", "test: unknown field 4 of type 0"},
		"packed varint": {"\x2a\x02\x01\x80", "packed: not protobuf"},
		"packed fixed":  {"\x32\x07\x00\x00\x00\x00\x00\x00\x00", "packed: not protobuf"},
	} {
		r := Read("test", []byte(c.message))
		for r.Next() {
			switch r.Number() {
			case 1:
				r.Uint()
			case 2:
				r.Fixed()
			case 3:
				r.Blob()
			case 4:
				r.Element()
			case 5:
				p := Read("packed", r.Blob())
				for p.More() {
					p.PackedUint()
				}
				r.Fail(p.Err())
			case 6:
				p := Read("packed", r.Blob())
				for p.More() {
					p.PackedFixed()
				}
				r.Fail(p.Err())
			default:
				r.Unknown()
			}
		}
		if err := r.Err(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v does not say %q", name, err, c.says)
		}
	}
}

// Varints that are longer than necessary are accepted, and a repeated field may come often.
func TestReaderAccepts(t *testing.T) {
	r := Read("test", []byte("\x88\x80\x00\x81\x80\x00\x22\x00\x22\x01x"))
	if !r.Next() || r.Number() != 1 || r.Uint() != 1 {
		t.Fatalf("the long varint: %v", r.Err())
	}
	for _, want := range []string{"", "x"} {
		if !r.Next() || r.Number() != 4 || string(r.Element()) != want {
			t.Fatalf("element %q: %v", want, r.Err())
		}
	}
	if r.Next() || r.Err() != nil {
		t.Fatal(r.Err())
	}
}
