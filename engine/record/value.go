package record

import (
	"fmt"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/vclock"
	"ringside/engine/wire"
	"ringside/engine/wire/field"
)

// A Record is what a node stores of a key, as a home or as a fallback.
type Record struct {
	// Siblings are the versions that the node holds, sorted by dot. Empty: only Own is known.
	Siblings vclock.Siblings
	// LWW reports whether the versions are reconciled by last write wins.
	LWW bool
	// Own is the last dot that this node minted for the key, as far as the record knows. A hint's
	// Own is zero.
	Own Own
	// Stored is the time in ns since 1970 at which a hint was first stored. It is 0 in other
	// records.
	Stored int64
}

// Own is the last dot that a node minted for a key, without the node's name. A dot that was minted
// twice would make replicas drop a write, so a node never forgets it (§4.4). The zero Own means
// that no dot is known.
type Own struct{ Epoch, Counter uint64 }

// Self is what a node stores about itself (§4.4).
type Self struct {
	// Incarnation is the number of the disk's incarnation, below 2^40.
	Incarnation uint64
	// Epochs counts the epochs that began in the incarnation, below 2^24.
	Epochs uint64
	// Run is the number of the node's latest run on this disk, 0 if no run had a number.
	Run uint64
}

// Membership is what a node must remember of the ring's members (§4.8.1). One stored value holds
// either the history or what concerns one key range.
type Membership struct {
	// Changes is the history of the ring, sorted by time.
	Changes member.History
	// Pending are the ranges that the node is a home of and was not yet given.
	Pending []PendingRange
	// Lost are the ranges that the node was a home of and still holds in full. Their From is empty.
	Lost []PendingRange
}

// A PendingRange is a key range (Start, End] that changes hands. From are the nodes that held the
// range before.
type PendingRange struct {
	Start, End ring.Position
	From       []string
}

// Encode returns the stored form of r, never nil. Equal records have equal bytes. Encode checks no
// limit, so that a node can always write what it holds. It panics if a name is not UTF-8.
func Encode(r Record) []byte {
	n := field.Count()
	writeRecord(&n, &r)
	w := start(recordFormat, n.Size())
	writeRecord(&w, &r)
	return finish(&w)
}

func writeRecord(w *field.Writer, r *Record) {
	wire.WriteVersions(w, 1, r.Siblings)
	w.Bool(2, r.LWW)
	if r.Own != (Own{}) {
		m := w.Open(3, 0)
		writeOwn(w, r.Own)
		w.Close(m)
	}
	w.Fixed(4, uint64(r.Stored))
}

// Decode reads what Encode wrote. The result shares no memory with b. Every error wraps
// store.ErrCorrupt. A Decoder that is kept decodes faster.
func Decode(b []byte) (Record, error) {
	var d Decoder
	return d.Decode(b)
}

// A Decoder decodes records, and remembers the names of nodes between them. It belongs to one
// goroutine. The zero Decoder is ready.
type Decoder struct{ wire wire.Decoder }

// Decode is the function Decode with the memory of the Decoder.
func (d *Decoder) Decode(b []byte) (Record, error) {
	r, err := open(recordFormat, "record", b)
	if err != nil {
		return Record{}, err
	}
	var rec Record
	for r.Next() {
		switch r.Number() {
		case 1:
			d.wire.AddVersion(&r)
		case 2:
			rec.LWW = r.Bool()
		case 3:
			own := field.Read("own", r.Blob())
			rec.Own = readOwn(&own)
			r.Fail(own.Err())
		case 4:
			rec.Stored = int64(r.Fixed())
		default:
			r.Unknown()
		}
	}
	rec.Siblings, err = d.wire.Versions()
	r.Fail(err)
	if err := r.Err(); err != nil {
		return Record{}, corrupt("record", err)
	}
	return rec, nil
}

// EncodeOwn returns the stored form of o, never nil.
func EncodeOwn(o Own) []byte {
	n := field.Count()
	writeOwn(&n, o)
	w := start(ownFormat, n.Size())
	writeOwn(&w, o)
	return finish(&w)
}

// DecodeOwn reads what EncodeOwn wrote. Every error wraps store.ErrCorrupt.
func DecodeOwn(b []byte) (Own, error) {
	r, err := open(ownFormat, "own dot", b)
	if err != nil {
		return Own{}, err
	}
	o := readOwn(&r)
	if err := r.Err(); err != nil {
		return Own{}, corrupt("own dot", err)
	}
	return o, nil
}

func writeOwn(w *field.Writer, o Own) {
	w.Fixed(1, o.Epoch)
	w.Uint(2, o.Counter)
}

func readOwn(r *field.Reader) (o Own) {
	for r.Next() {
		switch r.Number() {
		case 1:
			o.Epoch = r.Fixed()
		case 2:
			o.Counter = r.Uint()
		default:
			r.Unknown()
		}
	}
	return o
}

// EncodeSelf returns the stored form of s, never nil.
func EncodeSelf(s Self) []byte {
	n := field.Count()
	writeSelf(&n, s)
	w := start(ownFormat, n.Size())
	writeSelf(&w, s)
	return finish(&w)
}

func writeSelf(w *field.Writer, s Self) {
	w.Fixed(1, s.Incarnation)
	w.Uint(2, s.Epochs)
	w.Fixed(3, s.Run)
}

// DecodeSelf reads what EncodeSelf wrote. Every error wraps store.ErrCorrupt.
func DecodeSelf(b []byte) (Self, error) {
	r, err := open(ownFormat, "self", b)
	if err != nil {
		return Self{}, err
	}
	var s Self
	for r.Next() {
		switch r.Number() {
		case 1:
			s.Incarnation = r.Fixed()
		case 2:
			s.Epochs = r.Uint()
		case 3:
			s.Run = r.Fixed()
		default:
			r.Unknown()
		}
	}
	if err := r.Err(); err != nil {
		return Self{}, corrupt("self", err)
	}
	return s, nil
}

// EncodeMembership returns the stored form of m, never nil. It panics if a name is not UTF-8.
func EncodeMembership(m Membership) []byte {
	n := field.Count()
	writeMembership(&n, &m)
	w := start(membershipFormat, n.Size())
	writeMembership(&w, &m)
	return finish(&w)
}

func writeMembership(w *field.Writer, m *Membership) {
	wire.WriteHistory(w, 1, m.Changes)
	writeRanges(w, 2, m.Pending)
	writeRanges(w, 3, m.Lost)
}

func writeRanges(w *field.Writer, num int, ranges []PendingRange) {
	for i := range ranges {
		p := &ranges[i]
		m := w.Open(num, 0)
		w.Blob(1, p.Start[:])
		w.Blob(2, p.End[:])
		wire.WriteNames(w, 3, p.From)
		w.Close(m)
	}
}

// DecodeMembership reads what EncodeMembership wrote. Every error wraps store.ErrCorrupt.
func DecodeMembership(b []byte) (Membership, error) {
	r, err := open(membershipFormat, "membership", b)
	if err != nil {
		return Membership{}, err
	}
	var m Membership
	var d wire.Decoder
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Changes = d.AddChange(m.Changes, &r)
		case 2:
			m.Pending = append(m.Pending, readRange(&d, &r))
		case 3:
			m.Lost = append(m.Lost, readRange(&d, &r))
		default:
			r.Unknown()
		}
	}
	r.Fail(wire.CheckHistory(m.Changes))
	if err := r.Err(); err != nil {
		return Membership{}, corrupt("membership", err)
	}
	return m, nil
}

func readRange(d *wire.Decoder, outer *field.Reader) (p PendingRange) {
	var start, end []byte
	r := field.Read("pending", outer.Element())
	for r.Next() {
		switch r.Number() {
		case 1:
			start = r.Blob()
		case 2:
			end = r.Blob()
		case 3:
			d.AddName(&r)
		default:
			r.Unknown()
		}
	}
	var err error
	p.From, err = d.Names("from")
	r.Fail(err)
	if len(start) != len(p.Start) || len(end) != len(p.End) {
		r.Fail(fmt.Errorf("a range from %d bytes to %d, want %d each", len(start), len(end), len(p.Start)))
	}
	copy(p.Start[:], start)
	copy(p.End[:], end)
	outer.Fail(r.Err())
	return p
}
