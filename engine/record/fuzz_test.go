package record

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"

	"ringside/engine/vclock"
)

// FuzzDecode tries each input as it is and with a right checksum, which a fuzzer cannot find.
func FuzzDecode(f *testing.F) {
	v := vclock.Version{Dot: vclock.Dot{Actor: vclock.Actor{Node: "n1"}, Counter: 1}, Value: []byte("v")}
	f.Add(Encode(Record{}))
	f.Add(Encode(Record{Siblings: vclock.Siblings{v}, LWW: true, Own: Own{Epoch: 1, Counter: 2}, Stored: 3}))
	f.Add(EncodeOwn(Own{Epoch: 1, Counter: 2}))
	f.Add(EncodeSelf(Self{Incarnation: 1, Epochs: 2, Run: 3}))
	f.Add(EncodeMembership(Membership{Pending: []PendingRange{{From: []string{"n1"}}}, Lost: []PendingRange{{}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		decodeAll(t, b)
		if len(b) >= headerSize {
			b = bytes.Clone(b)
			binary.BigEndian.PutUint32(b[1:], checksum(b))
			decodeAll(t, b)
		}
	})
}

// decodeAll decodes b as every kind. A value that decodes must keep its meaning when it is encoded
// and decoded again.
func decodeAll(t *testing.T, b []byte) {
	for _, k := range kinds {
		x, err := k.decode(b)
		if err != nil {
			continue
		}
		again, err := k.decode(k.encode(x))
		if err != nil || !reflect.DeepEqual(again, x) {
			t.Fatalf("%s: got %+v, %v, want %+v", k.name, again, err, x)
		}
	}
}

// FuzzParseKey requires that a parsed key is exactly the key that was built.
func FuzzParseKey(f *testing.F) {
	f.Add(DataKey([]byte("cart")))
	f.Add(HintKey("n2", []byte("cart")))
	f.Add(FloorKey(1))
	f.Fuzz(func(t *testing.T, stored []byte) {
		if _, key := ParseDataKey(stored); IsDataKey(stored) && !bytes.Equal(DataKey(key), stored) {
			t.Fatalf("data key %x of %x", DataKey(key), stored)
		}
		if home, key, ok := ParseHintKey(stored); ok && !bytes.Equal(HintKey(home, key), stored) {
			t.Fatalf("hint key %x of %x", HintKey(home, key), stored)
		}
		if part, ok := ParseFloorKey(stored); ok && !bytes.Equal(FloorKey(part), stored) {
			t.Fatalf("floor key %x of %x", FloorKey(part), stored)
		}
	})
}
