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
	// FrameHeader is the size of what stands before a payload: its length (big-endian uint32) and its CRC-32C.
	FrameHeader = 8
	// frameBuffer is what a reader reads ahead, so that frames that arrived
	// together cost one system call.
	frameBuffer = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendFrame appends payload as a frame to dst, so that many frames go out in
// one write. The payload is not empty and at most MaxFrame long.
func AppendFrame(dst, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(payload)))
	dst = binary.BigEndian.AppendUint32(dst, crc32.Checksum(payload, castagnoli))
	return append(dst, payload...)
}

// A FrameReader takes the frames out of a stream.
type FrameReader struct {
	r     *bufio.Reader
	limit int
	held  int // bytes of r that the last frame still points into

	// Admit, if it is not nil, is called with the length of each payload before any memory is taken for it. It
	// may wait. An error ends the stream.
	Admit func(size int) error
}

// NewFrameReader reads frames of at most limit bytes of payload from r.
func NewFrameReader(r io.Reader, limit int) *FrameReader {
	return &FrameReader{r: bufio.NewReaderSize(r, frameBuffer), limit: min(limit, MaxFrame)}
}

// Next returns the next frame's payload, valid until the next call. It returns
// io.EOF itself at the end of the stream between two frames. After any error
// the stream has no frames left that can be trusted: close it.
func (f *FrameReader) Next() ([]byte, error) {
	f.r.Discard(f.held) // was peeked, so it is there
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

// payload reads n bytes: in place if the reader's buffer holds them, else into
// a buffer that grows with what arrives, since a header is only a claim. The buffer is not kept: a
// connection that carries nothing holds no memory but r.
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

// unexpected names the end of a stream inside a frame.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
