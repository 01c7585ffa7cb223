package wire

import (
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/store"
	"ringside/engine/vclock"
)

func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := genRecord.Draw(t, "record")
		b := EncodeRecord(r)
		got, err := DecodeRecord(b)
		clear(b)
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("got %+v %v, want %+v", got, err, r)
		}
		b = EncodeOwn(r.Own)
		if own, err := DecodeOwn(b); err != nil || own != r.Own {
			t.Fatalf("got %+v %v, want %+v", own, err, r.Own)
		}
	})
}

// Every flipped bit and every cut of a stored value is noticed.
func TestDamageIsNoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := EncodeRecord(genRecord.Draw(t, "record"))
		bit := rapid.IntRange(0, 8*len(b)-1).Draw(t, "bit")
		b[bit/8] ^= 1 << (bit % 8)
		if _, err := DecodeRecord(b); !errors.Is(err, store.ErrCorrupt) {
			t.Fatalf("flipped bit %d: %v", bit, err)
		}
		b[bit/8] ^= 1 << (bit % 8)
		n := rapid.IntRange(0, len(b)-1).Draw(t, "length")
		if _, err := DecodeRecord(b[:n]); !errors.Is(err, store.ErrCorrupt) {
			t.Fatalf("cut to %d of %d: %v", n, len(b), err)
		}
	})
}

func TestRecordIsNeverNil(t *testing.T) {
	if EncodeRecord(Record{}) == nil || EncodeOwn(Own{}) == nil {
		t.Error("nil removes a key from the store")
	}
	if _, err := DecodeRecord(EncodeOwn(Own{Counter: 1})); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("an own dot read as a record: %v", err)
	}
	if _, err := DecodeRecord(nil); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("nothing read as a record: %v", err)
	}
}

// What is on people's disks must stay readable. Never update this golden:
// give a changed format a byte of its own and read both.
func TestRecordGolden(t *testing.T) {
	r := Record{
		Siblings: vclock.Siblings{
			{Dot: dot("n1", 2), Past: vclock.Clock{upTo("n1", 1), {Actor: vclock.Actor{Node: "n3", Epoch: 0xbeef}, Counter: 300}}, Value: []byte("cart"), Time: 1_700_000_000_000_000_000},
			{Dot: dot("n2", 1), Deleted: true, Time: -1},
		},
		LWW: true, Own: Own{Epoch: 7, Counter: 2}, Stored: 42,
	}
	const golden = "0154a17f9f0a360a026e311802221f0a026e310a026e3312100000000000000000efbe0000000000001a0301ac022a04636172743900002a36fe9c97170a110a026e321801300139ffffffffffffffff10011a0b0907000000000000001002212a00000000000000"
	if got := hex.EncodeToString(EncodeRecord(r)); got != golden {
		t.Errorf("got  %s\nwant %s", got, golden)
	}
	b, err := hex.DecodeString(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeRecord(b); err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("got %+v %v, want %+v", got, err, r)
	}
}

// What a node must not forget of the membership survives its disk, and nothing else is taken for it.
func TestMembershipRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Membership{Changes: genHistory.Draw(t, "changes")}
		for range rapid.IntRange(0, 3).Draw(t, "ranges") {
			r := PendingRange{From: genNames.Draw(t, "from")}
			copy(r.End[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "end"))
			m.Pending = append(m.Pending, r)
			m.Lost = append(m.Lost, PendingRange{Start: r.End})
		}
		b := EncodeMembership(m)
		got, err := DecodeMembership(b)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("got %+v, %v; want %+v", got, err, m)
		}
		b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := DecodeMembership(b); !errors.Is(err, store.ErrCorrupt) {
			t.Fatalf("a flipped bit gives %v", err)
		}
	})
}
