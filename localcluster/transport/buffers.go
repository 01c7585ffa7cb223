package transport

import (
	"io"
	"sync"

	"ringside/engine/wire"
)

// KeepBuffer is the size in bytes of the largest buffer that is kept for reuse. A value of the
// largest size fits.
const KeepBuffer = 2 << 20

// buffers holds free write buffers, which all connections share. The garbage collector takes them
// when nothing is written.
var buffers sync.Pool

func takeBuffer() []byte {
	if b, ok := buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

func freeBuffer(b []byte) {
	if cap(b) > 0 && cap(b) <= KeepBuffer {
		buffers.Put(&b)
	}
}

// frameReaders holds readers whose connections have ended, for their buffers. Nodes with many peers
// make and end connections all the time.
var frameReaders sync.Pool

func takeFrameReader(r io.Reader, limit int) *wire.FrameReader {
	if f, ok := frameReaders.Get().(*wire.FrameReader); ok {
		f.Reset(r, limit)
		return f
	}
	return wire.NewFrameReader(r, limit)
}

func freeFrameReader(f *wire.FrameReader) {
	f.Reset(nil, 0) // forgets the connection
	f.Admit = nil
	frameReaders.Put(f)
}

// FrameSize returns the bytes that a payload takes in a queue.
func FrameSize(payload []byte) int { return wire.FrameHeader + len(payload) }
