package wire

import (
	"ringside/engine/slab"
	"ringside/engine/vclock"
)

// A Decoder decodes messages, requests and replies, and remembers the names of nodes between them.
// It belongs to one goroutine. The zero Decoder is ready. Use one for each connection.
//
// A Decoder first reads a message in place, into lists that it uses again, and checks it. Only a
// valid message gets memory of its own, so a refusal takes little memory. The results share no
// memory with the encoded bytes.
//
// The byte strings of a message lie side by side, and so do its clocks, if all of them have at most
// maxShared bytes together. Several messages, requests, contexts and records share an allocation of
// at most maxShared bytes. So a value that a caller keeps may keep that many bytes alive. A reply
// to a client and an entry of a SyncReply have an allocation of their own, because callers keep
// parts of them for long.
type Decoder struct {
	names    names
	versions [3]vclock.Siblings // by list of the message, in place
	lists    [2][]string        // names, by list of the message
	entries  vclock.Clock       // of all clocks

	bytes  slab.Slab[byte]         // for byte strings
	clocks slab.Slab[vclock.Entry] // for clocks
}

const (
	// maxShared bounds the bytes of the parts of a message that share an allocation, and so what a
	// caller that keeps one part keeps of the others.
	maxShared = 2 << 10
	// entryMemory is about the bytes of an entry of a clock in memory.
	entryMemory = 56
	// maxEntries bounds the entries of clocks that share an allocation.
	maxEntries = maxShared / entryMemory
	// maxKept bounds the entries of each list that a Decoder keeps for the next message.
	maxKept = 128
)

// reset forgets the last message, so that the lists keep none of its memory alive. It drops a list
// that has grown beyond its usual size.
func (d *Decoder) reset() {
	for i, s := range d.versions {
		d.versions[i] = reuse(s)
	}
	for i, s := range d.lists {
		d.lists[i] = reuse(s)
	}
	d.entries = reuse(d.entries)
}

// reuse returns the empty list with the memory of s, or nil if that is too much to keep.
func reuse[S ~[]E, E any](s S) S {
	if cap(s) > maxKept {
		return nil
	}
	clear(s)
	return s[:0]
}

// A memory has room for the parts of one message that the Decoder read in place.
type memory struct {
	bytes   []byte
	entries vclock.Clock
	shared  bool // the room is enough; otherwise each part gets memory of its own
}

// newMemory returns memory for versions and for size other bytes. No other message shares it.
func newMemory(size int, lists ...vclock.Siblings) memory {
	var d Decoder // whose first allocations are as large as the message
	return d.memory(size, lists...)
}

// memory returns memory for versions and for size other bytes, which other messages may share.
func (d *Decoder) memory(size int, lists ...vclock.Siblings) memory {
	entries := 0
	for _, s := range lists {
		for i := range s {
			size += len(s[i].Value) + len(s[i].Meta)
			entries += len(s[i].Past)
		}
	}
	if size+entries*entryMemory > maxShared {
		return memory{}
	}
	return memory{shared: true, bytes: d.bytes.Take(size, maxShared), entries: d.clocks.Take(entries, maxEntries)}
}

// copy returns a copy of b, nil if b is empty. The copy may share an allocation with other
// messages.
func (d *Decoder) copy(b []byte) []byte {
	m := d.memory(len(b))
	return m.keep(b)
}

// keep returns a copy of b, nil if b is empty. No append to the copy changes another part.
func (m *memory) keep(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	if !m.shared {
		return copyOf(b)
	}
	n := len(m.bytes)
	m.bytes = append(m.bytes, b...)
	return m.bytes[n:len(m.bytes):len(m.bytes)]
}

// clock returns a copy of c, nil if c is empty.
func (m *memory) clock(c vclock.Clock) vclock.Clock {
	if len(c) == 0 {
		return nil
	}
	if !m.shared {
		return copyOf(c)
	}
	n := len(m.entries)
	m.entries = append(m.entries, c...)
	return m.entries[n:len(m.entries):len(m.entries)]
}

// siblings returns a copy of s, nil if s is empty.
func (m *memory) siblings(s vclock.Siblings) vclock.Siblings {
	if len(s) == 0 {
		return nil
	}
	out := make(vclock.Siblings, len(s))
	for i := range s {
		out[i] = s[i]
		out[i].Value, out[i].Meta, out[i].Past = m.keep(s[i].Value), m.keep(s[i].Meta), m.clock(s[i].Past)
	}
	return out
}

// copyOf returns a copy of s, nil if s is empty.
func copyOf[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	out := make([]T, len(s))
	copy(out, s)
	return out
}
