package wire

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"ringside/engine/wire/field"
)

var errText = errors.New("message: a text that is not UTF-8")

// ClientRequest decodes what AppendClientRequest encoded.
func (d *Decoder) ClientRequest(b []byte) (id uint64, r ClientRequest, err error) {
	id, kind, body, err := readEnvelope("client_request", b)
	if err == nil {
		r, err = d.request(kind, body)
	}
	d.reset()
	if err != nil {
		return 0, nil, fmt.Errorf("wire: decode request: %w", err)
	}
	return id, r, nil
}

// readEnvelope reads a message with an id and one body, which has the number kind, 2 to 6.
func readEnvelope(name string, b []byte) (id, kind uint64, body []byte, err error) {
	if err := checkSize("encoding", len(b), MaxFrame); err != nil {
		return 0, 0, nil, err
	}
	r := field.Read(name, b)
	for r.Next() {
		switch r.Number() {
		case 1:
			id = r.Uint()
		case 2, 3, 4, 5, 6:
			kind, body = oneBody(&r, kind)
		default:
			r.Unknown()
		}
	}
	if err := r.Err(); err != nil {
		return 0, 0, nil, err
	}
	if kind == 0 {
		return 0, 0, nil, errNoBody
	}
	return id, kind, body, nil
}

// request reads the request with the number kind, 2 to 6.
func (d *Decoder) request(kind uint64, b []byte) (ClientRequest, error) {
	switch kind {
	case 2:
		return d.get(b)
	case 3:
		return d.put(b)
	case 4:
		return readMembershipRequest(b)
	case 5:
		return d.listRequest(b)
	default:
		return readForgetRequest(b)
	}
}

func (d *Decoder) get(b []byte) (GetRequest, error) {
	var m GetRequest
	r := field.Read("get_request", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Request = r.Uint()
		case 2:
			m.Key = r.Blob()
		case 3:
			m.Quorum = readQuorum(&r)
		case 4:
			m.Digest = r.Fixed()
		case 5:
			m.NoRepair = r.Bool()
		default:
			r.Unknown()
		}
	}
	if err := first(r.Err(), checkGet(&m)); err != nil {
		return m, err
	}
	m.Key = d.copy(m.Key)
	return m, nil
}

func (d *Decoder) put(b []byte) (PutRequest, error) {
	var m PutRequest
	r := field.Read("put_request", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Request = r.Uint()
		case 2:
			m.Key = r.Blob()
		case 3:
			m.Context = r.Blob()
		case 4:
			m.Value = r.Blob()
		case 5:
			m.Delete = r.Bool()
		case 7:
			m.Quorum = readQuorum(&r)
		case 8:
			m.Balanced = r.Bool()
		case 9:
			m.Digest = r.Fixed()
		case 10:
			m.Meta = r.Blob()
		case 11:
			m.Overwrite = r.Bool()
		case 12:
			m.Blind = r.Bool()
		default:
			r.Unknown()
		}
	}
	if err := first(r.Err(), checkPut(&m)); err != nil {
		return m, err
	}
	room := d.memory(aboutPut(&m))
	m.Key, m.Context = room.keep(m.Key), room.keep(m.Context)
	m.Value, m.Meta = room.keep(m.Value), room.keep(m.Meta)
	return m, nil
}

func readQuorum(outer *field.Reader) Quorum {
	var q Quorum
	r := field.Read("quorum", outer.Blob())
	for r.Next() {
		switch r.Number() {
		case 1:
			q.R = count(r.Uint())
		case 2:
			q.W = count(r.Uint())
		case 3:
			q.Strict = r.Bool()
		case 4:
			q.PR = count(r.Uint())
		case 5:
			q.PW = count(r.Uint())
		case 6:
			q.N = count(r.Uint())
		default:
			r.Unknown()
		}
	}
	outer.Fail(r.Err())
	return q
}

func readMembershipRequest(b []byte) (MembershipRequest, error) {
	var m MembershipRequest
	r := field.Read("membership_request", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Request = r.Uint()
		default:
			r.Unknown()
		}
	}
	return m, r.Err()
}

// ClientReply decodes what AppendClientReply encoded.
func (d *Decoder) ClientReply(b []byte) (id uint64, r ClientReply, err error) {
	id, kind, body, err := readEnvelope("client_reply", b)
	if err == nil {
		r, err = d.reply(kind, body)
	}
	d.reset()
	if err != nil {
		return 0, nil, fmt.Errorf("wire: decode reply: %w", err)
	}
	return id, r, nil
}

// reply reads the reply with the number kind, 2 to 6.
func (d *Decoder) reply(kind uint64, b []byte) (ClientReply, error) {
	switch kind {
	case 2:
		return d.getReply(b)
	case 3:
		return d.putReply(b)
	case 4:
		return d.membershipReply(b)
	case 5:
		return d.listReply(b)
	default:
		return readForgetReply(b)
	}
}

func (d *Decoder) getReply(b []byte) (GetReply, error) {
	var m GetReply
	r := field.Read("get_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Request = r.Uint()
		case 2:
			m.Err = readCode(&r)
		case 3:
			m.Message = readText(&r)
		case 4:
			d.sibling(0, MaxMerged, &r)
		case 5:
			d.sibling(1, MaxMerged, &r)
		case 6:
			m.Context = r.Blob()
		case 7:
			m.Coordinator = d.names.get(r.Blob())
		case 8:
			d.node(0, "replied", &r)
		case 9:
			m.Digest = r.Fixed()
		case 10:
			d.node(1, "missing", &r)
		case 11:
			d.sibling(2, MaxMerged, &r)
		case 12:
			m.Primaries = count(r.Uint())
		default:
			r.Unknown()
		}
	}
	m.Siblings, m.Tombstones, m.Lost = d.versions[0], d.versions[1], d.versions[2]
	m.Replied, m.Missing = d.lists[0], d.lists[1]
	if err := first(r.Err(), checkGetReply(&m)); err != nil {
		return m, err
	}
	room := newMemory(len(m.Context), m.Siblings, m.Tombstones, m.Lost)
	m.Siblings, m.Tombstones = room.siblings(m.Siblings), room.siblings(m.Tombstones)
	m.Lost, m.Context = room.siblings(m.Lost), room.keep(m.Context)
	m.Replied, m.Missing = copyOf(m.Replied), copyOf(m.Missing)
	return m, nil
}

// readText returns the text of an error.
func readText(r *field.Reader) string {
	b := r.Blob()
	r.Fail(checkSize("message", len(b), MaxText))
	if !utf8.Valid(b) {
		r.Fail(errText)
	}
	if r.Err() != nil {
		return ""
	}
	return string(b)
}

func (d *Decoder) putReply(b []byte) (PutReply, error) {
	var m PutReply
	r := field.Read("put_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Request = r.Uint()
		case 2:
			m.Err = readCode(&r)
		case 3:
			m.Message = readText(&r)
		case 4:
			m.Unknown = r.Bool()
		case 5:
			r.Fail(d.version(&m.Version, r.Blob()))
		case 6:
			m.Siblings = count(r.Uint())
		case 7:
			m.Context = r.Blob()
		case 8:
			m.Coordinator = d.names.get(r.Blob())
		case 9:
			d.node(0, "acks", &r)
		case 10:
			m.Hinted = d.hint(m.Hinted, &r)
		case 11:
			m.Digest = r.Fixed()
		case 12:
			d.sibling(0, MaxMerged, &r)
		case 13:
			m.Deletes = count(r.Uint())
		case 14:
			d.node(1, "missing", &r)
		case 15:
			m.Primaries = count(r.Uint())
		default:
			r.Unknown()
		}
	}
	m.LostTo, m.Acks, m.Missing = d.versions[0], d.lists[0], d.lists[1]
	if err := first(r.Err(), checkPutReply(&m)); err != nil {
		return m, err
	}
	own := &m.Version
	room := newMemory(len(m.Context)+len(own.Value)+len(own.Meta), m.LostTo)
	own.Past = copyOf(own.Past)
	own.Value, own.Meta = room.keep(own.Value), room.keep(own.Meta)
	m.Context, m.LostTo = room.keep(m.Context), room.siblings(m.LostTo)
	m.Acks, m.Missing = copyOf(m.Acks), copyOf(m.Missing)
	return m, nil
}

// hint reads a hint and appends it to hints.
func (d *Decoder) hint(hints []Hint, outer *field.Reader) []Hint {
	var h Hint
	r := field.Read("hint", outer.Element())
	for r.Next() {
		switch r.Number() {
		case 1:
			h.Holder = d.names.get(r.Blob())
		case 2:
			h.For = d.names.get(r.Blob())
		default:
			r.Unknown()
		}
	}
	hints = append(hints, h)
	outer.Fail(first(r.Err(), checkSize("hinted", len(hints), MaxNodes)))
	return hints
}

func (d *Decoder) membershipReply(b []byte) (MembershipReply, error) {
	var m MembershipReply
	r := field.Read("membership_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Request = r.Uint()
		case 2:
			m.Err = readCode(&r)
		case 3:
			m.Message = readText(&r)
		case 4:
			m.Digest = r.Fixed()
		case 5:
			m.Changes = d.change(m.Changes, &r)
		default:
			r.Unknown()
		}
	}
	return m, first(r.Err(), checkMembershipReply(&m))
}
