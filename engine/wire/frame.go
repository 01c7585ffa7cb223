package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

const (
	// FrameHeader is the number of bytes before a payload: its length and its CRC-32C, each a
	// big-endian uint32.
	FrameHeader = 8
	// frameBuffer is the number of bytes that a reader reads ahead, so that frames that arrived
	// together cost one system call.
	frameBuffer = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendFrame appends a frame with payload to dst, so that one write can send many frames. The
// payload must have 1 to MaxFrame bytes.
func AppendFrame(dst, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.BigEndian.AppendUint32(dst, crc32.Checksum(payload, castagnoli))
	return append(dst, payload...)
}

// A FrameReader reads the frames of a stream. It is for one goroutine.
type FrameReader struct {
	r     *bufio.Reader
	limit int
	held  int // bytes of r that the last payload points into

	// Admit, if not nil, is called with the length of each payload before Next takes memory for it.
	// Admit may wait. An error of Admit ends the stream.
	Admit func(size int) error
}

// NewFrameReader returns a reader of the frames of r. It refuses payloads of more than limit bytes.
func NewFrameReader(r io.Reader, limit int) *FrameReader {
	return &FrameReader{r: bufio.NewReaderSize(r, frameBuffer), limit: min(limit, MaxFrame)}
}

// Reset makes f a reader of another stream, which keeps the buffer of f. Admit stays as it is.
func (f *FrameReader) Reset(r io.Reader, limit int) {
	f.r.Reset(r)
	f.limit, f.held = min(limit, MaxFrame), 0
}

// Next returns the payload of the next frame, which is valid until the next call. It returns io.EOF
// itself if the stream ends between two frames. After any error the caller must close the stream,
// because the start of the next frame is unknown.
func (f *FrameReader) Next() ([]byte, error) {
	f.r.Discard(f.held) // was peeked, so the buffer has it
	f.held = 0
	n, sum, err := f.header()
	if err != nil {
		return nil, err
	}
	if f.Admit != nil {
		if err := f.Admit(n); err != nil {
			return nil, fmt.Errorf("wire: frame of %d bytes: %w", n, err)
		}
	}
	payload, err := f.payload(n)
	if err != nil {
		return nil, fmt.Errorf("wire: frame of %d bytes: %w", n, err)
	}
	if got := crc32.Checksum(payload, castagnoli); got != sum {
		return nil, fmt.Errorf("wire: frame of %d bytes: checksum %08x, not %08x", n, got, sum)
	}
	return payload, nil
}

func (f *FrameReader) header() (n int, sum uint32, err error) {
	h, err := f.r.Peek(FrameHeader)
	if err != nil {
		if len(h) > 0 && errors.Is(err, io.EOF) {
			return 0, 0, fmt.Errorf("wire: frame header of %d bytes: %w", len(h), io.ErrUnexpectedEOF)
		}
		if errors.Is(err, io.EOF) {
			return 0, 0, io.EOF
		}
		return 0, 0, fmt.Errorf("wire: frame: %w", err)
	}
	size := binary.BigEndian.Uint32(h)
	switch {
	case size == 0: // a stream of zeros is not a stream of frames
		return 0, 0, errors.New("wire: frame of no bytes")
	case uint64(size) > uint64(f.limit):
		return 0, 0, fmt.Errorf("wire: frame of %d bytes, limit %d: %w", size, f.limit, ErrTooLarge)
	}
	sum = binary.BigEndian.Uint32(h[4:])
	f.r.Discard(FrameHeader)
	return int(size), sum, nil
}

// payload reads n bytes. They stay in the reader's buffer if they fit. Otherwise payload reads them
// into a new buffer that grows as bytes arrive, because a header may lie about the length. The new
// buffer is not kept, so an idle connection has no memory but that of r.
func (f *FrameReader) payload(n int) ([]byte, error) {
	if n <= f.r.Size() {
		p, err := f.r.Peek(n)
		if err != nil {
			return nil, unexpected(err)
		}
		f.held = n
		return p, nil
	}
	var buf []byte
	for len(buf) < n {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(n, max(frameBuffer, 2*cap(buf))))
			copy(grown, buf)
			buf = grown
		}
		end := min(n, cap(buf))
		m, err := io.ReadFull(f.r, buf[len(buf):end])
		buf = buf[:len(buf)+m]
		if err != nil {
			return nil, unexpected(err)
		}
	}
	return buf, nil
}

// unexpected returns err, or io.ErrUnexpectedEOF for the end of a stream inside a frame.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
