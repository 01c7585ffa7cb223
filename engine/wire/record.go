package wire

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"google.golang.org/protobuf/proto"

	"ringside/engine/member"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire/wirepb"
)

// A Record is what a node stores of a key.
type Record struct {
	Siblings vclock.Siblings
	LWW      bool
	Own      Own   // the last dot that this node minted for the key; zero: none
	Stored   int64 // ns since 1970 at which it was first stored; hints are aged by it
}

// Own is what a node must not forget of a key that it coordinated: a dot
// minted twice would swallow a write.
type Own struct{ Epoch, Counter uint64 }

// What is stored: a format byte, the CRC-32C of all the rest (format byte
// included), and the protobuf. The format names the kind, so that one kind is
// never read as another.
const (
	recordFormat     = 0x01
	ownFormat        = 0x02
	membershipFormat = 0x03
	sealSize         = 1 + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// EncodeRecord returns r as it is stored, never nil. Equal records encode alike.
// It checks no limit: what a node holds must never be what it cannot write.
func EncodeRecord(r Record) []byte {
	return seal(recordFormat, &wirepb.Record{
		Siblings: siblingsToPB(r.Siblings), Lww: r.LWW, Own: ownToPB(r.Own), Stored: uint64(r.Stored),
	})
}

// DecodeRecord reads what EncodeRecord wrote; the result shares no memory with
// b. Every error wraps store.ErrCorrupt.
func DecodeRecord(b []byte) (Record, error) {
	var p wirepb.Record
	if err := unseal(recordFormat, b, &p); err != nil {
		return Record{}, fmt.Errorf("wire: decode record: %w", err)
	}
	s, err := siblingsFromPB(p.Siblings)
	if err == nil {
		err = checkVersions(s)
	}
	if err != nil {
		return Record{}, fmt.Errorf("wire: decode record: %w: %w", store.ErrCorrupt, err)
	}
	return Record{Siblings: s, LWW: p.Lww, Own: ownFromPB(p.Own), Stored: int64(p.Stored)}, nil
}

// EncodeOwn returns o as it is stored, never nil.
func EncodeOwn(o Own) []byte {
	return seal(ownFormat, &wirepb.Own{Epoch: o.Epoch, Counter: o.Counter})
}

// DecodeOwn reads what EncodeOwn wrote. Every error wraps store.ErrCorrupt.
func DecodeOwn(b []byte) (Own, error) {
	var p wirepb.Own
	if err := unseal(ownFormat, b, &p); err != nil {
		return Own{}, fmt.Errorf("wire: decode own dot: %w", err)
	}
	return ownFromPB(&p), nil
}

// Self is what a node stores of itself.
type Self struct {
	Incarnation uint64 // of the disk; below 2^40
	Epochs      uint64 // how many epochs were begun in the incarnation; below 2^24
	Run         uint64 // the number of the latest run of the node on this disk; 0 if no run has a number
}

// EncodeSelf returns s as it is stored, never nil.
func EncodeSelf(s Self) []byte {
	return seal(ownFormat, &wirepb.Self{Incarnation: s.Incarnation, Epochs: s.Epochs, Run: s.Run})
}

// DecodeSelf reads what EncodeSelf wrote. Every error wraps store.ErrCorrupt.
func DecodeSelf(b []byte) (Self, error) {
	var p wirepb.Self
	if err := unseal(ownFormat, b, &p); err != nil {
		return Self{}, fmt.Errorf("wire: decode self: %w", err)
	}
	return Self{Incarnation: p.Incarnation, Epochs: p.Epochs, Run: p.Run}, nil
}

// A Membership is what a node must not forget of the membership.
type Membership struct {
	Changes member.History
	Pending []PendingRange // that the node is a home of and was not given yet
	Lost    []PendingRange // that it was a home of, and still holds in full; without From
}

// A PendingRange is a key range (Start, End] that changes hands; From held it before.
type PendingRange struct {
	Start, End [16]byte
	From       []string
}

// EncodeMembership returns m as it is stored, never nil.
func EncodeMembership(m Membership) []byte {
	p := &wirepb.Membership{Changes: changesToPB(m.Changes)}
	p.Pending, p.Lost = rangesToPB(m.Pending), rangesToPB(m.Lost)
	return seal(membershipFormat, p)
}

func rangesToPB(rs []PendingRange) []*wirepb.Pending {
	var out []*wirepb.Pending
	for _, r := range rs {
		out = append(out, &wirepb.Pending{Start: r.Start[:], End: r.End[:], From: r.From})
	}
	return out
}

func rangesFromPB(ps []*wirepb.Pending) ([]PendingRange, error) {
	var out []PendingRange
	for _, p := range ps {
		start, end, err := spanFromPB(p.Start, p.End)
		if err := first(err, checkNames("from", p.From)); err != nil {
			return nil, err
		}
		out = append(out, PendingRange{Start: start, End: end, From: p.From})
	}
	return out, nil
}

// DecodeMembership reads what EncodeMembership wrote. Every error wraps store.ErrCorrupt.
func DecodeMembership(b []byte) (Membership, error) {
	var p wirepb.Membership
	if err := unseal(membershipFormat, b, &p); err != nil {
		return Membership{}, fmt.Errorf("wire: decode membership: %w", err)
	}
	m := Membership{Changes: changesFromPB(p.Changes)}
	var errPending, errLost error
	m.Pending, errPending = rangesFromPB(p.Pending)
	m.Lost, errLost = rangesFromPB(p.Lost)
	if err := first(checkChanges(m.Changes), errPending, errLost); err != nil {
		return Membership{}, fmt.Errorf("wire: decode membership: %w: %w", store.ErrCorrupt, err)
	}
	return m, nil
}

func ownToPB(o Own) *wirepb.Own {
	if o == (Own{}) {
		return nil
	}
	return &wirepb.Own{Epoch: o.Epoch, Counter: o.Counter}
}

func ownFromPB(p *wirepb.Own) Own { return Own{Epoch: p.GetEpoch(), Counter: p.GetCounter()} }

func seal(format byte, p proto.Message) []byte {
	b := make([]byte, sealSize, sealSize+deterministic.Size(p))
	b[0] = format
	b, err := deterministic.MarshalAppend(b, p)
	if err != nil { // a name that is no text: a programmer's error
		panic(fmt.Sprintf("wire: encode record: %v", err))
	}
	binary.BigEndian.PutUint32(b[1:], sealSum(b))
	return b
}

func unseal(format byte, b []byte, p proto.Message) error {
	switch {
	case len(b) < sealSize:
		return fmt.Errorf("%w: %d bytes are too few", store.ErrCorrupt, len(b))
	case binary.BigEndian.Uint32(b[1:]) != sealSum(b):
		return store.ErrCorrupt
	case b[0] != format:
		return fmt.Errorf("%w: format %#x, not %#x", store.ErrCorrupt, b[0], format)
	}
	if err := proto.Unmarshal(b[sealSize:], p); err != nil {
		return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return nil
}

// sealSum covers all of b but the sum itself.
func sealSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:1], castagnoli), castagnoli, b[sealSize:])
}
