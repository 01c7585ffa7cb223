package level

import (
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
// tail is torn if the file ends in the middle of a batch and all before that is sound. Everything
// else is damage, which the strict open finds. Some power cuts leave zeros or garbage after the
// last sync, which counts as damage: the node then takes a needless new incarnation and loses
// nothing.

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

// tornTails returns the journals and manifests that have a torn tail, with the number of sound
// bytes before the tail. A journal that is followed by one with content was complete once. If it is
// cut short, that is damage and not a torn tail.
func tornTails(stor storage.Storage) (map[storage.FileDesc]int64, error) {
	fds, err := stor.List(storage.TypeJournal | storage.TypeManifest)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(fds, func(a, b storage.FileDesc) int { return cmp.Compare(b.Num, a.Num) }) // newest first
	intact := map[storage.FileDesc]int64{}
	followed := map[storage.FileType]bool{}
	for _, fd := range fds {
		if followed[fd.Type] {
			continue
		}
		data, err := readFile(stor, fd)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if n, torn := tornTail(data); torn {
			intact[fd] = n
		}
		// An older manifest counts while a newer one is incomplete.
		followed[fd.Type] = fd.Type == storage.TypeJournal && len(data) > 0
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

// tornTail reports whether data ends in the middle of a batch and is sound before that, and returns
// where that batch begins.
func tornTail(data []byte) (begin int64, torn bool) {
	off, whole, inBatch := 0, 0, false
	for off < len(data) {
		if left := blockSize - off%blockSize; left < chunkHeader {
			off += left // padding
			continue
		}
		c, fits := chunkAt(data, off)
		if !fits {
			return int64(whole), c.cutShort(data, off)
		}
		if !c.sound() || inBatch != (c.kind == chunkMiddle || c.kind == chunkLast) {
			return 0, false
		}
		off += chunkHeader + len(c.data)
		if inBatch = c.kind == chunkFirst || c.kind == chunkMiddle; !inBatch {
			whole = off
		}
	}
	return int64(whole), inBatch
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

// cutShort reports whether c, which reaches beyond the end of the file, was cut there. The other
// case is a chunk whose length is damaged: such a chunk is sound as it stands, or sound chunks
// follow its start.
func (c chunk) cutShort(data []byte, off int) bool {
	if len(data)-off < chunkHeader {
		return true
	}
	end := off - off%blockSize + blockSize
	if c.kind < chunkFull || c.kind > chunkLast || off+chunkHeader+c.length > end || c.sound() {
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
	sum := crc32.Update(crc32.Checksum([]byte{kind}, castagnoli), castagnoli, data)
	return (sum>>15 | sum<<17) + 0xa282ead8
}
