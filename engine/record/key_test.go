package record

import (
	"bytes"
	"encoding/hex"
	"testing"

	"pgregory.net/rapid"

	"ringside/engine/ring"
	"ringside/engine/wire"
)

var genKey = rapid.SliceOfN(rapid.Byte(), 1, 40)

// Keys on existing disks must stay readable. Never update these bytes.
func TestKeysGolden(t *testing.T) {
	for want, got := range map[string][]byte{
		"54013ba69c196820e56801f1ef5aad5463617274":       DataKey([]byte("cart")),
		"6e320054013ba69c196820e56801f1ef5aad5463617274": HintKey("n2", []byte("cart")),
		"73656c66":       SelfKey(),
		"686973746f7279": HistoryKey(),
		"72616e67652f" + "01000000000000000000000000000000" + "0000000000000000000000000000ff02": RangeKey(ring.Position{1}, ring.Position{14: 0xff, 15: 2}),
		"666c6f6f720540": FloorKey(FloorPart(DataKey([]byte("cart")))),
	} {
		if got := hex.EncodeToString(got); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestKeysRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := genKey.Draw(t, "key")
		data := DataKey(key)
		if at, got := ParseDataKey(data); at != ring.Of(key) || !bytes.Equal(got, key) || !IsDataKey(data) {
			t.Fatalf("data key: got %v %x", at, got)
		}
		home := genName.Draw(t, "home")
		hint := HintKey(home, key)
		if name, rest, ok := SplitHintKey(hint); !ok || string(name) != home || !bytes.Equal(rest, data) {
			t.Fatalf("split hint key: got %s %x %v", name, rest, ok)
		}
		name, got, ok := ParseHintKey(hint)
		clear(hint)
		if !ok || name != home || !bytes.Equal(got, key) {
			t.Fatalf("hint key: got %s %x %v", name, got, ok)
		}
		part := rapid.Uint16().Draw(t, "part")
		if got, ok := ParseFloorKey(FloorKey(part)); !ok || got != part {
			t.Fatalf("floor key: got %d %v, want %d", got, ok, part)
		}
	})
}

func TestForeignKeysAreRefused(t *testing.T) {
	data := DataKey([]byte("k"))
	other := append(data[:positionSize:positionSize], "other"...) // the position is not the key's
	for name, k := range map[string][]byte{
		"another key's position": other, "cut short": data[:9], "without a key": DataKey(nil), "empty": {},
		"too long": DataKey(make([]byte, wire.MaxKey+1)),
	} {
		if IsDataKey(k) {
			t.Errorf("%s: %x is a data key", name, k)
		}
		if _, _, ok := ParseHintKey(append([]byte("n2\x00"), k...)); ok {
			t.Errorf("%s: %x is part of a hint key", name, k)
		}
	}
	for name, k := range map[string][]byte{
		"an invalid name": HintKey("N\x1b2", []byte("k")), "no name": HintKey("", []byte("k")), "no zero byte": []byte("n2"),
	} {
		if _, _, ok := ParseHintKey(k); ok {
			t.Errorf("%s: %x is a hint key", name, k)
		}
	}
	for _, k := range []string{"", "floor", "floor1", "floor123", "self", "range/12"} {
		if _, ok := ParseFloorKey([]byte(k)); ok {
			t.Errorf("%q is a floor key", k)
		}
	}
}

// A scan between the bounds visits all keys of its kind and no others.
func TestBounds(t *testing.T) {
	within := func(k, from, to []byte) bool {
		return bytes.Compare(k, from) >= 0 && (to == nil || bytes.Compare(k, to) < 0)
	}
	from, to := RangeKeys()
	floorFrom, floorTo := FloorKeys()
	for _, k := range [][]byte{SelfKey(), HistoryKey()} {
		if within(k, from, to) || within(k, floorFrom, floorTo) {
			t.Errorf("%s lies within the bounds of others", k)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		key := genKey.Draw(t, "key")
		at := ring.Of(key)
		if r := RangeKey(at, at); !within(r, from, to) || within(r, floorFrom, floorTo) {
			t.Fatalf("range key %x lies outside", r)
		}
		if f := FloorKey(rapid.Uint16().Draw(t, "part")); !within(f, floorFrom, floorTo) || within(f, from, to) {
			t.Fatalf("floor key %x lies outside", f)
		}
		var p ring.Position
		copy(p[:], rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 0xff}), len(p), len(p)).Draw(t, "position"))
		stored := DataKey(key)
		if within(stored, DataKeysFrom(p), nil) != (at.Compare(p) >= 0) || within(stored, nil, DataKeysAfter(p)) != (at.Compare(p) <= 0) {
			t.Fatalf("the bounds of %v are wrong for %v", p, at)
		}
		if !within(stored, DataKeysFrom(at), DataKeysAfter(at)) {
			t.Fatalf("the bounds of %v leave its key out", at)
		}
	})
}
