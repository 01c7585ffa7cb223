package wire

import (
	"math"

	"ringside/engine/wire/field"
)

// The put functions write the fields of a message of wire.proto in the order of their numbers, so
// that the bytes are those of protobuf's deterministic encoding. They expect checked values. The
// about functions estimate the size of a message from below, so that its length has the right width
// at once most often.

func putMessage(w *field.Writer, m *Message) {
	putHead(w, m)
	putBody(w, m.Body)
}

func putHead(w *field.Writer, m *Message) {
	w.String(1, m.From)
	w.String(2, m.To)
	w.Uint(3, m.Request)
	w.Uint(4, m.Op)
	w.Fixed(13, m.Digest)
}

// putBody writes the body. Protobuf puts the field of a oneof behind the other fields.
func putBody(w *field.Writer, body Body) {
	switch b := body.(type) {
	case Ping:
		w.Close(w.Open(5, 0))
	case Pong:
		w.Close(w.Open(6, 0))
	case Read:
		m := w.Open(7, len(b.Key))
		w.Blob(1, b.Key)
		w.Close(m)
	case ReadReply:
		m := w.Open(8, aboutVersions(b.Siblings))
		putReadReply(w, &b)
		w.Close(m)
	case Write:
		putWriteBody(w, &b)
	case WriteReply:
		m := w.Open(10, 0)
		w.Uint(1, uint64(b.Err))
		w.Close(m)
	case Forward:
		m := w.Open(11, aboutPut(&b.Put))
		inner := w.Open(1, aboutPut(&b.Put))
		putPut(w, &b.Put)
		w.Close(inner)
		w.Close(m)
	case ForwardReply:
		m := w.Open(12, len(b.Reply.Context))
		inner := w.Open(1, len(b.Reply.Context))
		putPutReply(w, &b.Reply)
		w.Close(inner)
		w.Close(m)
	default:
		putBackground(w, body)
	}
}

// putBackground writes a body that no request of a client causes.
func putBackground(w *field.Writer, body Body) {
	var m field.Mark
	switch b := body.(type) {
	case Sync:
		m = w.Open(14, 8*len(b.Hashes))
		putSync(w, &b)
	case SyncReply:
		m = w.Open(15, 8*len(b.Hashes))
		putSyncReply(w, &b)
	case Gossip:
		m = w.Open(16, len(b.Changes)*entrySize)
		putChanges(w, 1, b.Changes)
		w.Bool(2, b.Ask)
	case Offer:
		m = w.Open(17, 0)
		putOffer(w, &b)
	case OfferReply:
		m = w.Open(18, 0)
		w.Uint(1, uint64(b.Err))
		w.Uint(2, uint64(b.Answer))
		w.Strings(3, b.From)
	case Collect:
		m = w.Open(19, len(b.Tombstones)*entrySize)
		putCollect(w, &b)
	case CollectReply:
		m = w.Open(20, len(b.Answers))
		w.Uint(1, uint64(b.Err))
		putPacked(w, 2, b.Answers)
	case Keys:
		m = w.Open(21, len(b.Prefix)+len(b.From))
		w.Blob(1, b.Prefix)
		w.Blob(2, b.From)
	case KeysReply:
		m = w.Open(22, aboutListed(b.Keys))
		w.Uint(1, uint64(b.Err))
		putListed(w, 2, b.Keys)
		w.Blob(3, b.Next)
	default:
		return
	}
	w.Close(m)
}

func putReadReply(w *field.Writer, b *ReadReply) {
	w.Uint(1, uint64(b.Err))
	putVersions(w, 2, b.Siblings)
	w.Bool(3, b.LWW)
	w.Bool(4, b.Home)
	w.Strings(5, b.Ask)
	w.Bool(6, b.Returned)
	putVersions(w, 7, b.Lost)
}

func putWriteBody(w *field.Writer, b *Write) {
	m := w.Open(9, len(b.Key)+aboutVersions(b.Siblings))
	putWrite(w, b)
	w.Close(m)
}

func putWrite(w *field.Writer, b *Write) {
	w.Blob(1, b.Key)
	putVersions(w, 2, b.Siblings)
	w.Bool(3, b.LWW)
	w.String(4, b.For)
	w.Uint(5, uint64(b.Purpose))
	w.Bool(6, b.Lazy)
}

func putSync(w *field.Writer, b *Sync) {
	w.Blob(1, b.Start[:])
	w.Blob(2, b.End[:])
	w.Uint(3, number(b.Depth))
	w.Uint(4, uint64(b.Ask))
	w.Uint(5, number(b.Level))
	putPacked(w, 6, b.Nodes)
	w.Fixed(7, b.Root)
	putHashes(w, 8, b.Hashes)
}

func putSyncReply(w *field.Writer, b *SyncReply) {
	w.Uint(1, uint64(b.Err))
	w.Bool(2, b.Same)
	putHashes(w, 3, b.Hashes)
	for i := range b.Entries {
		e := &b.Entries[i]
		m := w.Open(4, len(e.Key)+aboutVersions(e.Siblings))
		putWrite(w, &Write{Key: e.Key, Siblings: e.Siblings, LWW: e.LWW})
		w.Close(m)
	}
	w.Uint(5, uint64(b.Size))
}

func putOffer(w *field.Writer, b *Offer) {
	w.Blob(1, b.Start[:])
	w.Blob(2, b.End[:])
	w.Uint(3, number(b.Depth))
	w.Uint(4, uint64(b.Phase))
	w.Uint(5, uint64(b.Keys))
	w.Uint(6, uint64(b.Size))
	w.Strings(7, b.From)
}

func putCollect(w *field.Writer, b *Collect) {
	w.Uint(1, b.Batch)
	w.Uint(2, uint64(b.Phase))
	for i := range b.Tombstones {
		t := &b.Tombstones[i]
		m := w.Open(3, len(t.Key))
		w.Blob(1, t.Key)
		w.Fixed(2, t.State)
		w.Close(m)
	}
}

func putHashes(w *field.Writer, num int, hashes []uint64) {
	if len(hashes) == 0 {
		return
	}
	m := w.Open(num, 8*len(hashes))
	for _, h := range hashes {
		w.PackedFixed(h)
	}
	w.Close(m)
}

func putPacked[T ~uint8 | ~uint32](w *field.Writer, num int, numbers []T) {
	if len(numbers) == 0 {
		return
	}
	m := w.Open(num, len(numbers))
	for _, n := range numbers {
		w.PackedUint(uint64(n))
	}
	w.Close(m)
}

// number returns n for a field of 32 bits. A number that does not fit, which the checks refuse,
// becomes one that is over every limit.
func number(n int) uint64 { return uint64(min(uint(n), math.MaxUint32)) }
