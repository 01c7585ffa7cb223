package wire

import (
	"strings"

	"ringside/engine/vclock"
	"ringside/engine/wire/field"
)

func putRequest(w *field.Writer, id uint64, r ClientRequest) {
	w.Uint(1, id)
	var m field.Mark
	switch r := r.(type) {
	case GetRequest:
		m = w.Open(2, len(r.Key))
		putGet(w, &r)
	case PutRequest:
		m = w.Open(3, aboutPut(&r))
		putPut(w, &r)
	case MembershipRequest:
		m = w.Open(4, 0)
		w.Uint(1, r.Request)
	case ListRequest:
		m = w.Open(5, len(r.Prefix)+len(r.After))
		w.Uint(1, r.Request)
		w.Blob(2, r.Prefix)
		w.Blob(3, r.After)
	case ForgetRequest:
		m = w.Open(6, len(r.Key))
		w.Uint(1, r.Request)
		w.Blob(2, r.Key)
	}
	w.Close(m)
}

func putGet(w *field.Writer, r *GetRequest) {
	w.Uint(1, r.Request)
	w.Blob(2, r.Key)
	putQuorum(w, 3, r.Quorum)
	w.Fixed(4, r.Digest)
	w.Bool(5, r.NoRepair)
}

func putPut(w *field.Writer, r *PutRequest) {
	w.Uint(1, r.Request)
	w.Blob(2, r.Key)
	w.Blob(3, r.Context)
	w.Blob(4, r.Value)
	w.Bool(5, r.Delete)
	putQuorum(w, 7, r.Quorum)
	w.Bool(8, r.Balanced)
	w.Fixed(9, r.Digest)
	w.Blob(10, r.Meta)
	w.Bool(11, r.Overwrite)
	w.Bool(12, r.Blind)
}

func putQuorum(w *field.Writer, num int, q Quorum) {
	if q == (Quorum{}) {
		return
	}
	m := w.Open(num, 0)
	w.Uint(1, number(q.R))
	w.Uint(2, number(q.W))
	w.Bool(3, q.Strict)
	w.Uint(4, number(q.PR))
	w.Uint(5, number(q.PW))
	w.Uint(6, number(q.N))
	w.Close(m)
}

func putReply(w *field.Writer, id uint64, r ClientReply) {
	w.Uint(1, id)
	var m field.Mark
	switch r := r.(type) {
	case GetReply:
		m = w.Open(2, aboutVersions(r.Siblings)+len(r.Context))
		putGetReply(w, &r)
	case PutReply:
		m = w.Open(3, len(r.Context))
		putPutReply(w, &r)
	case MembershipReply:
		m = w.Open(4, len(r.Changes)*entrySize)
		w.Uint(1, r.Request)
		w.Uint(2, uint64(r.Err))
		w.String(3, text(r.Message))
		w.Fixed(4, r.Digest)
		putChanges(w, 5, r.Changes)
	case ListReply:
		m = w.Open(5, aboutListed(r.Keys))
		putListReply(w, &r)
	case ForgetReply:
		m = w.Open(6, len(r.Message))
		w.Uint(1, r.Request)
		w.Uint(2, uint64(r.Err))
		w.String(3, text(r.Message))
		w.Bool(4, r.Forgotten)
		w.Bool(5, r.Live)
	}
	w.Close(m)
}

func putGetReply(w *field.Writer, r *GetReply) {
	w.Uint(1, r.Request)
	w.Uint(2, uint64(r.Err))
	w.String(3, text(r.Message))
	putVersions(w, 4, r.Siblings)
	putVersions(w, 5, r.Tombstones)
	w.Blob(6, r.Context)
	w.String(7, r.Coordinator)
	w.Strings(8, r.Replied)
	w.Fixed(9, r.Digest)
	w.Strings(10, r.Missing)
	putVersions(w, 11, r.Lost)
	w.Uint(12, number(r.Primaries))
}

func putPutReply(w *field.Writer, r *PutReply) {
	w.Uint(1, r.Request)
	w.Uint(2, uint64(r.Err))
	w.String(3, text(r.Message))
	w.Bool(4, r.Unknown)
	if r.Version.Dot != (vclock.Dot{}) {
		putVersion(w, 5, &r.Version)
	}
	w.Uint(6, number(r.Siblings))
	w.Blob(7, r.Context)
	w.String(8, r.Coordinator)
	w.Strings(9, r.Acks)
	for i := range r.Hinted {
		m := w.Open(10, 0)
		w.String(1, r.Hinted[i].Holder)
		w.String(2, r.Hinted[i].For)
		w.Close(m)
	}
	w.Fixed(11, r.Digest)
	putVersions(w, 12, r.LostTo)
	w.Uint(13, number(r.Deletes))
	w.Strings(14, r.Missing)
	w.Uint(15, number(r.Primaries))
}

// text returns s without invalid UTF-8, which protobuf refuses, and cut to MaxText bytes.
func text(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), MaxText)], "")
}

func aboutPut(r *PutRequest) int { return len(r.Key) + len(r.Context) + len(r.Value) + len(r.Meta) }
