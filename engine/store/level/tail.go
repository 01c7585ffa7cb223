package level

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"slices"

	"github.com/syndtr/goleveldb/leveldb/storage"
)

// goleveldb reads a journal strictly, and then fails on the torn tail that a killed process leaves;
// or leniently, and then also drops, without an error, batches in the middle that a flipped byte
// hit. This file tells the two apart. A process that dies leaves the front of what it wrote. So a
// tail is torn if all before it is sound, and the file, or the part of it before trailing zeros,
// ends in the middle of a batch. A journal may also have an end mark and zeros after its last batch
// (journal.go). Everything else is damage, which the strict open finds. Some power cuts leave
// garbage after the last sync, which counts as damage: the node then takes a needless new
// incarnation and loses nothing.

// A journal and a manifest consist of blocks of 32 KiB, and a block of chunks. A chunk has a header
// (masked CRC-32C of type and data, length of the data, type) and data, and never spans blocks. A
// batch is one full chunk, or a first chunk, any number of middle chunks and a last chunk.
const (
	blockSize   = 32 << 10
	chunkHeader = 7

	chunkFull   = 1
	chunkFirst  = 2
	chunkMiddle = 3
	chunkLast   = 4
)

// soundParts returns the length of the sound part of each journal and manifest in which a torn
// tail, or an end mark and zeros, follow that part. goleveldb must not read what follows. A journal
// that is followed by one with content was complete once. If it ends in the middle of a batch, that
// is damage and not a torn tail.
func soundParts(stor storage.Storage) (map[storage.FileDesc]int64, error) {
	fds, err := stor.List(storage.TypeJournal | storage.TypeManifest)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(fds, func(a, b storage.FileDesc) int { return cmp.Compare(b.Num, a.Num) }) // newest first
	intact := map[storage.FileDesc]int64{}
	followed := false // by a journal with content
	for _, fd := range fds {
		data, err := readFile(stor, fd)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		journal := fd.Type == storage.TypeJournal
		n, torn := soundPart(data, journal)
		if n < len(data) && !(torn && journal && followed) {
			intact[fd] = int64(n)
		}
		followed = followed || journal && len(data) > 0 // an older manifest counts while a newer one is incomplete
	}
	return intact, nil
}

// readFile reads a whole file. A journal has about the size of a write buffer, and a manifest is
// smaller.
func readFile(stor storage.Storage, fd storage.FileDesc) ([]byte, error) {
	r, err := stor.Open(fd)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// soundPart returns the number of bytes at the start of data after which only a torn tail, or the
// end mark and zeros of a journal, follow. torn says that a batch was written in part. If data is
// damaged, soundPart returns its length.
func soundPart(data []byte, journal bool) (n int, torn bool) {
	used := data
	if journal {
		used = bytes.TrimRight(data, "\x00")
	}
	off, whole, inBatch := 0, 0, false
	for off < len(used) {
		if left := blockSize - off%blockSize; left < chunkHeader {
			off += left // padding
			continue
		}
		c, fits := chunkAt(data, off)
		if !fits || !c.sound() || inBatch != (c.kind == chunkMiddle || c.kind == chunkLast) {
			switch {
			case journal && bytes.Equal(used[off:], []byte{endMark}):
				return whole, inBatch
			case c.cutShort(written(data, used), off):
				return whole, true
			}
			return len(data), false
		}
		off += chunkHeader + len(c.data)
		if inBatch = c.kind == chunkFirst || c.kind == chunkMiddle; !inBatch {
			whole = off
		}
	}
	return whole, inBatch
}

// written returns data without the trailing zeros that may be fill. used is data without all
// trailing zeros. Only a file whose length is a multiple of fillUnit can have fill after a part of
// a batch.
func written(data, used []byte) []byte {
	if len(data)%fillUnit == 0 {
		return used
	}
	return data
}

// A chunk is a chunk as a file has it, not verified.
type chunk struct {
	sum    uint32
	length int
	kind   byte
	data   []byte
}

// chunkAt reads the chunk at off. If the file ends before the chunk does, fits is false and the
// chunk has the bytes that are there.
func chunkAt(data []byte, off int) (c chunk, fits bool) {
	rest := data[off:]
	if len(rest) < chunkHeader {
		return chunk{}, false
	}
	c = chunk{sum: binary.LittleEndian.Uint32(rest), length: int(binary.LittleEndian.Uint16(rest[4:])), kind: rest[6]}
	rest = rest[chunkHeader:]
	c.data = rest[:min(c.length, len(rest))]
	return c, c.length <= len(rest)
}

// sound reports whether the checksum and the kind are right. A chunk that spans blocks needs no
// check of its own, because it covers the place of the next header: a checksum or a kind then
// fails.
func (c chunk) sound() bool {
	return c.kind >= chunkFull && c.kind <= chunkLast && c.sum == chunkSum(c.kind, c.data)
}

// cutShort reports whether c, which begins at off, is the front of a chunk of which data has no
// more. It is damage instead if c ends within data, if a shorter length makes c sound, or if sound
// chunks follow.
func (c chunk) cutShort(data []byte, off int) bool {
	if len(data)-off < chunkHeader {
		return true
	}
	begin := off + chunkHeader
	end, blockEnd := begin+c.length, off-off%blockSize+blockSize
	if c.kind < chunkFull || c.kind > chunkLast || end <= len(data) || end > blockEnd {
		return false
	}
	sum := crc32.Checksum([]byte{c.kind}, castagnoli)
	for i := range data[begin:] {
		if masked(sum) == c.sum {
			return false
		}
		sum = crc32.Update(sum, castagnoli, data[begin+i:begin+i+1])
	}
	if masked(sum) == c.sum {
		return false
	}
	for at := off + 1; at+chunkHeader <= len(data); at++ {
		if next, fits := chunkAt(data, at); fits && next.length > 0 && next.sound() {
			return false
		}
	}
	return true
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunkSum returns the CRC-32C of kind and data, masked as LevelDB does.
func chunkSum(kind byte, data []byte) uint32 {
	return masked(crc32.Update(crc32.Checksum([]byte{kind}, castagnoli), castagnoli, data))
}

// masked returns a CRC-32C as LevelDB stores it.
func masked(sum uint32) uint32 { return (sum>>15 | sum<<17) + 0xa282ead8 }
