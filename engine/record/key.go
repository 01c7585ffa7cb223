package record

import (
	"bytes"
	"encoding/binary"
	"slices"

	"ringside/engine/ring"
	"ringside/engine/wire"
)

// positionSize is the length of a position in bytes.
const positionSize = len(ring.Position{})

// DataKey returns the stored key of a client's key in the spaces store.Data and store.Own. Stored
// keys sort by the positions of their keys, so a scan visits a key range in ring order.
func DataKey(key []byte) []byte {
	return AppendDataKey(make([]byte, 0, DataKeySize(key)), key)
}

// AppendDataKey appends DataKey(key), which has DataKeySize(key) bytes.
func AppendDataKey(dst, key []byte) []byte {
	p := ring.Of(key)
	return append(append(dst, p[:]...), key...)
}

// DataKeySize returns the length of DataKey(key) in bytes.
func DataKeySize(key []byte) int { return positionSize + len(key) }

// ParseDataKey splits a stored key into the position and the client's key, which shares memory with
// stored. ParseDataKey does not check that the two belong together; see IsDataKey.
func ParseDataKey(stored []byte) (at ring.Position, key []byte) {
	n := copy(at[:], stored)
	return at, stored[n:]
}

// IsDataKey reports whether stored is the DataKey of a key that a client may use: the key has 1 to
// wire.MaxKey bytes and its position is right.
func IsDataKey(stored []byte) bool {
	at, key := ParseDataKey(stored)
	return len(key) > 0 && len(key) <= wire.MaxKey && at == ring.Of(key)
}

// DataKeysFrom returns the bound below all data keys at p or later.
func DataKeysFrom(p ring.Position) []byte { return p[:] }

// DataKeysAfter returns the bound above all data keys at p or earlier. The result is nil, which
// means the end of the space, if p is the last position.
func DataKeysAfter(p ring.Position) []byte {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i]++; p[i] != 0 {
			return p[:]
		}
	}
	return nil
}

// HintKey returns the stored key, in the space store.Hints, of the hint for key that a fallback
// keeps for home. No node name contains the zero byte that ends the name.
func HintKey(home string, key []byte) []byte {
	return slices.Concat([]byte(home), []byte{0}, DataKey(key))
}

// HintKeys returns the bounds, from (inclusive) and to (exclusive), of the hint keys for home whose
// data keys are dataKey or later.
func HintKeys(home string, dataKey []byte) (from, to []byte) {
	return slices.Concat([]byte(home), []byte{0}, dataKey), append([]byte(home), 1)
}

// SplitHintKey splits a stored key of the space store.Hints into the home's name and the data key
// of the hint, which share memory with stored. SplitHintKey checks neither; ParseHintKey does. It
// returns false if stored has no zero byte.
func SplitHintKey(stored []byte) (home, dataKey []byte, ok bool) {
	return bytes.Cut(stored, []byte{0})
}

// ParseHintKey returns the home and the client's key of a stored hint, in memory of their own. It
// returns false if HintKey cannot have made stored.
func ParseHintKey(stored []byte) (home string, key []byte, ok bool) {
	name, dataKey, _ := SplitHintKey(stored)
	if !wire.ValidName(string(name)) || !IsDataKey(dataKey) {
		return "", nil, false
	}
	_, key = ParseDataKey(dataKey)
	return string(name), slices.Clone(key), true
}

// The keys of the space store.Meta.
var (
	selfKey     = []byte("self")
	historyKey  = []byte("history")
	rangePrefix = []byte("range/")
	rangesEnd   = []byte("range0") // the first key above all that begin with rangePrefix
	floorPrefix = []byte("floor")
	floorsEnd   = []byte("floos") // the first key above all that begin with floorPrefix
)

// SelfKey returns the stored key of the node's Self.
func SelfKey() []byte { return slices.Clone(selfKey) }

// HistoryKey returns the stored key of the Membership that holds the history of the ring.
func HistoryKey() []byte { return slices.Clone(historyKey) }

// RangeKey returns the stored key of the Membership that holds what the node must remember of the
// key range (start, end].
func RangeKey(start, end ring.Position) []byte { return slices.Concat(rangePrefix, start[:], end[:]) }

// RangeKeys returns the bounds, from (inclusive) and to (exclusive), of all range keys.
func RangeKeys() (from, to []byte) { return slices.Clone(rangePrefix), slices.Clone(rangesEnd) }

// FloorPart returns the part of the ring, 0 to 4,095, that a data key belongs to. All keys of a
// part share one floor (§4.4). The data key must have at least 2 bytes.
func FloorPart(dataKey []byte) uint16 { return binary.BigEndian.Uint16(dataKey) >> 4 }

// FloorKey returns the stored key of the floor of a part of the ring.
func FloorKey(part uint16) []byte {
	return binary.BigEndian.AppendUint16(slices.Clone(floorPrefix), part)
}

// FloorKeys returns the bounds, from (inclusive) and to (exclusive), of all floor keys.
func FloorKeys() (from, to []byte) { return slices.Clone(floorPrefix), slices.Clone(floorsEnd) }

// ParseFloorKey returns the part of the ring of a floor key. It returns false if FloorKey cannot
// have made stored.
func ParseFloorKey(stored []byte) (part uint16, ok bool) {
	suffix, ok := bytes.CutPrefix(stored, floorPrefix)
	if !ok || len(suffix) != 2 {
		return 0, false
	}
	return binary.BigEndian.Uint16(suffix), true
}
