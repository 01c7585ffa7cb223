package wire

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"ringside/engine/member"
	"ringside/engine/wire/wirepb"
)

// A shape is what scan knows of one protobuf message.
type shape struct {
	name   string
	fields [maxField]field
}

// maxField is one more than the highest field number.
const maxField = 32

type field struct {
	name     string
	typ      protowire.Type
	known    bool
	repeated bool
	packed   bool
	sub      *shape
}

const (
	// maxRepeated bounds every repeated field of every message: the largest of
	// MaxMerged, MaxClock, MaxNodes and what a history may have.
	maxRepeated = max(MaxMerged, MaxClock, MaxNodes, member.MaxChanges)
	// maxPacked is the bytes of maxRepeated packed numbers of the longest kind.
	maxPacked = maxRepeated * 10
)

// The shapes of what arrives from outside.
var (
	messageShape       = shapeOf((*wirepb.Message)(nil).ProtoReflect().Descriptor())
	clientRequestShape = shapeOf((*wirepb.ClientRequest)(nil).ProtoReflect().Descriptor())
	clientReplyShape   = shapeOf((*wirepb.ClientReply)(nil).ProtoReflect().Descriptor())
	contextShape       = shapeOf((*wirepb.Context)(nil).ProtoReflect().Descriptor())
)

// shapeOf reads a descriptor; no message of wire.proto contains itself.
func shapeOf(md protoreflect.MessageDescriptor) *shape {
	s := &shape{name: string(md.Name())}
	for i := range md.Fields().Len() {
		fd := md.Fields().Get(i)
		f := field{name: string(fd.Name()), known: true, repeated: fd.IsList(), packed: fd.IsPacked()}
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

// scan walks the bytes of a message without allocating anything and refuses
// what would make protobuf allocate out of proportion (two bytes make an
// empty version of a hundred), and what no encoder of ours writes: unknown
// fields, and single fields that come twice.
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

// check looks at the field's count-th occurrence.
func (f *field) check(count int, value []byte) error {
	if f.typ == protowire.BytesType {
		value, _ = protowire.ConsumeBytes(value) // scan has seen that it is whole
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
