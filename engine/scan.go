package engine

// Scans of the records in the store, by key range (§4.7) and in small parts (scrub.go,
// tombstones.go). If the store fails in a scan, the driver notices it; the scan then ends early.

import (
	"bytes"
	"slices"

	"ringside/engine/keyrange"
	"ringside/engine/merkle"
	"ringside/engine/mutant"
	"ringside/engine/record"
	"ringside/engine/ring"
	"ringside/engine/store"
)

// scanned is one key that a scan found.
type scanned struct {
	at    ring.Position
	key   []byte
	rec   record.Record
	state merkle.State
	size  int // bytes of the stored record
}

// scanBuckets calls fn with the keys of neighbouring buckets of a tree, in the order of their
// positions, until fn returns false. It skips damaged records: a home that has the key undamaged
// will repair it.
func scanBuckets(db store.Reader, t *merkle.Tree, bucket, buckets int, fn func(scanned) bool) {
	first, last, ok := t.Span(bucket, buckets)
	if !ok {
		return
	}
	var d record.Decoder
	scanData(db, first, last, func(k, v []byte) bool {
		p, key := record.ParseDataKey(k)
		rec, err := d.Decode(v)
		return err != nil || len(rec.Siblings) == 0 ||
			fn(scanned{at: p, key: bytes.Clone(key), rec: rec, state: stateOf(key, rec), size: len(v)})
	})
}

// scanBucketList is scanBuckets for buckets in ascending order. Neighbours are one scan.
func scanBucketList(db store.Reader, t *merkle.Tree, buckets []uint32, fn func(scanned) bool) {
	more := true
	for i := 0; i < len(buckets) && more; {
		k := 1
		for i+k < len(buckets) && buckets[i+k] == buckets[i]+uint32(k) {
			k++
		}
		scanBuckets(db, t, int(buckets[i]), k, func(s scanned) bool {
			more = fn(s)
			return more
		})
		i += k
	}
}

// scanRange calls fn with all records of a range, damaged ones included.
func scanRange(db store.Reader, id keyrange.ID, fn func(k, v []byte)) {
	t := merkle.New(id.Start, id.End, 0)
	if first, last, ok := t.Span(0, 1); ok {
		scanData(db, first, last, func(k, v []byte) bool { fn(k, v); return true })
	}
}

// scanData calls fn with the records from first to last, clockwise. last may lie before first.
func scanData(db store.Reader, first, last ring.Position, fn func(k, v []byte) bool) {
	if last.Compare(first) >= 0 {
		_ = db.Scan(store.Data, record.DataKeysFrom(first), record.DataKeysAfter(last), fn)
		return
	}
	more := true
	visit := func(k, v []byte) bool {
		more = fn(k, v)
		return more
	}
	_ = db.Scan(store.Data, record.DataKeysFrom(first), nil, visit)
	if more && !mutant.Is(mutant.WrapUnscanned) {
		_ = db.Scan(store.Data, nil, record.DataKeysAfter(last), visit)
	}
}

// Limits of scanPart. A part of this size takes a few milliseconds.
const (
	partRecords = 1024
	partBytes   = 1 << 20
)

// scanPart calls fn with some records from the key from on, until fn returns false or the part is
// full. It returns the key at which the next part begins, nil for the first key of the store.
func scanPart(db store.Reader, from []byte, fn func(k, v []byte) (more bool)) (next []byte) {
	records, size, more := 0, 0, true
	_ = db.Scan(store.Data, from, nil, func(k, v []byte) bool {
		if !more || records >= partRecords || size >= partBytes {
			next = slices.Clone(k)
			return false
		}
		records++
		size += len(v)
		more = fn(k, v)
		return true
	})
	return next
}
