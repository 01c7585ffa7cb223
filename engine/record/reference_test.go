package record

import (
	"bytes"
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"ringside/engine/member"
	"ringside/engine/vclock"
	"ringside/engine/wire/wirepb"
)

// The functions below make the protobuf messages of stored values, through the code that protoc
// generates from wire.proto.

func recordToPB(r Record) *wirepb.Record {
	p := &wirepb.Record{Lww: r.LWW, Stored: uint64(r.Stored)}
	if r.Own != (Own{}) {
		p.Own = &wirepb.Own{Epoch: r.Own.Epoch, Counter: r.Own.Counter}
	}
	for _, v := range r.Siblings {
		p.Siblings = append(p.Siblings, &wirepb.Version{
			Node: v.Dot.Node, Epoch: v.Dot.Epoch, Counter: v.Dot.Counter, Past: clockToPB(v.Past), Value: v.Value,
			Deleted: v.Deleted, Time: uint64(v.Time), Request: v.Request, Literal: v.Literal, Meta: v.Meta,
		})
	}
	return p
}

func clockToPB(c vclock.Clock) *wirepb.Clock {
	if len(c) == 0 {
		return nil
	}
	p, from := &wirepb.Clock{}, uint64(0)
	for _, e := range c {
		p.Node, p.Epoch = append(p.Node, e.Node), append(p.Epoch, e.Epoch)
		p.Counter, p.From = append(p.Counter, e.Counter), append(p.From, e.From)
		from |= e.From
	}
	if from == 0 {
		p.From = nil
	}
	return p
}

func membershipToPB(m Membership) *wirepb.Membership {
	return &wirepb.Membership{Changes: changesToPB(m.Changes), Pending: rangesToPB(m.Pending), Lost: rangesToPB(m.Lost)}
}

func changesToPB(h member.History) (out []*wirepb.Change) {
	for _, c := range h {
		out = append(out, &wirepb.Change{
			Time: uint64(c.Time), By: c.By, Node: c.Node, Kind: uint32(c.Kind), Weight: uint32(c.Weight), Zone: c.Zone,
		})
	}
	return out
}

func rangesToPB(ranges []PendingRange) (out []*wirepb.Pending) {
	for _, r := range ranges {
		out = append(out, &wirepb.Pending{Start: r.Start[:], End: r.End[:], From: r.From})
	}
	return out
}

// A stored value is the header and protobuf's deterministic encoding.
func TestSameBytesAsProtobuf(t *testing.T) {
	same := func(t *rapid.T, stored []byte, p proto.Message) {
		want, err := proto.MarshalOptions{Deterministic: true}.Marshal(p)
		if err != nil || !bytes.Equal(stored[headerSize:], want) {
			t.Fatalf("got  %x\nwant %x, %v", stored[headerSize:], want, err)
		}
		if cap(stored) > 2*len(stored)+16 {
			t.Fatalf("%d bytes in memory for %d", cap(stored), len(stored))
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		r, o := genRecord.Draw(t, "record"), genOwn.Draw(t, "own")
		s, m := genSelf.Draw(t, "self"), genMembership.Draw(t, "membership")
		same(t, Encode(r), recordToPB(r))
		same(t, EncodeOwn(o), &wirepb.Own{Epoch: o.Epoch, Counter: o.Counter})
		same(t, EncodeSelf(s), &wirepb.Self{Incarnation: s.Incarnation, Epochs: s.Epochs, Run: s.Run})
		same(t, EncodeMembership(m), membershipToPB(m))
	})
}

// A Decoder that is kept decodes like Decode, also after a value that it refused.
func TestDecoderLikeDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Decoder
		for range rapid.IntRange(1, 5).Draw(t, "records") {
			r := genRecord.Draw(t, "record")
			b := Encode(r)
			if _, err := d.Decode(append(b[:len(b):len(b)], 0xff)); err == nil {
				t.Fatal("not refused")
			}
			got, err := d.Decode(b)
			clear(b)
			if err != nil || !reflect.DeepEqual(got, r) {
				t.Fatalf("got %+v, %v, want %+v", got, err, r)
			}
		}
	})
}

func benchRecord() Record {
	actor := func(node string) vclock.Actor { return vclock.Actor{Node: node, Epoch: 1 << 60} }
	return Record{Own: Own{Epoch: 1 << 60, Counter: 17}, Siblings: vclock.Siblings{{
		Dot:   vclock.Dot{Actor: actor("n1"), Counter: 17},
		Past:  vclock.Clock{{Actor: actor("n1"), Counter: 16}, {Actor: actor("n2"), Counter: 3}, {Actor: actor("n3"), Counter: 1}},
		Value: make([]byte, 100), Time: 1700000000000000000, Request: 123456,
	}}}
}

func BenchmarkEncode(b *testing.B) {
	r := benchRecord()
	b.ReportAllocs()
	for b.Loop() {
		Encode(r)
	}
}

func BenchmarkDecode(b *testing.B) {
	stored := Encode(benchRecord())
	var d Decoder
	for name, decode := range map[string]func([]byte) (Record, error){"decoder=kept": d.Decode, "decoder=once": Decode} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode(stored); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
