package wire

import (
	"errors"
	"fmt"
	"math"

	"ringside/engine/vclock"
	"ringside/engine/wire/field"
)

// The methods below read a message in place, check it, and then copy it. They refuse more than the
// generated code of wire.proto does: unknown fields, other wire types, groups, numbers that are not
// packed where wire.proto packs them, a singular field that comes twice, and two bodies. Like the
// generated code they accept fields in another order, zero values that could be absent, varints
// that are longer than necessary, and an absent message as an empty one.

var (
	// errBodies refuses a message with two bodies, of which protobuf would take the last one.
	errBodies = errors.New("more than one body")
	errNoBody = errors.New("no body")
)

// Message decodes what AppendMessage encoded.
func (d *Decoder) Message(b []byte) (Message, error) {
	m, err := d.message(b)
	d.reset()
	if err != nil {
		return Message{}, fmt.Errorf("wire: decode message: %w", err)
	}
	return m, nil
}

func (d *Decoder) message(b []byte) (m Message, err error) {
	if err := checkSize("encoding", len(b), MaxFrame); err != nil {
		return m, err
	}
	var body []byte
	var kind uint64
	r := field.Read("message", b)
	for r.Next() {
		switch n := r.Number(); n {
		case 1:
			m.From = d.names.get(r.Blob())
		case 2:
			m.To = d.names.get(r.Blob())
		case 3:
			m.Request = r.Uint()
		case 4:
			m.Op = r.Uint()
		case 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 19, 20, 21, 22:
			kind, body = oneBody(&r, kind)
		case 13:
			m.Digest = r.Fixed()
		default:
			r.Unknown()
		}
	}
	if err := r.Err(); err != nil {
		return m, err
	}
	if kind == 0 {
		return m, errNoBody
	}
	if err := checkEnds(&m); err != nil {
		return m, err
	}
	m.Body, err = d.body(kind, body)
	return m, err
}

// oneBody reads a body. earlier is the number of a body that came before, 0 if there is none.
func oneBody(r *field.Reader, earlier uint64) (kind uint64, body []byte) {
	body = r.Blob()
	if earlier != 0 {
		r.Fail(errBodies)
	}
	return r.Number(), body
}

// body reads the body with the number kind.
func (d *Decoder) body(kind uint64, b []byte) (Body, error) {
	switch kind {
	case 5:
		return Ping{}, empty("ping", b)
	case 6:
		return Pong{}, empty("pong", b)
	case 7:
		return d.read(b)
	case 8:
		return d.readReply(b)
	case 9:
		return d.write(b)
	case 10:
		return readWriteReply(b)
	case 11:
		put, err := readForwarded("forward", b, d.put)
		return Forward{Put: put}, err
	case 12:
		reply, err := readForwarded("forward_reply", b, d.putReply)
		return ForwardReply{Reply: reply}, err
	case 14:
		return readSync(b)
	case 15:
		return d.syncReply(b)
	case 16:
		return d.gossip(b)
	case 17:
		return d.offer(b)
	case 18:
		return d.offerReply(b)
	case 19:
		return readCollect(b)
	case 20:
		return readCollectReply(b)
	case 21:
		return d.keys(b)
	default:
		return readKeysReply(b)
	}
}

func empty(name string, b []byte) error {
	r := field.Read(name, b)
	if r.Next() {
		r.Unknown()
	}
	return r.Err()
}

func (d *Decoder) read(b []byte) (Read, error) {
	var m Read
	r := field.Read("read", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Key = r.Blob()
		default:
			r.Unknown()
		}
	}
	if err := first(r.Err(), checkRead(&m)); err != nil {
		return m, err
	}
	m.Key = d.copy(m.Key)
	return m, nil
}

func (d *Decoder) readReply(b []byte) (ReadReply, error) {
	var m ReadReply
	r := field.Read("read_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Err = readCode(&r)
		case 2:
			d.sibling(0, MaxMerged, &r)
		case 3:
			m.LWW = r.Bool()
		case 4:
			m.Home = r.Bool()
		case 5:
			d.node(0, "ask", &r)
		case 6:
			m.Returned = r.Bool()
		case 7:
			d.sibling(1, MaxMerged, &r)
		default:
			r.Unknown()
		}
	}
	m.Siblings, m.Lost, m.Ask = d.versions[0], d.versions[1], d.lists[0]
	if err := first(r.Err(), checkReadReply(&m)); err != nil {
		return m, err
	}
	room := d.memory(0, m.Siblings, m.Lost)
	m.Siblings, m.Lost, m.Ask = room.siblings(m.Siblings), room.siblings(m.Lost), copyOf(m.Ask)
	return m, nil
}

func (d *Decoder) write(b []byte) (Write, error) {
	m, err := d.writeInPlace(b)
	if err != nil {
		return m, err
	}
	room := d.memory(len(m.Key), m.Siblings)
	m.Key, m.Siblings = room.keep(m.Key), room.siblings(m.Siblings)
	return m, nil
}

// writeInPlace reads and checks a Write whose parts lie in b and in the lists of d.
func (d *Decoder) writeInPlace(b []byte) (Write, error) {
	var m Write
	r := field.Read("write", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Key = r.Blob()
		case 2:
			d.sibling(0, MaxMerged, &r)
		case 3:
			m.LWW = r.Bool()
		case 4:
			m.For = d.names.get(r.Blob())
		case 5:
			m.Purpose = Purpose(small(r.Uint()))
		case 6:
			m.Lazy = r.Bool()
		default:
			r.Unknown()
		}
	}
	m.Siblings = d.versions[0]
	return m, first(r.Err(), checkWrite(&m))
}

func readWriteReply(b []byte) (WriteReply, error) {
	var m WriteReply
	r := field.Read("write_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Err = readCode(&r)
		default:
			r.Unknown()
		}
	}
	return m, first(r.Err(), checkCode(m.Err))
}

// readForwarded reads a message whose only field is another message.
func readForwarded[T any](name string, b []byte, read func([]byte) (T, error)) (T, error) {
	var inner []byte
	r := field.Read(name, b)
	for r.Next() {
		switch r.Number() {
		case 1:
			inner = r.Blob()
		default:
			r.Unknown()
		}
	}
	if err := r.Err(); err != nil {
		var none T
		return none, err
	}
	return read(inner)
}

// sibling reads a version into a list of the message, which has at most limit versions. It refuses
// a version without a dot at once, so that many empty versions take no memory.
func (d *Decoder) sibling(list, limit int, r *field.Reader) {
	b := r.Element()
	if r.Err() != nil {
		return
	}
	s := append(d.versions[list], vclock.Version{})
	d.versions[list] = s
	v := &s[len(s)-1]
	if err := first(checkSize("siblings", len(s), limit), d.version(v, b), checkDot(v)); err != nil {
		r.Fail(fmt.Errorf("sibling %d: %w", len(s)-1, err))
	}
}

// node reads the name of a node into a list of the message.
func (d *Decoder) node(list int, what string, r *field.Reader) {
	s := append(d.lists[list], d.names.get(r.Element()))
	d.lists[list] = s
	r.Fail(checkSize(what, len(s), MaxNodes))
}

// small returns a number of 32 bits, or the greatest byte, which no check accepts, if the number
// does not fit in a byte. Like protobuf, small ignores higher bits than 32.
func small(n uint64) uint8 { return uint8(min(uint32(n), math.MaxUint8)) }

// count returns a number of 32 bits, or the greatest int32, which exceeds every limit, if the
// number does not fit. Like protobuf, count ignores higher bits than 32.
func count(n uint64) int { return int(min(uint32(n), math.MaxInt32)) }

// readCode returns the code in the field. A number that does not fit in a byte gives an invalid
// code.
func readCode(r *field.Reader) Code { return Code(small(r.Uint())) }
