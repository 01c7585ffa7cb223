package floor

import (
	"bufio"
	"encoding/binary"
	"errors"
)

// A frame is its header and padding up to the size that the header states.
//
//	size uint32 | kind uint8 | op uint8 | sender uint16 | id uint64
const (
	// MinSize is the size of the smallest frame in bytes: a header.
	MinSize = 16
	// MaxSize bounds the frames that a Floor sends, and the buffers of its connections.
	MaxSize = 8 << 20
	// readBuffer is the number of bytes that a connection reads ahead: some fifty messages of the
	// usual sizes. A hundred nodes have thousands of connections.
	readBuffer = 16 << 10
)

// A kind says what a frame is.
type kind uint8

const (
	hello   kind = iota // the first frame of a connection: its sender says whether it is a node
	request             // client to coordinator
	ask                 // coordinator to replica
	answer              // replica to coordinator
	reply               // coordinator to client
)

// clientSender is the sender of the hello of a client. Nodes send their index.
const clientSender = 1<<16 - 1

// The id of a client's hello says whether several clients share the connection.
const (
	singleHello = iota
	sharedHello
)

// A header is all that a frame says.
type header struct {
	size   int
	kind   kind
	op     Op
	sender int
	id     uint64 // of the operation at its coordinator, or of the request at its client
}

func (h header) put(b []byte) {
	binary.BigEndian.PutUint32(b, uint32(h.size))
	b[4], b[5] = byte(h.kind), byte(h.op)
	binary.BigEndian.PutUint16(b[6:], uint16(h.sender))
	binary.BigEndian.PutUint64(b[8:], h.id)
}

func parse(b []byte) header {
	return header{
		size: int(binary.BigEndian.Uint32(b)), kind: kind(b[4]), op: Op(b[5]),
		sender: int(binary.BigEndian.Uint16(b[6:])), id: binary.BigEndian.Uint64(b[8:]),
	}
}

var errFrame = errors.New("floor: a frame of an invalid size")

// read returns the next header of r and skips the padding.
func read(r *bufio.Reader) (header, error) {
	b, err := r.Peek(MinSize)
	if err != nil {
		return header{}, err
	}
	h := parse(b)
	if h.size < MinSize || h.size > MaxSize {
		return header{}, errFrame
	}
	_, err = r.Discard(h.size)
	return h, err
}
