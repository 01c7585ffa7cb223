package record

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"ringside/engine/store"
	"ringside/engine/wire/field"
)

// A stored value is a header and a protobuf message. The header is a format byte and the CRC-32C of
// the format byte and the message. The format byte names the kind of the value, so no kind is read
// as another. Own and Self share a format, because Self was stored as an Own in an earlier version.
const (
	recordFormat     = 0x01
	ownFormat        = 0x02
	membershipFormat = 0x03

	headerSize = 1 + 4 // bytes: the format and the checksum
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// start returns a Writer of a stored value whose message has size bytes. finish ends the value.
func start(format byte, size int) field.Writer {
	b := make([]byte, headerSize, headerSize+size)
	b[0] = format
	return field.Append(b)
}

// finish sets the checksum and returns the bytes of the value.
func finish(w *field.Writer) []byte {
	b := w.Bytes()
	binary.BigEndian.PutUint32(b[1:], checksum(b))
	return b
}

// open checks the header of the stored value b and returns a Reader of the message. name names the
// kind of the value in errors, which wrap store.ErrCorrupt.
func open(format byte, name string, b []byte) (field.Reader, error) {
	switch {
	case len(b) < headerSize:
		return field.Reader{}, fmt.Errorf("decode %s: %w: %d bytes are too few", name, store.ErrCorrupt, len(b))
	case binary.BigEndian.Uint32(b[1:]) != checksum(b):
		return field.Reader{}, fmt.Errorf("decode %s: %w", name, store.ErrCorrupt)
	case b[0] != format:
		return field.Reader{}, fmt.Errorf("decode %s: %w: format %#x, want %#x", name, store.ErrCorrupt, b[0], format)
	}
	return field.Read(name, b[headerSize:]), nil
}

// corrupt returns the error for a value whose checksum is right and whose message is not valid.
func corrupt(name string, err error) error {
	return fmt.Errorf("decode %s: %w: %w", name, store.ErrCorrupt, err)
}

// checksum returns the checksum of all of b but the checksum itself.
func checksum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:1], castagnoli), castagnoli, b[headerSize:])
}
