package kv

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"

	"ringside/engine/wire"
)

const (
	vclockFormat = 0x01
	vclockSum    = 1             // where the CRC32 of what follows it begins
	vclockKey    = vclockSum + 4 // where the hash of the key begins
	vclockToken  = vclockKey + 8 // where the engine's token begins
	maxVClock    = wire.MaxToken + vclockToken
)

// sealVClock returns the vclock of a key for a token of the engine.
func sealVClock(key, token []byte) []byte {
	b := make([]byte, vclockToken, vclockToken+len(token))
	b[0] = vclockFormat
	binary.BigEndian.PutUint64(b[vclockKey:], hashOf(key))
	b = append(b, token...)
	binary.BigEndian.PutUint32(b[vclockSum:], crc32.ChecksumIEEE(b[vclockKey:]))
	return b
}

// openVClock returns the engine's token of a vclock. An empty vclock, and one for another key, have
// none. The error is ErrDamagedVClock.
func openVClock(key, v []byte) ([]byte, error) {
	switch {
	case len(v) == 0:
		return nil, nil
	case len(v) <= vclockToken || len(v) > maxVClock || v[0] != vclockFormat,
		binary.BigEndian.Uint32(v[vclockSum:]) != crc32.ChecksumIEEE(v[vclockKey:]):
		return nil, ErrDamagedVClock
	case binary.BigEndian.Uint64(v[vclockKey:]) != hashOf(key):
		return nil, nil
	}
	return v[vclockToken:], nil
}

// sameVClock reports whether two vclocks of a key cover the same versions. The tokens in them may
// differ, because they also say which replica was the fastest.
func sameVClock(key, a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	ta, errA := openVClock(key, a)
	tb, errB := openVClock(key, b)
	if errA != nil || errB != nil || ta == nil || tb == nil {
		return false
	}
	ca, errA := wire.ReadToken(ta)
	cb, errB := wire.ReadToken(tb)
	return errA == nil && errB == nil && ca.Clock.Descends(cb.Clock) && cb.Clock.Descends(ca.Clock)
}

// hashOf returns a hash of a key.
func hashOf(key []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(key)
	return h.Sum64()
}
