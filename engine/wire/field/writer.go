package field

import (
	"encoding/binary"

	"google.golang.org/protobuf/encoding/protowire"
)

// MaxNumber is the greatest number of a field. A Reader has one bit for each number.
const MaxNumber = 31

// A Writer appends the fields of a message to a buffer, or only counts their bytes. So one
// description of a message gives its encoding and its size.
type Writer struct {
	buf      []byte
	size     int // bytes counted; 0 if the Writer appends
	counting bool
}

// zeros reserves the bytes of a length.
var zeros [binary.MaxVarintLen64]byte

// Append returns a Writer that appends to dst.
func Append(dst []byte) Writer { return Writer{buf: dst} }

// Count returns a Writer that counts bytes.
func Count() Writer { return Writer{counting: true} }

// Bytes returns the buffer with all that was appended.
func (w *Writer) Bytes() []byte { return w.buf }

// Size returns the number of bytes that were counted.
func (w *Writer) Size() int { return w.size }

// Uint writes a varint field unless v is 0.
func (w *Writer) Uint(num int, v uint64) {
	switch {
	case v == 0:
	case short(num, v) && !w.counting:
		w.buf = append(w.buf, byte(num<<3)|byte(protowire.VarintType), byte(v))
	default:
		w.tag(num, protowire.VarintType)
		w.varint(v)
	}
}

// Bool writes a bool field unless v is false.
func (w *Writer) Bool(num int, v bool) {
	if v {
		w.Uint(num, 1)
	}
}

// Fixed writes a fixed64 field unless v is 0.
func (w *Writer) Fixed(num int, v uint64) {
	if v == 0 {
		return
	}
	w.tag(num, protowire.Fixed64Type)
	w.PackedFixed(v)
}

// Blob writes a bytes field unless v is empty.
func (w *Writer) Blob(num int, v []byte) {
	if len(v) == 0 {
		return
	}
	w.head(num, len(v))
	if w.counting {
		w.size += len(v)
		return
	}
	w.buf = append(w.buf, v...)
}

// String writes a string field unless v is empty. The caller knows that v is UTF-8.
func (w *Writer) String(num int, v string) {
	if v != "" {
		w.Element(num, v)
	}
}

// Strings writes a repeated string field. The caller knows that all of v are UTF-8.
func (w *Writer) Strings(num int, v []string) {
	for _, s := range v {
		w.Element(num, s)
	}
}

// Element writes one string of a repeated field, also if v is empty.
func (w *Writer) Element(num int, v string) {
	w.head(num, len(v))
	if w.counting {
		w.size += len(v)
		return
	}
	w.buf = append(w.buf, v...)
}

// A Mark is the start of a message or a packed field that Open began.
type Mark struct {
	start int // of the content
	width int // bytes that are reserved for the length
}

// Open begins a message or a packed field of about that many bytes. The caller writes the content
// and then calls Close. If about is wrong, Close may have to move the content, and the encoding is
// the same.
func (w *Writer) Open(num, about int) Mark {
	w.tag(num, protowire.BytesType)
	if w.counting {
		return Mark{start: w.size}
	}
	width := protowire.SizeVarint(uint64(about))
	w.buf = append(w.buf, zeros[:width]...)
	return Mark{start: len(w.buf), width: width}
}

// Close ends what Open began. Marks are closed in the reverse order of their opening.
func (w *Writer) Close(m Mark) {
	if w.counting {
		w.size += protowire.SizeVarint(uint64(w.size - m.start))
		return
	}
	size := len(w.buf) - m.start
	if width := protowire.SizeVarint(uint64(size)); width != m.width {
		w.move(m.start, width-m.width)
		m.start += width - m.width
		m.width = width
	}
	head := w.buf[m.start-m.width : m.start]
	for v := uint64(size); ; v >>= 7 {
		if len(head) == 1 {
			head[0] = byte(v)
			return
		}
		head[0] = byte(v) | 0x80
		head = head[1:]
	}
}

// move moves the content from start on by some bytes.
func (w *Writer) move(start, by int) {
	end := len(w.buf)
	w.buf = append(w.buf, zeros[:max(by, 0)]...)
	copy(w.buf[start+by:], w.buf[start:end])
	w.buf = w.buf[:end+by]
}

// PackedUint writes a varint of a packed field that Open began.
func (w *Writer) PackedUint(v uint64) { w.varint(v) }

// PackedFixed writes a fixed64 of a packed field that Open began.
func (w *Writer) PackedFixed(v uint64) {
	if w.counting {
		w.size += 8
		return
	}
	w.buf = binary.LittleEndian.AppendUint64(w.buf, v)
}

// head writes the tag and the length of a field that has a length.
func (w *Writer) head(num, size int) {
	if short(num, uint64(size)) && !w.counting {
		w.buf = append(w.buf, byte(num<<3)|byte(protowire.BytesType), byte(size))
		return
	}
	w.tag(num, protowire.BytesType)
	w.varint(uint64(size))
}

// short reports whether a tag and a varint take one byte each, as most do.
func short(num int, v uint64) bool { return num < 16 && v < 0x80 }

func (w *Writer) tag(num int, typ protowire.Type) { w.varint(uint64(num)<<3 | uint64(typ)) }

func (w *Writer) varint(v uint64) {
	switch {
	case w.counting:
		w.size += protowire.SizeVarint(v)
	case v < 0x80:
		w.buf = append(w.buf, byte(v))
	default:
		w.buf = protowire.AppendVarint(w.buf, v)
	}
}
