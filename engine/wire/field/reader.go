package field

import (
	"encoding/binary"
	"fmt"
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// A Reader reads the fields of one message. The caller calls Next, then the method for the type of
// the field that Number names, and so on:
//
//	for r.Next() {
//		switch r.Number() {
//		case 1:
//			m.Key = r.Blob()
//		default:
//			r.Unknown()
//		}
//	}
//	return r.Err()
//
// After an error all methods return zero values, and Next returns false.
type Reader struct {
	b    []byte
	at   int    // where the next field or value begins
	name string // of the message, for errors
	err  error
	num  uint64
	typ  protowire.Type
	seen uint32 // bit n: the singular field n has come
}

// Read returns a Reader of the message b. The name is that of the message, for errors.
func Read(name string, b []byte) Reader { return Reader{b: b, name: name} }

// Next goes to the next field. It returns false at the end of the message and after an error.
func (r *Reader) Next() bool {
	if r.at >= len(r.b) || r.err != nil {
		return false
	}
	tag := r.varint()
	r.num, r.typ = tag>>3, protowire.Type(tag&7)
	return r.err == nil
}

// Number returns the number of the field. The caller passes numbers that it does not know to
// Unknown.
func (r *Reader) Number() uint64 { return r.num }

// Err returns the first error.
func (r *Reader) Err() error { return r.err }

// Fail ends the reading with an error of the caller unless err is nil.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Uint returns the value of a singular varint field.
func (r *Reader) Uint() uint64 {
	if !r.once(protowire.VarintType) {
		return 0
	}
	return r.varint()
}

// Bool returns the value of a singular bool field.
func (r *Reader) Bool() bool { return r.Uint() != 0 }

// Fixed returns the value of a singular fixed64 field.
func (r *Reader) Fixed() uint64 {
	if !r.once(protowire.Fixed64Type) {
		return 0
	}
	return r.fixed()
}

// Blob returns the value of a singular field that has a length: bytes, a string, a message, or a
// packed field. The value shares memory with the message.
func (r *Reader) Blob() []byte {
	if !r.once(protowire.BytesType) {
		return nil
	}
	return r.blob()
}

// Element returns one value of a repeated field whose values have lengths. The value shares memory
// with the message. The caller bounds the number of values.
func (r *Reader) Element() []byte {
	if r.typ != protowire.BytesType {
		r.Unknown()
		return nil
	}
	return r.blob()
}

// Unknown refuses the field.
func (r *Reader) Unknown() {
	if r.err == nil {
		r.err = fmt.Errorf("%s: unknown field %d of type %d", r.name, r.num, r.typ)
	}
}

// More reports whether another number follows, for a Reader of the value of a packed field.
func (r *Reader) More() bool { return r.at < len(r.b) && r.err == nil }

// PackedUint returns the next varint of a packed field.
func (r *Reader) PackedUint() uint64 { return r.varint() }

// PackedFixed returns the next fixed64 of a packed field.
func (r *Reader) PackedFixed() uint64 { return r.fixed() }

// once reports whether the field has the type typ and has not come before.
func (r *Reader) once(typ protowire.Type) bool {
	if r.typ != typ || r.num > MaxNumber {
		r.Unknown()
		return false
	}
	bit := uint32(1) << r.num
	if r.seen&bit != 0 {
		r.Fail(fmt.Errorf("%s: field %d comes twice", r.name, r.num))
		return false
	}
	r.seen |= bit
	return true
}

func (r *Reader) blob() []byte {
	n := r.varint()
	if n > uint64(len(r.b)-r.at) {
		r.torn(io.ErrUnexpectedEOF)
		return nil
	}
	end := r.at + int(n)
	v := r.b[r.at:end:end]
	r.at = end
	return v
}

func (r *Reader) fixed() uint64 {
	if len(r.b)-r.at < 8 {
		r.torn(io.ErrUnexpectedEOF)
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b[r.at:])
	r.at += 8
	return v
}

func (r *Reader) varint() uint64 {
	if r.at < len(r.b) && r.b[r.at] < 0x80 {
		r.at++
		return uint64(r.b[r.at-1])
	}
	return r.longVarint()
}

func (r *Reader) longVarint() uint64 {
	v, n := protowire.ConsumeVarint(r.b[r.at:])
	if n < 0 {
		r.torn(protowire.ParseError(n))
		return 0
	}
	r.at += n
	return v
}

// torn ends the reading of a message that is not protobuf.
func (r *Reader) torn(err error) {
	r.Fail(fmt.Errorf("%s: not protobuf: %w", r.name, err))
	r.at = len(r.b)
}
