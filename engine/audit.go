package engine

import (
	"bytes"
	"fmt"
	"slices"

	"ringside/engine/event"
	"ringside/engine/keyrange"
	"ringside/engine/merkle"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/treeset"
)

// maxAuditedKeys bounds the keys for which an audit checks that scans find them.
const maxAuditedKeys = 64

// Audit reads the whole store and returns an error if the node's trees, or its scans, do not agree
// with the store. It is for tests and simulators.
func (n *Node) Audit() error {
	r := n.members.ring
	if !n.members.ringKnown() {
		return nil // the node lost its history with a damaged disk, and has no trees
	}
	built := treeset.New(func(*merkle.Tree) {})
	built.Init(r)
	var keys [][]byte
	err := n.db.Scan(store.Data, nil, nil, func(k, v []byte) bool {
		if rec, err := record.Decode(v); err == nil {
			p, key := record.ParseDataKey(k)
			built.Update(r, p, merkle.State{}, stateOf(key, rec))
			if len(rec.Siblings) > 0 && len(keys) < maxAuditedKeys {
				keys = append(keys, slices.Clone(key))
			}
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	for _, key := range keys {
		if err := auditKey(n.db, r, key); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	for i, rg := range r.Ranges() {
		have, want := n.trees.of(rg), built.Tree(keyrange.Of(r, rg))
		if !have.Equal(want) {
			return fmt.Errorf("audit: %s: the tree has root %x, but its records make %x",
				event.RangeName(i), have.Root(), want.Root())
		}
		if have.Keys() != want.Keys() || have.Size() != want.Size() {
			return fmt.Errorf("audit: %s: the tree counts %d keys of %d bytes, but there are %d of %d",
				event.RangeName(i), have.Keys(), have.Size(), want.Keys(), want.Size())
		}
	}
	return nil
}

// auditKey checks that key lies in its range, and that scans of the range and of its bucket find
// it.
func auditKey(db store.Reader, r *ring.Ring, key []byte) error {
	p := ring.Of(key)
	rg := keyrange.Range(r, p)
	if !rg.Holds(p) {
		return fmt.Errorf("%s lies outside its range, from %v to %v", key, rg.Start, rg.End)
	}
	id := keyrange.Of(r, rg)
	inRange, inBucket := false, false
	scanRange(db, id, func(k, _ []byte) {
		_, other := record.ParseDataKey(k)
		inRange = inRange || bytes.Equal(key, other)
	})
	t := merkle.New(id.Start, id.End, id.Depth)
	scanBuckets(db, t, t.Bucket(p), 1, func(s scanned) bool {
		inBucket = inBucket || bytes.Equal(key, s.key)
		return true
	})
	if !inRange || !inBucket {
		return fmt.Errorf("%s: found by a scan of its range: %v; of its bucket: %v", key, inRange, inBucket)
	}
	return nil
}
