package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"
)

// The codec encodes the bytes that protobuf's deterministic encoding has, and counts them.
func TestSameBytesAsProtobuf(t *testing.T) {
	same := func(t *rapid.T, got []byte, err error, want proto.Message) {
		if b := referenceEncode(want); err != nil || !bytes.Equal(got, b) {
			t.Fatalf("got  %x, %v\nwant %x", got, err, b)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		m := genMessage.Draw(t, "message")
		b, err := AppendMessage(nil, m)
		same(t, b, err, messageToPB(m))
		if MessageSize(m) != len(b) {
			t.Fatalf("%d bytes, said to be %d", len(b), MessageSize(m))
		}
		id := rapid.Uint64().Draw(t, "id")
		request, reply := genClientRequest.Draw(t, "request"), genClientReply.Draw(t, "reply")
		b, err = AppendClientRequest(nil, id, request)
		same(t, b, err, requestToPB(id, request))
		b, err = AppendClientReply(nil, id, reply)
		same(t, b, err, replyToPB(id, reply))
		c := genContext.Draw(t, "context")
		b = NewSealer(secretA).Seal(nil, c)
		same(t, b[1:len(b)-tokenMAC], nil, contextToPB(c))
	})
}

// The codec decodes what protobuf decodes to the same values, and refuses what protobuf refuses, no
// matter how another program encodes a message.
func TestSameAnswersAsProtobuf(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.OneOf(
			rapid.Map(genMessage, func(m Message) []byte { return referenceEncode(messageToPB(m)) }),
			rapid.Map(genClientRequest, func(r ClientRequest) []byte { return referenceEncode(requestToPB(1, r)) }),
			rapid.Map(genClientReply, func(r ClientReply) []byte { return referenceEncode(replyToPB(1, r)) }),
			rapid.Map(genContext, func(c Context) []byte { return referenceEncode(contextToPB(c)) }),
		).Draw(t, "encoding")
		var d Decoder
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			b = altered(t, b, 3)
			accepted += sameAnswers(t, &d, b)
		}
	})
	if accepted == 0 {
		t.Error("no altered encoding was accepted")
	}
}

// altered returns an encoding of a message as another program may make it: with fields in another
// order, twice, of another type, with longer varints or with a changed byte. It alters a message
// inside the message if depth allows that.
func altered(t *rapid.T, b []byte, depth int) []byte {
	fields := split(b)
	if len(fields) == 0 {
		return append(b, rapid.SampledFrom([]string{"", "\x08\x00", "\x08\x80\x80\x00", "\x12\x00"}).Draw(t, "new field")...)
	}
	i := rapid.IntRange(0, len(fields)-1).Draw(t, "field")
	switch f := fields[i]; rapid.IntRange(0, 6).Draw(t, "change") {
	case 0:
		j := rapid.IntRange(0, len(fields)-1).Draw(t, "other")
		fields[i], fields[j] = fields[j], fields[i]
	case 1:
		fields = append(fields, f)
	case 2:
		fields = append(fields[:i:i], fields[i+1:]...)
	case 3: // a longer tag
		num, typ, n := protowire.ConsumeTag(f)
		tag := protowire.EncodeTag(num, typ)
		fields[i] = append([]byte{byte(tag) | 0x80, byte(tag>>7) | 0x80, 0}, f[n:]...)
	case 4: // a changed byte
		f = bytes.Clone(f)
		f[rapid.IntRange(0, len(f)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		fields[i] = f
	default:
		num, typ, n := protowire.ConsumeTag(f)
		if typ != protowire.BytesType || depth == 0 {
			return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), rapid.Uint64().Draw(t, "number"))
		}
		inner, _ := protowire.ConsumeBytes(f[n:])
		inner = altered(t, bytes.Clone(inner), depth-1)
		fields[i] = protowire.AppendBytes(protowire.AppendTag(nil, num, typ), inner)
	}
	return bytes.Join(fields, nil)
}

// split returns the fields of a message, nil if b is not a message.
func split(b []byte) (fields [][]byte) {
	for len(b) > 0 {
		_, _, n := protowire.ConsumeField(b)
		if n < 0 {
			return nil
		}
		fields = append(fields, b[:n:n])
		b = b[n:]
	}
	return fields
}

// failer is a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// sameAnswers decodes b as each kind of encoding, with the codec and with protobuf. It returns in
// how many kinds b was accepted.
func sameAnswers(t failer, d *Decoder, b []byte) (accepted int) {
	t.Helper()
	return sameAnswer(t, b, d.Message, referenceParseMessage) +
		sameAnswer(t, b, d.context, referenceParseContext) +
		sameAnswer(t, b, func(b []byte) (numbered[ClientRequest], error) {
			id, r, err := d.ClientRequest(b)
			return numbered[ClientRequest]{id, r}, err
		}, referenceParseRequest) +
		sameAnswer(t, b, func(b []byte) (numbered[ClientReply], error) {
			id, r, err := d.ClientReply(b)
			return numbered[ClientReply]{id, r}, err
		}, referenceParseReply)
}

func sameAnswer[T any](t failer, b []byte, parse, reference func([]byte) (T, error)) (accepted int) {
	t.Helper()
	want, refused := reference(bytes.Clone(b))
	b = bytes.Clone(b)
	got, err := parse(b)
	clear(b) // the result must not change
	switch {
	case err == nil && refused == nil:
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
		return 1
	case err == nil:
		t.Fatalf("accepted as %+v, which protobuf refuses: %v", got, refused)
	case refused == nil && !errors.Is(err, errBodies):
		t.Fatalf("refused: %v\nwant %+v", err, want)
	}
	return 0
}
