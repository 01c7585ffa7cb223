package record

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"google.golang.org/protobuf/proto"

	"ringside/engine/store"
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

// deterministic keeps the bytes of equal values equal, whatever later versions of protobuf do.
var deterministic = proto.MarshalOptions{Deterministic: true}

// marshal returns the bytes of a stored value: a header, and p encoded.
func marshal(format byte, p proto.Message) []byte {
	b := make([]byte, headerSize, headerSize+deterministic.Size(p))
	b[0] = format
	b, err := deterministic.MarshalAppend(b, p)
	if err != nil { // a name that is not UTF-8, which the node has let in by mistake
		panic(fmt.Sprintf("encode stored value: %v", err))
	}
	binary.BigEndian.PutUint32(b[1:], checksum(b))
	return b
}

// unmarshal checks the header of the stored value b and decodes the message into p. An error wraps
// store.ErrCorrupt.
func unmarshal(format byte, b []byte, p proto.Message) error {
	switch {
	case len(b) < headerSize:
		return fmt.Errorf("%w: %d bytes are too few", store.ErrCorrupt, len(b))
	case binary.BigEndian.Uint32(b[1:]) != checksum(b):
		return store.ErrCorrupt
	case b[0] != format:
		return fmt.Errorf("%w: format %#x, want %#x", store.ErrCorrupt, b[0], format)
	}
	if err := proto.Unmarshal(b[headerSize:], p); err != nil {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return nil
}

// checksum returns the checksum of all of b but the checksum itself.
func checksum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:1], castagnoli), castagnoli, b[headerSize:])
}
