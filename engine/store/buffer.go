package store

// A Buffer is the object buffer of §6.1: a Reader that shows writes which are not on disk yet, on
// top of the store to which the writes will go.
//
// Invariant: the buffer holds the latest writes of the node, without a gap. Take returns all of
// them as one batch. So a crash loses the end of the order of writes, and never a write before one
// that stays.
type Buffer struct {
	newer *Overlay // writes since the last Take, over older
	older *Overlay // writes that Take returned, until Flushed; over the store
	order []Write  // the keys of the writes in newer, without the values
	spare []Write  // the memory of the batch before
	size  extent   // of newer
	taken extent   // of older
}

// An extent is the size of one part of a buffer.
type extent struct{ objects, bytes int }

// object reports whether the values of a space are objects in the sense of §6.1: replicas.
func (s Space) object() bool { return s == Data || s == Hints }

// NewBuffer returns an empty buffer over base.
func NewBuffer(base Reader) *Buffer {
	b := &Buffer{older: NewOverlay(base)}
	b.newer = NewOverlay(b.older)
	return b
}

var _ Reader = (*Buffer)(nil)

// Get implements Reader.
func (b *Buffer) Get(s Space, key []byte) ([]byte, error) { return b.newer.Get(s, key) }

// Scan implements Reader.
func (b *Buffer) Scan(s Space, from, to []byte, fn func(key, value []byte) bool) error {
	return b.newer.Scan(s, from, to, fn)
}

// Add appends writes. Of several writes to one key only the last one stays, which is the same for
// the disk, because a batch is there whole or not at all.
func (b *Buffer) Add(writes []Write) {
	for _, w := range writes {
		k := overlayKey{w.Space, string(w.Key)}
		if old, ok := b.newer.pending[k]; ok {
			b.size.bytes -= len(old)
		} else {
			b.order = append(b.order, Write{Space: w.Space, Key: w.Key})
			b.size.bytes += len(w.Key)
			if w.Space.object() {
				b.size.objects++
			}
		}
		b.size.bytes += len(w.Value)
		b.newer.pending[k] = w.Value
	}
}

// Take returns all writes since the last Take, for one Apply. Readers still see them until the
// caller calls Flushed, which it must do before the next Take. The batch is valid until then.
func (b *Buffer) Take() []Write {
	batch := b.order
	for i, w := range batch {
		batch[i].Value = b.newer.pending[overlayKey{w.Space, string(w.Key)}]
	}
	b.newer.pending, b.older.pending = b.older.pending, b.newer.pending
	b.taken, b.size = b.size, extent{}
	b.order, b.spare = b.spare[:0], batch
	return batch
}

// Flushed forgets the writes that the last Take returned, because they are on disk.
func (b *Buffer) Flushed() {
	b.older.Reset()
	b.taken = extent{}
	clear(b.spare)
}

// Waiting reports whether there are writes that no Take has returned.
func (b *Buffer) Waiting() bool { return len(b.newer.pending) > 0 }

// Empty reports whether all writes are on disk.
func (b *Buffer) Empty() bool { return !b.Waiting() && len(b.older.pending) == 0 }

// Objects returns the number of objects whose writes are not on disk. An object counts twice if it
// was written again while its previous write is being flushed, because memory holds both.
func (b *Buffer) Objects() int { return b.size.objects + b.taken.objects }

// Bytes returns the bytes of the keys and values in memory.
func (b *Buffer) Bytes() int { return b.size.bytes + b.taken.bytes }

// Lost returns the writes that a crash would lose now: those that are not on disk, in no order.
func (b *Buffer) Lost() []Write {
	var out []Write
	for _, o := range []*Overlay{b.older, b.newer} {
		for k, v := range o.pending {
			out = append(out, Write{Space: k.space, Key: []byte(k.key), Value: v})
		}
	}
	return out
}
