package record

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"google.golang.org/protobuf/proto"

	"ringside/engine/store"
)

// A stored value is a format byte, the CRC-32C of all the rest (the format byte included), and a
// protobuf message. The format byte names the kind of the value, so no kind is read as another.
// Own and Self share a format, because Self was stored as an Own in an earlier version.
const (
	recordFormat     = 0x01
	ownFormat        = 0x02
	membershipFormat = 0x03
	sealSize         = 1 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// deterministic keeps the bytes of equal values equal, whatever later versions of protobuf do.
var deterministic = proto.MarshalOptions{Deterministic: true}

func seal(format byte, p proto.Message) []byte {
	b := make([]byte, sealSize, sealSize+deterministic.Size(p))
	b[0] = format
	b, err := deterministic.MarshalAppend(b, p)
	if err != nil { // a name that is not UTF-8, which the node has let in by mistake
		panic(fmt.Sprintf("encode stored value: %v", err))
	}
	binary.BigEndian.PutUint32(b[1:], sealSum(b))
	return b
}

func unseal(format byte, b []byte, p proto.Message) error {
	switch {
	case len(b) < sealSize:
		return fmt.Errorf("%w: %d bytes are too few", store.ErrCorrupt, len(b))
	case binary.BigEndian.Uint32(b[1:]) != sealSum(b):
		return store.ErrCorrupt
	case b[0] != format:
		return fmt.Errorf("%w: format %#x, want %#x", store.ErrCorrupt, b[0], format)
	}
	if err := proto.Unmarshal(b[sealSize:], p); err != nil {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return nil
}

// sealSum returns the checksum of all of b but the checksum itself.
func sealSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:1], castagnoli), castagnoli, b[sealSize:])
}
