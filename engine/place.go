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

// placeOf returns the place of key, which must not change afterwards.
func (n *Node) placeOf(key []byte) *place {
	p := &n.records.place
	if p.stored == nil || !bytes.Equal(p.key, key) {
		stored := record.DataKey(key)
		at, _ := record.ParseDataKey(stored)
		*p = place{key, stored, at}
	}
	return p
}

// dataKey is record.DataKey.
func (n *Node) dataKey(key []byte) []byte { return n.placeOf(key).stored }

// position is ring.Of.
func (n *Node) position(key []byte) ring.Position { return n.placeOf(key).at }
