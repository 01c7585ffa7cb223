package store

// A Buffer is §6.1's object buffer: a Reader that shows writes which are not on disk yet
// on top of the store they will go to. What it holds is the end of the order of all
// writes: Take hands out all of it as one batch, so that the disk always holds a
// beginning of that order, and a crash loses the end of it and nothing from the middle.
type Buffer struct {
	newer, older *Overlay // writes since the last Take; those that it handed out, until Flushed
	order        []overlayKey
	bytes        int // of newer
	taken        int // bytes of older
}

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
	for _, w := range writes {
		k := overlayKey{w.Space, string(w.Key)}
		if old, ok := b.newer.pending[k]; ok {
			b.bytes -= len(old)
		} else {
			b.order = append(b.order, k)
			b.bytes += len(w.Key)
		}
		b.bytes += len(w.Value)
	}
	b.newer.Add(writes)
}

// Take hands out all that came since the last Take, to be applied as one batch.
// Reads go on seeing it until Flushed is called, which must be before the next Take.
func (b *Buffer) Take() []Write {
	batch := make([]Write, len(b.order))
	for i, k := range b.order {
		batch[i] = Write{Space: k.space, Key: []byte(k.key), Value: b.newer.pending[k]}
	}
	b.newer.pending, b.older.pending = b.older.pending, b.newer.pending
	b.taken, b.bytes, b.order = b.bytes, 0, b.order[:0]
	return batch
}

// Flushed says that what Take handed out is on disk.
func (b *Buffer) Flushed() {
	b.older.Reset()
	b.taken = 0
}

// Waiting is how many keys have writes that no Take handed out.
func (b *Buffer) Waiting() int { return len(b.newer.pending) }

// Len is how many keys have writes that are not on disk; one that was written again
// while its last write is being flushed counts twice, since both are in memory.
func (b *Buffer) Len() int { return len(b.newer.pending) + len(b.older.pending) }

// Bytes is about the memory that those writes take.
func (b *Buffer) Bytes() int { return b.bytes + b.taken }

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
