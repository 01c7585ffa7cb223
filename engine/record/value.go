package record

import (
	"fmt"

	"ringside/engine/member"
	"ringside/engine/ring"
	"ringside/engine/store"
	"ringside/engine/vclock"
	"ringside/engine/wire"
	"ringside/engine/wire/wirepb"
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
// limit, so that a node can always write what it holds.
func Encode(r Record) []byte {
	return marshal(recordFormat, &wirepb.Record{
		Siblings: wire.VersionsToPB(r.Siblings), Lww: r.LWW, Own: ownToPB(r.Own), Stored: uint64(r.Stored),
	})
}

// Decode reads what Encode wrote. The result shares no memory with b. Every error wraps
// store.ErrCorrupt.
func Decode(b []byte) (Record, error) {
	var p wirepb.Record
	if err := unmarshal(recordFormat, b, &p); err != nil {
		return Record{}, fmt.Errorf("decode record: %w", err)
	}
	s, err := wire.VersionsFromPB(p.Siblings)
	if err != nil {
		return Record{}, fmt.Errorf("decode record: %w: %w", store.ErrCorrupt, err)
	}
	return Record{Siblings: s, LWW: p.Lww, Own: ownFromPB(p.Own), Stored: int64(p.Stored)}, nil
}

// EncodeOwn returns the stored form of o, never nil.
func EncodeOwn(o Own) []byte {
	return marshal(ownFormat, &wirepb.Own{Epoch: o.Epoch, Counter: o.Counter})
}

// DecodeOwn reads what EncodeOwn wrote. Every error wraps store.ErrCorrupt.
func DecodeOwn(b []byte) (Own, error) {
	var p wirepb.Own
	if err := unmarshal(ownFormat, b, &p); err != nil {
		return Own{}, fmt.Errorf("decode own dot: %w", err)
	}
	return ownFromPB(&p), nil
}

// EncodeSelf returns the stored form of s, never nil.
func EncodeSelf(s Self) []byte {
	return marshal(ownFormat, &wirepb.Self{Incarnation: s.Incarnation, Epochs: s.Epochs, Run: s.Run})
}

// DecodeSelf reads what EncodeSelf wrote. Every error wraps store.ErrCorrupt.
func DecodeSelf(b []byte) (Self, error) {
	var p wirepb.Self
	if err := unmarshal(ownFormat, b, &p); err != nil {
		return Self{}, fmt.Errorf("decode self: %w", err)
	}
	return Self{Incarnation: p.Incarnation, Epochs: p.Epochs, Run: p.Run}, nil
}

// EncodeMembership returns the stored form of m, never nil.
func EncodeMembership(m Membership) []byte {
	return marshal(membershipFormat, &wirepb.Membership{
		Changes: wire.HistoryToPB(m.Changes), Pending: rangesToPB(m.Pending), Lost: rangesToPB(m.Lost),
	})
}

// DecodeMembership reads what EncodeMembership wrote. Every error wraps store.ErrCorrupt.
func DecodeMembership(b []byte) (Membership, error) {
	var p wirepb.Membership
	if err := unmarshal(membershipFormat, b, &p); err != nil {
		return Membership{}, fmt.Errorf("decode membership: %w", err)
	}
	m, err := membershipFromPB(&p)
	if err != nil {
		return Membership{}, fmt.Errorf("decode membership: %w: %w", store.ErrCorrupt, err)
	}
	return m, nil
}

func membershipFromPB(p *wirepb.Membership) (m Membership, err error) {
	if m.Changes, err = wire.HistoryFromPB(p.Changes); err != nil {
		return m, err
	}
	if m.Pending, err = rangesFromPB(p.Pending); err != nil {
		return m, err
	}
	m.Lost, err = rangesFromPB(p.Lost)
	return m, err
}

func rangesToPB(ranges []PendingRange) []*wirepb.Pending {
	var out []*wirepb.Pending
	for _, r := range ranges {
		out = append(out, &wirepb.Pending{Start: r.Start[:], End: r.End[:], From: r.From})
	}
	return out
}

func rangesFromPB(ps []*wirepb.Pending) ([]PendingRange, error) {
	var out []PendingRange
	for _, p := range ps {
		r := PendingRange{From: p.From}
		if len(p.Start) != len(r.Start) || len(p.End) != len(r.End) {
			return nil, fmt.Errorf("a range from %d bytes to %d, want %d each", len(p.Start), len(p.End), len(r.Start))
		}
		copy(r.Start[:], p.Start)
		copy(r.End[:], p.End)
		if len(r.From) > wire.MaxNodes {
			return nil, fmt.Errorf("a range from %d nodes, over the limit of %d", len(r.From), wire.MaxNodes)
		}
		for _, name := range r.From {
			if !wire.ValidName(name) {
				return nil, fmt.Errorf("a range from %.*q, which is not a node name", wire.MaxName, name)
			}
		}
		out = append(out, r)
	}
	return out, nil
}

func ownToPB(o Own) *wirepb.Own {
	if o == (Own{}) {
		return nil
	}
	return &wirepb.Own{Epoch: o.Epoch, Counter: o.Counter}
}

func ownFromPB(p *wirepb.Own) Own { return Own{Epoch: p.GetEpoch(), Counter: p.GetCounter()} }
