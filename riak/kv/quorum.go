package kv

import "ringside/engine/wire"

// A quorumOf resolves the quorums of one request.
type quorumOf struct {
	b   *bucket
	n   uint32 // the n_val that counts
	err error  // the first one
}

// quorums begins with the n_val of a request.
func (b *bucket) quorums(nval *uint32) *quorumOf {
	q := &quorumOf{b: b, n: b.nval}
	if nval != nil {
		q.n = *nval
		if q.n == 0 || q.n > b.nval {
			q.err = &NValViolation{q.n}
		}
	}
	return q
}

// resolve returns the number of a quorum: what the request asks for, or else the property.
func (q *quorumOf) resolve(asked *uint32, property uint32) int {
	v := property
	if asked != nil && *asked != Default {
		v = *asked
	}
	switch v {
	case One:
		v = 1
	case QuorumWord, Default:
		v = q.n/2 + 1
	case All:
		v = q.n
	}
	if v > q.n && q.err == nil {
		q.err = &NValViolation{q.n}
	}
	return int(v)
}

// read returns the quorum of a get.
func (s *Store) read(b *bucket, c Common, r, pr *uint32) (wire.Quorum, error) {
	q := b.quorums(c.NVal)
	out := wire.Quorum{R: q.resolve(r, b.r), PR: q.resolve(pr, b.pr)}
	if q.err != nil {
		return out, q.err
	}
	confirms := q.resolve(c.NodeConfirms, b.nodeConfirms)
	if q.err != nil {
		return out, &Insufficient{Nodes: true, Have: int(q.n), Need: confirms}
	}
	out.R = max(1, out.R, out.PR, confirms)
	return s.bounded(out, q.n, c, out.R)
}

// write returns the quorum of a put or a delete. Each acknowledgement is a durable one, so dw and w
// ask for the same.
func (s *Store) write(b *bucket, c Common, w, dw, pw *uint32) (wire.Quorum, error) {
	q := b.quorums(c.NVal)
	durable, confirms := q.resolve(dw, b.dw), q.resolve(c.NodeConfirms, b.nodeConfirms)
	out := wire.Quorum{W: q.resolve(w, b.w), PW: q.resolve(pw, b.pw)}
	if q.err != nil {
		return out, q.err
	}
	out.W = max(1, out.W, out.PW, durable, confirms)
	return s.bounded(out, q.n, c, out.W)
}

// bounded fits a quorum that needs so many nodes to the cluster, which keeps N replicas of a key
// whatever n_val says.
func (s *Store) bounded(q wire.Quorum, n uint32, c Common, need int) (wire.Quorum, error) {
	if need > s.n {
		return q, &Insufficient{Have: s.n, Need: need}
	}
	if int(n) < s.n {
		q.N = int(n)
	}
	q.Strict = c.SloppyQuorum != nil && !*c.SloppyQuorum
	return q, nil
}
