package wire

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"ringside/engine/member"
	"ringside/engine/wire/wirepb"
)

// A shape describes the fields of a protobuf message, for scan.
type shape struct {
	name   string
	fields [maxField]shapeField
}

// maxField exceeds every field number in wire.proto; shapeOf panics otherwise.
const maxField = 32

// A shapeField is one field of a shape.
type shapeField struct {
	name     string
	typ      protowire.Type
	known    bool
	repeated bool
	packed   bool
	sub      *shape // of the field's message, nil for other types
}

const (
	// maxRepeated bounds the entries of each repeated field. The check functions have lower limits.
	maxRepeated = max(MaxMerged, MaxClock, MaxNodes, member.MaxChanges)
	// maxPacked bounds the bytes of a packed field: maxRepeated numbers of the longest encoding.
	maxPacked = maxRepeated * 10
)

// The shapes of the messages that arrive from outside.
var (
	messageShape       = shapeOf((*wirepb.Message)(nil).ProtoReflect().Descriptor())
	clientRequestShape = shapeOf((*wirepb.ClientRequest)(nil).ProtoReflect().Descriptor())
	clientReplyShape   = shapeOf((*wirepb.ClientReply)(nil).ProtoReflect().Descriptor())
	contextShape       = shapeOf((*wirepb.Context)(nil).ProtoReflect().Descriptor())
)

// shapeOf returns the shape of a message. No message of wire.proto contains itself.
func shapeOf(md protoreflect.MessageDescriptor) *shape {
	s := &shape{name: string(md.Name())}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		f := shapeField{name: string(fd.Name()), known: true, repeated: fd.IsList(), packed: fd.IsPacked()}
		switch fd.Kind() {
		case protoreflect.MessageKind:
			f.typ, f.sub = protowire.BytesType, shapeOf(fd.Message())
		case protoreflect.StringKind, protoreflect.BytesKind:
			f.typ = protowire.BytesType
		case protoreflect.Fixed64Kind:
			f.typ = protowire.Fixed64Type
		default:
			f.typ = protowire.VarintType
		}
		if f.packed {
			f.typ = protowire.BytesType
		}
		s.fields[fd.Number()] = f
	}
	return s
}

// scan checks an encoded message without allocating. It refuses unknown fields, repeated singular
// fields, and more entries than maxRepeated. Without the limit, protobuf would allocate about 100
// bytes for an empty version of 2 bytes.
func (s *shape) scan(b []byte) error {
	var count [maxField]int
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%s: not protobuf: %w", s.name, protowire.ParseError(n))
		}
		if num >= maxField || !s.fields[num].known || s.fields[num].typ != typ {
			return fmt.Errorf("%s: unknown field %d", s.name, num)
		}
		f := &s.fields[num]
		m := protowire.ConsumeFieldValue(num, typ, b[n:])
		if m < 0 {
			return fmt.Errorf("%s.%s: not protobuf: %w", s.name, f.name, protowire.ParseError(m))
		}
		value := b[n : n+m]
		b = b[n+m:]
		count[num]++
		if err := f.check(count[num], value); err != nil {
			return fmt.Errorf("%s.%s: %w", s.name, f.name, err)
		}
	}
	return nil
}

// check checks the value of the count-th occurrence of the field.
func (f *shapeField) check(count int, value []byte) error {
	if f.typ == protowire.BytesType {
		value, _ = protowire.ConsumeBytes(value) // scan has checked that the value is whole
	}
	switch {
	case f.repeated && !f.packed && count > maxRepeated:
		return fmt.Errorf("more than %d entries: %w", maxRepeated, ErrTooLarge)
	case f.packed && len(value) > maxPacked:
		return fmt.Errorf("more than %d bytes: %w", maxPacked, ErrTooLarge)
	case (!f.repeated || f.packed) && count > 1:
		return errors.New("the field comes twice")
	case f.sub != nil:
		return f.sub.scan(value)
	}
	return nil
}
