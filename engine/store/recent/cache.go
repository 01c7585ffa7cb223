package recent

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

const (
	// Chunk is the number of bytes in which a Cache makes room. Memory of fewer bytes holds nothing.
	Chunk = 64 << 10
	// mostEntry is the greatest number of bytes of an entry. A chunk that makes room keeps at most
	// half of its bytes, so each entry fits then.
	mostEntry = Chunk / 8
	// leastEntry is the least number of bytes of an entry. It bounds the number of entries, and so
	// the index.
	leastEntry = 64
	// unit is the number of bytes by which places and sizes of entries are counted. A record that
	// grows by a few bytes then still fits into its entry.
	unit = 16
	// header is the number of bytes before the key of an entry: the hash of the key, the size of the
	// entry in units, the lengths of key and value, and whether the entry was used.
	header = 16
)

// A Cache holds values under keys. The zero Cache is not usable.
type Cache struct {
	memory []byte
	// index has the place of each entry in units, by the hash of the key. An entry that is not in
	// the index is forgotten.
	index map[uint64]uint32
	ends  []int // the end of the last entry of each chunk that was used so far
	now   int   // the chunk that takes new entries
	hash  func(key []byte) uint64
}

// New returns an empty cache that keeps its entries in memory. The index needs more memory, about
// half as much as the entries if all of them are as small as possible.
func New(memory []byte) *Cache {
	seed := maphash.MakeSeed()
	return &Cache{memory: memory, index: map[uint64]uint32{}, now: -1,
		hash: func(key []byte) uint64 { return maphash.Bytes(seed, key) }}
}

// Get returns the value of key, and false if the cache does not have one. The value is valid until
// the next call of Put, and the caller must not change it.
func (c *Cache) Get(key []byte) (value []byte, ok bool) {
	e := c.find(c.hash(key), key)
	if e == nil {
		return nil, false
	}
	e.setUsed(true)
	return e.value(), true
}

// Peek is Get for a caller whose interest does not make the value more likely to stay.
func (c *Cache) Peek(key []byte) (value []byte, ok bool) {
	if e := c.find(c.hash(key), key); e != nil {
		return e.value(), true
	}
	return nil, false
}

// Put sets the value of key. The cache copies both. A large value is not kept.
func (c *Cache) Put(key, value []byte) {
	hash := c.hash(key)
	size := entrySize(key, value)
	if e := c.find(hash, key); e != nil && size <= len(e) {
		e.setValue(value)
		e.setUsed(true)
		return
	}
	delete(c.index, hash)
	if size > mostEntry || len(c.memory) < Chunk {
		return
	}
	at := c.room(size)
	e := entry(c.memory[at : at+size])
	e.init(hash, key)
	e.setValue(value)
	c.index[hash] = uint32(at / unit)
}

// Drop forgets the value of key.
func (c *Cache) Drop(key []byte) {
	if hash := c.hash(key); c.find(hash, key) != nil {
		delete(c.index, hash)
	}
}

// Len returns the number of values.
func (c *Cache) Len() int { return len(c.index) }

// find returns the entry of key, nil if there is none.
func (c *Cache) find(hash uint64, key []byte) entry {
	place, ok := c.index[hash]
	if !ok {
		return nil
	}
	e := c.at(int(place) * unit)
	if !bytes.Equal(e.key(), key) { // another key with this hash
		return nil
	}
	return e
}

// at returns the entry that begins at that byte.
func (c *Cache) at(begin int) entry {
	return entry(c.memory[begin : begin+entry(c.memory[begin:]).size()])
}

// room returns where a new entry of size bytes begins.
func (c *Cache) room(size int) int {
	if c.now < 0 || c.ends[c.now]+size > (c.now+1)*Chunk {
		c.next()
	}
	begin := c.ends[c.now]
	c.ends[c.now] += size
	return begin
}

// next makes the next chunk the current one, and makes room there if it was used before.
func (c *Cache) next() {
	c.now++
	if (c.now+1)*Chunk > len(c.memory) {
		c.now = 0
	}
	if c.now == len(c.ends) {
		c.ends = append(c.ends, c.now*Chunk)
		return
	}
	c.sweep()
}

// sweep moves the used entries of the current chunk to its front, and forgets the others. It keeps
// at most half of the chunk.
func (c *Cache) sweep() {
	begin, end := c.now*Chunk, c.ends[c.now]
	kept := begin
	for at := begin; at < end; {
		e := c.at(at)
		size, hash := len(e), e.hash()
		switch place, ok := c.index[hash]; {
		case !ok || int(place)*unit != at: // forgotten before
		case e.used() && kept+size <= begin+Chunk/2:
			e.setUsed(false)
			copy(c.memory[kept:], e)
			c.index[hash] = uint32(kept / unit)
			kept += size
		default:
			delete(c.index, hash)
		}
		at += size
	}
	c.ends[c.now] = kept
}

// An entry is a piece of the memory: a header, a key, a value and unused bytes.
type entry []byte

// entrySize returns the bytes that an entry needs.
func entrySize(key, value []byte) int {
	n := max(header+len(key)+len(value), leastEntry)
	return (n + unit - 1) / unit * unit
}

// init makes e the entry of key without a value. Nothing has used it yet.
func (e entry) init(hash uint64, key []byte) {
	binary.LittleEndian.PutUint64(e, hash)
	binary.LittleEndian.PutUint16(e[8:], uint16(len(e)/unit))
	binary.LittleEndian.PutUint16(e[10:], uint16(len(key)))
	e.setUsed(false)
	copy(e[header:], key)
}

// hash returns the hash of the key.
func (e entry) hash() uint64 { return binary.LittleEndian.Uint64(e) }

// size returns the number of bytes of the entry that begins where e begins.
func (e entry) size() int { return int(binary.LittleEndian.Uint16(e[8:])) * unit }

func (e entry) keyLen() int { return int(binary.LittleEndian.Uint16(e[10:])) }

// key returns the key, which is valid as long as the entry.
func (e entry) key() []byte { return e[header : header+e.keyLen()] }

// value returns the value, which is valid until the entry changes.
func (e entry) value() []byte {
	begin := header + e.keyLen()
	return e[begin : begin+int(binary.LittleEndian.Uint16(e[12:]))]
}

// setValue replaces the value with one that fits.
func (e entry) setValue(value []byte) {
	binary.LittleEndian.PutUint16(e[12:], uint16(len(value)))
	copy(e[header+e.keyLen():], value)
}

// used reports whether the entry was read or replaced since its chunk made room.
func (e entry) used() bool { return e[14] != 0 }

func (e entry) setUsed(used bool) {
	e[14] = 0
	if used {
		e[14] = 1
	}
}
