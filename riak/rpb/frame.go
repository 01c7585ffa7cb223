package rpb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"
)

const (
	// MaxRequest bounds the bytes of a frame with a request. A value of the largest size with the
	// largest metadata takes half of that.
	MaxRequest = 4 << 20
	// MaxReply bounds the bytes of a frame with a reply, which has all siblings of a key.
	MaxReply = 64 << 20

	// headerSize is the size of a frame's length.
	headerSize = 4
	// step is how much of a body is read at once, so that a length alone takes no memory.
	step = 64 << 10
)

var (
	// ErrEmptyFrame is the error for a frame without a code.
	ErrEmptyFrame = errors.New("empty frame")
	// ErrTooLarge is the error for a frame that is longer than the reader allows. No byte behind
	// the length was read.
	ErrTooLarge = errors.New("frame too large")
)

// A Header has the length of a frame: that of its code and its body.
type Header uint32

// ReadHeader reads the length of the next frame, which is 1 to max bytes. It returns io.EOF if r
// ends before the frame, ErrEmptyFrame, and an error that wraps ErrTooLarge.
func ReadHeader(r io.Reader, max int) (Header, error) {
	var b [headerSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint32(b[:])
	switch {
	case n == 0:
		return 0, ErrEmptyFrame
	case uint64(n) > uint64(max):
		return 0, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, n, max)
	}
	return Header(n), nil
}

// ReadRest reads the frame behind its header. The body is in the memory of buf if it has room. The
// memory that ReadRest allocates grows with the bytes that have arrived.
func (h Header) ReadRest(r io.Reader, buf []byte) (Code, []byte, error) {
	n := int(h)
	buf = buf[:0]
	for len(buf) < n {
		at := len(buf)
		more := min(n-at, max(step, at, cap(buf)-at))
		if cap(buf)-at < more {
			grown := make([]byte, at, at+more)
			copy(grown, buf)
			buf = grown
		}
		buf = buf[:at+more]
		if _, err := io.ReadFull(r, buf[at:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return 0, nil, err
		}
	}
	return Code(buf[0]), buf[1:], nil
}

// ReadFrame reads the next frame, which is 1 to max bytes long without its length.
func ReadFrame(r io.Reader, max int) (Code, []byte, error) {
	h, err := ReadHeader(r, max)
	if err != nil {
		return 0, nil, err
	}
	return h.ReadRest(r, nil)
}

// AppendFrame appends a frame to b. A nil m is an empty body.
func AppendFrame(b []byte, c Code, m proto.Message) ([]byte, error) {
	at := len(b)
	b = append(b, 0, 0, 0, 0, byte(c))
	if m != nil {
		var err error
		if b, err = (proto.MarshalOptions{}).MarshalAppend(b, m); err != nil {
			return b[:at], fmt.Errorf("rpb: encode frame %d: %w", c, err)
		}
	}
	n := len(b) - at - headerSize
	if n > MaxReply {
		return b[:at], fmt.Errorf("rpb: encode frame %d: %w: %d bytes", c, ErrTooLarge, n)
	}
	binary.BigEndian.PutUint32(b[at:], uint32(n))
	return b, nil
}
