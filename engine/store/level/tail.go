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

// goleveldb knows two ways to read a journal: a strict one that fails on the
// torn tail of every killed process, and one that also drops what a flipped
// byte hit in the middle, in silence. The difference can be told: a process
// that dies leaves a front part of what it wrote. So a tail is torn if the file
// ends in the middle of a batch and everything before its end is sound.
// Anything else is damage, left for the strict open to find. That takes some
// power cuts' tails for damage (zeros or garbage after the last sync), which
// costs a needless new incarnation and loses nothing.

// The format of a journal and of a manifest: blocks of 32 KiB, in them chunks
// of a header (masked CRC-32C of type and data, length of the data, type) and
// data; a chunk never spans blocks, a batch is one full chunk, or a first, any
// number of middle, and a last one.
const (
	blockSize   = 32 << 10
	chunkHeader = 7

	chunkFull   = 1
	chunkFirst  = 2
	chunkMiddle = 3
	chunkLast   = 4
)

// tornTails returns the journals and manifests with a torn tail and how many
// bytes before it are sound. A journal that others with content follow was
// complete once, so a short one is damage.
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
		// An older manifest is what counts while a newer one was only begun.
		followed[fd.Type] = fd.Type == storage.TypeJournal && len(data) > 0
	}
	return intact, nil
}

// readFile reads all of a file: a journal holds about a write buffer, a
// manifest less.
func readFile(stor storage.Storage, fd storage.FileDesc) ([]byte, error) {
	r, err := stor.Open(fd)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// tornTail says whether data ends in the middle of a batch, all before being
// sound, and where that batch begins.
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

// A chunk as it lies in a file, nothing of it verified.
type chunk struct {
	sum    uint32
	length int
	kind   byte
	data   []byte
}

// chunkAt reads the chunk at off. If the file ends before the chunk does, fits
// is false and the chunk holds what is there.
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

// sound says whether the checksum and the kind are right. A chunk that spans
// blocks needs no check: it runs into the next header's place, and what then
// fails is a checksum or a kind.
func (c chunk) sound() bool {
	return c.kind >= chunkFull && c.kind <= chunkLast && c.sum == chunkSum(c.kind, c.data)
}

// cutShort says whether c, which reaches beyond the file's end, was cut there,
// and not only claims to be longer than it is because its length is damaged:
// then it would be sound as it stands, or sound chunks would follow its begin.
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

// chunkSum is the CRC-32C of kind and data, masked as LevelDB does.
func chunkSum(kind byte, data []byte) uint32 {
	sum := crc32.Update(crc32.Checksum([]byte{kind}, castagnoli), castagnoli, data)
	return (sum>>15 | sum<<17) + 0xa282ead8
}
