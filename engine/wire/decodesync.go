package wire

import (
	"errors"
	"fmt"
	"math"

	"ringside/engine/wire/field"
)

func readSync(b []byte) (Sync, error) {
	var m Sync
	var start, end []byte
	r := field.Read("sync", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			start = r.Blob()
		case 2:
			end = r.Blob()
		case 3:
			m.Depth = count(r.Uint())
		case 4:
			m.Ask = SyncAsk(small(r.Uint()))
		case 5:
			m.Level = count(r.Uint())
		case 6:
			m.Nodes = readPacked[uint32](&r, "nodes", MaxSyncNodes)
		case 7:
			m.Root = r.Fixed()
		case 8:
			m.Hashes = readHashes(&r)
		default:
			r.Unknown()
		}
	}
	return m, first(r.Err(), readSpan(&m.Start, &m.End, start, end), checkSync(&m))
}

// readSpan copies the bounds of a range, which must have their exact size.
func readSpan(start, end *[16]byte, from, to []byte) error {
	if copy(start[:], from) != len(start) || copy(end[:], to) != len(end) || len(from)+len(to) != 2*len(start) {
		return fmt.Errorf("a range from %d bytes to %d, want %d each", len(from), len(to), len(start))
	}
	return nil
}

func (d *Decoder) syncReply(b []byte) (SyncReply, error) {
	var m SyncReply
	r := field.Read("sync_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Err = readCode(&r)
		case 2:
			m.Same = r.Bool()
		case 3:
			m.Hashes = readHashes(&r)
		case 4:
			e, err := d.entry(r.Element())
			m.Entries = append(m.Entries, e)
			r.Fail(first(checkSize("entries", len(m.Entries), MaxSyncEntries), err))
		case 5:
			m.Size = int(min(r.Uint(), math.MaxInt32))
		default:
			r.Unknown()
		}
	}
	return m, first(r.Err(), checkCode(m.Err))
}

// entry reads an entry of a SyncReply. It has memory of its own, so that an entry that is kept does
// not keep the others.
func (d *Decoder) entry(b []byte) (Entry, error) {
	defer d.reset()
	w, err := d.writeInPlace(b)
	if err == nil && (w.For != "" || w.Purpose != 0 || w.Lazy) {
		err = errors.New("an entry that is more than a key and its siblings")
	}
	if err != nil {
		return Entry{}, err
	}
	room := newMemory(len(w.Key), w.Siblings)
	return Entry{Key: room.keep(w.Key), Siblings: room.siblings(w.Siblings), LWW: w.LWW}, nil
}

func (d *Decoder) gossip(b []byte) (Gossip, error) {
	var m Gossip
	r := field.Read("gossip", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Changes = d.change(m.Changes, &r)
		case 2:
			m.Ask = r.Bool()
		default:
			r.Unknown()
		}
	}
	return m, first(r.Err(), checkChanges(m.Changes))
}

func (d *Decoder) offer(b []byte) (Offer, error) {
	var m Offer
	var start, end []byte
	r := field.Read("offer", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			start = r.Blob()
		case 2:
			end = r.Blob()
		case 3:
			m.Depth = count(r.Uint())
		case 4:
			m.Phase = OfferPhase(small(r.Uint()))
		case 5:
			m.Keys = int(min(r.Uint(), math.MaxInt32))
		case 6:
			m.Size = int(min(r.Uint(), math.MaxInt32))
		case 7:
			d.node(0, "from", &r)
		default:
			r.Unknown()
		}
	}
	m.From = copyOf(d.lists[0])
	return m, first(r.Err(), readSpan(&m.Start, &m.End, start, end), checkOffer(&m))
}

func (d *Decoder) offerReply(b []byte) (OfferReply, error) {
	var m OfferReply
	r := field.Read("offer_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Err = readCode(&r)
		case 2:
			m.Answer = OfferAnswer(small(r.Uint()))
		case 3:
			d.node(0, "from", &r)
		default:
			r.Unknown()
		}
	}
	m.From = copyOf(d.lists[0])
	return m, first(r.Err(), checkOfferReply(&m))
}

func readCollect(b []byte) (Collect, error) {
	var m Collect
	r := field.Read("collect", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Batch = r.Uint()
		case 2:
			m.Phase = CollectPhase(small(r.Uint()))
		case 3:
			t, err := readTombstone(r.Element())
			m.Tombstones = append(m.Tombstones, t)
			r.Fail(first(checkSize("tombstones", len(m.Tombstones), MaxTombstones), err))
		default:
			r.Unknown()
		}
	}
	return m, first(r.Err(), checkCollect(&m))
}

func readTombstone(b []byte) (Tombstone, error) {
	var t Tombstone
	r := field.Read("tombstone", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			t.Key = r.Blob()
		case 2:
			t.State = r.Fixed()
		default:
			r.Unknown()
		}
	}
	if err := first(r.Err(), checkSize("key", len(t.Key), MaxKey)); err != nil {
		return t, err
	}
	t.Key = copyOf(t.Key)
	return t, nil
}

func readCollectReply(b []byte) (CollectReply, error) {
	var m CollectReply
	r := field.Read("collect_reply", b)
	for r.Next() {
		switch r.Number() {
		case 1:
			m.Err = readCode(&r)
		case 2:
			m.Answers = readPacked[CollectAnswer](&r, "answers", MaxTombstones)
		default:
			r.Unknown()
		}
	}
	return m, first(r.Err(), checkCollectReply(&m))
}

// readPacked returns the numbers of a packed field, nil if there are none. A number that does not
// fit in T becomes the greatest T, which no check accepts.
func readPacked[T ~uint8 | ~uint32](r *field.Reader, what string, limit int) []T {
	var out []T
	for p := field.Read(what, r.Blob()); p.More() && r.Err() == nil; {
		out = append(out, T(min(uint32(p.PackedUint()), uint32(^T(0)))))
		r.Fail(first(p.Err(), checkSize(what, len(out), limit)))
	}
	return out
}

// readHashes returns the hashes of a packed field, nil if there are none.
func readHashes(r *field.Reader) []uint64 {
	b := r.Blob()
	if err := checkSize("hashes", len(b)/8, MaxSyncHashes); err != nil || len(b) == 0 {
		r.Fail(err)
		return nil
	}
	out := make([]uint64, 0, len(b)/8)
	p := field.Read("hashes", b)
	for p.More() {
		out = append(out, p.PackedFixed())
	}
	r.Fail(p.Err())
	return out
}
