package store

// A Buffer is §6.1's object buffer: a Reader that shows writes which are not on disk yet
// on top of the store they will go to. What it holds is the end of the order of all
// writes: Take hands out all of it as one batch, so that the disk always holds a
// beginning of that order, and a crash loses the end of it and nothing from the middle.
type Buffer struct {
	newer, older *Overlay // writes since the last Take; those that it handed out, until Flushed
	order        []overlayKey
	size, taken  extent // of newer, of older
}

// An extent is how much a half of a buffer holds.
type extent struct{ objects, bytes int }

// object says whether a space holds what §6.1 calls objects: replicas, as against what goes with them.
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

// Add appends writes. Of several to one key only the last one is kept: a batch is
// whole on disk or not there at all.
func (b *Buffer) Add(writes []Write) {
	for i, w := range writes {
		k := overlayKey{w.Space, string(w.Key)}
		if old, ok := b.newer.pending[k]; ok {
			b.size.bytes -= len(old)
		} else {
			b.order = append(b.order, k)
			b.size.bytes += len(w.Key)
			if w.Space.object() {
				b.size.objects++
			}
		}
		b.size.bytes += len(w.Value)
		b.newer.Add(writes[i : i+1]) // at once: a key may come twice
	}
}

// Take hands out all that came since the last Take, to be applied as one batch.
// Reads go on seeing it until Flushed is called, which must be before the next Take.
func (b *Buffer) Take() []Write {
	batch := make([]Write, len(b.order))
	for i, k := range b.order {
		batch[i] = Write{Space: k.space, Key: []byte(k.key), Value: b.newer.pending[k]}
	}
	b.newer.pending, b.older.pending = b.older.pending, b.newer.pending
	b.taken, b.size, b.order = b.size, extent{}, b.order[:0]
	return batch
}

// Flushed says that what Take handed out is on disk.
func (b *Buffer) Flushed() {
	b.older.Reset()
	b.taken = extent{}
}

// Waiting says whether there are writes that no Take handed out.
func (b *Buffer) Waiting() bool { return len(b.newer.pending) > 0 }

// Empty says whether all writes are on disk.
func (b *Buffer) Empty() bool { return !b.Waiting() && len(b.older.pending) == 0 }

// Objects is how many objects have writes that are not on disk; one that was written again
// while its last write is being flushed counts twice, since both are in memory.
func (b *Buffer) Objects() int { return b.size.objects + b.taken.objects }

// Bytes is about the memory that those writes take.
func (b *Buffer) Bytes() int { return b.size.bytes + b.taken.bytes }

// Lost lists what a crash would lose now: all writes that are not on disk.
func (b *Buffer) Lost() []Write {
	var out []Write
	for _, o := range []*Overlay{b.older, b.newer} {
		for k, v := range o.pending {
			out = append(out, Write{Space: k.space, Key: []byte(k.key), Value: v})
		}
	}
	return out
}
