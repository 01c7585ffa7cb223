package record

import (
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"ringside/engine/member"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire/wirepb"
)

// The generators draw values as a decoder returns them: an empty list is nil.

var genName = rapid.SampledFrom([]string{"n1", "n2", "n3", "n10", "a-rather-long-name-of-32-letters"})

func nilIfEmpty[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

var genVersion = rapid.Custom(func(t *rapid.T) vclock.Version {
	actor := func(label string) vclock.Actor {
		return vclock.Actor{Node: genName.Draw(t, label), Epoch: rapid.Uint64().Draw(t, "epoch")}
	}
	v := vclock.Version{
		Dot:     vclock.Dot{Actor: actor("node"), Counter: rapid.Uint64Min(1).Draw(t, "counter")},
		Time:    rapid.Int64().Draw(t, "time"),
		Request: rapid.Uint64().Draw(t, "request"),
		Literal: rapid.Bool().Draw(t, "literal"),
	}
	for range rapid.IntRange(0, 5).Draw(t, "entries") {
		upTo := rapid.Uint64Min(1).Draw(t, "up to")
		from := rapid.Uint64Range(0, upTo-1).Draw(t, "from")
		v.Past = v.Past.Merge(vclock.Clock{{Actor: actor("past"), Counter: upTo, From: from}})
	}
	if v.Past.Covers(v.Dot) {
		v.Past = nil
	}
	if v.Deleted = rapid.Bool().Draw(t, "deleted"); !v.Deleted {
		v.Value = nilIfEmpty(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "value"))
		v.Meta = nilIfEmpty(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "meta"))
	}
	return v
})

var genOwn = rapid.Custom(func(t *rapid.T) Own {
	return Own{Epoch: rapid.Uint64().Draw(t, "epoch"), Counter: rapid.Uint64().Draw(t, "counter")}
})

var genRecord = rapid.Custom(func(t *rapid.T) Record {
	s := rapid.SliceOfNDistinct(genVersion, 0, 4, func(v vclock.Version) vclock.Dot { return v.Dot }).Draw(t, "versions")
	slices.SortFunc(s, func(a, b vclock.Version) int { return a.Dot.Compare(b.Dot) })
	return Record{
		Siblings: nilIfEmpty(s), LWW: rapid.Bool().Draw(t, "lww"), Own: genOwn.Draw(t, "own"),
		Stored: rapid.Int64().Draw(t, "stored"),
	}
})

var genSelf = rapid.Custom(func(t *rapid.T) Self {
	return Self{Incarnation: rapid.Uint64().Draw(t, "incarnation"), Epochs: rapid.Uint64().Draw(t, "epochs"), Run: rapid.Uint64().Draw(t, "run")}
})

var genMembership = rapid.Custom(func(t *rapid.T) Membership {
	var m Membership
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		m.Changes = m.Changes.Merge(member.History{{
			Time: rapid.Int64Range(1, math.MaxInt64).Draw(t, "time"), By: genName.Draw(t, "by"), Node: genName.Draw(t, "node"),
			Kind: member.Kind(rapid.IntRange(0, int(member.Gone)).Draw(t, "kind")), Weight: rapid.IntRange(1, member.MaxWeight).Draw(t, "weight"),
			Zone: rapid.OneOf(rapid.Just(""), genName).Draw(t, "zone"),
		}})
	}
	for range rapid.IntRange(0, 3).Draw(t, "ranges") {
		r := PendingRange{From: nilIfEmpty(rapid.SliceOfN(genName, 0, 4).Draw(t, "from"))}
		copy(r.End[:], rapid.SliceOfN(rapid.Byte(), len(r.End), len(r.End)).Draw(t, "end"))
		m.Pending = append(m.Pending, r)
		m.Lost = append(m.Lost, PendingRange{Start: r.End})
	}
	return m
})

// A kind is one kind of stored value, for tests that hold for all of them.
type kind struct {
	name   string
	draw   func(*rapid.T) any
	encode func(any) []byte
	decode func([]byte) (any, error)
}

func kindOf[T any](name string, gen *rapid.Generator[T], encode func(T) []byte, decode func([]byte) (T, error)) kind {
	return kind{
		name:   name,
		draw:   func(t *rapid.T) any { return gen.Draw(t, name) },
		encode: func(x any) []byte { return encode(x.(T)) },
		decode: func(b []byte) (any, error) { return decode(b) },
	}
}

var kinds = []kind{
	kindOf("record", genRecord, Encode, Decode),
	kindOf("own", genOwn, EncodeOwn, DecodeOwn),
	kindOf("self", genSelf, EncodeSelf, DecodeSelf),
	kindOf("membership", genMembership, EncodeMembership, DecodeMembership),
}

// A decoded value equals the encoded one and shares no memory with the bytes. Encoding is
// deterministic and never returns nil, which would remove the key from the store.
func TestValuesRoundTrip(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				x := k.draw(t)
				b := k.encode(x)
				if b == nil || !slices.Equal(b, k.encode(x)) {
					t.Fatalf("encodes as %x, then as %x", b, k.encode(x))
				}
				got, err := k.decode(b)
				clear(b)
				if err != nil || !reflect.DeepEqual(got, x) {
					t.Fatalf("got %+v, %v, want %+v", got, err, x)
				}
			})
		})
	}
}

// Decoding notices each flipped bit and each cut of a stored value.
func TestDamageIsNoticed(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				b := k.encode(k.draw(t))
				bit := rapid.IntRange(0, 8*len(b)-1).Draw(t, "bit")
				b[bit/8] ^= 1 << (bit % 8)
				if _, err := k.decode(b); !errors.Is(err, store.ErrCorrupt) {
					t.Fatalf("flipped bit %d: %v", bit, err)
				}
				b[bit/8] ^= 1 << (bit % 8)
				n := rapid.IntRange(0, len(b)-1).Draw(t, "length")
				if _, err := k.decode(b[:n]); !errors.Is(err, store.ErrCorrupt) {
					t.Fatalf("cut to %d of %d: %v", n, len(b), err)
				}
			})
		})
	}
}

func TestOneKindIsNotReadAsAnother(t *testing.T) {
	values := map[string][]byte{
		"record": Encode(Record{}), "own": EncodeOwn(Own{}), "self": EncodeSelf(Self{}),
		"membership": EncodeMembership(Membership{}), "nothing": nil,
	}
	for name, b := range values {
		for _, k := range kinds {
			// An earlier version of the program stored an Own where Self is stored now.
			same := k.name == name || k.name == "own" && name == "self" || k.name == "self" && name == "own"
			if _, err := k.decode(b); errors.Is(err, store.ErrCorrupt) == same {
				t.Errorf("%s read as %s: %v", name, k.name, err)
			}
		}
	}
}

// Values on existing disks must stay readable. Never update these bytes: give a changed encoding a
// format byte of its own, and read both.
func TestValuesGolden(t *testing.T) {
	dot := func(node string, counter uint64) vclock.Dot {
		return vclock.Dot{Actor: vclock.Actor{Node: node}, Counter: counter}
	}
	record := Record{
		Siblings: vclock.Siblings{
			{
				Dot: dot("n1", 2), Value: []byte("cart"), Time: 1_700_000_000_000_000_000,
				Past: vclock.Clock{
					{Actor: vclock.Actor{Node: "n1"}, Counter: 1},
					{Actor: vclock.Actor{Node: "n3", Epoch: 0xbeef}, Counter: 300},
				},
			},
			{Dot: dot("n2", 1), Deleted: true, Time: -1},
		},
		LWW: true, Own: Own{Epoch: 7, Counter: 2}, Stored: 42,
	}
	membership := Membership{
		Changes: member.History{
			{Time: 1, By: "n1", Node: "n1", Kind: member.Join, Weight: 1},
			{Time: 2, By: "n1", Node: "n2", Kind: member.Join, Weight: 3, Zone: "east"},
			{Time: 3, By: "n2", Node: "n1", Kind: member.Leave},
		},
		Pending: []PendingRange{{Start: [16]byte{1}, End: [16]byte{2}, From: []string{"n1", "n2"}}},
		Lost:    []PendingRange{{Start: [16]byte{2}, End: [16]byte{15: 3}}},
	}
	for _, c := range []struct {
		kind  kind
		value any
		hex   string
	}{
		{kinds[0], record, "0154a17f9f0a360a026e311802221f0a026e310a026e3312100000000000000000efbe0000000000001a0301ac022a04636172743900002a36fe9c97170a110a026e321801300139ffffffffffffffff10011a0b0907000000000000001002212a00000000000000"},
		{kinds[1], Own{Epoch: 7, Counter: 2}, "02d74981df0907000000000000001002"},
		{kinds[2], Self{Incarnation: 1_700_000_000_000, Epochs: 2, Run: 1_700_000_000_001}, "025f7d7b64090068e5cf8b0100001002190168e5cf8b010000"},
		{kinds[3], membership, "0399e77a010a1309010000000000000012026e311a026e3128010a1909020000000000000012026e311a026e3228033204656173740a1309030000000000000012026e321a026e312001122c0a10010000000000000000000000000000001210020000000000000000000000000000001a026e311a026e321a240a1002000000000000000000000000000000121000000000000000000000000000000003"},
	} {
		if got := hex.EncodeToString(c.kind.encode(c.value)); got != c.hex {
			t.Errorf("%s: got  %s\nwant %s", c.kind.name, got, c.hex)
		}
		b, err := hex.DecodeString(c.hex)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.kind.decode(b); err != nil || !reflect.DeepEqual(got, c.value) {
			t.Errorf("%s: got %+v, %v, want %+v", c.kind.name, got, err, c.value)
		}
	}
}

// A field that is added to a stored type and forgotten in wire.proto would be lost on the disk. The
// two must have as many fields.
func TestNoFieldIsForgotten(t *testing.T) {
	for plain, pb := range map[any]proto.Message{
		reflect.TypeFor[Record]():       &wirepb.Record{},
		reflect.TypeFor[Own]():          &wirepb.Own{},
		reflect.TypeFor[Self]():         &wirepb.Self{},
		reflect.TypeFor[Membership]():   &wirepb.Membership{},
		reflect.TypeFor[PendingRange](): &wirepb.Pending{},
	} {
		typ := plain.(reflect.Type)
		if got, want := pb.ProtoReflect().Descriptor().Fields().Len(), typ.NumField(); got != want {
			t.Errorf("%v has %d fields, its protobuf %d", typ, want, got)
		}
	}
}
