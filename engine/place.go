package engine

import (
	"bytes"

	"ringside/engine/record"
	"ringside/engine/ring"
)

// A place says where a key lies on the ring and in the store. A step needs the place of one key
// many times.
type place struct {
	key, stored []byte
	at          ring.Position
}

// maxStoredKeys is the number of bytes of stored keys that share an allocation. A stored key that
// is kept keeps the others alive.
const maxStoredKeys = 1 << 10

// placeOf returns the place of key. It does not keep key.
func (n *Node) placeOf(key []byte) *place {
	p := &n.records.place
	if p.stored == nil || !bytes.Equal(p.key, key) {
		room := n.records.stored.Take(record.DataKeySize(key), maxStoredKeys)
		stored := record.AppendDataKey(room, key)
		at, own := record.ParseDataKey(stored) // the caller's key may be valid for a moment only
		*p = place{own, stored, at}
	}
	return p
}

// dataKey is record.DataKey.
func (n *Node) dataKey(key []byte) []byte { return n.placeOf(key).stored }

// position is ring.Of.
func (n *Node) position(key []byte) ring.Position { return n.placeOf(key).at }
